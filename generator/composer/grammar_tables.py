"""What the vocabulary means to the grammar, as arrays for compiled code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from generator.composer.arrays import BoolArray, Int64Array, Mask
from generator.composer.token_kinds import TOKEN_KINDS, TOKEN_TICKS, Kind
from generator.notation.keys import Mode
from generator.notation.metres import RHYTHMS
from generator.notation.tempo import MAX_PLAYING_S, seconds, usual_tempo
from generator.notation.tokens import ANY_RHYTHM, INDEX, METRES, MODES, ON_TONIC, TICKS, VOCABULARY, cadence_class, token_metre
from generator.request import OMISSIONS

_QUAVER = TICKS // 8


class Tables(NamedTuple):
    """One value for each token, or for each pair of tokens."""

    kinds: Int64Array  # (vocabulary,) of Kind
    ticks: Int64Array  # (vocabulary,) of a metre's bar, a pick-up or a duration
    modes: Int64Array  # (vocabulary,) index of a mode in tokens.MODES
    tonics: BoolArray  # (vocabulary,) the tonic in every octave
    written_in: BoolArray  # (vocabulary, vocabulary) whether a rhythm is written in a metre
    most_bars: Int64Array  # (vocabulary, vocabulary) bars of a rhythm in a metre that can be played in MAX_PLAYING_S


def _tables() -> Tables:
    size = len(VOCABULARY)
    written_in = np.zeros((size, size), np.bool_)
    most_bars = np.zeros((size, size), np.int64)
    for rhythm in (ANY_RHYTHM, *(f"R:{name}" for name in RHYTHMS)):
        named = RHYTHMS.get(rhythm[2:])
        for metre in named.default_metres if named else METRES:
            written_in[INDEX[rhythm], INDEX[f"M:{token_metre(metre)}"]] = True
        for metre in METRES:
            bar_s = seconds(metre.bar, usual_tempo(named.name if named else "", metre))
            most_bars[INDEX[rhythm], INDEX[f"M:{metre}"]] = int((MAX_PLAYING_S - 1e-6) / bar_s)
    kinds = list(zip(VOCABULARY, TOKEN_KINDS, strict=True))
    modes = np.array([MODES.index(Mode(token[2:])) if kind == Kind.MODE else 0 for token, kind in kinds])
    tonics = np.array([kind == Kind.PITCH and cadence_class([token]) == ON_TONIC for token, kind in kinds])
    return Tables(TOKEN_KINDS, TOKEN_TICKS, modes, tonics, written_in, most_bars)


def _omitted() -> dict[str, Mask]:
    kinds, ticks = TOKEN_KINDS, TOKEN_TICKS
    altered = [kind == Kind.PITCH and token[-1] in "^_" for token, kind in zip(VOCABULARY, kinds, strict=True)]
    timed = (kinds == Kind.DURATION) | (kinds == Kind.PICK_UP)
    # Also the durations after which a semiquaver would have to follow.
    short = (timed & (ticks % _QUAVER > 0)) | ((kinds == Kind.TRIPLET) & (3 * ticks <= _QUAVER))
    masks: dict[str, Mask] = {
        "triplets": kinds == Kind.TRIPLET,
        "semiquavers": short,
        "accidentals": np.array(altered),
        "rests": kinds == Kind.REST,
        "ties": kinds == Kind.TIE,
        "pick-ups": kinds == Kind.PICK_UP,
        "second endings": kinds == Kind.FIRST,
    }
    return {name: masks[name] for name in OMISSIONS}


TABLES = _tables()
OMITTED = _omitted()  # the tokens that each of request.OMISSIONS leaves out
