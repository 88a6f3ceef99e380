"""Which tunes a message shows, and which were requested in a conversation."""

from dataclasses import replace

from storage import Storage, Tune, Viewer
from tests.storage.examples import COMPOSITION, origin, request

THREAD = {"thread": "100"}


async def delivered(storage: Storage, event: str, message: str, *, channel: str = "C1", platform: str = "slack") -> Tune:
    from_there = replace(origin(event, platform=platform), channel_id=channel, reply={**THREAD, "team": "T1"})
    tune = await storage.add(request(), from_there)
    await storage.finish(tune.id, COMPOSITION, {})
    await storage.mark_delivered(tune.id, message)
    return tune


async def shown(storage: Storage, *messages: str) -> list[str]:
    return [tune.id for tune in await storage.messages.shown("slack", messages)]


async def latest(storage: Storage, channel: str = "C1", **reply: str) -> str | None:
    tune = await storage.messages.latest("slack", channel, reply or THREAD)
    return tune.id if tune else None


async def test_a_message_shows_what_it_delivered_or_shared(storage: Storage) -> None:
    first, second = await delivered(storage, "1", "m1"), await delivered(storage, "2", "m2")
    await delivered(storage, "3", "m1", platform="discord")
    assert await shown(storage, "m1") == [first.id]
    assert await shown(storage, "m2", "file") == [second.id]
    assert await shown(storage, "m3") == []
    await storage.sharing.share(second.id, Viewer("slack", "ann"), channel_id="C9")
    await storage.sharing.mark_posted(second.id, "m3")
    assert await shown(storage, "m3") == [second.id]


async def test_a_message_with_a_set_shows_its_tunes_in_their_order(storage: Storage) -> None:
    tunes = await storage.add_set(request().in_a_row(3), origin(platform="slack"))
    for tune in tunes[::-1]:
        await storage.mark_delivered(tune.id, "m1")
    assert await shown(storage, "m1") == [tune.id for tune in tunes]


async def test_the_latest_tune_of_a_conversation_is_found(storage: Storage) -> None:
    assert await latest(storage) is None
    first = await delivered(storage, "1", "m1")
    assert await latest(storage) == first.id
    second = await delivered(storage, "2", "m2")
    await delivered(storage, "3", "m3", channel="C2")
    await delivered(storage, "4", "m4", platform="discord")
    assert await latest(storage) == await latest(storage, thread="100", team="T1") == second.id
    assert await latest(storage, thread="101") is None
    assert await latest(storage, channel="C3") is None


async def test_only_a_tune_that_people_can_see_is_the_latest(storage: Storage) -> None:
    first = await delivered(storage, "1", "m1")
    unfinished = await storage.add(request(), replace(first.origin, event_id="2"))
    assert await latest(storage) == first.id
    assert [tune.id for tune in await storage.messages.waiting("slack", "C1", THREAD)] == [unfinished.id]
    assert await storage.messages.waiting("slack", "C1", {"thread": "101"}) == []
    await storage.finish(unfinished.id, COMPOSITION, {})
    assert await latest(storage) == first.id
    await storage.mark_delivered(unfinished.id, "m2")
    assert await latest(storage) == unfinished.id
