import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import PUBLIC, NotAllowed, Status, Storage, StorageError, Tune, Viewer, open_storage
from storage.files import Files, digest_of, lock_contents
from tests.patience import HANG_S
from tests.storage.examples import COMPOSITION, execute, origin, request
from tests.storage.test_jobs import no_jobs_left, work_until
from tests.storage.test_storage import ODD_IDS

ANN = Viewer("discord", "ann", "guild")  # whoever asks in examples.origin
BEN = Viewer("discord", "ben", "guild")
STRANGER = Viewer("discord", "eve", "elsewhere")
ABC = {"tune.abc": ("text/vnd.abc", b"X:1")}


async def finished(storage: Storage, event: str = "1", user_id: str = "ann", parent_id: str | None = None) -> str:
    tune_id = (await storage.add(request(), origin(event, user_id), parent_id=parent_id)).id
    await storage.finish(tune_id, COMPOSITION, ABC | {"tune.json": ("application/json", event.encode())})
    return tune_id


async def found(storage: Storage, tune_id: str) -> Tune:
    tune = await storage.tune(tune_id)
    assert tune is not None
    return tune


def contents(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "files").rglob("*"))


def user_id(number: int) -> Viewer:
    return Viewer("discord", f"person {number}", "guild")


async def test_a_like_counts_once_for_each_person_and_platform(storage: Storage) -> None:
    tune_id = await finished(storage)
    await storage.sharing.share(tune_id, ANN)
    assert [await storage.sharing.like(tune_id, by) for by in (ANN, ANN, BEN, Viewer("web", "ann"))] == [1, 1, 2, 3]
    assert [await storage.sharing.unlike(tune_id, by) for by in (ANN, ANN, STRANGER)] == [2, 2, 2]
    assert (await found(storage, tune_id)).likes == 2


async def test_the_count_is_exact_when_all_press_at_once(storage: Storage, url: str) -> None:
    tune_id = await finished(storage)
    await asyncio.gather(*(storage.sharing.like(tune_id, user_id(number % 60)) for number in range(180)))
    assert (await found(storage, tune_id)).likes == 60
    calls: list[Awaitable[int]] = [storage.sharing.unlike(tune_id, user_id(number % 20)) for number in range(60)]
    calls += [storage.sharing.like(tune_id, user_id(100 + number)) for number in range(60)]
    await asyncio.gather(*calls)
    assert (await found(storage, tune_id)).likes == 100
    assert execute(url, "SELECT count(*) FROM likes") == [(100,)]


async def test_the_count_is_that_of_the_rows_after_presses_that_cross(storage: Storage, url: str) -> None:
    tune_id = await finished(storage)
    presses = [
        press(tune_id, user_id(number % 5)) for number in range(60) for press in (storage.sharing.like, storage.sharing.unlike)
    ]
    await asyncio.gather(*presses)
    assert execute(url, "SELECT count(*) FROM likes") == [((await found(storage, tune_id)).likes,)]


async def test_a_changed_count_is_announced_and_an_unchanged_one_is_not(storage: Storage) -> None:
    tune_id = await finished(storage)
    async with asyncio.timeout(HANG_S), storage.changes() as changes:
        await storage.sharing.like(tune_id, BEN)
        assert await anext(changes) == tune_id
        await storage.sharing.like(tune_id, BEN)
        other = await storage.add(request(), origin("2"))
        assert await anext(changes) == other.id
        await storage.sharing.unlike(tune_id, BEN)
        assert await anext(changes) == tune_id


async def test_which_tunes_somebody_likes(storage: Storage) -> None:
    first, second = await finished(storage, "1"), await finished(storage, "2")
    await storage.sharing.like(first, BEN)
    assert await storage.sharing.liked([first, second, *ODD_IDS], BEN) == {first}
    assert await storage.sharing.liked([first, second], ANN) == set()
    assert await storage.sharing.liked([], BEN) == set()


async def test_who_is_not_known_cannot_like(storage: Storage) -> None:
    tune_id = await finished(storage)
    await storage.sharing.share(tune_id, ANN)
    for press in (storage.sharing.like, storage.sharing.unlike):
        with pytest.raises(ValueError, match="don't know who you are"):
            await press(tune_id, PUBLIC)
    assert (await found(storage, tune_id)).likes == 0


