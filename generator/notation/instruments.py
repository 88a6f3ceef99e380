"""Which notes the melody instruments have, as Irish musicians play them.

Pitches are as written: a tin whistle sounds an octave higher, a tenor banjo an octave lower.

    fiddle      first position: the open G to the fourth finger on the E string
    flute       wooden flute in D with keys, which give it all semitones: two octaves from its lowest note
    whistle     tin whistle in D, without keys: two octaves of D major, and C natural by cross-fingering. It is at home in the
                keys of one sharp and of two (en.wikipedia.org/wiki/Tin_whistle; tag "penny-whistle" on music.stackexchange.com).
                One further note of a key is played by covering half a hole; for more players take a whistle in another key.
    concertina  Anglo in C and G with 30 buttons, in the layout of Wheatstone and Lachenal, which has no G sharp below middle C
                (concertina.net/ms_finger_layouts.html)
    banjo       tenor banjo tuned as a fiddle, G D A E: up to the seventh fret
    harp        lever harp, whose levers are set for a key before the tune: the notes of the key alone
    pipes       uilleann pipes in D, whose chanter has keys for all semitones: two octaves from its lowest note
    accordion, piano  more than a fiddle has; tunes keep to its range
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.notation.keys import SEMITONES, Key

MOST_HALF_HOLED = 1  # notes of a key that a player is expected to half-hole


@dataclass(frozen=True, slots=True)
class Range:
    """Pitches are MIDI numbers, pitch classes are semitones above C."""

    lowest: int
    highest: int
    classes: frozenset[int] | None = None  # the pitch classes it has; None for all
    missing: frozenset[int] = frozenset()  # pitches that it lacks
    only_scale: bool = False  # whether it has no notes outside the scale of the key

    def has(self, pitch: int, key: Key) -> bool:
        """Whether the pitch is playable in a tune in the key."""
        in_scale = pitch % 12 in _scale(key)
        has_class = in_scale or not (self.only_scale or (self.classes is not None and pitch % 12 not in self.classes))
        return self.lowest <= pitch <= self.highest and pitch not in self.missing and has_class

    def lacks(self, key: Key) -> int:
        """How many notes of the key's scale it lacks."""
        return len(_scale(key) - self.classes) if self.classes is not None else 0


def _scale(key: Key) -> frozenset[int]:
    return frozenset((SEMITONES[letter] + alter) % 12 for letter, alter in key.signature.items())


RANGES = {
    "fiddle": Range(55, 83),
    "flute": Range(62, 83),
    "whistle": Range(62, 83, classes=_scale(Key("D")) | {0}),
    "accordion": Range(55, 83),
    "concertina": Range(55, 83, missing=frozenset({56})),
    "banjo": Range(55, 83),
    "harp": Range(55, 83, only_scale=True),
    "piano": Range(55, 83),
    "pipes": Range(62, 83),
}
ANY_INSTRUMENT = RANGES["fiddle"]  # of tunes for which no instrument is requested


def home_keys(counts: Mapping[Key, int], instrument: str) -> dict[Key, int]:
    """Of some keys with their counts, those of which the instrument has all notes. instrument: empty for any."""
    notes = RANGES.get(instrument, ANY_INSTRUMENT)
    return {key: count for key, count in counts.items() if not notes.lacks(key)}
