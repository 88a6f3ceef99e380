"""The text of a page of tunes: a heading, and a line for each tune."""

from __future__ import annotations

from bot.core.caller import Caller
from bot.core.gallery_page import Listing, PageRequest
from bot.core.gallery_text import heading_of, nothing_in
from bot.core.naming import rhythm_and_key, title_of
from bot.core.texts import gallery as texts
from bot.discord.core.formatting import escape, message_address
from bot.discord.core.reply import PLATFORM
from bot.discord.gallery import texts as discord_texts
from storage.gallery import Page
from storage.tunes import Tune
from storage.viewer import owns

MAX_TITLE_CHARACTERS = 50  # five of the longest lines fit into a message, with their markup escaped


def page_text(page: Page, request: PageRequest, caller: Caller) -> str:
    translate = caller.translate
    shared_here = discord_texts.SHARED_HERE if caller.viewer.community_id else texts.SHARED_EVERYWHERE
    listing, *searched = map(escape, heading_of(request, translate, shared_here=shared_here))
    heading = " · ".join([f"**{listing}**", *searched])
    if not page.tunes:
        return f"{heading}\n{translate(nothing_in(request))}"
    own = request.listing is Listing.MINE
    lines = [_line(tune, likes, caller, own=own) for tune, likes in zip(page.tunes, page.likes, strict=True)]
    return "\n".join([heading, *lines])


def _line(tune: Tune, likes: int, caller: Caller, *, own: bool) -> str:
    """In the list of the person's own tunes, each line says whether the tune is shared; in others, who requested it."""
    translate, day = caller.translate, _day(tune)
    parts = [
        f"**{escape(title_of(tune, translate)[:MAX_TITLE_CHARACTERS])}**",
        *map(escape, rhythm_and_key(tune, translate)),
        f"♥ {likes}",
    ]
    if own:
        parts += [translate(texts.shared_on(day) if tune.shared else texts.PRIVATE), "" if tune.shared else day]
    else:
        by_discord_user = tune.origin.platform == PLATFORM and tune.origin.user_id
        parts += [f"<@{tune.origin.user_id}>" if by_discord_user else "", day]
    return "- " + " · ".join(filter(None, [*parts, _link(tune, caller)]))


def _day(tune: Tune) -> str:
    """The day on which the tune was shared or finished. Discord shows it in the reader's language and time zone."""
    at = tune.shared.at if tune.shared else tune.finished_at
    return f"<t:{int(at.timestamp())}:d>" if at else ""


def _link(tune: Tune, caller: Caller) -> str:
    """To a message of the tune that the person can open: the post in the sharing channel if possible."""
    shared, server = tune.shared, caller.viewer.community_id
    if tune.origin.platform != PLATFORM:
        return ""
    address = ""
    if shared and shared.message_id and shared.channel_id and shared.community_id == server:
        address = message_address(server, shared.channel_id, shared.message_id)
    elif tune.message_id and (owns(caller.viewer, tune) or (server and tune.origin.community_id == server)):
        address = message_address(tune.origin.community_id, tune.origin.channel_id, tune.message_id)
    return f"[{caller.translate(texts.MESSAGE)}]({address})" if address else ""
