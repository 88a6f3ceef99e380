"""Migrations of the database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from storage import Storage, StorageError, open_storage
from storage.database import Database
from storage.files.files import Files
from storage.tables import metadata
from tests.storage.examples import execute, origin, request

OBJECTS = """
    SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT typname::text FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype <> 'c'
    ORDER BY 1
"""


@pytest.fixture
def empty(new_database: Callable[..., str]) -> str:
    return new_database()


@pytest.fixture
async def database(empty: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path, empty)
    yield database
    await database.close()


async def test_the_schema_migrates_up_down_and_up_again(database: Database, empty: str, tmp_path: Path) -> None:
    await database.migrate()
    up = execute(empty, OBJECTS)
    await database.migrate("base")
    down = {str(name) for (name,) in execute(empty, OBJECTS)}
    assert {name for name in down if not name.startswith(("alembic_version", "_alembic"))} == set()
    await database.migrate()
    assert execute(empty, OBJECTS) == up
    await Storage(database, Files.open(tmp_path, None)).add(request(), origin())


async def test_the_migrated_tables_match_the_code(database: Database) -> None:
    await database.migrate()

    def differences(connection: Connection) -> list[Any]:
        ours = {"include_name": lambda name, kind, _: kind != "table" or not name.startswith("procrastinate_")}
        return list(
            compare_metadata(MigrationContext.configure(connection, opts={**ours, "compare_server_default": True}), metadata)
        )

    async with database.begin() as connection:
        assert await connection.run_sync(differences) == []


async def test_an_empty_database_can_be_opened_several_times_at_once(empty: str, tmp_path: Path) -> None:
    async def start(event: str) -> None:
        async with open_storage(data_dir=tmp_path, database_url=empty, files_url=None) as storage:
            await storage.add(request(), origin(event))

    await asyncio.gather(*(start(str(event)) for event in range(6)))
    assert execute(empty, "SELECT count(*) FROM tunes") == [(6,)]


async def test_the_database_of_a_newer_tunesmith_raises_a_storage_error(database: Database, empty: str) -> None:
    await database.migrate()
    execute(empty, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="newer Tunesmith"):
        await database.migrate()


async def test_a_database_of_another_program_or_an_old_tunesmith_raises_a_storage_error(database: Database, empty: str) -> None:
    execute(empty, "CREATE TABLE alembic_version (version_num text)")
    execute(empty, "INSERT INTO alembic_version VALUES ('ab12cd34ef')")
    with pytest.raises(StorageError, match="of another program"):
        await database.migrate()
    execute(empty, "CREATE TABLE tunes (id text, person text)")  # as before the first migration was written anew
    execute(empty, "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(StorageError, match="of a Tunesmith before"):
        await database.migrate()
    execute(empty, "DROP TABLE alembic_version")
    with pytest.raises(StorageError, match="of another program"):
        await database.migrate()


async def test_a_database_user_without_rights_raises_a_storage_error_with_advice(empty: str, tmp_path: Path) -> None:
    execute(empty, "DROP ROLE IF EXISTS guest")
    execute(empty, "CREATE ROLE guest LOGIN")
    database = await Database.open(tmp_path, empty.replace("postgres@", "guest@"))
    with pytest.raises(StorageError, match="right to make them"):
        await database.migrate()
    await database.close()
