"""A stranger uses every button, menu, form, command and message with the ids of other people's tunes.

The strangers are somebody of another workspace, in their own and in a channel that both share, and somebody of the same
workspace, from whom the owner's direct messages are hidden.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from slack_sdk.oauth.installation_store.models.installation import Installation

from bot.core import reply_limit
from bot.slack.core import limits
from bot.slack.core.reply import Reply
from bot.slack.http import EVENTS
from bot.slack.installations.store import InstallationStore
from bot.web import serving
from generator.request import TuneRequest
from storage import Composition, Origin, Storage, Tune, Viewer, connection, database, open_storage
from tests.bot.slack import forging
from tests.bot.slack.conftest import Stage
from tests.bot.slack.forging import Forger, button, check_known, registrations
from tests.bot.slack.installations.conftest import KEY, WEB_URL
from tests.bot.worker import ABC
from tests.loopback.slack import (
    CONNECT,
    DIRECT,
    DIRECT_OF,
    FIDDLER,
    HARBOUR,
    PIPER,
    QUAY,
    SAILOR,
    SESSION,
    SHOWCASE,
    TUNES,
    Channel,
    FakeSlack,
    Limits,
    Person,
    Team,
)
from tests.patience import HANG_S

SECRET, KNOWN = "Zyzzyva", "Known"  # in all texts of hidden tunes, and of shared ones
OWNER = Viewer("slack", FIDDLER.id, SESSION.id)
# Who is where. Without a channel it is App Home, and modals over it.
STRANGERS: list[tuple[Person, Channel | None]] = [
    (SAILOR, QUAY),
    (SAILOR, DIRECT_OF[SAILOR.id]),
    (SAILOR, CONNECT),
    (SAILOR, None),
    (PIPER, SHOWCASE),
    (PIPER, None),
]


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out because of the number of calls or replies, or a slow machine."""
    for module, limit in ((limits, "TRIGGER_S"), (limits, "FORM_FIRST_S"), (database, "CHECKOUT_S"), (connection, "ANSWER_S")):
        monkeypatch.setattr(module, limit, 10 * HANG_S)
    monkeypatch.setattr(limits, "METHOD_CALLS_PER_MINUTE", {})
    monkeypatch.setattr(limits, "CALLS_PER_MINUTE", 10**6)
    monkeypatch.setattr(limits, "POST_INTERVAL_S", 0.0)
    monkeypatch.setattr(reply_limit, "REPLIES", 10_000)


