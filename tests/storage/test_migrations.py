import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from storage import PUBLIC, Status, Storage, StorageError, Viewer, open_storage
from storage.database import MIGRATIONS, Database
from storage.files import Files
from storage.tables import metadata
from tests.patience import HANG_S
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


async def test_up_down_up(database: Database, empty: str, tmp_path: Path) -> None:
    await database.migrate()
    up = execute(empty, OBJECTS)
    await database.migrate("base")
    down = {str(name) for (name,) in execute(empty, OBJECTS)}
    assert {name for name in down if not name.startswith(("alembic_version", "_alembic"))} == set()
    await database.migrate()
    assert execute(empty, OBJECTS) == up
    await Storage(database, Files.open(tmp_path, None)).add(request(), origin())


async def test_the_tables_are_those_of_the_code(database: Database) -> None:
    await database.migrate()

    def differences(connection: Connection) -> list[Any]:
        ours = {"include_name": lambda name, kind, _: kind != "table" or not name.startswith("procrastinate_")}
        return list(
            compare_metadata(MigrationContext.configure(connection, opts={**ours, "compare_server_default": True}), metadata)
        )

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_several_may_start_at_once(empty: str, tmp_path: Path) -> None:
    async def start(event: str) -> None:
        async with open_storage(data_dir=tmp_path, database_url=empty, files_url=None) as storage:
            await storage.add(request(), origin(event))

    await asyncio.gather(*(start(str(event)) for event in range(6)))
    assert execute(empty, "SELECT count(*) FROM tunes") == [(6,)]


async def test_a_newer_database_is_said_in_a_sentence(database: Database, empty: str) -> None:
    await database.migrate()
    execute(empty, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="newer Tunesmith"):
        await database.migrate()


async def test_a_user_without_rights_is_said_in_a_sentence(empty: str, tmp_path: Path) -> None:
    execute(empty, "DROP ROLE IF EXISTS guest")
    execute(empty, "CREATE ROLE guest LOGIN")
    database = await Database.open(tmp_path, empty.replace("postgres@", "guest@"))
    with pytest.raises(StorageError, match="right to make them"):
        await database.migrate()
    await database.close()


async def migrate_to(database: Database, revision: str, *, down: bool = False) -> None:
    """Alembic alone: the project itself goes to the head or to nothing."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    def run(connection: Connection) -> None:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)

    async with database.engine.begin() as connection:
        await connection.run_sync(run)


async def test_tunes_from_before_sharing_are_private_and_can_be_shared(database: Database, empty: str, tmp_path: Path) -> None:
    await migrate_to(database, "0001")
    columns = "id, platform, event, person, place, server, reply, request"
    wish = json.dumps(request().as_dict())
    for tune_id, parent in (("0123456789ab", "NULL"), ("0123456789ac", "'0123456789ab'")):
        execute(
            empty,
            f"""INSERT INTO tunes ({columns}, parent) VALUES
            ('{tune_id}', 'discord', '{tune_id}', 'ann', 'channel', 'guild', '{{}}', '{wish}', {parent})
            """,
        )
    made = "abc = 'X:1', title = 'Old', rhythm = 'reel', key = 'D', metre = '4/4', duration_ms = 1, model = '', scores = '{}'"
    execute(empty, f"UPDATE tunes SET status = 'finished', finished_at = now(), {made} WHERE id = '0123456789ab'")
    execute(empty, "INSERT INTO files VALUES ('0123456789ab', 'tune.abc', 'text/vnd.abc', 3, 'aa')")
    before = execute(empty, "SELECT * FROM tunes ORDER BY id")

    await database.migrate()
    ann = Viewer("discord", "ann", "guild")
    storage = Storage(database, Files.open(tmp_path, None))
    old, young = await storage.tune("0123456789ab"), await storage.tune("0123456789ac")
    assert old is not None and (old.likes, old.shared) == (0, None)
    assert young is not None and young.parent == old.id and young.status is Status.QUEUED
    assert await storage.gallery.seen(old.id, PUBLIC) is None
    assert (await storage.gallery.shared()).tunes == []
    await storage.sharing.share(old.id, ann)
    assert await storage.sharing.like(old.id, ann) == 1
    async with asyncio.timeout(HANG_S), storage.changes() as changes:
        execute(empty, "DELETE FROM tunes WHERE id = '0123456789ac'")
        assert await anext(changes) == "0123456789ac"

    await migrate_to(database, "0001", down=True)
    assert execute(empty, "SELECT * FROM tunes") == [before[0]]
    assert execute(empty, "SELECT hash FROM files") == [("aa",)]
    async with asyncio.timeout(HANG_S), storage.changes() as changes:
        execute(empty, "UPDATE tunes SET bars = 1")
        assert await anext(changes) == "0123456789ab"
    await database.migrate()
    back = await storage.tune("0123456789ab")
    assert back is not None and (back.likes, back.shared) == (0, None)


async def test_the_revision_before_sharing_is_left_as_it_was(database: Database, empty: str) -> None:
    await migrate_to(database, "0001")
    indexes_and_triggers = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' UNION SELECT prosrc FROM pg_proc"
    before = execute(empty, OBJECTS), execute(empty, f"{indexes_and_triggers} ORDER BY 1")
    await migrate_to(database, "0002")
    assert execute(empty, OBJECTS) != before[0]
    await migrate_to(database, "0001", down=True)
    assert (execute(empty, OBJECTS), execute(empty, f"{indexes_and_triggers} ORDER BY 1")) == before


async def test_what_waits_from_before_rounds_goes_before_what_is_asked_for_now(
    database: Database, empty: str, tmp_path: Path
) -> None:
    await migrate_to(database, "0002")
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
    before = execute(empty, OBJECTS), execute(empty, indexes)
    wish = json.dumps(request().as_dict())
    for tune_id in ("0123456789ab", "0123456789ac"):
        execute(
            empty,
            f"""INSERT INTO tunes (id, platform, event, person, place, server, reply, request)
            VALUES ('{tune_id}', 'discord', '{tune_id}', 'ann', 'channel', 'guild', '{{}}', '{wish}')""",
        )
    await database.migrate()
    storage = Storage(database, Files.open(tmp_path, None))
    new = await storage.add(request(), origin(person="ben"))
    assert await storage.places(["0123456789ab", "0123456789ac", new.id]) == {"0123456789ab": 1, "0123456789ac": 2, new.id: 3}
    old = await storage.tune("0123456789ab")
    assert old is not None and (old.set, old.set_index, old.not_before) == (None, 0, None)
    await migrate_to(database, "0002", down=True)
    assert (execute(empty, OBJECTS), execute(empty, indexes)) == before
