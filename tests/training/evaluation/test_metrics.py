"""The metrics of a tune, compared with values computed by hand."""

import shutil
from typing import Any

import pytest

from generator.composer.measures import intervals, melody
from generator.notation.reader import read
from training.baselines.tokenizers import Header
from training.evaluation.metrics import abc2midi_accepts, measure_tune, read_or_none

JIG = Header("jig", "6/8", "D")
# Bars 5 and 6 equal 1 and 2; bar 7 has five of the six notes of bar 3 at their positions, bar 8 none of bar 4.
A = ["DFA dAF", "GBG FAF", "EFG EFG", "FED CDE", "DFA dAF", "GBG FAF", "EFG EFA", "D3 D3"]
B = ["dfd cec", "BdB AFA", "GBG FAF", "EFG ECE", "dfd cec", "BdB AFA", "EFG EFA", "D3 D3"]


def tune(body: str, head: str = "R:jig\nM:6/8\nL:1/8\nK:D") -> str:
    return f"X:1\nT:Made by hand\n{head}\n{body}\n"


def jig(first: list[str] = A, second: list[str] = B) -> str:
    return tune(f"|:{'|'.join(first)}:|\n|:{'|'.join(second)}:|")


def measured(text: str, request: Header = JIG) -> dict[str, Any]:  # mypy takes (1.0, 1.0) == (1, 1) for impossible
    return measure_tune(read_or_none(text), request)


def test_a_well_formed_jig() -> None:
    found = measured(jig())
    for name in ("readable", "bars_legal", "repeats_resolve", "ends_on_tonic", "metre", "key_written", "key"):
        assert found[name] == (1, 1), name
    assert found["legal_bars"] == (16, 16)
    assert found["bars"] == (16, 1)
    assert found["notes"] == (6 * 14 + 4, 1)
    assert found["notes_in_scale"] == (88, 88)


def test_repetition_is_counted_by_notes_and_by_bars() -> None:
    found = measured(jig())
    assert found["recall_bars"] == (2 + 2, 8)
    # Both parts: all of bars 5 and 6. Bar 7: five of six in A; in B, EFG EFA has only the last A of GBG FAF.
    # Bar 8: D3 D3 has no D at the positions of FED CDE in A, and nothing of EFG ECE in B.
    assert found["recall_notes"] == (12 + 5 + 12 + 1, 2 * (12 + 6 + 2))
    # Bars 5 to 8 of B and A: nothing in common in the first two bars, the last two are equal.
    assert found["endings_alike"] == (6 + 2, 12 + 6 + 2)


def test_an_incomplete_bar_does_not_change_the_metre() -> None:
    found = measured(jig([*A[:2], "EFG E", *A[3:]]))
    assert found["bars_legal"] == (0, 1)
    assert found["legal_bars"] == (15, 16)
    assert found["metre"] == (1, 1)


def test_a_tune_with_bars_of_another_metre_is_not_in_its_metre() -> None:
    found = measured(jig([f"{bar}DE" for bar in A], [f"{bar}DE" for bar in B]))
    assert found["legal_bars"] == (0, 16)
    assert found["metre"] == (0, 1)
    assert measured(jig(), Header("slip jig", "9/8", "D"))["metre"] == (0, 1)


def test_cut_time_matches_a_request_for_four_four() -> None:
    reel = tune("|:DFAd fdAF|D8:|", "R:reel\nM:2/2\nL:1/8\nK:D")
    assert measured(reel, Header("reel", "4/4", "D"))["metre"] == (1, 1)


def test_pick_ups_are_not_bars() -> None:
    paired = measured(jig(["A", *A[:7], "D3 D2"], ["A", *B[:7], "D3 D2"]))
    assert paired["bars_legal"] == (1, 1)
    assert paired["bars"] == (16, 1)
    before = measured(tune(f"A|:{'|'.join(A)}:|\n|:{'|'.join(B)}:|"))
    assert before["bars"] == (16, 1)


def test_pick_ups_do_not_shift_the_compared_bars() -> None:
    assert measured(jig(["A", *A[:7], "D3 D2"], ["A", *B[:7], "D3 D2"]))["recall_bars"] == (4, 8)


