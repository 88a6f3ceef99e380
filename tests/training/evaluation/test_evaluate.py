"""The whole evaluation with small models and a small corpus: columns, metrics, reproducibility and errors."""

import json
import shutil
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import keras
import pytest
from click.testing import CliRunner

from bot.cli.main import main
from generator.composer.model import ModelConfig, build
from generator.composer.weights import Weights, load_weights
from generator.notation.reader import split_tunes
from tests.generator.composer.untrained import untrained
from tests.training.tunes import melody, raw
from training.baselines.tokenizers import Header, make_tokenizer
from training.corpus.build import build as build_corpus
from training.corpus.corpus import Corpus
from training.evaluation.evaluate import evaluate, model_of_run, model_of_weights
from training.evaluation.metric_labels import METRICS
from training.evaluation.prompts import choose_prompts
from training.evaluation.sampling import sample
from training.evaluation.table import table

pytestmark = pytest.mark.timeout(600)  # a dozen seconds on an idle machine, most of them in TensorFlow

KEYS = ("D", "G", "Em", "Ador")
COUNTS = {"tunes": 4, "seeds": 2, "candidates": 1, "per_rhythm": 0}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    tunes = [raw(melody(seed, 16), key=KEYS[seed % 4], rhythm=("jig", "march", "air")[seed % 3]) for seed in range(120)]
    return build_corpus(tunes)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    untrained(folder)
    return folder


def make_run(folder: Path, corpus: Corpus, tokens: str) -> Path:
    """A run's folder as training leaves it, with an untrained model."""
    keras.mixed_precision.set_global_policy("float32")
    keras.utils.set_random_seed(1)
    vocabulary = len(make_tokenizer(tokens, corpus.split("train")).vocabulary)
    widths: dict[str, Any] = {} if tokens == "tunesmith" else {"feature_width": 0, "recall_width": 0}
    config = ModelConfig(units=16, layers=1, embedding=8, vocabulary=vocabulary, **widths)
    folder.mkdir()
    described = {"name": folder.name, "tokenizer": tokens, "model": asdict(config), "corpus": corpus.manifest()["sha256"]}
    (folder / "config.json").write_text(json.dumps(described), encoding="utf-8")
    build(config).save_weights(folder / "best.weights.h5")
    return folder


def evaluated(corpus: Corpus, out: Path, **choices: Any) -> dict[str, Any]:
    def ignore(message: str) -> None:
        pass

    return evaluate(corpus, out, **(COUNTS | choices), echo=ignore, track=lambda label, items: nullcontext(items))


