"""Lists of tunes that are paged through. All that a page is fits into a button's custom_id, so that it outlives the process."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from bot.discord.gallery import texts
from generator.request import RequestError
from storage.gallery import ANYTHING, Order, Page, Search
from storage.viewer import Viewer

if TYPE_CHECKING:
    from storage.storage import Storage

TUNES_A_PAGE = 5
MAX_SEARCH_CHARACTERS = 28  # what the rest leaves of a custom_id's 100
# List, rhythm, key, where the page begins, words of the title: only the last may hold a colon.
_WRITTEN = re.compile(r"([gwemo]):([^:]{0,20}):([^:]{0,12}):((?:[<>][0-9A-Za-z_]{1,40})?):(.*)", re.ASCII)


class Listing(StrEnum):
    """One letter, as it stands in custom_ids."""

    GALLERY = "g"
    WEEK = "w"
    MONTH = "m"
    EVER = "e"
    MINE = "o"


_ORDERS = {Listing.GALLERY: Order.NEWEST, Listing.WEEK: Order.WEEK, Listing.MONTH: Order.MONTH, Listing.EVER: Order.EVER}


@dataclass(frozen=True, slots=True)
class PageOf:
    """A page of a list; `at` is `>` or `<` and the place that it comes after or before, empty for the first."""

    listing: Listing
    search: Search = ANYTHING
    at: str = ""

    @classmethod
    def parse(cls, written: str) -> Self:
        """Reads what `str` wrote; raises ValueError for anything else."""
        found = _WRITTEN.fullmatch(written)
        if found is None:
            raise ValueError("no page")
        listing, rhythm, key, at, title = found.groups()
        search = Search(title, rhythm or None, key or None)
        if search != Search.check(title=title, rhythm=rhythm, key=key):
            raise ValueError("no search")
        return cls(Listing(listing), search, at)

    def __str__(self) -> str:
        search = self.search
        return f"{self.listing.value}:{search.rhythm or ''}:{search.key or ''}:{self.at}:{search.title}"

    def starting(self, at: str) -> PageOf:
        return PageOf(self.listing, self.search, at)

    async def read(self, storage: Storage, viewer: Viewer) -> Page:
        """Raises ValueError for a place that no page gave."""
        after, before = (self.at[1:], "") if self.at.startswith(">") else ("", self.at[1:])
        if self.listing is Listing.MINE:
            return await storage.gallery.mine(viewer, search=self.search, after=after, before=before, limit=TUNES_A_PAGE)
        order = _ORDERS[self.listing]
        return await storage.gallery.shared(
            viewer, order=order, search=self.search, after=after, before=before, limit=TUNES_A_PAGE
        )


def searched(title: str | None, rhythm: str | None, key: str | None) -> Search:
    """What was typed into a command's options; raises RequestError."""
    if title and len(title.encode("utf-16-le")) // 2 > MAX_SEARCH_CHARACTERS:
        raise RequestError("search", texts.search_too_long(MAX_SEARCH_CHARACTERS))
    return Search.check(title=title, rhythm=rhythm, key=key)
