"""The collections: only the pinned ones are taken, and one's own beside them. No network."""

import hashlib
import importlib.util
import os
import subprocess
from types import SimpleNamespace

import pytest

from tests.training.tunes import melody, text
from training.corpus import sources
from training.corpus.sources import RawTune, SourceError


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
    (own / "x.abc").write_text(text(melody(5)), encoding="utf-8")
    found = list(sources.tunes(tmp_path, tmp_path / "mine"))
    assert [tune.collection for tune in found] == ["irish.abc", "irish.abc", "book", "book", "mine/"]
    assert found[2] == RawTune("book", text(melody(3)))
    assert found[4] == RawTune("mine/", text(melody(5)), "mine/deep/x.abc:1")


def test_ones_own_files_are_read_whatever_their_encoding_and_stand_in_order(tmp_path):
    cafe = text(melody(1), title="Café")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "old.ABC").write_bytes(cafe.encode("latin-1"))
    (tmp_path / "a.abc").write_bytes(b"\xef\xbb\xbf" + cafe.encode() + b"\r\n" + text(melody(2)).encode())
    (tmp_path / "notes.txt").write_text(cafe, encoding="utf-8")
    said = []
    found = list(sources.own(tmp_path, said.append))
    name = tmp_path.name
    assert [tune.id for tune in found] == [f"{name}/a.abc:1", f"{name}/a.abc:2", f"{name}/b/old.ABC:1"]
    assert found[2].text == cafe
    assert found[0].text.startswith(cafe)
    assert said == []


def test_files_that_are_no_tunes_are_named_and_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MOST_BYTES", 2**20)
    (tmp_path / "good.abc").write_text(text(melody(1)), encoding="utf-8")
    (tmp_path / "binary.abc").write_bytes(bytes(range(256)))
    (tmp_path / "gone.abc").symlink_to(tmp_path / "nowhere")
    (tmp_path / "huge.abc").write_bytes(b" " * (2**20 + 1))
    (tmp_path / "words.abc").write_text("no music", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe.abc")
    (tmp_path / "folder.abc").mkdir()
    (tmp_path / "folder.abc" / "inner.abc").write_text(text(melody(2)), encoding="utf-8")
    (tmp_path / "round").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "linked.abc").symlink_to(tmp_path / "good.abc")
    said = []
    found = list(sources.own(tmp_path, said.append))
    assert [tune.id.partition("/")[2] for tune in found] == ["good.abc:1", "linked.abc:1", "folder.abc/inner.abc:1"]
    assert said == [
        "binary.abc was left out: it is not text.",
        "gone.abc was left out: it is not a file.",
        "huge.abc was left out: it is larger than 1 MB.",
        "pipe.abc was left out: it is not a file.",
        "words.abc was left out: it holds no tune that begins with X:.",
    ]


def test_a_folder_without_tunes_is_refused_before_anything_is_fetched(tmp_path):
    (tmp_path / "words.abc").write_text("no music", encoding="utf-8")
    with pytest.raises(SourceError, match="holds no tunes"):
        next(sources.tunes(tmp_path / "cache", tmp_path))
