"""`/gallery`, `/top` and `/mine`, and the buttons of their pages."""

from __future__ import annotations

from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.caller import Caller
from bot.core.gallery_page import Listing, PageRequest, period_named, search_in
from bot.core.texts import gallery as texts
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event, value_in
from bot.slack.core.plain_text import plain_text
from bot.slack.core.screens import Screen, show
from bot.slack.gallery import tunebook
from bot.slack.gallery.opened_tune import tune_screen
from bot.slack.gallery.page import page_screen
from bot.slack.gallery.tune_actions import ACTIONS, act
from generator.user_messages import UserError


def register(app: AsyncApp, context: Context) -> None:
    app.command("/gallery")(partial(_list, context, Listing.GALLERY))
    app.command("/mine")(partial(_list, context, Listing.MINE))
    app.command("/top")(partial(_top, context))
    context.sub_commands["tunebook"] = tunebook.send
    for action in ("previous", "next", "back", "show"):
        app.action(f"page:{action}")(partial(_turn, context))
    app.action("page:open")(partial(_open, context))
    app.action("page:like")(partial(_like, context))
    for action in ACTIONS:
        app.action(f"opened:{action}")(partial(_act, context, action))


async def _list(context: Context, listing: Listing, ack: AsyncAck, body: dict[str, Any]) -> None:
    """Tunes shared in this workspace, or the person's own from everywhere. The words after the command are a search."""
    await ack()
    request = PageRequest(listing, search_in(_typed(body)))
    await show(context, Event.of_command(body), lambda caller: page_screen(context, caller, request))


async def _top(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """The most liked tunes of the last week, the last month or all time."""
    await ack()

    async def make(caller: Caller) -> Screen:
        period = period_named(_typed(body), caller.translate) or "week"
        return await page_screen(context, caller, PageRequest(Listing[period.upper()]))

    await show(context, Event.of_command(body), make)


async def _turn(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    await ack()
    request = _page(value_in(body))
    await show(context, Event.of_interaction(body), lambda caller: page_screen(context, caller, request))


async def _open(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    await ack()
    event, (tune_id, back) = Event.of_interaction(body), _tune_and_page(body)
    await show(context, event, lambda caller: tune_screen(context, event, caller, tune_id, back))


async def _like(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """Likes the tune, or no longer, and shows the new number on the page or in App Home."""
    await ack()
    event, (tune_id, page) = Event.of_interaction(body), _tune_and_page(body)

    async def make(caller: Caller) -> Screen:
        await act(context, event, caller, "like", tune_id)
        return await page_screen(context, caller, page)

    if event.in_home:
        await act(context, event, await caller_of(context, event), "like", tune_id)
    else:
        await show(context, event, make)


async def _act(context: Context, action: str, ack: AsyncAck, body: dict[str, Any]) -> None:
    await ack()
    event, (tune_id, back) = Event.of_interaction(body), _tune_and_page(body)

    async def make(caller: Caller) -> Screen:
        await act(context, event, caller, action, tune_id)
        if action == "delete":
            return await page_screen(context, caller, back)
        return await tune_screen(context, event, caller, tune_id, back)

    await show(context, event, make)


def _typed(body: dict[str, Any]) -> str:
    return plain_text(str(body.get("text") or ""))


def _tune_and_page(body: dict[str, Any]) -> tuple[str, PageRequest]:
    tune_id, _, page = value_in(body).partition(" ")
    return tune_id, _page(page)


def _page(written: str) -> PageRequest:
    """Raises UserError for what is not a page."""
    try:
        return PageRequest.parse(written)
    except ValueError:
        raise UserError(texts.PAGE_GONE) from None
