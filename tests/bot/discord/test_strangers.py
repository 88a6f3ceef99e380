"""A stranger uses every button, menu, form and command with the ids of other people's tunes, in every kind of place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.core import reply_limit
from bot.discord.core import limits
from bot.discord.core.persistent_items import PersistentItem
from generator.request import TuneRequest
from storage import Composition, Origin, Tune, Viewer, connection, database
from tests.bot.discord.conftest import ABC, Stage
from tests.bot.discord.forging import Forger, button, components, custom_ids
from tests.loopback.discord import DIRECT, ELSEWHERE, FIDDLER, GROUP, PIPER, PRIVATE, SHOWCASE, TUNES, WORKSHOP, Channel
from tests.loopback.discord_limits import Rates
from tests.loopback.discord_world import DIRECT_OF
from tests.patience import HANG_S

SECRET, KNOWN = "Zyzzyva", "Known"  # in all texts of hidden tunes, and of shared ones
ANOTHER_SERVER = Channel("390", "in another server", "202")
PLACES = (ANOTHER_SERVER, ELSEWHERE, DIRECT_OF[PIPER.id], PRIVATE, GROUP, SHOWCASE)
OWNER = Viewer("discord", FIDDLER.id, TUNES.server)


def lift_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out because of the number of calls or replies, or a slow machine."""
    for module, limit in ((limits, "LOOKUP_S"), (limits, "ACKNOWLEDGE_S"), (database, "CHECKOUT_S"), (connection, "ANSWER_S")):
        monkeypatch.setattr(module, limit, 10 * HANG_S)
    monkeypatch.setattr(limits, "CALLS_PER_S", 10_000)
    monkeypatch.setattr(reply_limit, "REPLIES", 10_000)
    monkeypatch.setattr(Rates, "GLOBAL", 10_000)
    monkeypatch.setattr(Rates, "ROUTES", ())


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    lift_limits(monkeypatch)


def abc_of(title: str) -> str:
    return ABC.replace("The Loopback", title)


class Tunes:
    """Tunes of somebody else, finished and not. The names of those that are shared begin with KNOWN."""

    def __init__(self, stage: Stage) -> None:
        self._storage, self.ids, self._events = stage.storage, dict[str, str](), 0

    async def _add(self, title: str, channel: Channel, parent: str = "", count: int = 1, **asked: Any) -> list[Tune]:
        self._events += 1
        origin = Origin("discord", f"event {self._events}", FIDDLER.id, channel.id, channel.server)
        request, parent_id = TuneRequest.check(seed=7, title=title, **asked), self.ids.get(parent)
        if count > 1:
            return await self._storage.add_set(request.in_a_row(count), origin, parent_id=parent_id)
        return [await self._storage.add(request, origin, parent_id=parent_id)]

    async def _finish(self, name: str, tune: Tune) -> None:
        made = Composition(abc_of(name), name, "reel", "Ador", "4/4", 2_000, "test lstm", {}, (f"Left out: {name}.",))
        names = ("tune.abc", "tune.mp3", "tune.png", "tune.mid", "tune.svg", "tune.musicxml")
        await self._storage.finish(tune.id, made, {file: ("text/plain", name.encode()) for file in names})
        await self._storage.mark_delivered(tune.id, "555")
        if name.startswith(KNOWN):
            await self._storage.sharing.share(tune.id, OWNER)

    async def finished(self, name: str, channel: Channel = DIRECT, **asked: Any) -> None:
        [tune] = await self._add(name, channel, **asked)
        await self._finish(name, tune)
        self.ids[name] = tune.id

    async def add_all(self) -> None:
        await self.finished(f"{SECRET} in direct messages", opening=abc_of(SECRET), mode="play")
        [queued] = await self._add(f"{SECRET} queued", DIRECT, opening=abc_of(SECRET))
        [failed] = await self._add(f"{SECRET} failed", DIRECT, opening=abc_of(SECRET))
        await self._storage.fail(failed.id, f"No {SECRET} today.")
        self.ids |= {f"{SECRET} queued": queued.id, f"{SECRET} failed": failed.id}
        await self.finished(f"{KNOWN} variation", parent=f"{SECRET} in direct messages", opening=abc_of(SECRET), mode="vary")
        # A session in which only one answer is shared.
        answer: dict[str, Any] = {"mode": "answer", "opening": "EAAB c2Bc|"}
        await self.finished(f"{SECRET} first answer", WORKSHOP, **answer)
        await self.finished(f"{KNOWN} answer", WORKSHOP, parent=f"{SECRET} first answer", **answer)
        await self.finished(f"{SECRET} last answer", WORKSHOP, parent=f"{KNOWN} answer", **answer)
        names = [f"{SECRET} first of a set", f"{KNOWN} second of a set", f"{SECRET} third of a set"]
        for name, tune in zip(names, await self._add("", DIRECT, count=3), strict=True):
            await self._finish(name, tune)
            self.ids[name] = tune.id

    async def states(self) -> dict[str, tuple[object, bool]]:
        """Status, and whether it is shared, by name; fails for a deleted tune."""
        found = {name: await self._storage.tune(tune_id) for name, tune_id in self.ids.items()}
        return {name: (tune.status, tune.shared is not None) for name, tune in found.items() if tune or pytest.fail(name)}


