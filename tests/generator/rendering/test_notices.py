"""What the sheet leaves out, in sentences."""

import pytest

from generator.notation.reader import read
from generator.rendering.notices import sheet_notices
from generator.rendering.sheet.decorations import DRAWN
from generator.rendering.sheet.engraving import engrave
from generator.rendering.sheet.musicxml import write_musicxml
from tests.generator.rendering.tunes import ALL


def _told(body: str, head: str = "T:t") -> tuple[str, ...]:
    return sheet_notices(read(f"X:1\n{head}\nM:4/4\nL:1/4\nK:C\n{body}\n"))


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_said_of_a_tune_that_is_all_there(name: str) -> None:
    assert sheet_notices(read(ALL[name])) == ()


def test_decorations_without_a_sign_are_named_once() -> None:
    assert _told("!slide!C !trill!D !crescendo(!E !slide!F|") == ("The sheet has no sign for !slide! and !crescendo(!.",)
    assert _told("!slide!C|") == ("The sheet has no sign for !slide!.",)


def test_every_decoration_that_is_not_named_changes_the_sheet() -> None:
    score = read("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|\n")
    plain = engrave(score, write_musicxml(score))
    for name in DRAWN:
        decorated = read(f"X:1\nM:4/4\nL:1/4\nK:C\nC!{name}!DEF|\n")
        drawn = engrave(decorated, write_musicxml(decorated))
        assert drawn.count("<use") + drawn.count("<text") > plain.count("<use") + plain.count("<text"), name


def test_ties_to_other_notes_and_free_metre_are_named() -> None:
    (tie,) = _told("C-D C-C|")
    assert "tie" in tie
    (free,) = _told("CDEF|[M:none]CDEFG|")
    assert "M:none" in free


def test_texts_that_do_not_fit_or_have_no_letters_are_named() -> None:
    (cut,) = _told("C4|", "T:" + "o" * 130)
    assert "cut after 120 characters" in cut
    (foreign,) = _told("C4|", "T:Ночь 夜の曲 Ó")
    assert "“夜曲”" in foreign
    (order,) = _told("P:A\nC4|\nP:B\nD4|", "P:(AB)9(AB)9")
    assert "order" in order
