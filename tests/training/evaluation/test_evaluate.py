"""The whole evaluation, with small models and a small corpus: every column, every measure, the same each time."""

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
from training.baselines.forms import Header, form
from training.corpus.build import build as build_corpus
from training.corpus.corpus import Corpus
from training.evaluation.evaluate import evaluate, headers, model_of_run, model_of_weights
from training.evaluation.sampling import sample
from training.evaluation.table import MEASURES, table

pytestmark = pytest.mark.timeout(600)  # a dozen seconds on an idle machine, in which TensorFlow takes the most

KEYS = ("D", "G", "Em", "Ador")
COUNTS = {"tunes": 4, "seeds": 2}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    tunes = [raw(melody(seed, 16), key=KEYS[seed % 4], rhythm=("jig", "march", "air")[seed % 3]) for seed in range(120)]
    return build_corpus(tunes)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    untrained(folder)
    return folder


def run_of(folder: Path, corpus: Corpus, tokens: str) -> Path:
    """A run's folder as training leaves it, with a model that has learnt nothing."""
    keras.mixed_precision.set_global_policy("float32")
    keras.utils.set_random_seed(1)
    vocabulary = len(form(tokens, corpus.split("train")).vocabulary)
    widths = {} if tokens == "tunesmith" else {"feature_width": 0, "recall_width": 0}
    config = ModelConfig(units=16, layers=1, embedding=8, vocabulary=vocabulary, **widths)
    folder.mkdir()
    described = {"name": folder.name, "tokens": tokens, "model": asdict(config), "corpus": corpus.manifest()["sha256"]}
    (folder / "config.json").write_text(json.dumps(described), encoding="utf-8")
    build(config).save_weights(folder / "best.weights.h5")
    return folder


def evaluated(corpus: Corpus, out: Path, **choices: Any) -> dict[str, Any]:
    def silent(sentence: str) -> None:
        pass

    return evaluate(corpus, out, **(COUNTS | choices), echo=silent, track=lambda label, items: nullcontext(items))


