"""Dumps of the embedded database in the data folder, kept by themselves: the last few, without files.

A new major version of PostgreSQL cannot read the folder of an older one, and needs a dump (`storage.backup.upgrade`). One is made
every day and when the server stops. A dump at the stop is complete: nobody can write between it and the stop.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import structlog

from storage.backup.archive import SUMMARY, UNFINISHED, Manifest, Reader, Summary, Writer
from storage.backup.snapshot import NothingToDump, is_quiet, snapshot, write_dump
from storage.errors import StorageError
from storage.files.disk import flush, make_folder
from storage.files.room import RESERVE, RESERVE_OF_SMALL

KEPT = 3
OTHERS_KEPT = timedelta(days=30)
EVERY = timedelta(days=1)
CHECK_EVERY_S = 600
LIMIT_ON_STOP_S = 10.0  # a stop may take 30 s in all
CONNECT_TIMEOUT_S = 5

log = structlog.get_logger(__name__)


class Dumps:
    """The dumps of the server with its data in `server_folder`, in a folder beside it."""

    def __init__(self, server_folder: Path) -> None:
        self.folder = server_folder.with_name("dumps")
        self._control = server_folder / "global" / "pg_control"  # changes with every start of the server
        self._last_stop = self.folder / "last-stop.json"

    def all(self) -> list[tuple[Manifest, Path]]:
        """The dumps that can be read, newest first."""
        found = []
        for path in self.folder.glob("*.tar"):
            try:
                with path.open("rb") as file:
                    found.append((Reader(file).manifest, path))
            except (OSError, StorageError):
                log.warning("A dump cannot be read.", dump=str(path))
        return sorted(found, key=lambda each: each[0].taken_at, reverse=True)

    def is_due(self) -> bool:
        """Whether the newest dump is older than a day. A clock that was set back makes one due, too."""
        newest = next(iter(self.all()), None)
        return newest is None or not timedelta() <= datetime.now(UTC) - newest[0].taken_at < EVERY

    def make(self, conninfo: str, *, cancelled: threading.Event, limit_s: float | None = None) -> Path:
        """Dumps the database, unless the newest dump has all. Raises StorageError, OSError or psycopg.Error."""
        make_folder(self.folder, private=True)
        for leftover in self.folder.glob(f".*{UNFINISHED}"):  # of a process that was killed
            leftover.unlink(missing_ok=True)
        with (
            psycopg.connect(conninfo, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as connection,
            snapshot(connection, with_files=False) as at,
        ):
            present = self.all()
            ours = [(manifest, path) for manifest, path in present if manifest.system == at.manifest.system]
            others = [(manifest, path) for manifest, path in present if manifest.system != at.manifest.system]
            if ours and ours[0][0].transactions == at.manifest.transactions and is_quiet(at.manifest):
                return ours[0][1]
            self._check_space(ours[0][1] if ours else None)
            target = self.folder / f"{at.manifest.taken_at:%Y-%m-%dT%H%M%S.%fZ}.tar"
            with Writer(target) as writer:
                digest = write_dump(writer, at, conninfo, cancelled=cancelled, limit_s=limit_s)
                writer.add_document(SUMMARY, Summary(digest))
                writer.finish()
        # Those of another server stay for a while: with an empty new database, they may be all that is left of the one before.
        old = [path for manifest, path in others if at.manifest.taken_at - manifest.taken_at > OTHERS_KEPT]
        for path in {*old, *(path for _, path in ours[KEPT - 1 :])}:
            path.unlink(missing_ok=True)
        return target

    def make_before_stop(self, conninfo: str) -> Path | None:
        """As `make`, for the last user of the server. None if there is no dump of the present state."""
        try:
            return self.make(conninfo, cancelled=threading.Event(), limit_s=LIMIT_ON_STOP_S)
        except NothingToDump:
            return None
        except (OSError, StorageError, psycopg.Error) as error:
            log.warning("The database was not dumped before the stop.", error=str(error))
            return None

    def note_stop(self, dump: Path) -> None:
        """Notes, after the server has stopped, that the dump has all that is in its folder."""
        new = self._last_stop.with_suffix(".new")
        try:
            new.write_text(json.dumps({"dump": dump.name, "control": self._state()}))
            flush([new])
            new.replace(self._last_stop)
            flush([self.folder])
        except OSError as error:
            log.warning("The dump before the stop cannot be used for an upgrade.", error=str(error))

    def of_last_stop(self) -> Path | None:
        """The dump that has all that is in the server's folder; None if the server ran after the last dump."""
        try:
            noted = json.loads(self._last_stop.read_text())
            dump = self.folder / Path(noted["dump"]).name
            return dump if noted["control"] == self._state() and dump.exists() else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _state(self) -> str:
        return hashlib.sha256(self._control.read_bytes()).hexdigest()

    def _check_space(self, last: Path | None) -> None:
        disk = shutil.disk_usage(self.folder)
        spare = 2 * min(RESERVE, RESERVE_OF_SMALL * disk.total)  # more than that at which workers pause
        wanted = spare + 3 * (last.stat().st_size if last else 0)  # two while it is written, and some growth
        if disk.free < wanted:
            raise StorageError(f"There is too little space for a dump in {self.folder}: free {wanted / 1e6:,.0f} MB.")


async def keep_dumping(dumps: Dumps, conninfo: Callable[[], str]) -> None:
    """Dumps the database once a day, also now if that is due. The conninfo changes when the server is restarted."""
    while True:
        cancelled = threading.Event()
        try:
            if await asyncio.to_thread(dumps.is_due):
                await asyncio.to_thread(dumps.make, conninfo(), cancelled=cancelled)
        except (OSError, StorageError, psycopg.Error) as error:
            log.warning("The daily dump of the database failed; it is tried again.", error=str(error), seconds=CHECK_EVERY_S)
        finally:
            cancelled.set()  # otherwise the exit of the process would wait for pg_dump
        await asyncio.sleep(CHECK_EVERY_S)
