"""Sessions: what is played in which thread."""

from datetime import UTC, datetime, timedelta

from storage import Session, Storage, Viewer
from storage.tunes import new_id
from tests.storage.examples import COMPOSITION, execute, origin, request

THREAD = ("slack", "C0ABC", "1700000000.000100")


async def begun(storage: Storage) -> Session:
    await storage.sessions.begin(*THREAD, rhythm="jig", key="G")
    session = await storage.sessions.find(*THREAD)
    assert session is not None
    return session


async def test_a_session_keeps_what_is_played_and_the_latest_answer(storage: Storage) -> None:
    session = await begun(storage)
    assert (session.rhythm, session.key, session.tune_id) == ("jig", "G", None)
    assert timedelta() <= datetime.now(UTC) - session.begun_at < timedelta(hours=1)
    for event in ("1", "2"):
        tune = await storage.add(request(), origin(event))
        assert await storage.sessions.advance(*THREAD, tune.id)
        assert await storage.sessions.find(*THREAD) == Session("jig", "G", tune.id, session.begun_at)


async def test_a_session_belongs_to_one_thread(storage: Storage) -> None:
    await begun(storage)
    for other in (("discord", *THREAD[1:]), ("slack", "C0DEF", THREAD[2]), (*THREAD[:2], "1700000000.000200")):
        assert await storage.sessions.find(*other) is None


async def test_beginning_twice_changes_nothing(storage: Storage) -> None:
    tune = await storage.add(request(), origin())
    session = await begun(storage)
    await storage.sessions.advance(*THREAD, tune.id)
    await storage.sessions.begin(*THREAD, rhythm="reel", key="D")
    assert await storage.sessions.find(*THREAD) == Session("jig", "G", tune.id, session.begun_at)


async def test_a_session_outlives_its_latest_answer(storage: Storage) -> None:
    tune = await storage.add(request(), origin())
    session = await begun(storage)
    await storage.sessions.advance(*THREAD, tune.id)
    await storage.finish(tune.id, COMPOSITION, {})
    await storage.privacy.erase(Viewer("discord", "ann"))
    assert await storage.sessions.find(*THREAD) == session
    for gone in (tune.id, new_id(), "not an id"):
        assert await storage.sessions.advance(*THREAD, gone)
        assert await storage.sessions.find(*THREAD) == session


async def test_a_session_that_ended_is_not_found_and_not_advanced(storage: Storage) -> None:
    tune = await storage.add(request(), origin())
    await begun(storage)
    await storage.sessions.end(*THREAD)
    assert await storage.sessions.find(*THREAD) is None
    assert not await storage.sessions.advance(*THREAD, tune.id)


async def test_a_session_is_forgotten_when_nothing_was_answered_for_long(storage: Storage, url: str) -> None:
    tune = await storage.add(request(), origin())
    await begun(storage)
    execute(url, "UPDATE sessions SET begun_at = now() - interval '9 days', advanced_at = now() - interval '9 days'")
    await storage.sessions.advance(*THREAD, tune.id)
    await storage.sessions.forget_before(timedelta(days=8))
    assert await storage.sessions.find(*THREAD) is not None
    execute(url, "UPDATE sessions SET advanced_at = now() - interval '9 days'")
    await storage.sessions.forget_before(timedelta(days=8))
    assert await storage.sessions.find(*THREAD) is None
