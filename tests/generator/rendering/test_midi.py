"""What the MIDI file plays, read back by music21."""

from fractions import Fraction

import pytest
from music21.midi import ChannelVoiceMessages, MetaEvents, MidiFile

from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.structure import play_order
from generator.rendering.midi import FLUTE, TICKS, write_midi
from tests.generator.rendering.tunes import ALL, JIG


def _read(data: bytes) -> tuple[MidiFile, list[tuple[int, int]]]:
    """The file, and its note-ons as (tick, pitch)."""
    file = MidiFile()
    file.readstr(data)
    clock, found = 0, []
    for event in file.tracks[0].events:
        if event.isDeltaTime():
            clock += event.time
        elif event.type == ChannelVoiceMessages.NOTE_ON and event.velocity:
            found.append((clock, event.pitch))
    return file, found


def _expected(score: Score) -> list[tuple[int, int]]:
    """Onsets in ticks and pitches of the bars as played, ties joined."""
    clock, found, held = Fraction(0), [], set()
    for index in play_order(score.bars):
        for note in score.bars[index].notes:
            pitches = {pitch.midi for pitch in note.pitches}
            found += [(round(clock * 4 * TICKS), pitch) for pitch in sorted(pitches - held)]
            held = pitches if note.tie else set()
            clock += note.duration
    return found


@pytest.mark.parametrize("name", ALL)
def test_notes_and_onsets_are_those_of_the_play_order(name: str) -> None:
    text = ALL[name].replace("{g}", "").replace("{ga}", "")
    score = read(text)
    _, played = _read(write_midi(score))
    assert played == _expected(score)
    assert len(played) > 10


def test_a_part_with_two_endings_is_played_out() -> None:
    """D, 8 bars of A twice, 8 bars of B twice: the pick-up and 32 bars, whose melody has its own count of notes."""
    score = read(JIG)
    _, played = _read(write_midi(score))
    assert len(play_order(score.bars)) == 33
    assert played[-1][0] == (1 + 32 * 6 - 3) * TICKS // 2


def test_the_file_has_tempo_title_and_a_flute() -> None:
    file, _ = _read(write_midi(read(JIG)))
    events = [event for event in file.tracks[0].events if not event.isDeltaTime()]
    (tempo,) = [event for event in events if event.type == MetaEvents.SET_TEMPO]
    assert int.from_bytes(tempo.data, "big") == round(60_000_000 / 168)
    (program,) = [event for event in events if event.type == ChannelVoiceMessages.PROGRAM_CHANGE]
    assert program.data == FLUTE
    (title,) = [event for event in events if event.type == MetaEvents.SEQUENCE_TRACK_NAME]
    assert title.data == b"The Kesh"


def test_every_note_that_starts_stops() -> None:
    file, _ = _read(write_midi(read(ALL["reel"])))
    sounding: dict[int, int] = {}
    for event in file.tracks[0].events:
        if event.isNoteOn():
            assert not sounding.get(event.pitch), "a note started while it sounded"
            sounding[event.pitch] = 1
        elif event.isNoteOff():
            sounding[event.pitch] = 0
    assert sounding and not any(sounding.values())


def test_a_long_title_in_any_script_is_written() -> None:
    file, played = _read(write_midi(read("X:1\nT:" + "Ó Súilleabháin 歌 " * 20 + "\nM:4/4\nK:C\nC8|\n")))
    (title,) = [event for event in file.tracks[0].events if event.type == MetaEvents.SEQUENCE_TRACK_NAME]
    assert title.data.decode().startswith("Ó Súilleabháin 歌")
    assert played == [(0, 60)]
