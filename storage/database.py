"""The PostgreSQL database, embedded or on a server, and its connections."""

from __future__ import annotations

import asyncio
import warnings
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.errors import StorageError

CONNECT_TIMEOUT_S = 10
MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7_486_937_105  # any number, the same in every process


class Database:
    """The connection string (`conninfo`, for psycopg) and the SQLAlchemy engine."""

    def __init__(self, conninfo: str, server: Any = None) -> None:
        self.conninfo = conninfo
        self._server = server
        # The engine connects through `connect`, so that psycopg and SQLAlchemy read the URL in the same way. Connections are
        # pooled: with many users at once, opening one takes longer than the query.
        self.engine: AsyncEngine = create_async_engine(
            "postgresql+psycopg://", async_creator=self.connect, pool_pre_ping=True, pool_size=20, max_overflow=0
        )

    @classmethod
    async def open(cls, data_dir: Path, url: str | None) -> Database:
        """Starts the embedded server unless a URL is given. Raises StorageError."""
        if url is not None:
            return cls(_conninfo(url))
        try:
            with warnings.catch_warnings():
                # Warned if there is no XDG runtime folder for sockets; another folder is used.
                warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")
                from storage.embedded import embedded_server
        except ImportError as error:
            raise StorageError(
                "There is no embedded PostgreSQL for this machine: set DATABASE_URL to postgresql://user:password@host/name."
            ) from error
        server = embedded_server(data_dir / "postgres")
        return cls(await asyncio.to_thread(server.run), server)

    async def connect(self, **options: Any) -> psycopg.AsyncConnection[Any]:
        """A new connection. Restarts an embedded server that was killed."""
        try:
            return await psycopg.AsyncConnection.connect(self.conninfo, **options)
        except psycopg.OperationalError:
            if self._server is None:
                raise
            self.conninfo = await asyncio.to_thread(self._server.run)
            return await psycopg.AsyncConnection.connect(self.conninfo, **options)

    async def migrate(self, revision: str = "head") -> None:
        """Migrates the tables. Processes that start at the same time take turns. Raises StorageError."""
        try:
            async with self.engine.begin() as connection:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
                await connection.run_sync(_migrate, revision)
        except OperationalError as error:
            raise StorageError(self.unreachable()) from error
        except ProgrammingError as error:
            raise StorageError(
                "The database's tables cannot be made: give DATABASE_URL's user the right to make them."
            ) from error

    async def remove_empty_tables(self) -> None:
        """Removes the tables. Raises StorageError if people have stored anything in them."""
        try:
            async with self.engine.begin() as connection:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
                for table in ("tunes", "defaults", "community_settings"):
                    exists = (await connection.execute(text("SELECT to_regclass(:name)"), {"name": table})).scalar_one()
                    if exists and (await connection.execute(text(f"SELECT EXISTS (SELECT FROM {table})"))).scalar_one():  # noqa: S608
                        raise StorageError(
                            "There are tunes or settings in the database already: set DATA_DIR or DATABASE_URL to an empty one."
                        )
                await connection.run_sync(_migrate, "base")
                await connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        except OperationalError as error:
            raise StorageError(self.unreachable()) from error

    async def close(self) -> None:
        """Closes the connections. The embedded server stops when the last process that uses it exits."""
        await self.engine.dispose()

    def unreachable(self) -> str:
        """What to tell the operator when no connection can be made."""
        known = conninfo_to_dict(self.conninfo)
        where = f"{known.get('dbname', known.get('user', 'postgres'))} on {known.get('host', 'this machine')}"
        return f"The database {where} cannot be reached: check DATABASE_URL, its password, and that the server is running."


def _conninfo(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not rest:
        raise StorageError("DATABASE_URL is not PostgreSQL's: it looks like postgresql://user:password@host/name.")
    try:
        # Without keepalives, a listener doesn't notice that the server's machine is gone.
        return make_conninfo(f"postgresql://{rest}", **_defaults(f"postgresql://{rest}"))
    except psycopg.ProgrammingError:
        # Not chained: libpq's message may quote the password.
        raise StorageError("DATABASE_URL cannot be read: special characters in its password are written as %XX.") from None


def _defaults(url: str) -> dict[str, int]:
    given = conninfo_to_dict(url)
    wanted = {"connect_timeout": CONNECT_TIMEOUT_S, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
    return {name: value for name, value in wanted.items() if name not in given}


def is_known_revision(revision: str) -> bool:
    """Whether this Tunesmith can migrate a database of that revision."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_configuration()).walk_revisions()}


def _migrate(connection: Connection, revision: str) -> None:
    """Raises StorageError for a database that this Tunesmith can't migrate."""
    present, tables = MigrationContext.configure(connection).get_current_heads(), inspect(connection)
    ours = tables.has_table("tunes") and any(column["name"] == "user_id" for column in tables.get_columns("tunes"))
    if not ours and (present or tables.has_table("tunes")):
        raise StorageError(
            "The database is of another program, or of a Tunesmith before 0.2, whose tables cannot be migrated: "
            "set DATA_DIR or DATABASE_URL to an empty one."
        )
    if not all(map(is_known_revision, present)):
        raise StorageError("The database was made by a newer Tunesmith: install that version, or a newer one.")
    config = _configuration()
    config.attributes["connection"] = connection
    (command.downgrade if revision == "base" else command.upgrade)(config, revision)


def _configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
