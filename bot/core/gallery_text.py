"""What a page of tunes says: its heading, and why it is empty."""

from __future__ import annotations

from bot.core.gallery_page import Listing, PageRequest
from bot.core.naming import key_name
from bot.core.texts import gallery as texts
from bot.languages import Language
from storage.gallery import ANYTHING

_HEADINGS = {
    Listing.WEEK: texts.LIKED_THIS_WEEK,
    Listing.MONTH: texts.LIKED_THIS_MONTH,
    Listing.EVER: texts.LIKED_EVER,
    Listing.MINE: texts.YOUR_TUNES,
}
_EMPTY = {Listing.GALLERY: texts.NOTHING_SHARED, Listing.MINE: texts.NO_TUNES_OF_YOURS}


def heading_of(request: PageRequest, translate: Language, *, shared_here: str) -> list[str]:
    """Which list it is, and what it is searched for. Escape it. `shared_here` is the heading of the gallery."""
    search = request.search
    title = f"“{search.title}”" if search.title else ""
    listing = translate(_HEADINGS.get(request.listing, shared_here))
    return [listing, *filter(None, [translate(search.rhythm or ""), translate(key_name(search.key or "")), title])]


def nothing_in(request: PageRequest) -> str:
    """Why the page has no tunes."""
    return texts.NOTHING_FOUND if request.search != ANYTHING else _EMPTY.get(request.listing, texts.NOTHING_LIKED)
