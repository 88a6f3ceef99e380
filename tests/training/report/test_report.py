"""The report: sentences and targets for made-up values, and a page without external resources."""

import base64
import csv
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from bot.cli.main import main
from generator.composer.weights import Weights
from generator.notation.score import Score
from tests.generator.composer.untrained import untrained
from tests.training.evaluations import cell, made_up, write_evaluation
from training.evaluation.results import Cell, Evaluation
from training.evaluation.targets import check_targets
from training.report import samples as module
from training.report.discussion import discussion
from training.report.figures import inline_svg
from training.report.next_steps import next_steps
from training.report.report import report

SHEET = (
    '<?xml version="1.0"?>\n<svg width="1" viewBox="0 0 9 9" id="r"><style>#r g {fill:red}</style><g id="n"/>'
    '<defs><path id="p"/></defs><use xlink:href="#p"/></svg>'
)
MP3 = b"\xff\xf3"  # the beginning of a frame at half the usual sample rate
Load = Callable[[dict[str, Any]], Evaluation]
COLUMNS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "tokens_per_s", "seconds")


def render(score: Score) -> tuple[str, NDArray[np.int16]]:
    """A sheet and half a second of sound, without the seconds that real rendering takes."""
    wave = (8_000 * np.sin(np.arange(22_050) / 10)).astype(np.int16)
    return SHEET, np.stack([wave, wave], axis=1)


def seconds(sound: bytes) -> float:
    """Duration in seconds of an MP3 with a constant bit rate."""
    return 8 * len(sound) / 40_000


