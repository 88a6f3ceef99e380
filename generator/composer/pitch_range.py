"""Which pitches are playable: those of an instrument. The octave of a tune is chosen to fit."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from generator.composer.arrays import Mask
from generator.composer.token_kinds import TOKEN_KINDS, Kind
from generator.notation.instruments import Range
from generator.notation.keys import LETTERS, SEMITONES, Key
from generator.notation.tokens import VOCABULARY, pitch_parts, tonic_pitch

OCTAVES = (0, -12, 12)  # by how many semitones a tune may be moved into that range; the first possible one is taken


@lru_cache(maxsize=256)
def playable_pitches(key: Key, octave: int, notes: Range) -> Mask:
    """The pitch tokens that are playable in a key if the tune is moved by `octave` semitones; no double sharps or flats."""
    base = tonic_pitch(key)
    playable = np.zeros(len(VOCABULARY), np.bool_)
    for token in np.flatnonzero(TOKEN_KINDS == Kind.PITCH):
        degree, alter = pitch_parts(VOCABULARY[token])
        letter = LETTERS[(base.staff + degree) % 7]
        altered = key.signature[letter] + alter
        midi = 12 * ((base.staff + degree) // 7 + 1) + SEMITONES[letter] + altered
        playable[token] = notes.has(midi + octave, key) and abs(altered) < 2
    return playable
