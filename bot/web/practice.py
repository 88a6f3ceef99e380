"""What the practice bar of a tune's page offers."""

from __future__ import annotations

from generator.notation.errors import NotationError
from generator.notation.keys import Key, transpose_tonic
from generator.user_messages import UserMessage

# Whistles by how many semitones higher they sound than one in D, with the same fingers.
WHISTLES = {5: "G", 3: "F", 1: "E♭", -2: "C", -4: "B♭", -5: "A"}
# What the script of the practice bar says.
TEXTS = {
    "play": UserMessage("Play"),
    "pause": UserMessage("Pause"),
    "loading": UserMessage("Loading the recording …"),
    "recording": UserMessage("The tune is being recorded …"),
    "offline": UserMessage("There is no connection. Try again when there is one."),
    "failed": UserMessage("It could not be loaded. Check the connection and try again."),
    "part": UserMessage("Part {letter}"),
    "apart": UserMessage("These bars are never played one after the other."),
    "loop": UserMessage("Loop from bar {from} to bar {to}."),
    "no_loop": UserMessage("The loop is off."),
}
_FARTHEST = 6  # semitones


def other_keys(written: str) -> dict[int, str]:
    """The keys of the same mode, by how many semitones higher they are; the nearest octave of each. Empty for an unknown key."""
    try:
        key = Key.parse(written)
    except NotationError:
        return {}
    semitones = [number for number in range(_FARTHEST, -_FARTHEST, -1) if number]
    return {number: transpose_tonic(key.pitch_class + number, key.mode) + key.mode.abc for number in semitones}
