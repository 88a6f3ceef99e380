"""Where a tune can be divided, so that two synthesisers play it at the same time, each on a core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.rendering.audio.mastering import RATE
from generator.rendering.performance.arrangement import TICKS_PER_WHOLE_NOTE, Track
from generator.rendering.performance.melody import Sound

# FluidSynth starts notes at whole blocks of 64 frames, and counts whole milliseconds. After a multiple of this time both are as
# at the beginning, so that the second synthesiser starts each note in the same frame as the first.
_PERIOD_S, _PERIOD = 0.64, 28_224  # seconds, frames
_REVERB_S, _RELEASE_S = 2.0, 1.5  # until the reverb, and an instrument after a note's end, are silent
_MOST_S = 7.0  # that both may play: with drones it would be all
_CANDIDATES = 16  # onsets near the middle


@dataclass(frozen=True, slots=True)
class Cut:
    """The second synthesiser begins at `tick` of the MIDI file, frame `begin` of the recording, and takes over at frame `join`.

    All that sounds at `join` begins after `tick`.
    """

    tick: int
    begin: int
    join: int


def find_cut(tracks: Sequence[Track], quarters_per_minute: float) -> Cut | None:
    """The best cut, near the middle and at an attack of the melody, which covers it. None if there is none."""
    tick_s = round(60_000_000 / quarters_per_minute) / 1e6 * 4 / TICKS_PER_WHOLE_NOTE
    whole_note_s = TICKS_PER_WHOLE_NOTE * tick_s
    voices = [voice for track in tracks for voice in _voices(track.sounds, whole_note_s)]
    middle = max(end for _, end in voices) / 2
    attacks = {float(sound.onset) * whole_note_s for sound in tracks[0].sounds if not sound.slurred}
    best: tuple[float, Cut] | None = None
    for join in sorted(attacks, key=lambda attack: abs(attack - middle))[:_CANDIDATES]:
        latest = min([join - _REVERB_S, *(onset for onset, end in voices if onset < join < end + _RELEASE_S)])
        for periods in range(int(latest / _PERIOD_S), max(int(latest / _PERIOD_S) - 3, 0), -1):
            tick, lead = periods * _PERIOD_S / tick_s, join - periods * _PERIOD_S
            cost = 1000 * abs(tick - round(tick)) * tick_s + lead / 20
            if lead <= _MOST_S and (best is None or cost < best[0]):
                best = cost, Cut(round(tick), periods * _PERIOD, round(join * RATE))
    return best[1] if best else None


def _voices(sounds: Sequence[Sound], whole_note_s: float) -> list[tuple[float, float]]:
    """Onset and end of the synthesiser's voices, in seconds. A slurred sound goes on with the voice of the one before."""
    voices: list[tuple[float, float]] = []
    for sound in sounds:
        onset, end = float(sound.onset) * whole_note_s, float(sound.end) * whole_note_s
        if sound.slurred and voices:
            voices[-1] = voices[-1][0], max(end, voices[-1][1])
        else:
            voices.append((onset, end))
    return voices
