"""Files that are missing or damaged are made again when somebody reads them. The tests play the renderer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from storage import FileMissing, Status, Storage, StorageError, Viewer, work
from storage.files import remaking as remaking_module
from storage.files.files import digest_of
from tests.patience import HANG_S
from tests.storage.examples import COMPOSITION, execute, origin, request

ABC, SHEET = b"X:1", b"a sheet"
FILES = {"tune.abc": ("text/vnd.abc", ABC), "tune.png": ("image/png", SHEET)}
JOBS = "SELECT task_name, args ->> 'tune_id' FROM procrastinate_jobs WHERE task_name = 'remake'"


async def add_finished(storage: Storage, event: str = "1") -> str:
    tune_id = (await storage.add(request(), origin(event))).id
    await storage.start(tune_id)
    await storage.finish(tune_id, COMPOSITION, FILES)
    return tune_id


def path_of(folder: Path, content: bytes) -> Path:
    digest = digest_of(content)
    return folder / "files" / digest[:2] / digest[2:]


def lose(path: Path) -> None:
    path.unlink()


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3])


def alter(path: Path) -> None:
    path.write_bytes(b"?" + path.read_bytes()[1:])


@asynccontextmanager
async def remaking(storage: Storage, remake: Callable[[str], Awaitable[None]]) -> AsyncIterator[None]:
    """A worker that makes files again."""

    async def make(_: object) -> None:
        raise AssertionError("a tune is made")

    worker = asyncio.create_task(work(storage, make, concurrency=2, remake=remake))
    try:
        yield
    finally:
        worker.cancel()
        await asyncio.wait({worker})


@pytest.mark.usefixtures("short_intervals")
@pytest.mark.parametrize("damage", [lose, cut_off, alter])
async def test_a_reader_waits_until_a_damaged_file_is_made_again(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]
) -> None:
    monkeypatch.setattr(remaking_module, "POLL_S", 0.02)
    tune_id, remade = await add_finished(storage), []
    execute_jobs_done(storage)
    damage(path_of(tmp_path, SHEET))

    async def remake(remade_id: str) -> None:
        remade.append(remade_id)
        await storage.remaking.replace(remade_id, {"tune.abc": ABC, "tune.png": SHEET})

    async with remaking(storage, remake):
        contents = await asyncio.gather(*(storage.read(tune_id, "tune.png", wait_s=HANG_S) for _ in range(5)))
    assert contents == [SHEET] * 5
    assert remade == [tune_id]


def execute_jobs_done(storage: Storage) -> None:
    """Removes the jobs that `add` made: the tests' worker makes no tunes."""
    execute(storage.database.conninfo, "DELETE FROM procrastinate_jobs")


async def test_a_file_that_is_not_made_again_in_time_raises_file_missing_and_stays_queued_once(
    storage: Storage, url: str, tmp_path: Path
) -> None:
    tune_id = await add_finished(storage)
    lose(path_of(tmp_path, SHEET))
    answers = await asyncio.gather(*(storage.read(tune_id, "tune.png", wait_s=0) for _ in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [FileMissing] * 5
    assert execute(url, JOBS) == [("remake", tune_id)]
    assert await storage.read(tune_id, "tune.abc") == ABC


async def test_a_job_that_makes_files_again_is_taken_before_all_tunes(storage: Storage, url: str, tmp_path: Path) -> None:
    tune_id = await add_finished(storage)
    lose(path_of(tmp_path, SHEET))
    with pytest.raises(FileMissing):
        await storage.read(tune_id, "tune.png", wait_s=0)
    order = execute(url, "SELECT task_name FROM procrastinate_jobs ORDER BY priority DESC, id")
    assert order == [("remake",), ("compose",)]


async def test_new_contents_replace_the_old_ones(storage: Storage, tmp_path: Path) -> None:
    tune_id = await add_finished(storage)
    await storage.remaking.replace(tune_id, {"tune.abc": ABC, "tune.png": b"another sheet", "tune.mid": b"a new format"})
    assert [(file.name, file.size, file.hash) for file in await storage.files(tune_id)] == [
        ("tune.abc", 3, digest_of(ABC)),
        ("tune.png", 13, digest_of(b"another sheet")),
    ]
    assert await storage.read(tune_id, "tune.png") == b"another sheet"
    assert not path_of(tmp_path, SHEET).exists()


async def test_a_content_that_another_tune_has_stays(storage: Storage) -> None:
    first, second = await add_finished(storage, "1"), await add_finished(storage, "2")
    await storage.remaking.replace(first, {"tune.abc": ABC, "tune.png": b"another sheet"})
    assert await storage.read(second, "tune.png") == SHEET


async def test_files_of_a_deleted_tune_are_not_made_again(storage: Storage, url: str, tmp_path: Path) -> None:
    tune_id = await add_finished(storage)
    await storage.sharing.delete(tune_id, Viewer("discord", "ann"))
    execute_jobs_done(storage)
    with pytest.raises(KeyError):
        await storage.read(tune_id, "tune.png", wait_s=0)
    await storage.remaking.replace(tune_id, {"tune.abc": ABC})  # by a worker that began before
    assert execute(url, JOBS) == []
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


async def test_whether_files_must_be_made_again_is_seen(storage: Storage, tmp_path: Path) -> None:
    tune_id = await add_finished(storage)
    assert not await storage.remaking.is_needed(tune_id)
    alter(path_of(tmp_path, ABC))
    assert await storage.remaking.is_needed(tune_id)


async def test_files_that_cannot_be_used_at_all_raise_a_storage_error(storage: Storage, url: str, tmp_path: Path) -> None:
    tune_id = await add_finished(storage)
    (tmp_path / "files").rename(tmp_path / "away")
    (tmp_path / "files").write_bytes(b"in the way")
    with pytest.raises(StorageError, match="cannot be read"):
        await storage.read(tune_id, "tune.png")
    assert execute(url, JOBS) == []
    tune = await storage.tune(tune_id)
    assert tune is not None and tune.status is Status.FINISHED