@pytest.fixture
async def storage(url: str, tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(data_dir=tmp_path, database_url=url, secret_keys=[KEY]) as storage:
        yield storage


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    limits = Limits(messages_s=0.0, tiers=False)
    async with FakeSlack(installed=False, limits=limits, stretch=100.0, unfurl_domains=(urlsplit(WEB_URL).netloc,)) as slack:
        yield slack


@pytest.fixture
async def stage(slack: FakeSlack, storage: Storage) -> AsyncIterator[Stage]:
    """The app in two workspaces, as people install it themselves."""
    for team, person in ((SESSION, FIDDLER), (HARBOUR, SAILOR)):
        await _install(slack, storage, team, person)
    stage = Stage(slack, storage)
    of_one_workspace: dict[str, Any] = dict.fromkeys(slack.settings, None)
    await stage.start_app(**of_one_workspace | slack.public_settings, web_url=WEB_URL)
    stage.context.desk._limit = 10_000
    app = web.Application()
    app.add_routes(stage.side.routes)
    async with serving(app, "127.0.0.1", 0) as address:
        slack.send_by_http(address + EVENTS)
        yield stage
        await stage.stop_app()


async def _install(slack: FakeSlack, storage: Storage, team: Team, person: Person) -> None:
    granted = slack.install(team, person)
    installation = Installation(
        app_id=granted["app_id"],
        team_id=team.id,
        team_name=team.name,
        user_id=person.id,
        bot_token=granted["access_token"],
        bot_id=team.bot_id,
        bot_user_id=granted["bot_user_id"],
        bot_scopes=granted["scope"],
    )
    await InstallationStore(storage.credentials).async_save(installation)


def abc_of(title: str) -> str:
    return ABC.replace("The Loopback", title)


class Tunes:
    """Tunes of the owner, finished and not. The names of those that are shared begin with KNOWN."""

    def __init__(self, storage: Storage) -> None:
        self._storage, self.ids = storage, dict[str, str]()

    async def _add(self, title: str, channel: Channel, parent: str = "", count: int = 1, **asked: Any) -> list[Tune]:
        number = len(self.ids)
        community_id = "" if channel is DIRECT else SESSION.id
        reply = Reply(SESSION.id, "", file_ids=(f"F0HIDDEN{number}",), thread_ts=f"1700000000.{number:06d}")
        origin = Origin("slack", f"event {number} {title}", FIDDLER.id, channel.id, community_id, reply.as_dict())
        request, parent_id = TuneRequest.check(seed=7, title=title, **asked), self.ids.get(parent)
        if count > 1:
            return await self._storage.add_set(request.in_a_row(count), origin, parent_id=parent_id)
        return [await self._storage.add(request, origin, parent_id=parent_id)]

    async def _finish(self, name: str, tune: Tune) -> None:
        made = Composition(abc_of(name), name, "reel", "Ador", "4/4", 2_000, "test lstm", {}, (f"Left out: {name}.",))
        names = ("tune.abc", "tune.mp3", "tune.png", "tune.mid", "tune.svg", "tune.musicxml")
        await self._storage.finish(tune.id, made, {file: ("text/plain", name.encode()) for file in names})
        await self._storage.mark_delivered(tune.id, f"1700000001.{len(self.ids):06d}")
        if name.startswith(KNOWN):
            await self._storage.sharing.share(tune.id, OWNER)
        self.ids[name] = tune.id

    async def finished(self, name: str, channel: Channel = DIRECT, **asked: Any) -> None:
        [tune] = await self._add(name, channel, **asked)
        await self._finish(name, tune)

    async def add_all(self) -> None:
        await self.finished(f"{SECRET} in direct messages", opening=abc_of(SECRET), mode="play")
        await self.finished(f"{SECRET} in a channel", TUNES)
        [queued] = await self._add(f"{SECRET} queued", DIRECT, opening=abc_of(SECRET))
        self.ids[f"{SECRET} queued"] = queued.id
        [failed] = await self._add(f"{SECRET} failed", DIRECT, opening=abc_of(SECRET))
        await self._storage.fail(failed.id, f"No {SECRET} today.")
        await self._storage.mark_delivered(failed.id, "1700000001.999999")  # or its owner would be told now
        self.ids[f"{SECRET} failed"] = failed.id
        await self.finished(f"{KNOWN} variation", parent=f"{SECRET} in direct messages", opening=abc_of(SECRET), mode="vary")
        # A session in which only one answer is shared.
        answer: dict[str, Any] = {"mode": "answer", "opening": "EAAB c2Bc|"}
        await self.finished(f"{SECRET} first answer", **answer)
        await self.finished(f"{KNOWN} answer", parent=f"{SECRET} first answer", **answer)
        await self.finished(f"{SECRET} last answer", parent=f"{KNOWN} answer", **answer)
        names = [f"{SECRET} first of a set", f"{KNOWN} second of a set", f"{SECRET} third of a set"]
        for name, tune in zip(names, await self._add("", DIRECT, count=3), strict=True):
            await self._finish(name, tune)

    async def states(self) -> dict[str, tuple[object, bool]]:
        """Status, and whether it is shared, by name; fails for a deleted tune."""
        found = {name: await self._storage.tune(tune_id) for name, tune_id in self.ids.items()}
        return {name: (tune.status, tune.shared is not None) for name, tune in found.items() if tune or pytest.fail(name)}


def is_hidden_from(person: Person, name: str) -> bool:
    """People of the workspace may see what was made in its channels, if they know its id."""
    return not (person.team is SESSION and name.endswith("in a channel"))


async def take_requests(stage: Stage) -> list[TuneRequest]:
    """What the strangers requested. It is deleted, since hundreds of cards would keep the app busy."""
    tunes = [tune for tune in await stage.storage.undelivered("slack") if tune.origin.user_id != FIDDLER.id]
    for tune in tunes:
        await stage.storage.sharing.delete(tune.id, Viewer("slack", tune.origin.user_id))
    return [tune.request for tune in tunes]


async def forge(stage: Stage, chosen: Callable[[int, int], bool]) -> None:
    """Sends all that the strangers can, with the ids of those tunes that are chosen by the numbers of the place and the tune."""
    tunes = Tunes(stage.storage)
    await tunes.add_all()
    before, said, requests = await tunes.states(), list[tuple[str, str]](), list[TuneRequest]()
    for place, (person, channel) in enumerate(STRANGERS):
        forger = Forger(stage, person, channel)
        for number, (name, tune_id) in enumerate(tunes.ids.items()):
            if not (chosen(place, number) and is_hidden_from(person, name)):
                continue
            await forger.use_elements(tune_id)
            await forger.use_forms(tune_id)
            if channel is not None:
                tune = await stage.tune(tune_id)
                reply = Reply.from_dict(tune.origin.reply)
                await forger.use_messages(tune.message_id or reply.thread_ts, reply.file_ids)
                await forger.share_link(f"{WEB_URL}/tunes/{tune_id}")
            await forger.handled()
            requests += await take_requests(stage)
        if channel is not None:
            await forger.use_commands(tunes.ids[f"{SECRET} in direct messages"], SECRET[:4], f"“{SECRET[:4]}”")
        await forger.open_home()
        await forger.handled()
        requests += await take_requests(stage)
        said += forger.said()
    assert requests, "shared tunes can be varied"
    assert [request for request in requests if SECRET in repr(request)] == []
    for person, channel in STRANGERS:
        forger = Forger(stage, person, channel)
        await forger.use_the_last()
        await forger.handled()
        said += forger.said()
    assert any(KNOWN in text for _, text in said), "shared tunes are shown"
    assert [(call, text) for call, text in said if SECRET in text] == []
    assert await tunes.states() == before


async def test_a_stranger_learns_nothing_about_hidden_tunes(stage: Stage) -> None:
    """Each tune is used by one of the strangers: all tunes by all of them would take minutes."""
    await forge(stage, lambda place, number: number % len(STRANGERS) == place)


async def test_forging_finds_what_is_said(stage: Stage) -> None:
    """The owner gets what a stranger does not: in calls, files and requests."""
    tunes = Tunes(stage.storage)
    await tunes.finished(f"{SECRET} answer", mode="answer", opening="EAAB c2Bc|")
    forger = Forger(stage, FIDDLER, SHOWCASE)
    [tune_id] = tunes.ids.values()
    for action, value in (("tune:files", tune_id), ("tune:vary", tune_id), ("page:open", f"{tune_id} o::::")):
        await forger.use(button(action, value))
    await forger.handled()
    found = {call.partition(" ")[0] for call, text in forger.said() if SECRET in text or SECRET.lower() in text}
    assert {"file", "respond", "files.completeUploadExternal"} <= found
    assert any(SECRET in repr(tune.request) for tune in await stage.storage.undelivered("slack"))


def test_all_that_the_app_registers_is_forged() -> None:
    found = registrations()
    check_known(found)
    assert found == forging.KNOWN, "forging knows more than the app registers"


@pytest.mark.parametrize("kind", ["action", "view", "command", "message_shortcut", "event", "sub_commands", "options"])
def test_something_new_must_be_forged_too(kind: str) -> None:
    with pytest.raises(AssertionError, match="how a stranger can use"):
        check_known({kind: {"new"}})