def make_run(folder: Path, losses: Sequence[float], *, columns: Sequence[str] = COLUMNS) -> Path:
    folder.mkdir(parents=True)
    with (folder / "log.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        for epoch, loss in enumerate(losses):
            row = dict.fromkeys(COLUMNS, 0.5) | {"epoch": epoch, "loss": loss, "val_loss": loss + 0.05}
            writer.writerow(row)
    return folder


def rows(losses: Sequence[float], gap: float = 0.05) -> list[dict[str, float]]:
    return [{"epoch": float(epoch), "loss": loss, "val_loss": loss + gap} for epoch, loss in enumerate(losses)]


class Make(Protocol):
    def __call__(self, evaluation: dict[str, Any], *, samples: int = 1, of: Weights = ...) -> tuple[str, Sequence[str]]: ...


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return untrained(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    def load(evaluation: dict[str, Any]) -> Evaluation:
        return Evaluation.load(write_evaluation(tmp_path / "evaluation.json", evaluation))

    return load


@pytest.fixture
def made(tmp_path: Path, weights: Weights, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Writes a report; by default with a single sample and chart, since all of them take seconds."""

    def make(evaluation: dict[str, Any], *, samples: int = 1, of: Weights = weights) -> tuple[str, Sequence[str]]:
        if samples == 1:
            evaluation["distributions"] = {"longest_run": evaluation["distributions"]["longest_run"]}
        monkeypatch.setattr(module, "TEMPERATURES", module.TEMPERATURES[: -(-samples // 2)])
        monkeypatch.setattr(module, "REQUESTS", module.REQUESTS[:samples])
        out = tmp_path / "out" / "report.html"
        path = write_evaluation(tmp_path / "evaluation.json", evaluation)
        missing = report(path, out, weights=of, run=tmp_path / "runs" / "tiny", render=render)
        return out.read_text(encoding="utf-8"), missing

    return make


class Page(HTMLParser):
    """Collects ids, references, headings and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str | None] = []
        self.references: list[str] = []
        self.levels: list[int] = []  # of the headings
        self.tags: list[str] = []
        self.unnamed: list[str] = []  # tags without an accessible name
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.references += [given[name] or "" for name in ("href", "src", "xlink:href") if name in given]
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if (tag == "svg" and given.get("role") != "img") or (tag in ("svg", "audio", "nav") and not given.get("aria-label")):
            self.unnamed.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_a_page_has_no_external_resources_and_is_accessible(made: Make, tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "tiny", [2.0, 1.5, 1.0])
    make_run(tmp_path / "runs" / "folk_rnn", [2.0, 1.8])
    text, missing = made(made_up(), samples=8)
    page = Page(text)
    assert len(set(page.ids)) == len(page.ids)
    assert {reference[:5] for reference in page.references if not reference.startswith("#")} == {"data:"}
    assert {reference[1:] for reference in page.references if reference.startswith("#")} <= set(page.ids)
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", text.replace("http-equiv", ""))
    assert page.unnamed == []
    assert page.levels[0] == 1
    assert all(after <= before + 1 for before, after in zip(page.levels, page.levels[1:], strict=False))
    assert not {"script", "img", "link rel=stylesheet"} & set(page.tags)
    # two curves, the diagram, bits per note, five distributions and eight sheets
    assert page.tags.count("svg") == 2 + 1 + 1 + 5 + 8
    assert missing == [
        "The evaluation is of tiny, the samples are of untrained.",
        "There are no curves of mit_lab. Its run has no log.csv.",
        "There are no curves of n-gram. It is counted, not trained.",
    ]
    assert all(sentence in "".join(page.words) for sentence in missing)
    sounds = [base64.b64decode(sound) for sound in re.findall(r'src="data:audio/mpeg;base64,([^"]+)"', text)]
    assert len(sounds) == 8
    assert all(sound[:2] == MP3 and 0.45 < seconds(sound) < 0.75 for sound in sounds)


def test_the_same_evaluation_gives_the_same_page(made: Make) -> None:
    assert made(made_up())[0] == made(made_up())[0]


def test_missing_columns_are_listed_and_not_discussed(made: Make) -> None:
    text, missing = made(made_up("real", "grammar"))
    assert missing[:4] == [
        f"The evaluation has no column of {name}, so it is not discussed."
        for name in ("our raw samples", "folk_rnn", "mit_lab", "n-gram")
    ]
    words = "".join(Page(text).words)
    assert "Comparison with the baselines" not in words
    assert "(raw:" not in words


def test_without_our_column_there_is_no_discussion(loaded: Load, made: Make) -> None:
    assert discussion(loaded(made_up("real")), "tiny", []) == []
    assert "The evaluation has no column of our model." in made(made_up("real"))[0]


def test_a_log_of_an_older_version_is_reported(made: Make, tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "tiny", [2.0, 1.5], columns=COLUMNS[:5])
    _, missing = made(made_up())
    assert "There are no curves of untrained: its log.csv has no 'learning_rate'." in missing


def test_texts_of_an_evaluation_are_escaped(made: Make) -> None:
    evaluation = made_up()
    evaluation["column_labels"]["folk_rnn"] = '<script>alert("x")</script>'
    evaluation["notes"] = ["<b>bold</b> & so on"]
    text, _ = made(evaluation)
    assert "<script" not in text
    assert "<b>" not in text
    assert "&lt;b&gt;bold" in text


@pytest.mark.parametrize(
    "corrupt",
    [
        lambda found: found.pop("metrics"),
        lambda found: found.update(format=2),
        lambda found: found.update(columns=["real", "unknown"]),
        lambda found: found["settings"].update(tunes="many"),
        lambda found: found["metrics"]["bars"]["raw"].pop("mean"),
        lambda found: found["distributions"]["contour"]["columns"]["raw"].pop(),
    ],
)
def test_an_invalid_evaluation_is_rejected(loaded: Load, corrupt: Callable[[dict[str, Any]], object]) -> None:
    evaluation = made_up()
    corrupt(evaluation)
    with pytest.raises(ValueError, match="is not an evaluation of this version"):
        loaded(evaluation)


def test_two_values_differ_if_their_deviations_do_not_explain_it(loaded: Load) -> None:
    found = loaded(made_up())
    assert found.differ("notes", Cell(100, 3), Cell(110, 4)) is False  # 2 · 5
    assert found.differ("notes", Cell(100, 3), Cell(110.1, 4)) is True
    assert found.differ("notes", Cell(100, None), Cell(110, 4)) is None
    # the sampling error of 0.9 is 0.021 for 200 tunes, whatever the deviation over three seeds
    assert found.differ("bars_legal", Cell(0.90, 0.0), Cell(0.95, 0.0)) is False
    assert found.differ("bars_legal", Cell(0.90, 0.0), Cell(0.96, 0.0)) is True


@pytest.mark.parametrize(
    ("metric", "column", "mean", "outcome"),
    [
        ("bars_legal", "raw", 0.919, "missed"),
        ("bars_legal", "raw", 0.92, "target"),
        ("bars_legal", "raw", 0.97, "stretch goal"),
        ("abc2midi", "grammar", 0.998, "missed"),
        ("abc2midi", "grammar", 1.0, "target"),
        ("run_33", "grammar", 0.011, "missed"),
        ("run_33", "grammar", 0.01, "target"),
        ("run_33", "grammar", 0.0, "stretch goal"),
        ("ends_on_tonic", "grammar", 0.85, "target"),  # real: 0.9
        ("ends_on_tonic", "grammar", 0.96, "missed"),
        ("jsd_contour_ratio", "grammar", 2.01, "missed"),
    ],
)
def test_a_target_is_reached_or_missed(loaded: Load, metric: str, column: str, mean: float, outcome: str) -> None:
    evaluation = made_up()
    evaluation["metrics"][metric][column] = cell(mean, 0.001)
    found = loaded(evaluation)
    label = found.labels[metric.removesuffix("_ratio")].label
    (result,) = [
        row for row in check_targets(found) if row.label in (label, f"{label}, relative to real tunes") and row.column == column
    ]
    assert result.outcome == outcome


@pytest.mark.parametrize(
    ("bits", "share", "outcome"), [(1.80, "10.0", "target"), (1.7, "15.0", "stretch goal"), (2.2, "-10.0", "missed")]
)
def test_bits_per_note_are_compared_with_each_baseline(loaded: Load, bits: float, share: str, outcome: str) -> None:
    evaluation = made_up()
    for column, mean in (("grammar", bits), ("folk_rnn", 2.0)):
        evaluation["metrics"]["bits_per_note_test"][column]["mean"] = mean
    (result,) = [row for row in check_targets(loaded(evaluation)) if "folk_rnn" in row.label]
    assert (result.value, result.outcome) == (f"{share}\u00a0%", outcome)


def passage(found: Evaluation, title: str, log: Sequence[dict[str, float]] = ()) -> str:
    return " ".join(next(one.sentences for one in discussion(found, "tiny", log) if one.title == title))


def test_worse_results_are_stated_like_better_ones(loaded: Load) -> None:
    evaluation = made_up()
    bits = evaluation["metrics"]["bits_per_note_test"]
    bits["grammar"]["mean"], bits["folk_rnn"]["mean"], bits["mit_lab"]["mean"] = 2.2, 2.0, 4.4
    evaluation["metrics"]["ends_on_tonic"]["grammar"] = cell(0.5, 0.01)
    evaluation["metrics"]["rhythm"] |= {"raw": cell(0.4, 0.01), "grammar": cell(0.4, 0.01)}
    found = loaded(evaluation)
    likelihood = passage(found, "Likelihood")
    assert "folk_rnn needs 2.000: ours needs 10.0\u00a0% more, so folk_rnn predicts real tunes better." in likelihood
    assert "mit_lab needs 4.400: ours needs 50.0\u00a0% fewer." in likelihood
    assert "The last note is the tonic in 50.0\u00a0% of our tunes" in passage(found, "Form")
    assert "40.0 points fewer, a clear difference." in passage(found, "Form")
    assert "clearly worse in 2 (rhythm as requested; shares 17 notes or more)" in passage(found, "Comparison with the baselines")
    steps = next_steps(found, [])
    assert any("why folk_rnn predicts better" in step for step in steps)
    assert any("rare rhythms" in step for step in steps)


def test_small_differences_may_be_chance(loaded: Load) -> None:
    evaluation = made_up()
    evaluation["metrics"]["metre"]["grammar"] = cell(0.9, 0.01)
    found = loaded(evaluation)
    assert passage(found, "Well-formed").startswith(
        "All bars are complete in 89.0\u00a0% of our tunes (raw: 87.0\u00a0%) and in 90.0\u00a0% of real test tunes:"
        " 1.0 points fewer, which may be chance."
    )
    assert "The metre is the requested one in 90.0\u00a0% of our tunes (raw: 87.0\u00a0%), as in real test tunes." in passage(
        found, "As requested"
    )


def test_the_training_loss_is_discussed(loaded: Load) -> None:
    found = loaded(made_up())
    falling, turned, wide = rows([2.0, 1.5, 1.0]), rows([2.0, 1.0, 1.2]), rows([2.0, 1.0, 1.2], gap=0.5)
    assert "the last epoch: the loss was still falling" in passage(found, "Likelihood", falling)
    assert any(step.startswith("Train longer") for step in next_steps(found, falling))
    assert "lowest in epoch 2 of 3: 1.050 nats" in passage(found, "Likelihood", turned)
    assert "still falling" not in passage(found, "Likelihood", turned)
    assert "a sign of overfitting" in passage(found, "Likelihood", wide)
    assert not any("dropout" in step for step in next_steps(found, turned))
    assert any("the loss is 1.000 on training tunes and 1.500 on validation tunes" in step for step in next_steps(found, wide))


def test_the_similarity_to_real_tunes_is_discussed(loaded: Load) -> None:
    found = loaded(made_up())
    assert "about as near to the training tunes as real tunes are" in passage(found, "Similarity to real tunes")
    far = {**found.metrics, "jsd_interval_ratio": {"grammar": Cell(2.5, 0.1)}}
    assert "furthest from real tunes in their intervals" in passage(replace(found, metrics=far), "Similarity to real tunes")
    assert any("other temperatures" in step for step in next_steps(replace(found, metrics=far), []))


def test_an_inlined_svg_has_unique_ids_and_an_alternative_text() -> None:
    assert inline_svg(SHEET, "tune-3", 'A "reel" <in> D') == (
        '<svg viewBox="0 0 9 9" id="tune-3-r" role="img" aria-label="A &quot;reel&quot; &lt;in&gt; D">'
        '<style>#tune-3-r g {fill:red}</style><g/><defs><path id="tune-3-p"/></defs><use xlink:href="#tune-3-p"/></svg>'
    )


def test_the_command_writes_a_page_with_real_sheets_and_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(module, "TEMPERATURES", (0.8,))
    monkeypatch.setattr(module, "REQUESTS", module.REQUESTS[:1])
    path = write_evaluation(tmp_path / "mine.json", made_up() | {"distributions": {}})
    result = CliRunner().invoke(main, ["report", "--evaluation", str(path), "--out", str(tmp_path / "page.html")])
    assert result.exit_code == 0, result.output
    assert f"The report is in {tmp_path / 'page.html'}." in result.output
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert len(text) < 1_000_000
    (sound,) = re.findall(r'src="data:audio/mpeg;base64,([^"]+)"', text)
    assert 20 < seconds(base64.b64decode(sound)) < 120
    assert 'id="tune-0-E0A4' in text  # a note head
    page = Page(text)
    assert len(set(page.ids)) == len(page.ids)


def test_a_model_with_other_layers_is_not_drawn(made: Make, weights: Weights) -> None:
    older = replace(weights, arrays={**weights.arrays, "attention/kernel": np.zeros((2, 2), np.float32)})
    text, missing = made(made_up(), of=older)
    assert "untrained has other layers than current models, so its summary and diagram are missing." in missing
    assert "Diagram:" not in text
    assert 'href="#model"' not in text


def test_the_command_without_an_evaluation_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    result = CliRunner().invoke(main, ["report"])
    assert result.exit_code == 1
    assert "Run “tunesmith evaluate” first" in result.output


def test_an_evaluation_is_loaded(loaded: Load) -> None:
    found = loaded(json.loads(json.dumps(made_up())))
    assert found.cell("aabb", "folk_rnn") == Cell(pytest.approx(0.78), pytest.approx(0.009))  # type: ignore[arg-type]
    assert found.cell("bits_per_note_test", "real") is None
    assert (found.ours, found.baselines, found.tunes) == ("grammar", ["folk_rnn", "mit_lab", "n-gram"], 600)
