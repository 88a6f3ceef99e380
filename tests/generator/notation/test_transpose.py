"""A transposed tune has the same melody in the spelling of its new key."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from generator.notation.errors import NotationError
from generator.notation.keys import LETTERS, Key, Mode
from generator.notation.opening import read_opening
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.transpose import HIGHEST, LOWEST, transpose
from generator.notation.writer import write

TUNE = read(
    "X:1\nT:All of it\nM:4/4\nL:1/8\nK:Ador\n"
    '|:"Am"EAAB "G/B"c2Bc|"B♭dim7"dBAB ^G2=G{^f}G|[K:D]"D"F2(3ABc d2-[d^A]2|"Gsus4"[EA]4 _B4:|\n'
)
TONICS = [letter + sign for letter in LETTERS for sign in ("", "#", "b")]


def body(abc: str) -> str:
    return abc.partition("K:")[2]


def sounds(score: Score) -> list[int]:
    return [pitch.midi for note in score.notes() for pitch in (*note.grace, *note.pitches)]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("Edor", 'Edor\n|:"Em"B,EEF "D/F#"G2FG|"Fdim7"AFEF ^D2=D{^c}D|[K:A]"A"C2(3EFG A2-[^EA]2|"Dsus4"[B,E]4 =F4:|\n'),
        ("Cdor", 'Cdor\n|:"Cm"Gccd "Bb/D"e2de|"Dbdim7"fdcd =B2_B{=a}B|[K:F]"F"A2(3cde f2-[^cf]2|"Bbsus4"[Gc]4 _d4:|\n'),
    ],
)
def test_notes_grace_notes_chord_symbols_and_key_changes_are_transposed(key: str, expected: str) -> None:
    assert body(write(transpose(TUNE, Key.parse(key)))) == expected


@given(st.sampled_from(TONICS), st.sampled_from(TONICS), st.sampled_from(list(Mode)))
def test_intervals_stay_the_same_and_transposing_back_gives_the_same_pitches(there: str, here: str, mode: Mode) -> None:
    try:
        start, goal = Key(here, mode), Key(there, mode)
    except NotationError:
        assume(False)
    tune = transpose(TUNE, Key("A", Mode.DORIAN)) if mode is Mode.DORIAN else read(f"K:{start.abc}\nCDEF GABc|^cd_ef =gab^b|\n")
    moved = transpose(tune, Key(goal.tonic, tune.key.mode))
    shifts = {after - before for before, after in zip(sounds(tune), sounds(moved), strict=True)}
    assert len(shifts) == 1
    assert (shifts.pop() - goal.pitch_class + tune.key.pitch_class) % 12 == 0
    assert sounds(read(write(moved))) == sounds(moved)
    back = transpose(moved, tune.key)
    assert {(after - before) % 12 for before, after in zip(sounds(tune), sounds(back), strict=True)} == {0}


def test_the_octave_keeps_the_tune_in_the_playable_range() -> None:
    low = transpose(read("K:G\nG,A,B,C DEFG|\n"), Key("D"))
    assert min(sounds(low)) >= LOWEST
    high = transpose(read("K:D\nd'afd fadf|\n"), Key("G"))
    assert max(sounds(high)) <= HIGHEST


def test_extra_accidentals_of_the_key_are_transposed() -> None:
    moved = transpose(read("K:D ^g\nABcd efga|\n"), Key("G"))
    assert body(write(moved)) == "G ^c\nDEFGABcd|\n"


@pytest.mark.parametrize(
    ("abc", "key"),
    [("K:Cb\n__B_B=B^B ^^B|", "F#"), ("K:C\n[K:Cb]^^B|", "C#"), ("K:F#\n[^c_d]-[^c_d]|", "Cb"), ("C,,,,C,,,,c''''|", "G")],
)
def test_a_transposed_tune_can_be_written_and_read_back(abc: str, key: str) -> None:
    moved = transpose(read(abc), Key(key))
    assert read(write(moved)).bars == moved.bars


def test_a_tune_that_fits_in_no_octave_is_refused() -> None:
    with pytest.raises(NotationError, match="range is too wide"):
        read_opening("K:C\nC,,,,c''''|", key="A", mode="play")


def test_chord_symbols_get_simple_roots_and_words_stay() -> None:
    score = transpose(read('K:E\n"B/D#"B"G#dim"e"Am7b5"g"Bo7/D"d"Fine"E|'), Key("B"))
    assert [note.chord_symbol for note in score.notes()] == ["F#/A#", "D#dim", "Em7b5", "F#o7/A", "Fine"]
    symbols = [note.chord_symbol for note in transpose(read('K:D\n"F#7/A#"D"Bb"G|'), Key("B")).notes()]
    assert symbols == ["D#7/G", "G"]
    assert [note.chord_symbol for note in transpose(read('K:F\n"Eb7"A"Bb/Ab"d|'), Key("Cb")).notes()] == ["A7", "Fb/D"]


def test_a_key_of_another_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="different modes"):
        transpose(TUNE, Key("A"))


def test_a_tune_to_play_is_transposed_to_the_requested_key_of_its_mode() -> None:
    moved = read_opening("K:D\nFABd fdBA|\n", key="G", mode="play")
    assert body(write(moved)) == "G\nBdeg bged|\n"
    assert moved.notices[-1] == "Transposed from D major to G major."
    assert read_opening("K:D\nFABd fdBA|\n", key="D", mode="play").notices == ()
    assert body(write(read_opening("FABd fdBA|\n", key="G", mode="play"))) == "G\nFABd fdBA|\n", (
        "without K: the tune is in the requested key"
    )
    with pytest.raises(NotationError, match="but you asked for G minor"):
        read_opening("K:D\nFABd fdBA|\n", key="Gm", mode="play")
    with pytest.raises(NotationError, match="but you asked for G major"):
        read_opening("K:D\nFABd fdBA|\n", key="G", mode="continue")
