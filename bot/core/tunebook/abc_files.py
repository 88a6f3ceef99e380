"""A tunebook: many tunes in ABC files."""

from __future__ import annotations

import re

from bot.core.texts import gallery as texts
from storage.gallery import Order

_BETWEEN_TUNES = re.compile(r"(?<=\n)\n(?=X:)")


def nothing_for(order: Order, *, own: bool) -> str:
    """Why a tunebook has no tunes."""
    if own:
        return texts.NO_TUNES_OF_YOURS
    return texts.NOTHING_SHARED if order is Order.NEWEST else texts.NOTHING_LIKED


def files_of(abc: str, limit: int) -> dict[str, tuple[bytes, int]]:
    """The files of at most `limit` bytes each, by name, with their number of tunes."""
    books = split(abc, limit)
    names = [f"tunebook-{number}.abc" if len(books) > 1 else "tunebook.abc" for number in range(1, len(books) + 1)]
    return {name: (b"\n".join(tunes), len(tunes)) for name, tunes in zip(names, books, strict=True)}


def split(abc: str, limit: int) -> list[list[bytes]]:
    """The tunes of a tunebook, divided into files of at most `limit` bytes. A tune is never split, however long it is."""
    books: list[list[bytes]] = []
    size = 0
    for tune in map(str.encode, _BETWEEN_TUNES.split(abc)):
        size += len(tune) + 1  # with the empty line between two tunes
        if not books or size - 1 > limit:
            books.append([])
            size = len(tune) + 1
        books[-1].append(tune)
    return books
