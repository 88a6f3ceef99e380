"""Likes, sharing and deleting tunes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import PUBLIC, NotAllowed, Status, Storage, StorageError, Tune, Viewer, open_storage
from storage.files.files import Files, digest_of, lock_contents
from tests.patience import HANG_S
from tests.storage.examples import COMPOSITION, execute, origin, request
from tests.storage.queue.test_jobs import no_jobs_left, work_until
from tests.storage.test_storage import ODD_IDS

ANN = Viewer("discord", "ann", "guild")  # the user of examples.origin
BEN = Viewer("discord", "ben", "guild")
STRANGER = Viewer("discord", "eve", "elsewhere")
ABC = {"tune.abc": ("text/vnd.abc", b"X:1")}


async def add_finished(storage: Storage, event_id: str = "1", user_id: str = "ann", parent_id: str | None = None) -> str:
    tune_id = (await storage.add(request(), origin(event_id, user_id), parent_id=parent_id)).id
    await storage.finish(tune_id, COMPOSITION, ABC | {"tune.json": ("application/json", event_id.encode())})
    return tune_id


async def read_tune(storage: Storage, tune_id: str) -> Tune:
    tune = await storage.tune(tune_id)
    assert tune is not None
    return tune


def count_files(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "files").rglob("*"))


def user(number: int) -> Viewer:
    return Viewer("discord", f"person {number}", "guild")


async def test_a_like_counts_once_for_each_user_and_platform(storage: Storage) -> None:
    tune_id = await add_finished(storage)
    await storage.sharing.share(tune_id, ANN)
    assert [await storage.sharing.like(tune_id, by) for by in (ANN, ANN, BEN, Viewer("web", "ann"))] == [1, 1, 2, 3]
    assert [await storage.sharing.unlike(tune_id, by) for by in (ANN, ANN, STRANGER)] == [2, 2, 2]
    assert (await read_tune(storage, tune_id)).likes == 2


async def test_the_number_of_likes_is_exact_after_simultaneous_likes(storage: Storage, url: str) -> None:
    tune_id = await add_finished(storage)
    await asyncio.gather(*(storage.sharing.like(tune_id, user(number % 60)) for number in range(180)))
    assert (await read_tune(storage, tune_id)).likes == 60
    calls: list[Awaitable[int]] = [storage.sharing.unlike(tune_id, user(number % 20)) for number in range(60)]
    calls += [storage.sharing.like(tune_id, user(100 + number)) for number in range(60)]
    await asyncio.gather(*calls)
    assert (await read_tune(storage, tune_id)).likes == 100
    assert execute(url, "SELECT count(*) FROM likes") == [(100,)]


async def test_the_number_of_likes_matches_the_rows_after_simultaneous_likes_and_unlikes(storage: Storage, url: str) -> None:
    tune_id = await add_finished(storage)
    presses = [
        press(tune_id, user(number % 5)) for number in range(60) for press in (storage.sharing.like, storage.sharing.unlike)
    ]
    await asyncio.gather(*presses)
    assert execute(url, "SELECT count(*) FROM likes") == [((await read_tune(storage, tune_id)).likes,)]


async def test_a_like_is_announced_only_if_it_changes_the_number(storage: Storage) -> None:
    tune_id = await add_finished(storage)
    async with asyncio.timeout(HANG_S), storage.changes() as changes:
        await storage.sharing.like(tune_id, BEN)
        assert await anext(changes) == tune_id
        await storage.sharing.like(tune_id, BEN)
        other = await storage.add(request(), origin("2"))
        assert await anext(changes) == other.id
        await storage.sharing.unlike(tune_id, BEN)
        assert await anext(changes) == tune_id


async def test_liked_returns_the_tunes_that_a_user_likes(storage: Storage) -> None:
    first, second = await add_finished(storage, "1"), await add_finished(storage, "2")
    await storage.sharing.like(first, BEN)
    assert await storage.sharing.liked([first, second, *ODD_IDS], BEN) == {first}
    assert await storage.sharing.liked([first, second], ANN) == set()
    assert await storage.sharing.liked([], BEN) == set()


async def test_an_unknown_user_cannot_like(storage: Storage) -> None:
    tune_id = await add_finished(storage)
    await storage.sharing.share(tune_id, ANN)
    for press in (storage.sharing.like, storage.sharing.unlike):
        with pytest.raises(ValueError, match="don't know who you are"):
            await press(tune_id, PUBLIC)
    assert (await read_tune(storage, tune_id)).likes == 0


async def test_a_shared_tune_records_when_and_from_where_it_was_shared(storage: Storage) -> None:
    tune_id = await add_finished(storage)
    assert (await read_tune(storage, tune_id)).shared is None
    shared = (await storage.sharing.share(tune_id, ANN, channel_id="gallery")).shared
    assert shared is not None and (shared.community_id, shared.channel_id, shared.message_id) == ("guild", "gallery", None)
    await storage.sharing.mark_posted(tune_id, "message 1")
    await storage.sharing.mark_posted(tune_id, "message 2")
    again = (await storage.sharing.share(tune_id, Viewer("discord", "ann", "another"), channel_id="other")).shared
    assert again is not None and (again.at, again.community_id, again.message_id) == (shared.at, "guild", "message 1")


async def test_only_the_owner_can_share_a_tune(storage: Storage) -> None:
    tune_id = await add_finished(storage)
    with pytest.raises(NotAllowed, match="Only the owner of this tune can share it"):
        await storage.sharing.share(tune_id, BEN)
    of_unknown_user = await add_finished(storage, "2", user_id="")
    with pytest.raises(NotAllowed):
        await storage.sharing.share(of_unknown_user, Viewer("discord", "", "guild"))
    assert (await read_tune(storage, tune_id)).shared is (await read_tune(storage, of_unknown_user)).shared is None


async def test_an_unfinished_or_failed_tune_cannot_be_shared_or_liked(storage: Storage) -> None:
    waiting, failed = (await storage.add(request(), origin("1"))).id, (await storage.add(request(), origin("2"))).id
    await storage.fail(failed, "No.")
    for tune_id in (waiting, failed):
        for act in (storage.sharing.share, storage.sharing.like, storage.sharing.unlike, storage.sharing.unshare):
            with pytest.raises(KeyError):
                await act(tune_id, ANN)


async def test_an_unshared_tune_is_private_again(storage: Storage) -> None:
    tune_id = await add_finished(storage)
    await storage.sharing.share(tune_id, ANN, channel_id="gallery")
    await storage.sharing.mark_posted(tune_id, "message")
    await storage.sharing.like(tune_id, STRANGER)
    before = await storage.sharing.unshare(tune_id, ANN)
    assert before.shared is not None and before.shared.message_id == "message"
    after = await storage.sharing.unshare(tune_id, ANN)  # it is already private
    assert after.shared is None and after.likes == 1
    with pytest.raises(KeyError):
        await storage.sharing.unlike(tune_id, STRANGER)
    await storage.sharing.mark_posted(tune_id, "too late")
    again = (await storage.sharing.share(tune_id, ANN)).shared
    assert again is not None and again.message_id is None


async def test_a_moderator_can_unshare_a_tune_that_was_shared_from_the_server(storage: Storage) -> None:
    tune_id = await add_finished(storage)
    await storage.sharing.share(tune_id, Viewer("discord", "ann", "another"))
    for by, moderates in ((BEN, False), (BEN, True), (STRANGER, True), (Viewer("web", "x", "another"), True)):
        with pytest.raises(NotAllowed, match="or a moderator"):
            await storage.sharing.unshare(tune_id, by, moderates=moderates)
    await storage.sharing.unshare(tune_id, Viewer("discord", "mod", "another"), moderates=True)
    assert (await read_tune(storage, tune_id)).shared is None


@pytest.mark.parametrize("viewer", [PUBLIC, STRANGER, Viewer("web", "ann", "guild"), Viewer("discord", "", "")])
async def test_an_invisible_tune_raises_the_same_error_as_an_unknown_one(storage: Storage, viewer: Viewer) -> None:
    tune_id = await add_finished(storage)
    calls: list[Callable[..., Awaitable[object]]] = [storage.sharing.share, storage.sharing.unshare, storage.sharing.delete]
    if viewer.user_id:
        calls += [storage.sharing.like, storage.sharing.unlike]
    for call in calls:
        for requested_id in (tune_id, "0123456789ab", *ODD_IDS):
            with pytest.raises(KeyError):
                await call(requested_id, viewer)
    with pytest.raises(KeyError):
        await storage.sharing.delete(tune_id, viewer, moderates=True)
    tune = await read_tune(storage, tune_id)
    assert (tune.likes, tune.shared) == (0, None)


async def test_deleting_a_tune_deletes_its_files_and_likes(storage: Storage, url: str, tmp_path: Path) -> None:
    kept, tune_id = await add_finished(storage, "1"), await add_finished(storage, "2")
    child = await add_finished(storage, "3", user_id="ben", parent_id=tune_id)
    await storage.sharing.like(tune_id, BEN)
    await storage.sharing.like(kept, BEN)
    assert count_files(tmp_path) == 4  # one of each tune, and one that all have
    async with asyncio.timeout(HANG_S), storage.changes() as changes:
        deleted = await storage.sharing.delete(tune_id, ANN)
        assert {await anext(changes) for _ in range(2)} == {tune_id, child}
    assert (deleted.id, deleted.likes) == (tune_id, 1)
    assert await storage.tune(tune_id) is None
    assert await storage.files(tune_id) == []
    assert (await read_tune(storage, child)).parent_id is None
    assert count_files(tmp_path) == 3
    assert await storage.read(kept, "tune.abc") == b"X:1"
    assert execute(url, "SELECT tune_id FROM likes") == [(kept,)]
    with pytest.raises(KeyError):
        await storage.sharing.delete(tune_id, ANN)


async def test_a_content_of_several_tunes_is_deleted_with_the_last_of_them(storage: Storage, tmp_path: Path) -> None:
    tunes = [await add_finished(storage, str(event)) for event in range(6)]
    await asyncio.gather(*(storage.sharing.delete(tune_id, ANN) for tune_id in tunes))
    assert count_files(tmp_path) == 0


async def test_only_the_owner_and_moderators_can_delete_a_tune(storage: Storage) -> None:
    tune_id = await add_finished(storage)
    await storage.sharing.share(tune_id, ANN)  # so that everybody can see it
    for by, moderates in ((BEN, False), (STRANGER, True), (Viewer("web", "ann", "guild"), True), (PUBLIC, True)):
        with pytest.raises(NotAllowed, match="or a moderator"):
            await storage.sharing.delete(tune_id, by, moderates=moderates)
    await storage.sharing.delete(tune_id, BEN, moderates=True)
    assert await storage.tune(tune_id) is None


async def test_a_tune_deleted_while_it_is_composed_leaves_nothing(storage: Storage, tmp_path: Path) -> None:
    tune_id = (await storage.add(request(), origin())).id
    await storage.start(tune_id)
    await storage.sharing.delete(tune_id, ANN)
    assert await storage.progress(tune_id, status=Status.RENDERING, bars=8) is False
    await storage.finish(tune_id, COMPOSITION, ABC)
    await storage.fail(tune_id, "No.")
    assert await storage.tune(tune_id) is None
    assert count_files(tmp_path) == 0


@pytest.mark.usefixtures("short_intervals")
async def test_the_job_of_a_deleted_tune_does_nothing(storage: Storage, url: str) -> None:
    deleted, other = [(await storage.add(request(), origin(event))).id for event in "12"]
    await storage.sharing.delete(deleted, ANN)
    handled: list[str] = []

    async def handle(tune: Tune) -> None:
        handled.append(tune.id)
        await storage.finish(tune.id, COMPOSITION, ABC)

    await work_until(storage, handle, no_jobs_left(url))
    assert handled == [other]
    assert (await read_tune(storage, other)).status is Status.FINISHED


async def test_a_content_is_not_removed_while_another_tune_with_it_is_being_finished(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = await add_finished(storage), (await storage.add(request(), origin("2"))).id
    write, deleting = Files.write, []

    async def write_and_wait(self: Files, contents: Iterable[bytes]) -> None:
        await write(self, contents)
        deleting.append(asyncio.create_task(storage.sharing.delete(old, ANN)))
        await asyncio.wait(deleting, timeout=0.3)  # without the lock, the deletion would end within this time

    monkeypatch.setattr(Files, "write", write_and_wait)
    await storage.finish(new, COMPOSITION, ABC)
    await asyncio.gather(*deleting)
    assert await storage.read(new, "tune.abc") == b"X:1"
    assert await storage.tune(old) is None


async def test_a_content_that_is_being_removed_is_written_again_for_another_tune(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = await add_finished(storage), (await storage.add(request(), origin("2"))).id
    remove, finishing = Files.remove, []

    async def wait_and_remove(self: Files, digest: str) -> None:
        finishing.append(asyncio.create_task(storage.finish(new, COMPOSITION, ABC)))
        await asyncio.wait(finishing, timeout=0.3)
        await remove(self, digest)

    monkeypatch.setattr(Files, "remove", wait_and_remove)
    await storage.sharing.delete(old, ANN)
    await asyncio.gather(*finishing)
    assert await storage.read(new, "tune.abc") == b"X:1"


async def test_simultaneous_deletions_and_finished_tunes_lose_no_content(storage: Storage) -> None:
    old = [await add_finished(storage, f"old {event}") for event in range(12)]
    new = [(await storage.add(request(), origin(f"new {event}"))).id for event in range(12)]
    await asyncio.gather(
        *(storage.sharing.delete(tune_id, ANN) for tune_id in old),
        *(storage.finish(tune_id, COMPOSITION, ABC) for tune_id in new),
    )
    assert {await storage.read(tune_id, "tune.abc") for tune_id in new} == {b"X:1"}


async def test_finishing_locks_the_row_of_a_tune_before_its_contents(storage: Storage) -> None:
    tune_id = (await storage.add(request(), origin())).id
    async with storage.database.begin() as connection:  # takes the locks in the order of a deletion
        await connection.execute(text("SELECT FROM tunes WHERE id = :id FOR UPDATE"), {"id": tune_id})
        finishing = asyncio.create_task(storage.finish(tune_id, COMPOSITION, ABC))
        await asyncio.wait({finishing}, timeout=0.3)
        await lock_contents(connection, [digest_of(b"X:1")], to_remove=True)  # a deadlock if the other one held it
    await finishing


async def test_finishing_twice_while_deleting_leaves_nothing(storage: Storage, tmp_path: Path) -> None:
    for event in range(8):
        tune_id = (await storage.add(request(), origin(str(event)))).id
        await asyncio.gather(
            storage.finish(tune_id, COMPOSITION, ABC),
            storage.sharing.delete(tune_id, ANN),
            storage.finish(tune_id, COMPOSITION, ABC),
        )
        assert await storage.tune(tune_id) is None
    assert count_files(tmp_path) == 0


async def test_likes_during_a_deletion_leave_neither_tune_nor_likes(storage: Storage, url: str) -> None:
    tune_id = await add_finished(storage)
    likes = [storage.sharing.like(tune_id, user(number)) for number in range(30)]
    results = await asyncio.gather(*likes[:15], storage.sharing.delete(tune_id, ANN), *likes[15:], return_exceptions=True)
    assert all(isinstance(result, int | Tune | KeyError) for result in results)
    assert await storage.tune(tune_id) is None
    assert execute(url, "SELECT count(*) FROM likes") == [(0,)]


async def test_a_tune_is_kept_if_its_files_cannot_be_removed(url: str, tmp_path: Path) -> None:
    async with open_storage(data_dir=tmp_path, database_url=url, files_url=None) as storage:
        tune_id = await add_finished(storage)
        (tmp_path / "files").rename(tmp_path / "away")
        (tmp_path / "files").write_bytes(b"in the way")
        with pytest.raises(StorageError, match="cannot be deleted"):
            await storage.sharing.delete(tune_id, ANN)
        assert len(await storage.files(tune_id)) == 2
        (tmp_path / "files").unlink()
        (tmp_path / "away").rename(tmp_path / "files")
        await storage.sharing.delete(tune_id, ANN)
        assert count_files(tmp_path) == 0


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\nb"])
def test_an_id_with_forbidden_characters_is_refused_with_a_message(text: str) -> None:
    for viewer in (("discord", text), ("discord", "ann", text), (text,)):
        with pytest.raises(ValueError, match="can't read the id"):
            Viewer(*viewer)


async def test_finished_returns_only_finished_tunes(storage: Storage) -> None:
    first = await add_finished(storage)
    unfinished = (await storage.add(request(), origin("2"))).id
    assert [tune.id for tune in await storage.sharing.finished([first, unfinished, "0" * 12, *ODD_IDS])] == [first]


async def test_recently_liked_returns_the_tunes_of_a_platform_by_their_last_like(storage: Storage, url: str) -> None:
    tunes = [await add_finished(storage, str(number)) for number in range(3)]
    for tune_id in tunes:
        await storage.sharing.like(tune_id, ANN)
    await storage.sharing.like(tunes[0], BEN)
    execute(url, f"UPDATE likes SET liked_at = now() - interval '2 days' WHERE tune_id = '{tunes[2]}'")
    day = timedelta(days=1)
    assert await storage.sharing.recently_liked("discord", day, 10) == [tunes[0], tunes[1]]
    assert await storage.sharing.recently_liked("discord", day, 1) == [tunes[0]]
    assert await storage.sharing.recently_liked("web", day, 10) == []


async def test_a_shared_tune_is_unposted_until_its_message_is_known(storage: Storage, url: str) -> None:
    waiting, posted, nowhere, old = [await add_finished(storage, str(number)) for number in range(4)]
    for tune_id in (waiting, posted, old):
        await storage.sharing.share(tune_id, ANN, channel_id="channel")
    await storage.sharing.share(nowhere, ANN)
    await storage.sharing.mark_posted(posted, "77")
    execute(url, f"UPDATE tunes SET shared_at = now() - interval '8 days' WHERE id = '{old}'")
    assert [tune.id for tune in await storage.sharing.unposted("discord", timedelta(days=7))] == [waiting]
    assert await storage.sharing.unposted("web", timedelta(days=7)) == []
