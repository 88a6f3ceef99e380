"""Notices about what the sheet leaves out, and how often a tune is played."""

import pytest

from generator.notation.reader import read
from generator.rendering.notices import playing_notices, sheet_notices
from generator.rendering.sheet.decorations import DRAWN
from generator.rendering.sheet.engraving import engrave
from generator.rendering.sheet.musicxml import write_musicxml
from generator.rendering.style import SESSION, Style
from tests.generator.rendering.tunes import ALL


def _notices(body: str, head: str = "T:t") -> tuple[str, ...]:
    return sheet_notices(read(f"X:1\n{head}\nM:4/4\nL:1/4\nK:C\n{body}\n"))


@pytest.mark.parametrize("name", ALL)
def test_a_complete_sheet_has_no_notices(name: str) -> None:
    assert sheet_notices(read(ALL[name])) == ()


def test_each_decoration_without_a_sign_is_named_once() -> None:
    assert _notices("!slide!C !trill!D !crescendo(!E !slide!F|") == ("The sheet has no sign for !slide! and !crescendo(!.",)
    assert _notices("!slide!C|") == ("The sheet has no sign for !slide!.",)


def test_every_drawn_decoration_changes_the_sheet() -> None:
    score = read("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|\n")
    plain = engrave(score, write_musicxml(score))
    for name in DRAWN:
        decorated = read(f"X:1\nM:4/4\nL:1/4\nK:C\nC!{name}!DEF|\n")
        drawn = engrave(decorated, write_musicxml(decorated))
        assert drawn.count("<use") + drawn.count("<text") > plain.count("<use") + plain.count("<text"), name


def test_ties_between_different_notes_and_free_metre_are_named() -> None:
    (tie,) = _notices("C-D C-C|")
    assert "tie" in tie
    (free,) = _notices("CDEF|[M:none]CDEFG|")
    assert "M:none" in free


def test_texts_that_are_too_long_or_lack_characters_are_named() -> None:
    (cut,) = _notices("C4|", "T:" + "o" * 130)
    assert "cut after 120 characters" in cut
    (foreign,) = _notices("C4|", "T:Ночь 夜の曲 Ó")
    assert "“夜曲”" in foreign
    (titles,) = _notices("C4|", "\n".join(f"T:{number}" for number in range(6)))
    assert "first 3" in titles
    (order,) = _notices("P:A\nC4|\nP:B\nD4|", "P:(AB)9(AB)9")
    assert "order" in order


def test_a_tune_that_is_played_less_often_than_requested_is_named() -> None:
    score = read("X:1\nM:4/4\nL:1/8\nQ:1/4=240\nK:D\n" + "d8|" * 70 + "\n")
    assert playing_notices(score, Style(times=3)) == ("Played 3 times the tune would be too long. I play it 2 times.",)
    assert playing_notices(score, Style(times=2)) == playing_notices(score, SESSION) == ()
