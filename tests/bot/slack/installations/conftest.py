"""The app where people install it themselves, against the stand-in for Slack."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.slack.core.clients import Clients
from bot.slack.installations.many_workspaces import ManyWorkspaces
from bot.slack.installations.oauth import OAuthFlow
from bot.slack.installations.store import InstallationStore
from storage import Storage, open_storage
from tests.loopback.slack import CLIENT_ID, CLIENT_SECRET, HARBOUR, SAILOR, Enterprise, FakeSlack, Person, Team

KEY = "a secret key that is long enough for tests"
WEB_URL = "https://tunes.example.org"


@dataclass
class Process:
    """One of the processes that run the app."""

    storage: Storage
    clients: Clients
    workspaces: ManyWorkspaces

    @property
    def store(self) -> InstallationStore:
        return InstallationStore(self.storage.credentials)


@asynccontextmanager
async def running(slack: FakeSlack, url: str, folder: Path, *, secret_key: str = KEY) -> AsyncIterator[Process]:
    async with AsyncExitStack() as stack:
        keys = [secret_key] if secret_key else []
        storage = await stack.enter_async_context(open_storage(data_dir=folder, database_url=url, secret_keys=keys))
        app = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        workspaces = ManyWorkspaces(storage, **app, scopes=slack.state.installations.scopes, web_url=WEB_URL)
        clients = await stack.enter_async_context(Clients(workspaces, slack.api_url))
        await workspaces.start(clients)
        stack.push_async_callback(workspaces.close)
        yield Process(storage, clients, workspaces)


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(installed=False) as slack:
        yield slack
        slack.assert_rules_kept()


@pytest.fixture
async def process(slack: FakeSlack, url: str, tmp_path: Path) -> AsyncIterator[Process]:
    async with running(slack, url, tmp_path) as process:
        yield process


@pytest.fixture
async def other(slack: FakeSlack, url: str, tmp_path: Path) -> AsyncIterator[Process]:
    """Another process with the same database."""
    async with running(slack, url, tmp_path) as process:
        yield process


@dataclass
class Browser:
    """Opens the pages, and keeps the cookie."""

    flow: OAuthFlow
    language: str = "en-GB,en;q=0.8"
    cookies: dict[str, str] = field(default_factory=dict)
    page: str = ""
    status: int = 0

    async def start(self, query: str = "") -> str:
        """Opens our page; returns the address of Slack's."""
        self._show(await self.flow.handle_installation(self._request(query)))
        link = re.search(r'<a href="([^"]+)"', self.page)
        assert link is not None
        return unescape(link[1])

    async def come_back(self, address: str) -> None:
        """Opens the address to which Slack sent the browser."""
        assert address.startswith(f"{WEB_URL}/slack/oauth_redirect?")
        self._show(await self.flow.handle_callback(self._request(urlsplit(address).query)))

    async def install(self, slack: FakeSlack, at: Team | Enterprise = HARBOUR, person: Person = SAILOR) -> None:
        await self.come_back(slack.consent(await self.start(), at, person))
        assert self.status == 200, self.page

    @property
    def text(self) -> str:
        return unescape(re.sub(r"<[^>]+>", " ", self.page.partition("<body>")[2]))

    def _request(self, query: str) -> AsyncBoltRequest:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Accept-Language": self.language} | ({"Cookie": cookie} if cookie else {})
        return AsyncBoltRequest(body="", query=query, headers=dict(headers))

    def _show(self, response: BoltResponse) -> None:
        self.status, self.page = response.status, response.body
        for cookie in response.headers.get("set-cookie", ()):
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]


@pytest.fixture
def browser(process: Process) -> Browser:
    return Browser(process.workspaces.oauth_flow)


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
