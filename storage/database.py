"""The PostgreSQL database, embedded or on a server, and its connections."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import inspect, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.connection import ANSWER_S, FOREVER_S, SILENCE_S, Connection, connect, with_network_limits
from storage.errors import DATABASE_ERRORS, DatabaseUnavailable, StorageError, TooManySearches

if TYPE_CHECKING:
    from storage.embedded import EmbeddedServer

SEARCHES = 4  # lists and searches at the same time: anybody may ask for them, and others need connections and processors too
SEARCH_S = 2.0  # for one of them
CHECKOUT_S = 3.0  # to get a connection from the pool, which may have to open it
MIGRATION_S = 600.0  # for one statement of a migration, or for the migration of another process
MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7_486_937_105  # any number, the same in every process


class Database:
    """The connection string (`conninfo`, for psycopg) and a pool of connections for SQLAlchemy."""

    def __init__(self, conninfo: str, server: EmbeddedServer | None = None) -> None:
        self.conninfo = with_network_limits(conninfo)
        self._server = server
        self._restarting: asyncio.Task[str] | None = None
        # The engines connect through `connect`, so that psycopg and SQLAlchemy read the URL in the same way. Connections are
        # pooled: with many users at once, opening one takes longer than the query.
        self.engine = self._pool(20, self.connect)
        # Each search is planned for its own words, so nothing is prepared: that also needs no session behind a pooler.
        self.searches = self._pool(SEARCHES, partial(self.connect, prepare_threshold=None))

    @staticmethod
    def _pool(size: int, connect: Callable[[], Awaitable[Connection]]) -> AsyncEngine:
        return create_async_engine(
            "postgresql+psycopg://",
            async_creator=connect,
            pool_pre_ping=True,
            pool_size=size,
            max_overflow=0,
            pool_timeout=FOREVER_S,  # `begin` has a limit for all of it
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

    @property
    def is_embedded(self) -> bool:
        """Whether it runs on this machine, for processes of this machine."""
        return self._server is not None

    @asynccontextmanager
    async def begin_search(self) -> AsyncIterator[AsyncConnection]:
        """A transaction for a list or a search that anybody may ask for. Raises TooManySearches, otherwise as `begin`."""
        try:
            async with self.begin(answer_s=SEARCH_S, engine=self.searches) as connection:
                yield connection
        except DatabaseUnavailable as error:
            cause = error.__cause__
            cause = getattr(cause, "orig", cause)
            # A time-out with a connection to spare is that of a database that does not answer.
            waited = isinstance(cause, TimeoutError) and self.searches.pool.checkedout() >= SEARCHES  # type: ignore[attr-defined]
            if waited or isinstance(cause, psycopg.errors.QueryCanceled):
                raise TooManySearches("A list or a search took too long, or too many were asked for.") from error
            raise

    @asynccontextmanager
    async def begin(self, *, answer_s: float | None = None, engine: AsyncEngine | None = None) -> AsyncIterator[AsyncConnection]:
        """A transaction, committed at the end and rolled back after an error. Every query goes through here.

        Raises DatabaseUnavailable if no connection is to be had within CHECKOUT_S, or if a statement is not answered within
        `answer_s`, by default `connection.ANSWER_S`. Then the connection is thrown away.
        """
        try:
            async with AsyncExitStack() as stack:
                try:
                    async with asyncio.timeout(CHECKOUT_S):
                        connection = await stack.enter_async_context((engine or self.engine).connect())
                except TimeoutError as error:
                    raise DatabaseUnavailable(self.unreachable()) from error
                if answer_s is not None:
                    await stack.enter_async_context(_waits_longer(connection, answer_s))
                await stack.enter_async_context(connection.begin())
                if answer_s is not None:
                    limit = {"ms": f"{answer_s * 1000:.0f}"}
                    await connection.execute(text("SELECT set_config('statement_timeout', :ms, true)"), limit)
                yield connection
        except StorageError:
            raise
        except DATABASE_ERRORS as error:
            raise DatabaseUnavailable(self.unreachable()) from error

    async def connect(self, **options: Any) -> Connection:
        """A new connection outside of the pool. Restarts an embedded server that was killed.

        Raises psycopg.OperationalError or StorageError.
        """
        try:
            return await connect(self.conninfo, **options)
        except psycopg.errors.ConnectionTimeout:  # the server runs, but does not answer
            raise
        except psycopg.OperationalError:
            if self._server is None:
                raise
            await self._restart(self._server)
            return await connect(self.conninfo, **options)

    async def _restart(self, server: EmbeddedServer) -> None:
        """Starts the embedded server, once for all who wait for it. It continues if they give up: recovery may take long."""
        if self._restarting is None or self._restarting.done():
            self._restarting = asyncio.create_task(asyncio.to_thread(server.run))
            self._restarting.add_done_callback(lambda task: task.cancelled() or task.exception())  # also if nobody waits
        self.conninfo = with_network_limits(await asyncio.shield(self._restarting))

    async def migrate(self, revision: str = "head") -> None:
        """Migrates the tables. Processes that start at the same time take turns. Raises StorageError."""
        try:
            async with self.begin(answer_s=MIGRATION_S) as connection:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
                await connection.run_sync(_migrate, revision)
        except ProgrammingError as error:
            raise StorageError(
                "The database's tables cannot be made: give DATABASE_URL's user the right to make them."
            ) from error

    async def remove_empty_tables(self) -> None:
        """Removes the tables. Raises StorageError if people have stored anything in them."""
        async with self.begin(answer_s=MIGRATION_S) as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            for table in ("tunes", "defaults", "community_settings", "credentials"):
                exists = (await connection.execute(text("SELECT to_regclass(:name)"), {"name": table})).scalar_one()
                if exists and (await connection.execute(text(f"SELECT EXISTS (SELECT FROM {table})"))).scalar_one():  # noqa: S608
                    raise StorageError(
                        "There are tunes or settings in the database already: set DATA_DIR or DATABASE_URL to an empty one."
                    )
            await connection.run_sync(_migrate, "base")
            await connection.execute(text("DROP TABLE IF EXISTS alembic_version"))

    async def close(self) -> None:
        """Closes the connections. The embedded server stops when the last process that uses it exits."""
        await self.engine.dispose()
        await self.searches.dispose()

    def unreachable(self) -> str:
        """What to tell the operator when no connection can be made."""
        if self._server is not None:
            return f"The database in {self._server.pgdata} does not answer; {self._server.log} may say why."
        known = conninfo_to_dict(self.conninfo)
        where = f"{known.get('dbname', known.get('user', 'postgres'))} on {known.get('host', 'this machine')}"
        return f"The database {where} cannot be reached: check DATABASE_URL, its password, and that the server is running."


@asynccontextmanager
async def _waits_longer(connection: AsyncConnection, answer_s: float) -> AsyncIterator[None]:
    """Sets another limit for the answers to this connection, on this side."""
    raw = (await connection.get_raw_connection()).driver_connection
    assert isinstance(raw, Connection)
    raw.silence_s = answer_s + SILENCE_S - ANSWER_S
    try:
        yield
    finally:
        del raw.silence_s


def _conninfo(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not rest:
        raise StorageError("DATABASE_URL is not PostgreSQL's: it looks like postgresql://user:password@host/name.")
    try:
        return make_conninfo(f"postgresql://{rest}")
    except psycopg.ProgrammingError:
        # Not chained: libpq's message may quote the password.
        raise StorageError("DATABASE_URL cannot be read: special characters in its password are written as %XX.") from None


def is_known_revision(revision: str) -> bool:
    """Whether this Tunesmith can migrate a database of that revision."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_configuration()).walk_revisions()}


def _migrate(connection: SyncConnection, revision: str) -> None:
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
