"""The fields of the compose form, built from the parameters of a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.naming import key_name
from bot.web.asked import MOOD, MOOD_NAMES, TEXT
from generator.notation.keys import Mode, transpose_tonic
from generator.notation.metres import RHYTHMS
from generator.notation.names import translatable
from generator.notation.tokens import MODES
from generator.parameters import Parameter
from generator.request import OMISSIONS, PARAMETERS
from generator.user_messages import UserMessage

Kind = Literal["select", "text", "lines", "slider", "switch", "checks"]

OTHER_KEY = "other_key"  # a key that has no chip
COMMON_KEYS = ("D", "G", "A", "Em", "Bm", "Am", "Ador", "Edor", "Dmix", "Amix")  # in sessions
# The parameters under "More options"; rhythm and key are chips. Those that are missing here get a group of their own.
_GROUPS = {
    UserMessage("Your own notes"): ("opening", "mode", "strength", "keep"),
    UserMessage("The tune"): ("metre", "structure", "title", "without"),
    UserMessage("The recording"): ("instrument", "times", "tempo", "backing", "chords"),
    UserMessage("The model"): ("temperature", "candidates", "model", "seed"),
}
_LABELS = {
    TEXT: UserMessage("Your words"),
    "rhythm": UserMessage("Rhythm"),
    "key": UserMessage("Key"),
    MOOD: UserMessage("Mood"),
    "opening": UserMessage("Opening in ABC"),
    "mode": UserMessage("Mode"),
    "strength": UserMessage("Strength"),
    "keep": UserMessage("Bars to keep"),
    "metre": UserMessage("Metre"),
    "structure": UserMessage("Structure"),
    "title": UserMessage("Title"),
    "without": UserMessage("Leave out"),
    "instrument": UserMessage("Instrument"),
    "times": UserMessage("Times played"),
    "tempo": UserMessage("Tempo"),
    "backing": UserMessage("Guitar and bodhrán"),
    "chords": UserMessage("Chord symbols"),
    "temperature": UserMessage("Temperature"),
    "candidates": UserMessage("Candidates"),
    "model": UserMessage("Model"),
    "seed": UserMessage("Seed"),
}
# What the ends of a slider mean.
_ENDS = {
    "tempo": (MOOD_NAMES["slow"], MOOD_NAMES["fast"]),
    "temperature": (UserMessage("steady"), MOOD_NAMES["wild"]),
}
_INPUT_MODES = {int: "numeric", float: "decimal"}
_LONG_TEXT = 1_000  # characters; a field for more than that has several lines


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    label: str
    kind: Kind
    help: str
    default: str  # shown while the field is empty
    options: Mapping[str, str]  # label by value
    max_characters: int
    input_mode: str
    least: float | None
    most: float | None
    ends: Sequence[str]  # what the ends of a slider mean; the values of a switch: on, off


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    fields: Sequence[Field]


def field_groups(models: Mapping[str, str], *, chosen_model: str) -> list[Group]:
    """`models` are descriptions by name. The model field is left out if there is nothing to choose."""
    named = {name for names in _GROUPS.values() for name in names} | {"rhythm", "key"}
    others = tuple(name for name in PARAMETERS if name not in named)
    options = {"metre": _METRES, "model": {name: f"{name}: {text}" if text else name for name, text in models.items()}}
    hidden = "" if len(models) > 1 or chosen_model else "model"
    return [
        Group(title, [_field(PARAMETERS[name], options.get(name)) for name in names if name != hidden])
        for title, names in (_GROUPS | ({UserMessage("Other settings"): others} if others else {})).items()
    ]


def in_order(names: Iterable[str | None]) -> list[str | None]:
    """The names of fields in the order of the form. Others come first: they are about the whole form."""
    order = [TEXT, "rhythm", "key", MOOD, *(name for group in _GROUPS.values() for name in group)]
    return sorted(names, key=lambda name: order.index(name) if name in order else -1)


def label(name: str) -> str:
    return _LABELS.get(name) or name.capitalize()


def _field(parameter: Parameter, options: Mapping[str, str] | None) -> Field:
    if options is None:
        options = {str(value): translatable(str(value)) for value in parameter.choices}
    if parameter.kind is bool:
        default = str(parameter.choices[0 if parameter.default else 1])
    else:
        default = f"{parameter.default:g}" if isinstance(parameter.default, int | float) else str(parameter.default or "")
    if parameter.kind is tuple:
        options = {name: translatable(name) for name in OMISSIONS}
    return Field(
        name=parameter.name,
        label=label(parameter.name),
        kind=_kind(parameter, options),
        help=parameter.help,
        default=default or (UserMessage("default") if options else ""),
        options={value: text for value, text in options.items() if value != default},
        max_characters=parameter.max_characters,
        input_mode=_INPUT_MODES.get(parameter.kind, ""),
        least=parameter.least,
        most=parameter.most,
        ends=[str(word) for word in parameter.choices] if parameter.kind is bool else _ENDS.get(parameter.name, ()),
    )


def _kind(parameter: Parameter, options: Mapping[str, str]) -> Kind:
    if parameter.kind is tuple:
        return "checks"
    if parameter.kind is bool:
        return "switch"
    if parameter.kind is float:
        return "slider"
    if options:
        return "select"
    return "lines" if parameter.max_characters > _LONG_TEXT else "text"


def _keys() -> dict[str, str]:
    """The name of every key that can be requested by its ABC, common keys first."""
    every = [transpose_tonic(pitch_class, mode) + Mode(mode).abc for mode in MODES for pitch_class in range(12)]
    return {key: key_name(key) for key in (*COMMON_KEYS, *every)}


def _metres() -> dict[str, str]:
    metres = {str(metre) for rhythm in RHYTHMS.values() for metre in rhythm.metres}
    return {metre: metre for metre in sorted(metres, key=lambda text: (text[-1], text))}


KEYS, _METRES = _keys(), _metres()
_ANY = UserMessage("any")
RHYTHM_CHIPS = {"": _ANY, **{name: translatable(name) for name in RHYTHMS}}
KEY_CHIPS = {"": _ANY, **{key: KEYS[key] for key in COMMON_KEYS}}
MOOD_CHIPS = {"": _ANY, **MOOD_NAMES}
