"""Measures of idiom, compared with values counted by hand."""

from fractions import Fraction

import pytest

from generator.notation.reader import read
from training.evaluation.idiom import (
    cadences,
    closes_7_1,
    form_of,
    last_bars_alike,
    plain_quaver_bars,
    snap_bars,
    triplet_notes,
)

REEL = "R:reel\nM:4/4\nL:1/8\nK:D\n"
A, B = "DFAd fdAF|GBdB AFED|", "dfaf dfaf|gfed cABc|"


def tune(body: str, head: str = REEL) -> str:
    return f"X:1\nT:Made by hand\n{head}{body}\n"


def test_the_last_bars_of_the_first_two_parts_are_compared() -> None:
    alike = read(tune(f"|:{A}EFGE CDEC|D8:|\n|:{B}EFGE CDEC|D8:|"))
    assert last_bars_alike(alike, 1) == last_bars_alike(alike, 2) == (1, 1)
    assert last_bars_alike(alike, 4) == (0, 1)
    last_alone = read(tune(f"|:{A}EFGE CDEC|D8:|\n|:{B}gfed cABc|D8:|"))
    assert (last_bars_alike(last_alone, 1), last_bars_alike(last_alone, 2)) == ((1, 1), (0, 1))


def test_a_last_note_that_makes_room_for_a_pick_up_is_the_same() -> None:
    assert last_bars_alike(read(tune(f"|:{A}D6:|\n|:d2|{B}D8:|")), 1) == (1, 1)


def test_the_bars_as_played_the_last_time_are_compared() -> None:
    endings = f"|:{A}|1 E8:|2 D8||\n|:{B}|1 F8:|2 D8|]"
    assert last_bars_alike(read(tune(endings)), 1) == (1, 1)


def test_a_tune_of_one_part_shares_no_last_bar() -> None:
    assert last_bars_alike(read(tune(f"|:{A}D8:|")), 1) == (0, 0)


def test_cadences_are_degrees_and_lengths_in_any_key() -> None:
    body = "|:EFGE AGEC|D8:|\n|:dfaf dfaf|d2 ^c2 z2 d2|]"
    q = Fraction(1, 8)
    assert cadences(read(tune(body))) == [((3, q), (1, q), (-1, q), (0, 8 * q)), ((9, q), (7, 2 * q), (6, 2 * q), (7, 2 * q))]
    up = tune("|:ABcA dcAF|G8:|", REEL.replace("K:D", "K:G"))
    assert cadences(read(up)) == cadences(read(tune(body)))[:1]


@pytest.mark.parametrize(("end", "parts"), [("C D4", 1), ("c d4", 1), ("c D4", 0), ("E D4", 0), ("A D4", 0), ("C B,4", 0)])
def test_a_close_rises_from_the_seventh_degree_to_the_tonic(end: str, parts: int) -> None:
    assert closes_7_1(read(tune(f"|:FED {end}|]"))) == (parts, 1)


def test_a_strathspey_is_told_by_its_snaps() -> None:
    score = read(tune("|:D<F A>d DFAd|D<F z2 D4|DFAd DFAd|D>F A2 A>F D2:|", REEL.replace("reel", "strathspey")))
    assert plain_quaver_bars(score) == (1, 4)
    assert snap_bars(score) == (2, 4)


def test_a_snap_begins_on_a_beat() -> None:
    assert snap_bars(read(tune("|:DF<Ad F3 D|D8:|"))) == (0, 2)


def test_notes_in_triplets_are_counted() -> None:
    assert triplet_notes(read(tune("|:(3DFA d2 (3fdA F2|D8:|"))) == (6, 9)


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (f"|:{A}EFGE CDEC|D8:|\n|:{B}EFGE CDEC|D8:|", "4×2 4×2, 2 shared"),
        (f"|:{A}EFGE CDEC|D8:|\n|:{B}gfed cABc|D8:|", "4×2 4×2, 1 shared"),
        (f"{A}EFGE CDEC|D8||\n|:{B}gfed cABc|d8:|", "4 4×2, 0 shared"),
        (f"A2|:{A}D8:|", "3×2"),
        ("|:DFAd fdAF|[1 D8:|GBdB AFED|D8|]", ""),
    ],
)
def test_the_form_names_bars_repeats_and_shared_bars(body: str, form: str) -> None:
    assert form_of(read(tune(body))) == form
