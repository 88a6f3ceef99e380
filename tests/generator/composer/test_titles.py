"""Titles: new, clean, well-formed, of the right rhythm, the same for the same seed; and the words that none of them holds."""

import codecs
import re
from itertools import islice

import numpy as np
import pytest

from generator.composer import titles as module
from generator.composer.title_rules import cased, ill_formed, joints, letters, names_other_rhythm, shape
from generator.composer.titles import DRAWS, LONGEST, ROUNDS, SHIPPED, Titles, shipped, title_for
from generator.composer.unfit import unfit
from generator.composer.weights import WeightsError
from generator.notation.metres import RHYTHMS

EACH = 182  # for ten rhythms and the open one: 2,000 in all
# Not to be read by accident; see generator/composer/unfit.py.
ROOT, WORD, INSULT = (codecs.decode(word, "rot13") for word in ("shpx", "pbpx", "pbba"))


@pytest.fixture(scope="module")
def proposals() -> list[tuple[str, str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "DRAWS", 64)  # many at a time cost less each
        patch.setattr(module, "ROUNDS", 200)
        return [
            (rhythm, title)
            for place, rhythm in enumerate(("", *RHYTHMS))
            for title in islice(shipped().proposals(rhythm, np.random.default_rng(place)), EACH)
        ]


def test_two_thousand_titles_keep_every_rule(proposals):
    assert len(proposals) >= 2_000
    for rhythm, title in proposals:
        assert shipped().refusal(title.lower(), rhythm) is None, title


def test_two_thousand_titles_look_like_titles(proposals):
    for _, title in proposals:
        assert re.fullmatch(r"[A-ZÁÉÍÓÚ'][a-zA-Záéíóú' -]{5,39}", title), title
        assert 2 <= len(title.split()) <= 6
        assert all(word[0].isupper() or word[0] == "'" for word in (title.split()[0], title.split()[-1])), title
        assert title.split()[-1] not in ("The", "Of", "And", "A"), title


def test_a_title_is_nearly_always_found():
    found = [shipped().propose(rhythm, np.random.default_rng(seed)) for rhythm in ("", *RHYTHMS) for seed in range(5)]
    assert all(found)


def test_titles_are_seldom_the_same(proposals):
    assert len({title for _, title in proposals}) > 0.6 * len(proposals)


def test_a_rhythm_is_heard_in_the_titles(proposals):
    """A share of the hornpipes is called Hornpipe, and no other tune is."""
    hornpipes = [title for rhythm, title in proposals if rhythm == "hornpipe"]
    assert sum("Hornpipe" in title for title in hornpipes) > EACH / 20
    assert not [title for rhythm, title in proposals if rhythm != "hornpipe" and "Hornpipe" in title]


def test_the_same_generator_gives_the_same_title():
    first, second = (Titles().propose("jig", np.random.default_rng(7)) for _ in range(2))
    assert first == second
    assert len({shipped().propose("jig", np.random.default_rng(seed)) for seed in range(20)}) > 10


def test_a_tunes_title_follows_from_its_seed_and_notes():
    assert title_for("reel", 7, ["a", "b"]) == title_for("reel", 7, ("a", "b"))
    assert len({title_for("reel", seed, [note]) for seed in range(4) for note in "ab"}) > 4


def test_a_rhythm_that_the_model_does_not_know_is_left_open():
    assert shipped().propose("tango", np.random.default_rng(1))


def test_nothing_is_proposed_when_every_draw_is_refused(monkeypatch):
    titles, drawn = Titles(), []
    monkeypatch.setattr(titles, "draw", lambda *_: drawn.append(1) or ["the of the"] * DRAWS)
    assert titles.propose("reel", np.random.default_rng(1)) == ""
    assert len(drawn) == ROUNDS


def test_draws_end():
    for title in shipped().draw("air", np.random.default_rng(3)):
        assert len(title) <= LONGEST + 1


def test_the_file_is_small():
    assert SHIPPED.stat().st_size < 1_000_000


def test_a_broken_file_is_told_in_a_sentence(tmp_path):
    for content in (b"", b"PK\x03\x04 no archive", SHIPPED.read_bytes()[:2_000]):
        (tmp_path / "titles.npz").write_bytes(content)
        with pytest.raises(WeightsError, match=r"cannot be read .* Restore them with git"):
            Titles(tmp_path / "titles.npz")


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
def test_a_known_title_is_known_however_it_is_written(title):
    assert shipped().is_known(title)


@pytest.mark.parametrize("title", ["The Lamp in the Orchard", "Nancy's Umbrella", "The Blackbird of Ennis"])
def test_a_new_title_is_new(title):
    assert not shipped().is_known(title)


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


def planted() -> list[str]:
    spaced = " ".join(ROOT)
    leet = ROOT.replace("u", "ü").upper()
    return [
        f"The {ROOT} of Cork",
        f"The {ROOT}ing Piper",
        f"The {leet} of Cork",
        f"The {spaced} of Cork",
        f"The {'.'.join(ROOT)} of Cork",
        f"The {ROOT[0]}{ROOT[1] * 4}{ROOT[2:]} of Cork",
        f"Kiss{ROOT}oo",
        f"The Roof {ROOT[1:]}er",  # over the joint
        f"The {WORD}",
        f"The {WORD}s' Fancy",
        f"The {WORD[:2]} {WORD[2:]} of Cork",
        f"The {WORD.replace('o', '0')}",
        f"The {' '.join(WORD)}",
        f"Old Zip {INSULT}",
        f"The {INSULT.replace('o', '0')}s",
        f"Zip-{INSULT}'s Reel",
        "Jim Crow's Reel",
        "Jump, Jim Crow",
        "Uncle Tom's Best",
        "The Black Girl",
        "The Dark Maid of the Glen",
        "Yellow Women",
    ]


@pytest.mark.parametrize("text", planted(), ids=range(len(planted())))
def test_a_word_that_no_title_holds_is_found_however_it_is_spelt(text):
    assert unfit(text)


@pytest.mark.parametrize(
    "text",
    [
        "The Peacock's Feather",
        "Woodcock Hill",
        "The Cuckoo's Nest",
        "Essex Wedding",
        "The Dark Haired Lass",
        "The Black Horse",
        "The White Cockade",
        "The Grapes of Cassel",
        "Paddy's Return",
        "The Rakes of Mallow",
        "Cooney's Polka",
        "Lannigan's Barn",
        "Derwentwater's Farewell",
    ],
)
def test_harmless_words_are_let_through(text):
    assert not unfit(text)
