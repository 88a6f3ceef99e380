"""One message with files, text and buttons, posted once.

Slack has no nonce, and does not tell the id of a message with files. So the files are uploaded first, and their ids are
stored before they become a message; afterwards, also in another process, files.info says whether they are in one. The same
files never become a message twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bot.slack.core import limits
from bot.slack.core.blocks import Block
from bot.slack.core.clients import Client, Clients, error_code, is_temporary, unless_gone
from bot.slack.core.event import is_channel, is_file, is_timestamp

log = structlog.get_logger(__name__)

# Of a file that is in no message: it was only uploaded, discarded by Slack, or deleted.
ABSENT = ("file_not_found", "file_deleted")


class Discarded(Exception):
    """Slack no longer has the uploaded files, as with all that nobody completes."""


@dataclass(frozen=True, slots=True)
class Post:
    """What a message contains. `blocks` is its text and buttons, `text` what notifications show; both are escaped."""

    text: str
    blocks: Sequence[Block] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)  # by file name
    alt_texts: Mapping[str, str] = field(default_factory=dict)  # by file name


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message is. With its first file's id instead of a `ts`, or without a channel, if Slack does not tell them."""

    channel_id: str
    message_id: str


async def upload(client: Client, clients: Clients, post: Post) -> tuple[str, ...]:
    """Uploads the files and returns their ids. Nobody sees them yet; files that stay so are discarded by Slack."""
    file_ids = []
    for name, content in post.files.items():
        target = await client.files_getUploadURLExternal(filename=name, length=len(content), alt_txt=post.alt_texts.get(name))
        await clients.upload(str(target["upload_url"]), content)
        file_ids.append(str(target["file_id"]))
    return tuple(file_ids)


async def complete(client: Client, post: Post, file_ids: Sequence[str], channel_id: str, thread_ts: str = "") -> None:
    """Makes the uploaded files a message. Raises SlackApiError if the app may not post there."""
    message = {
        "files": [{"id": file_id, "title": name} for file_id, name in zip(file_ids, post.files, strict=True)],
        "channel_id": channel_id,
        "blocks": list(post.blocks),
        **({"thread_ts": thread_ts} if thread_ts else {}),
    }
    # Not by slack_sdk's own method, which puts the blocks into the address.
    await client.api_call("files.completeUploadExternal", json=message)


async def send(client: Client, post: Post, file_ids: Sequence[str], channel_id: str, thread_ts: str = "") -> Posted:
    """Posts a message with the uploaded files, if there are any. Raises SlackApiError if Slack refuses it, and Discarded."""
    if not file_ids:
        blocks, thread = list(post.blocks) or None, thread_ts or None
        sent = await client.chat_postMessage(channel=channel_id, text=post.text, blocks=blocks, thread_ts=thread)
        return Posted(str(sent["channel"]), str(sent["ts"]))
    try:
        await complete(client, post, file_ids, channel_id, thread_ts)
    except SlackApiError as error:
        if error_code(error) not in ABSENT:
            raise
        # The files are in a message since files.info was asked, or Slack discarded them.
        if posted := await find_message(client, file_ids):
            return posted
        raise Discarded from error
    try:
        posted = await find_message(client, file_ids, limits.SHARES_S)
    except SlackApiError as error:
        if is_temporary(error):
            raise
        posted = None
    if posted is None or not posted.channel_id:  # it may also have dropped them, which nobody can tell
        log.warning("Slack does not tell the message that it made of files.", channel_id=channel_id, file_id=file_ids[0])
    return Posted(posted.channel_id or channel_id, posted.message_id) if posted else Posted(channel_id, file_ids[0])


async def find_message(client: Client, file_ids: Sequence[str], wait_s: float = 0.0) -> Posted | None:
    """The message that has the files; None if they are in none.

    Slack tells it some time after the files became a message, so `wait_s` is how long to ask.
    """
    delay_s, until_s = limits.SHARES_FIRST_S, asyncio.get_running_loop().time() + wait_s
    while True:
        if wait_s:
            await asyncio.sleep(delay_s)
        try:
            file = (await client.files_info(file=file_ids[0]))["file"]
        except SlackApiError as error:
            if error_code(error) in ABSENT:
                return None
            raise
        found = _share_of(file)
        delay_s *= 2
        if found is not None or asyncio.get_running_loop().time() + delay_s > until_s:
            return found or Posted(_channel_of(file), file_ids[0])


async def locate(client: Client, posted: Posted, file_ids: Sequence[str], wait_s: float = 0.0) -> Posted:
    """The message with its `ts`, if Slack tells it by now, or in that time."""
    if not file_ids or is_timestamp(posted.message_id):
        return posted
    try:
        return await find_message(client, file_ids, wait_s) or posted
    except SlackApiError as error:
        if is_temporary(error):
            raise
        return posted


def _share_of(file: Any) -> Posted | None:
    """The first message of the app that has the file. People may have shared the file elsewhere."""
    shares = file.get("shares") or {}
    for channels in (shares.get("public") or {}, shares.get("private") or {}):
        for channel_id, messages in channels.items():
            for message in messages:
                by_app = message.get("share_user_id") in (None, "", file.get("user"))
                if by_app and is_channel(channel_id) and is_timestamp(message.get("ts")):
                    return Posted(str(channel_id), str(message["ts"]))
    return None


def _channel_of(file: Any) -> str:
    """The channel of the file; empty if Slack does not tell even that."""
    channels = [*(file.get("channels") or ()), *(file.get("groups") or ()), *(file.get("ims") or ())]
    return next(filter(is_channel, channels), "")


async def delete(client: Client, posted: Posted, file_ids: Sequence[str]) -> None:
    """Deletes a message and its files. What is gone or out of reach is passed over; raises errors that may pass.

    Slack may not have told the `ts` of the message, and tells nothing more once the files are gone. So it is asked before.
    """
    posted = await locate(client, posted, file_ids, limits.SHARES_S)
    if posted.channel_id and is_timestamp(posted.message_id):
        await unless_gone(client.chat_delete(channel=posted.channel_id, ts=posted.message_id))
    for file_id in filter(is_file, file_ids):
        await unless_gone(client.files_delete(file=file_id))
