"""Training: a very small run from tunes to shipped weights, stopped and gone on with."""

import csv
import json
import math
import shutil
from dataclasses import replace

import keras
import numpy as np
import pytest

from generator.composer.measures import pitches
from generator.composer.model import ModelConfig, build
from generator.composer.novelty import Closest, Novelty
from generator.composer.ranking import Judge
from generator.composer.weights import load_weights
from generator.notation.reader import read
from generator.notation.tokens import VOCABULARY, encode
from tests.training.tunes import melody, text
from training.baselines.forms import bits_per_note, form, judge_of
from training.config import TrainConfig
from training.corpus.corpus import Corpus, Entry, score_of
from training.train import ship, train

CONFIG = TrainConfig(
    name="tiny",
    model=ModelConfig(units=8, layers=1, embedding=8, feature_width=4, dropout=0.0),
    batch=4,
    epochs=2,
    mixed_precision=False,
)


@pytest.fixture(autouse=True)
def policy():
    yield
    keras.mixed_precision.set_global_policy("float32")


@pytest.fixture(scope="module")
def corpus():
    sides = ["train"] * 8 + ["validation"] * 2 + ["test"] * 2
    entries = [
        Entry(f"book:{seed}", "x", "jig", "D", "6/8", f"book:{seed}", side, encode(read(text(melody(seed, 4)))))
        for seed, side in enumerate(sides)
    ]
    return Corpus(entries)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory, corpus):
    """A run that was stopped after its first epoch."""
    run = tmp_path_factory.mktemp("stopped") / "run"
    train(replace(CONFIG, epochs=1), corpus, run, verbose=0)
    return run


def log(run) -> list[dict[str, str]]:
    with (run / "log.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_run_leaves_weights_log_and_a_card_of_finite_figures(tmp_path, corpus):
    model = train(CONFIG, corpus, tmp_path / "run", verbose=0)
    rows = log(tmp_path / "run")
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert all(math.isfinite(float(row[name])) for row in rows for name in ("loss", "val_loss", "val_accuracy", "tokens_per_s"))
    assert json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))["epochs"] == 2
    assert list((tmp_path / "run" / "tensorboard").rglob("events*"))
    saved = build(CONFIG.model)
    saved.load_weights(tmp_path / "run" / "finished.weights.h5")
    assert all(np.array_equal(a, b) for a, b in zip(saved.get_weights(), model.get_weights(), strict=True))

    card = ship(CONFIG, model, corpus, tmp_path / "run", tmp_path / "weights")
    weights = load_weights(tmp_path / "weights")
    assert weights.card["name"] == card["name"] == "tiny"
    assert weights.card["loss"] == card["loss"]
    assert all(math.isfinite(value) and value > 0 for name, value in card["loss"].items() if name != "validation_accuracy")
    assert card["parameters"] == sum(array.size for array in weights.arrays.values())
    assert card["training"]["epochs_run"] == 2
    assert card["training"]["steps_an_epoch"] == 2
    best = min(rows, key=lambda row: float(row["val_loss"]))
    assert card["training"]["best_epoch"] == int(best["epoch"]) + 1
    assert card["data"]["split"] == {"train": 8, "validation": 2, "test": 2}

    known, judge = Novelty.load(tmp_path / "weights" / "novelty.npz"), Judge.load(tmp_path / "weights" / "ranking.json")
    for entry in corpus.entries:  # of whatever side of the split
        score = score_of(entry)
        (closest,) = known.closest([pitches(score)])
        assert closest == Closest("x", len(pitches(score)))
        assert math.isfinite(judge.scores(score, 7.0, closest)["total"])


def test_a_model_of_one_collection_learns_from_it_alone_and_copies_nothing_of_the_others(tmp_path, corpus):
    others = [replace(entry, id=f"other:{at}", title="y") for at, entry in enumerate(corpus.entries[:6])]
    mixed = Corpus([*others, *corpus.entries[6:]])
    config = replace(CONFIG, epochs=1, collections=("book",))
    model = train(config, mixed, tmp_path / "run", verbose=0)
    card = ship(config, model, mixed, tmp_path / "run", tmp_path / "weights")
    assert card["data"]["split"] == {"train": 2, "validation": 2, "test": 2}
    assert card["training"]["collections"] == ("book",)
    known = Novelty.load(tmp_path / "weights" / "novelty.npz")
    assert [near.title for near in known.closest([pitches(score_of(entry)) for entry in mixed.entries])] == ["y"] * 6 + ["x"] * 6


