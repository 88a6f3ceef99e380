"""What somebody may ask the musician for."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeVar, get_args

from generator.notation.errors import NotationError
from generator.notation.keys import Key, mode_named
from generator.notation.metres import RHYTHMS, Metre, rhythm_named
from generator.notation.opening import OPENING_MODES, OpeningMode, read_opening
from generator.notation.tokens import METRES, MODES, plain

Structure = Literal["parts", "free"]
STRUCTURES: tuple[Structure, ...] = get_args(Structure)
MAX_SEED = 2**31 - 1
USUAL_STRENGTH, MAX_STRENGTH = 2, 3
MAX_CANDIDATES = 16
MAX_OPENING_CHARACTERS = 4_000
MAX_TITLE_CHARACTERS = 80
INSTRUMENTS = ("fiddle", "flute", "whistle", "accordion", "concertina", "banjo", "harp", "piano")
T = TypeVar("T", bound=str)


class RequestError(ValueError):
    """A wish that cannot be met: `field` names it, `sentence` is to be shown."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field, self.sentence = field, sentence
        super().__init__(sentence)


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
    ) -> TuneRequest:
        """Makes a request out of what people typed; raises RequestError with the sentence to show them."""
        named = None
        if rhythm and rhythm.strip():
            named = rhythm_named(rhythm)
            if named is None:
                raise RequestError("rhythm", f"I don't know the rhythm “{rhythm.strip()[:40]}”. Try {_either(RHYTHMS)}.")
        bars = _metre(metre)
        if named and bars and all(bars.bar != usual.bar for usual in named.metres):
            usual = _either(str(usual) for usual in named.metres)
            raise RequestError("metre", f"A {named.name} is not written in {bars}. Leave the metre open or use {usual}.")
        if bars and plain(bars) not in METRES:
            raise RequestError("metre", f"I don't write in {bars}. Try {_either(METRES)}.")
        if temperature is not None and not 0.1 <= temperature <= 2:
            raise RequestError("temperature", f"The temperature goes from 0.1 (steady) to 2 (wild); {temperature:g} is outside.")
        if seed is not None and not 0 <= seed <= MAX_SEED:
            raise RequestError("seed", f"The seed is a whole number from 0 to {MAX_SEED}.")
        if strength is not None and not 1 <= strength <= MAX_STRENGTH:
            sentence = f"The strength goes from 1 (a little is new) to {MAX_STRENGTH} (most of it is); {strength} is outside."
            raise RequestError("strength", sentence)
        if candidates is not None and not 1 <= candidates <= MAX_CANDIDATES:
            raise RequestError("candidates", f"I choose among 1 to {MAX_CANDIDATES} candidates; {candidates} is outside.")
        wanted = _key(key)
        treatment = _one_of("mode", mode, OPENING_MODES)
        text = (opening or "").strip()
        if len(text) > MAX_OPENING_CHARACTERS:
            raise RequestError("opening", f"The opening has {len(text):,} characters; I read at most {MAX_OPENING_CHARACTERS:,}.")
        if text:
            try:
                asked = {"rhythm": named.name if named else None, "key": wanted, "metre": str(bars) if bars else None}
                read_opening(text, **asked, mode=treatment)
            except NotationError as error:
                raise RequestError("opening", str(error)) from None
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
        return cls(**kept)


def _key(text: str | None) -> str | None:
    if not text or not text.strip():
        return None
    if alone := mode_named(text):
        if alone not in MODES:
            raise RequestError("key", f"I write in {_either(MODES)}; {alone} is not among them.")
        return str(alone)
    try:
        key = Key.parse(text)
    except NotationError as error:
        raise RequestError("key", error.sentence) from None
    if key.extra:
        raise RequestError("key", f"I write in keys without accidentals of their own. Ask for {key} alone.")
    if key.mode not in MODES:
        raise RequestError("key", f"I write in {_either(MODES)}; {key} is not among them.")
    return key.abc


def _metre(text: str | None) -> Metre | None:
    try:
        return Metre.parse(text or "")
    except NotationError as error:
        raise RequestError("metre", error.sentence) from None


def instrument_named(text: str | None) -> str:
    """The instrument that a person names, in any case; empty where none is. Raises RequestError."""
    return str(_one_of("instrument", text, INSTRUMENTS)) if text and text.strip() else ""


# For the modes that make something of an opening, where there is none.
_MISSING = {
    "answer": "There is no opening to answer. Hand in a phrase of ABC.",
    "vary": "There is no tune to vary. Hand in a whole tune as the opening.",
    "second part": "There is no first part to write a second one to. Hand it in as the opening.",
    "play": "There is no tune to play. Hand in its ABC as the opening.",
}


def _one_of(field: str, typed: str | None, names: tuple[T, ...]) -> T:
    """The name that was typed, in any case, with hyphens or without; the first where nothing was."""
    wanted = " ".join((typed or names[0]).replace("-", " ").replace("_", " ").lower().split()) or names[0]
    for name in names:
        if name == wanted:
            return name
    raise RequestError(field, f"I don't know the {field} “{wanted[:40]}”. Try {_either(names)}.")


def _either(names: Any) -> str:
    *head, last = [str(name) for name in names]
    return f"{', '.join(head)} or {last}" if head else last
