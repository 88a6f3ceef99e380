"""Each element of a line of music that the parser knows."""

from __future__ import annotations

from fractions import Fraction

import pytest

from generator.notation.reader import read
from generator.notation.score import Tuplet
from generator.notation.writer import write
from tests.generator.notation.excerpts import EIGHTH, lengths, pitches, read_error


def test_octaves_are_read() -> None:
    assert pitches("C,,C,Ccc'c''") == [[36], [48], [60], [72], [84], [96]]


def test_an_accidental_applies_in_every_octave_until_the_bar_line() -> None:
    assert pitches("^F F f F|F") == [[66], [66], [78], [66], [65]]
    assert pitches("^^F _F =F __F F") == [[67], [64], [65], [63], [63]]


def test_a_key_signature_applies_in_every_octave_and_a_natural_cancels_it() -> None:
    assert pitches("F f =F F|F", "L:1/8\nK:D\n") == [[66], [78], [65], [65], [66]]


def test_accidentals_of_the_key_field_join_or_replace_the_signature() -> None:
    assert pitches("FCGB", "L:1/8\nK:D ^g _b\n") == [[66], [61], [68], [70]]
    assert pitches("FCGB", "L:1/8\nK:D exp _b\n") == [[65], [60], [67], [70]]


def test_note_lengths_are_read() -> None:
    assert lengths("A A2 A/ A// A3/2 A3/ A/4 A12") == [
        1, 2, Fraction(1, 2), Fraction(1, 4), Fraction(3, 2), Fraction(3, 2), Fraction(1, 4), 12,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sign", "first", "second"),
    [
        (">", "3/2", "1/2"),
        (">>", "7/4", "1/4"),
        (">>>", "15/8", "1/8"),
        ("<", "1/2", "3/2"),
        ("<<", "1/4", "7/4"),
        ("<<<", "1/8", "15/8"),
    ],
)
def test_broken_rhythm_shortens_one_note_and_lengthens_the_other(sign: str, first: str, second: str) -> None:
    assert lengths(f"A{sign}B c") == [Fraction(first), Fraction(second), 1]
    assert lengths(f"A2 {sign} B2") == [2 * Fraction(first), 2 * Fraction(second)]


def test_broken_rhythm_works_in_a_chain_and_with_rests_and_chords() -> None:
    assert lengths("A>B>c") == [Fraction(3, 2), Fraction(3, 4), Fraction(1, 2)]
    assert lengths("z>[CE]") == [Fraction(3, 2), Fraction(1, 2)]


@pytest.mark.parametrize("music", ["A>>>>B", ">AB", "|>AB", "A> >B", "A>" + " >" * 500])
def test_senseless_broken_rhythm_is_refused(music: str) -> None:
    assert read_error("K:C\n" + music).line == 2


@pytest.mark.parametrize(
    ("music", "metre", "share"),
    [
        ("(3ABc", "4/4", "2/3"), ("(2AB", "6/8", "3/2"),
        ("(4ABcd", "6/8", "3/4"), ("(5ABcde", "4/4", "2/5"), ("(5ABcde", "6/8", "3/5"),
        ("(6ABcdef", "4/4", "1/3"), ("(7ABcdefg", "6/8", "3/7"), ("(3:4ABc", "4/4", "4/3"), ("(3:2:4ABcd", "4/4", "2/3"),
        ("(3::2AB", "4/4", "2/3"), ("(3:2AzB", "4/4", "2/3"),
    ],
)  # fmt: skip
def test_a_tuplet_changes_the_length_of_its_notes(music: str, metre: str, share: str) -> None:
    notes = list(read(f"M:{metre}\nL:1/8\nK:C\n{music}A|").notes())
    *inside, after = notes
    assert {note.duration / EIGHTH for note in inside} == {Fraction(share)}
    assert [note.tuplet.index for note in inside if note.tuplet] == list(range(len(inside)))
    assert (after.duration, after.tuplet) == (EIGHTH, None)


@pytest.mark.parametrize(("metre", "time"), [("6/8", 3), ("9/8", 3), ("12/8", 3), ("4/4", 2), ("C|", 2), ("3/4", 2), ("3/8", 2)])
def test_the_default_time_of_tuplets_of_five_seven_and_nine_depends_on_the_metre(metre: str, time: int) -> None:
    for count, normal in {2: 3, 3: 2, 4: 3, 5: time, 6: 2, 7: time, 8: 3, 9: time}.items():
        first = next(read(f"M:{metre}\nL:1/8\nK:C\n({count}{'A' * count}|").notes())
        assert first.tuplet == Tuplet(count, normal, index=0, size=count)


