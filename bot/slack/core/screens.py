"""Screens: what only one person sees, with buttons that change it in place, such as a page of tunes.

A command shows a screen as its answer, and a button of App Home in a modal. Nothing is remembered: buttons contain all they need.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeAlias

import structlog

from bot.core.caller import Caller
from bot.core.texts import common as texts
from bot.slack.core.answers import answer, update_answer
from bot.slack.core.blocks import Block, modal
from bot.slack.core.caller import caller_of
from bot.slack.core.clients import FAILURES, error_code
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.forms import NAME, open_form

log = structlog.get_logger(__name__)


class Screen(NamedTuple):
    text: str  # what notifications show
    blocks: Sequence[Block]


Make: TypeAlias = Callable[[Caller], Awaitable[Screen]]


async def show(context: Context, event: Event, make: Make) -> None:
    """Shows the screen instead of the one whose button was pressed, or as an answer. Raises as `make` does."""

    async def in_modal(caller: Caller) -> Block:
        return modal_of(caller, (await make(caller)).blocks)

    if event.in_home:
        await open_form(context, event, in_modal)
        return
    caller = await caller_of(context, event)
    text, blocks = await make(caller)
    if not await _place(context, event, caller, text, blocks) and (rest := [each for each in blocks if each["type"] != "image"]):
        await _place(context, event, caller, text, rest)  # Slack could not load a picture


async def _place(context: Context, event: Event, caller: Caller, text: str, blocks: Sequence[Block]) -> bool:
    if event.view_id:
        try:
            client = await context.clients.of(event.team_id, event.enterprise_id)
            await client.views_update(view_id=event.view_id, view=modal_of(caller, blocks))
        except FAILURES as error:  # or the person closed it
            log.info("Slack did not change a modal.", event_id=event.id, reason=error_code(error) or str(error))
            return False
        return True
    return await (update_answer if event.message_ts else answer)(context, event, text, blocks)


def modal_of(caller: Caller, blocks: Sequence[Block]) -> Block:
    return modal("screen", NAME, blocks, close=caller.translate(texts.CLOSE))
