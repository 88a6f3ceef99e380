"""Writes an arrangement as a Standard MIDI File, with music21's MIDI objects.

The first track holds tempo, metres and keys; each player has a further one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest
from math import inf
from statistics import median
from typing import NamedTuple

from music21.midi import ChannelVoiceMessages, DeltaTime, MetaEvents, MidiEvent, MidiFile, MidiTrack

from generator.notation.keys import Key, Mode
from generator.notation.metres import Metre
from generator.notation.score import Score
from generator.notation.tempo import quarters_per_minute
from generator.notation.transpose import sounding
from generator.rendering.display_text import printable
from generator.rendering.performance.arrangement import TICKS_PER_WHOLE_NOTE, Track, arrange, bars_as_played
from generator.rendering.performance.melody import Sound
from generator.rendering.performance.played_bars import PlayedBar, keys_of_bars
from generator.rendering.style import SESSION, Style

PPQ = TICKS_PER_WHOLE_NOTE // 4  # ticks (pulses) per quarter note
_RING = Fraction(3, 4)  # whole notes from the end of the last note to the end of the file, while it dies away

_VOLUME, _PAN, _LEGATO, _DATA, _DATA_FINE, _NRPN_FINE, _NRPN = 7, 10, 68, 6, 38, 98, 99  # controllers
# SoundFont 2.01, 9.6: this NRPN changes a generator of the sound font; other synthesisers ignore it.
_SOUNDFONT, _START_OFFSET, _ATTACK, _RELEASE = 120, 0, 34, 38
_SOFT_ATTACK = 2400  # in 2 timecents: the attack becomes 16 ms instead of 1 ms, so that starting inside a sample does not click

Event = tuple[int, int, MidiEvent]  # tick, rank among the events of the same tick, event


def write_midi(score: Score, style: Style = SESSION) -> bytes:
    """The MIDI file of a tune, arranged in a style."""
    return to_midi(score, arrange(score, style), bars_as_played(score, style))


def write_halves(score: Score, style: Style = SESSION) -> list[Half]:
    """The tune of `write_midi` as `halves` for synthesis."""
    return halves(score, arrange(score, style), bars_as_played(score, style))


def to_midi(score: Score, tracks: Sequence[Track], bars: Sequence[PlayedBar]) -> bytes:
    """A MIDI file of format 1 with the score's title, tempo, metres and keys; each track of the arrangement has its channel.

    `bars` are those of the arrangement.
    """
    score = sounding(replace(score, voices=()))
    players = [_player(track, _notes(track.sounds), channel) for channel, track in enumerate(tracks, 1)]
    return _file([_track(_conductor_events(score, bars)), *players])


@dataclass(frozen=True, slots=True)
class Half:
    """Half of a tune as a MIDI file, and how many seconds after the tune's beginning the file begins."""

    midi: bytes
    start_s: float = 0


def halves(score: Score, tracks: Sequence[Track], bars: Sequence[PlayedBar]) -> list[Half]:
    """The notes that begin before a bar line near the middle, and the others: two cores can play them at the same time.

    A note that sounds across the bar line belongs to the first half only, and no slur crosses it. One half if a tune has no
    such bar line.
    """
    players = [_notes(track.sounds) for track in tracks]
    cut = _cut(players, [_ticks(bar.onset) for bar in bars])
    tempo = _track(_conductor_events(score, ()))
    found = []
    for begin, end in ((0, cut), (cut, inf)):
        played = [
            _player(track, [note.shifted(-begin) for note in notes if begin <= note.start < end], channel)
            for channel, (track, notes) in enumerate(zip(tracks, players, strict=True), 1)
        ]
        if begin < end:  # nothing is before a cut at 0
            found.append(Half(_file([tempo, *played]), begin * _microseconds(score) / PPQ / 1_000_000))
    return found


def _cut(players: Sequence[Sequence[_Note]], bar_lines: Sequence[int]) -> int:
    """The bar line from which on about half of the notes begin, if no slur crosses it; otherwise the next best. 0 if none."""
    starts = [note.start for notes in players for note in notes] or [0]
    middle = median(starts)
    for tick in sorted(bar_lines, key=lambda tick: abs(tick - middle)):
        following = (next((note for note in notes if note.start >= tick), None) for notes in players)
        if not any(note and note.slurred for note in following):
            return tick
    return 0


def _file(tracks: list[MidiTrack]) -> bytes:
    file = MidiFile()
    file.format, file.ticksPerQuarterNote, file.tracks = 1, PPQ, tracks
    data: bytes = file.writestr()
    return data


def _microseconds(score: Score) -> int:
    """The length of a quarter note."""
    return round(60_000_000 / quarters_per_minute(score))


def _conductor_events(score: Score, bars: Sequence[PlayedBar]) -> list[Event]:
    events = [(0, 0, _meta(MetaEvents.SET_TEMPO, _microseconds(score).to_bytes(3, "big")))]
    if title := printable(score.title):
        events.insert(0, (0, 0, _meta(MetaEvents.SEQUENCE_TRACK_NAME, title.encode())))
    keys = keys_of_bars(score)
    metre, key = None, None
    for number, played in enumerate(bars):
        tick = _ticks(played.onset)
        # A first pick-up gets a metre of its own length: otherwise a sequencer's bar lines are not those of the tune.
        new_metre = _metre_of_length(played.duration) if number == 0 and played.bar_offset else played.metre
        if new_metre and new_metre != metre and new_metre.unit.bit_length() <= 6:
            events.append((tick, 0, _metre_event(new_metre)))
            metre = new_metre
        if keys[played.index] != key:
            key = keys[played.index]
            events.append((tick, 0, _key_event(key)))
    return events