def test_endings_belong_to_their_part_and_the_second_ends_the_tune() -> None:
    first, second = "|".join(A[:7]), "|".join(B[:7])
    found = measured(tune(f"|:{first}|[1 E6:|[2 D6||\n|:{second}|[1 D6:|[2 F6|]"))
    assert found["repeats_resolve"] == (1, 1)
    assert found["ends_on_tonic"] == (0, 1)


@pytest.mark.parametrize(
    "body",
    [
        "|:DFA dAF|D6|\n|:GBG FAF|D6:|",  # opened twice, closed once
        "|:DFA dAF|D6|]",  # never closed
        "|:DFA dAF|[1 E6:|\nGBG FAF|D6|]",  # a first ending alone
        "|:DFA dAF|[1 E6|[2 D6:|",  # a first ending that does not go back
        "DFA dAF|[2 D6|]",  # a second ending alone
    ],
)
def test_unmatched_repeats_are_found(body: str) -> None:
    assert measured(tune(body))["repeats_resolve"] == (0, 1)


@pytest.mark.parametrize("body", ["DFA dAF|D6:|", "DFA dAF|D6||GBG FAF|D6|]", "|:DFA dAF|1 E6:|2 D6|]", "|:D6::G6:|"])
def test_repeats_as_written_in_irish_books_match(body: str) -> None:
    assert measured(tune(body))["repeats_resolve"] == (1, 1)


def test_the_tonic_counts_in_every_octave_and_before_a_rest() -> None:
    assert measured(tune("DFA dAF|A3 d2z|]"))["ends_on_tonic"] == (1, 1)
    assert measured(tune("DFA dAF|d3 A3|]"))["ends_on_tonic"] == (0, 1)


def test_a_key_must_be_written_and_heard() -> None:
    assert measured(jig(), Header("jig", "6/8", "G"))["key_written"] == (0, 1)
    assert measured(jig(), Header("jig", "6/8", "Bm"))["key"] == (0, 1)
    flat = [bar.replace("F", "=F").replace("c", "=c").replace("C", "=C") for bar in A]  # really C major
    found = measured(jig(flat, flat))
    assert found["key_written"] == (1, 1)
    assert found["key"] == (0, 1)
    assert found["notes_in_scale"][0] == 2 * sum(bar.count(note) for bar in A for note in "DEGABdeg")


def test_a_few_accidentals_do_not_change_the_key() -> None:
    found = measured(jig([A[0].replace("F", "^F"), "GBG ^GAF", *A[2:]]))
    assert found["key"] == (1, 1)
    assert found["notes_in_scale"] == (87, 88)


@pytest.mark.parametrize(
    ("lowest", "highest", "fiddle", "whistle"),
    [("G,", "b", 1, 0), ("^F,", "b", 0, 0), ("G,", "=c'", 0, 0), ("D", "b", 1, 1), ("=C", "b", 1, 0), ("D", "=c'", 0, 0)],
)
def test_ranges_of_the_instruments(lowest: str, highest: str, fiddle: int, whistle: int) -> None:
    found = measured(tune(f"|:{lowest}2A {highest}AF|D6:|"))
    assert (found["fiddle"], found["whistle"]) == ((fiddle, 1), (whistle, 1))


@pytest.mark.parametrize("text", ["", "|: /24 0 2 <end>", "X:1\nK:Q\nABC|"])
def test_an_unreadable_tune_fails_all_applicable_metrics(text: str) -> None:
    found = measured(text)
    assert {name for name, (amount, _) in found.items() if amount} == set()
    assert found["bars_legal"] == found["repeats_resolve"] == found["metre"] == (0, 1)
    assert "notes_in_scale" not in found


def test_the_melody_joins_ties_and_skips_rests() -> None:
    notes = melody(read(tune("D2F- FA-|A2z [FA]G- A|]")))
    assert [note.midi for note in notes] == [62, 66, 69, 69, 67, 69]
    assert intervals(notes) == [4, 3, 0, -2, 2]
    assert intervals([]) == []


def test_abc2midi_accepts_correct_tunes_only() -> None:
    program = shutil.which("abc2midi") or pytest.skip("abc2midi is not installed (Debian's package abcmidi)")
    hornpipe = tune("|:D2F2 A2F2|D8:|", "R:hornpipe\nM:2/2\nL:1/8\nK:D")
    texts = [jig(), jig([*A[:2], "EFG E", *A[3:]]), tune("|:DFA dAF|D6|]"), hornpipe, "no tune at all"]
    assert abc2midi_accepts(texts, program) == [True, False, False, True, False]
