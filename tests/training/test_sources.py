"""The collections: only the pinned ones are taken, and one's own beside them. No network."""

import hashlib
import importlib.util
import subprocess
from types import SimpleNamespace

import pytest

from tests.training.tunes import melody, text
from training import sources
from training.sources import RawTune, SourceError


@pytest.fixture(autouse=True)
def no_programs(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a test tried to fetch a package")

    monkeypatch.setattr(subprocess, "run", refuse)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_irish_abc_is_taken_from_the_cache_when_its_hash_is_the_pinned_one(tmp_path, monkeypatch):
    content = text(melody(1)).encode()
    (tmp_path / "irish.abc").write_bytes(content)
    monkeypatch.setattr(sources, "IRISH_SHA256", digest(content))
    assert sources.irish(tmp_path).read_bytes() == content


def test_another_irish_abc_is_refused(tmp_path):
    (tmp_path / "irish.abc").write_text(text(melody(1)), encoding="utf-8")
    with pytest.raises(SourceError, match=r"not the pinned irish\.abc\. Delete it"):
        sources.irish(tmp_path)


@pytest.mark.parametrize(
    "error",
    [
        OSError("no such program"),
        subprocess.CalledProcessError(1, "uv", stderr="x\nno route to host"),
        subprocess.TimeoutExpired("uv", 600),
    ],
)
def test_a_failed_fetch_says_what_to_do_and_leaves_nothing_behind(tmp_path, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(SourceError, match="Check the network, or put the file at"):
        sources.irish(tmp_path / "cache")
    assert not (tmp_path / "cache" / "irish.abc").exists()


def test_a_fetched_file_of_another_hash_is_refused(tmp_path, monkeypatch):
    def fetch(command, **_):
        data = sources.Path(command[-1]) / "mitdeeplearning" / "data"
        data.mkdir(parents=True)
        (data / "irish.abc").write_text("X:1\nK:C\nA|", encoding="utf-8")
        assert "--require-hashes" in command

    monkeypatch.setattr(subprocess, "run", fetch)
    with pytest.raises(SourceError, match="not the pinned"):
        sources.irish(tmp_path)


def test_a_collection_that_was_changed_is_refused(monkeypatch):
    monkeypatch.setitem(sources.MUSIC21_SHA256, "miscFolk", "0" * 64)
    with pytest.raises(SourceError, match="miscFolk is not the pinned one"):
        sources._music21_files("miscFolk")


def test_the_installed_collection_is_the_pinned_one():
    assert len(sources._music21_files("miscFolk")) > 0


def test_without_music21_the_command_to_run_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SourceError, match="scripts/install"):
        sources._music21_files("miscFolk")


def test_every_tune_of_every_collection_comes_in_order(tmp_path, monkeypatch):
    irish = (text(melody(1)) + "\n" + text(melody(2), number=2)).encode()
    (tmp_path / "irish.abc").write_bytes(irish)
    monkeypatch.setattr(sources, "IRISH_SHA256", digest(irish))
    book = tmp_path / "package" / "corpus" / "book"
    book.mkdir(parents=True)
    (book / "b.abc").write_text(text(melody(4)), encoding="utf-8")
    (book / "a.abc").write_text(text(melody(3)), encoding="utf-8")
    monkeypatch.setattr(sources, "MUSIC21_SHA256", {"book": digest((text(melody(3)) + text(melody(4))).encode())})
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: SimpleNamespace(origin=str(tmp_path / "package" / "__init__.py")))
    own = tmp_path / "mine" / "deep"
    own.mkdir(parents=True)
    (own / "x.abc").write_bytes(text(melody(5)).encode() + b"\xff")
    found = list(sources.tunes(tmp_path, tmp_path / "mine"))
    assert [tune.collection for tune in found] == ["irish.abc", "irish.abc", "book", "book", "mine"]
    assert found[2] == RawTune("book", text(melody(3)))
    assert melody(5)[0] in found[4].text
