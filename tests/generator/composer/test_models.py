"""The models of a machine: found in folders, selected by name, loaded when they are needed."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from generator.composer import models as composer_models
from generator.composer.composer import Composer
from generator.composer.models import Models, folders
from generator.composer.weights import SHIPPED, Weights, WeightsError, amend_card, load_weights
from generator.request import MAX_MODEL_CHARACTERS, TuneRequest
from tests.generator.composer.untrained import untrained

REQUEST = TuneRequest.check(seed=4, rhythm="jig", key="D", candidates=1)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three readable models and one that is not."""
    root = tmp_path_factory.mktemp("models")
    for seed, name in enumerate(["Default_1", "zither", "airs"]):
        untrained(root / name, seed=seed)
        amend_card(root / name, {"name": name, "description": f"What {name} is."})
    (root / "broken").mkdir()
    (root / "broken" / "card.json").write_text("{", encoding="utf-8")
    (root / "no model").mkdir()
    return root


@pytest.fixture(scope="module")
def models(tree: Path) -> Iterator[Models]:
    models = Models([tree / "Default_1", *(card.parent for card in sorted(tree.glob("*/card.json")))], slots=2)
    yield models
    models.close()


def test_models_are_found_by_the_names_in_their_cards(models: Models) -> None:
    assert models.default == "default-1"
    assert models.names == ["default-1", "airs", "zither"]
    assert models.descriptions["airs"] == "What airs is."
    [sentence] = models.unreadable
    assert "broken" in sentence and sentence.endswith(".")


def test_each_model_has_a_composer_and_unknown_names_use_the_default(models: Models) -> None:
    airs, default = models.composer("airs"), models.composer()
    assert (airs.model, default.model) == ("airs", "Default_1")
    assert models.composer("airs") is airs
    assert models.composer("gone") is models.composer("default-1") is default
    requests = [replace(REQUEST, seed=seed) for seed in range(5)]  # of networks that have learnt nothing one tune may be the same
    assert [tune.tokens for tune in airs.compose(requests)] != [tune.tokens for tune in default.compose(requests)]


def test_a_model_is_loaded_when_it_is_first_needed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(folder: Path) -> None:
        raise AssertionError(f"{folder} was loaded")

    monkeypatch.setattr(composer_models, "load_weights", load)
    with pytest.raises(AssertionError, match="zither"):
        Models([tree / "zither", tree / "airs"]).composer()


def test_the_first_of_two_models_with_the_same_name_is_used(tree: Path, tmp_path: Path) -> None:
    untrained(tmp_path / "other")
    amend_card(tmp_path / "other", {"name": "AIRS"})
    models = Models([tree / "Default_1", tmp_path / "other", tree / "airs"])
    assert models.names == ["default-1", "airs"]
    assert models.descriptions["airs"] == ""


def test_the_default_model_must_be_readable(tree: Path) -> None:
    with pytest.raises(WeightsError, match="broken"):
        Models([tree / "broken", tree / "airs"])


def test_folders_are_those_of_the_settings_and_the_shipped_ones(tree: Path) -> None:
    assert next(folders(None, None)) == SHIPPED
    found = list(folders(tree / "zither", tree))
    assert found[:2] == [tree / "zither", SHIPPED]
    assert found[-4:] == [tree / "Default_1", tree / "airs", tree / "broken", tree / "zither"]
    assert list(folders(None, tree / "nowhere")) == list(folders(None, None))


def test_the_shipped_models_have_different_names_and_descriptions() -> None:
    models = Models(folders(None, None))
    assert (models.names, models.unreadable) == (["tunesmith-8", "aird-1"], [])
    assert len(set(models.descriptions.values())) == 2 and all(models.descriptions.values())


@pytest.mark.parametrize("broken", ["missing", "cut off"])
def test_a_model_without_readable_weights_is_skipped(tree: Path, tmp_path: Path, broken: str) -> None:
    folder = Path(shutil.copytree(tree / "airs", tmp_path / "airs"))
    weights = (folder / "weights.npz").read_bytes()
    (folder / "weights.npz").unlink()
    if broken == "cut off":
        (folder / "weights.npz").write_bytes(weights[: len(weights) // 2])
    models = Models([tree / "Default_1", folder])
    assert models.names == ["default-1"]
    assert str(folder) in models.unreadable[0]


def test_a_name_without_latin_letters_is_replaced_by_the_folders_name(tree: Path, tmp_path: Path) -> None:
    for folder in ("Ancient Airs", "古曲"):
        untrained(tmp_path / folder)
        amend_card(tmp_path / folder, {"name": "古曲"})
    models = Models([tree / "Default_1", tmp_path / "Ancient Airs", tmp_path / "古曲"])
    assert models.names[:2] == ["default-1", "ancient-airs"]
    assert all(models.names)
    assert models.composer().model == "Default_1"
    models.close()


def test_a_replaced_name_selects_its_model(tree: Path, tmp_path: Path) -> None:
    untrained(tmp_path)
    amend_card(tmp_path, {"name": "a" * (MAX_MODEL_CHARACTERS - 1) + " 2"})
    [_, name] = Models([tree / "Default_1", tmp_path]).names
    assert TuneRequest.check(model=name).model == name


def test_closing_waits_for_a_model_that_is_being_loaded_and_allows_no_other(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = Models([tree / "Default_1", tree / "airs"], slots=1)
    loading, go_on = threading.Event(), threading.Event()

    def load(folder: Path) -> Weights:
        loading.set()
        assert go_on.wait(30)
        return load_weights(folder)

    monkeypatch.setattr(composer_models, "load_weights", load)
    closed: list[str] = []
    close = Composer.close

    def note(composer: Composer) -> None:
        closed.append(composer.model)
        close(composer)

    monkeypatch.setattr(Composer, "close", note)
    with ThreadPoolExecutor(2) as threads:
        composer = threads.submit(models.composer, "airs")
        assert loading.wait(30)
        closing = threads.submit(models.close)
        with pytest.raises(TimeoutError):
            closing.result(0.2)
        go_on.set()
        composer.result(30)
        closing.result(30)
    assert closed == ["airs"]
    with pytest.raises(RuntimeError):
        models.composer()
