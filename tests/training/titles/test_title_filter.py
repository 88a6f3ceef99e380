"""The title filter: well-formed, built like the training titles, matching the rhythm, not offensive, and new."""

import codecs

import pytest

from training.titles.title_filter import (
    TitleFilter,
    comparison_key,
    is_malformed,
    learn_patterns,
    names_another_rhythm,
    patterns_of,
    to_title_case,
    word_pairs,
)

KNOWN = (
    "The Blackbird", "The Kesh Jig", "Drowsy Maggie", "Cooley's Reel", "The Humours of Tulla", "An Buachaill Dreoite",
    "Harvest Home", "The Hunt",
)  # fmt: skip
TRAINING_TITLES = (
    "the morning star", "the morning dew", "the morning hill", "the evening lamp", "the mountain lamp", "the maid of cork",
    "kitty's reel", "kitty's jig",
)  # fmt: skip


@pytest.fixture(scope="module")
def title_filter() -> TitleFilter:
    return TitleFilter.of(TRAINING_TITLES, map(comparison_key, KNOWN))


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("the maid of the", "malformed"),
        ("kitty's jig", "another rhythm"),
        ("the maid of the hill", "unknown pattern"),
        ("the evening star", "unknown word pair"),  # “evening” stands beside one word only
        ("the morning lamp", None),
        ("the maid of cork", None),
        ("kitty's reel", None),
    ],
)
def test_a_rejection_names_its_reason(title_filter: TitleFilter, title: str, reason: str | None) -> None:
    assert title_filter.rejection_reason(title, "reel") == reason


def test_offensive_and_known_titles_are_rejected_even_if_well_formed() -> None:
    planted = f"the {codecs.decode('fyhg', 'rot13')} of cork"
    title_filter = TitleFilter.of(["the maid of cork", planted], [comparison_key("The Maids of Cork")])
    assert title_filter.rejection_reason(planted, "") == "offensive"
    assert title_filter.rejection_reason("the maid of cork", "") == "known"


def test_words_with_enough_distinct_neighbours_are_accepted_beside_new_ones() -> None:
    found = learn_patterns(["the morning star", "the morning dew", "morning air", "evening star"])
    assert {"morning *", "* star", "morning dew", "the morning -", "< the - - >"} <= found
    assert not {"evening *", "* dew", "evening dew"} & found


@pytest.mark.parametrize(
    "title",
    [
        "The Blackbird",
        "blackbird, the",
        "THE BLACKBIRDS",
        "Blackbird Hornpipe",
        "The Kesh",
        "Kesh Jig",
        "Drowsey Maggie",
        "Cooley's Reel",
        "Coolley's Reel",
        "The Humors of Tulla",
        "An Buachaill Dreóite",
        "Harvest   Home",
        "The Hunt",
    ],
)
def test_a_known_title_is_recognized_in_any_spelling(title_filter: TitleFilter, title: str) -> None:
    assert title_filter.is_known(title)


@pytest.mark.parametrize("title", ["The Lamp in the Orchard", "Nancy's Umbrella", "The Blackbird of Ennis"])
def test_a_new_title_is_not_known(title_filter: TitleFilter, title: str) -> None:
    assert not title_filter.is_known(title)


@pytest.mark.parametrize(
    ("title", "rhythm", "other"),
    [
        ("kitty's reel", "reel", False),
        ("kitty's reel", "jig", True),
        ("kitty's reel", "", True),
        ("kitty's jig", "slip jig", True),
        ("kitty's slip jig", "jig", True),
        ("kitty's slip jig", "slip jig", False),
        ("the jig of slurs", "reel", True),
        ("two waltzes", "waltz", False),
        ("the cork minuet", "waltz", True),
        ("the highland lass", "reel", False),
        ("the donegal highland", "reel", True),
        ("the donegal highland", "strathspey", False),
        ("the fairy dance", "reel", False),
        ("the marches of ennis", "jig", True),
    ],
)
def test_a_title_that_names_another_rhythm_is_recognized(title: str, rhythm: str, other: bool) -> None:
    assert names_another_rhythm(title, rhythm) is other


@pytest.mark.parametrize(
    "title",
    [
        "abc",
        "blackbird",
        "the maid of the",
        "of the maid",
        "the the maid",
        "the maid  of cork",
        "the maid of cork ",
        "the maid 'of' 'cork-",
        "the maid- of cork",
        "the m of cork",
        "the maid of cork (2)",
        "the maid of cork and the lass of kerry",
        "a maid in a house in a wood",
        "the maid of and cork",
    ],
)
def test_a_malformed_title_is_recognized(title: str) -> None:
    assert is_malformed(title)


@pytest.mark.parametrize(
    "title", ["the maid of cork", "o'neill's fancy", "the boys' delight", "'twas on a monday", "the new-mown hay"]
)
def test_a_well_formed_title_is_accepted(title: str) -> None:
    assert not is_malformed(title)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("the humours of o'neill", "The Humours of O'Neill"),
        ("mcleod's favourite", "McLeod's Favourite"),
        ("'twas on a sunday", "'Twas on a Sunday"),
        ("the new-mown hay", "The New-Mown Hay"),
        ("what are you up to", "What Are You up To"),
        ("an buachaill na mbo", "An Buachaill na Mbo"),
    ],
)
def test_title_case(title: str, expected: str) -> None:
    assert to_title_case(title) == expected


def test_titles_are_compared_without_case_accents_and_articles() -> None:
    assert comparison_key("The Humors of  O'Neill — Réel!") == comparison_key("humours of oneill") == "humoursofoneill"
    assert comparison_key("Sea & Sand") == comparison_key("A Sea and Sand")


def test_patterns_and_word_pairs_of_a_title() -> None:
    assert patterns_of("the merry maid of cork's hill") == [
        "< the old",
        "the merry -",
        "old maid of",
        "- of 's",
        "of cork's -",
        "'s hill >",
        "< the old - of 's - >",
    ]
    assert word_pairs("the morning star's light") == [("morning", "star")]
