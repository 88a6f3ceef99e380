"""The report: a page without external resources, and what it says if something is missing."""

import base64
import csv
import re
from collections.abc import Sequence
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
from tests.training.evaluations import Load, made_up, write_evaluation
from training.report import samples as module
from training.report.discussion import discussion
from training.report.figures import inline_svg
from training.report.report import report

SHEET = (
    '<?xml version="1.0"?>\n<svg width="1" viewBox="0 0 9 9" id="r"><style>#r g {fill:red}</style><g id="n"/>'
    '<defs><path id="p"/></defs><use xlink:href="#p"/></svg>'
)
MP3 = b"\xff\xf3"  # the beginning of a frame at half the usual sample rate
COLUMNS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "tokens_per_s", "seconds")


def render(score: Score) -> tuple[str, NDArray[np.int16], int]:
    """A sheet and half a second of sound, without the seconds that real rendering takes."""
    wave = (8_000 * np.sin(np.arange(22_050) / 10)).astype(np.int16)
    return SHEET, np.stack([wave, wave], axis=1), 44_100


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


class Make(Protocol):
    def __call__(self, evaluation: dict[str, Any], *, samples: int = 1, of: Weights = ...) -> tuple[str, Sequence[str]]: ...


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return untrained(tmp_path_factory.mktemp("weights"))


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
