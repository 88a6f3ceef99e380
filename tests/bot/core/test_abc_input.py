"""ABC among other words and in files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.abc_input import abc_at_line_end, abc_in_code, abc_lines, first_tune, tune_in_file, words_around_abc
from generator.notation.opening import read_opening
from generator.request import MAX_OPENING_CHARACTERS, RequestError, TuneRequest
from tests.bot.discord.conftest import ABC

MARKED = 'M:6/8\nK:D\n"Em7"A2B !trill!c | [K:G] A>B (3abc z |1 A3 :|2 B3 |]'
LINE = "|:EAAB c2Bc|dBAB G2EG:|"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (f"Mine:\n```\n{ABC}```\nWhat do you say?", ABC),
        (f"```abc\n{ABC}```", ABC),
        (f"```py\nprint(1)\n```\nand\n```\n{ABC}```", ABC),
        ("```\nK:D\nABcd efga\n```", "K:D\nABcd efga\n"),
        (f"Try `{LINE}` on the flute", LINE),
        (f"Try `K:Ador {LINE}` on the flute", f"K:Ador\n{LINE}"),
        ("```py\nx: int | None = 3\n```", None),
        ("`rm -rf` is no tune", None),
        ("No code at all", None),
    ],
)
def test_abc_is_found_in_code(content: str, found: str | None) -> None:
    assert abc_in_code(content) == found


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (LINE, LINE),
        (f"<@100> {LINE}", LINE),
        (f"How does this go on?\n{LINE}\nIt is from Clare.", LINE),
        (f"> T:Mine\n> K:Ador\n> {LINE}", f"T:Mine\nK:Ador\n{LINE}"),
        (f"K:Ador {LINE}", f"K:Ador\n{LINE}"),
        (MARKED, MARKED),
        ("a bad cab\na face", None),
        ("| Rhythm | Key |\n|---|---|", None),
        ("Who plays | on Friday?", None),
        ("https://thesession.org/tunes/1", None),
        ("", None),
    ],
)
def test_abc_is_found_among_words(content: str, found: str | None) -> None:
    assert abc_lines(content) == found


@given(st.text(alphabet=st.sampled_from('ABcd|:`\n KTMX"![]%>3/ée'), max_size=300))
def test_any_text_can_be_searched_for_abc(content: str) -> None:
    for found in (abc_in_code(content), abc_lines(content)):
        assert found is None or isinstance(found, str)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_files_are_decoded_as_utf_8_or_windows_1252_with_a_word_about_it(encoding: str) -> None:
    collection = "".join(f"X:{number}\r\nT:Seán Ó Duibhir\r\nK:D\r\nDFA dfa|\r\n\r\n" for number in (1, 2))
    for content in (collection, collection * 60):  # the second is longer than an opening may be
        tune = read_opening(TuneRequest.check(opening=tune_in_file(content.encode(encoding)), mode="play").opening, mode="play")
        assert tune.title == "Seán Ó Duibhir"
        assert ("The file is not in UTF-8, so I read it as Windows-1252." in tune.notices) is (encoding == "latin-1")
        assert not any("directives" in notice for notice in tune.notices)


@pytest.mark.parametrize("content", [b"ID3\x04\x00\x00", b"\x89PNG\r\n\x1a\n\x00", "K:D\nABcd|".encode("utf-16")])
def test_a_binary_file_is_refused(content: bytes) -> None:
    with pytest.raises(RequestError, match="can't read this file as text"):
        tune_in_file(content)


def test_the_first_tune_of_a_long_collection_is_read_with_a_notice() -> None:
    collection = "".join(f"X:{number}\n{ABC.partition(chr(10))[2]}\n" for number in range(1, 60))
    text = first_tune(collection)
    assert len(collection) > MAX_OPENING_CHARACTERS > len(text)
    played = read_opening(TuneRequest.check(opening=text, mode="play").opening, mode="play")
    assert (played.title, len(played.bars)) == ("The Loopback", 4)
    assert "Only the first tune was read." in played.notices


def test_a_tune_that_is_too_long_is_refused_with_its_length() -> None:
    with pytest.raises(RequestError, match=r"has 5,004 characters; I read at most 4,000"):
        first_tune("K:D\n" + 500 * "ABcd efga|")


@pytest.mark.parametrize(
    ("content", "music", "words"),
    [
        (f"<@100> a reel  from this: {LINE}", LINE, "a reel from this:"),
        (f"go on from a {LINE}", LINE, "go on from a"),
        (f"vary `{LINE}` please", None, " vary   please"),
        (f"a jig\n{LINE}\nT:In D\nthanks", LINE, "a jig\nthanks"),
        ("a cab, a bag", None, "a cab, a bag"),
        ("one | two", None, "one | two"),
    ],
)
def test_words_are_separated_from_the_music_after_them(content: str, music: str | None, words: str) -> None:
    assert abc_at_line_end(content) == music
    assert words_around_abc(content).split() == words.split()
