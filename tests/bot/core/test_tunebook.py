"""Files of many tunes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.tunebook import files_of, split


@given(st.lists(st.text("XTé|:\n ", max_size=30).map(lambda body: f"X:1\n{body.strip()}|\n"), min_size=1), st.integers(1, 200))
def test_a_tunebook_is_split_between_tunes_without_loss(tunes: list[str], limit: int) -> None:
    book = "\n".join(tunes)
    files = split(book, limit)
    assert b"\n".join(tune for file in files for tune in file) == book.encode()
    assert all(len(file) == 1 or len(b"\n".join(file)) <= limit for file in files)


def test_only_several_files_have_a_number() -> None:
    book = "X:1\nK:D\n|D|\n\nX:2\nK:D\n|E|\n"
    assert {name: tunes for name, (_, tunes) in files_of(book, 1_000).items()} == {"tunebook.abc": 2}
    assert {name: tunes for name, (_, tunes) in files_of(book, 15).items()} == {"tunebook-1.abc": 1, "tunebook-2.abc": 1}
