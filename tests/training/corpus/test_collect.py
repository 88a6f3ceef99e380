"""The files of the corpus: statistics, summary and the command that writes them."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.main import main
from tests.training.tunes import JIG_HEADER, melody, raw, text
from training.corpus import sources
from training.corpus.build import build
from training.corpus.collect import write_corpus
from training.corpus.corpus import Corpus
from training.corpus.sources import RawTune
from training.corpus.statistics import describe


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Corpus, Path, str]:
    """A corpus of 40 tunes, its folder and its summary."""
    corpus = build(
        [
            *(raw(melody(seed, 16)) for seed in range(30)),
            *(RawTune("mine/", f"{JIG_HEADER}A|{'|'.join(melody(seed))}|]\n", f"mine/a.abc:{seed}") for seed in range(40, 50)),
            RawTune("mine/", "X:1\nT:Broken\nK:D\n]", "mine/b.abc:1"),
        ]
    )
    folder = tmp_path_factory.mktemp("collected")
    return corpus, folder, write_corpus(corpus, folder)


def test_a_corpus_can_be_restricted_to_collections(collected: tuple[Corpus, Path, str]) -> None:
    corpus, *_ = collected
    mine = corpus.of(["mine/"])
    assert mine.entries == [entry for entry in corpus.entries if entry.id.startswith("mine/")]
    assert len(mine.entries) == 10 and len(mine.verdicts) == 11
    assert corpus.of(()) is corpus
    with pytest.raises(ValueError, match=r"There is no collection yours/\. The collections are .*mine/\."):
        corpus.of(["mine/", "yours/"])


def test_statistics_count_collections_forms_parts_and_ranges(collected: tuple[Corpus, Path, str]) -> None:
    _, folder, _ = collected
    figures = json.loads((folder / "statistics.json").read_text(encoding="utf-8"))
    assert figures["tunes"] == 40
    assert figures["collections"] == {"book": {"used": 30, "total": 30}, "mine/": {"used": 10, "total": 11}}
    assert figures["forms"] == {"AABB": 30, "A": 10}
    assert figures["bars_per_part"] == {"8": 70}
    assert figures["aabb_among_dances"] == 0.75
    assert figures["notes"] == 30 * 96 + 10 * 49
    assert (figures["lengths"]["notes"]["min"], figures["lengths"]["notes"]["max"]) == (49, 96)
    assert (figures["range"]["lowest"]["median"], figures["range"]["highest"]["max"]) == (62, 79)
    assert (figures["modes"], figures["keys"], figures["metres"]) == ({"major": 40}, {"D": 40}, {"6/8": 40})


def test_the_summary_agrees_with_the_files(collected: tuple[Corpus, Path, str]) -> None:
    corpus, folder, shown = collected
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["sources"] == sources.SHA256
    assert manifest["sha256"] == corpus.manifest()["sha256"]
    for part in (
        "40 tunes in 40 families, 3,370 notes",
        "Verdicts on 41 tunes: used 40 (98%), rejected 1 (2%)",
        "1  cannot be read",
        "10 of 11  mine/",
        "of the dances, 75% are AABB",
        "Lowest note: D4",
        f"SHA-256 of the corpus: {manifest['sha256']}",
    ):
        assert part in shown


def test_a_repeated_part_has_the_same_letter() -> None:
    one, two = ("|".join(melody(seed)) for seed in (1, 2))
    (figures,) = [describe(build([RawTune("book", f"{JIG_HEADER}{one}|]\n{two}|]\n{one}|]\n")]))]
    assert figures["forms"] == {"ABA": 1}


def test_the_command_is_reproducible_and_reports_skipped_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = "\n".join(text(melody(seed), number=seed + 1) for seed in range(20)).encode()
    (tmp_path / "data" / "corpus").mkdir(parents=True)
    (tmp_path / "data" / "corpus" / "irish.abc").write_bytes(pinned)
    monkeypatch.setattr(sources, "IRISH_SHA256", hashlib.sha256(pinned).hexdigest())
    monkeypatch.setattr(sources, "MUSIC21_SHA256", {})
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "good.abc").write_text(text(melody(30)), encoding="utf-8")
    (mine / "bad.abc").write_bytes(bytes(range(256)))
    found = []
    for out in ("one", "two"):
        result = CliRunner().invoke(main, ["corpus", "--abc", str(mine), "--out", str(tmp_path / out)])
        assert result.exit_code == 0, result.output
        assert "Skipped bad.abc: it is not text." in result.stderr
        assert "21 tunes in 21 families" in result.stdout
        names = ("corpus.jsonl", "manifest.json", "statistics.json", "verdicts.jsonl")
        found.append([(tmp_path / out / name).read_bytes() for name in names])
    assert found[0] == found[1]
    assert Corpus.load(tmp_path / "one" / "corpus.jsonl").entries[-1].id == "mine/good.abc:1"


@pytest.mark.parametrize(("folder", "message"), [("empty", "contains no tunes"), ("file/x", "cannot be written")])
def test_the_command_reports_errors_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, message: str
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("", encoding="utf-8")
    options = ["--abc", str(tmp_path / folder)] if folder == "empty" else ["--out", str(tmp_path / folder)]
    result = CliRunner().invoke(main, ["corpus", *options])
    assert result.exit_code == 1
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
