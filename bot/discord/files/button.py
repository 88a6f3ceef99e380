"""The More files button: sends the person the files that the tune's message does not contain."""

from __future__ import annotations

import io
from typing import ClassVar

import discord

from bot.core.texts import common as core_texts
from bot.core.texts import files as texts
from bot.core.tune_files import read_more_files
from bot.discord.core.caller import caller_of
from bot.discord.core.components import TUNE_ID
from bot.discord.core.context import Interaction
from bot.discord.core.persistent_items import TuneButton
from bot.discord.core.private_answers import send_private
from bot.discord.core.tune_access import visible_tune


class FilesButton(TuneButton, template=rf"tune:(?P<action>files):{TUNE_ID}"):
    labels: ClassVar = {"files": (texts.MORE_FILES, "🗂️")}

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        caller, context = await caller_of(interaction), interaction.client.context
        tune = await visible_tune(interaction, caller.viewer, self.tune_id)
        if tune is None or tune.composition is None:
            await send_private(interaction, caller.translate(core_texts.TUNE_GONE))
            return
        async with context.posting:  # the files are held in memory
            more = await read_more_files(context.storage, tune, interaction.filesize_limit)
            files = [discord.File(io.BytesIO(content), name) for name, content in more.files.items()]
            await send_private(interaction, "\n".join(map(caller.translate, more.notes)), files=files)
