"""MIDI files, read back by music21."""

from fractions import Fraction
from typing import Any

import pytest
from music21.midi import ChannelVoiceMessages, MetaEvents, MidiFile

from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.structure import play_order
from generator.notation.tempo import quarters_per_minute
from generator.rendering.audio.midi import PPQ, write_halves, write_midi
from generator.rendering.performance.arrangement import arrange, bars_as_played
from generator.rendering.style import PLAIN, Style
from tests.generator.rendering.tunes import ALL, JIG, REELS


def _read(data: bytes, track: int = 1) -> tuple[MidiFile, list[tuple[int, int]]]:
    """The file, and the note-ons of a track as (tick, pitch). Track 1 is the melody."""
    file = MidiFile()
    file.readstr(data)
    clock, found = 0, []
    for event in file.tracks[track].events:
        if event.isDeltaTime():
            clock += event.time
        elif event.type == ChannelVoiceMessages.NOTE_ON and event.velocity:
            found.append((clock, event.pitch))
    return file, found


def _events(file: MidiFile, track: int, kind: MetaEvents | ChannelVoiceMessages) -> list[Any]:
    return [event.data for event in file.tracks[track].events if not event.isDeltaTime() and event.type == kind]


def _expected(score: Score) -> list[tuple[int, int]]:
    """(tick, pitch) of the notes in playing order, with ties joined."""
    clock, found = Fraction(0), []
    held: set[int] = set()
    for index in play_order(score.bars):
        for note in score.bars[index].notes:
            pitches = {pitch.midi for pitch in note.pitches}
            found += [(round(clock * 4 * PPQ), pitch) for pitch in sorted(pitches - held)]
            held = pitches if note.tie else set()
            clock += note.duration
    return found


@pytest.mark.parametrize("name", [name for name in ALL if name != "hornpipe"])
def test_the_halves_of_a_tune_have_each_note_once_and_at_its_time(name: str) -> None:
    score = read(ALL[name])
    first, second = write_halves(score)
    for track in range(1, 4):
        whole = _read(write_midi(score), track)[1]
        start = round(second.start_s * PPQ * quarters_per_minute(score) / 60)
        early, late = _read(first.midi, track)[1], _read(second.midi, track)[1]
        assert early + [(tick + start, pitch) for tick, pitch in late] == whole
        assert max(len(early), len(late)) < 0.75 * len(whole)


def test_no_slur_crosses_the_middle_of_a_tune() -> None:
    score = read("X:1\nM:4/4\nL:1/8\nQ:1/4=100\nK:C\n" + 5 * "(cdcdcdcd|cdcdcdcd)|" + "\n")
    style = Style(instrument="flute", backing=False, times=1)
    melody, bars = arrange(score, style)[0].sounds, bars_as_played(score, style)
    assert next(sound for sound in melody if sound.onset >= bars[5].onset).slurred
    bar_s = 2.4
    assert [half.start_s for half in write_halves(score, style)] in ([0, 4 * bar_s], [0, pytest.approx(6 * bar_s)])


def test_a_tune_of_one_bar_or_of_none_that_sounds_is_not_halved() -> None:
    assert len(write_halves(read("X:1\nM:4/4\nL:1/4\nK:C\nABcd|\n"), PLAIN)) == 1
    assert len(write_halves(read("X:1\nM:4/4\nL:1/4\nK:C\nz4|z4|\n"), PLAIN)) == 1


@pytest.mark.parametrize("name", ALL)
def test_notes_and_onsets_follow_the_playing_order(name: str) -> None:
    score = read(ALL[name])
    _, played = _read(write_midi(score, PLAIN))
    assert played == _expected(score)
    assert len(played) > 10


def test_first_and_second_endings_are_played_out() -> None:
    """A pick-up, 8 bars of part A twice and 8 bars of part B twice: 33 bars."""
    score = read(JIG)
    _, played = _read(write_midi(score, PLAIN))
    assert len(play_order(score.bars)) == 33
    assert played[-1][0] == (1 + 32 * 6 - 3) * PPQ // 2


