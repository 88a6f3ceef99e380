"""Searches and periods in words."""

from __future__ import annotations

import pytest

from bot.core.gallery_page import Listing, period_in, search_in
from bot.languages import language
from generator.request import RequestError
from storage.gallery import ANYTHING, Search


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ANYTHING),
        ("please", ANYTHING),
        ("jig D", Search(rhythm="jig", key="D")),
        ("slip jig in d minor", Search(rhythm="slip jig", key="Dm")),
        ("Ador", Search(key="Ador")),
        ("dorian", Search(key="dorian")),
        ("ein Walzer in G-Dur", Search(rhythm="waltz", key="G")),
        ("the Kesh jig", Search(title="Kesh", rhythm="jig")),
        ("kesh, mountain!", Search(title="kesh mountain")),
        ("“The Jig of Slurs”", Search(title="The Jig of Slurs")),
    ],
)
def test_words_describe_a_search(typed: str, found: Search) -> None:
    assert search_in(typed) == found


def test_too_many_words_of_a_title_are_refused() -> None:
    with pytest.raises(RequestError, match="at most 28 characters"):
        search_in("abcdefghij " * 10)


@pytest.mark.parametrize(
    ("typed", "code", "listing"),
    [
        ("", "en", Listing.WEEK),
        ("week", "en", Listing.WEEK),
        (" Month ", "en", Listing.MONTH),
        ("all time", "en", Listing.EVER),
        ("ever", "de", Listing.EVER),
        ("monat", "de", Listing.MONTH),
        ("monat", "en", Listing.WEEK),
    ],
)
def test_a_period_has_names_in_english_and_the_persons_language(typed: str, code: str, listing: Listing) -> None:
    assert period_in(typed, language(code)) is listing
