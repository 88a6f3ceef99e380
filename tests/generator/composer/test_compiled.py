"""Where the compiled code is cached."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.composer.compiled import writable_cache


def refuse_writing_to(*folders: Path) -> Callable[[Path, int], bool]:
    """Permissions do not bind root, who may run the tests; a read-only file system cannot be had by others."""
    access = os.access
    return lambda path, mode: path not in folders and access(path, mode)


def test_it_is_beside_the_sources(tmp_path: Path) -> None:
    assert writable_cache(tmp_path / "built", tmp_path / "user") == tmp_path / "built"
    assert not (tmp_path / "user").exists()


def test_beside_read_only_sources_the_user_gets_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built, user = tmp_path / "built", tmp_path / "home" / "user"
    (built / "composer").mkdir(parents=True)
    (built / "composer" / "step.nbc").write_bytes(b"code")
    monkeypatch.setattr(os, "access", refuse_writing_to(built))
    for _start in range(2):
        assert writable_cache(built, user) == user
        assert (user / "composer" / "step.nbc").read_bytes() == b"code"
        assert [path.name for path in user.parent.iterdir()] == ["user"]


def test_nothing_compiled_is_copied_if_there_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert writable_cache(tmp_path / "file" / "built", tmp_path / "user") == tmp_path / "user"


def test_without_a_writable_folder_there_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert writable_cache(tmp_path / "file" / "built", tmp_path / "file" / "user") is None
