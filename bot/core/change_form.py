"""The form that changes the request of a finished tune: its fields, their values, and the request that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TypeAlias

from bot.core import derive
from bot.core.keys import key_of
from bot.core.texts import variations as texts
from generator.notation.metres import RHYTHMS
from generator.request import TuneRequest
from generator.user_messages import UserMessage
from storage.tunes import Tune

LABELS = {
    "rhythm": texts.FIELD_RHYTHM,
    "key": texts.FIELD_KEY,
    "opening": texts.FIELD_OPENING,
    "temperature": texts.FIELD_TEMPERATURE,
    "seed": texts.FIELD_SEED,
    "title": texts.FIELD_TITLE,
}
COMPOSED_FIELDS = ("rhythm", "key", "opening", "temperature", "seed")
PLAYED_FIELDS = ("opening", "title")  # for a tune that is played as written

NOT_SET = "–"  # value of the form's menu for no rhythm; people may also type it

Typed: TypeAlias = dict[str, str]  # the form's fields in order: COMPOSED_FIELDS or PLAYED_FIELDS


def label_of(field: str, typed: Typed) -> UserMessage:
    return texts.FIELD_TUNE if field == "opening" and "title" in typed else LABELS[field]


def placeholder_of(field: str) -> UserMessage:
    return texts.NEW_SEED if field == "seed" else texts.NOT_SET


def rhythm_choices(translate: Callable[[str], str]) -> dict[str, str]:
    """Value → label."""
    return {NOT_SET: translate(texts.NOT_SET), **{rhythm: translate(rhythm) for rhythm in RHYTHMS}}


def read(fields: Mapping[str, str]) -> Typed:
    """What was typed and chosen in a submitted form."""
    return {field: "" if value == NOT_SET else value for field, value in fields.items()}


def values_of(tune: Tune, *, opening_visible: bool) -> Typed:
    """The values of the tune's request; where none was set, those of the finished tune. A hidden opening is left out."""
    typed = _values(tune)
    if not opening_visible:
        typed["opening"] = tune.composition.abc.strip() if tune.request.mode == "play" and tune.composition else ""
    return typed


def _values(tune: Tune) -> Typed:
    if tune.request.mode == "play":
        return {"opening": tune.request.opening, "title": tune.request.title}
    finished = derive.finished_form(tune)
    return {
        "rhythm": finished["rhythm"],
        "key": finished["key"],
        "opening": tune.request.opening,
        "temperature": f"{tune.request.temperature:g}",
        "seed": str(tune.request.seed),
    }


def changed_request(tune: Tune, typed: Typed) -> TuneRequest:
    """The tune's request with the typed values. Raises RequestError."""
    values = asdict(tune.request) | typed
    if tune.request.mode == "play":
        if tune.request.key and key_of(typed["opening"]) != key_of(tune.request.opening):
            values["key"] = None  # it was the key to transpose the other tune to
        return TuneRequest.check(**values)
    if typed["rhythm"] != derive.finished_form(tune)["rhythm"]:
        values["metre"] = None  # it belonged to the other rhythm
    if not typed["opening"].strip():
        values["mode"] = "continue"
    return TuneRequest.check(**values)
