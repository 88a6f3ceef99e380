"""Titles: the same for the same tune; every shipped title is new, inoffensive, well-formed and fits its rhythm."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from generator.composer.novelty import FILE
from generator.composer.titles import SHIPPED, Titles, load, save, shipped_titles, title_for
from generator.composer.weights import WeightsError
from generator.notation.metres import RHYTHMS
from training.corpus.sources import tunes
from training.titles.blocklist import is_offensive
from training.titles.dataset import known_titles, training_titles
from training.titles.title_filter import TitleFilter, comparison_key, is_malformed, names_another_rhythm

DATA = Path("data/corpus")


@pytest.fixture(scope="module")
def titles() -> list[tuple[str, str]]:
    """Rhythm and title of all shipped titles."""
    return [(rhythm, title) for rhythm, listed in shipped_titles().items() for title in listed]


def test_there_are_many_titles_for_each_rhythm_and_for_any() -> None:
    assert list(shipped_titles()) == ["", *RHYTHMS]
    assert min(map(len, shipped_titles().values())) > 1_000


def test_no_two_titles_are_alike(titles: list[tuple[str, str]]) -> None:
    assert len({comparison_key(title) for _, title in titles}) == len(titles)


def test_titles_look_like_titles(titles: list[tuple[str, str]]) -> None:
    for _, title in titles:
        assert re.fullmatch(r"[A-ZÁÉÍÓÚ'][a-zA-Záéíóú' -]{5,39}", title), title
        assert 2 <= len(title.split()) <= 6
        assert all(word[0].isupper() or word[0] == "'" for word in (title.split()[0], title.split()[-1])), title
        assert title.split()[-1] not in ("The", "Of", "And", "A"), title


def test_no_title_is_malformed_or_offensive_or_names_another_rhythm(titles: list[tuple[str, str]]) -> None:
    for rhythm, title in titles:
        assert not is_malformed(title.lower()), title
        assert not is_offensive(title)  # a plain assert would print the title
        assert not names_another_rhythm(title.lower(), rhythm), title


def test_no_title_is_in_the_corpus(titles: list[tuple[str, str]]) -> None:
    with np.load(SHIPPED.with_name(FILE)) as file:
        corpus = bytes(file["titles"]).decode().split("\n")
    rules = TitleFilter.of([], map(comparison_key, filter(None, corpus)))
    assert rules.is_known("the kesh jig")
    assert not [title for _, title in titles if rules.is_known(title)]


@pytest.mark.skipif(not (DATA / "irish.abc").exists(), reason="irish.abc is not here: tunesmith corpus fetches it")
def test_every_title_keeps_the_rules_of_all_collections(titles: list[tuple[str, str]]) -> None:
    raw = list(tunes(DATA))
    rules = TitleFilter.of([title for _, title in training_titles(raw)], known_titles(raw))
    for rhythm, title in titles:
        assert rules.rejection_reason(title.lower(), rhythm) is None, title


def test_some_titles_name_their_rhythm(titles: list[tuple[str, str]]) -> None:
    """Some titles of hornpipes contain Hornpipe, and those of no other rhythm do."""
    named = [rhythm for rhythm, title in titles if "Hornpipe" in title]
    assert set(named) == {"hornpipe"}
    assert len(named) > len(shipped_titles()["hornpipe"]) / 20


def test_a_title_depends_on_the_seed_and_the_notes() -> None:
    assert title_for("reel", 7, ["a", "b"]) == title_for("reel", 7, ("a", "b"))
    assert len({title_for("reel", seed, [note]) for seed in range(4) for note in "ab"}) > 4


def test_a_tune_gets_one_of_all_the_titles_of_its_rhythm() -> None:
    few = shipped_titles()["waltz"]
    drawn = [title_for("waltz", seed, ["a"]) for seed in range(3_000)]
    assert set(drawn) <= set(few)
    expected = len(few) * (1 - (1 - 1 / len(few)) ** 3_000)  # for uniform draws
    assert abs(len(set(drawn)) - expected) < 0.05 * expected


def test_a_rhythm_without_titles_uses_those_for_any() -> None:
    assert title_for("tango", 1, []) in shipped_titles()[""]


def test_the_file_is_small() -> None:
    assert SHIPPED.stat().st_size < 1_500_000


def test_saved_titles_are_the_same_after_loading(tmp_path: Path) -> None:
    titles: Titles = {"": ["An Cailín Óg", "The Lamp"], "slip jig": ["Kitty's Slip Jig"]}
    save(titles, tmp_path / "new" / "titles.txt.gz")
    assert load(tmp_path / "new" / "titles.txt.gz") == titles


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x1f\x8b no archive",
        SHIPPED.read_bytes()[:2_000],
        SHIPPED.read_bytes()[:2_000] + bytes(2_000),
        gzip.compress(b"reel\tThe Lamp\n"),
        gzip.compress(b"The Lamp\n"),
        gzip.compress(b"\xff\n"),
    ],
    ids=["empty", "no archive", "cut off", "overwritten", "none for any tune", "no rhythm", "no text"],
)
def test_a_broken_file_raises_an_error_with_advice(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "titles.txt.gz").write_bytes(content)
    with pytest.raises(WeightsError, match=r"cannot be read .* Restore them with git"):
        load(tmp_path / "titles.txt.gz")


def test_a_missing_file_raises_an_error_with_advice(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot be read .* Restore them with git"):
        load(tmp_path / "titles.txt.gz")