def test_the_file_has_title_tempo_metre_and_key() -> None:
    file, _ = _read(write_midi(read(JIG)))
    assert _events(file, 0, MetaEvents.SEQUENCE_TRACK_NAME) == [b"The Kesh"]
    (tempo,) = _events(file, 0, MetaEvents.SET_TEMPO)
    assert int.from_bytes(tempo, "big") == round(60_000_000 / 168)
    assert [data[:2] for data in _events(file, 0, MetaEvents.TIME_SIGNATURE)] == [
        bytes((1, 3)),  # the pick-up
        bytes((6, 3)),
    ]
    assert _events(file, 0, MetaEvents.KEY_SIGNATURE) == [bytes((1, 0))]


def test_changes_of_metre_and_key_are_written() -> None:
    file, _ = _read(write_midi(read(ALL["reel"]), Style(times=1)))
    assert [tuple(data[:2]) for data in _events(file, 0, MetaEvents.TIME_SIGNATURE)] == [(4, 2), (6, 3), (3, 2)]
    assert [data[0] for data in _events(file, 0, MetaEvents.KEY_SIGNATURE)] == [1, 1]
    file, _ = _read(write_midi(read("X:1\nM:4/4\nK:Bb\nB8|\nK:Em\ne8|\n"), Style(times=1)))
    assert _events(file, 0, MetaEvents.KEY_SIGNATURE) == [bytes((256 - 2, 0)), bytes((1, 1))]


def test_every_player_has_a_named_track_and_its_own_channel() -> None:
    file, _ = _read(write_midi(read(JIG)))
    names = [_events(file, track, MetaEvents.SEQUENCE_TRACK_NAME)[0].decode() for track in range(1, len(file.tracks))]
    assert names == ["Flute", "Guitar", "Bodhrán"]
    channels = [{event.channel for event in track.events if event.isNoteOn()} for track in file.tracks[1:]]
    assert [len(channel) for channel in channels] == [1, 1, 1]
    assert len(set.union(*channels)) == 3


def test_the_style_s_instrument_plays() -> None:
    file, _ = _read(write_midi(read(JIG), Style(instrument="harp", backing=False)))
    assert len(file.tracks) == 2
    assert _events(file, 1, ChannelVoiceMessages.PROGRAM_CHANGE) == [46]


@pytest.mark.parametrize("style", [PLAIN, Style(seed=1), Style("harp", seed=2)])
def test_every_note_on_has_a_note_off(style: Style) -> None:
    file, _ = _read(write_midi(read(ALL["reel"]), style))
    for track in file.tracks[1:]:
        sounding: dict[int, int] = {}
        for event in track.events:
            if event.isNoteOn():
                assert not sounding.get(event.pitch), "a note started while it sounded"
                sounding[event.pitch] = 1
            elif event.isNoteOff():
                sounding[event.pitch] = 0
        assert sounding
        assert not any(sounding.values())


def test_a_long_title_in_any_script_is_written() -> None:
    file, played = _read(write_midi(read("X:1\nT:" + "Ó Súilleabháin 歌 " * 20 + "\nM:4/4\nK:C\nC8|\n"), PLAIN))
    (title,) = _events(file, 0, MetaEvents.SEQUENCE_TRACK_NAME)
    assert title.decode().startswith("Ó Súilleabháin 歌")
    assert played == [(0, 60)]


def test_the_legato_pedal_is_down_during_slurs_and_up_at_their_ends() -> None:
    score = read(REELS[0])
    style = Style("fiddle", seed=1)
    file, _ = _read(write_midi(score, style))
    slurred = {round(sound.onset * 4 * PPQ): sound.slurred for sound in arrange(score, style)[0].sounds}
    clock, pedal, found, sounding = 0, 0, {}, 0
    for event in file.tracks[1].events:
        if event.isDeltaTime():
            clock += event.time
        elif event.type == ChannelVoiceMessages.CONTROLLER_CHANGE and event.parameter1 == 68:
            assert event.parameter2 in (0, 127) and event.parameter2 != pedal
            pedal = event.parameter2
        elif event.isNoteOn():
            found[clock] = pedal > 0 and sounding > 0
            sounding += 1
        elif event.isNoteOff():
            sounding -= 1
    assert found == slurred
    assert pedal == sounding == 0
    assert sum(found.values()) > 50