def _metre_of_length(duration: Fraction) -> Metre | None:
    """A metre whose bar has this length, if MIDI can express one."""
    unit = max(duration.denominator, 8)
    return Metre(int(duration * unit), unit) if unit & (unit - 1) == 0 and unit <= 32 and duration * unit < 32 else None


class _Note(NamedTuple):
    """A sound in ticks."""

    start: int
    end: int
    pitch: int
    velocity: int
    slurred: bool

    def shifted(self, ticks: int) -> _Note:
        return self._replace(start=self.start + ticks, end=self.end + ticks)


def _notes(sounds: Iterable[Sound]) -> list[_Note]:
    return [_Note(_ticks(sound.onset), _ticks(sound.end), sound.pitch, sound.velocity, sound.slurred) for sound in sounds]


def _player(track: Track, notes: Sequence[_Note], channel: int) -> MidiTrack:
    controls = [(_VOLUME, track.volume), (_PAN, track.pan)]
    changes = [(_START_OFFSET, track.skip), (_ATTACK, _SOFT_ATTACK)] if track.skip else []
    if track.release:
        changes.append((_RELEASE, track.release // 2))
    for generator, change in changes:
        value = 8192 + min(change, 8191)
        controls += [(_NRPN, _SOUNDFONT), (_NRPN_FINE, generator), (_DATA_FINE, value & 127), (_DATA, value >> 7)]
    start = [
        (0, 0, _meta(MetaEvents.SEQUENCE_TRACK_NAME, track.name.encode())),
        (0, 0, _voice(ChannelVoiceMessages.PROGRAM_CHANGE, channel, track.program)),
    ]
    start += [(0, 0, _voice(ChannelVoiceMessages.CONTROLLER_CHANGE, channel, *each)) for each in controls]
    return _track(start + _note_events(notes, channel) + _legato_events(notes, channel))


def _legato_events(notes: Sequence[_Note], channel: int) -> list[Event]:
    """The legato pedal, down from the first note under a slur to the last: FluidSynth then goes on without a new attack."""
    events: list[Event] = []
    for note, following in zip_longest(notes, notes[1:]):
        goes_on = following is not None and following.slurred
        if goes_on and not note.slurred:
            events.append((note.start, 2, _voice(ChannelVoiceMessages.CONTROLLER_CHANGE, channel, _LEGATO, 127)))
        elif note.slurred and not goes_on:
            end = min(note.end, following.start) if following else note.end
            events.append((end, 2, _voice(ChannelVoiceMessages.CONTROLLER_CHANGE, channel, _LEGATO, 0)))
    return events


def _note_events(notes: Iterable[_Note], channel: int) -> list[Event]:
    """Note-ons and note-offs. At the same tick note-offs come first. A sounding pitch ends when it is struck again."""
    events: list[Event] = []
    next_start: dict[int, int] = {}  # pitch → tick at which it is struck next
    for note in sorted(notes, key=lambda note: note.start, reverse=True):
        end = min(max(note.end, note.start + 1), next_start.get(note.pitch, 1 << 60))
        if end > note.start:
            events.append((note.start, 3, _voice(ChannelVoiceMessages.NOTE_ON, channel, note.pitch, note.velocity)))
            events.append((end, 1, _voice(ChannelVoiceMessages.NOTE_OFF, channel, note.pitch, 0)))
            next_start[note.pitch] = note.start
    return events


def _track(events: list[Event]) -> MidiTrack:
    track, clock = MidiTrack(0), 0
    ordered = sorted(events, key=lambda event: event[:2])
    for tick, _, event in [*ordered, (ordered[-1][0] + _ticks(_RING), 0, _meta(MetaEvents.END_OF_TRACK, b""))]:
        track.events += [DeltaTime(track, time=tick - clock), event]
        clock = tick
    return track


def _meta(kind: MetaEvents, data: bytes) -> MidiEvent:
    event = MidiEvent(type=kind)
    event.data = data
    return event


def _voice(kind: ChannelVoiceMessages, channel: int, first: int, second: int | None = None) -> MidiEvent:
    event = MidiEvent(type=kind, channel=channel)
    event.parameter1, event.parameter2 = first, second
    if second is None:
        event.data = first
    return event


def _metre_event(metre: Metre) -> MidiEvent:
    clicks = round(metre.beat * 96)  # MIDI clocks, 24 to a quarter note
    return _meta(MetaEvents.TIME_SIGNATURE, bytes((metre.beats, metre.unit.bit_length() - 1, min(clicks, 255), 8)))


def _key_event(key: Key) -> MidiEvent:
    return _meta(MetaEvents.KEY_SIGNATURE, bytes((key.fifths % 256, key.mode is Mode.MINOR)))


def _ticks(whole_notes: Fraction) -> int:
    return round(whole_notes.numerator * TICKS_PER_WHOLE_NOTE / whole_notes.denominator)
