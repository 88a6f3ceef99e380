"""ABC is found in pasted text, whatever surrounds it."""

from __future__ import annotations

import pytest

from generator.notation.opening import read_opening
from tests.generator.notation.excerpts import melody, refusal


@pytest.mark.parametrize(
    "text",
    [
        "DFA dfa|", "`DFA dfa|`", "```\nDFA dfa|\n```", "```abc\nDFA dfa|\n```", "```abc\r\nDFA dfa|\r\n```", "```DFA dfa|```",
        "here it is:\n```abc\nDFA dfa|\n```\nthank you", "\n\n  DFA dfa|  \n", "X:1\r\nT:x\r\nM:6/8\r\nK:D\r\nDFA dfa|\r\n",
        "M:6/8\rK:D\rDFA dfa|", "```abc\nM:6/8\nDFA dfa|", "DFA dfa|\n```", "> M:6/8\n> K:D\n> DFA dfa|",
        "x:1\nm:6/8\nk:d\nDFA dfa|", "Ｍ：６／８\nＫ：Ｄ\nＤＦＡ　ｄｆａ｜", "\ufeffX:1\nK:D\nD\u200bFA dfa|",
        "M:6/8\n\nK:D\n\nDFA\n \ndfa|", "M:6/8\n|DFA dfa|\nK:D", "X:1\nK:D\nDFA dfa|\n\nX:2\nM:4/4\nK:G\nG8|",
        "M:6/8\nDFA dfa|\nX:2\nM:4/4\nK:G\nG8|", "%%abc\n%\nM:6/8\nDFA dfa|%", "M:6/8\n{ga}[DA,]~F.A !trill!(dfa)|",
        "M:6/8\nDFA d\\\nfa\\|", ":|DFA dfa|", "V:1\nV:2\nK:D\n[V:1]DFA dfa|\n[V:2]ABc def|",
    ],
)  # fmt: skip
def test_text_around_the_music_is_removed(text: str) -> None:
    assert [pitch.midi for pitch in melody(read_opening(text))] == [62, 66, 69, 74, 78, 81]


def test_errors_count_the_lines_of_the_pasted_text() -> None:
    assert refusal("here:\n```abc\nM:6/8\nDFA d]a|\n```").startswith("Line 4, column 6")
    assert refusal("\n\nM:6/8\nDFA d]a|").startswith("Line 4, column 6")


def test_typographic_quotation_marks_are_read() -> None:
    score = read_opening("M:6/8\nK:D\n“D”DFA dfa|")
    assert next(score.notes()).chord_symbol == "D"


def test_a_blank_line_does_not_end_the_tune() -> None:
    assert len(list(read_opening("M:6/8\nK:D\nDFA dfa|\n\nABc def|").notes())) == 12


def test_directive_blocks_are_not_read_as_music() -> None:
    lines = "%%beginjs\nCDE('/etc/passwd')\n%%endjs\n%%begintext\nG A B | c\n%%endtext\n"
    assert len(list(read_opening("M:4/4\nL:1/8\nK:C\n" + lines + "C8|", mode="play").notes())) == 1
    assert "Line 10, column 1" in refusal("M:4/4\nL:1/8\nK:C\n" + lines + "]]|", mode="play")
