"""The embedded server: shared by several processes, killed, and interrupted."""

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

import psutil
import pytest

from storage import Storage, StorageError, open_storage
from storage.embedded import embedded_server
from tests.patience import HANG_S
from tests.storage.examples import origin, request

ROOT = Path(__file__).parents[2]
CLIENT = """
import os, pwd, sys
from pathlib import Path
from storage.embedded import embedded_server

if len(sys.argv) > 2:  # after the imports: another user may have no access to the interpreter's files
    os.setgroups([])
    os.setuid(pwd.getpwnam(sys.argv[2]).pw_uid)
embedded_server(Path(sys.argv[1])).run()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    # With a space, which the library does not support. Not tmp_path, which pytest closes to the server's user (see conftest).
    folder = Path(tempfile.mkdtemp(prefix="tunes ")) / "data"
    yield folder
    if (pid := server_pid(folder)) is not None:
        kill_and_wait(pid, signal.SIGQUIT)
    shutil.rmtree(folder.parent)


def start_client(folder: Path, user: str | None = None) -> subprocess.Popen[str]:
    """Another process, of another user if one is given, that uses the server in the folder until its input is closed."""
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(folder / "postgres"), *([user] if user else [])],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def is_ready(process: subprocess.Popen[str]) -> bool:
    assert process.stdout is not None
    return process.stdout.readline() == "ready\n"


def server_pid(folder: Path) -> int | None:
    """The process id of the server in the folder, None if it does not run."""
    file = folder / "postgres" / "postmaster.pid"
    pid = int(file.read_text().split()[0]) if file.exists() else 0
    return pid if pid and is_running(pid) else None


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def kill_and_wait(pid: int, signal_number: int) -> None:
    os.kill(pid, signal_number)
    wait_for_end(pid)


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + HANG_S
    while is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def count_tunes(folder: Path) -> int:
    async with open_storage(data_dir=folder, database_url=None, files_url=None) as storage:
        return len(await storage.undelivered("discord"))


def test_processes_share_one_server_which_stops_after_the_last_of_them(folder: Path) -> None:
    processes = [start_client(folder) for _ in range(3)]  # at the same time, in a folder that does not exist yet
    assert [is_ready(process) for process in processes] == [True] * 3
    pid = server_pid(folder)
    assert pid is not None
    processes[0].communicate()
    assert is_running(pid)
    processes[1].kill()
    processes[1].communicate()
    assert is_running(pid)
    processes[2].communicate()
    assert processes[2].returncode == 0
    wait_for_end(pid)  # the killed process does not keep it running


def test_a_client_reuses_the_server_of_a_killed_client(folder: Path) -> None:
    first = start_client(folder)
    assert is_ready(first)
    first.kill()
    first.communicate()
    pid = server_pid(folder)
    assert pid is not None
    second = start_client(folder)
    assert is_ready(second) and server_pid(folder) == pid
    second.communicate()
    wait_for_end(pid)


def kill_server(folder: Path) -> int:
    """Kills all processes of the server with -9, as a power cut does. Returns the process id that its lock files name."""
    pid = server_pid(folder)
    assert pid is not None
    processes = [psutil.Process(pid), *psutil.Process(pid).children()]
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    wait_for_end(pid)
    return pid


@pytest.mark.parametrize("id_reused_by", ["no process", "this process", "process 1"])
async def test_no_tune_is_lost_when_all_server_processes_are_killed(folder: Path, id_reused_by: str) -> None:
    """As in a power cut. Afterwards another process may have the id in postmaster.pid: in a container this is usual."""
    async with open_storage(data_dir=folder, database_url=None, files_url=None) as storage:
        await storage.add(request(), origin())
    pid = kill_server(folder)
    if id_reused_by != "no process":
        file = folder / "postgres" / "postmaster.pid"
        file.write_text(file.read_text().replace(str(pid), str(1 if id_reused_by == "process 1" else os.getpid()), 1))
    assert await count_tunes(folder) == 1
    embedded_server(folder / "postgres").cleanup()


@pytest.mark.parametrize("socket_lock", ["complete", "empty"])
def test_the_lock_files_of_a_killed_server_may_name_another_process_of_its_user(folder: Path, socket_lock: str) -> None:
    """PostgreSQL itself would take it for a server and not start. Two processes find this at the same time."""
    first = start_client(folder)
    assert is_ready(first)
    user = embedded_server(folder / "postgres").system_user
    pid = kill_server(folder)
    # A process that looks like the server at first sight: it has the folder among its arguments.
    other = subprocess.Popen(["sh", "-c", "read line", str(folder / "postgres")], stdin=subprocess.PIPE, user=user)
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        file = folder / "postgres" / name
        file.write_text(file.read_text().replace(str(pid), str(other.pid), 1))
    if socket_lock == "empty":  # an interrupted write
        (folder / "postgres" / ".s.PGSQL.5432.lock").write_text("")
    clients = [start_client(folder) for _ in range(2)]
    assert [is_ready(client) for client in clients] == [True, True]
    assert server_pid(folder) not in (None, pid, other.pid)
    assert other.poll() is None
    for process in (first, *clients):
        process.communicate()
    other.communicate()


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="only root can start a process of another user")
def test_another_user_of_the_machine_has_a_database_of_their_own(folder: Path) -> None:
    mine = start_client(folder)
    assert is_ready(mine)
    with tempfile.TemporaryDirectory(prefix="theirs-") as home:
        shutil.chown(home, "nobody")
        theirs = start_client(Path(home), user="nobody")
        assert is_ready(theirs)
        theirs.communicate()
    mine.communicate()


async def test_a_folder_that_this_user_may_not_write_raises_a_storage_error_with_advice(folder: Path) -> None:
    (folder / ".postgres.lock").mkdir(parents=True)  # root may write everything, but not to a folder
    with pytest.raises(StorageError, match=r"cannot be used \(Is a directory\); set DATA_DIR"):
        await count_tunes(folder)


async def test_a_killed_server_is_restarted_by_the_next_query(folder: Path) -> None:
    async with open_storage(data_dir=folder, database_url=None, files_url=None) as storage, storage.changes() as changes:
        tune = await storage.add(request(), origin("1"))
        assert await anext(changes) == tune.id
        pid = server_pid(folder)
        assert pid is not None
        children = psutil.Process(pid).children()
        kill_and_wait(pid, signal.SIGKILL)
        psutil.wait_procs(children, timeout=HANG_S)  # until they end, they may answer and break off in the middle
        assert await storage.tune(tune.id) == tune
        assert await anext(changes) == ""
        other = await storage.add(request(), origin("2"))
        assert await anext(changes) == other.id
    embedded_server(folder / "postgres").cleanup()


@pytest.mark.parametrize("content", ["", "[12345, "])
async def test_a_damaged_list_of_client_processes_is_ignored(folder: Path, content: str) -> None:
    assert await count_tunes(folder) == 0
    (folder / "postgres" / ".handle_pids.json").write_text(content)
    assert await count_tunes(folder) == 0
    embedded_server(folder / "postgres").cleanup()


async def test_an_interrupted_first_start_is_repeated(folder: Path) -> None:
    unfinished = folder / ".unfinished-postgres-abandoned"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    (folder / "postgres-old").mkdir()
    (folder / "postgres").mkdir()
    assert await count_tunes(folder) == 0
    assert not unfinished.exists() and (folder / "postgres-old").exists()
    embedded_server(folder / "postgres").cleanup()


async def test_the_server_starts_in_a_folder_whose_path_is_too_long_for_a_socket(folder: Path) -> None:
    deep = folder.joinpath(*["a folder with a long name"] * 5)
    assert await count_tunes(deep) == 0
    pid = server_pid(deep)
    assert pid is not None
    embedded_server(deep / "postgres").cleanup()
    wait_for_end(pid)


async def test_only_the_operating_system_user_of_the_server_may_connect(folder: Path) -> None:
    async with open_storage(data_dir=folder, database_url=None, files_url=None) as storage:
        [socket] = (folder / "postgres").glob(".s.PGSQL.*[0-9]")
        assert socket.stat().st_mode & 0o077 == 0
        assert isinstance(storage, Storage)
    embedded_server(folder / "postgres").cleanup()


async def test_a_data_folder_that_cannot_be_created_raises_a_storage_error_with_advice(folder: Path) -> None:
    folder.write_bytes(b"in the way")
    with pytest.raises(StorageError, match="set DATA_DIR"):
        await count_tunes(folder)


async def test_the_server_flushes_each_commit_to_the_disk(folder: Path) -> None:
    async with open_storage(data_dir=folder, database_url=None, files_url=None) as storage:
        connection = await storage.database.connect()
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert await (await connection.execute(f"SHOW {setting}")).fetchone() == ("on",)
        await connection.close()
    embedded_server(folder / "postgres").cleanup()
