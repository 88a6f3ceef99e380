"""Measures lists, searches and likes with many tunes: milliseconds of each call, and whether each uses an index.

    .venv/bin/python -m tests.benchmarks.million [COUNT] [--folder FOLDER] [--calls 40]

Fills an embedded PostgreSQL with COUNT tunes (1,000,000 unless given; `tests.benchmarks.large_database`), migrates it to
the newest tables, and calls the project's own functions one after the other. Prints JSON: `p50` and `p95` of each call in
milliseconds, and the tables of which a query read every row. With --folder the database is kept there and used again. Run it on
an idle machine.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

from sqlalchemy import event, text

from generator.user_messages import UserError
from storage import PUBLIC, Order, Search, Storage, StorageError, Viewer, open_parts, open_storage
from storage.database import Database
from tests.benchmarks.large_database import fill, vacuum

TUNES = ("tunes", "likes", "shared_tunes", "searched_tunes", "files")  # the tables that grow with every tune
LIMIT_MS = 100
LONG_MS = 10_000  # a call that takes seconds need not be repeated often
DEEP = 200  # pages of the largest size before a deep page: at most 20,000 tunes

Call = Callable[[], Awaitable[object]]


class Watch:
    """The statements that the database executes, to explain them afterwards."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._executed: list[tuple[str, Any]] = []

    @contextmanager
    def statements(self) -> Iterator[list[tuple[str, Any]]]:
        def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
            self._executed.append((statement, parameters))

        self._executed = []
        engines = [engine.sync_engine for engine in (self._database.engine, self._database.searches)]
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        try:
            yield self._executed
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", note)

    async def read_whole(self, call: Call) -> list[str]:
        """The tables of which the call's statements read every row, of those that grow."""
        with self.statements() as executed:
            await timed(call)
        found: set[str] = set()
        async with await self._database.connect() as connection:
            for statement, parameters in executed:
                if statement.lstrip()[:6].upper() in ("SELECT", "WITH"):
                    cursor = await connection.execute(f"EXPLAIN (FORMAT JSON) {statement}".encode(), parameters)
                    [[[plan]]] = await cursor.fetchall()
                    found |= set(_scanned(plan["Plan"]))
        return sorted(found & set(TUNES))


