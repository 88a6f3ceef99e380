"""The likes of a week and a month, which shared tunes are sorted by."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from storage import Order, Storage, Viewer
from storage.database import Database
from storage.files.files import Files
from storage.like_periods import count_out_old_likes
from tests.storage.examples import execute
from tests.storage.test_gallery import ANN, add_finished, ids

LISTED = "SELECT tune_id, shared_at, ever, month, week FROM shared_tunes ORDER BY 1"
COUNTED = """
    SELECT id, shared_at, count(user_id_of_like), count(*) FILTER (WHERE in_month), count(*) FILTER (WHERE in_week)
    FROM tunes LEFT JOIN (SELECT tune_id, user_id AS user_id_of_like, in_month, in_week FROM likes) AS given ON tune_id = id
    WHERE shared_at IS NOT NULL GROUP BY id ORDER BY 1
"""


def person(number: int) -> Viewer:
    return Viewer("discord", f"person {number}", "guild")


async def likes_of(storage: Storage, tune_id: str) -> list[int]:
    """In the last week, in the last month, and ever."""
    pages = [await storage.gallery.shared(order=order) for order in (Order.WEEK, Order.MONTH, Order.EVER)]
    return [dict(zip(ids(page), page.likes, strict=True)).get(tune_id, 0) for page in pages]


async def test_a_like_counts_for_a_week_and_a_month_and_its_removal_counts_where_it_did(storage: Storage, url: str) -> None:
    tune_id = await add_finished(storage, "1", share=True)
    for number, days_ago in enumerate((0, 6, 8, 29, 31)):
        await storage.sharing.like(tune_id, person(number))
        execute(url, f"UPDATE likes SET liked_at = now() - interval '{days_ago} days' WHERE user_id = 'person {number}'")
    assert await likes_of(storage, tune_id) == [5, 5, 5]
    for _ in range(2):
        await count_out_old_likes(storage.database)
        assert await likes_of(storage, tune_id) == [2, 4, 5]
    for number, left in ((4, [2, 4, 4]), (2, [2, 3, 3]), (0, [1, 2, 2])):
        await storage.sharing.unlike(tune_id, person(number))
        assert await likes_of(storage, tune_id) == left


async def test_likes_of_a_tune_that_was_not_shared_meanwhile_count_when_it_is_again(storage: Storage) -> None:
    tune_id = await add_finished(storage, "1", share=True)
    await storage.sharing.like(tune_id, ANN)
    await storage.sharing.unshare(tune_id, ANN)
    await storage.sharing.like(tune_id, person(1))
    assert await likes_of(storage, tune_id) == [0, 0, 0]
    await storage.sharing.share(tune_id, ANN)
    assert await likes_of(storage, tune_id) == [2, 2, 2]


async def test_counts_are_exact_after_everything_at_once(storage: Storage, url: str) -> None:
    tunes = [await add_finished(storage, str(event), share=True) for event in range(3)]
    for tune_id in tunes:
        for number in range(6):
            await storage.sharing.like(tune_id, person(number))
    execute(url, "UPDATE likes SET liked_at = now() - interval '8 days' WHERE user_id < 'person 4'")
    calls: list[Coroutine[Any, Any, object]] = [count_out_old_likes(storage.database) for _ in range(3)]
    calls += [storage.sharing.delete_likes(person(number)) for number in (1, 2)]
    for tune_id in tunes:
        calls += [storage.sharing.unlike(tune_id, person(3)), storage.sharing.like(tune_id, person(8))]
    calls += [storage.sharing.unshare(tunes[0], ANN), storage.sharing.share(tunes[0], ANN), storage.sharing.delete(tunes[1], ANN)]
    await asyncio.gather(*calls, return_exceptions=True)
    await count_out_old_likes(storage.database)
    assert execute(url, LISTED) == execute(url, COUNTED)
    assert execute(url, "SELECT ever, month, week FROM shared_tunes ORDER BY tune_id = '" + tunes[2] + "' DESC")[0] == (4, 4, 3)
    assert execute(url, "SELECT count(*) FROM likes WHERE in_week AND liked_at < now() - interval '7 days'") == [(0,)]


async def test_tunes_and_likes_of_before_are_listed_after_the_migration(new_database: Callable[..., str], tmp_path: Path) -> None:
    url = new_database()
    database = await Database.open(tmp_path, url)
    await database.migrate("0006")
    storage = Storage(database, Files.open(tmp_path, None))
    private, first, second = [await add_finished(storage, event, share=event != "private") for event in ("private", "1", "2")]
    for number, tune_id in enumerate((first, first, first, second, private)):
        await storage.sharing.like(tune_id, Viewer("discord", f"person {number}", "guild"))
    execute(url, "UPDATE likes SET liked_at = now() - interval '8 days' WHERE user_id < 'person 2'")
    await database.migrate()
    assert execute(url, LISTED) == execute(url, COUNTED)
    assert {order: ids(await storage.gallery.shared(order=order)) for order in Order} == {
        Order.NEWEST: [second, first],
        Order.WEEK: [second, first],
        Order.MONTH: [first, second],
        Order.EVER: [first, second],
    }
    assert [await likes_of(storage, tune_id) for tune_id in (first, second)] == [[1, 3, 3], [1, 1, 1]]
    await database.close()
