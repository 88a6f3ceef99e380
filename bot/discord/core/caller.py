"""The person behind an interaction or a message in Discord."""

from __future__ import annotations

from bot.core.caller import Caller
from bot.discord.core import limits
from bot.discord.core.context import Context, Interaction
from bot.discord.core.reply import PLATFORM
from storage.viewer import Viewer


def viewer_of(user_id: int, guild_id: int | None) -> Viewer:
    return Viewer(PLATFORM, str(user_id), str(guild_id or ""))


async def caller_of(interaction: Interaction) -> Caller:
    viewer = viewer_of(interaction.user.id, interaction.guild_id)
    return await load_caller(interaction.client.context, viewer, locale=str(interaction.locale))


async def load_caller(context: Context, viewer: Viewer, *, locale: str) -> Caller:
    """`locale` is the language that Discord names for the person or the server."""
    return await Caller.load(context.storage, context.desk, viewer, locale=locale, lookup_s=limits.LOOKUP_S)
