"""Training a very small model: from tunes to exported weights, interrupted and resumed."""

import csv
import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from generator.composer.features import INPUTS
from generator.composer.measures import pitches
from generator.composer.model import ModelConfig, build
from generator.composer.novelty import Closest, Novelty
from generator.composer.ranking import Critic
from generator.composer.weights import load_weights
from generator.notation.reader import read
from generator.notation.tokens import VOCABULARY, encode
from tests.training.tiny import COLUMNS
from tests.training.tunes import melody, text
from training.baselines.tokenizers import make_tokenizer
from training.config import TrainConfig
from training.corpus.corpus import Corpus, Entry, Split, score_of
from training.export import export_model
from training.likelihood import bits_per_note, token_bits_of
from training.train import train

CONFIG = TrainConfig(
    name="tiny",
    model=ModelConfig(units=8, layers=1, embedding=8, feature_width=4, dropout=0.0, columns=COLUMNS),
    batch_size=4,
    epochs=2,
    precision="float32",
)


@pytest.fixture(autouse=True)
def policy() -> Iterator[None]:
    yield
    keras.mixed_precision.set_global_policy("float32")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    splits: tuple[Split, ...] = ("train",) * 8 + ("validation",) * 2 + ("test",) * 2
    entries = [
        Entry(f"book:{seed}", "x", "jig", "D", "6/8", f"book:{seed}", split, encode(read(text(melody(seed, 4)))))
        for seed, split in enumerate(splits)
    ]
    return Corpus(entries)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory, corpus: Corpus, without_curves: None) -> Path:
    """A run interrupted after its first epoch."""
    run = tmp_path_factory.mktemp("interrupted") / "run"
    train(replace(CONFIG, epochs=1), corpus, run, verbose=0)
    return run


def log(run: Path) -> list[dict[str, str]]:
    with (run / "log.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_run_leaves_weights_log_and_a_card_with_finite_figures(tmp_path: Path, corpus: Corpus) -> None:
    config = replace(CONFIG, model=replace(CONFIG.model, columns=tuple(INPUTS)))
    model = train(config, corpus, tmp_path / "run", verbose=0)
    rows = log(tmp_path / "run")
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert all(math.isfinite(float(row[name])) for row in rows for name in ("loss", "val_loss", "val_accuracy", "tokens_per_s"))
    assert json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))["epochs"] == 2
    assert list((tmp_path / "run" / "tensorboard").rglob("events*"))
    saved = build(config.model)
    saved.load_weights(tmp_path / "run" / "final.weights.h5")
    assert all(np.array_equal(a, b) for a, b in zip(saved.get_weights(), model.get_weights(), strict=True))

    card = export_model(config, model, corpus, tmp_path / "run", tmp_path / "weights")
    weights = load_weights(tmp_path / "weights")
    assert weights.card["name"] == card["name"] == "tiny"
    assert weights.card["loss"] == card["loss"]
    assert all(math.isfinite(value) and value > 0 for name, value in card["loss"].items() if name != "validation_accuracy")
    assert card["parameters"] == sum(array.size for array in weights.arrays.values())
    assert card["training"]["epochs_run"] == 2
    assert card["training"]["steps_per_epoch"] == 2
    best = min(rows, key=lambda row: float(row["val_loss"]))
    assert card["training"]["best_epoch"] == int(best["epoch"]) + 1
    assert card["data"]["split"] == {"train": 8, "validation": 2, "test": 2}

    known, critic = Novelty.load(tmp_path / "weights" / "novelty.npz"), Critic.load(tmp_path / "weights" / "ranking.json")
    for entry in corpus.entries:  # in whatever split
        score = score_of(entry)
        (closest,) = known.closest([pitches(score)])
        assert closest == Closest("x", len(pitches(score)))
        assert math.isfinite(critic.scores(score, 7.0, closest)["total"])


