"""A page of tunes: a row for each, with buttons to open and like it, and buttons to turn the page.

Nothing is remembered between two presses: values contain the page, also the one that an opened tune goes back to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.core.caller import Caller
from bot.core.gallery_page import Listing, PageRequest
from bot.core.gallery_text import heading_of, nothing_in
from bot.core.naming import rhythm_and_key, title_of
from bot.core.texts import gallery as texts
from bot.slack.core.blocks import Block, actions, button, day, escape, link, section
from bot.slack.core.context import Context
from bot.slack.core.links import message_url
from bot.slack.core.reply import PLATFORM
from bot.slack.core.screens import Screen
from bot.slack.gallery import texts as slack_texts
from generator.user_messages import UserError
from storage.gallery import Page
from storage.tunes import Tune


async def page_screen(context: Context, caller: Caller, request: PageRequest) -> Screen:
    translate = caller.translate
    page = await load(context, caller, request)
    shared_here = slack_texts.SHARED_HERE if caller.viewer.community_id else texts.SHARED_EVERYWHERE
    heading, *searched = heading_of(request, translate, shared_here=shared_here)
    head = section(" · ".join([f"*{escape(heading)}*", *map(escape, searched)]))
    rows = await rows_of(context, caller, page, request) or [section(escape(translate(nothing_in(request))))]
    turns = []
    if page.previous:
        turns.append(button("page:previous", f"◀️ {translate(texts.PREVIOUS_PAGE)}", str(request.before(page.previous))))
    if page.next:
        turns.append(button("page:next", f"▶️ {translate(texts.NEXT_PAGE)}", str(request.after(page.next))))
    return Screen(heading, [head, *rows, *([actions(turns)] if turns else [])])


async def load(context: Context, caller: Caller, request: PageRequest) -> Page:
    """Raises UserError for a cursor that storage did not return."""
    try:
        return await request.load(context.storage, caller.viewer)
    except ValueError:
        raise UserError(texts.PAGE_GONE) from None


async def rows_of(context: Context, caller: Caller, page: Page, request: PageRequest) -> list[Block]:
    """The tunes of the page. `request` is where their buttons lead back to."""
    liked = await context.storage.sharing.liked([tune.id for tune in page.tunes], caller.viewer)
    urls = await asyncio.gather(*(message_url(context, tune, caller.viewer) for tune in page.tunes))
    rows: list[Block] = []
    for tune, likes, url in zip(page.tunes, page.likes, urls, strict=True):
        value = f"{tune.id} {request}"
        title = title_of(tune, caller.translate)
        details = " · ".join(_details(tune, likes, caller, own=request.listing is Listing.MINE))
        open_ = button("page:open", caller.translate(slack_texts.OPEN), value)
        like = button("page:like", "♥", value, style="primary" if tune.id in liked else None)
        rows += [section(f"*{link(url, title) if url else escape(title)}*\n{details}"), actions([open_, like])]
    return rows


def _details(tune: Tune, likes: int, caller: Caller, *, own: bool) -> Sequence[str]:
    """In the list of the person's own tunes each says whether it is shared; in others, who requested it."""
    translate, at = caller.translate, tune.shared.at if tune.shared else tune.finished_at
    when = day(at) if at else ""
    parts = [*map(escape, rhythm_and_key(tune, translate)), f"♥ {likes}"]
    if own:
        parts += [translate(texts.shared_on(when)) if tune.shared else translate(texts.PRIVATE), "" if tune.shared else when]
    else:
        # People of other workspaces have no names here.
        known = tune.origin.platform == PLATFORM and tune.shared and tune.shared.community_id == caller.viewer.community_id
        parts += [f"<@{tune.origin.user_id}>" if known and caller.viewer.community_id else "", when]
    return [part for part in parts if part]
