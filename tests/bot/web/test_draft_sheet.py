"""The light drawing of a tune that is being written."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from bot.web.draft_sheet import MOST_BARS, ROW, draw
from bot.web.examples import shipped
from generator.notation.reader import read
from generator.notation.score import Score

SVG = "{http://www.w3.org/2000/svg}"


def parsed(score: Score, bars_in_line: int = 4) -> ElementTree.Element:
    return ElementTree.fromstring(draw(score, bars_in_line))


@pytest.mark.parametrize("bars_in_line", [2, 4])
def test_every_note_of_the_examples_is_drawn_inside_the_picture(bars_in_line: int) -> None:
    for example in shipped():
        score = read(example.abc)
        picture = parsed(score, bars_in_line)
        heads = picture.findall(f"{SVG}ellipse")
        assert len(heads) == sum(len(note.pitches) for note in score.notes())
        width, height = float(picture.attrib["width"]), float(picture.attrib["height"])
        assert all(30 < float(head.attrib["cx"]) < width and 0 < float(head.attrib["cy"]) < height for head in heads)
        full_bars = sum(1 for bar in score.bars if score.metre and bar.duration == score.metre.bar)
        assert height >= full_bars / (bars_in_line + 1) * ROW


def test_notes_rise_on_the_stave_and_bars_stay_where_they_are_as_more_are_written() -> None:
    scale = parsed(read("L:1/8\nK:C\nCDEF GABc|"))
    ys = [float(head.attrib["cy"]) for head in scale.findall(f"{SVG}ellipse")]
    assert ys == sorted(ys, reverse=True) and len(set(ys)) == 8
    reel = "M:4/4\nL:1/8\nK:D\n"
    one, two = (parsed(read(reel + bars)).findall(f"{SVG}ellipse") for bars in ("A2cA eAcA|", "A2cA eAcA|d2fd afdf|"))
    assert [head.attrib for head in one] == [head.attrib for head in two[: len(one)]]


def test_accidentals_hollow_heads_dots_and_hostile_titles() -> None:
    text = draw(read('X:1\nT:<script>"\nM:4/4\nL:1/4\nK:D\n^G3 =c|A4|z2 _B/^G/G|]'))
    assert "<script" not in text
    picture = ElementTree.fromstring(text)
    signs = [sign.text for sign in picture.findall(f"{SVG}text")]
    assert signs == ["♯", "♯", "♯", "♮", "♭", "♯"]  # the key, and once in each bar
    assert len([head for head in picture.findall(f"{SVG}ellipse") if "fill" in head.attrib]) == 2
    assert len(picture.findall(f"{SVG}circle")) == 1
    assert parsed(read("M:4/4\nL:1/4\nK:C\n" + "CDEF|" * (MOST_BARS + 50))).attrib["height"] == f"{ROW * MOST_BARS / 4:g}"
    lines = ElementTree.fromstring(draw(read(shipped()[0].abc), 2, 2))
    assert lines.attrib["height"] == f"{2 * ROW:g}"
    assert draw(Score((), read("K:C\nC|").key)).count("<ellipse") == 0
