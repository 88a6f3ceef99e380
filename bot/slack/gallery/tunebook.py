"""`/tune tunebook`: many tunes as one ABC file and as a PDF, in a direct message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.core.gallery_page import period_named
from bot.core.texts import gallery as texts
from bot.core.tunebook import files_of, nothing_for
from bot.core.tunebook.pdf import to_print
from bot.slack.core import limits
from bot.slack.core.blocks import escape, section
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.delivery.direct import give_files
from bot.slack.delivery.posting import Post
from generator.user_messages import UserError
from storage.gallery import Order


async def send(context: Context, event: Event, ack: Callable[..., Awaitable[Any]], text: str) -> None:
    """Tunes shared here, newest first; “mine”: the person's own; a period: the most liked ones of that time."""
    await ack()
    caller = await caller_of(context, event)
    translate, typed = caller.translate, text.casefold().split()
    own = not {"mine", translate.named("command", "mine")}.isdisjoint(typed)
    period = period_named(text, translate)
    order = Order(period) if period else Order.NEWEST
    abc = await context.storage.gallery.tunebook(caller.viewer, mine=own, order=order)
    if not abc:
        raise UserError(nothing_for(order, own=own))
    books = files_of(abc, limits.FILE_BYTES)
    about = translate(texts.tunes_in_file(sum(tunes for _, tunes in books.values())))
    files = {name: content for name, (content, _) in books.items()}
    pdf = await to_print(context.storage, caller.viewer, own=own, order=order, translate=translate, address=context.web_url)
    if pdf and len(pdf) <= limits.FILE_BYTES:
        files["tunebook.pdf"] = pdf
    await give_files(context, event, caller, Post(about, [section(escape(about))], files))
