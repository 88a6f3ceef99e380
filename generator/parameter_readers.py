"""Readers of a request's parameters: user input becomes a value, or a UserError that says what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from generator.notation.bar_numbers import bar_numbers_text, read_bar_numbers
from generator.notation.errors import NotationError
from generator.notation.keys import Key, mode_named
from generator.notation.metres import RHYTHMS, Metre, rhythm_named
from generator.notation.names import translatable
from generator.notation.tokens import MODES
from generator.parameters import MAX_TYPED_CHARACTERS, spaced
from generator.user_messages import OneOf, UserError, UserMessage

MAX_OPENING_CHARACTERS = 4_000
MAX_TITLE_CHARACTERS = 80
MAX_MODEL_CHARACTERS = 32
MAX_KEEP_CHARACTERS = 200
OMISSIONS = ("triplets", "semiquavers", "accidentals", "rests", "ties", "pick-ups", "second endings")


def read_rhythm(typed: str) -> str:
    if found := rhythm_named(typed):
        return found.name
    names = OneOf(map(translatable, RHYTHMS))
    raise UserError(
        UserMessage("I don't know the rhythm “{text}”. Try {names}.", text=typed.strip()[:MAX_TYPED_CHARACTERS], names=names)
    )


def read_key(typed: str) -> str:
    if mode := mode_named(typed):
        if mode not in MODES:
            raise UserError(_unknown_mode(translatable(mode)))
        return str(mode)
    try:
        key = Key.parse(typed)
    except NotationError as error:
        raise UserError(error.reason) from None
    if key.extra:
        raise UserError(UserMessage("I compose in keys without extra accidentals. Try {key}.", key=key.name))
    if key.mode not in MODES:
        raise UserError(_unknown_mode(key.name))
    return key.abc


def _unknown_mode(key: str) -> UserMessage:
    return UserMessage("I compose in {names}, not in {key}.", names=OneOf(map(translatable, MODES)), key=key)


def read_metre(typed: str) -> str | None:
    try:
        metre = Metre.parse(typed)
    except NotationError as error:
        raise UserError(error.reason) from None
    return str(metre) if metre else None


def read_opening_text(typed: str) -> str:
    text = typed.strip()
    if len(text) > MAX_OPENING_CHARACTERS:
        raise UserError(
            UserMessage(
                "The opening has {characters:,} characters. I read at most {limit:,}.",
                characters=len(text),
                limit=MAX_OPENING_CHARACTERS,
            )
        )
    return text


def read_keep(typed: str) -> str:
    try:
        return bar_numbers_text(read_bar_numbers(typed))
    except NotationError as error:
        raise UserError(error.reason) from None


def read_title(typed: str) -> str:
    """The title on one line, without control characters, cut to its maximum length."""
    printable = "".join(character if character.isprintable() else " " for character in typed)
    return " ".join(printable.split())[:MAX_TITLE_CHARACTERS].rstrip()


def read_omissions(typed: str | Sequence[str]) -> tuple[str, ...]:
    """Names from OMISSIONS, in its order, from a list or from text with commas. The singular works too."""
    known = {spaced(name): name for name in OMISSIONS}
    found = set()
    for text in filter(None, map(spaced, re.split(r"[,;]", typed) if isinstance(typed, str) else typed)):
        name = known.get(text) or known.get(f"{text}s")
        if name is None:
            names = OneOf(map(translatable, OMISSIONS))
            raise UserError(
                UserMessage("I can't leave out “{text}”. Try {names}.", text=text[:MAX_TYPED_CHARACTERS], names=names)
            )
        found.add(name)
    return tuple(name for name in OMISSIONS if name in found)


def model_named(text: str | None) -> str:
    """A model's name in its canonical form, which also names a queue: lower-case letters, digits, dots and hyphens."""
    return re.sub(r"[^a-z0-9.]+", "-", (text or "").lower()).strip("-")[:MAX_MODEL_CHARACTERS].rstrip("-")


def read_model(typed: str) -> str:
    if name := model_named(typed):
        return name
    raise UserError(UserMessage("A model's name must contain letters from a to z or digits."))
