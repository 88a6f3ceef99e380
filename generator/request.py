"""What somebody may ask the musician for."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeVar, get_args

from generator.notation.errors import NotationError
from generator.notation.keys import Key, mode_named
from generator.notation.metres import RHYTHMS, Metre, rhythm_named
from generator.notation.names import translatable
from generator.notation.opening import read_opening
from generator.notation.opening_modes import OPENING_MODES, OpeningMode
from generator.notation.tokens import METRES, MODES, token_metre
from generator.user_messages import OneOf, UserError, UserMessage

Structure = Literal["parts", "free"]
STRUCTURES: tuple[Structure, ...] = get_args(Structure)
MAX_SEED = 2**31 - 1
USUAL_STRENGTH, MAX_STRENGTH = 2, 3
MAX_CANDIDATES = 16
MIN_TEMPO, MAX_TEMPO = 0.5, 1.5
MAX_OPENING_CHARACTERS = 4_000
MAX_TITLE_CHARACTERS = 80
MAX_MODEL_CHARACTERS = 32
OMISSIONS = ("triplets", "semiquavers", "accidentals", "rests", "ties", "pick-ups", "second endings")
INSTRUMENTS = ("fiddle", "flute", "whistle", "accordion", "concertina", "banjo", "harp", "piano")
T = TypeVar("T", bound=str)


class RequestError(UserError):
    """A request that cannot be met; `field` names the parameter that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class TuneRequest:
    """A wish, already checked. None or an empty text leaves the choice to the musician; a seed is always set.

    Values are canonical: `rhythm` is one of RHYTHMS, `key` as ABC writes it (`Ador`) or a mode alone (`dorian`), whose tonic
    is left to the musician, `metre` as `6/8`.
    """

    seed: int
    rhythm: str | None = None
    key: str | None = None
    metre: str | None = None
    opening: str = ""
    temperature: float = 1.0
    title: str = ""
    mode: OpeningMode = "continue"  # what becomes of the opening
    strength: int = USUAL_STRENGTH  # of a variation, 1 to 3: how much of it is new
    structure: Structure = "parts"  # of eight bars, played twice; or free
    candidates: int | None = None  # tunes among which the best is chosen; None leaves their number to the composer
    instrument: str = ""  # one of INSTRUMENTS; empty leaves it to the rhythm
    backing: bool = True  # whether guitar and drum play along
    tempo: float = 1.0  # how much faster than its rhythm's usual tempo; of a tune that is played as it stands, than its own
    without: tuple[str, ...] = ()  # of OMISSIONS: what the composer leaves out
    model: str = ""  # that composes, by its name; empty for the usual one. Whether it is at hand is for others to know

    @classmethod
    def check(
        cls,
        *,
        rhythm: str | None = None,
        key: str | None = None,
        metre: str | None = None,
        opening: str | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        title: str | None = None,
        mode: str | None = None,
        strength: int | None = None,
        structure: str | None = None,
        candidates: int | None = None,
        instrument: str | None = None,
        backing: bool = True,
        tempo: float | None = None,
        without: str | Sequence[str] | None = None,
        model: str | None = None,
    ) -> TuneRequest:
        """Makes a request out of what people typed; raises RequestError with the sentence to show them."""
        named = None
        if rhythm and rhythm.strip():
            named = rhythm_named(rhythm)
            if named is None:
                known = OneOf(map(translatable, RHYTHMS))
                raise RequestError(
                    "rhythm", UserMessage("I don't know the rhythm “{text}”. Try {names}.", text=rhythm.strip()[:40], names=known)
                )
        bars = _metre(metre)
        if named and bars and all(bars.bar != usual.bar for usual in named.metres):
            sentence = UserMessage(
                "A {rhythm} is not written in {metre}. Leave the metre open or use {names}.",
                rhythm=translatable(named.name),
                metre=str(bars),
                names=OneOf(map(str, named.metres)),
            )
            raise RequestError("metre", sentence)
        if bars and token_metre(bars) not in METRES:
            known = OneOf(map(str, METRES))
            raise RequestError("metre", UserMessage("I don't write in {metre}. Try {names}.", metre=str(bars), names=known))
        if temperature is not None and not 0.1 <= temperature <= 2:
            sentence = UserMessage(
                "The temperature goes from 0.1 (steady) to 2 (wild); {value} is outside.", value=f"{temperature:g}"
            )
            raise RequestError("temperature", sentence)
        if seed is not None and not 0 <= seed <= MAX_SEED:
            raise RequestError("seed", UserMessage("The seed is a whole number from 0 to {most}.", most=MAX_SEED))
        if strength is not None and not 1 <= strength <= MAX_STRENGTH:
            sentence = UserMessage(
                "The strength goes from 1 (a little is new) to {most} (most of it is); {value} is outside.",
                most=MAX_STRENGTH,
                value=strength,
            )
            raise RequestError("strength", sentence)
        if candidates is not None and not 1 <= candidates <= MAX_CANDIDATES:
            sentence = UserMessage(
                "I choose among 1 to {most} candidates; {value} is outside.", most=MAX_CANDIDATES, value=candidates
            )
            raise RequestError("candidates", sentence)
        if tempo is not None and not MIN_TEMPO <= tempo <= MAX_TEMPO:
            least, most = f"{MIN_TEMPO:g}", f"{MAX_TEMPO:g}"
            sentence = UserMessage("The tempo goes from {least} to {most} times the usual one.", least=least, most=most)
            raise RequestError("tempo", sentence)
        wanted = _key(key)
        treatment = _one_of("mode", mode, OPENING_MODES)
        text = (opening or "").strip()
        if len(text) > MAX_OPENING_CHARACTERS:
            sentence = UserMessage(
                "The opening has {characters:,} characters; I read at most {limit:,}.",
                characters=len(text),
                limit=MAX_OPENING_CHARACTERS,
            )
            raise RequestError("opening", sentence)
        if text:
            try:
                asked = {"rhythm": named.name if named else None, "key": wanted, "metre": str(bars) if bars else None}
                read_opening(text, **asked, mode=treatment)
            except NotationError as error:
                raise RequestError("opening", error.message) from None
        elif treatment != "continue":
            raise RequestError("opening", _MISSING[treatment])
        name = " ".join("".join(character if character.isprintable() else " " for character in title or "").split())
        return cls(
            seed=secrets.randbelow(MAX_SEED + 1) if seed is None else seed,
            rhythm=named.name if named else None,
            key=wanted,
            metre=str(bars) if bars else None,
            opening=text,
            temperature=1.0 if temperature is None else float(temperature),
            title=name[:MAX_TITLE_CHARACTERS].rstrip(),
            mode=treatment,
            strength=USUAL_STRENGTH if strength is None else strength,
            structure=_one_of("structure", structure, STRUCTURES),
            candidates=candidates,
            instrument=instrument_named(instrument),
            backing=backing,
            tempo=1.0 if tempo is None else float(tempo),
            without=() if treatment == "play" else _omissions(without),
            model="" if treatment == "play" else _model(model),
        )

    def again(self) -> TuneRequest:
        """The same wish with a new seed."""
        return replace(self, seed=secrets.randbelow(MAX_SEED + 1))

    def in_a_row(self, count: int) -> list[TuneRequest]:
        """The same wish so many times, with the seeds from its own on."""
        return [replace(self, seed=(self.seed + index) % (MAX_SEED + 1)) for index in range(count)]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TuneRequest:
        """Reads what `as_dict` made, also before there were modes: then `vary` stood for one."""
        kept = dict(values)
        if kept.pop("vary", False):
            kept["mode"] = "vary"
        return cls(**kept | {"without": tuple(kept.get("without", ()))})


