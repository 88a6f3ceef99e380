"""The Instrument button: the same tune played by another instrument, with backing or without."""

from __future__ import annotations

from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core import instruments
from bot.core.caller import Caller
from bot.core.texts import common
from bot.core.texts import variations as texts
from bot.core.tune_access import find_tune
from bot.slack.core.answers import answer, delete_answer
from bot.slack.core.blocks import Block, escape, menu, modal, option, section
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event, tune_id_in, tune_id_of, value_in
from bot.slack.core.forms import open_form
from bot.slack.core.submission import submit_derived


def register(app: AsyncApp, context: Context) -> None:
    app.action("tune:instrument")(partial(_offer, context))
    app.action("tune:choose-instrument")(partial(_choose, context))


async def _offer(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """Offers the instruments to the person privately. Each option names the tune, so nothing has to be remembered."""
    await ack()
    event, tune_id = Event.of_interaction(body), tune_id_in(body)

    async def make(caller: Caller) -> Block:
        await find_tune(context.storage, caller.viewer, event.channel_id, tune_id)
        options = [option(f"{tune_id} {value}", label) for value, label in instruments.choices(caller.translate).items()]
        chosen = menu("tune:choose-instrument", caller.translate(texts.INSTRUMENT), options)
        return section(escape(caller.translate(texts.WHICH_INSTRUMENT)), accessory=chosen)

    async def make_modal(caller: Caller) -> Block:
        return modal(
            "tune:instrument", caller.translate(texts.INSTRUMENT), [await make(caller)], close=caller.translate(common.CLOSE)
        )

    if event.channel_id:
        caller = await caller_of(context, event)
        await answer(context, event, caller.translate(texts.WHICH_INSTRUMENT), [await make(caller)])
    else:
        await open_form(context, event, make_modal)


async def _choose(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    event = Event.of_interaction(body)
    tune_id, _, choice = value_in(body).partition(" ")
    await submit_derived(context, event, tune_id_of(tune_id), instruments.play_on(choice), ack)
    await delete_answer(context, event)
