"""The More files button: sends the person the files that the tune's message does not contain."""

from __future__ import annotations

import io
from typing import ClassVar

import discord

from bot.core.naming import slug
from bot.core.texts import common as core_texts
from bot.core.texts import files as texts
from bot.core.tune_files import FLAC, read_more_files
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
        limit, name = interaction.filesize_limit, slug(tune.composition.title)
        async with context.posting:  # the files are held in memory
            contents = await read_more_files(context.storage, tune, limit)
            fitting = {file: content for file, content in contents.items() if content is not None and len(content) <= limit}
            too_large = [file for file in contents if file not in fitting]
            lines = [texts.too_large_to_send(too_large)] if too_large else []
            lines += [texts.FLAC_INSTEAD] if FLAC in fitting else []
            lines += [] if contents else [texts.NO_FILES]
            files = [discord.File(io.BytesIO(content), f"{name}.{file.partition('.')[2]}") for file, content in fitting.items()]
            await send_private(interaction, "\n".join(map(caller.translate, lines)), files=files)
