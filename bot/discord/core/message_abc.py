"""Finds ABC in a message, or in a file that is attached to it."""

from __future__ import annotations

import asyncio

import aiohttp
import discord

from bot.core.abc_input import MAX_FILE_BYTES, abc_in_code, abc_lines, tune_in_file
from bot.core.texts import common
from bot.discord.core import limits
from generator.request import RequestError


async def abc_in_message(message: discord.Message) -> str | None:
    """The ABC in a message or in a message that it forwards: in a code block, else in a file, else among words.

    Raises RequestError for a file that cannot be read.
    """
    sources: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    for source in sources:
        if (block := abc_in_code(source.content)) is not None:
            return block
        for file in source.attachments:
            if file.filename.lower().endswith(".abc"):
                return await download(file)
        if (words := abc_lines(source.content)) is not None:
            return words
    return None


async def download(file: discord.Attachment) -> str:
    """The tune in the file, or the first one of a collection that is too long. Raises RequestError."""
    if file.size > MAX_FILE_BYTES:
        raise RequestError("file", common.file_too_large(MAX_FILE_BYTES))
    try:
        async with asyncio.timeout(limits.DOWNLOAD_S):
            content = await file.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
        raise RequestError("file", common.FILE_OUT_OF_REACH) from error
    return tune_in_file(content)
