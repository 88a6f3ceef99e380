"""`/tune help`: what the app can do, with examples that can be copied, and a menu of topics."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.texts import help as core_texts
from bot.core.typed_request import COUNT
from bot.languages import Language
from bot.slack.core.answers import answer, update_answer
from bot.slack.core.blocks import Block, actions, escape, menu, option, section
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event, Payload, value_in
from bot.slack.core.submission import Acknowledge
from bot.slack.help import texts
from bot.slack.help.texts import TOPICS
from generator.request import PARAMETERS

# How many examples of a topic the overview shows.
_OVERVIEW = {"tune": 3, "sharing": 1, "settings": 1, "privacy": 1}


def register(app: AsyncApp, context: Context) -> None:
    context.sub_commands["help"] = _help
    app.action("help:topic")(partial(_choose, context))


async def _help(context: Context, event: Event, ack: Acknowledge, text: str) -> None:
    await ack()
    translate = (await caller_of(context, event)).translate
    names = {translate(name).casefold(): topic for topic, name in core_texts.TOPICS.items()}
    wanted = text.strip().casefold()
    topic = wanted if wanted in TOPICS else names.get(wanted, "")
    await answer(context, event, translate(texts.ABOUT), _blocks(topic, translate))


async def _choose(context: Context, ack: AsyncAck, body: Payload) -> None:
    await ack()
    event = Event.of_interaction(body)
    translate = (await caller_of(context, event)).translate
    await update_answer(context, event, translate(texts.ABOUT), _blocks(value_in(body), translate))


def _blocks(topic: str, translate: Language) -> list[Block]:
    """The help on a topic; an overview for any other text."""
    if topic in TOPICS:
        chosen = TOPICS[topic]
        lines = [f"*{escape(translate(core_texts.TOPICS[topic]))}*", *(escape(translate(text)) for text in chosen.paragraphs)]
        examples = chosen.examples
        if topic == "tune":
            lines.append(escape(translate(texts.options(" ".join([*PARAMETERS, COUNT])))))
    else:
        lines = [escape(translate(texts.ABOUT))]
        examples = tuple(example for name, count in _OVERVIEW.items() for example in TOPICS[name].examples[:count])
        lines += [escape(translate(text)) for text in (core_texts.MENTION, texts.NO_COMMANDS_IN_THREADS, core_texts.BUTTONS)]
    shown = "\n".join(f"• `{typed}` – {escape(translate(effect))}" for typed, effect in examples)
    topics = [option(name, translate(title)) for name, title in core_texts.TOPICS.items()]
    chosen_topic = menu("help:topic", translate(texts.CHOOSE_TOPIC), topics, initial=topic)
    return [section("\n".join(lines)), *([section(shown)] if shown else []), actions([chosen_topic])]
