"""Arrangements: melody, guitar and bodhrán as a session plays them."""

from fractions import Fraction
from itertools import groupby

import pytest

from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.tempo import quarters_per_minute
from generator.notation.transpose import sounding
from generator.rendering.performance.arrangement import TICKS_PER_WHOLE_NOTE, Track, arrange
from generator.rendering.performance.bodhran import EDGE, SKIN
from generator.rendering.performance.harmony import chord_at, find_chords
from generator.rendering.performance.instruments import INSTRUMENTS
from generator.rendering.performance.melody import Sound
from generator.rendering.performance.played_bars import played_bars
from generator.rendering.style import PLAIN, SESSION, Style
from tests.generator.notation.played_notes import played_notes
from tests.generator.rendering.tunes import ALL, JIG
from tests.generator.rendering.tunes import PLAIN as POLKA

LOWEST_CHORD = 52  # MIDI; lower sounds of the guitar are basses
FELT = Style(times=1, seed=1)
AIR = "X:1\nR:air\nM:3/4\nL:1/8\nK:D\nA2|d4 e2|f4 e2|d4 B2|A6|\n"


def tracks(score: Score, style: Style = SESSION) -> dict[str, Track]:
    return {track.name: track for track in arrange(score, style)}


@pytest.mark.parametrize("name", ALL)
def test_in_strict_time_the_melody_equals_the_notation_s_playback(name: str) -> None:
    score = read(ALL[name])
    (melody,) = arrange(score, PLAIN)
    onsets_and_pitches = [(sound.onset, sound.pitch) for sound in melody.sounds]
    assert onsets_and_pitches == [(note.onset, note.pitch) for note in played_notes(score)]


def test_each_voice_has_a_track_in_time_with_the_melody() -> None:
    text = "X:1\nM:2/4\nL:1/8\nK:D\nV:1\n|:D2A2|d4:|\nV:2 octave=-1 transpose=-12\n|:D4|F2^E2:|\nV:3\n|:[FA]4|z4:|\n"
    score = read(text, all_voices=True)
    played = arrange(score, PLAIN)
    for track, voice in zip(played, score.by_voice(), strict=True):
        assert [(sound.onset, sound.pitch) for sound in track.sounds] == [
            (note.onset, note.pitch) for note in played_notes(sounding(voice))
        ]
    lively = arrange(score, Style(times=2, backing=False))
    ends = [max(sound.end for sound in track.sounds) for track in lively[:2]]
    assert abs(ends[0] - ends[1]) < Fraction(1, 8), "they end together"


def test_a_transposition_moves_melody_and_chords() -> None:
    plain, moved = (tracks(read(POLKA.replace("K:D", key)), Style(feel=False)) for key in ("K:D", "K:D transpose=-2"))
    assert [sound.pitch - 2 for sound in plain["Accordion"].sounds] == [sound.pitch for sound in moved["Accordion"].sounds]
    assert {(sound.pitch - 2) % 12 for sound in plain["Guitar"].sounds} == {sound.pitch % 12 for sound in moved["Guitar"].sounds}


@pytest.mark.parametrize("name", ALL)
def test_feel_keeps_the_order_and_the_pitches_of_the_notes(name: str) -> None:
    score = read(ALL[name])
    exact, felt = ([list(group) for _, group in groupby(arrange(score, style)[0].sounds, _note)] for style in (PLAIN, FELT))
    assert [_note(group[0]) for group in felt] == [_note(group[0]) for group in exact]
    for written, played in zip(exact, felt, strict=True):
        assert {sound.pitch for sound in written} <= {sound.pitch for sound in played}
    deviations = [float(played[0].onset - written[0].onset) for written, played in zip(exact, felt, strict=True)]
    assert 0 < max(map(abs, deviations)) * 240 / quarters_per_minute(score) < 0.12


def _note(sound: Sound) -> tuple[int, int]:
    return sound.bar, sound.note


def test_the_same_seed_gives_the_same_arrangement_and_another_seed_another() -> None:
    score = read(JIG)
    assert arrange(score, Style(seed=1)) == arrange(score, Style(seed=1))
    assert arrange(score, Style(seed=1)) != arrange(score, Style(seed=2))


def test_the_backing_does_not_change_the_melody() -> None:
    score = read(JIG)
    assert arrange(score, Style(seed=1))[0] == arrange(score, Style(seed=1, backing=False))[0]


def test_only_the_melody_plays_a_first_pick_up() -> None:
    found = tracks(read(JIG), Style(feel=False))
    assert found["Flute"].sounds[0].onset == 0
    assert found["Guitar"].sounds[0].onset == Fraction(1, 8)


def test_the_bass_plays_the_root_of_the_chord_on_the_beat() -> None:
    score = read(JIG)
    bars, chords = played_bars(score), find_chords(score)
    found = {sound.onset: sound.pitch for sound in tracks(score, Style(feel=False))["Guitar"].sounds if sound.pitch < 52}
    for played in bars[1:-1]:
        chord = chord_at(chords[played.index], Fraction(0))
        assert chord and found[played.onset] % 12 == chord.bass_class


