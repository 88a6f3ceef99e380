"""`/tune defaults`: what is used for options that a person leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.core.caller import Caller
from bot.core.preference_list import list_defaults
from bot.core.texts import common
from bot.core.texts import settings as texts
from bot.slack.core.blocks import Block
from bot.slack.core.context import Context
from bot.slack.settings import texts as slack_texts
from bot.slack.settings.forms import PreferenceForm
from bot.slack.settings.inputs import Inputs, given, language_names, number_in
from generator.notation.metres import RHYTHMS
from generator.request import INSTRUMENTS, model_named

BACKING = {True: "yes", False: "no"}


class DefaultsForm(PreferenceForm):
    name, heading, question = "defaults", texts.YOUR_DEFAULTS, slack_texts.RESET_DEFAULTS_QUESTION
    fields = ("rhythm", "key", "temperature", "tempo", "structure", "instrument", "backing", "times", "model", "language")

    async def blocks(self, caller: Caller) -> list[Block]:
        stored = await self.context.storage.preferences.defaults(caller.viewer)
        inputs, models = Inputs(caller.translate), await self.context.desk.models()
        offered = {name: name for name in (*models, stored.model) if name}
        backing = None if stored.backing is None else BACKING[stored.backing]
        times = None if stored.times is None else str(stored.times)
        yes_no = {BACKING[True]: texts.YES, BACKING[False]: texts.NO}
        return [
            inputs.menu("rhythm", texts.DEFAULT_RHYTHM, inputs.names(RHYTHMS), stored.rhythm),
            inputs.typed("key", texts.DEFAULT_KEY, stored.key),
            inputs.typed("temperature", texts.DEFAULT_TEMPERATURE, stored.temperature),
            inputs.typed("tempo", texts.DEFAULT_TEMPO, stored.tempo),
            inputs.menu("structure", texts.DEFAULT_STRUCTURE, inputs.labels(common.STRUCTURES), stored.structure),
            inputs.menu("instrument", texts.DEFAULT_INSTRUMENT, inputs.names(INSTRUMENTS), stored.instrument),
            inputs.menu("backing", texts.DEFAULT_BACKING, inputs.labels(yes_no), backing),
            inputs.menu(
                "times", texts.DEFAULT_TIMES, inputs.labels({str(times): label for times, label in common.TIMES.items()}), times
            ),
            inputs.menu("model", texts.DEFAULT_MODEL, offered, stored.model),
            inputs.menu("language", texts.DEFAULT_LANGUAGE, language_names(), stored.language),
        ]

    def changes(self, typed: Mapping[str, str]) -> dict[str, Any]:
        values: dict[str, Any] = {name: given(typed, name) for name in self.fields}
        numbers = {name: number_in(typed, name, float) for name in ("temperature", "tempo")}
        backing = None if values["backing"] is None else values["backing"] == BACKING[True]
        times = number_in(typed, "times", int)
        return {**values, **numbers, "backing": backing, "times": times}

    async def store(self, caller: Caller, changes: dict[str, Any]) -> None:
        preferences, model = self.context.storage.preferences, changes["model"]
        if model != (await preferences.defaults(caller.viewer)).model:  # one that is no longer offered may stay
            await self.context.desk.check_model(model_named(model))
        await preferences.change_defaults(caller.viewer, **changes)

    async def listed(self, caller: Caller) -> list[tuple[str, str]]:
        return list_defaults(await self.context.storage.preferences.defaults(caller.viewer), caller.translate)


def register(app: AsyncApp, context: Context) -> None:
    DefaultsForm(context).register(app)
