"""The whole app as people install it: from the page on the web to a command, a restart, and the app's removal."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar
from slack_bolt.async_app import AsyncApp

from bot.core.desk import Desk
from bot.settings import Settings
from bot.slack import features
from bot.slack.core.context import Context
from bot.slack.http import EVENTS
from bot.slack.installations.oauth import INSTALL
from bot.slack.start import SlackSide
from bot.web import make_app, serving
from storage import SecretKeyError, Storage, open_storage
from tests.bot.slack.installations.conftest import KEY, WEB_URL
from tests.loopback.slack import (
    BEACH,
    CAIRN,
    FEDERATION,
    FIDDLER,
    NORTH,
    NORTHERNER,
    SESSION,
    SOUTHERNER,
    TUNES,
    FakeSlack,
    Person,
)
from tests.patience import HANG_S

CHANNELS = {FIDDLER: TUNES, NORTHERNER: CAIRN, SOUTHERNER: BEACH}


@pytest.fixture
async def storage(url: str, tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(data_dir=tmp_path, database_url=url, secret_keys=[KEY]) as storage:
        yield storage


def say_who(app: AsyncApp, context: Context) -> None:
    async def answer(ack: Any, context: Any, client: Any) -> None:
        me = await client.auth_test()
        await ack(text=f"I am {me['user_id']}, and my bot is {context.bot_user_id}")

    app.command("/tune")(answer)


class Host:
    """The web server with the Slack app behind it."""

    def __init__(self, slack: FakeSlack, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.slack, self.storage, self.address = slack, storage, ""
        monkeypatch.setattr(features, "FEATURES", (say_who, *features.FEATURES))

    async def run(self) -> AsyncIterator[Host]:
        desk = Desk(self.storage, open_requests_per_person=3)
        side = SlackSide(Settings(_env_file=None, web_url=WEB_URL, **self.slack.public_settings), desk, self.storage)
        running = asyncio.create_task(side.run())
        try:
            async with serving(make_app(storage=self.storage, desk=desk, routes=side.routes), "127.0.0.1", 0) as self.address:
                self.slack.send_by_http(self.address + EVENTS)
                async with asyncio.timeout(HANG_S):
                    while not side.ready():
                        assert not running.done(), running.exception()
                        await asyncio.sleep(0.01)
                yield self
        finally:
            running.cancel()
            await asyncio.wait({running})

    async def install(self, at: Any, person: Person) -> str:
        """Installs the app with a browser; returns the text of the last page."""
        async with ClientSession(cookie_jar=CookieJar(unsafe=True, treat_as_secure_origin=self.address)) as browser:
            async with browser.get(self.address + INSTALL) as response:
                assert response.status == 200
                link = re.search(r'<a href="([^"]+)"', await response.text())
            assert link is not None
            back = self.slack.consent(unescape(link[1]), at, person).replace(WEB_URL, self.address)
            async with browser.get(back) as response:
                assert response.status == 200
                return await response.text()

    async def answer(self, person: Person) -> str:
        sent = await self.slack.acked(await self.slack.slash("/tune", channel=CHANNELS[person], person=person))
        assert sent.ack is not None
        return str(sent.ack.get("text"))


@pytest.mark.parametrize("at", [SESSION, FEDERATION], ids=["workspace", "organization"])
async def test_who_installs_the_app_gets_answers_until_they_remove_it(
    slack: FakeSlack, storage: Storage, monkeypatch: pytest.MonkeyPatch, at: Any
) -> None:
    people = [FIDDLER] if at is SESSION else [NORTHERNER, SOUTHERNER]
    host = Host(slack, storage, monkeypatch)
    async for _ in host.run():
        assert f"Tunesmith is now in {at.name}" in await host.install(at, people[0])
        for person in people:
            assert await host.answer(person) == f"I am {at.bot_user}, and my bot is {at.bot_user}"
    async for _ in host.run():  # after a restart
        for person in people:
            assert at.bot_user in await host.answer(person)
        await slack.uninstall(SESSION if at is SESSION else NORTH)
        async with asyncio.timeout(HANG_S):
            while await storage.credentials.keys("slack", "bot:"):
                await asyncio.sleep(0.02)


async def test_without_a_secret_key_the_app_ends_and_says_what_to_set(slack: FakeSlack, url: str, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, web_url=WEB_URL, **slack.public_settings)
    async with open_storage(data_dir=tmp_path, database_url=url) as storage, asyncio.timeout(HANG_S):
        with pytest.raises(SecretKeyError, match="set SECRET_KEY"):
            await SlackSide(settings, Desk(storage, open_requests_per_person=3), storage).run()