def _scanned(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from _scanned(part)


async def timed(call: Call) -> float:
    """Milliseconds. A search that is given up counts as long as it took."""
    began = time.perf_counter()
    try:
        await call()
    except (UserError, StorageError):
        pass
    return (time.perf_counter() - began) * 1000


async def calls_of(storage: Storage) -> dict[str, Call]:
    """What to measure, by name."""
    gallery, sharing = storage.gallery, storage.sharing
    rows = "SELECT id, platform, user_id, community_id FROM tunes WHERE shared_at IS NOT NULL AND platform = 'discord' LIMIT 1"
    busiest = "SELECT platform, user_id FROM tunes GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1"
    async with storage.database.begin(answer_s=60) as connection:
        tune_id, platform, user_id, server = (await connection.execute(text(rows))).one()
        busy = Viewer(*(await connection.execute(text(busiest))).one())
    guild, person = Viewer(platform, "", server), Viewer(platform, user_id, server)
    own = Viewer(platform, user_id)
    calls: dict[str, Call] = {}
    searches = {
        "all": Search(),
        "a word": Search("humours"),
        "a rare title": Search("ploughman ploughman lisdoonvarna"),
        "a title not found": Search("zzyzx"),
        "two words never together": Search("humours lisdoonvarna piper"),
        "one letter": Search("e"),
        "a letter not found": Search("%"),
        "hostile": Search("e a o u i n s t r h"),
        "hostile, not found": Search("the he er in an re of q"),
        "a rhythm": Search(rhythm="slide"),
        "a rhythm not found": Search(rhythm="mazurka"),
        "a mode": Search(key="mixolydian"),
        "a key not found": Search(key="Bbm"),
        "a rhythm and a key": Search(rhythm="strathspey", key="F#m"),
        "everything, not found": Search("ennis", "air", "Bbm"),
    }
    for name, search in searches.items():
        for order in Order:
            calls[f"shared, {order}: {name}"] = partial(gallery.shared, order=order, search=search)
            calls[f"in a server, {order}: {name}"] = partial(gallery.shared, guild, order=order, search=search)
        calls[f"of the busiest person: {name}"] = partial(gallery.mine, busy, search=search)
        for who, viewer in (("in a server", person), ("in a DM", own), ("of the busiest person", busy)):
            calls[f"autocomplete {who}: {name}"] = partial(gallery.own_and_shared, viewer, search=search, limit=25)
    for order in Order:
        after = ""
        for _ in range(DEEP):
            page = await gallery.shared(order=order, after=after, limit=100)
            if not page.next:
                break
            after = page.next
        calls[f"a deep page, {order}"] = partial(gallery.shared, order=order, after=after)
        calls[f"before a deep page, {order}"] = partial(gallery.shared, order=order, before=after)
        calls[f"tunebook, {order}"] = partial(gallery.tunebook, order=order)
    calls["own tunebook of the busiest person"] = partial(gallery.tunebook, busy, mine=True)
    calls["a page of 100"] = partial(gallery.shared, limit=100)
    calls["a tune"] = partial(gallery.visible_tune, tune_id, PUBLIC)
    calls["family"] = partial(gallery.family, tune_id, PUBLIC)
    liker = Viewer("discord", "somebody new", server)
    calls["like"], calls["unlike"] = partial(sharing.like, tune_id, liker), partial(sharing.unlike, tune_id, liker)
    calls["share"], calls["unshare"] = partial(sharing.share, tune_id, person), partial(sharing.unshare, tune_id, person)
    calls["liked lately"] = partial(sharing.recently_liked, "discord", timedelta(hours=1), 100)
    return calls


# By turns, since the first undoes what the second does.
PAIRS = {"like": "unlike", "unlike": "like", "share": "unshare", "unshare": "share"}


async def measure(storage: Storage, calls: int) -> dict[str, Any]:
    watch, found, by_name = Watch(storage.database), {}, await calls_of(storage)
    for name, call in by_name.items():
        print(f"\r{name:<80}", end="", file=sys.stderr)
        taken: list[float] = []
        while len(taken) < calls and sum(taken) < LONG_MS:
            if name in PAIRS:
                await by_name[PAIRS[name]]()
            taken.append(await timed(call))
        cuts = quantiles(taken, n=20, method="inclusive") if len(taken) > 1 else taken * 20
        found[name] = {"p50": round(cuts[9], 1), "p95": round(cuts[18], 1), "read whole": await watch.read_whole(call)}
    print(file=sys.stderr)
    return found


async def run(folder: Path, count: int, calls: int) -> dict[str, Any]:
    times = {}
    if not (folder / "filled").exists():
        async with open_parts(data_dir=folder, database_url=None, files_url=None) as (database, _):
            times["fill"] = await timed(lambda: fill(database, count))
        (folder / "filled").touch()
    async with open_parts(data_dir=folder, database_url=None, files_url=None) as (database, _):
        times["migrate"] = await timed(database.migrate)
        await vacuum(database)
    async with open_storage(data_dir=folder) as storage:
        async with storage.database.begin(answer_s=60) as connection:
            query = "SELECT (SELECT count(*) FROM tunes), (SELECT count(*) FROM likes), pg_database_size(current_database())"
            tunes, likes, size = (await connection.execute(text(query))).one()
        found = await measure(storage, calls)
    slow = sorted((name for name in found if found[name]["p95"] >= LIMIT_MS), key=lambda name: -found[name]["p95"])
    return {
        "tunes": tunes,
        "likes": likes,
        "bytes per tune": round(size / tunes),
        "seconds": {name: round(taken / 1000, 1) for name, taken in times.items()},
        "p95 of all calls": max(each["p95"] for each in found.values()),
        "slower than 100 ms": {name: found[name]["p95"] for name in slow},
        "read whole tables": [name for name in found if found[name]["read whole"]],
        "calls": found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the database here and use it again")
    parser.add_argument("--calls", type=int, default=40)
    options = parser.parse_args()
    folder = options.folder
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="tunes-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after the database has stopped, which also happens at exit
    print(json.dumps(asyncio.run(run(folder, options.count, options.calls)), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
