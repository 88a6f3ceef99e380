"""The report: what its sentences and verdicts say of made-up figures, and a page that needs nothing but itself."""

import base64
import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner

from bot.cli.main import main
from tests.generator.composer.untrained import untrained
from tests.training.evaluations import made_up, spread, written
from training.evaluation.results import Cell, Evaluation, verdicts
from training.report import report as module
from training.report.discussion import discussion, next_steps
from training.report.figures import inline
from training.report.report import report

SHEET = (
    '<?xml version="1.0"?>\n<svg width="1" viewBox="0 0 9 9" id="r"><style>#r g {fill:red}</style><g id="n"/>'
    '<defs><path id="p"/></defs><use xlink:href="#p"/></svg>'
)
MP3 = b"\xff\xf3"  # how a frame of half the usual rate of samples begins
COLUMNS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "tokens_per_s", "seconds")


def render(score):
    """A sheet and half a second of sound, without the seconds that real ones take."""
    wave = (8_000 * np.sin(np.arange(22_050) / 10)).astype(np.int16)
    return SHEET, np.stack([wave, wave], axis=1)


def seconds(sound):
    """How long an MP3 of a constant bit rate is."""
    return 8 * len(sound) / 40_000


def a_run(folder, losses, *, columns=COLUMNS):
    folder.mkdir(parents=True)
    with (folder / "log.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        for epoch, loss in enumerate(losses):
            row = dict.fromkeys(COLUMNS, 0.5) | {"epoch": epoch, "loss": loss, "val_loss": loss + 0.05}
            writer.writerow(row)
    return folder


def rows(losses, gap=0.05):
    return [{"epoch": float(epoch), "loss": loss, "val_loss": loss + gap} for epoch, loss in enumerate(losses)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return untrained(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def loaded(tmp_path):
    def load(evaluation):
        return Evaluation.load(written(tmp_path / "evaluation.json", evaluation))

    return load


@pytest.fixture
def made(tmp_path, weights, monkeypatch):
    """Makes a page, with a single sample and plot where no more are wanted: all of them take seconds."""

    def make(evaluation, *, samples=1, of=weights):
        if samples == 1:
            evaluation["distributions"] = {"longest_run": evaluation["distributions"]["longest_run"]}
        monkeypatch.setattr(module, "TEMPERATURES", module.TEMPERATURES[: -(-samples // 2)])
        monkeypatch.setattr(module, "WISHES", module.WISHES[:samples])
        out = tmp_path / "out" / "report.html"
        path = written(tmp_path / "evaluation.json", evaluation)
        lacks = report(path, out, weights=of, run=tmp_path / "runs" / "tiny", render=render)
        return out.read_text(encoding="utf-8"), lacks

    return make


class Page(HTMLParser):
    """What a page refers to, and how it is built."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.references, self.levels, self.tags, self.unnamed, self.words = [], [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.references += [given[name] for name in ("href", "src", "xlink:href") if name in given]
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if (tag == "svg" and given.get("role") != "img") or (tag in ("svg", "audio", "nav") and not given.get("aria-label")):
            self.unnamed.append(tag)

    def handle_data(self, data):
        self.words.append(data)


def test_a_page_refers_to_nothing_but_itself_and_names_what_it_shows(made, tmp_path):
    a_run(tmp_path / "runs" / "tiny", [2.0, 1.5, 1.0])
    a_run(tmp_path / "runs" / "folk_rnn", [2.0, 1.8])
    text, lacks = made(made_up(), samples=8)
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
    assert lacks == [
        "The evaluation is of tiny, the samples are of untrained.",
        "There are no curves of mit_lab. Its run keeps no log.csv.",
        "There are no curves of n-gram. It has none, being counted rather than trained.",
    ]
    assert all(sentence in "".join(page.words) for sentence in lacks)
    sounds = [base64.b64decode(sound) for sound in re.findall(r'src="data:audio/mpeg;base64,([^"]+)"', text)]
    assert len(sounds) == 8
    assert all(sound[:2] == MP3 and 0.45 < seconds(sound) < 0.75 for sound in sounds)


def test_the_same_evaluation_gives_the_same_page(made):
    assert made(made_up())[0] == made(made_up())[0]


def test_what_an_evaluation_lacks_is_said_and_left_out(made):
    text, lacks = made(made_up("real", "grammar"))
    assert lacks[:4] == [
        f"The evaluation has no column of {name}, so nothing is said of that."
        for name in ("our raw samples", "folk_rnn", "mit_lab", "n-gram")
    ]
    words = "".join(Page(text).words)
    assert "Against the baselines" not in words
    assert "(raw:" not in words


def test_without_a_column_of_ours_nothing_is_discussed(loaded, made):
    assert discussion(loaded(made_up("real")), "tiny", []) == []
    assert "Nothing of ours was measured." in made(made_up("real"))[0]


def test_an_older_log_is_named_rather_than_drawn(made, tmp_path):
    a_run(tmp_path / "runs" / "tiny", [2.0, 1.5], columns=COLUMNS[:5])
    _, lacks = made(made_up())
    assert "There are no curves of untrained: its log.csv lacks 'learning_rate', being of an older version." in lacks


def test_text_of_an_evaluation_stays_text(made):
    evaluation = made_up()
    evaluation["column_labels"]["folk_rnn"] = '<script>alert("x")</script>'
    evaluation["notes"] = ["<b>bold</b> & so on"]
    text, _ = made(evaluation)
    assert "<script" not in text
    assert "<b>" not in text
    assert "&lt;b&gt;bold" in text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found.pop("measures"),
        lambda found: found.update(format=2),
        lambda found: found.update(columns=["real", "unheard"]),
        lambda found: found["settings"].update(tunes="many"),
        lambda found: found["measures"]["bars"]["raw"].pop("mean"),
        lambda found: found["distributions"]["contour"]["columns"]["raw"].pop(),
    ],
)
def test_a_file_that_is_no_evaluation_is_refused_in_a_sentence(loaded, spoil):
    evaluation = made_up()
    spoil(evaluation)
    with pytest.raises(ValueError, match="is not an evaluation that this version reads"):
        loaded(evaluation)


def test_two_figures_differ_when_their_spreads_do_not_explain_it(loaded):
    found = loaded(made_up())
    assert found.differ("notes", Cell(100, 3), Cell(110, 4)) is False  # 2 · 5
    assert found.differ("notes", Cell(100, 3), Cell(110.1, 4)) is True
    assert found.differ("notes", Cell(100, None), Cell(110, 4)) is None
    # of 200 tunes, 0.9 is off by 0.021 by chance, whatever three seeds happened to give
    assert found.differ("bars_legal", Cell(0.90, 0.0), Cell(0.95, 0.0)) is False
    assert found.differ("bars_legal", Cell(0.90, 0.0), Cell(0.96, 0.0)) is True


@pytest.mark.parametrize(
    ("measure", "column", "mean", "reached"),
    [
        ("bars_legal", "raw", 0.919, "missed"),
        ("bars_legal", "raw", 0.92, "target"),
        ("bars_legal", "raw", 0.97, "ambition"),
        ("abc2midi", "grammar", 0.998, "missed"),
        ("abc2midi", "grammar", 1.0, "target"),
        ("run_33", "grammar", 0.011, "missed"),
        ("run_33", "grammar", 0.01, "target"),
        ("run_33", "grammar", 0.0, "ambition"),
        ("ends_on_tonic", "grammar", 0.85, "target"),  # real: 0.9
        ("ends_on_tonic", "grammar", 0.96, "missed"),
        ("jsd_contour_floors", "grammar", 2.01, "missed"),
    ],
)
def test_a_target_is_reached_or_missed(loaded, measure, column, mean, reached):
    evaluation = made_up()
    evaluation["measures"][measure][column] = spread(mean, 0.001)
    found = loaded(evaluation)
    what = found.labels[measure.removesuffix("_floors")].label
    (verdict,) = [row for row in verdicts(found) if row.what in (what, f"{what}, in floors") and row.column == column]
    assert verdict.reached == reached


@pytest.mark.parametrize(
    ("bits", "share", "reached"), [(1.80, "10.0", "target"), (1.7, "15.0", "ambition"), (2.2, "-10.0", "missed")]
)
def test_bits_are_held_against_each_baseline(loaded, bits, share, reached):
    evaluation = made_up()
    for column, mean in (("grammar", bits), ("folk_rnn", 2.0)):
        evaluation["measures"]["bits_per_note_test"][column]["mean"] = mean
    (verdict,) = [row for row in verdicts(loaded(evaluation)) if "folk_rnn" in row.what]
    assert (verdict.figure, verdict.reached) == (f"{share}\u00a0%", reached)


def passage(found, title, log=()):
    return " ".join(next(one.sentences for one in discussion(found, "tiny", log) if one.title == title))


def test_that_ours_is_worse_is_said_as_plainly_as_that_it_is_better(loaded):
    evaluation = made_up()
    bits = evaluation["measures"]["bits_per_note_test"]
    bits["grammar"]["mean"], bits["folk_rnn"]["mean"], bits["mit_lab"]["mean"] = 2.2, 2.0, 4.4
    evaluation["measures"]["ends_on_tonic"]["grammar"] = spread(0.5, 0.01)
    evaluation["measures"]["rhythm"] |= {"raw": spread(0.4, 0.01), "grammar": spread(0.4, 0.01)}
    found = loaded(evaluation)
    likelihood = passage(found, "Likelihood")
    assert "folk_rnn needs 2.000: ours needs 10.0\u00a0% more, so folk_rnn foretells real tunes better." in likelihood
    assert "mit_lab needs 4.400: ours needs 50.0\u00a0% fewer." in likelihood
    assert "The last note is the tonic in 50.0\u00a0% of our tunes" in passage(found, "Form")
    assert "40.0 points fewer, a clear difference." in passage(found, "Form")
    assert "clearly worse in 2 (rhythm as asked; shares 17 notes or more)" in passage(
        found, "Against the baselines, measure by measure"
    )
    steps = next_steps(found, [])
    assert any("what folk_rnn knows" in step for step in steps)
    assert any("rare rhythms" in step for step in steps)


def test_small_differences_are_left_to_chance(loaded):
    evaluation = made_up()
    evaluation["measures"]["metre"]["grammar"] = spread(0.9, 0.01)
    found = loaded(evaluation)
    assert passage(found, "Well made").startswith(
        "Every bar is legal in 89.0\u00a0% of our tunes (raw: 87.0\u00a0%) and in 90.0\u00a0% of real test tunes:"
        " 1.0 points fewer, which may be chance."
    )
    assert "The metre is the one asked for in 90.0\u00a0% of our tunes (raw: 87.0\u00a0%), as in real test tunes." in passage(
        found, "As asked"
    )


def test_what_training_showed_is_said(loaded):
    found = loaded(made_up())
    falling, turned, wide = rows([2.0, 1.5, 1.0]), rows([2.0, 1.0, 1.2]), rows([2.0, 1.0, 1.2], gap=0.5)
    assert "the last epoch, so it was still falling" in passage(found, "Likelihood", falling)
    assert any(step.startswith("Train longer") for step in next_steps(found, falling))
    assert "lowest in epoch 2 of 3: 1.050 nats" in passage(found, "Likelihood", turned)
    assert "still falling" not in passage(found, "Likelihood", turned)
    assert "do not hold for others" in passage(found, "Likelihood", wide)
    assert not any("dropout" in step for step in next_steps(found, turned))
    assert any("the loss is 1.000 on training tunes, 1.500 on others" in step for step in next_steps(found, wide))


def test_how_unlike_real_tunes_is_said_by_its_size(loaded):
    found = loaded(made_up())
    assert "about as near to the training tunes as real ones" in passage(found, "Like real tunes")
    far = {**found.measures, "jsd_interval_floors": {"grammar": Cell(2.5, 0.1)}}
    assert "furthest from real tunes in their intervals" in passage(replace(found, measures=far), "Like real tunes")
    assert any("other temperatures" in step for step in next_steps(replace(found, measures=far), []))


def test_a_sheet_keeps_to_itself_within_a_page():
    assert inline(SHEET, "tune-3", 'A "reel" <in> D') == (
        '<svg viewBox="0 0 9 9" id="tune-3-r" role="img" aria-label="A &quot;reel&quot; &lt;in&gt; D">'
        '<style>#tune-3-r g {fill:red}</style><g/><defs><path id="tune-3-p"/></defs><use xlink:href="#tune-3-p"/></svg>'
    )


def test_the_command_writes_a_page_with_real_sheets_and_sound(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(module, "TEMPERATURES", (0.8,))
    monkeypatch.setattr(module, "WISHES", module.WISHES[:1])
    path = written(tmp_path / "mine.json", made_up() | {"distributions": {}})
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


def test_a_model_that_was_built_otherwise_is_not_drawn(made, weights):
    older = replace(weights, arrays={**weights.arrays, "attention/kernel": np.zeros((2, 2), np.float32)})
    text, lacks = made(made_up(), of=older)
    assert "untrained was built otherwise than models are now, so that its summary and diagram are left out." in lacks
    assert "Diagram:" not in text
    assert 'href="#model"' not in text


def test_the_command_without_an_evaluation_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    result = CliRunner().invoke(main, ["report"])
    assert result.exit_code == 1
    assert "Run “tunesmith evaluate” first" in result.output


def test_made_up_figures_are_read_back(loaded):
    found = loaded(json.loads(json.dumps(made_up())))
    assert found.cell("aabb", "folk_rnn") == Cell(pytest.approx(0.78), pytest.approx(0.009))
    assert found.cell("bits_per_note_test", "real") is None
    assert (found.ours, found.baselines, found.tunes) == ("grammar", ["folk_rnn", "mit_lab", "n-gram"], 600)
