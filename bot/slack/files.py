"""The More files button: sends the person the files that the tune's message does not contain."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.naming import title_of
from bot.core.texts import delivery as delivery_texts
from bot.core.tune_access import find_tune
from bot.core.tune_files import read_more_files
from bot.slack.core import limits
from bot.slack.core.blocks import context, escape, section
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event, is_timestamp, tune_id_in
from bot.slack.core.reply import reply_of
from bot.slack.delivery.direct import give_files
from bot.slack.delivery.posting import Post
from generator.user_messages import UserError
from storage.tunes import Tune


def register(app: AsyncApp, context: Context) -> None:
    app.action("tune:files")(partial(_press, context, asyncio.Semaphore(limits.UPLOADS_AT_ONCE)))


async def _press(app: Context, uploads: asyncio.Semaphore, ack: AsyncAck, body: dict[str, Any]) -> None:
    await ack()
    event = Event.of_interaction(body)
    caller = await caller_of(app, event)
    tune = await find_tune(app.storage, caller.viewer, event.channel_id, tune_id_in(body))
    title = title_of(tune, caller.translate)
    async with uploads:
        more = await read_more_files(app.storage, tune, limits.FILE_BYTES)
        blocks = [section(f"*{escape(title)}*"), *(context(escape(caller.translate(note))) for note in more.notes)]
        alt_texts = {name: caller.translate(delivery_texts.sheet_music(title)) for name in more.files if name.endswith(".svg")}
        if not more.files:
            raise UserError(more.notes[0])
        await give_files(app, event, caller, Post(title, blocks, more.files, alt_texts), _thread_of(tune, event))


def _thread_of(tune: Tune, event: Event) -> str:
    """Where its files go in direct messages: the thread under the tune's message, if that is there."""
    reply = reply_of(tune)
    if event.thread_ts or reply is None or (reply.posted_in or tune.origin.channel_id) != event.channel_id:
        return event.thread_ts
    thread_ts = reply.thread_ts if not reply.posted_in else ""
    return thread_ts or (tune.message_id if tune.message_id and is_timestamp(tune.message_id) else "")
