"""Finds ABC in a message, or in a file that is attached to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import structlog

from bot.core.abc_input import MAX_FILE_BYTES, abc_in_code, abc_lines, tune_in_file
from bot.core.texts import common as texts
from bot.slack.core.clients import FAILURES
from bot.slack.core.context import Context
from bot.slack.core.event import Event, Payload, is_file
from bot.slack.core.plain_text import plain_text
from generator.request import RequestError

log = structlog.get_logger(__name__)


async def abc_in_message(context: Context, event: Event, message: Payload) -> str | None:
    """The ABC in a message or in messages that it shares: in a code block, else in a file, else among words.

    Raises RequestError for a file that cannot be read.
    """
    for source in (message, *_parts(message, "attachments")):
        text = plain_text("\n".join(_texts(source)))
        if (block := abc_in_code(text)) is not None:
            return block
        for file in _parts(source, "files"):
            if (tune := await _tune_in_file(context, event, file)) is not None:
                return tune
        if (lines := abc_lines(text)) is not None:
            return lines
    return None


def _texts(source: Payload) -> Iterator[str]:
    """The text of a message of a person, and of the sections of an app's message."""
    yield str(source.get("text") or "")
    for block in _parts(source, "blocks"):
        if block.get("type") == "section" and isinstance(block.get("text"), dict):
            yield str(block["text"].get("text") or "")


async def _tune_in_file(context: Context, event: Event, file: Payload) -> str | None:
    """The tune in the file, or the first one of a collection that is too long. None for a file of another kind.

    Raises RequestError.
    """
    try:
        client = await context.clients.of(event.team_id, event.enterprise_id)
        if file.get("file_access") == "check_file_info" and is_file(file.get("id")):  # in a channel that workspaces share
            file = (await client.files_info(file=str(file["id"])))["file"]
        if not str(file.get("name") or "").lower().endswith(".abc"):
            return None
        if int(file.get("size") or 0) > MAX_FILE_BYTES:
            raise RequestError("file", texts.file_too_large(MAX_FILE_BYTES))
        content = await context.clients.download(str(client.token), str(file.get("url_private_download")), MAX_FILE_BYTES)
    except FAILURES as error:
        log.info("A file could not be downloaded.", event_id=event.id, reason=repr(error))
        raise RequestError("file", texts.FILE_OUT_OF_REACH) from error
    if len(content) > MAX_FILE_BYTES:
        raise RequestError("file", texts.file_too_large(MAX_FILE_BYTES))
    return tune_in_file(content)


def _parts(source: Payload, name: str) -> list[dict[str, Any]]:
    """The objects in a list of a payload."""
    found = source.get(name)
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []
