"""Who may do what with tunes of others."""

from __future__ import annotations

from bot.core.caller import Caller
from bot.discord.core.context import Interaction


def moderates(interaction: Interaction) -> bool:
    """Whether the person may manage messages of others in this channel."""
    return interaction.guild_id is not None and interaction.permissions.manage_messages


def may_delete(interaction: Interaction, caller: Caller) -> bool:
    """Whether the person may delete tunes that others requested in this server."""
    match caller.settings.deleters:
        case "everyone":
            return interaction.guild_id is not None
        case "moderators":
            return moderates(interaction)
        case _:
            return False
