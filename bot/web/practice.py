"""What the practice bar of a tune's page offers."""

from __future__ import annotations

from generator.notation.errors import NotationError
from generator.notation.keys import Key, transpose_tonic

# Whistles by how many semitones higher they sound than one in D, with the same fingers.
WHISTLES = {5: "G", 3: "F", 1: "E♭", -2: "C", -4: "B♭", -5: "A"}
_FARTHEST = 6  # semitones


def other_keys(written: str) -> dict[int, str]:
    """The keys of the same mode, by how many semitones higher they are; the nearest octave of each. Empty for an unknown key."""
    try:
        key = Key.parse(written)
    except NotationError:
        return {}
    semitones = [number for number in range(_FARTHEST, -_FARTHEST, -1) if number]
    return {number: transpose_tonic(key.pitch_class + number, key.mode) + key.mode.abc for number in semitones}