def test_a_part_has_the_same_chords_in_its_repeat() -> None:
    score = read(POLKA)
    sounds = tracks(score, Style(feel=False))["Guitar"].sounds
    second = [bar for bar in played_bars(score) if bar.pass_index == 1 and bar.index == 2]
    first = [bar for bar in played_bars(score) if bar.pass_index == 0 and bar.index == 2]
    chords = [
        {sound.pitch % 12 for sound in sounds if bar.onset <= sound.onset < bar.end and sound.pitch >= LOWEST_CHORD}
        for (bar,) in (first, second)
    ]
    assert chords[0] == chords[1] != set()


def test_written_chords_are_played() -> None:
    score = read('X:1\nR:reel\nM:4/4\nL:1/8\nK:C\n"Eb"c8|"Ab"c8|"C"c8|\n')
    sounds = tracks(score, Style(feel=False))["Guitar"].sounds
    chords = [sound for sound in sounds if sound.pitch >= LOWEST_CHORD]
    assert {sound.pitch % 12 for sound in chords if sound.onset < 1} == {3, 7, 10}
    assert {sound.pitch % 12 for sound in chords if 1 <= sound.onset < 2} == {8, 0, 3}


def test_the_bodhran_enters_with_the_first_repeat() -> None:
    sounds = tracks(read(JIG), Style(feel=False))["Bodhrán"].sounds
    assert {sound.pitch for sound in sounds} == {SKIN, EDGE}
    assert sounds[0].onset == Fraction(1, 8) + 8 * Fraction(3, 4)


def test_an_air_has_a_guitar_but_no_drum_and_free_metre_has_no_backing() -> None:
    assert list(tracks(read(AIR))) == ["Whistle", "Guitar"]
    assert len(arrange(read(AIR.replace("3/4", "none")), Style())) == 1


def test_the_last_note_is_held_and_the_backing_ends_with_it() -> None:
    score = read(JIG)
    exact, felt = arrange(score, PLAIN)[0].sounds, tracks(score, FELT)
    second = Fraction(round(quarters_per_minute(score)), 240)
    held = felt["Flute"].sounds[-1]
    assert Fraction(1, 2) * second < held.duration - exact[-1].duration < Fraction(3, 2) * second
    end = held.onset + held.duration
    assert all(sound.onset + sound.duration <= end + second / 10 for track in felt.values() for sound in track.sounds)
    assert all(track.sounds[-1].onset <= held.onset + second / 10 for track in felt.values())


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_instrument_plays_on_ticks_and_within_midi_s_ranges(instrument: str) -> None:
    for track in arrange(read(ALL["reel"]), Style(instrument, seed=9)):
        for sound in track.sounds:
            assert (sound.onset * TICKS_PER_WHOLE_NOTE).denominator == 1
            assert sound.onset >= 0
            assert sound.duration > 0
            assert 0 <= sound.pitch <= 127
            assert 0 < sound.velocity <= 127


@pytest.mark.parametrize(
    "metre", ["4/4", "2/2", "2/4", "3/4", "6/8", "9/8", "12/8", "5/4", "7/8", "3/2", "1/4", "15/8", "3/8", "32/32"]
)
@pytest.mark.parametrize("rhythm", ["reel", "jig", "polka", "air", "slide", "waltz", "march", ""])
def test_any_rhythm_in_any_metre_has_a_backing(rhythm: str, metre: str) -> None:
    score = read(f"X:1\nR:{rhythm}\nM:{metre}\nL:1/8\nK:D\n|:DFAd fedf|A2F2 D4:|\n")
    assert tracks(score)["Guitar"].sounds


def test_sounds_of_the_melody_name_their_written_notes() -> None:
    score = read(JIG)
    melody = arrange(score, Style(seed=3))[0].sounds
    for sound in melody:
        note = score.bars[sound.bar].notes[sound.note]
        assert any(abs(pitch.midi - sound.pitch) <= 4 for pitch in note.pitches)  # a cut from the third above
    assert {(sound.bar, sound.note) for sound in melody} == {
        (number, index) for number, bar in enumerate(score.bars) for index, note in enumerate(bar.notes) if note.pitches
    }


def test_a_pick_up_never_begins_before_zero() -> None:
    score = read("X:1\nR:hornpipe\nM:4/4\nL:1/8\nK:D\nA/|d>fa>f d>fa>f|g>fe>d c>AB>c|d>fa>f d>fa>f|g>ec>e d3:|\n")
    assert min(sound.onset for seed in range(20) for track in arrange(score, Style(seed=seed)) for sound in track.sounds) >= 0


def test_a_note_under_a_held_one_gets_no_ornament_of_the_held_one() -> None:
    score = read("X:1\nM:6/8\nL:1/8\nR:jig\nK:D\n|:d3-~[Dd]3|d3-[Dd]3|d3-[Dd]3|D6:|\n")
    assert {sound.pitch for sound in arrange(score, Style("fiddle", backing=False))[0].sounds} <= {60, 61, 62, 63, 64, 74}


def test_too_high_notes_are_played_lower_on_a_requested_instrument_and_as_written_by_a_default_one() -> None:
    score = read("X:1\nM:4/4\nL:1/8\nR:reel\nK:C\nb''4 b4|]\n")
    requested = arrange(score, Style(instrument="whistle", backing=False, times=1))[0]
    assert [sound.pitch for sound in requested.sounds] == [95, 83]
    default = arrange(score, Style(backing=False, times=1))[0]
    assert (default.name, [sound.pitch for sound in default.sounds]) == ("Accordion", [107, 83])
