"""Adding tunes: one row and one job for each event, the limit of unfinished tunes, and parents."""

import asyncio
from dataclasses import replace
from datetime import UTC
from itertools import product
from typing import Any

import psycopg
import pytest
from sqlalchemy import event as sql_events
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.core.desk import Desk
from generator.request import TuneRequest
from storage import Origin, Status, Storage, StorageError, TooManyOpen
from storage.queue.rounds import NEXT_TURN
from tests.storage.examples import execute, origin, request


def rows_and_jobs(url: str) -> tuple[int, int]:
    [(rows, jobs)] = execute(url, "SELECT (SELECT count(*) FROM tunes), (SELECT count(*) FROM procrastinate_jobs)")
    return int(str(rows)), int(str(jobs))


async def test_a_stored_request_is_read_back_unchanged(storage: Storage, url: str) -> None:
    submitted = TuneRequest.check(
        rhythm="jig", key="Ador", opening="|:A2B c2d:|", temperature=0.7, seed=3, title="Ó Súilleabháin’s ☘"
    )
    added = await storage.add(submitted, origin())
    found = await storage.tune(added.id)
    assert found == added
    assert (found.request, found.origin, found.status, found.bars) == (submitted, origin(), Status.QUEUED, 0)
    assert found.created_at.tzinfo is UTC
    assert (found.parent_id, found.composition, found.error, found.message_id) == (None, None, None, None)
    assert len(added.id) == 12 and added.id.isascii() and added.id.isalnum()
    assert rows_and_jobs(url) == (1, 1)


OLD = """
    INSERT INTO tunes (id, platform, event_id, user_id, channel_id, community_id, reply, request, status, round)
    SELECT lpad(number::text, 12, '0'), 'discord', 'old ' || number, 'ann', '', '', '{}', '{"model": ""}', 'finished', number
    FROM generate_series(1, 3000) AS number
"""


async def test_the_limit_of_unfinished_tunes_looks_only_at_those(storage: Storage, url: str) -> None:
    """Somebody with thousands of finished tunes."""
    execute(url, OLD)
    execute(url, "ANALYZE tunes")
    asked: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        asked.append((statement, parameters))

    sql_events.listen(storage.database.engine.sync_engine, "before_cursor_execute", note)
    await storage.add(request(), origin(), limit=10)
    [(statement, parameters)] = [each for each in asked if "SELECT count(*)" in each[0]]
    assert "user_id" in statement
    async with storage.database.begin() as connection:
        plan = "\n".join((await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)).scalars())
    assert "tunes_open" in plan, plan


WAITING = """
    INSERT INTO tunes (id, platform, event_id, user_id, channel_id, community_id, reply, request, round)
    SELECT 'w' || lpad(number::text, 11, '0'), 'discord', 'w' || number, 'person ' || number % 1000, '', '', '{}',
        '{"model": ""}', 1 + 2 * (number / 1000)
    FROM generate_series(1, 3000) AS number
"""
ROWS_READ = text("""
    SELECT sum(pg_stat_get_xact_tuples_returned(id)) FROM (
        SELECT CAST('tunes' AS regclass) AS id UNION SELECT indexrelid FROM pg_index WHERE indrelid = CAST('tunes' AS regclass)
    ) AS table_and_indexes
""")  # by this connection


async def test_a_turn_is_found_without_reading_the_queue(storage: Storage, url: str) -> None:
    """Whether the planner knows of the queue or still believes that nobody waits."""
    execute(url, f"ALTER TABLE tunes SET (autovacuum_enabled = off); {OLD}; ANALYZE tunes; {WAITING}")
    asks = {"platform": "discord", "community_id": "", "model": "", "cooldown_s": 60, "parent_id": None}
    for statistics in ("ANALYZE files", "ANALYZE tunes"):
        execute(url, statistics)
        for plan, user_id in product(("force_custom_plan", "force_generic_plan"), ("person 7", "new", "ann", "")):
            async with storage.database.begin() as connection:
                await connection.execute(text(f"SET LOCAL plan_cache_mode = {plan}"))
                before = (await connection.execute(ROWS_READ)).scalar_one()
                await connection.execute(NEXT_TURN, asks | {"user_id": user_id})
                read = (await connection.execute(ROWS_READ)).scalar_one() - before
            assert 0 < read < 20, (statistics, plan, user_id)


