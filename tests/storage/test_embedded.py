"""The embedded server as people's machines treat it: shared, killed, cut off."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from storage import Storage, StorageError, open_storage
from storage.embedded import embedded_server
from tests.patience import HANG_S
from tests.storage.examples import origin, request

ROOT = Path(__file__).parents[2]
USER = """
import sys
from pathlib import Path
from storage.embedded import embedded_server

embedded_server(Path(sys.argv[1])).run()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    # With a space, which the library cannot do; not tmp_path, which pytest closes to the server's user (see conftest).
    folder = Path(tempfile.mkdtemp(prefix="tunes ")) / "data"
    yield folder
    if (pid := postmaster(folder)) is not None:
        stop(pid, signal.SIGQUIT)
    shutil.rmtree(folder.parent)


def user(folder: Path) -> subprocess.Popen[str]:
    """Another process that uses the server in the folder until its input is closed."""
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(folder / "postgres")], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def ready(process: subprocess.Popen[str]) -> bool:
    assert process.stdout is not None
    return process.stdout.readline() == "ready\n"


def postmaster(folder: Path) -> int | None:
    """The id of the folder's server, when it runs."""
    file = folder / "postgres" / "postmaster.pid"
    pid = int(file.read_text().split()[0]) if file.exists() else 0
    return pid if pid and is_running(pid) else None


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def stop(pid: int, how: int) -> None:
    os.kill(pid, how)
    gone(pid)


def gone(pid: int) -> None:
    deadline = time.monotonic() + HANG_S
    while is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def tunes_in(folder: Path) -> int:
    async with open_storage(data_dir=folder, database_url=None, files_url=None) as storage:
        return len(await storage.undelivered("discord"))


def test_processes_share_one_server_which_stops_after_the_last(folder: Path) -> None:
    processes = [user(folder) for _ in range(3)]  # at once, into a folder that is not there yet
    assert [ready(process) for process in processes] == [True] * 3
    pid = postmaster(folder)
    assert pid is not None
    processes[0].communicate()
    assert is_running(pid)
    processes[1].kill()
    processes[1].communicate()
    assert is_running(pid)
    processes[2].communicate()
    assert processes[2].returncode == 0
    gone(pid)  # the one that was killed does not keep it up


def test_a_user_that_was_killed_leaves_a_server_that_the_next_one_takes_over(folder: Path) -> None:
    first = user(folder)
    assert ready(first)
    first.kill()
    first.communicate()
    pid = postmaster(folder)
    assert pid is not None
    second = user(folder)
    assert ready(second) and postmaster(folder) == pid
    second.communicate()
    gone(pid)


@pytest.mark.parametrize("successor", ["nobody", "somebody", "init"])
async def test_an_unclean_end_of_everything_loses_nothing(folder: Path, successor: str) -> None:
    """As in a power cut; afterwards the id in postmaster.pid may be another process's, in a container nearly always."""
    async with open_storage(data_dir=folder, database_url=None, files_url=None) as storage:
        await storage.add(request(), origin())
    pid = postmaster(folder)
    assert pid is not None
    processes = [psutil.Process(pid), *psutil.Process(pid).children()]
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    gone(pid)
    if successor != "nobody":
        file = folder / "postgres" / "postmaster.pid"
        file.write_text(file.read_text().replace(str(pid), str(1 if successor == "init" else os.getpid()), 1))
    assert await tunes_in(folder) == 1
    embedded_server(folder / "postgres").cleanup()


async def test_a_server_that_is_killed_is_started_again_by_whoever_needs_it(folder: Path) -> None:
    async with open_storage(data_dir=folder, database_url=None, files_url=None) as storage, storage.changes() as changes:
        tune = await storage.add(request(), origin("1"))
        assert await anext(changes) == tune.id
        pid = postmaster(folder)
        assert pid is not None
        children = psutil.Process(pid).children()
        stop(pid, signal.SIGKILL)
        psutil.wait_procs(children, timeout=HANG_S)  # until they notice, they answer, and break off in the middle
        assert await storage.tune(tune.id) == tune
        assert await anext(changes) == ""
        other = await storage.add(request(), origin("2"))
        assert await anext(changes) == other.id
    embedded_server(folder / "postgres").cleanup()


@pytest.mark.parametrize("left", ["", "[12345, "])
async def test_a_torn_list_of_users_does_no_harm(folder: Path, left: str) -> None:
    assert await tunes_in(folder) == 0
    (folder / "postgres" / ".handle_pids.json").write_text(left)
    assert await tunes_in(folder) == 0
    embedded_server(folder / "postgres").cleanup()


async def test_a_first_start_that_was_cut_off_is_begun_anew(folder: Path) -> None:
    half = folder / ".unfinished-postgres-abandoned"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    (folder / "postgres-old").mkdir()
    (folder / "postgres").mkdir()
    assert await tunes_in(folder) == 0
    assert not half.exists() and (folder / "postgres-old").exists()
    embedded_server(folder / "postgres").cleanup()


async def test_a_path_too_long_for_a_socket(folder: Path) -> None:
    deep = folder.joinpath(*["a folder with a long name"] * 5)
    assert await tunes_in(deep) == 0
    pid = postmaster(deep)
    assert pid is not None
    embedded_server(deep / "postgres").cleanup()
    gone(pid)


async def test_only_the_owner_may_connect(folder: Path) -> None:
    async with open_storage(data_dir=folder, database_url=None, files_url=None) as storage:
        [socket] = (folder / "postgres").glob(".s.PGSQL.*[0-9]")
        assert socket.stat().st_mode & 0o077 == 0
        assert isinstance(storage, Storage)
    embedded_server(folder / "postgres").cleanup()


async def test_the_folder_of_another_postgresql_is_said_in_a_sentence(folder: Path) -> None:
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(StorageError, match="is of PostgreSQL 16"):
        await tunes_in(folder)


async def test_a_folder_that_cannot_be_is_said_in_a_sentence(folder: Path) -> None:
    folder.write_bytes(b"in the way")
    with pytest.raises(StorageError, match="set DATA_DIR"):
        await tunes_in(folder)
