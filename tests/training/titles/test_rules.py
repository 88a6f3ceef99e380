"""Which titles are good: well-formed, built as those that were learned, of the right rhythm, fit, and new."""

import codecs

import pytest

from training.titles.rules import Rules, cased, ill_formed, joints, letters, names_other_rhythm, shape, shapes

KNOWN = (
    "The Blackbird", "The Kesh Jig", "Drowsy Maggie", "Cooley's Reel", "The Humours of Tulla", "An Buachaill Dreoite",
    "Harvest Home", "The Hunt",
)  # fmt: skip
LEARNED = (
    "the morning star", "the morning dew", "the morning hill", "the evening lamp", "the mountain lamp", "the maid of cork",
    "kitty's reel", "kitty's jig",
)  # fmt: skip


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules.of(LEARNED, map(letters, KNOWN))


@pytest.mark.parametrize(
    ("title", "refusal"),
    [
        ("the maid of the", "ill-formed"),
        ("kitty's jig", "other rhythm"),
        ("the maid of the hill", "ill-shaped"),
        ("the evening star", "ill-matched"),  # “evening” was learned beside one word only
        ("the morning lamp", None),
        ("the maid of cork", None),
        ("kitty's reel", None),
    ],
)
def test_a_refusal_names_the_rule(rules, title, refusal):
    assert rules.refusal(title, "reel") == refusal


def test_unfit_and_known_titles_are_refused_though_all_else_is_right():
    planted = f"the {codecs.decode('fyhg', 'rot13')} of cork"
    rules = Rules.of(["the maid of cork", planted], [letters("The Maids of Cork")])
    assert rules.refusal(planted, "") == "unfit"
    assert rules.refusal("the maid of cork", "") == "known"


def test_words_are_trusted_beside_new_ones_after_enough_neighbours():
    found = shapes(["the morning star", "the morning dew", "morning air", "evening star"])
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
def test_a_known_title_is_known_however_it_is_written(rules, title):
    assert rules.is_known(title)


@pytest.mark.parametrize("title", ["The Lamp in the Orchard", "Nancy's Umbrella", "The Blackbird of Ennis"])
def test_a_new_title_is_new(rules, title):
    assert not rules.is_known(title)


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
def test_a_title_names_no_other_rhythm(title, rhythm, other):
    assert names_other_rhythm(title, rhythm) is other


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
def test_an_ill_formed_title_is_refused(title):
    assert ill_formed(title)


@pytest.mark.parametrize(
    "title", ["the maid of cork", "o'neill's fancy", "the boys' delight", "'twas on a monday", "the new-mown hay"]
)
def test_a_well_formed_title_is_let_through(title):
    assert not ill_formed(title)


@pytest.mark.parametrize(
    ("small", "written"),
    [
        ("the humours of o'neill", "The Humours of O'Neill"),
        ("mcleod's favourite", "McLeod's Favourite"),
        ("'twas on a sunday", "'Twas on a Sunday"),
        ("the new-mown hay", "The New-Mown Hay"),
        ("what are you up to", "What Are You up To"),
        ("an buachaill na mbo", "An Buachaill na Mbo"),
    ],
)
def test_capitals(small, written):
    assert cased(small) == written


def test_titles_are_compared_by_their_letters():
    assert letters("The Humors of  O'Neill — Réel!") == letters("humours of oneill") == "humoursofoneill"
    assert letters("Sea & Sand") == letters("A Sea and Sand")


def test_the_build_of_a_title():
    assert shape("the merry maid of cork's hill") == [
        "< the old",
        "the merry -",
        "old maid of",
        "- of 's",
        "of cork's -",
        "'s hill >",
        "< the old - of 's - >",
    ]
    assert joints("the morning star's light") == [("morning", "star")]
