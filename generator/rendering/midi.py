"""Writes a performance as a Standard MIDI File, by music21's MIDI objects.

The bars come in as played: music21's own expansion of repeats, which is wrong on Irish ones, never sees them.
"""

from __future__ import annotations

from fractions import Fraction

from music21.midi import ChannelVoiceMessages, DeltaTime, MetaEvents, MidiEvent, MidiFile, MidiTrack

from generator.notation.score import Score
from generator.notation.tempo import quarters_per_minute
from generator.rendering.performance import Sound, perform
from generator.rendering.text import printable

TICKS = 480  # a quarter note
FLUTE = 73  # General MIDI, counted from 0
_CHANNEL = 1
_RING = Fraction(3, 4)  # whole notes after the last one, in which it dies away


def write_midi(score: Score, *, program: int = FLUTE) -> bytes:
    """The tune as played, on one melody instrument."""
    track = MidiTrack(0)
    clock = 0

    def add(event: MidiEvent, tick: int = 0) -> None:
        nonlocal clock
        track.events.append(DeltaTime(track, time=tick - clock, channel=_CHANNEL))
        track.events.append(event)
        clock = tick

    if title := printable(score.title):
        add(_meta(track, MetaEvents.SEQUENCE_TRACK_NAME, title.encode()))
    add(_meta(track, MetaEvents.SET_TEMPO, round(60_000_000 / quarters_per_minute(score)).to_bytes(3, "big")))
    add(_voice(track, ChannelVoiceMessages.PROGRAM_CHANGE, program, None))
    end = 0
    for tick, on, sound in _events(perform(score)):
        message = ChannelVoiceMessages.NOTE_ON if on else ChannelVoiceMessages.NOTE_OFF
        add(_voice(track, message, sound.pitch, sound.velocity if on else 0), tick)
        end = tick
    add(_meta(track, MetaEvents.END_OF_TRACK, b""), end + _ticks(_RING))
    file = MidiFile()
    file.format = 0
    file.ticksPerQuarterNote = TICKS
    file.tracks.append(track)
    data: bytes = file.writestr()
    return data


def _events(sounds: list[Sound]) -> list[tuple[int, bool, Sound]]:
    """Starts and ends as (tick, starts, sound); what ends at a tick ends before what starts there."""
    events = []
    for sound in sounds:
        start = _ticks(sound.onset)
        events += [(start, True, sound), (max(_ticks(sound.onset + sound.duration), start + 1), False, sound)]
    return sorted(events, key=lambda event: event[:2])


def _ticks(whole_notes: Fraction) -> int:
    return round(whole_notes * 4 * TICKS)


def _meta(track: MidiTrack, kind: MetaEvents, data: bytes) -> MidiEvent:
    event = MidiEvent(track, type=kind)
    event.data = data
    return event


def _voice(track: MidiTrack, kind: ChannelVoiceMessages, first: int, second: int | None) -> MidiEvent:
    event = MidiEvent(track, type=kind, channel=_CHANNEL)
    event.parameter1, event.parameter2 = first, second
    if second is None:
        event.data = first
    return event
