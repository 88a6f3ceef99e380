"""Fixtures for all tests: one real PostgreSQL server, and a new database for each test."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import psutil
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from storage import Storage, connection, database, open_storage
from storage.connection import Connection
from storage.database import Database
from storage.embedded import EmbeddedServer, embedded_server
from tests.full_disk import Disk, mounted
from tests.patience import HANG_S

_numbers = itertools.count()

# Every run uses the same examples, so a new failure comes from the change under test. To search for new examples:
# pytest --hypothesis-profile=default. There is no deadline, because a busy machine may take long over an example.
hypothesis.settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("repeatable")

# On a busy machine, a slow database must not count as one that does not answer.
database.CHECKOUT_S = connection.ANSWER_S = 10 * HANG_S
Connection.silence_s = 20 * HANG_S
connection.NETWORK["connect_timeout"] = int(HANG_S)

# What takes longest starts first, so that no worker of pytest-xdist is left with a long test at the end.
LONGEST_FIRST = (
    "tests/training/",
    "tests/generator/composer/",
    "tests/generator/bench/",
    "tests/test_compose.py",
    "tests/end_to_end/",
)


@pytest.hookimpl(trylast=True)  # after pytest-randomly has shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        return next((rank for rank, part in enumerate(LONGEST_FIRST) if item.nodeid.startswith(part)), len(LONGEST_FIRST))

    items.sort(key=rank)


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    # Not pytest's tmp_path: as root, PostgreSQL runs under a user of its own, and pytest's folders are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="tunes-"))
    server = embedded_server(folder / "postgres")
    with psycopg.connect(server.run(), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "autovacuum"):  # tests need not survive a power cut, and are short
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")
    yield server
    postmaster = psutil.Process(server.get_pid())
    postmaster.send_signal(signal.SIGQUIT)  # stops without writing to disk what is deleted next
    postmaster.wait(HANG_S)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def conninfo(server: EmbeddedServer) -> str:
    """How to connect to the server as its superuser."""
    return server.run()


def database_of(url: str) -> str:
    return url.split("/")[3].split("?")[0]


@pytest.fixture(scope="session")
def new_database(conninfo: str) -> Callable[..., str]:
    """Creates an empty database, or a copy of `template`, and returns its URL."""
    host = conninfo_to_dict(conninfo)["host"]

    def make(template: str = "template0") -> str:
        name = f"test_{next(_numbers)}"
        with psycopg.connect(conninfo, autocommit=True) as connection:
            # Copying files takes half the processor time of the default way, which writes the copy into the log too.
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        return f"postgresql://postgres@/{name}?host={host}"

    return make


@pytest.fixture(scope="session")
def template(new_database: Callable[..., str]) -> str:
    """The name of a migrated database to copy from: copying is ten times as fast as migrating."""
    url = new_database()

    async def migrate() -> None:
        database = await Database.open(Path(), url)
        await database.migrate()
        await database.close()

    asyncio.run(migrate())
    return database_of(url)


@pytest.fixture
def url(new_database: Callable[..., str], template: str, conninfo: str) -> Iterator[str]:
    """A new database with the tables, which is dropped after the test: hundreds of them would slow the server down."""
    url = new_database(template)
    yield url
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database_of(url))))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of 64 MB to fill. Skips the test where it can't be mounted."""
    with ExitStack() as stack:
        try:
            mounted_disk = stack.enter_context(mounted(tmp_path / "disk", 64 << 20))
        except OSError as error:
            pytest.skip(f"no disk can be mounted here: {error}")
        yield mounted_disk


@pytest.fixture
async def storage(url: str, tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(data_dir=tmp_path, database_url=url, files_url=None) as storage:
        yield storage
