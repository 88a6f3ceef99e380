"""The Change… button: the tune's request in a form, to be submitted again with changes."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core import change_form
from bot.core.caller import Caller
from bot.core.change_form import NOT_SET, Typed
from bot.core.naming import utf16_length
from bot.core.submission import Requests
from bot.core.texts import common, compose
from bot.core.texts import variations as texts
from bot.core.tune_access import find_tune, is_opening_visible
from bot.languages import Language
from bot.slack.core import limits
from bot.slack.core.blocks import Block, context, input_, menu, modal, option, text_input, values_of
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event, tune_id_in, tune_id_of
from bot.slack.core.forms import draft_of, event_of_form, open_form, opened_at, refuse_in_form
from bot.slack.core.submission import submit
from bot.slack.variations import texts as slack_texts
from generator.request import PARAMETERS
from storage.tunes import Tune


def register(app: AsyncApp, context: Context) -> None:
    app.action("tune:change")(partial(_open, context))
    app.view("tune:change")(partial(_submit, context))


async def _open(app: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """Opens the form with the values of the tune's request; where none was set, with those of the finished tune."""
    await ack()
    event, tune_id = Event.of_interaction(body), tune_id_in(body)

    async def make(caller: Caller) -> Block:
        _, shown = await _tune_and_values(app, event, caller, tune_id)
        return _form(shown, caller.translate, opened_at(event, tune_id=tune_id))

    await open_form(app, event, make)


async def _submit(app: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    event, opened = event_of_form(body)
    caller, typed = await caller_of(app, event), change_form.read(values_of(body["view"]))

    async def make() -> Requests:
        tune, shown = await _tune_and_values(app, event, caller, tune_id_of(opened["tune_id"]))
        changed = {field: typed.get(field, value) for field, value in shown.items()}
        return [await asyncio.to_thread(change_form.changed_request, tune, changed)], tune.id

    refuse = refuse_in_form(ack, caller, list(typed))
    await submit(app, event, caller, make, ack, refuse=refuse, draft=draft_of(typed.get("opening", "")))


async def _tune_and_values(app: Context, event: Event, caller: Caller, tune_id: str) -> tuple[Tune, Typed]:
    """The tune and the values that its form shows at first. Raises UserError if the person may not see the tune."""
    tune = await find_tune(app.storage, caller.viewer, event.channel_id, tune_id)
    opening_visible = await is_opening_visible(app.storage, caller.viewer, event.channel_id, tune)
    return tune, change_form.values_of(tune, opening_visible=opening_visible)


def _form(shown: Typed, translate: Language, opened: str) -> Block:
    blocks = []
    for field, value in shown.items():
        if utf16_length(value) > limits.INPUT_CHARACTERS:
            blocks.append(context(translate(slack_texts.OPENING_TOO_LONG)))
            continue
        element = (
            menu("rhythm", translate(texts.NOT_SET), _rhythms(translate), initial=value or NOT_SET)
            if field == "rhythm"
            else text_input(
                field,
                initial=value,
                placeholder=translate(change_form.placeholder_of(field)),
                multiline=field == "opening",
                at_most=min(PARAMETERS[field].max_characters, limits.INPUT_CHARACTERS),
            )
        )
        blocks.append(input_(field, translate(change_form.label_of(field, shown)), element, optional=True))
    title, close = translate(texts.CHANGE_TUNE), translate(common.CLOSE)
    send = translate(compose.PLAY_ABC if "title" in shown else compose.COMPOSE)
    return modal("tune:change", title, blocks, submit=send, close=close, private_metadata=opened)


def _rhythms(translate: Language) -> list[Block]:
    return [option(value, label) for value, label in change_form.rhythm_choices(translate).items()]
