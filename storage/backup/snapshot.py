"""A point in time of the database, its dump, and how that is restored."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from importlib.metadata import version
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from storage.backup.archive import CHUNK, DUMP, MANIFEST, Manifest, Reader, Writer
from storage.backup.pg_tools import pg_dump, pg_restore, tool_version
from storage.errors import StorageError

# Of those that the server knows; `true` is for this transaction.
_NO_LIMITS = """
    SELECT set_config(name, '0', true) FROM pg_settings
    WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout')
"""
_STATE = """
    SELECT now(), current_schema(), current_setting('server_version_num')::int / 10000, pg_export_snapshot(),
           pg_current_snapshot()::text, (SELECT version_num FROM alembic_version)
"""


class NothingToDump(StorageError):
    """The database has no tables yet."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything read through `connection` is of one point in time, and so is what pg_dump writes."""

    connection: psycopg.Connection[TupleRow]
    id: str
    manifest: Manifest


@contextmanager
def snapshot(connection: psycopg.Connection[TupleRow], *, with_files: bool) -> Iterator[Snapshot]:
    """The present point in time, until the context exits. Raises StorageError for a database without tables."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    try:
        with connection.transaction():
            connection.execute(_NO_LIMITS)  # copying the files may take hours
            if connection.execute("SELECT to_regclass('alembic_version') IS NULL").fetchone() == (True,):
                raise NothingToDump("The database is empty: there is nothing to back up.")
            row: Any = connection.execute(_STATE).fetchone()
            taken_at, schema, server, snapshot_id, transactions, revision = row
            manifest = Manifest(
                tunesmith=version("tunesmith"),
                revision=str(revision or ""),
                schema=schema,
                postgresql=server,
                pg_dump=tool_version("pg_dump", server),
                taken_at=taken_at.astimezone(UTC),
                system=_system(connection),
                transactions=transactions,
                with_files=with_files,
            )
            yield Snapshot(connection, snapshot_id, manifest)
    finally:
        connection.isolation_level = connection.read_only = None


def write_dump(writer: Writer, at: Snapshot, conninfo: str, *, cancelled: threading.Event, limit_s: float | None = None) -> str:
    """Writes manifest and dump; returns the dump's hash. Raises StorageError."""
    writer.add_document(MANIFEST, at.manifest)
    with writer.temporary_file() as path:  # not directly into the backup: there, the size comes before the content
        pg_dump(
            conninfo,
            at.id,
            schema=at.manifest.schema,
            server=at.manifest.postgresql,
            output=path,
            cancelled=cancelled,
            limit_s=limit_s,
        )
        with path.open("rb") as dump:
            digest = hashlib.file_digest(dump, "sha256").hexdigest()
            size = dump.tell()
            dump.seek(0)
            writer.add(DUMP, size, iter(lambda: dump.read(CHUNK), b""))
    return digest


def restore_dump(backup: Reader, conninfo: str) -> None:
    """Restores the tables into an empty schema, all or nothing. Raises StorageError."""
    manifest = backup.manifest
    pg_restore(conninfo, backup.dump().chunks(), schema=manifest.schema, at_least=manifest.pg_dump)


def is_quiet(manifest: Manifest) -> bool:
    """Whether no transaction was writing: then an equal `transactions` later means that nothing was written since."""
    oldest, next_one, _ = manifest.transactions.split(":")
    return oldest == next_one


def _system(connection: psycopg.Connection[TupleRow]) -> str:
    try:
        with connection.transaction():
            row: Any = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
            return str(row[0])
    except psycopg.errors.InsufficientPrivilege:
        return ""
