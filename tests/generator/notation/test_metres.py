"""Metres, and rhythms with their names and tempi."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.notation.errors import NotationError
from generator.notation.metres import RHYTHMS, Metre, rhythm_named


@pytest.mark.parametrize(
    ("text", "metre"),
    [
        ("4/4", Metre(4, 4)), ("C", Metre(4, 4)), ("C|", Metre(2, 2)), ("c|", Metre(2, 2)), ("2", Metre(2, 2)),
        (" 6/8 ", Metre(6, 8)),
        ("2+3/8", Metre(5, 8)), ("(2 + 2 + 3) / 8", Metre(7, 8)), ("12/8", Metre(12, 8)),
        ("none", None), ("", None), ("free", None),
    ],
)  # fmt: skip
def test_a_metre_is_read(text: str, metre: Metre | None) -> None:
    assert Metre.parse(text) == metre


@pytest.mark.parametrize(("text", "abc"), [("C", "C"), ("c|", "C|"), ("4/4", "4/4"), ("2/2", "2/2"), ("2", "2/2")])
def test_a_metre_is_written_as_it_was_read(text: str, abc: str) -> None:
    metre = Metre.parse(text)
    assert metre is not None
    assert metre.abc == abc


@pytest.mark.parametrize(
    "text", ["4", "0/4", "4/0", "33/8", "4/3", "1000/4", "4/1000", "6:8", "C||", "-3/4", "4/4/4", "9" * 5000]
)
def test_other_text_is_refused_as_a_metre(text: str) -> None:
    with pytest.raises(NotationError) as caught:
        Metre.parse(text)
    assert caught.value.reason.endswith(".")
    assert len(caught.value.reason) < 120


@given(st.one_of(st.text(max_size=12), st.text("0123456789+/()C| ", max_size=12)))
def test_any_text_is_read_as_a_metre_or_refused(text: str) -> None:
    try:
        metre = Metre.parse(text)
    except NotationError:
        return
    assert metre is None or (metre.bar > 0 and Metre.parse(str(metre)) == metre)


@pytest.mark.parametrize(
    ("text", "bar", "beat"),
    [
        ("4/4", 1, "1/4"),
        ("6/8", "3/4", "3/8"),
        ("9/8", "9/8", "3/8"),
        ("3/4", "3/4", "1/4"),
        ("2/2", 1, "1/2"),
        ("5/8", "5/8", "1/8"),
    ],
)
def test_a_metre_knows_the_lengths_of_its_bar_and_beat(text: str, bar: int | str, beat: str) -> None:
    metre = Metre.parse(text)
    assert metre is not None
    assert (metre.bar, metre.beat) == (Fraction(bar), Fraction(beat))


@pytest.mark.parametrize(
    ("rhythm", "fitting"),
    [
        ("jig", {"6/8", "12/8"}), ("waltz", {"3/4"}), ("reel", {"4/4", "2/2"}), ("slide", {"12/8", "6/8"}),
        ("air", {"3/4", "4/4", "2/2", "6/8"}),
    ],
)  # fmt: skip
def test_a_rhythm_fits_metres_with_its_beats_and_not_only_its_length(rhythm: str, fitting: set[str]) -> None:
    metres = [Metre(*pair) for pair in ((2, 4), (3, 4), (4, 4), (2, 2), (6, 8), (9, 8), (12, 8), (3, 2), (6, 4))]
    assert {str(metre) for metre in metres if RHYTHMS[rhythm].fits(metre)} == fitting


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Reel", "reel"), ("REELS", "reel"), ("  slip   jig ", "slip jig"), ("Slip-Jigs", "slip jig"), ("slipjig", "slip jig"),
        ("double jig", "jig"), ("Single Jigs", "jig"), ("hop jig", "slip jig"), ("song", "air"), ("clog", "hornpipe"),
        ("Highland Fling", "strathspey"), ("quick step", "march"),
    ],
)  # fmt: skip
def test_a_rhythm_is_found_by_its_names(text: str, name: str) -> None:
    assert rhythm_named(text) is RHYTHMS[name]


@pytest.mark.parametrize("text", ["", "s", "tango", "reel jig", "🎻"])
def test_other_words_name_no_rhythm(text: str) -> None:
    assert rhythm_named(text) is None


def test_every_rhythm_has_a_metre_and_a_tempo() -> None:
    for name, rhythm in RHYTHMS.items():
        assert rhythm.name == name
        assert rhythm.metres
        assert 40 <= rhythm.beats_per_minute <= 200


@pytest.mark.parametrize(
    ("rhythm", "metre", "beat"),
    [
        ("reel", "4/4", Fraction(1, 2)), ("reel", "2/2", Fraction(1, 2)), ("reel", "2/4", Fraction(1, 4)),
        ("hornpipe", "2/4", Fraction(1, 8)), ("polka", "2/4", Fraction(1, 4)), ("slide", "6/8", Fraction(3, 8)),
        ("march", "6/8", Fraction(3, 8)), ("march", "2/4", Fraction(1, 4)), ("march", "4/4", Fraction(1, 4)),
    ],
)  # fmt: skip
def test_a_rhythm_has_the_same_tempo_in_all_its_metres(rhythm: str, metre: str, beat: Fraction) -> None:
    assert RHYTHMS[rhythm].tempo(Metre.parse(metre)) == (beat, RHYTHMS[rhythm].beats_per_minute)


@pytest.mark.parametrize(("text", "name"), [("waltzes", "waltz"), ("Marches", "march"), ("slip-jigs", "slip jig")])
def test_a_rhythm_is_found_by_its_plural(text: str, name: str) -> None:
    assert rhythm_named(text) is RHYTHMS[name]
