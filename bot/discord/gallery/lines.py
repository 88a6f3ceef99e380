"""The lines of a page of tunes."""

from __future__ import annotations

from bot.core.naming import key_name
from bot.discord.core import texts as core_texts
from bot.discord.core.caller import Caller
from bot.discord.core.reply import PLATFORM
from bot.discord.delivery.tune_message import escape, one_line
from bot.discord.gallery import texts
from bot.discord.gallery.page import Listing, PageOf
from bot.languages import Language
from storage.gallery import ANYTHING, Page
from storage.tunes import Tune

MAX_TITLE, MAX_WORD = 50, 20  # characters: five lines of the longest, with their markup escaped, fit into a message
MAX_NAME = 100  # of a choice, or of an entry in a menu, in UTF-16 as Discord's clients count
_TITLES = {
    Listing.WEEK: texts.LIKED_THIS_WEEK,
    Listing.MONTH: texts.LIKED_THIS_MONTH,
    Listing.EVER: texts.LIKED_EVER,
    Listing.MINE: texts.YOUR_TUNES,
}
_EMPTY = {Listing.GALLERY: texts.NOTHING_SHARED, Listing.MINE: texts.NO_TUNES_OF_YOURS}


def text_of(found: Page, page: PageOf, caller: Caller) -> str:
    search, tell = page.search, caller.translate
    here = texts.SHARED_HERE if caller.viewer.community_id else texts.SHARED_EVERYWHERE
    wanted = [tell(search.rhythm or ""), tell(key_name(search.key or "")), f"“{escape(search.title)}”" if search.title else ""]
    head = " · ".join([f"**{tell(_TITLES.get(page.listing, here))}**", *filter(None, wanted)])
    if not found.tunes:
        empty = texts.NOTHING_FOUND if search != ANYTHING else _EMPTY.get(page.listing, texts.NOTHING_LIKED)
        return f"{head}\n{tell(empty)}"
    lines = [_line(tune, likes, page, caller) for tune, likes in zip(found.tunes, found.likes, strict=True)]
    return "\n".join([head, *lines])


def _line(tune: Tune, likes: int, page: PageOf, caller: Caller) -> str:
    assert tune.composition is not None
    mine = page.listing is Listing.MINE
    by = f"<@{tune.origin.user_id}>" if tune.origin.platform == PLATFORM and tune.origin.user_id else ""
    day = _day(tune)
    state = caller.translate(texts.shared_on(day) if tune.shared else texts.PRIVATE) if mine else ""
    what = [
        f"**{escape(title_of(tune, caller.translate)[:MAX_TITLE])}**",
        *map(escape, kind_of(tune, caller.translate)),
        f"♥ {likes}",
    ]
    parts = [*what, state if mine else by, "" if mine and tune.shared else day, _link(tune, caller)]
    return "- " + " · ".join(filter(None, parts))


def title_of(tune: Tune, tell: Language) -> str:
    assert tune.composition is not None
    return one_line(tune.composition.title) or tell(core_texts.UNTITLED)


def cut(name: str) -> str:
    """As much of it as a choice or an entry in a menu may have."""
    return name.encode("utf-16-le", "replace")[: 2 * MAX_NAME].decode("utf-16-le", "ignore")


def kind_of(tune: Tune, tell: Language) -> list[str]:
    """Its rhythm and key as people read them."""
    assert tune.composition is not None
    words = [tell(one_line(tune.composition.rhythm)), tell(one_line(key_name(tune.composition.key)))]
    return [word[:MAX_WORD] for word in words if word]


def _day(tune: Tune) -> str:
    """Shown by each Discord in its own language and time zone."""
    at = tune.shared.at if tune.shared else tune.finished_at
    return f"<t:{int(at.timestamp())}:d>" if at else ""


def _link(tune: Tune, caller: Caller) -> str:
    """To the message that carries the tune where the person can open it, the one in the sharing channel first."""
    shared, here = tune.shared, caller.viewer.community_id
    own = tune.origin.user_id == caller.viewer.user_id
    if tune.origin.platform != PLATFORM:
        return ""
    where = ""
    if shared and shared.message_id and shared.channel_id and shared.community_id == here:
        where = f"{here}/{shared.channel_id}/{shared.message_id}"
    elif tune.message_id and (own or (here and tune.origin.community_id == here)):
        where = f"{tune.origin.community_id or '@me'}/{tune.origin.channel_id}/{tune.message_id}"
    return f"[{caller.translate(texts.MESSAGE)}](https://discord.com/channels/{where})" if where else ""
