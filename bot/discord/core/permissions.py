"""Who may do what with tunes of others."""

from __future__ import annotations

from bot.core import reactions
from bot.core.caller import Caller
from bot.discord.core.context import Interaction


def moderates(interaction: Interaction) -> bool:
    """Whether the person may manage messages of others in this channel."""
    return interaction.guild_id is not None and interaction.permissions.manage_messages


def may_delete(interaction: Interaction, caller: Caller) -> bool:
    """Whether the person may delete tunes that others requested in this server."""
    is_member = interaction.guild_id is not None
    return reactions.may_delete(caller.settings, is_member=is_member, moderates=moderates(interaction))