def test_a_run_that_was_stopped_goes_on_from_there(tmp_path, corpus, stopped):
    run = shutil.copytree(stopped, tmp_path / "run")
    (first,) = log(run)
    train(replace(CONFIG, learning_rate=1e-9, weight_decay=0.0), corpus, run, verbose=0)  # so small a step changes nothing
    rows = log(run)
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert rows[0] == first
    assert float(rows[1]["val_loss"]) == pytest.approx(float(first["val_loss"]), rel=1e-4)
    assert float(rows[1]["loss"]) < float(first["loss"])


def test_a_run_that_goes_on_keeps_its_best_weights_when_it_gets_no_better(tmp_path, corpus, stopped):
    run = shutil.copytree(stopped, tmp_path / "run")
    with np.load(run / "last.npz") as file:
        state = dict(file)
    past = json.loads(str(state["past"]))
    past["best"] = 0.0001  # as if the first epoch had been very good
    np.savez(run / "last.npz", **{**state, "past": np.array(json.dumps(past))})
    before = (run / "best.weights.h5").read_bytes()
    train(CONFIG, corpus, run, verbose=0)
    assert len(log(run)) == 2
    assert (run / "best.weights.h5").read_bytes() == before


def test_training_brings_the_loss_down_in_half_precision(tmp_path, corpus):
    train(replace(CONFIG, epochs=5, learning_rate=0.03, mixed_precision=True), corpus, tmp_path / "run", verbose=0)
    losses = [float(row["loss"]) for row in log(tmp_path / "run")]
    assert losses[-1] < 0.9 * losses[0]


def test_bits_per_note_of_a_model_that_knows_nothing(corpus):
    model = build(CONFIG.model)
    model.set_weights([np.zeros_like(value) for value in model.get_weights()])
    spelling = form("tunesmith", ())
    tokens = sum(len(entry.tokens) - 4 for entry in corpus.entries)
    notes = sum(spelling.example(entry).notes for entry in corpus.entries)
    assert bits_per_note(spelling, corpus.entries, judge_of(model, batch=5)) == pytest.approx(
        math.log2(len(VOCABULARY)) * tokens / notes, rel=1e-5
    )


def test_a_file_overrides_what_it_names(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('name = "x"\nepochs = 3\n[model]\nunits = 5\n', encoding="utf-8")
    assert TrainConfig.load(path) == TrainConfig(name="x", epochs=3, model=ModelConfig(units=5))


@pytest.mark.parametrize(
    ("content", "name"), [("epoch = 3\n", "epoch"), ("[model]\nunit = 3\n", "unit"), ("[modell]\nunits = 3\n", "modell")]
)
def test_names_that_do_not_exist_are_refused(tmp_path, content, name):
    path = tmp_path / "x.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"sets {name}, which does not exist"):
        TrainConfig.load(path)


def test_the_configurations_in_the_tree_load():
    from training import train as module

    paths = sorted(module.Path(module.__file__).with_name("configs").glob("*.toml"))
    assert {TrainConfig.load(path).name for path in paths} >= {"folk_rnn", "mit_lab", "small"}


@pytest.mark.parametrize("other", ["corpus", "model"])
def test_a_run_is_not_gone_on_with_as_another(tmp_path, corpus, stopped, other):
    run = tmp_path / "run"
    shutil.copytree(stopped, run)
    config = replace(CONFIG, model=replace(CONFIG.model, units=16)) if other == "model" else CONFIG
    tunes = Corpus(corpus.entries[1:]) if other == "corpus" else corpus
    with pytest.raises(ValueError, match=f"another {other}"):
        train(config, tunes, run, verbose=0)
