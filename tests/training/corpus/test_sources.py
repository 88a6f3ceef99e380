"""The collections: only the pinned versions are used, and your own files. No network access."""

import hashlib
import importlib.util
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.training.tunes import melody, text
from training.corpus import sources
from training.corpus.sources import RawTune, SourceError


@pytest.fixture(autouse=True)
def no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a test tried to fetch a package")

    monkeypatch.setattr(subprocess, "run", refuse)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_irish_abc_is_taken_from_the_cache_if_its_hash_matches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = text(melody(1)).encode()
    (tmp_path / "irish.abc").write_bytes(content)
    monkeypatch.setattr(sources, "IRISH_SHA256", digest(content))
    assert sources.irish_abc(tmp_path).read_bytes() == content


def test_a_different_irish_abc_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "irish.abc").write_text(text(melody(1)), encoding="utf-8")
    with pytest.raises(SourceError, match=r"differs from the pinned irish\.abc\. Delete it"):
        sources.irish_abc(tmp_path)


@pytest.mark.parametrize(
    "error",
    [
        OSError("no such program"),
        subprocess.CalledProcessError(1, "uv", stderr="x\nno route to host"),
        subprocess.TimeoutExpired("uv", 600),
    ],
)
def test_a_failed_download_says_what_to_do_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(SourceError, match="Check the network, or put the file at"):
        sources.irish_abc(tmp_path / "cache")
    assert not (tmp_path / "cache" / "irish.abc").exists()


def test_a_downloaded_file_with_another_hash_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(command: list[str], **_: object) -> None:
        data = Path(command[-1]) / "mitdeeplearning" / "data"
        data.mkdir(parents=True)
        (data / "irish.abc").write_text("X:1\nK:C\nA|", encoding="utf-8")
        assert "--require-hashes" in command

    monkeypatch.setattr(subprocess, "run", fetch)
    with pytest.raises(SourceError, match="differs from the pinned"):
        sources.irish_abc(tmp_path)


def test_a_changed_collection_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sources.MUSIC21_SHA256, "miscFolk", "0" * 64)
    with pytest.raises(SourceError, match="miscFolk differs from the pinned version"):
        sources._music21_files("miscFolk")


def test_the_installed_collection_has_the_pinned_hash() -> None:
    assert len(sources._music21_files("miscFolk")) > 0


def test_missing_music21_names_the_command_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SourceError, match="scripts/install"):
        sources._music21_files("miscFolk")


def test_tunes_come_in_the_order_of_collections_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_own_files_are_read_in_order_in_several_encodings(tmp_path: Path) -> None:
    cafe = text(melody(1), title="Café")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "old.ABC").write_bytes(cafe.encode("latin-1"))
    (tmp_path / "a.abc").write_bytes(b"\xef\xbb\xbf" + cafe.encode() + b"\r\n" + text(melody(2)).encode())
    (tmp_path / "notes.txt").write_text(cafe, encoding="utf-8")
    messages: list[str] = []
    found = list(sources.read_folder(tmp_path, messages.append))
    name = tmp_path.name
    assert [tune.id for tune in found] == [f"{name}/a.abc:1", f"{name}/a.abc:2", f"{name}/b/old.ABC:1"]
    assert found[2].text == cafe
    assert found[0].text.startswith(cafe)
    assert messages == []


def test_files_without_tunes_are_skipped_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 2**20)
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
    messages: list[str] = []
    found = list(sources.read_folder(tmp_path, messages.append))
    assert [tune.id.partition("/")[2] for tune in found] == ["good.abc:1", "linked.abc:1", "folder.abc/inner.abc:1"]
    assert messages == [
        "Skipped binary.abc: it is not text.",
        "Skipped gone.abc: it is not a file.",
        "Skipped huge.abc: it is larger than 1 MB.",
        "Skipped pipe.abc: it is not a file.",
        "Skipped words.abc: it contains no tune that begins with X:.",
    ]


def test_a_folder_without_tunes_is_rejected_before_any_download(tmp_path: Path) -> None:
    (tmp_path / "words.abc").write_text("no music", encoding="utf-8")
    with pytest.raises(SourceError, match="contains no tunes"):
        next(sources.tunes(tmp_path / "cache", tmp_path))
