"""A finished tune has its files, whatever happens to the machine, and failed writes leave nothing."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage import Status, Storage, StorageError, open_storage
from storage.files.files import Files, digest_of
from tests.storage.examples import COMPOSITION, origin, request
from tests.storage.files.power_cut import contents, files_after_power_cut

ROOT = Path(__file__).parents[3]
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="names open files by /proc")
needs_limits = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")

WRITER = """
import asyncio, os, stat, sys
from pathlib import Path
from storage.files.files import Files

def wait(descriptor):
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        print("writing", flush=True)
        sys.stdin.readline()

files = Files.open(Path(sys.argv[1]), None)
os.fsync = wait
asyncio.run(files.write([b"content"]))
"""


def unfinished(data_dir: Path) -> list[Path]:
    return list((data_dir / "files" / ".unfinished").glob("*"))


@needs_linux
async def test_a_power_cut_just_after_the_commit_leaves_no_finished_tune_without_its_files(
    storage: Storage, url: str, tmp_path: Path
) -> None:
    tune_ids = [(await storage.add(request(), origin(event))).id for event in "123"]
    recorded, after = tmp_path / "recorded", tmp_path / "after"
    program = [sys.executable, "-m", "tests.storage.files.power_cut", str(tmp_path), url, str(recorded), *tune_ids]
    subprocess.run(program, cwd=ROOT, check=False)
    files_after_power_cut(tmp_path / "files", recorded, after / "files")
    async with open_storage(data_dir=after, database_url=url, files_url=None) as restarted:
        for tune_id in tune_ids:
            tune = await restarted.tune(tune_id)
            assert tune is not None and tune.status is Status.FINISHED
            for name, (_, content) in contents(tune_id).items():
                assert await restarted.read(tune_id, name) == content


@needs_linux
async def test_files_are_flushed_then_renamed_then_their_folders_flushed_before_the_commit(
    storage: Storage, url: str, tmp_path: Path
) -> None:
    tune = await storage.add(request(), origin())
    recorded = tmp_path / "recorded"
    program = [sys.executable, "-m", "tests.storage.files.power_cut", str(tmp_path), url, str(recorded), tune.id]
    subprocess.run(program, cwd=ROOT, check=False)
    events = (recorded / "events").read_text().splitlines()
    writing = events[events.index("flush of a file") :]
    last_folder = len(writing) - 1 - writing[::-1].index("flush of a folder")
    assert writing[:10] == ["flush of a file"] * 5 + ["rename"] * 5
    assert "commit" not in writing[:last_folder] and "commit" in writing[last_folder:]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Makes writes of this process fail beyond `size` bytes, as a full disk does, in the middle of a file."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@needs_limits
async def test_a_failed_write_leaves_no_partial_file(tmp_path: Path) -> None:
    files = Files.open(tmp_path, None)
    with largest_file(1000), pytest.raises(StorageError) as failed:
        await files.write([b"small", b"large" * 1000])
    assert isinstance(failed.value.__cause__, OSError) and failed.value.__cause__.errno == errno.EFBIG
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    await files.write([b"large" * 1000])
    assert await files.read(digest_of(b"large" * 1000)) == b"large" * 1000


async def test_a_failed_flush_leaves_no_file_and_the_tune_unfinished(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune = await storage.add(request(), origin())

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError):
        await storage.finish(tune.id, COMPOSITION, contents(tune.id))
    assert await storage.tune(tune.id) == tune
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


def start_writer(data_dir: Path) -> subprocess.Popen[str]:
    """A process that stops in the middle of writing a file until its input has a line."""
    command = [sys.executable, "-c", WRITER, str(data_dir)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "writing\n"
    return process


async def test_the_next_start_removes_what_a_killed_process_left(tmp_path: Path) -> None:
    process = start_writer(tmp_path)
    process.kill()
    process.communicate()
    assert len(unfinished(tmp_path)) == 1
    Files.open(tmp_path, None)
    assert unfinished(tmp_path) == []


async def test_a_start_leaves_what_another_process_is_writing(tmp_path: Path) -> None:
    process = start_writer(tmp_path)
    files = Files.open(tmp_path, None)
    assert len(unfinished(tmp_path)) == 1
    process.communicate("\n")
    assert process.returncode == 0
    assert await files.read(digest_of(b"content")) == b"content"
    assert unfinished(tmp_path) == []
