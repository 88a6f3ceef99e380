"""`tunesmith compose` and `tunesmith render` with the shipped models: their files, and the notation of a hundred tunes."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from itertools import islice, product
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from bot.cli.main import main
from generator.composer.models import Models, folders
from generator.composer.plan import make_plan
from generator.notation.keys import Key
from generator.notation.metres import RHYTHMS
from generator.notation.reader import read, split_tunes
from generator.notation.structure import illegal_bars, parts
from generator.notation.writer import write
from generator.request import TuneRequest
from tests.generator.composer.untrained import untrained
from tests.generator.rendering.mp3_reader import frames
from tests.patience import HANG_S

DANCES = ("reel", "jig", "slip jig", "hornpipe", "polka", "waltz")
KEYS = ("D", "G", "Em", "Ador", "Edor", "Amix")  # six keys in four modes


def tunesmith(*arguments: str) -> str:
    """Runs a command in this process, which has loaded the models' libraries already, and returns what it prints."""
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def tunesmith_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as people do, in a process of its own."""
    return subprocess.run([sys.executable, "-m", "bot", *arguments], capture_output=True, text=True, timeout=5 * HANG_S)


def test_compose_writes_every_file_and_the_same_seed_gives_the_same_tune(tmp_path: Path) -> None:
    command = ("compose", "--rhythm", "reel", "--key", "Ador", "--seed", "7")
    written = json.loads(tunesmith_process(*command, "--out", str(tmp_path / "a"), "--json").stdout)
    tunesmith(*command, "--out", str(tmp_path / "b"), "--abc-only")
    assert written[0]["seed"] == 7
    names = {path.name for path in (tmp_path / "a").iterdir()}
    kinds = ("abc", "musicxml", "mid", "mp3", "png", "svg", "narrow.svg", "timemap.json", "json")
    assert names == {f"tune.{kind}" for kind in kinds} == set(written[0]["files"])
    files = {path.name.removeprefix("tune"): path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert (tmp_path / "b" / "tune.abc").read_bytes() == files[".abc"]
    assert (read(files[".abc"].decode()).key, read(files[".abc"].decode()).rhythm) == (Key.parse("Ador"), "reel")
    assert files[".mid"].startswith(b"MThd")
    assert b"<score-partwise" in files[".musicxml"]
    assert Image.open(BytesIO(files[".png"])).width > 1000
    assert len(frames(files[".mp3"])) > 500
    assert json.loads(files[".json"])["request"]["seed"] == 7


def test_several_tunes_go_into_numbered_folders_with_consecutive_seeds(tmp_path: Path) -> None:
    written = json.loads(tunesmith("compose", "--seed", "40", "--count", "3", "--abc-only", "--out", str(tmp_path), "--json"))
    assert [Path(tune["folder"]).name for tune in written] == ["1", "2", "3"]
    assert [tune["seed"] for tune in written] == [40, 41, 42]
    assert len({(Path(tune["folder"]) / "tune.abc").read_bytes() for tune in written}) == 3


def test_a_set_goes_into_numbered_folders_and_a_common_file(tmp_path: Path) -> None:
    command = ("compose", "--set", "3", "--rhythm", "jig", "--key", "dorian", "--seed", "5", "--abc-only")
    written = json.loads(tunesmith(*command, "--out", str(tmp_path), "--json"))
    assert [(Path(tune["folder"]).name, tune["seed"]) for tune in written] == [("1", 5), ("2", 6), ("3", 7)]
    tunes_of_set = [read(text) for text in split_tunes((tmp_path / "set.abc").read_text(encoding="utf-8"))]
    single_tunes = [read((tmp_path / str(number) / "tune.abc").read_text(encoding="utf-8")) for number in (1, 2, 3)]
    assert [replace(tune, reference=1) for tune in tunes_of_set] == single_tunes
    assert [tune.reference for tune in tunes_of_set] == [1, 2, 3]
    assert {(tune.rhythm, str(tune.metre), tune.key.mode) for tune in tunes_of_set} == {("jig", "6/8", "dorian")}


@pytest.mark.parametrize(
    ("mode", "layout"), [("answer", [(8, False)]), ("second part", [(4, True), (4, True)]), ("continue", None)]
)
def test_an_opening_is_answered_continued_or_given_a_second_part(
    tmp_path: Path, mode: str, layout: list[tuple[int, bool]] | None
) -> None:
    opening = "M:6/8\nL:1/8\nK:D\nDFA d2A|B2A F3|DFA d2f|e2d d3|"
    tunesmith("compose", "--opening", opening, "--mode", mode, "--seed", "3", "--abc-only", "--out", str(tmp_path))
    score = read((tmp_path / "tune.abc").read_text(encoding="utf-8"))
    given = list(read(opening).notes())
    assert list(score.notes())[: len(given)] == given
    if layout is None:  # a form that begins with at least four bars
        planned = make_plan(TuneRequest.check(opening=opening, seed=3)).form.parts
        layout = [(part.bars, part.twice) for part in planned]
    assert [(len(part.body) + len(part.first), part.repeated) for part in parts(score)] == layout


def test_a_custom_model_composes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    untrained(tmp_path / "model")
    monkeypatch.setenv("MODEL", str(tmp_path / "model"))
    tunesmith("compose", "--seed", "1", "--without", "rests, ties", "--abc-only", "--out", str(tmp_path / "out"))
    notes = list(read((tmp_path / "out" / "tune.abc").read_text(encoding="utf-8")).notes())
    assert notes and not any(note.rest or note.tie for note in notes)
    assert json.loads((tmp_path / "out" / "tune.json").read_text(encoding="utf-8"))["model"] == "untrained"


def test_a_model_is_chosen_by_name_among_the_shipped_and_the_custom_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    untrained(tmp_path / "models" / "mine")
    monkeypatch.setenv("MODELS", str(tmp_path / "models"))
    for typed, name in (("Untrained", "untrained"), ("aird-1", "aird-1")):
        tunesmith("compose", "--model", typed, "--seed", "1", "--abc-only", "--out", str(tmp_path / name))
        assert json.loads((tmp_path / name / "tune.json").read_text(encoding="utf-8"))["model"] == name
    failed = tunesmith_process("compose", "--model", "zither", "--out", str(tmp_path / "out"))
    assert failed.returncode == 2
    assert failed.stderr == "tunesmith: There is no model zither. Choose from tunesmith-8, aird-1, untrained.\n"


def test_render_makes_sheet_and_recording_of_an_abc_file(tmp_path: Path) -> None:
    (tmp_path / "mine.abc").write_text("X:1\nT:Mine\nM:6/8\nL:1/8\nK:D\n|:DFA d2A|B2A G3:|\n", encoding="utf-8")
    tunesmith("render", str(tmp_path / "mine.abc"), "--out", str(tmp_path / "out"))
    assert Image.open(tmp_path / "out" / "tune.png").width > 300
    assert frames((tmp_path / "out" / "tune.mp3").read_bytes())


def test_an_abc_file_is_rendered_by_a_process_in_the_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def here(*_: object, **__: object) -> None:
        raise AssertionError("rendered in this process")

    monkeypatch.setattr("generator.rendering.render.draw", here)
    monkeypatch.setattr("generator.rendering.render.play", here)
    (tmp_path / "some.abc").write_text("X:1\nT:Some\nM:6/8\nL:1/8\nK:D\nDFA dfa|d3 d3|]\n")
    result = CliRunner().invoke(main, ["render", str(tmp_path / "some.abc"), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "tune.mp3").exists()


def test_chords_are_written_above_the_notes(tmp_path: Path) -> None:
    command = ("compose", "--rhythm", "reel", "--key", "D", "--seed", "7", "--abc-only", "--out")
    tunesmith(*command, str(tmp_path / "plain"))
    tunesmith(*command, str(tmp_path / "chords"), "--chords")
    plain, chords = (read((tmp_path / name / "tune.abc").read_text(encoding="utf-8")) for name in ("plain", "chords"))
    assert not any(note.chord_symbol for note in plain.notes())
    assert {"D", "A"} <= {note.chord_symbol for note in chords.notes()}
    assert [note.pitches for note in chords.notes()] == [note.pitches for note in plain.notes()]


def test_render_takes_one_tune_of_a_file_or_all(tmp_path: Path) -> None:
    text = "X:3\nT:Sióg\nM:2/4\nL:1/8\nK:D\nA2FA|\n\nX:4\nT:Wrong\nK:D\nA]B|\n\nX:5\nT:Tadhg\nM:2/4\nL:1/8\nK:G\nB2GB|\n"
    (tmp_path / "book.abc").write_text(text, encoding="latin-1")
    book = str(tmp_path / "book.abc")
    one = CliRunner().invoke(main, ["render", book, "--tune", "5", "--out", str(tmp_path / "one")])
    assert (one.exit_code, one.stderr) == (0, "The file is not in UTF-8, so I read it as Windows-1252.\n")
    assert read((tmp_path / "one" / "tune.abc").read_text(encoding="utf-8")).title == "Tadhg"
    every = CliRunner().invoke(main, ["render", book, "--all", "--out", str(tmp_path / "all")])
    assert every.exit_code == 1
    assert [line.split(": ")[1] for line in every.stdout.splitlines()] == ["Sióg", "Tadhg"]
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["1", "3"]
    assert "Line 11, column 2" in every.stderr
    assert every.stderr.endswith("tunesmith: 1 of 3 tunes could not be rendered.\n")


@pytest.fixture(scope="module")
def hundred() -> list[tuple[str, str, str]]:
    """(rhythm, key, ABC) of a hundred tunes, half of them by each shipped model."""
    settings = list(islice(((rhythm, key, seed) for seed, rhythm, key in product(range(2), DANCES, KEYS)), 50))
    models = Models(folders(None, None))
    tunes = []
    try:
        assert models.names == ["tunesmith-8", "aird-1"]
        for name in models.names:
            requests = [TuneRequest.check(rhythm=rhythm, key=key, seed=seed) for rhythm, key, seed in settings]
            composed = models.composer(name).compose(requests)
            tunes += [(rhythm, key, write(tune.score)) for (rhythm, key, _), tune in zip(settings, composed, strict=True)]
    finally:
        models.close()
    return tunes


def test_a_hundred_tunes_have_full_bars_and_the_requested_key_and_metre(hundred: list[tuple[str, str, str]]) -> None:
    for rhythm, key, abc in hundred:
        score = read(abc)
        assert illegal_bars(score) == [], abc
        assert score.key == Key.parse(key)
        assert score.metre == RHYTHMS[rhythm].metres[0]
        layout = parts(score)
        assert layout is not None and len(layout) >= 1


def test_a_hundred_tunes_pass_abc2midi_without_warnings(hundred: list[tuple[str, str, str]], tmp_path: Path) -> None:
    program = shutil.which("abc2midi") or pytest.skip("abc2midi is not installed (Debian's package abcmidi)")
    for number, (_, _, abc) in enumerate(hundred):
        path = tmp_path / f"{number}.abc"
        path.write_text(abc, encoding="utf-8")
        run = subprocess.run(
            [program, str(path), "-o", str(path.with_suffix(".mid"))], capture_output=True, text=True, timeout=HANG_S
        )
        complaints = [line for line in (run.stdout + run.stderr).splitlines() if "Error" in line or "Warning" in line]
        assert complaints == [], abc
