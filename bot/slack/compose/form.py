"""The form of a request, which a bare `/tune` and App Home open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.caller import Caller
from bot.core.options import MAX_COUNT, METRES
from bot.core.preference_list import default_values
from bot.core.submission import Requests
from bot.core.texts import common as core_texts
from bot.core.texts import compose as texts
from bot.core.texts import settings as settings_texts
from bot.core.texts import variations as variation_texts
from bot.core.typed_request import COUNT, TypedRequest, requests_of
from bot.languages import Language
from bot.slack.compose import texts as slack_texts
from bot.slack.core import limits
from bot.slack.core.blocks import Block, Element, input_, menu, menu_of_several, modal, option, text_input, values_of
from bot.slack.core.caller import caller_of
from bot.slack.core.clients import FAILURES
from bot.slack.core.context import Context
from bot.slack.core.event import Event, Payload
from bot.slack.core.forms import draft_of, event_of_form, open_form, opened_at, refuse_in_form
from bot.slack.core.submission import submit
from generator.notation.metres import RHYTHMS
from generator.notation.names import translatable
from generator.request import INSTRUMENTS, OMISSIONS, PARAMETERS
from generator.user_messages import UserError

log = structlog.get_logger(__name__)

FORM = "compose"
HINTS = {name: parameter.help for name, parameter in PARAMETERS.items()} | {COUNT: texts.COUNT, "without": ""}
LONG_TEXT = 1_000  # characters; a field for more than that has several lines


def register(app: AsyncApp, context: Context) -> None:
    context.open_compose_form = partial(_open, context)
    app.view(FORM)(partial(_submit, context))


async def _open(context: Context, event: Event) -> None:
    async def make(caller: Caller) -> Block:
        return _form(event, caller, await _models(context))

    await open_form(context, event, make)


async def _submit(context: Context, ack: AsyncAck, body: Payload) -> None:
    event, _ = event_of_form(body)
    caller, view = await caller_of(context, event), body["view"]
    typed = {name: value for name, value in values_of(view).items() if value and name in HINTS}
    count = typed.pop(COUNT, "")
    refuse = refuse_in_form(ack, caller, [block["block_id"] for block in view["blocks"] if block["type"] == "input"])

    async def make() -> Requests:
        return await requests_of(TypedRequest(typed, count), caller), None

    try:
        event = await _with_channel(context, event)
    except FAILURES as error:
        log.warning("A direct message could not be opened.", event_id=event.id, reason=repr(error))
        await refuse(UserError(core_texts.TRY_AGAIN_LATER))
    else:
        await submit(context, event, caller, make, ack, refuse=refuse, draft=draft_of(typed.get("opening", "")))


async def _with_channel(context: Context, event: Event) -> Event:
    """A tune that is requested in App Home goes to the person directly."""
    if event.channel_id:
        return event
    async with asyncio.timeout(limits.LOOKUP_S):
        client = await context.clients.of(event.team_id, event.enterprise_id)
        return replace(event, channel_id=str((await client.conversations_open(users=event.user_id))["channel"]["id"]))


async def _models(context: Context) -> Mapping[str, str]:
    """The models that workers offer, with their descriptions; none if the database does not tell in time."""
    try:
        async with asyncio.timeout(limits.LOOKUP_S):
            return await context.desk.models()
    except Exception:
        log.exception("Listing models for a form failed.")
        return {}


def _form(event: Event, caller: Caller, models: Mapping[str, str]) -> Block:
    translate, defaults = caller.translate, default_values(caller.defaults, caller.translate)
    choices = _choices(translate, models)
    fields = []
    for name, label in texts.LABELS.items():
        if name not in choices or choices[name]:
            default = defaults.get(name)
            shown = translate(texts.default_value(default) if default else variation_texts.NOT_SET)
            element = _menu(name, choices[name], shown) if name in choices else _text_field(name, shown)
            fields.append(input_(name, translate(label), element, hint=translate(HINTS[name]), optional=True))
    title, submit = translate(slack_texts.COMPOSE_TUNE), translate(texts.COMPOSE)
    return modal(FORM, title, fields, submit=submit, close=translate(core_texts.CLOSE), private_metadata=opened_at(event))


def _choices(translate: Language, models: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What can be chosen, by parameter: labels by value."""
    yes, no = map(str, PARAMETERS["backing"].choices)
    return {
        "rhythm": {name: translate(name) for name in RHYTHMS},
        "metre": {metre: metre for metre in METRES},
        "mode": {mode: translate(label) for mode, label in texts.MODES.items()},
        "strength": {str(strength): translate(label) for strength, label in texts.STRENGTHS.items()},
        "structure": {structure: translate(label) for structure, label in core_texts.STRUCTURES.items()},
        "instrument": {name: translate(name) for name in INSTRUMENTS},
        "chords": {yes: translate(settings_texts.YES), no: translate(settings_texts.NO)},
        "backing": {yes: translate(settings_texts.YES), no: translate(settings_texts.NO)},
        "times": {str(times): translate(label) for times, label in core_texts.TIMES.items()},
        "model": {name: f"{name}: {translate(text)}" if text else name for name, text in models.items()},
        "without": {name: translate(translatable(name)) for name in OMISSIONS},
        COUNT: {str(count): str(count) for count in range(1, MAX_COUNT + 1)},
    }


def _menu(name: str, choices: Mapping[str, str], placeholder: str) -> Element:
    options = [option(value, label) for value, label in choices.items()]
    return (menu_of_several if name == "without" else menu)(name, placeholder, options)


def _text_field(name: str, placeholder: str) -> Element:
    most = min(PARAMETERS[name].max_characters, limits.INPUT_CHARACTERS)
    return text_input(name, placeholder=placeholder, multiline=most > LONG_TEXT, at_most=most)
