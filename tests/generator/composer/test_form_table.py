"""The table of forms: what is drawn is as frequent as in the tunes that were counted."""

from __future__ import annotations

import random
from collections import Counter
from itertools import accumulate
from pathlib import Path

import pytest

from generator.composer.form import PartForm
from generator.composer.form_table import FormTable, form_name, parse_form, returns_name
from generator.composer.returns import ALL, MOST, NOTHING, SOME, Outline
from generator.composer.weights import WeightsError
from generator.notation.metres import Metre

JIG = Metre(6, 8)
EIGHT = ". . . . =o1 =o2 ~o3 ."
TABLE = FormTable(
    {"jig 6/8": {"A8x2 B8x2": 3, "A4x2 B4x2": 1}, "6/8": {"A8 B8 A8 C8": 1}, "march 2/4": {"A8x2": 4}},
    {
        "jig 6/8": {"8": {EIGHT: 10}, "8 after 8": {". . . . . . =f7 =f8": 5, ". . . . =o1 -o2 ~f7 =f8": 5}},
        "": {"4": {". . =o1 .": 1}},
    },
    {"jig 6/8": {"3": 10}},
)


def always(parts: object) -> bool:
    return True


def test_names_of_forms_and_returns_are_read_back() -> None:
    parts = (PartForm(8, True, "A"), PartForm(16, False, "B"))
    assert form_name(parts) == "A8x2 B16"
    assert parse_form("A8x2 B16") == parts
    starts = [0, 4, 8]
    assert returns_name([(NOTHING, -1), (SOME, 4), (MOST, 2), (ALL, 3)], 1, starts) == ". -o1 ~f3 =f4"


def test_forms_are_drawn_as_often_as_they_were_counted() -> None:
    rng = random.Random(1)
    drawn = Counter(form_name(TABLE.draw_form(rng, "jig", JIG, always)) for _ in range(400))
    assert 270 < drawn["A8x2 B8x2"] < 330
    assert drawn.total() == drawn["A8x2 B8x2"] + drawn["A4x2 B4x2"]


def test_a_form_that_the_rhythm_lacks_is_taken_from_its_metre() -> None:
    found = TABLE.draw_form(random.Random(1), "jig", JIG, lambda parts: len(parts) == 4)
    assert form_name(found) == "A8 B8 A8 C8"
    assert TABLE.draw_form(random.Random(1), "jig", JIG, lambda parts: len(parts) == 7) == ()


@pytest.mark.parametrize(
    ("rhythm", "metre", "expected"),
    [
        ("jig", None, {("jig", "6/8")}),
        (None, JIG, {("jig", "6/8")}),
        (None, None, {("jig", "6/8"), ("march", "2/4")}),
        ("reel", None, {("reel", "4/4")}),
        (None, Metre(3, 8), {(None, "3/8")}),
    ],
)
def test_rhythm_and_metre_are_drawn_unless_they_are_given(
    rhythm: str | None, metre: Metre | None, expected: set[tuple[str | None, str]]
) -> None:
    drawn = [TABLE.draw_dance(random.Random(seed), rhythm, metre) for seed in range(40)]
    assert {(name, str(found)) for name, found in drawn} == expected


def test_an_outline_has_the_returns_of_the_table() -> None:
    parts = parse_form("A8x2 B8x2")
    found = TABLE.draw_outline(random.Random(1), "jig", JIG, parts)
    assert (found.layout, found.lifts) == ([8, 8], [0, 3])
    assert found.returns[:8] == [*[(NOTHING, -1)] * 4, (ALL, 0), (ALL, 1), (MOST, 2), (NOTHING, -1)]
    assert found.returns[15] == (ALL, 7)
    lasts = Counter(TABLE.draw_outline(random.Random(seed), "jig", JIG, parts).returns[14] for seed in range(100))
    assert 30 < lasts[ALL, 6] < 70
    assert lasts.total() == lasts[ALL, 6] + lasts[MOST, 6]


def test_a_part_that_comes_again_returns_whole() -> None:
    found = TABLE.draw_outline(random.Random(1), "jig", JIG, parse_form("A8 B8 A8"))
    assert found.returns[16:] == [(ALL, bar) for bar in range(8)]


def test_bars_that_are_written_already_are_not_planned() -> None:
    found = TABLE.draw_outline(random.Random(1), "jig", JIG, parse_form("A8x2 B8x2"), given=5)
    assert found.returns[:6] == [(0, -1)] * 5 + [(ALL, 1)]


def test_what_the_table_does_not_know_is_left_to_the_model() -> None:
    assert TABLE.draw_outline(random.Random(1), "jig", JIG, parse_form("A16")).returns == [(0, -1)] * 16
    assert TABLE.draw_outline(random.Random(1), "reel", Metre(4, 4), parse_form("A4")).returns[2] == (ALL, 0)


def test_a_saved_table_is_read_back(tmp_path: Path) -> None:
    TABLE.save(tmp_path / "forms.json")
    assert FormTable.load(tmp_path / "forms.json") == TABLE
    (tmp_path / "forms.json").write_text("{}", encoding="utf-8")
    with pytest.raises(WeightsError, match="Restore them with git"):
        FormTable.load(tmp_path / "forms.json")


def test_the_shipped_table_can_be_drawn_from() -> None:
    table = FormTable.load()
    for group, forms in table.forms.items():
        for form in forms:
            parts = parse_form(form)
            assert form_name(parts) == form
            outline = table.draw_outline(random.Random(1), None, None, parts)
            assert _is_consistent(outline), (group, form)


def _is_consistent(outline: Outline) -> bool:
    starts = [0, *accumulate(outline.layout)]
    return len(outline.returns) == starts[-1] and all(source < bar for bar, (_, source) in enumerate(outline.returns))
