"""What somebody may ask the musician for."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any

from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import RHYTHMS, Metre, rhythm_named
from generator.notation.opening import read_opening
from generator.notation.tokens import METRES, MODES, plain

MAX_SEED = 2**31 - 1
MAX_OPENING_CHARACTERS = 4_000
MAX_TITLE_CHARACTERS = 80


class RequestError(ValueError):
    """A wish that cannot be met: `field` names it, the message is the sentence to show."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class TuneRequest:
    """A wish, already checked. None or an empty text leaves the choice to the musician; a seed is always set.

    Values are canonical: `rhythm` is one of RHYTHMS, `key` as ABC writes it (`Ador`), `metre` as `6/8`.
    """

    seed: int
    rhythm: str | None = None
    key: str | None = None
    metre: str | None = None
    opening: str = ""
    temperature: float = 1.0
    title: str = ""
    vary: bool = False  # the opening is a whole tune, to be varied rather than continued

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
        vary: bool = False,
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
        text = (opening or "").strip()
        if len(text) > MAX_OPENING_CHARACTERS:
            raise RequestError("opening", f"The opening has {len(text):,} characters; I read at most {MAX_OPENING_CHARACTERS:,}.")
        if text:
            try:
                asked = {"rhythm": named.name if named else None, "key": _key(key), "metre": str(bars) if bars else None}
                read_opening(text, **asked, whole=vary)
            except NotationError as error:
                raise RequestError("opening", str(error)) from None
        name = " ".join("".join(character if character.isprintable() else " " for character in title or "").split())
        return cls(
            seed=secrets.randbelow(MAX_SEED + 1) if seed is None else seed,
            rhythm=named.name if named else None,
            key=_key(key),
            metre=str(bars) if bars else None,
            opening=text,
            temperature=1.0 if temperature is None else float(temperature),
            title=name[:MAX_TITLE_CHARACTERS].rstrip(),
            vary=vary,
        )

    def again(self) -> TuneRequest:
        """The same wish with a new seed."""
        return replace(self, seed=secrets.randbelow(MAX_SEED + 1))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TuneRequest:
        return cls(**values)


def _key(text: str | None) -> str | None:
    if not text or not text.strip():
        return None
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


def _either(names: Any) -> str:
    *head, last = [str(name) for name in names]
    return f"{', '.join(head)} or {last}" if head else last