async def test_a_request_is_stored_by_four_statements_in_one_transaction(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each more is an answer to wait for. `QueueLimit` counts seldom, so its statement is not among them."""
    await storage.add(request(), origin("0"), queue_limit=100)
    statements: list[str] = []
    commits: list[object] = []
    unpatched = psycopg.AsyncCursor.execute

    async def note(cursor: psycopg.AsyncCursor[Any], query: Any, *args: Any, **options: Any) -> Any:
        statements.append(" ".join(str(query).split()))
        return await unpatched(cursor, query, *args, **options)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", note)
    sql_events.listen(storage.database.engine.sync_engine, "commit", commits.append)
    desk = Desk(storage, open_requests_per_person=10, queue_limit=100)
    parent = await desk.submit(request(), Origin("web", "1", "ann"))
    await desk.submit(request(), Origin("web", "2", "ann"), parent_id=parent.id)
    ping, *once = ";", "SELECT pg_advisory_xact_lock", "WITH mine AS", "INSERT INTO tunes", "SELECT unnest( procrastinate_defer"
    assert len(statements) == 2 * 5, statements
    for statement, begins in zip(statements, 2 * [ping, *once], strict=True):
        assert statement.startswith(begins), statement
    assert len(commits) == 2


async def test_the_same_event_adds_one_tune_and_one_job(storage: Storage, url: str) -> None:
    tunes = await asyncio.gather(*(storage.add(request(seed), origin("same")) for seed in range(12)))
    assert len({tune.id for tune in tunes}) == 1
    assert len({tune.request.seed for tune in tunes}) == 1
    assert rows_and_jobs(url) == (1, 1)


async def test_an_event_id_of_another_platform_adds_another_tune(storage: Storage) -> None:
    first = await storage.add(request(), origin("1", platform="discord"))
    assert (await storage.add(request(), origin("1", platform="web"))).id != first.id


async def test_a_failed_transaction_leaves_neither_row_nor_job(storage: Storage, url: str) -> None:
    execute(
        url,
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no more tunes'; END; $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON tunes DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION refuse();
        """,
    )
    with pytest.raises(DBAPIError, match="no more tunes"):  # at the commit, after both were written
        await storage.add(request(), origin())
    assert rows_and_jobs(url) == (0, 0)
    execute(url, "DROP TRIGGER refuse ON tunes")
    await storage.add(request(), origin())
    assert rows_and_jobs(url) == (1, 1)


async def test_no_row_is_written_if_the_job_cannot_be_written(storage: Storage, url: str) -> None:
    execute(url, "ALTER TABLE procrastinate_jobs RENAME TO hidden")
    with pytest.raises(StorageError):
        await storage.add(request(), origin())
    execute(url, "ALTER TABLE hidden RENAME TO procrastinate_jobs")
    assert rows_and_jobs(url) == (0, 0)


async def test_the_limit_holds_for_simultaneous_requests(storage: Storage, url: str) -> None:
    results = await asyncio.gather(
        *(storage.add(request(), origin(str(event)), limit=3) for event in range(12)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, TooManyOpen)]
    assert len(refused) == 9 and all(error.open == 3 for error in refused)
    assert rows_and_jobs(url) == (3, 3)


async def test_the_limit_counts_only_the_unfinished_tunes_of_the_user(storage: Storage) -> None:
    first = await storage.add(request(), origin("1"), limit=1)
    assert (await storage.add(request(), origin("1"), limit=1)).id == first.id  # the same event
    with pytest.raises(TooManyOpen, match="1 unfinished"):
        await storage.add(request(), origin("2"), limit=1)
    await storage.add(request(), origin("3", user_id="ben"), limit=1)
    await storage.add(request(), origin("4", platform="slack"), limit=1)
    await storage.fail(first.id, "No.")
    await storage.add(request(), origin("2"), limit=1)


async def test_unknown_users_are_not_limited(storage: Storage, url: str) -> None:
    for event in range(3):
        await storage.add(request(), origin(str(event), user_id=""), limit=1)
    assert rows_and_jobs(url) == (3, 3)


async def test_a_parent_is_stored_only_if_it_exists(storage: Storage) -> None:
    first = await storage.add(request(), origin("1"))
    assert (await storage.add(request(), origin("2"), parent_id=first.id)).parent_id == first.id
    assert (await storage.add(request(), origin("3"), parent_id="0123456789ab")).parent_id is None
    assert (await storage.add(request(), origin("4"), parent_id="'; DROP\0")).parent_id is None


@pytest.mark.parametrize("typed", ["\0", "a\ud800b"])
async def test_text_that_postgresql_cannot_store_is_refused_with_a_message(storage: Storage, url: str, typed: str) -> None:
    with pytest.raises(ValueError, match="characters that I can't store"):
        await storage.add(request(), origin(typed))
    with pytest.raises(ValueError, match="characters that I can't store"):
        await storage.add(replace(request(), opening=typed), origin())
    with pytest.raises(ValueError, match="characters that I can't store"):
        await storage.add(request(), Origin("web", "1", "", reply={"name": typed}))
    assert rows_and_jobs(url) == (0, 0)
