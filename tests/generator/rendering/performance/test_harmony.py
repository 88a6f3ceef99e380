"""The chords of the backing, found or written."""

from fractions import Fraction

import pytest

from generator.notation.reader import read
from generator.rendering.performance.harmony import chord_at, find_chords, with_chord_symbols


def chords(body: str, *, key: str, rhythm: str = "reel", metre: str = "4/4") -> list[str]:
    """The chords of each bar, separated by spaces."""
    found = find_chords(read(f"X:1\nT:t\nR:{rhythm}\nM:{metre}\nL:1/8\nK:{key}\n{body}\n"))
    return [" ".join(dict.fromkeys(str(chord) for _, chord in changes)) for changes in found]


def test_a_dorian_tune_alternates_between_its_tonic_and_the_chord_below() -> None:
    body = "|:EBBA B2EB|B2AB dBAG|FDAD BDAD|FDAD dAFD|EBBA B2EB|B2AB defg|afec dBAF|DEFD E4:|"
    found = chords(body, key="Edor")
    assert found[:6] == ["Em", "Em", "D", "D", "Em", "Em"]
    assert found[-1].endswith("Em")


def test_a_mixolydian_tune_gets_the_flat_seventh_chord_and_no_dominant() -> None:
    found = chords("|:fed cAG|A2d cAG|F2D DED|FEF GFG|AGA cAG|AGA cde|fed cAG|A2d d3:|", key="Dmix", rhythm="jig", metre="6/8")
    assert found[0] == "D C"
    assert found[-1] == "D"
    assert "A" not in found


def test_a_major_tune_opens_and_closes_on_its_tonic_with_the_dominant_between() -> None:
    found = chords("|:DG|B2B dBG|ABA AFD|G2G BAG|A3 DEF|G2G BAG|ABc d2e|dcB AGF|G3 G2:|", key="G", rhythm="jig", metre="6/8")
    assert (found[1], found[-1]) == ("G", "G")
    assert found[4] == "D"


def test_a_minor_tune_gets_a_major_dominant_only_where_its_leading_note_sounds() -> None:
    assert chords("A4e4|^G4B4|A8|A8|]", key="Am")[1] == "E"
    assert "E" not in chords("A4e4|=G4B4|A8|A8|]", key="Am")


@pytest.mark.parametrize("key", ["D", "Ador", "Gmix", "Em", "Bb", "Cphr", "Flyd", "Bloc", "F#", "D ^g"])
def test_every_mode_has_chords(key: str) -> None:
    found = chords("|:CDEF GABc|c2B2 A2G2|F4 D4|E2C2 C4:|", key=key)
    assert all(found)


def test_written_chords_are_played_where_they_are_written() -> None:
    body = '"Am"A2AB "G/B"c2cd|e4 e4|A4 "D7"A2 "E"B2|A8|]'
    found = find_chords(read(f"X:1\nM:4/4\nL:1/8\nK:Am\n{body}\n"))
    sounding = [str(chord_at(found[0], Fraction(eighth, 8))) for eighth in (0, 2, 4, 7)]
    assert sounding == ["Am", "Am", "G/B", "G/B"]
    sounding = [str(chord_at(found[2], Fraction(eighth, 8))) for eighth in (4, 5, 6, 7)]
    assert sounding == ["D7", "D7", "E", "E"]


def test_a_written_chord_lasts_until_the_next_if_most_bars_have_one() -> None:
    assert chords('"F"A8|"C"A8|A8|"G"A8|', key="C") == ["F", "C", "C", "G"]


def test_a_single_written_chord_lasts_for_its_bar_only() -> None:
    found = chords('|:"F"D2FA d4|D2FA d4|D2FA d4|D2FA d4:|', key="D")
    assert found == ["F", "D", "D", "D"]


def test_an_unknown_kind_of_chord_is_played_as_its_longest_known_beginning() -> None:
    assert chords('"Am7b5"A8|"C"c8|', key="Am") == ["Am7", "C"]


def test_free_metre_has_no_chords() -> None:
    assert chords("A8|B8|", key="Am", metre="none", rhythm="") == ["", ""]


@pytest.mark.parametrize("words", ["Fine", "End", "DC", "Chorus", "Gfoo"])
def test_words_above_the_staff_are_not_chords(words: str) -> None:
    plain, written = (read(f"X:1\nM:4/4\nL:1/8\nK:D\n{text}ABcd efga|\n") for text in ("", f'"{words}"'))
    assert find_chords(written) == find_chords(plain)


def test_the_chords_of_the_backing_are_written_where_they_change_and_where_a_part_begins() -> None:
    score = read("X:1\nR:jig\nM:6/8\nL:1/8\nK:G\n|:DG|B2B dBG|ABA AFD|G2G BAG|A3 DEF:|\n|:G2G BAG|ABc d2e|dcB AGF|G6:|\n")
    shown = with_chord_symbols(score)
    written = [[note.chord_symbol for note in bar.notes if note.chord_symbol] for bar in shown.bars]
    assert written[0] == [], "nobody plays chords with the first pick-up"
    assert written[1][0] == written[5][0] == "G"
    for bar, changes in zip(written[1:], find_chords(score)[1:], strict=True):
        assert set(bar) <= {str(chord) for _, chord in changes}
    assert any(not bar for bar in written[1:]), "a chord that goes on is not repeated"
    assert [changes and changes[-1] for changes in find_chords(shown)][1:] == [changes[-1] for changes in find_chords(score)][1:]


def test_chords_of_its_own_stay_alone() -> None:
    score = read('X:1\nM:4/4\nL:1/8\nK:C\n"F"A8|A8|A8|]\n')
    assert with_chord_symbols(score) == score
