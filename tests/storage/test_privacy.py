"""The data that is stored about a user, and its erasure."""

import asyncio
from pathlib import Path

import pytest

from storage import PUBLIC, CommunitySettings, Defaults, Storage, StorageError, StoredData, Tune, Viewer, open_storage
from tests.storage.examples import execute, origin, request
from tests.storage.test_sharing import ANN, BEN, add_finished, count_files, read_tune


async def test_the_stored_data_of_a_user_is_counted(storage: Storage) -> None:
    assert await storage.privacy.stored(ANN) == StoredData(tunes=0, shared=0, likes=0, defaults=0)
    first, second = await add_finished(storage, "1"), await add_finished(storage, "2", user_id="ben")
    await storage.add(request(), origin("3"))
    await storage.sharing.share(first, ANN)
    await storage.sharing.like(second, ANN)
    await storage.preferences.change_defaults(ANN, rhythm="jig", backing=False)
    assert await storage.privacy.stored(ANN) == StoredData(tunes=2, shared=1, likes=1, defaults=2)
    assert await storage.privacy.stored(BEN) == StoredData(tunes=1, shared=0, likes=0, defaults=0)


async def test_erasing_a_user_deletes_their_data_and_nothing_else(storage: Storage, url: str, tmp_path: Path) -> None:
    private, shared = await add_finished(storage, "1"), await add_finished(storage, "2")
    by_ben = await add_finished(storage, "3", user_id="ben", parent_id=shared)
    waiting = (await storage.add(request(), origin("4"))).id
    elsewhere = (await storage.add(request(), origin("5", platform="web"))).id
    await storage.sharing.share(shared, ANN)
    await storage.sharing.like(shared, BEN)
    await storage.sharing.like(by_ben, BEN)
    await storage.sharing.like(by_ben, ANN)
    await storage.preferences.change_defaults(ANN, rhythm="jig")
    await storage.preferences.change_defaults(BEN, rhythm="reel")
    await storage.preferences.change_community(ANN, cooldown_s=5)

    deleted = await storage.privacy.erase(ANN)
    assert {tune.id for tune in deleted} == {private, shared, waiting}
    assert await storage.privacy.stored(ANN) == StoredData(0, 0, 0, 0)
    assert execute(url, "SELECT 1 FROM tunes WHERE platform = 'discord' AND user_id = 'ann'") == []
    assert execute(url, "SELECT user_id FROM likes") == [("ben",)]
    assert await storage.preferences.defaults(ANN) == Defaults()
    kept = await read_tune(storage, by_ben)
    assert (kept.likes, kept.parent_id, count_files(tmp_path)) == (1, None, 2)
    assert await storage.read(by_ben, "tune.abc") == b"X:1"
    assert await storage.tune(elsewhere) is not None
    assert await storage.preferences.defaults(BEN) == Defaults(rhythm="reel")
    assert await storage.preferences.community(BEN) == CommunitySettings(cooldown_s=5)
    assert await storage.privacy.erase(ANN) == []


async def test_a_failed_erasure_reports_what_it_deleted_and_can_be_repeated(url: str, tmp_path: Path) -> None:
    async with open_storage(data_dir=tmp_path, database_url=url, files_url=None) as storage:
        without_files = (await storage.add(request(), origin("0"))).id
        kept = await add_finished(storage, "1")
        (tmp_path / "files").rename(tmp_path / "away")
        (tmp_path / "files").write_bytes(b"in the way")
        deleted: list[Tune] = []
        with pytest.raises(StorageError):
            await storage.privacy.erase(ANN, on_deleted=deleted.append)
        (tmp_path / "files").unlink()
        (tmp_path / "away").rename(tmp_path / "files")
        again: list[Tune] = []
        assert await storage.privacy.erase(ANN, on_deleted=again.append) == again
        assert {tune.id for tune in deleted + again} == {without_files, kept}
        assert kept in [tune.id for tune in again]


async def test_users_who_like_each_others_tunes_can_be_erased_at_once(storage: Storage, url: str, tmp_path: Path) -> None:
    people = [Viewer("discord", f"person {number}", "guild") for number in range(6)]
    tunes = [await add_finished(storage, str(number), user_id=user.user_id) for number, user in enumerate(people * 2)]
    await asyncio.gather(*(storage.sharing.like(tune_id, user) for tune_id in tunes for user in people))
    await asyncio.gather(*(storage.privacy.erase(user) for user in people))
    assert execute(url, "SELECT (SELECT count(*) FROM tunes), (SELECT count(*) FROM likes)") == [(0, 0)]
    assert count_files(tmp_path) == 0


@pytest.mark.parametrize("unknown", [PUBLIC, Viewer("discord", "", "guild"), Viewer("", "ann")])
async def test_an_unknown_user_cannot_erase_data(storage: Storage, unknown: Viewer) -> None:
    tune_id = await add_finished(storage, "1", user_id="")
    for call in (storage.privacy.erase, storage.privacy.stored):
        with pytest.raises(ValueError, match="don't know who you are"):
            await call(unknown)
    assert await storage.tune(tune_id) is not None


async def test_two_users_can_delete_their_likes_of_the_same_tunes_at_once(storage: Storage, url: str) -> None:
    execute(
        url,
        """
        INSERT INTO tunes (id, platform, event_id, user_id, channel_id, community_id, reply, request)
        SELECT lpad(number::text, 12, '0'), 'discord', number::text, 'eve', '', '', '{}', '{}'
        FROM generate_series(1, 300) AS number
        """,
    )
    for _ in range(3):
        for name, order in (("ann", "ASC"), ("ben", "DESC")):
            liked = f"SELECT id, 'discord', '{name}' FROM tunes ORDER BY id {order}"
            execute(url, f"INSERT INTO likes (tune_id, platform, user_id) {liked}")
        await asyncio.gather(storage.sharing.delete_likes(ANN), storage.sharing.delete_likes(BEN))
        assert execute(url, "SELECT max(likes), count(*) FROM tunes") == [(0, 300)]
