"""Which page of which list to show. All of it fits into a button's custom id, so that it survives a restart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from bot.core.naming import utf16_length
from bot.core.texts import gallery as texts
from bot.core.words import words_in
from bot.languages import Language
from generator.request import RequestError
from storage.gallery import ANYTHING, Order, Page, Search
from storage.storage import Storage
from storage.viewer import Viewer

TUNES_PER_PAGE = 5
MAX_SEARCH_CHARACTERS = 28  # what the other parts leave of a custom id's 100
# Listing, rhythm, key, cursor, words of the title. Only the last may contain a colon.
_WRITTEN = re.compile(r"([gwemo]):([^:]{0,20}):([^:]{0,12}):((?:[<>][0-9A-Za-z_]{1,40})?):(.*)", re.ASCII)


class Listing(StrEnum):
    """The value is one letter, since custom ids are short."""

    GALLERY = "g"
    WEEK = "w"
    MONTH = "m"
    EVER = "e"
    MINE = "o"


_ORDERS = {Listing.GALLERY: Order.NEWEST, Listing.WEEK: Order.WEEK, Listing.MONTH: Order.MONTH, Listing.EVER: Order.EVER}


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A page of a list. `cursor` is `>` or `<` and the storage's cursor that the page is after or before; empty for the first."""

    listing: Listing
    search: Search = ANYTHING
    cursor: str = ""

    @classmethod
    def parse(cls, written: str) -> Self:
        """Reads what `str` wrote; raises ValueError for anything else."""
        found = _WRITTEN.fullmatch(written)
        if found is None:
            raise ValueError("not a page")
        listing, rhythm, key, cursor, title = found.groups()
        search = Search(title, rhythm or None, key or None)
        if search != Search.check(title=title, rhythm=rhythm, key=key):
            raise ValueError("not a search")
        return cls(Listing(listing), search, cursor)

    def __str__(self) -> str:
        search = self.search
        return f"{self.listing.value}:{search.rhythm or ''}:{search.key or ''}:{self.cursor}:{search.title}"

    def after(self, cursor: str) -> PageRequest:
        return PageRequest(self.listing, self.search, f">{cursor}")

    def before(self, cursor: str) -> PageRequest:
        return PageRequest(self.listing, self.search, f"<{cursor}")

    async def load(self, storage: Storage, viewer: Viewer) -> Page:
        """Raises ValueError for a cursor that storage did not return."""
        after, before = (self.cursor[1:], "") if self.cursor.startswith(">") else ("", self.cursor[1:])
        if self.listing is Listing.MINE:
            return await storage.gallery.mine(viewer, search=self.search, after=after, before=before, limit=TUNES_PER_PAGE)
        order = _ORDERS[self.listing]
        return await storage.gallery.shared(
            viewer, order=order, search=self.search, after=after, before=before, limit=TUNES_PER_PAGE
        )


def search_in(text: str) -> Search:
    """The search in words: “jig D”, “the Kesh jig”. Words that a request lacks are of the title. Raises RequestError."""
    words = words_in(text)
    title = words.parameters.get("title") or " ".join(word for word in words.unknown if word.isalnum())
    return search_of(title, words.parameters.get("rhythm"), words.parameters.get("key"))


def period_named(text: str, translate: Language) -> str | None:
    """The period of likes that the text names in English or the person's language: week, month or ever."""
    typed = text.strip().casefold()
    for period, name in texts.PERIODS.items():
        if typed in (period, str(name).casefold(), translate(name).casefold()):
            return period
    return None


def search_of(title: str | None, rhythm: str | None, key: str | None) -> Search:
    """The search that the options of a command describe. Raises RequestError."""
    if title and utf16_length(title) > MAX_SEARCH_CHARACTERS:
        raise RequestError("search", texts.search_too_long(MAX_SEARCH_CHARACTERS))
    return Search.check(title=title, rhythm=rhythm, key=key)
