"""A PostgreSQL server for the long tests, with a new database for each."""

from __future__ import annotations

import itertools
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from storage.database import Database
from storage.embedded import embedded_server

NewDatabase = Callable[[], str]


@asynccontextmanager
async def databases() -> AsyncIterator[NewDatabase]:
    """Yields a function that makes a migrated database and returns its URL."""
    # Not in a folder of the caller: as root, PostgreSQL runs under a user of its own, who must be able to enter it.
    folder = Path(tempfile.mkdtemp(prefix="tunes-"))
    server = embedded_server(folder / "postgres")
    conninfo = server.run()
    numbers = itertools.count()

    def new(template: str = "template0") -> str:
        name = f"faults_{next(numbers)}"
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return f"postgresql://postgres@/{name}?host={conninfo_to_dict(conninfo)['host']}"

    try:
        first = await Database.open(Path(), new())
        await first.migrate()
        await first.close()
        yield lambda: new("faults_0")
    finally:
        postmaster = psutil.Process(server.get_pid())
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