@pytest.mark.usefixtures("without_curves")
def test_a_model_of_one_collection_trains_on_it_and_knows_the_tunes_of_all(tmp_path: Path, corpus: Corpus) -> None:
    others = [replace(entry, id=f"other:{number}", title="y") for number, entry in enumerate(corpus.entries[:6])]
    mixed = Corpus([*others, *corpus.entries[6:]])
    config = replace(CONFIG, epochs=1, collections=("book",))
    model = train(config, mixed, tmp_path / "run", verbose=0)
    card = export_model(config, model, mixed, tmp_path / "run", tmp_path / "weights")
    assert card["data"]["split"] == {"train": 2, "validation": 2, "test": 2}
    assert card["training"]["collections"] == ("book",)
    known = Novelty.load(tmp_path / "weights" / "novelty.npz")
    assert [near.title for near in known.closest([pitches(score_of(entry)) for entry in mixed.entries])] == ["y"] * 6 + ["x"] * 6


@pytest.mark.usefixtures("without_curves")
def test_an_interrupted_run_is_resumed(tmp_path: Path, corpus: Corpus, interrupted: Path) -> None:
    run = shutil.copytree(interrupted, tmp_path / "run")
    (first,) = log(run)
    train(replace(CONFIG, learning_rate=1e-9, weight_decay=0.0), corpus, run, verbose=0)  # such small steps change nothing
    rows = log(run)
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert rows[0] == first
    assert float(rows[1]["val_loss"]) == pytest.approx(float(first["val_loss"]), rel=1e-4)
    assert float(rows[1]["loss"]) < float(first["loss"])


@pytest.mark.usefixtures("without_curves")
def test_a_resumed_run_keeps_its_best_weights_without_improvement(tmp_path: Path, corpus: Corpus, interrupted: Path) -> None:
    run = shutil.copytree(interrupted, tmp_path / "run")
    with np.load(run / "checkpoint.npz") as file:
        state = dict(file)
    history = json.loads(str(state["history"]))
    history["best_loss"] = 0.0001  # as if the first epoch had been very good
    np.savez(run / "checkpoint.npz", **{**state, "history": np.array(json.dumps(history))})
    before = (run / "best.weights.h5").read_bytes()
    train(CONFIG, corpus, run, verbose=0)
    assert len(log(run)) == 2
    assert (run / "best.weights.h5").read_bytes() == before


@pytest.mark.usefixtures("without_curves")
def test_training_lowers_the_loss_in_mixed_precision(tmp_path: Path, corpus: Corpus) -> None:
    train(replace(CONFIG, epochs=5, learning_rate=0.03, precision="mixed_bfloat16"), corpus, tmp_path / "run", verbose=0)
    losses = [float(row["loss"]) for row in log(tmp_path / "run")]
    assert losses[-1] < 0.9 * losses[0]


def test_bits_per_note_of_an_untrained_model(corpus: Corpus) -> None:
    model = build(CONFIG.model)
    model.set_weights([np.zeros_like(value) for value in model.get_weights()])
    tokenizer = make_tokenizer("tunesmith", ())
    tokens = sum(len(entry.tokens) - 4 for entry in corpus.entries)
    notes = sum(tokenizer.example(entry).notes for entry in corpus.entries)
    assert bits_per_note(tokenizer, corpus.entries, token_bits_of(model, batch_size=5)) == pytest.approx(
        math.log2(len(VOCABULARY)) * tokens / notes, rel=1e-5
    )


@pytest.mark.parametrize("other", ["corpus", "model"])
def test_a_run_is_not_resumed_with_another_corpus_or_model(tmp_path: Path, corpus: Corpus, interrupted: Path, other: str) -> None:
    run = tmp_path / "run"
    shutil.copytree(interrupted, run)
    config = replace(CONFIG, model=replace(CONFIG.model, units=16)) if other == "model" else CONFIG
    tunes = Corpus(corpus.entries[1:]) if other == "corpus" else corpus
    with pytest.raises(ValueError, match=f"another {other}"):
        train(config, tunes, run, verbose=0)
