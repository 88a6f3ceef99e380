"""One message with files, text and buttons, posted once.

Slack has no nonce, and does not tell the id of a message with files. So the files are uploaded first, and their ids are
stored before they become a message; afterwards, also in another process, files.info says whether they are in one. What it
does not tell for a while counts as posted: rather a message without an id than the same tune twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bot.slack.core import limits
from bot.slack.core.blocks import Block
from bot.slack.core.clients import Client, Clients, error_code, is_temporary
from bot.slack.core.event import is_channel, is_file, is_timestamp

log = structlog.get_logger(__name__)

# files.info of a file that is uploaded and not yet in a message, or was deleted.
ABSENT = ("file_not_found", "file_deleted")


@dataclass(frozen=True, slots=True)
class Post:
    """What a message contains. `blocks` is its text and buttons, `text` what notifications show."""

    text: str
    blocks: Sequence[Block] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)  # by file name
    alt_texts: Mapping[str, str] = field(default_factory=dict)  # by file name


async def upload(client: Client, clients: Clients, post: Post) -> tuple[str, ...]:
    """Uploads the files and returns their ids. Nobody sees them yet; files that stay so are deleted by Slack."""
    file_ids = []
    for name, content in post.files.items():
        target = await client.files_getUploadURLExternal(filename=name, length=len(content), alt_txt=post.alt_texts.get(name))
        await clients.upload(str(target["upload_url"]), content)
        file_ids.append(str(target["file_id"]))
    return tuple(file_ids)


async def complete(client: Client, post: Post, file_ids: Sequence[str], channel_id: str, thread_ts: str) -> None:
    """Makes the uploaded files a message. Raises SlackApiError if the app may not post there."""
    message = {
        "files": [{"id": file_id, "title": name} for file_id, name in zip(file_ids, post.files, strict=True)],
        "channel_id": channel_id,
        "blocks": list(post.blocks),
        **({"thread_ts": thread_ts} if thread_ts else {}),
    }
    # Not by slack_sdk's own method, which puts the blocks into the address.
    await client.api_call("files.completeUploadExternal", json=message)


async def find_message(client: Client, file_ids: Sequence[str]) -> tuple[str, str] | None:
    """The channel and the id of the message that has the files; None if they are in no message.

    The id is the `ts` of the message; the first file's id if Slack does not tell the `ts` within SHARES_S.
    """
    waited_s, delay_s = 0.0, limits.SHARES_FIRST_S
    while True:
        try:
            file = (await client.files_info(file=file_ids[0]))["file"]
        except SlackApiError as error:
            if error_code(error) in ABSENT:
                return None
            raise
        if found := _share_of(file):
            return found
        if waited_s >= limits.SHARES_S:
            return _channel_of(file), file_ids[0]
        await asyncio.sleep(delay_s)
        waited_s, delay_s = waited_s + delay_s, 2 * delay_s


def _share_of(file: Any) -> tuple[str, str] | None:
    """The channel and the `ts` of the first message that has the file."""
    shares = file.get("shares") or {}
    for channels in (shares.get("public") or {}, shares.get("private") or {}):
        for channel_id, messages in channels.items():
            for message in messages:
                if is_channel(channel_id) and is_timestamp(message.get("ts")):
                    return str(channel_id), str(message["ts"])
    return None


def _channel_of(file: Any) -> str:
    """The channel of the file; empty if Slack does not tell even that."""
    channels = [*(file.get("channels") or ()), *(file.get("groups") or ()), *(file.get("ims") or ())]
    return next(filter(is_channel, channels), "")


async def delete(client: Client, channel_id: str, message_id: str, file_ids: Sequence[str]) -> None:
    """Deletes a message and its files. Those that are gone or out of reach are passed over; raises errors that may pass."""
    for file_id in filter(is_file, file_ids):
        await _unless_gone(client.files_delete(file=file_id))
    if channel_id and is_timestamp(message_id):
        await _unless_gone(client.chat_delete(channel=channel_id, ts=message_id))


async def _unless_gone(call: Awaitable[object]) -> None:
    try:
        await call
    except SlackApiError as error:
        if is_temporary(error):
            raise
        log.info("A message or a file is gone or out of reach.", reason=error_code(error))
