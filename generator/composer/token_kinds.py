"""What each token of the vocabulary is and how long it lasts, as arrays for compiled code."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from generator.composer.arrays import Int64Array
from generator.notation import tokens
from generator.notation.metres import Metre
from generator.notation.tokens import VOCABULARY


class Kind(IntEnum):
    """What a token is. The order matters: kinds from DURATION on make up the music, kinds from REST on are notes."""

    PAD = 0
    START = 1
    END = 2
    RHYTHM = 3
    ANY_RHYTHM = 4
    METRE = 5
    MODE = 6
    ANY_MODE = 7
    OPEN_REPEATED = 8  # `|:`
    OPEN = 9  # `[|`
    PICK_UP = 10
    BAR = 11  # `|`
    FIRST = 12  # `[1`
    SECOND = 13  # `[2`
    REPEAT = 14  # `:|`
    CLOSE = 15  # `||`
    TIE = 16
    DURATION = 17
    TRIPLET = 18  # the duration of each note of a triplet
    REST = 19
    PITCH = 20


_SINGLE = {
    tokens.PAD: Kind.PAD, tokens.START: Kind.START, tokens.END: Kind.END, tokens.ANY_RHYTHM: Kind.ANY_RHYTHM,
    tokens.ANY_MODE: Kind.ANY_MODE, tokens.OPEN_REPEATED: Kind.OPEN_REPEATED, tokens.OPEN: Kind.OPEN, tokens.BAR: Kind.BAR,
    tokens.FIRST: Kind.FIRST, tokens.SECOND: Kind.SECOND, tokens.REPEAT: Kind.REPEAT, tokens.CLOSE: Kind.CLOSE,
    tokens.TIE: Kind.TIE, tokens.REST: Kind.REST,
}  # fmt: skip
_PREFIXED = {"R:": Kind.RHYTHM, "M:": Kind.METRE, "K:": Kind.MODE, "up": Kind.PICK_UP}


def _kind(token: str) -> Kind:
    if token in _SINGLE:
        return _SINGLE[token]
    if token[0] == "/":
        return Kind.TRIPLET if int(token[1:]) in tokens.TRIPLETS else Kind.DURATION
    return _PREFIXED.get(token[:2], Kind.PITCH)


def metre_of(token: str) -> Metre | None:
    """The metre that a metre token names; None for the unknown metre."""
    return Metre.parse(token[2:]) if token != tokens.ANY_METRE else None


def _ticks(token: str) -> int:
    if token.startswith("M:"):
        metre = metre_of(token)
        return int(metre.bar * tokens.TICKS) if metre else 0
    return int(token.lstrip("/up")) if token[0] == "/" or token.startswith("up") else 0


TOKEN_KINDS: Int64Array = np.array([_kind(token) for token in VOCABULARY], np.int64)  # (vocabulary,)
TOKEN_TICKS: Int64Array = np.array([_ticks(token) for token in VOCABULARY], np.int64)  # of a metre's bar, a pick-up, a duration