@pytest.mark.parametrize(
    ("text", "actual", "normal", "size"), [("(3::", 3, 2, 3), ("(5:4", 5, 4, 5), ("(5:4:", 5, 4, 5), ("(3::4", 3, 2, 4)]
)
def test_each_number_of_a_tuplet_has_a_default(text: str, actual: int, normal: int, size: int) -> None:
    first = next(read(f"M:4/4\nL:1/8\nK:C\n{text}ABcde|").notes())
    assert first.tuplet == Tuplet(actual, normal, index=0, size=size)


def test_a_tuplet_may_have_notes_of_different_lengths() -> None:
    assert lengths("(3A2Bc") == [Fraction(4, 3), Fraction(2, 3), Fraction(2, 3)]
    assert lengths("(3A>Bc") == [1, Fraction(1, 3), Fraction(2, 3)]


def test_an_unfinished_tuplet_gives_a_notice() -> None:
    assert any("tuplet" in notice for notice in read("K:C\n(3AB").notices)


def test_grace_notes_have_a_pitch_and_take_no_time() -> None:
    note = next(read("K:D\n{/gf}A2|").notes())
    assert [pitch.midi for pitch in note.grace] == [79, 78]
    assert note.duration == Fraction(1, 4)


def test_decorations_belong_to_the_note_that_follows() -> None:
    notes = list(read('K:C\n~A .B !trill!c +accent+d Te uf vg "Am"A "^above"B').notes())
    assert [note.decorations for note in notes] == [
        ("roll",), ("staccato",), ("trill",), ("accent",), ("trill",), ("upbow",), ("downbow",), (), (),
    ]  # fmt: skip
    assert [note.chord_symbol for note in notes[-2:]] == ["Am", None]


@pytest.mark.parametrize(
    ("sign", "name"),
    [
        (".", "staccato"), ("~", "roll"), ("H", "fermata"), ("L", "accent"), ("M", "lowermordent"), ("O", "coda"),
        ("P", "uppermordent"), ("S", "segno"), ("T", "trill"), ("u", "upbow"), ("v", "downbow"),
        ("!turn!", "turn"), ("+turn+", "turn"), ("!4!", "4"), ("!>!", ">"), ("!D.C.!", "D.C."), ("!crescendo(!", "crescendo("),
    ],
)  # fmt: skip
def test_each_decoration_is_read_and_written(sign: str, name: str) -> None:
    score = read(f"K:C\nA {sign}B2 c|")
    assert [note.decorations for note in score.notes()] == [(), (name,), ()]
    assert read(write(score)) == score


@pytest.mark.parametrize(
    ("quoted", "symbol"),
    [
        ("G", "G"), ("Am", "Am"), ("F#m7", "F#m7"), ("Bb", "Bb"), ("D/F#", "D/F#"), ("Gsus4", "Gsus4"), ("(Em)", "Em"),
        ("^slow", None), ("_pp", None), ("<(", None), (">)", None), ("@3,4 here", None), ("2nd time", None), ("", None),
        ("a | b :| [K:G] !x!", None),
    ],
)  # fmt: skip
def test_quoted_text_is_a_chord_symbol_or_a_skipped_annotation(quoted: str, symbol: str | None) -> None:
    first, second = read(f'K:C\nA"{quoted}"B|').notes()
    assert (first.chord_symbol, second.chord_symbol) == (None, symbol)


def test_a_chord_lists_its_lowest_note_first_and_takes_the_first_length() -> None:
    assert pitches("[eCG]") == [[60, 67, 76]]
    assert lengths("[C2E2]2 [CE]/ [CE]3") == [4, Fraction(1, 2), 3]
    assert pitches("[CCC]") == [[60]]


def test_rests_and_quoted_text_inside_a_chord_do_not_change_its_notes() -> None:
    assert pitches("[C2z2] [zE]") == [[60], [64]]
    (note,) = read('K:C\n["Am"CE]2|').notes()
    assert (note.chord_symbol, len(note.pitches)) == ("Am", 2)
    assert "empty" in read_error("K:C\n[z]|").reason


def test_two_spellings_of_the_same_pitch_in_a_chord_have_a_fixed_order() -> None:
    assert [str(pitch) for pitch in next(read("K:C\n[c^B]").notes()).pitches] == ["B#4", "C5"]


def test_rests_are_read() -> None:
    assert pitches("z2 A x") == [[], [69], []]
    score = read("M:3/4\nL:1/8\nK:C\nA6|Z2|B6|")
    assert [bar.duration for bar in score.bars] == [Fraction(3, 4)] * 4
    assert [note.rest for note in score.notes()] == [False, True, True, False]


def test_invisible_rests_are_marked_and_written() -> None:
    score = read("M:2/4\nL:1/8\nK:C\nz2x2|X|Z|x4|")
    assert [note.invisible for note in score.notes()] == [False, True, True, False, True]
    assert read(write(score)) == score


def test_whole_bar_rests_last_as_long_as_the_metre_says() -> None:
    score = read("M:6/8\nL:1/8\nK:C\nZ|A6|Z3|[M:2/4]Z|X|")
    assert [bar.duration for bar in score.bars] == [Fraction(3, 4)] * 5 + [Fraction(1, 2)] * 2
    assert [note.rest for note in score.notes()] == [True, False, True, True, True, True, True]


