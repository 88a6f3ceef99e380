"""Which tunes a person may use where they press a button or type a command."""

from __future__ import annotations

from bot.core import tune_access
from bot.discord.core.context import Interaction
from storage.tunes import Tune
from storage.viewer import Viewer


async def visible_tune(interaction: Interaction, viewer: Viewer, tune_id: str) -> Tune | None:
    """See bot.core.tune_access."""
    return await tune_access.visible_tune(interaction.client.context.storage, viewer, str(interaction.channel_id), tune_id)