def is_hidden_in(place: Channel, name: str) -> bool:
    """Members of a server may see what was made there, if they know its id. A session's button knows the ids of all answers."""
    return not (place.server == TUNES.server and "answer" in name and name.startswith(SECRET))


async def take_requests(stage: Stage) -> list[TuneRequest]:
    """What the stranger requested. It is deleted, since hundreds of cards would keep the bot busy."""
    tunes = [tune for tune in await stage.storage.undelivered("discord") if tune.origin.user_id == PIPER.id]
    for tune in tunes:
        await stage.storage.sharing.delete(tune.id, Viewer("discord", PIPER.id))
    return [tune.request for tune in tunes]


async def forge(stage: Stage, chosen: Callable[[Channel, int], bool]) -> int:
    """Sends all that a stranger can, with the ids of those tunes that are chosen by place and number. Returns how much it was."""
    stage.side_bot.context.desk._limit = 10_000
    tunes = Tunes(stage)
    await tunes.add_all()
    before, said, requests = await tunes.states(), list[tuple[str, str]](), list[TuneRequest]()
    for place in PLACES:
        # In other servers the stranger is a moderator.
        forger = Forger(stage, place, replace(PIPER, moderates=place.server != TUNES.server))
        for number, (name, tune_id) in enumerate(tunes.ids.items()):
            if chosen(place, number) and is_hidden_in(place, name):
                await forger.use_items_and_forms(tune_id)
                await forger.use_context_menus(tune_id)
                await forger.chat(tune_id)
                await forger.handled()
                requests += await take_requests(stage)
        if chosen(place, 0):
            await forger.use_commands(tunes.ids[f"{SECRET} in direct messages"], SECRET[:4])
            await forger.handled()
            requests += await take_requests(stage)
        said += forger.said()
    assert requests, "shared tunes can be varied"
    assert [request for request in requests if SECRET in repr(request)] == []
    forger = Forger(stage, SHOWCASE, PIPER)
    await forger.use_the_rest()
    await forger.handled()
    said += forger.said()
    assert any(KNOWN in text for _, text in said), "shared tunes are shown"
    assert [(call, text) for call, text in said if SECRET in text] == []
    assert await tunes.states() == before
    return len(stage.discord.interactions)


async def test_a_stranger_learns_nothing_about_hidden_tunes(stage: Stage) -> None:
    """Each tune in one place, the session in another channel of its server."""
    await forge(stage, lambda place, number: PLACES[number % len(PLACES)] is place)


async def test_forging_finds_what_is_said(stage: Stage) -> None:
    """The owner gets what a stranger does not: in payloads, files and requests."""
    tunes = Tunes(stage)
    await tunes.finished(f"{SECRET} answer", mode="answer", opening="EAAB c2Bc|")
    forger = Forger(stage, DIRECT, FIDDLER)
    for action in ("files", "vary"):
        await forger.use(button(f"tune:{action}:{tunes.ids[f'{SECRET} answer']}"))
    await forger.handled()
    assert {
        "file" if call.startswith("file") else "call" for call, text in forger.said() if SECRET in text or "zyzzyva" in text
    } == {
        "file",
        "call",
    }
    assert any(SECRET in repr(tune.request) for tune in await stage.storage.undelivered("discord"))


def test_a_new_item_is_forged_too_or_needs_a_rule() -> None:
    class Known(PersistentItem[Any], template=r"new:(?P<action>one|two):(?P<tune_id>[0-9A-Za-z]{1,40})"):
        pass

    assert [item["custom_id"] for item in components("0" * 12, (Known,))] == [f"new:one:{'0' * 12}", f"new:two:{'0' * 12}"]
    with pytest.raises(KeyError):
        custom_ids(r"new:(?P<other_id>.*)", "0" * 12)
