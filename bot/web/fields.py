"""The fields of the compose form, built from the parameters of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.naming import key_name
from generator.notation.keys import Mode, transpose_tonic
from generator.notation.metres import RHYTHMS
from generator.notation.tokens import MODES
from generator.parameters import Parameter
from generator.request import PARAMETERS

# Parameters that are missing here get a row of their own.
_ROWS = (
    ("rhythm", "key", "metre"),
    ("opening",),
    ("mode", "strength", "structure"),
    ("title", "temperature", "tempo"),
    ("instrument", "backing", "chords", "times"),
    ("without",),
    ("model", "candidates", "seed"),
)
_COMMON_KEYS = ("D", "G", "A", "Em", "Bm", "Am", "Ador", "Edor", "Dmix", "Amix")  # in sessions
_INPUT_MODES = {int: "numeric", float: "decimal"}
_LONG_TEXT = 1_000  # characters; a field for more than that has several lines


@dataclass(frozen=True, slots=True)
class Field:
    """A drop-down list if it has `options`, else a text input."""

    name: str
    help: str
    default: str  # shown while the field is empty
    options: Mapping[str, str]  # label by value
    suggestions: Mapping[str, str]  # label by value
    max_characters: int
    input_mode: str
    multiline: bool

    @property
    def label(self) -> str:
        return self.name.capitalize()


def field_rows(models: Mapping[str, str], *, chosen_model: str) -> list[list[Field]]:
    """`models` are descriptions by name. The model field is left out if there is nothing to choose."""
    others = [(name,) for name in PARAMETERS if not any(name in row for row in _ROWS)]
    options = {"metre": _METRES, "model": {name: f"{name}: {text}" if text else name for name, text in models.items()}}
    hidden = "" if len(models) > 1 or chosen_model else "model"
    return [[_field(PARAMETERS[name], options.get(name)) for name in row if name != hidden] for row in (*_ROWS, *others)]


def _field(parameter: Parameter, options: Mapping[str, str] | None) -> Field:
    if options is None:
        options = {str(value): str(value) for value in parameter.choices}
    if parameter.kind is bool:
        default = str(parameter.choices[0 if parameter.default else 1])
    else:
        default = f"{parameter.default:g}" if isinstance(parameter.default, int | float) else str(parameter.default or "")
    return Field(
        name=parameter.name,
        help=parameter.help,
        default=default or ("default" if options else ""),
        options={value: label for value, label in options.items() if value != default},
        suggestions=_KEYS if parameter.name == "key" else {},
        max_characters=parameter.max_characters,
        input_mode=_INPUT_MODES.get(parameter.kind, ""),
        multiline=parameter.max_characters > _LONG_TEXT,
    )


def _keys() -> dict[str, str]:
    """The name of every key that can be requested by its ABC, common keys first."""
    every = [transpose_tonic(pitch_class, mode) + Mode(mode).abc for mode in MODES for pitch_class in range(12)]
    return {key: key_name(key) for key in (*_COMMON_KEYS, *every)}


def _metres() -> dict[str, str]:
    metres = {str(metre) for rhythm in RHYTHMS.values() for metre in rhythm.metres}
    return {metre: metre for metre in sorted(metres, key=lambda text: (text[-1], text))}


_KEYS, _METRES = _keys(), _metres()
