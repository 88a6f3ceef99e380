"""Who may do what with tunes of others."""

from __future__ import annotations

import discord

from bot.core import reactions
from bot.core.caller import Caller
from bot.discord.core.context import Interaction
from storage.tunes import Tune


async def moderates(interaction: Interaction, channel_id: str) -> bool:
    """Whether the person may manage messages of others in a channel of this server, which need not be the one they are in."""
    guild, person = interaction.guild, interaction.user
    if channel_id == str(interaction.channel_id):
        return guild is not None and interaction.permissions.manage_messages
    if guild is None or not isinstance(person, discord.Member) or not channel_id.isdecimal():
        return False
    channel = guild.get_channel_or_thread(int(channel_id))
    if channel is None:
        try:
            channel = await guild.fetch_channel(int(channel_id))  # an old thread
        except discord.HTTPException:  # it is deleted, or the bot may not see it
            return person.guild_permissions.manage_messages
    return channel.permissions_for(person).manage_messages


async def may_delete(interaction: Interaction, caller: Caller, tune: Tune) -> bool:
    """Whether the person may delete a tune that others requested in this server."""
    origin, guild_id = tune.origin, interaction.guild_id
    is_member = guild_id is not None and origin.community_id == str(guild_id)
    moderator = is_member and await moderates(interaction, origin.channel_id)
    return reactions.may_delete(caller.settings, is_member=is_member, moderates=moderator)


async def may_unshare(interaction: Interaction, tune: Tune) -> bool:
    """Whether the person may unshare a tune that others shared from this server."""
    shared, guild_id = tune.shared, interaction.guild_id
    if shared is None or guild_id is None or shared.community_id != str(guild_id):
        return False
    return await moderates(interaction, shared.channel_id or tune.origin.channel_id)
