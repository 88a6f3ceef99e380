"""Pages in custom ids and their text, without Discord."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.caller import Caller
from bot.core.desk import Desk
from bot.core.gallery_page import MAX_SEARCH_CHARACTERS, TUNES_PER_PAGE, Listing, PageRequest, search_of
from bot.core.naming import title_of
from bot.core.options import KEYS
from bot.discord.core.formatting import choice_name
from bot.discord.gallery.page_text import page_text
from bot.languages import language
from generator.notation.metres import RHYTHMS
from generator.notation.tokens import MODES
from generator.request import RequestError
from storage import CommunitySettings, Defaults, Page, Storage, Viewer
from storage.tunes import Shared
from tests.bot.discord.test_tune_message import NOW, tune

LARGEST = "9" * 9 + "_" + "9" * 16 + "_" + "z" * 12
DESK = Desk(cast(Storage, None), open_requests_per_person=1)
CALLER = Caller(Viewer("discord", "4" * 20, "2" * 20), Defaults(), CommunitySettings(), language("en"), DESK, lookup_s=1.0)


@given(
    st.sampled_from(Listing),
    st.text(max_size=MAX_SEARCH_CHARACTERS),
    st.sampled_from([None, *RHYTHMS]),
    st.sampled_from([None, *(str(mode) for mode in MODES), *(key.abc for key in KEYS)]),
    st.sampled_from(["", "<" + LARGEST, ">" + LARGEST]),
)
def test_every_page_fits_into_a_custom_id_and_can_be_parsed(
    listing: Listing, title: str, rhythm: str | None, key: str | None, at: str
) -> None:
    try:
        page = PageRequest(listing, search_of(title, rhythm, key), at)
    except RequestError as error:
        assert len(title.encode("utf-16-le")) > 2 * MAX_SEARCH_CHARACTERS
        assert error.message == "Search for at most 28 characters of a title."
        return
    assert len(f"page:{page}".encode("utf-16-le")) <= 200
    assert PageRequest.parse(str(page)) == page


@pytest.mark.parametrize(
    "written",
    [
        "", "x::::", "g:::", "g:tango:::", "g:Reel:::", "g::H::", "g:::nowhere:", "g:::>:", "g:::'; DROP TABLE tunes:",
        "g::::  two  spaces", "g::::\u202e", "g::::\ud800", "g::::a\nb", "G::::", "g::::" + "x" * 90, "g:::>é:",
    ],
)  # fmt: skip
def test_text_that_is_not_a_page_is_not_parsed(written: str) -> None:
    with pytest.raises(ValueError):
        PageRequest.parse(written)


@given(st.text(max_size=200), st.text(max_size=60), st.text(max_size=60), st.sampled_from(Listing), st.booleans())
def test_a_page_of_any_tunes_fits_into_a_message_and_pings_nobody(
    title: str, rhythm: str, key: str, listing: Listing, posted: bool
) -> None:
    one = tune(title=title, rhythm=rhythm, key=key)
    origin = replace(one.origin, user_id="4" * 20, channel_id="3" * 20, community_id="2" * 20)
    shared = Shared(datetime(2026, 11, 23, tzinfo=UTC), "2" * 20, "3" * 20, "5" * 20 if posted else None)
    one = replace(one, origin=origin, message_id="5" * 20, likes=10**9, shared=shared, finished_at=NOW)
    found = Page([one] * TUNES_PER_PAGE, [10**9] * TUNES_PER_PAGE, "")
    text = page_text(found, PageRequest(listing, search_of("*" * MAX_SEARCH_CHARACTERS, "strathspey", "mixolydian")), CALLER)
    assert len(text.encode("utf-16-le")) // 2 <= 2_000
    assert len(text.splitlines()) == 1 + TUNES_PER_PAGE
    assert "@everyone" not in text.replace("\\@", "")
    assert 1 <= len(choice_name(title_of(one, CALLER.translate)).encode("utf-16-le")) <= 200
