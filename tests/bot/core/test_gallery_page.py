"""Searches and periods in words."""

from __future__ import annotations

import pytest

from bot.core.gallery_page import period_named, search_in
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
    ("typed", "code", "period"),
    [
        ("", "en", None),
        ("week", "en", "week"),
        (" Month ", "en", "month"),
        ("all time", "en", "ever"),
        ("ever", "de", "ever"),
        ("monat", "de", "month"),
        ("monat", "en", None),
    ],
)
def test_a_period_has_names_in_english_and_the_persons_language(typed: str, code: str, period: str | None) -> None:
    assert period_named(typed, language(code)) == period
