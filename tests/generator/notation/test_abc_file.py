"""The encoding of ABC files, and the tunes of a collection."""

from __future__ import annotations

import pytest

from generator.notation.abc_file import decode, tunes_of_file
from generator.notation.errors import NotationError
from generator.notation.reader import read

COLLECTION = """The valley's tunes | all of them

M:6/8
L:1/8
%%begintext
X:9 is no tune
%%endtext

X:1
T:One
K:D
DFA dfa|

X:07
T:Seven
M:4/4
K:G
G8|

some words

X:7
T:Seven again
K:G
GAB ]c|
"""


@pytest.mark.parametrize(
    ("content", "text", "utf_8"),
    [
        ("T:Seán\r\nK:D".encode(), "T:Seán\nK:D", True), ("\ufeffT:Seán\r".encode(), "T:Seán\n", True),
        ("T:Seán – “x”".encode("cp1252"), "T:Seán – “x”", False), (b"T:\x81", "T:\ufffd", False),
    ],
)  # fmt: skip
def test_a_file_is_decoded(content: bytes, text: str, utf_8: bool) -> None:
    assert decode(content) == (text, utf_8)


def test_each_tune_comes_with_the_fields_for_all_tunes() -> None:
    one, seven, _ = tunes_of_file(COLLECTION)
    assert [(read(text).title, str(read(text).metre)) for text in (one, seven)] == [("One", "6/8"), ("Seven", "4/4")]
    assert read(one).notices == read(seven).notices == ()


def test_a_tune_is_found_by_its_number() -> None:
    assert [read(text).title for text in tunes_of_file(COLLECTION, 1)] == ["One"]
    assert read(tunes_of_file(COLLECTION, 7)[0]).title == "Seven"
    assert tunes_of_file(COLLECTION, 9) == tunes_of_file(COLLECTION, 0) == []


def test_errors_name_the_line_of_the_file() -> None:
    with pytest.raises(NotationError) as caught:
        read(tunes_of_file(COLLECTION)[2])
    assert caught.value.line == COLLECTION.split("\n").index("GAB ]c|") + 1


def test_a_file_without_numbers_is_one_tune() -> None:
    assert tunes_of_file("K:D\nDFA|") == ["K:D\nDFA|"]
    assert tunes_of_file("K:D\nDFA|", 1) == []