async def test_a_shared_tune_says_since_when_and_from_where(storage: Storage) -> None:
    tune_id = await finished(storage)
    assert (await found(storage, tune_id)).shared is None
    shared = (await storage.sharing.share(tune_id, ANN, channel_id="gallery")).shared
    assert shared is not None and (shared.community_id, shared.channel_id, shared.message_id) == ("guild", "gallery", None)
    await storage.sharing.mark_posted(tune_id, "message 1")
    await storage.sharing.mark_posted(tune_id, "message 2")
    again = (await storage.sharing.share(tune_id, Viewer("discord", "ann", "another"), channel_id="other")).shared
    assert again is not None and (again.at, again.community_id, again.message_id) == (shared.at, "guild", "message 1")


async def test_only_the_owner_shares(storage: Storage) -> None:
    tune_id = await finished(storage)
    with pytest.raises(NotAllowed, match="asked for this tune"):
        await storage.sharing.share(tune_id, BEN)
    nobodys = await finished(storage, "2", user_id="")
    with pytest.raises(NotAllowed):
        await storage.sharing.share(nobodys, Viewer("discord", "", "guild"))
    assert (await found(storage, tune_id)).shared is (await found(storage, nobodys)).shared is None


async def test_what_is_not_finished_cannot_be_shared_or_liked(storage: Storage) -> None:
    waiting, failed = (await storage.add(request(), origin("1"))).id, (await storage.add(request(), origin("2"))).id
    await storage.fail(failed, "No.")
    for tune_id in (waiting, failed):
        for act in (storage.sharing.share, storage.sharing.like, storage.sharing.unlike, storage.sharing.unshare):
            with pytest.raises(KeyError):
                await act(tune_id, ANN)


async def test_what_was_taken_back_is_private_again(storage: Storage) -> None:
    tune_id = await finished(storage)
    await storage.sharing.share(tune_id, ANN, channel_id="gallery")
    await storage.sharing.mark_posted(tune_id, "message")
    await storage.sharing.like(tune_id, STRANGER)
    before = await storage.sharing.unshare(tune_id, ANN)
    assert before.shared is not None and before.shared.message_id == "message"
    after = await storage.sharing.unshare(tune_id, ANN)  # nothing more to do
    assert after.shared is None and after.likes == 1
    with pytest.raises(KeyError):
        await storage.sharing.unlike(tune_id, STRANGER)
    await storage.sharing.mark_posted(tune_id, "too late")
    again = (await storage.sharing.share(tune_id, ANN)).shared
    assert again is not None and again.message_id is None


async def test_a_moderator_takes_back_what_was_shared_from_the_server(storage: Storage) -> None:
    tune_id = await finished(storage)
    await storage.sharing.share(tune_id, Viewer("discord", "ann", "another"))
    for by, moderates in ((BEN, False), (BEN, True), (STRANGER, True), (Viewer("web", "x", "another"), True)):
        with pytest.raises(NotAllowed, match="or a moderator"):
            await storage.sharing.unshare(tune_id, by, moderates=moderates)
    await storage.sharing.unshare(tune_id, Viewer("discord", "mod", "another"), moderates=True)
    assert (await found(storage, tune_id)).shared is None


@pytest.mark.parametrize("viewer", [PUBLIC, STRANGER, Viewer("web", "ann", "guild"), Viewer("discord", "", "")])
async def test_who_may_not_see_a_tune_cannot_tell_it_from_none(storage: Storage, viewer: Viewer) -> None:
    tune_id = await finished(storage)
    acts: list[Callable[..., Awaitable[object]]] = [storage.sharing.share, storage.sharing.unshare, storage.sharing.delete]
    if viewer.user_id:
        acts += [storage.sharing.like, storage.sharing.unlike]
    for act in acts:
        for named in (tune_id, "0123456789ab", *ODD_IDS):
            with pytest.raises(KeyError):
                await act(named, viewer)
    with pytest.raises(KeyError):
        await storage.sharing.delete(tune_id, viewer, moderates=True)
    tune = await found(storage, tune_id)
    assert (tune.likes, tune.shared) == (0, None)


async def test_a_deleted_tune_takes_its_files_and_likes_with_it(storage: Storage, url: str, tmp_path: Path) -> None:
    kept, tune_id = await finished(storage, "1"), await finished(storage, "2")
    child = await finished(storage, "3", user_id="ben", parent_id=tune_id)
    await storage.sharing.like(tune_id, BEN)
    await storage.sharing.like(kept, BEN)
    assert contents(tmp_path) == 4  # three of their own, one that all have
    async with asyncio.timeout(HANG_S), storage.changes() as changes:
        deleted = await storage.sharing.delete(tune_id, ANN)
        assert {await anext(changes) for _ in range(2)} == {tune_id, child}
    assert (deleted.id, deleted.likes) == (tune_id, 1)
    assert await storage.tune(tune_id) is None
    assert await storage.files(tune_id) == []
    assert (await found(storage, child)).parent_id is None
    assert contents(tmp_path) == 3
    assert await storage.read(kept, "tune.abc") == b"X:1"
    assert execute(url, "SELECT tune_id FROM likes") == [(kept,)]
    with pytest.raises(KeyError):
        await storage.sharing.delete(tune_id, ANN)


