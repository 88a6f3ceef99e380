"""The More files button: sends the person the files that the tune's message does not contain."""

from __future__ import annotations

import asyncio
import contextlib
import io
from typing import ClassVar

import discord
import soundfile
import structlog

from bot.core.audio import lossless
from bot.core.naming import slug
from bot.core.texts import common as core_texts
from bot.core.texts import files as texts
from bot.discord.core.caller import Caller
from bot.discord.core.components import TUNE_ID
from bot.discord.core.context import Interaction
from bot.discord.core.persistent_items import TuneButton
from bot.discord.core.private_answers import send_private
from bot.discord.core.tune_access import visible_tune
from storage.storage import Storage
from storage.tunes import Tune

log = structlog.get_logger(__name__)

NAMES = ("tune.mid", "tune.musicxml", "tune.svg")
FLAC = "tune.flac"


class FilesButton(TuneButton, template=rf"tune:(?P<action>files):{TUNE_ID}"):
    labels: ClassVar = {"files": (texts.MORE_FILES, "🗂️")}

    async def press(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        caller, context = await Caller.of(interaction), interaction.client.context
        tune = await visible_tune(interaction, caller.viewer, self.tune_id)
        if tune is None or tune.composition is None:
            await send_private(interaction, caller.translate(core_texts.TUNE_GONE))
            return
        limit, name = interaction.filesize_limit, slug(tune.composition.title)
        async with context.posting:  # the files are held in memory
            contents = await _contents(context.storage, tune, limit)
            fitting = {file: content for file, content in contents.items() if content is not None and len(content) <= limit}
            too_large = [file for file in contents if file not in fitting]
            lines = [texts.too_large_to_send(too_large)] if too_large else []
            lines += [texts.FLAC_INSTEAD] if FLAC in fitting else []
            lines += [] if contents else [texts.NO_FILES]
            files = [discord.File(io.BytesIO(content), f"{name}.{file.partition('.')[2]}") for file, content in fitting.items()]
            await send_private(interaction, "\n".join(map(caller.translate, lines)), files=files)


async def _contents(storage: Storage, tune: Tune, limit: int) -> dict[str, bytes | None]:
    """The files by name, with a lossless recording; None for a recording that fits into the limit only as MP3."""
    contents: dict[str, bytes | None] = {}
    for file in NAMES:
        with contextlib.suppress(KeyError):
            contents[file] = await storage.read(tune.id, file)
    try:
        recording = await asyncio.to_thread(lossless, await storage.read(tune.id, "tune.mp3"), limit)
    except (KeyError, soundfile.LibsndfileError) as error:
        log.warning("Could not make a lossless recording.", tune=tune.id, reason=repr(error))
        return contents
    suffix, content = recording or ("wav", None)
    return contents | {f"tune.{suffix}": content}