def test_spaces_and_spacers_are_skipped() -> None:
    assert lengths("A y B y4 c ` d\xa0e") == [1] * 5


@pytest.mark.parametrize("music", ["(AB", "AB)", "((AB)c", "(A(B)c"])
def test_unmatched_slurs_give_a_notice(music: str) -> None:
    score = read(f"K:C\n{music}|")
    assert len(list(score.notes())) == music.count("A") + music.count("B") + music.count("c")
    assert any("slurs" in notice for notice in score.notices)
    assert read("K:C\n(AB|cd) (e(f)g)|").notices == ()


def test_ties_and_slurs_are_read() -> None:
    notes = list(read("K:C\nA-A (Bc) [C-E-][CE] z-|").notes())
    assert [note.tie for note in notes] == [True, False, False, False, True, False, False]
    assert (notes[2].slurs_open, notes[3].slurs_close) == (1, 1)


def test_a_second_voice_in_a_bar_is_left_out() -> None:
    assert pitches("A & B|c") == [[69], [72]]


@pytest.mark.parametrize(
    "music", ["A1000", "A/1000", "A1000/2", "z1000", "Z1000", "[CE]1000", "A////////", "A" + "9" * 5000, "A|1000B", "A0", "A/0"]
)
def test_lengths_of_four_digits_and_of_zero_are_refused(music: str) -> None:
    assert read_error("M:4/4\nK:C\n" + music).line == 3


@pytest.mark.parametrize(
    "music", ["[C999]999", "[C/999]/999", "A999>B", "L:1/64\nA|[L:1]B999", "L:1\nA|[L:1/64]B/999", "[L:1/64][M:32/1]Z"]
)
def test_lengths_that_multiply_to_long_numbers_are_refused(music: str) -> None:
    assert "can't be this long" in read_error("K:C\n" + music).reason


@pytest.mark.parametrize("music", ["c'''''", "C,,,,,,", "b''''", "A" + "'" * 3000, "{c'''''}A", "[Cc''''']"])
def test_notes_outside_the_range_of_midi_are_refused(music: str) -> None:
    assert "range" in read_error("K:C\n" + music).reason


def test_whole_bar_rests_cannot_exceed_the_limit_of_bars() -> None:
    assert "too long" in read_error("K:C\n" + "Z64" * 1300).reason


@pytest.mark.parametrize("music", ["(2AX", "(3AZ2B"])
def test_a_whole_bar_rest_in_a_tuplet_is_refused(music: str) -> None:
    assert "tuplet" in read_error("K:C\n" + music).reason


def test_a_tie_carries_the_accidental_over_the_bar_line_to_the_tied_note_only() -> None:
    assert pitches("^F-|F F|F") == [[66], [66], [65], [65]]
    assert pitches("^F-|f F") == [[66], [77], [65]]


@pytest.mark.parametrize(
    ("music", "courtesy"),
    [
        ("=C ^C C|", [True, False, False]), ("^C ^C =C =C|", [False, True, False, True]), ("^C|C =C|", [False, False, True]),
        ("^C-|^C ^C|", [False, True, True]), ("{^c}B =c|", [False, False]),
    ],
)  # fmt: skip
def test_an_accidental_that_is_in_force_anyway_is_a_courtesy(music: str, courtesy: list[bool]) -> None:
    score = read(f"M:none\nL:1/8\nK:C\n{music}")
    assert [note.pitches[0].courtesy for note in score.notes()] == courtesy
    assert [note.pitches[0].courtesy for note in read(write(score)).notes()] == courtesy


@pytest.mark.parametrize(
    ("sign", "pitch"),
    [
        ("^/", 72), ("^1/2", 72), ("^3/4", 73), ("^3/2", 73), ("^2", 74), ("^9", 74), ("_/", 72), ("_//", 72), ("_3/2", 71),
    ],
)  # fmt: skip
def test_microtones_are_rounded_to_semitones_and_named(sign: str, pitch: int) -> None:
    score = read(f"M:none\nK:D\n{sign}c|")
    assert [note.pitches[0].midi for note in score.notes()] == [pitch]
    assert score.notices == ("I rounded microtones, such as ^/c, to semitones.",)


def test_an_accidental_of_a_grace_note_applies_only_inside_the_braces() -> None:
    notes = list(read("M:none\nL:1/8\nK:C\n{^fgf}f F|").notes())
    assert [pitch.midi for pitch in notes[0].grace] == [78, 79, 78]
    assert [note.pitches[0].midi for note in notes] == [77, 65]


def test_a_note_may_have_several_signs_before_it() -> None:
    assert pitches("kv[CE] uT(AkB) H|c") == [[60, 64], [69], [71], [72]]