async def test_the_last_tune_takes_the_content_that_all_had(storage: Storage, tmp_path: Path) -> None:
    tunes = [await finished(storage, str(event)) for event in range(6)]
    await asyncio.gather(*(storage.sharing.delete(tune_id, ANN) for tune_id in tunes))
    assert contents(tmp_path) == 0


async def test_owner_and_moderators_delete_and_nobody_else(storage: Storage) -> None:
    tune_id = await finished(storage)
    await storage.sharing.share(tune_id, ANN)  # so that all can see it
    for by, moderates in ((BEN, False), (STRANGER, True), (Viewer("web", "ann", "guild"), True), (PUBLIC, True)):
        with pytest.raises(NotAllowed, match="or a moderator"):
            await storage.sharing.delete(tune_id, by, moderates=moderates)
    await storage.sharing.delete(tune_id, BEN, moderates=True)
    assert await storage.tune(tune_id) is None


async def test_a_tune_deleted_while_it_is_made_leaves_nothing(storage: Storage, tmp_path: Path) -> None:
    tune_id = (await storage.add(request(), origin())).id
    await storage.start(tune_id)
    await storage.sharing.delete(tune_id, ANN)
    assert await storage.progress(tune_id, status=Status.RENDERING, bars=8) is False
    await storage.finish(tune_id, COMPOSITION, ABC)
    await storage.fail(tune_id, "No.")
    assert await storage.tune(tune_id) is None
    assert contents(tmp_path) == 0


@pytest.mark.usefixtures("impatient")
async def test_the_job_of_a_deleted_tune_goes_without_harm(storage: Storage, url: str) -> None:
    deleted, other = [(await storage.add(request(), origin(event))).id for event in "12"]
    await storage.sharing.delete(deleted, ANN)
    started: dict[str, bool] = {}

    async def handle(tune_id: str) -> None:
        started[tune_id] = await storage.start(tune_id) is not None
        await storage.finish(tune_id, COMPOSITION, ABC)

    await work_until(storage, handle, no_jobs_left(url))
    assert started == {deleted: False, other: True}
    assert (await found(storage, other)).status is Status.FINISHED