@pytest.fixture(scope="module")
def found(corpus: Corpus, model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("evaluation")
    baseline = run_of(folder / "folk", corpus, "folk_rnn")
    return evaluated(corpus, folder, model=model, baselines=[baseline]), folder


def test_every_model_and_the_real_tunes_are_measured(found: tuple[dict[str, Any], Path]):
    result, _ = found
    assert result["columns"] == ["real", "raw", "grammar", "folk", "n-gram"]
    measures = result["measures"]
    # Where abc2midi is not installed it says nothing; and each bar of these real tunes is six quavers.
    assert set(MEASURES) - set(measures) <= {"abc2midi", "jsd_bar_rhythm_floors"}
    assert set(measures) < set(MEASURES)
    for name in ("readable", "bars_legal", "key", "rhythm", "run_13", "jsd_interval", "jsd_interval_floors"):
        assert set(measures[name]) >= {"real", "grammar"}, name
        assert all(len(measures[name][column]["per_seed"]) == 2 for column in ("real", "grammar"))
    assert set(measures["bits_per_note_test"]) == {"raw", "grammar", "folk", "n-gram"}
    assert set(measures["own_bits_per_token"]) == {"grammar"}
    assert list(result["labels"]) == list(measures)


def test_what_is_known_of_the_tunes_is_what_is_measured(found: tuple[dict[str, Any], Path]):
    measures = found[0]["measures"]

    def mean(measure: str, column: str) -> float:
        return float(measures[measure][column]["mean"])

    # Real ones are two parts of eight bars in all keys; only some of their rhythms are dances.
    assert mean("readable", "real") == mean("bars_legal", "real") == mean("aabb", "real") == mean("parts_of_8", "real") == 1
    assert mean("bars", "real") == 16
    assert mean("notes", "real") == 96
    assert mean("distinct", "real") == 1
    assert mean("jsd_contour_floors", "real") == 1
    assert mean("jsd_bar_rhythm", "real") == 0
    assert (
        mean("bars_legal", "grammar")
        == mean("parts_of_8", "grammar")
        == mean("metre", "grammar")
        == mean("fiddle", "grammar")
        == 1
    )
    assert mean("bars_legal", "raw") < 0.5  # a model that has learnt nothing
    assert mean("jsd_interval", "raw") > 2 * mean("jsd_interval", "real")
    assert mean("bits_per_note_test", "n-gram") < mean("bits_per_note_test", "folk")


def test_spread_is_that_of_the_seeds(found: tuple[dict[str, Any], Path]):
    cell = found[0]["measures"]["notes"]["grammar"]
    low, high = sorted(cell["per_seed"])
    assert cell["mean"] == pytest.approx((low + high) / 2)
    assert cell["sd"] == pytest.approx((high - low) / 2**0.5, rel=1e-4)
    assert found[0]["measures"]["bits_per_note_test"]["raw"]["sd"] is None


def test_distributions_add_up_to_one(found: tuple[dict[str, Any], Path]):
    for kind, shown in found[0]["distributions"].items():
        assert set(shown["columns"]) - {"training"} <= set(found[0]["columns"])
        for column, row in shown["columns"].items():
            assert len(row) == len(shown["classes"]), kind
            if column in ("training", "real", "grammar", "n-gram"):  # the others have learnt nothing: nobody can read them
                assert sum(row) == pytest.approx(1, abs=1e-4), (kind, column)


def test_the_classifier_says_how_good_it_is(found: tuple[dict[str, Any], Path]):
    judge = found[0]["classifier"]
    assert set(judge["accuracy"]) == {"train", "validation", "test"}
    assert sum(map(sum, judge["confusion"]["rows"])) == judge["tunes"]["test"]
    asked = judge["by_column"]["grammar"]
    assert sum(counts["tunes"] for counts in asked.values()) == 8
    assert all(counts["same"] <= counts["consistent"] <= counts["tunes"] for counts in asked.values())


def test_what_was_measured_lies_beside_the_figures(found: tuple[dict[str, Any], Path]):
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


def test_the_same_command_gives_the_same_figures_and_another_temperature_others(corpus: Corpus, model: Path, tmp_path: Path):
    few: dict[str, Any] = {"model": model, "ngram": False, "tunes": 2, "seeds": 1}
    once, again = (evaluated(corpus, tmp_path / name, **few) for name in ("once", "again"))
    assert {**once, "timings": None} == {**again, "timings": None}
    for name in ("raw-0.abc", "grammar-0.abc"):
        assert (tmp_path / "once" / "tunes" / name).read_bytes() == (tmp_path / "again" / "tunes" / name).read_bytes()
    calm = evaluated(corpus, tmp_path / "calm", **few, temperature=0.5)
    assert calm["measures"]["notes"]["grammar"] != once["measures"]["notes"]["grammar"]


def test_without_abc2midi_the_table_says_so(corpus: Corpus, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = evaluated(corpus, tmp_path / "out", model=model, ngram=False, seeds=1)
    assert "abc2midi" not in result["measures"]
    assert "abc2midi is not installed" in (tmp_path / "out" / "evaluation.txt").read_text(encoding="utf-8")


def test_headers_are_those_of_real_tunes_others_with_each_seed(corpus: Corpus):
    entries = corpus.split("train")
    chosen = headers(entries, 0, 50)
    assert chosen == headers(entries, 0, 50) == headers(entries, 0, 60)[:50]
    assert chosen != headers(entries, 1, 50)
    assert len({entry.id for entry in chosen}) == 50
    around = headers(entries, 0, 2 * len(entries))
    assert around[: len(entries)] == around[len(entries) :]


def test_a_run_and_its_weights_are_the_same_model(corpus: Corpus, model: Path, tmp_path: Path):

    weights = load_weights(model)
    shipped = model_of_weights(weights)
    wishes = [Header.of(entry) for entry in headers(corpus.split("test"), 0, 2)]
    assert sample(shipped.network, shipped.form, wishes) == sample(weights, shipped.form, wishes)
    other = Weights(weights.arrays, {**weights.card, "model": weights.card["model"] | {"units": 24}})
    with pytest.raises(ValueError, match="was built otherwise"):
        model_of_weights(other)
    run = model_of_run(run_of(tmp_path / "ours", corpus, "tunesmith"), corpus)
    assert run.name == "ours"
    assert run.bits(corpus)["test"] > 4  # of one that has learnt nothing


def test_a_run_can_be_evaluated_and_what_is_none_is_refused(corpus: Corpus, tmp_path: Path):
    ours = run_of(tmp_path / "ours", corpus, "tunesmith")
    assert evaluated(corpus, tmp_path / "out", run=ours, ngram=False, tunes=1, seeds=1)["settings"]["model"] == "ours"
    letters = run_of(tmp_path / "letters", corpus, "characters")
    with pytest.raises(ValueError, match="name it with --baseline"):
        evaluated(corpus, tmp_path / "out", run=letters)
    with pytest.raises(ValueError, match="holds no run"):
        evaluated(corpus, tmp_path / "out", run=tmp_path)
    with pytest.raises(ValueError, match="same name"):
        evaluated(corpus, tmp_path / "out", run=ours, baselines=[letters, letters])


def test_a_model_of_another_corpus_is_named(corpus: Corpus, tmp_path: Path):
    run = run_of(tmp_path / "ours", corpus, "tunesmith")
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    (run / "config.json").write_text(json.dumps(config | {"corpus": "another"}), encoding="utf-8")
    result = evaluated(corpus, tmp_path / "out", run=run, ngram=False, tunes=1, seeds=1)
    assert result["notes"] == ["ours was trained on another corpus than the one it was evaluated on."]


def test_a_model_of_some_collections_is_named(corpus: Corpus, tmp_path: Path):
    entries = [replace(entry, id=f"{'mine' if at % 2 else 'other'}:{at}") for at, entry in enumerate(corpus.entries)]
    mixed = Corpus(entries)
    run = run_of(tmp_path / "ours", corpus, "tunesmith")
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    digest = mixed.of(["mine"]).manifest()["sha256"]
    (run / "config.json").write_text(json.dumps(config | {"corpus": digest, "collections": ["mine"]}), encoding="utf-8")
    result = evaluated(mixed, tmp_path / "out", run=run, ngram=False, tunes=1, seeds=1)
    assert result["notes"] == ["ours was trained on a part of what it was evaluated on: mine."]
    (run / "config.json").write_text(json.dumps(config | {"corpus": digest, "collections": ["gone"]}), encoding="utf-8")
    result = evaluated(mixed, tmp_path / "out", run=run, ngram=False, tunes=1, seeds=1)
    assert result["notes"] == ["ours was trained on another corpus than the one it was evaluated on."]


def test_a_corpus_too_small_to_measure_by_is_refused(corpus: Corpus, model: Path, tmp_path: Path):
    training_alone = Corpus(corpus.split("train"), corpus.verdicts)
    with pytest.raises(ValueError, match="no test tunes"):
        evaluated(training_alone, tmp_path, model=model)
    nameless = Corpus([replace(entry, rhythm="") for entry in corpus.entries], corpus.verdicts)
    with pytest.raises(ValueError, match="rhythm is known"):
        evaluated(nameless, tmp_path, model=model, ngram=False, tunes=1, seeds=1)
    few = Corpus([*corpus.split("train")[:3], *corpus.split("validation"), *corpus.split("test")], corpus.verdicts)
    with pytest.raises(ValueError, match="fewer than 4 training tunes"):
        evaluated(few, tmp_path, model=model, ngram=False, tunes=4, seeds=1)


def test_the_command_prints_the_table_and_adds_it_to_a_card(corpus: Corpus, model: Path, tmp_path: Path):
    corpus.save(tmp_path / "data" / "corpus" / "corpus.jsonl")
    shipped = shutil.copytree(model, tmp_path / "shipped")
    arguments = ["evaluate", "--model", str(model), "--tunes", "1", "--seeds", "1", "--no-ngram", "--out", str(tmp_path / "out")]
    arguments += ["--card", str(shipped)]
    ran = CliRunner().invoke(main, arguments, env={"DATA_DIR": str(tmp_path / "data")})
    assert ran.exit_code == 0, ran.output
    assert (tmp_path / "out" / "evaluation.txt").read_text(encoding="utf-8") in ran.stdout
    assert "untrained, with grammar" in ran.stdout
    result = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    stated = load_weights(shipped).card["evaluation"]["measures"]["bits_per_note_test"]["raw"]
    assert stated == pytest.approx(result["measures"]["bits_per_note_test"]["raw"]["mean"], rel=1e-3)


def test_the_command_fails_in_a_sentence(model: Path, tmp_path: Path):
    nothing = {"DATA_DIR": str(tmp_path)}
    ran = CliRunner().invoke(main, ["evaluate", "--model", str(model)], env=nothing)
    assert ran.exit_code == 1
    assert "Run tunesmith corpus." in ran.stderr
    ran = CliRunner().invoke(main, ["evaluate", "--model", str(model), "--run", str(tmp_path)], env=nothing)
    assert ran.exit_code == 2
    assert "leave out --run or --model" in ran.stderr
