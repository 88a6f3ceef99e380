"""What the text in the box of the compose page asks for, in words that chat understands or in ABC."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core import vocabulary
from bot.core.abc_input import first_tune
from bot.core.naming import key_name
from bot.core.typed_request import COUNT, TypedRequest, count_of, transposing, typed_request
from bot.core.words import words_in
from bot.web.language import translate
from generator.notation.names import translatable
from generator.request import MAX_OPENING_CHARACTERS, PARAMETERS, RequestError
from generator.user_messages import AllOf, UserMessage

TEXT, MOOD, IGNORED = "text", "mood", "ignored"  # fields of the form that are no parameters
# Words that the reader of chat knows.
MOODS = ("slow", "gentle", "lively", "fast", "simple", "wild")
MOOD_NAMES = {
    "slow": UserMessage("slow"),
    "gentle": UserMessage("gentle"),
    "lively": UserMessage("lively"),
    "fast": UserMessage("fast"),
    "simple": UserMessage("simple"),
    "wild": UserMessage("wild"),
}
LABELS = {
    "strength": UserMessage("strength"),
    "model": UserMessage("model"),
    "seed": UserMessage("seed"),
    "candidates": UserMessage("candidates"),
    "chords": UserMessage("chords"),
}
MAX_WORDS = 8  # unknown ones that are shown

_TEMPOS = {
    vocabulary.SLOW: MOOD_NAMES["slow"],
    vocabulary.GENTLE: MOOD_NAMES["gentle"],
    vocabulary.LIVELY: MOOD_NAMES["lively"],
    vocabulary.FAST: MOOD_NAMES["fast"],
}
_TEMPERATURES = {vocabulary.STEADY: UserMessage("steady"), vocabulary.WILD: MOOD_NAMES["wild"]}


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that was understood."""

    name: str  # of the parameter, or COUNT
    value: str
    label: str
    ignored: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """The text in the box as it was read. `ignored` are the names of what was understood but is not wanted."""

    text: str = ""
    mood: str = ""
    ignored: frozenset[str] = frozenset()
    typed: TypedRequest = field(default_factory=TypedRequest)

    @classmethod
    def read(cls, text: str, mood: str = "", ignored: Collection[str] = ()) -> Asked:
        """Takes a tenth of a second for hostile text: call it in a thread."""
        text = text.strip()
        try:
            typed = typed_request(first_tune(text) if len(text) > MAX_OPENING_CHARACTERS else text)
        except RequestError:  # the first tune alone is too long
            typed = TypedRequest({"opening": text})  # which the check of the request refuses
        return cls(text, mood if mood in MOODS else "", frozenset(ignored), typed)

    @property
    def is_unclear(self) -> bool:
        """Whether there is a text but nothing in it asks for a tune."""
        return bool(self.text) and not self.typed.is_request

    @property
    def count(self) -> int:
        """How many tunes. Raises RequestError."""
        return 1 if COUNT in self.ignored else count_of(self.typed)

    @property
    def excess(self) -> str:
        """What to say of a number of tunes that is too high; empty if it is not."""
        try:
            self.count  # noqa: B018  # for its error
        except RequestError as error:
            return error.message
        return ""

    @property
    def parameters(self) -> dict[str, Any]:
        """What the text and the mood ask for."""
        wanted = {name: value for name, value in self.typed.parameters.items() if name not in self.ignored}
        return wanted | words_in(self.mood).parameters

    def filled_into(self, fields: Mapping[str, str]) -> dict[str, Any]:
        """All parameters: those of the fields, and what was asked for where a field is empty."""
        asked = self.parameters
        return transposing({name: asked.get(name) if _is_unset(name, fields[name]) else fields[name] for name in PARAMETERS})

    @property
    def typed_mood(self) -> str:
        """The chip for the mood of the text; empty if the text has none."""
        typed = {name: self.typed.parameters.get(name) for name in ("tempo", "temperature")}
        return next((mood for mood in MOODS if dict.fromkeys(typed) | words_in(mood).parameters == typed), "")

    @property
    def chips(self) -> list[Chip]:
        found = [
            Chip(
                name, _as_text(name, self.typed.parameters[name]), _label(name, self.typed.parameters[name]), name in self.ignored
            )
            for name in PARAMETERS
            if name in self.typed.parameters
        ]
        if self.typed.count:
            label = _count(self.typed.count)
            found.insert(0, Chip(COUNT, self.typed.count, label, COUNT in self.ignored))
        return found

    @property
    def unknown(self) -> str:
        """The words that were skipped."""
        words = self.typed.unknown
        return ", ".join(words[:MAX_WORDS]) + (" …" if len(words) > MAX_WORDS else "")


def _is_unset(name: str, typed: str) -> bool:
    """Whether a field says nothing. Sliders and switches always have a value: left alone, it is the default."""
    parameter = PARAMETERS[name]
    if parameter.kind not in (bool, float):
        return not typed.strip()
    try:
        return bool(parameter.check(typed) == parameter.default)
    except RequestError:
        return False


def _as_text(name: str, typed: Any) -> str:
    """The value as text for the field of the form."""
    try:
        return PARAMETERS[name].as_text(PARAMETERS[name].check(typed))
    except RequestError:
        return str(typed)


def _label(name: str, typed: Any) -> str:
    try:
        value = PARAMETERS[name].check(typed)
    except RequestError:
        return str(typed)
    match name:
        case "key":
            return UserMessage("in {key}", key=key_name(value))
        case "opening":
            return UserMessage("your ABC")
        case "title":
            return f"“{value}”"
        case "tempo":
            return _TEMPOS.get(value) or UserMessage("tempo {value}", value=f"{value:g}")
        case "temperature":
            return _TEMPERATURES.get(value) or UserMessage("temperature {value}", value=f"{value:g}")
        case "backing":
            return UserMessage("with backing") if value else UserMessage("without backing")
        case "times":
            return UserMessage("played once", "played {n} times", n=value)
        case "without":
            return UserMessage("without {things}", things=AllOf(map(translatable, value)))
        case "keep":
            return UserMessage("bars {bars} kept", bars=value)
        case "strength" | "model" | "seed" | "candidates" | "chords":
            return f"{translate(LABELS[name])} {PARAMETERS[name].as_text(value) or value}"
        case _:
            return translatable(str(value))


def _count(typed: str) -> str:
    return UserMessage("{n} tune", "{n} tunes", n=int(typed)) if typed.isdecimal() and len(typed) < 10 else typed