async def test_a_content_is_not_removed_while_another_tune_is_being_finished_with_it(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = await finished(storage), (await storage.add(request(), origin("2"))).id
    write, deleting = Files.write, []

    async def write_and_wait(self: Files, content: bytes) -> str:
        digest = await write(self, content)
        deleting.append(asyncio.create_task(storage.sharing.delete(old, ANN)))
        await asyncio.wait(deleting, timeout=0.3)  # the deletion would be done by then if nothing held it
        return digest

    monkeypatch.setattr(Files, "write", write_and_wait)
    await storage.finish(new, COMPOSITION, ABC)
    await asyncio.gather(*deleting)
    assert await storage.read(new, "tune.abc") == b"X:1"
    assert await storage.tune(old) is None


async def test_a_content_that_is_being_removed_is_written_again_for_another_tune(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = await finished(storage), (await storage.add(request(), origin("2"))).id
    remove, finishing = Files.remove, []

    async def wait_and_remove(self: Files, digest: str) -> None:
        finishing.append(asyncio.create_task(storage.finish(new, COMPOSITION, ABC)))
        await asyncio.wait(finishing, timeout=0.3)
        await remove(self, digest)

    monkeypatch.setattr(Files, "remove", wait_and_remove)
    await storage.sharing.delete(old, ANN)
    await asyncio.gather(*finishing)
    assert await storage.read(new, "tune.abc") == b"X:1"


async def test_many_deletions_and_finished_tunes_at_once_lose_no_content(storage: Storage) -> None:
    old = [await finished(storage, f"old {event}") for event in range(12)]
    new = [(await storage.add(request(), origin(f"new {event}"))).id for event in range(12)]
    await asyncio.gather(
        *(storage.sharing.delete(tune_id, ANN) for tune_id in old),
        *(storage.finish(tune_id, COMPOSITION, ABC) for tune_id in new),
    )
    assert {await storage.read(tune_id, "tune.abc") for tune_id in new} == {b"X:1"}


async def test_who_finishes_a_tune_waits_for_its_row_before_it_holds_a_content(storage: Storage) -> None:
    tune_id = (await storage.add(request(), origin())).id
    async with storage.database.engine.begin() as connection:  # does in turn what a deletion does
        await connection.execute(text("SELECT FROM tunes WHERE id = :id FOR UPDATE"), {"id": tune_id})
        finishing = asyncio.create_task(storage.finish(tune_id, COMPOSITION, ABC))
        await asyncio.wait({finishing}, timeout=0.3)
        await lock_contents(connection, [digest_of(b"X:1")], to_remove=True)  # would wait for who waits for us
    await finishing


async def test_finishing_twice_and_deleting_at_once_leave_nothing(storage: Storage, tmp_path: Path) -> None:
    for event in range(8):
        tune_id = (await storage.add(request(), origin(str(event)))).id
        await asyncio.gather(
            storage.finish(tune_id, COMPOSITION, ABC),
            storage.sharing.delete(tune_id, ANN),
            storage.finish(tune_id, COMPOSITION, ABC),
        )
        assert await storage.tune(tune_id) is None
    assert contents(tmp_path) == 0


async def test_likes_and_a_deletion_at_once_end_in_no_tune(storage: Storage, url: str) -> None:
    tune_id = await finished(storage)
    likes = [storage.sharing.like(tune_id, user_id(number)) for number in range(30)]
    answers = await asyncio.gather(*likes[:15], storage.sharing.delete(tune_id, ANN), *likes[15:], return_exceptions=True)
    assert all(isinstance(answer, int | Tune | KeyError) for answer in answers)
    assert await storage.tune(tune_id) is None
    assert execute(url, "SELECT count(*) FROM likes") == [(0,)]


async def test_a_file_that_cannot_be_removed_keeps_the_tune(url: str, tmp_path: Path) -> None:
    async with open_storage(data_dir=tmp_path, database_url=url, files_url=None) as storage:
        tune_id = await finished(storage)
        (tmp_path / "files").rename(tmp_path / "away")
        (tmp_path / "files").write_bytes(b"in the way")
        with pytest.raises(StorageError, match="cannot be deleted"):
            await storage.sharing.delete(tune_id, ANN)
        assert len(await storage.files(tune_id)) == 2
        (tmp_path / "files").unlink()
        (tmp_path / "away").rename(tmp_path / "files")
        await storage.sharing.delete(tune_id, ANN)
        assert contents(tmp_path) == 0


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\nb"])
def test_an_id_that_no_platform_gives_is_refused_in_a_sentence(text: str) -> None:
    for viewer in (("discord", text), ("discord", "ann", text), (text,)):
        with pytest.raises(ValueError, match="can't read the id"):
            Viewer(*viewer)


async def test_what_is_finished_is_found_by_its_ids(storage: Storage) -> None:
    first = await finished(storage)
    unfinished = (await storage.add(request(), origin("2"))).id
    assert [tune.id for tune in await storage.sharing.finished([first, unfinished, "0" * 12, *ODD_IDS])] == [first]


async def test_what_was_liked_lately_comes_last_first_and_from_one_platform(storage: Storage, url: str) -> None:
    tunes = [await finished(storage, str(number)) for number in range(3)]
    for tune_id in tunes:
        await storage.sharing.like(tune_id, ANN)
    await storage.sharing.like(tunes[0], BEN)
    execute(url, f"UPDATE likes SET liked_at = now() - interval '2 days' WHERE tune_id = '{tunes[2]}'")
    day = timedelta(days=1)
    assert await storage.sharing.recently_liked("discord", day, 10) == [tunes[0], tunes[1]]
    assert await storage.sharing.recently_liked("discord", day, 1) == [tunes[0]]
    assert await storage.sharing.recently_liked("web", day, 10) == []


async def test_what_was_shared_to_be_posted_waits_until_its_message_is_known(storage: Storage, url: str) -> None:
    waiting, posted, nowhere, old = [await finished(storage, str(number)) for number in range(4)]
    for tune_id in (waiting, posted, old):
        await storage.sharing.share(tune_id, ANN, channel_id="channel")
    await storage.sharing.share(nowhere, ANN)
    await storage.sharing.mark_posted(posted, "77")
    execute(url, f"UPDATE tunes SET shared_at = now() - interval '8 days' WHERE id = '{old}'")
    assert [tune.id for tune in await storage.sharing.unposted("discord", timedelta(days=7))] == [waiting]
    assert await storage.sharing.unposted("web", timedelta(days=7)) == []