def _key(text: str | None) -> str | None:
    if not text or not text.strip():
        return None
    if alone := mode_named(text):
        if alone not in MODES:
            raise RequestError("key", _not_among_modes(translatable(alone)))
        return str(alone)
    try:
        key = Key.parse(text)
    except NotationError as error:
        raise RequestError("key", error.reason) from None
    if key.extra:
        sentence = UserMessage("I write in keys without accidentals of their own. Ask for {key} alone.", key=key.name)
        raise RequestError("key", sentence)
    if key.mode not in MODES:
        raise RequestError("key", _not_among_modes(key.name))
    return key.abc


def _not_among_modes(key: str) -> UserMessage:
    return UserMessage("I write in {names}; {key} is not among them.", names=OneOf(map(translatable, MODES)), key=key)


def _metre(text: str | None) -> Metre | None:
    try:
        return Metre.parse(text or "")
    except NotationError as error:
        raise RequestError("metre", error.reason) from None


def instrument_named(text: str | None) -> str:
    """The instrument that a person names, in any case; empty where none is. Raises RequestError."""
    return str(_one_of("instrument", text, INSTRUMENTS)) if text and text.strip() else ""


def _omissions(typed: str | Sequence[str] | None) -> tuple[str, ...]:
    """What is left out, as OMISSIONS has it and in its order; raises RequestError."""
    listed = re.split(r"[,;]", typed) if isinstance(typed, str) else typed or ()
    found = set()
    for text in filter(None, (" ".join(each.split()).lower() for each in listed)):
        plain = {name.replace("-", " "): name for name in OMISSIONS}
        name = plain.get(text.replace("-", " ")) or plain.get(f"{text.replace('-', ' ')}s")
        if name is None:
            sentence = UserMessage(
                "I can't leave out “{text}”. Try {names}.", text=text[:40], names=OneOf(map(translatable, OMISSIONS))
            )
            raise RequestError("without", sentence)
        found.add(name)
    return tuple(name for name in OMISSIONS if name in found)


def model_named(text: str | None) -> str:
    """A model's name as it is chosen: of small letters, digits, dots and hyphens; it names a queue as well."""
    return re.sub(r"[^a-z0-9.]+", "-", (text or "").lower()).strip("-")[:MAX_MODEL_CHARACTERS].rstrip("-")


def _model(typed: str | None) -> str:
    name = model_named(typed)
    if typed and typed.strip() and not name:
        raise RequestError("model", UserMessage("A model's name has letters from a to z or digits."))
    return name


# For the modes that make something of an opening, where there is none.
_MISSING = {
    "answer": UserMessage("There is no opening to answer. Hand in a phrase of ABC."),
    "vary": UserMessage("There is no tune to vary. Hand in a whole tune as the opening."),
    "second part": UserMessage("There is no first part to write a second one to. Hand it in as the opening."),
    "play": UserMessage("There is no tune to play. Hand in its ABC as the opening."),
}


def _one_of(field: str, typed: str | None, names: tuple[T, ...]) -> T:
    """The name that was typed, in any case, with hyphens or without; the first where nothing was."""
    wanted = " ".join((typed or names[0]).replace("-", " ").replace("_", " ").lower().split()) or names[0]
    for name in names:
        if name == wanted:
            return name
    text, known = wanted[:40], OneOf(map(translatable, names))
    if field == "mode":
        raise RequestError(field, UserMessage("I don't know the mode “{text}”. Try {names}.", text=text, names=known))
    if field == "structure":
        raise RequestError(field, UserMessage("I don't know the structure “{text}”. Try {names}.", text=text, names=known))
    raise RequestError(field, UserMessage("I don't know the instrument “{text}”. Try {names}.", text=text, names=known))