@pytest.fixture(scope="module")
def found(corpus: Corpus, model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("evaluation")
    baseline = make_run(folder / "folk", corpus, "folk_rnn")
    return evaluated(corpus, folder, model=model, baselines=[baseline], per_rhythm=10), folder


def test_every_column_is_measured(found: tuple[dict[str, Any], Path]) -> None:
    result, _ = found
    assert result["columns"] == ["real", "raw", "grammar", "folk", "n-gram"]
    metrics = result["metrics"]
    # The metric of abc2midi needs the program; the bars of these real tunes don't vary; there are no such rhythms and no judge.
    assert {
        name for name in METRICS if name not in metrics and name.partition("_")[0] not in ("judge", "strathspey", "hornpipe")
    } <= {
        "abc2midi",
        "jsd_bar_rhythm_ratio",
    }
    assert set(metrics) < set(METRICS)
    for name in ("readable", "bars_legal", "key", "rhythm", "run_13", "jsd_interval", "jsd_interval_ratio"):
        assert set(metrics[name]) >= {"real", "grammar"}, name
        assert all(len(metrics[name][column]["per_seed"]) == 2 for column in ("real", "grammar"))
    assert set(metrics["bits_per_note_test"]) == {"raw", "grammar", "folk", "n-gram"}
    assert set(metrics["own_bits_per_token"]) == {"grammar"}
    assert list(result["labels"]) == list(metrics)


def test_metrics_agree_with_the_properties_of_the_tunes(found: tuple[dict[str, Any], Path]) -> None:
    metrics = found[0]["metrics"]

    def mean(measure: str, column: str) -> float:
        return float(metrics[measure][column]["mean"])

    # The real tunes have two parts of eight bars in all keys; only some of their rhythms are dances.
    assert mean("readable", "real") == mean("bars_legal", "real") == 1
    assert mean("bars", "real") == 16
    assert mean("notes", "real") == 96
    assert mean("distinct", "real") == 1
    assert mean("jsd_contour_ratio", "real") == 1
    assert mean("jsd_bar_rhythm", "real") == 0
    assert mean("bars_legal", "grammar") == mean("metre", "grammar") == mean("fiddle", "grammar") == 1
    assert mean("bars_legal", "raw") < 0.5  # an untrained model
    assert mean("jsd_interval", "raw") > 2 * mean("jsd_interval", "real")
    assert mean("bits_per_note_test", "n-gram") < mean("bits_per_note_test", "folk")


def test_the_deviation_is_that_of_the_seeds(found: tuple[dict[str, Any], Path]) -> None:
    cell = found[0]["metrics"]["notes"]["grammar"]
    low, high = sorted(cell["per_seed"])
    assert cell["mean"] == pytest.approx((low + high) / 2)
    assert cell["sd"] == pytest.approx((high - low) / 2**0.5, rel=1e-4)
    assert found[0]["metrics"]["bits_per_note_test"]["raw"]["sd"] is None


def test_distributions_sum_to_one(found: tuple[dict[str, Any], Path]) -> None:
    for kind, shown in found[0]["distributions"].items():
        assert set(shown["columns"]) - {"training"} <= set(found[0]["columns"])
        for column, row in shown["columns"].items():
            assert len(row) == len(shown["classes"]), kind
            if column in ("training", "real", "grammar", "n-gram"):  # the others are untrained and write nothing readable
                assert sum(row) == pytest.approx(1, abs=1e-4), (kind, column)


def test_the_classifier_reports_its_accuracy(found: tuple[dict[str, Any], Path]) -> None:
    classifier = found[0]["classifier"]
    assert set(classifier["accuracy"]) == {"train", "validation", "test"}
    assert sum(map(sum, classifier["confusion"]["rows"])) == classifier["tunes"]["test"]
    composed = classifier["by_column"]["grammar"]
    assert sum(counts["tunes"] for counts in composed.values()) == 8
    assert all(counts["same"] <= counts["consistent"] <= counts["tunes"] for counts in composed.values())


def test_the_tunes_and_the_table_are_written_beside_the_results(found: tuple[dict[str, Any], Path]) -> None:
    result, folder = found
    assert json.loads((folder / "evaluation.json").read_text(encoding="utf-8")) == result
    assert {path.name for path in (folder / "tunes").iterdir()} == {
        f"{column}-{seed}.abc" for column in result["columns"] for seed in (0, 1)
    }
    tunes = split_tunes((folder / "tunes" / "grammar-1.abc").read_text(encoding="utf-8"))
    assert [text.splitlines()[0] for text in tunes] == ["X:1", "X:2", "X:3", "X:4"]
    text = (folder / "evaluation.txt").read_text(encoding="utf-8")
    assert text == table(result)
    for label in result["labels"].values():
        assert f"\n{label['label']}" in text


def test_results_are_reproducible_and_depend_on_the_temperature(corpus: Corpus, model: Path, tmp_path: Path) -> None:
    few: dict[str, Any] = {"model": model, "ngram": False, "tunes": 2, "seeds": 1}
    once, again = (evaluated(corpus, tmp_path / name, **few) for name in ("once", "again"))
    assert {**once, "timings": None} == {**again, "timings": None}
    for name in ("raw-0.abc", "grammar-0.abc"):
        assert (tmp_path / "once" / "tunes" / name).read_bytes() == (tmp_path / "again" / "tunes" / name).read_bytes()
    calm = evaluated(corpus, tmp_path / "calm", **few, temperature=0.5)
    assert calm["metrics"]["notes"]["grammar"] != once["metrics"]["notes"]["grammar"]


def test_missing_abc2midi_is_noted_in_the_table(
    corpus: Corpus, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = evaluated(corpus, tmp_path / "out", model=model, ngram=False, seeds=1)
    assert "abc2midi" not in result["metrics"]
    assert "abc2midi is not installed" in (tmp_path / "out" / "evaluation.txt").read_text(encoding="utf-8")


def test_a_run_and_exported_weights_can_be_loaded(corpus: Corpus, model: Path, tmp_path: Path) -> None:
    weights = load_weights(model)
    shipped = model_of_weights(weights)
    headers = [Header.of(entry) for entry in choose_prompts(corpus.split("test"), 0, 2)]
    assert sample(shipped.network, shipped.tokenizer, headers) == sample(weights, shipped.tokenizer, headers)
    other = Weights(weights.arrays, {**weights.card, "model": weights.card["model"] | {"units": 24}})
    with pytest.raises(ValueError, match="has other layers"):
        model_of_weights(other)
    run = model_of_run(make_run(tmp_path / "ours", corpus, "tunesmith"), corpus)
    assert run.name == "ours"
    assert run.bits(corpus)["test"] > 4  # an untrained model


def test_a_run_can_be_evaluated_and_other_folders_are_rejected(corpus: Corpus, tmp_path: Path) -> None:
    ours = make_run(tmp_path / "ours", corpus, "tunesmith")
    assert evaluated(corpus, tmp_path / "out", run=ours, ngram=False, tunes=1, seeds=1)["settings"]["model"] == "ours"
    characters = make_run(tmp_path / "characters", corpus, "characters")
    with pytest.raises(ValueError, match="Use --baseline"):
        evaluated(corpus, tmp_path / "out", run=characters)
    with pytest.raises(ValueError, match="contains no run"):
        evaluated(corpus, tmp_path / "out", run=tmp_path)
    with pytest.raises(ValueError, match="need distinct names"):
        evaluated(corpus, tmp_path / "out", run=ours, baselines=[characters, characters])


def test_a_model_of_another_corpus_is_noted(corpus: Corpus, tmp_path: Path) -> None:
    run = make_run(tmp_path / "ours", corpus, "tunesmith")
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    (run / "config.json").write_text(json.dumps(config | {"corpus": "another"}), encoding="utf-8")
    result = evaluated(corpus, tmp_path / "out", run=run, ngram=False, tunes=1, seeds=1)
    assert result["notes"] == ["ours was trained on another corpus than the one used here."]


def test_a_model_of_some_collections_is_noted(corpus: Corpus, tmp_path: Path) -> None:
    entries = [replace(entry, id=f"{'mine' if at % 2 else 'other'}:{at}") for at, entry in enumerate(corpus.entries)]
    mixed = Corpus(entries)
    run = make_run(tmp_path / "ours", corpus, "tunesmith")
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    digest = mixed.of(["mine"]).manifest()["sha256"]
    (run / "config.json").write_text(json.dumps(config | {"corpus": digest, "collections": ["mine"]}), encoding="utf-8")
    result = evaluated(mixed, tmp_path / "out", run=run, ngram=False, tunes=1, seeds=1)
    assert result["notes"] == ["ours was trained on a part of the corpus only: mine."]
    (run / "config.json").write_text(json.dumps(config | {"corpus": digest, "collections": ["gone"]}), encoding="utf-8")
    result = evaluated(mixed, tmp_path / "out", run=run, ngram=False, tunes=1, seeds=1)
    assert result["notes"] == ["ours was trained on another corpus than the one used here."]


def test_a_corpus_that_is_too_small_is_rejected(corpus: Corpus, model: Path, tmp_path: Path) -> None:
    only_training = Corpus(corpus.split("train"), corpus.verdicts)
    with pytest.raises(ValueError, match="no test tunes"):
        evaluated(only_training, tmp_path, model=model)
    without_rhythms = Corpus([replace(entry, rhythm="") for entry in corpus.entries], corpus.verdicts)
    with pytest.raises(ValueError, match="rhythm is known"):
        evaluated(without_rhythms, tmp_path, model=model, ngram=False, tunes=1, seeds=1)
    few = Corpus([*corpus.split("train")[:3], *corpus.split("validation"), *corpus.split("test")], corpus.verdicts)
    with pytest.raises(ValueError, match="fewer than 4 training tunes"):
        evaluated(few, tmp_path, model=model, ngram=False, tunes=4, seeds=1)


def test_the_command_prints_the_table_and_adds_the_means_to_a_card(corpus: Corpus, model: Path, tmp_path: Path) -> None:
    corpus.save(tmp_path / "data" / "corpus" / "corpus.jsonl")
    shipped = shutil.copytree(model, tmp_path / "shipped")
    arguments = ["evaluate", "--model", str(model), "--tunes", "1", "--seeds", "1", "--no-ngram", "--out", str(tmp_path / "out")]
    arguments += ["--card", str(shipped)]
    ran = CliRunner().invoke(main, arguments, env={"DATA_DIR": str(tmp_path / "data")})
    assert ran.exit_code == 0, ran.output
    assert (tmp_path / "out" / "evaluation.txt").read_text(encoding="utf-8") in ran.stdout
    assert "untrained, with grammar" in ran.stdout
    result = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    stated = load_weights(shipped).card["evaluation"]["metrics"]["bits_per_note_test"]["raw"]
    assert stated == pytest.approx(result["metrics"]["bits_per_note_test"]["raw"]["mean"], rel=1e-3)


def test_the_command_reports_errors(model: Path, tmp_path: Path) -> None:
    nothing = {"DATA_DIR": str(tmp_path)}
    ran = CliRunner().invoke(main, ["evaluate", "--model", str(model)], env=nothing)
    assert ran.exit_code == 1
    assert "Run tunesmith corpus." in ran.stderr
    ran = CliRunner().invoke(main, ["evaluate", "--model", str(model), "--run", str(tmp_path)], env=nothing)
    assert ran.exit_code == 2
    assert "leave out --run or --model" in ran.stderr
