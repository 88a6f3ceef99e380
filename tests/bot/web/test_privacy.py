"""Who may see what, for every route."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from aiohttp import web

from bot.web import make_app
from generator.request import TuneRequest
from storage.storage import Storage
from storage.tunes import Origin
from storage.viewer import Viewer
from tests.bot.web.conftest import ABC, CHANNEL, COMMUNITY, DISCORD_USER, OPEN_LIMIT, Site, Visitor, open_site

JSON = {"Accept": "application/json"}
NOWHERE = "0" * 12
_numbers = itertools.count()


@dataclass(frozen=True)
class Rule:
    """The status for visitors who may see the tune in the address."""

    seen: int
    others: int | None = None  # if they don't own it
    nobody: int | None = None  # if they have no cookie
    finished: bool = False  # unfinished tunes are not found
    shared: bool = False  # only tunes that everybody may see are found


OPEN = None  # no tune in the address
RULES: dict[tuple[str, str], Rule | None] = {
    ("GET", "/"): OPEN,
    ("POST", "/tunes"): OPEN,
    ("POST", "/understood"): OPEN,
    ("GET", "/gallery"): OPEN,
    ("GET", "/gallery.json"): OPEN,
    ("GET", "/tunebook.abc"): OPEN,
    ("GET", "/tunebook.pdf"): OPEN,  # see test_gallery
    ("GET", "/static/{digest}/{name}"): OPEN,
    ("GET", "/editor"): OPEN,  # see test_editor
    ("POST", "/editor/check"): OPEN,
    ("GET", "/manifest.webmanifest"): OPEN,
    ("GET", "/worker.js"): OPEN,
    ("GET", "/offline"): OPEN,
    ("GET", "/health"): OPEN,
    ("GET", "/metrics"): OPEN,
    ("GET", "/tunes/{id}"): Rule(200),
    ("GET", "/tunes/{id}.json"): Rule(200),
    ("GET", "/tunes/{id}/events"): Rule(200),
    ("GET", "/tunes/{id}/files/{name}"): Rule(200, finished=True),
    ("GET", "/tunes/{id}/draft.svg"): Rule(200),
    ("GET", "/tunes/{id}/player"): Rule(200, shared=True),
    ("POST", "/tunes/{id}/again"): Rule(303),
    ("POST", "/tunes/{id}/vary"): Rule(303),
    ("POST", "/tunes/{id}/continue"): Rule(303),
    ("POST", "/tunes/{id}/tour"): Rule(303),
    ("POST", "/tunes/{id}/versions"): Rule(200, finished=True),
    ("POST", "/tunes/{id}/like"): Rule(303, nobody=403, finished=True),
    ("POST", "/tunes/{id}/share"): Rule(303, others=403, finished=True),
    ("POST", "/tunes/{id}/unshare"): Rule(303, others=403, finished=True),
    ("GET", "/tunes/{id}/delete"): Rule(200, others=403),
    ("POST", "/tunes/{id}/delete"): Rule(200, others=403),
}
TUNE_RULES = {route: rule for route, rule in RULES.items() if rule is not None}


def routes(app: web.Application) -> set[tuple[str, str]]:
    """Methods and paths of all routes, without HEAD, which is GET without the body."""
    found = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}
    return {(method, path) for method, path in found if method != "HEAD"}


@dataclass(frozen=True)
class Made:
    id: str
    title: str


class People:
    """The owner of tunes, a stranger, and somebody whose browser keeps no cookies."""

    def __init__(self, site: Site, owner: Visitor, stranger: Visitor, nobody: Visitor) -> None:
        self.site, self.owner, self.stranger, self.nobody = site, owner, stranger, nobody

    @property
    def everyone(self) -> tuple[Visitor, ...]:
        return self.nobody, self.stranger, self.owner  # the owner last, who may delete the tune

    async def _web(self, *, finish: bool = True) -> Made:
        title = f"Hidden Reel {next(_numbers)}"
        tune_id = await self.owner.compose(title=title)
        if finish:
            await self.site.finish(tune_id, bars=1, title=title, abc=ABC.replace("The Web Reel", title))
        return Made(tune_id, title)

    async def _discord(self, *, share: bool = False) -> Made:
        number = next(_numbers)
        title = f"Hidden Jig {number}"
        abc = ABC.replace("The Web Reel", title)
        return Made(await self.site.discord_tune(str(number), share=share, title=title, abc=abc), title)

    async def private(self) -> Made:
        return await self._web()

    async def private_discord(self) -> Made:
        return await self._discord()

    async def shared(self) -> Made:
        made = await self._web()
        assert (await self.owner.post(f"/tunes/{made.id}/share")).status == 303
        return made

    async def shared_discord(self) -> Made:
        return await self._discord(share=True)

    async def unshared(self) -> Made:
        made = await self.shared()
        assert (await self.owner.post(f"/tunes/{made.id}/unshare")).status == 303
        return made

    async def deleted(self) -> Made:
        made = await self.shared()
        assert (await self.owner.post(f"/tunes/{made.id}/delete")).status == 200
        return made

    async def queued(self) -> Made:
        return await self._web(finish=False)

    async def failed(self) -> Made:
        made = await self._web(finish=False)
        await self.site.storage.fail(made.id, f"No {made.title} today.")
        return made

    async def queued_discord(self) -> Made:
        title = f"Hidden Polka {next(_numbers)}"
        tune = await self.site.storage.add(TuneRequest.check(title=title), Origin("discord", title, DISCORD_USER, "", COMMUNITY))
        return Made(tune.id, title)


@dataclass(frozen=True)
class Case:
    make: Callable[[People], Awaitable[Made]]
    everyone: bool = False  # whether everybody may see it
    owner: bool = False  # whether the web page's owner may see it
    finished: bool = True

    def answer(self, rule: Rule, people: People, visitor: Visitor) -> int:
        mine = visitor is people.owner and self.owner
        if not (mine or self.everyone) or (rule.finished and not self.finished) or (rule.shared and not self.everyone):
            return 404
        if visitor is people.nobody and rule.nobody:
            return rule.nobody
        return rule.seen if mine else rule.others or rule.seen


CASES = {
    "private": Case(People.private, owner=True),
    "private Discord": Case(People.private_discord),
    "shared": Case(People.shared, everyone=True, owner=True),
    "shared Discord": Case(People.shared_discord, everyone=True),
    "unshared": Case(People.unshared, owner=True),
    "deleted": Case(People.deleted),
    "queued": Case(People.queued, owner=True, finished=False),
    "failed": Case(People.failed, owner=True, finished=False),
    "queued Discord": Case(People.queued_discord, finished=False),
}


@pytest.fixture
async def people(storage: Storage) -> AsyncIterator[People]:
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(open_site(storage, open_requests=10_000))
        owner, stranger = [await stack.enter_async_context(site.new_visitor()) for _ in range(2)]
        for visitor in (owner, stranger):
            await visitor.get("/")
        yield People(site, owner, stranger, await stack.enter_async_context(site.new_visitor(cookies=False)))


async def fetch(visitor: Visitor, method: str, path: str) -> tuple[int, str]:
    """Status, and headers with body. Reads one line of a stream, which may have no end; leaves out the visitor's own cookie."""
    async with visitor.session.request(method, path, allow_redirects=False) as answer:
        streams = answer.content_type == "text/event-stream"
        body = (await answer.content.readline() if streams else await answer.read()).decode(errors="replace")
        headers = "".join(f"{name}: {value}\n" for name, value in answer.headers.items() if name != "Set-Cookie")
        return answer.status, headers + body


def without_date(response: str) -> str:
    return "".join(line for line in response.splitlines(keepends=True) if not line.startswith("Date: "))


async def test_every_route_of_the_application_has_a_rule(empty_site: Site) -> None:
    assert routes(empty_site.app) == set(RULES)


async def test_a_new_route_needs_a_rule(storage: Storage, empty_site: Site) -> None:
    app = make_app(storage=storage, desk=empty_site.desk)
    app.add_routes([web.view("/tunes/{id}/secrets", web.View)])
    assert routes(app) - set(RULES) == {("*", "/tunes/{id}/secrets")}


@pytest.mark.parametrize("method, route", TUNE_RULES)
async def test_only_visitors_who_may_see_a_tune_get_it(people: People, method: str, route: str) -> None:
    rule = TUNE_RULES[method, route]

    def path(tune_id: str) -> str:
        return route.format(id=tune_id, name="tune.abc")

    for name, case in CASES.items():
        made = await case.make(people)
        for visitor in people.everyone:
            methods = ("HEAD", "GET") if method == "GET" and not route.endswith("events") else (method,)
            expected = case.answer(rule, people, visitor)
            for each_method in methods:
                status, response = await fetch(visitor, each_method, path(made.id))
                assert status == expected, (name, each_method)
                assert not any(
                    secret in response for secret in (DISCORD_USER, COMMUNITY, CHANNEL, *people.owner.cookies.values())
                )
                if status == 404:
                    # The same response as for a tune that doesn't exist, and not cached: it may be shared a moment later.
                    assert "Cache-Control: no-store" in response
                    missing = await fetch(visitor, each_method, path(NOWHERE))
                    assert (404, without_date(response)) == (missing[0], without_date(missing[1])), (name, each_method)
                elif each_method == "GET" and not case.everyone:
                    assert "immutable" not in response and "public" not in response and "X-Robots-Tag: noindex" in response


@pytest.mark.parametrize("method, route", [key for key in RULES if key not in TUNE_RULES])
async def test_lists_contain_no_hidden_tunes(people: People, method: str, route: str) -> None:
    made = {name: await case.make(people) for name, case in CASES.items()}
    told = {route: None} | ({f"/?from={one.id}": name for name, one in made.items()} if route == "/" else {})
    for visitor, (path, of) in itertools.product(people.everyone, told.items()):
        _, response = await fetch(visitor, method, path.format(digest="0", name="base.css"))
        assert not any(secret in response for secret in (DISCORD_USER, COMMUNITY, CHANNEL, *people.owner.cookies.values()))
        for name, case in CASES.items():
            if not case.everyone and not (case.owner and visitor is people.owner):
                assert made[name].title not in response and (of == name or made[name].id not in response), (name, path)


async def test_the_gallery_contains_shared_tunes_of_all_platforms(people: People) -> None:
    made = {name: await case.make(people) for name, case in CASES.items()}
    for path in ("/gallery", "/gallery.json", "/tunebook.abc"):
        for visitor in people.everyone:
            _, response = await fetch(visitor, "GET", path)
            assert [name for name in CASES if made[name].title in response] == ["shared", "shared Discord"]


async def test_the_latest_tunes_are_only_the_visitors_own(people: People) -> None:
    private, shared = await people.private(), await people.shared()
    _, response = await fetch(people.owner, "GET", "/")
    assert private.title in response and shared.title in response
    for visitor in (people.stranger, people.nobody):
        _, response = await fetch(visitor, "GET", "/")
        assert "/tunes/" not in response.replace('action="/tunes"', "")


@pytest.fixture
async def variation(people: People) -> tuple[Made, Made]:
    """A private tune, and a shared variation of it."""
    parent = await people.private()
    answer = await people.owner.post(f"/tunes/{parent.id}/vary")
    child = answer.headers["Location"].removeprefix("/tunes/")
    await people.site.finish(child, bars=1, title="The Known Reel", abc=ABC.replace("The Web Reel", "The Known Reel"))
    await people.owner.post(f"/tunes/{child}/share")
    return parent, Made(child, "The Known Reel")


async def test_a_shared_variation_reveals_nothing_about_its_private_parent(people: People, variation: tuple[Made, Made]) -> None:
    parent, child = variation
    for _ in range(OPEN_LIMIT):
        await people.stranger.compose()
    for method, path in (
        ("GET", f"/tunes/{child.id}"),
        ("GET", f"/tunes/{child.id}.json"),
        ("GET", f"/?from={child.id}"),
        ("POST", f"/tunes/{child.id}/again"),
        ("POST", f"/tunes/{child.id}/vary"),
        ("GET", f"/tunes/{child.id}/files/tune.abc"),
        ("GET", f"/tunes/{child.id}/files/tune.json"),
        ("GET", "/gallery.json"),
    ):
        status, response = await fetch(people.stranger, method, path)
        assert parent.id not in response and parent.title not in response, (path, status)


@pytest.mark.parametrize("method, route", RULES)
async def test_a_shared_answer_reveals_nothing_of_its_session(people: People, method: str, route: str) -> None:
    """Of three answers of a session in Discord, the second is shared."""
    storage, parent, ids = people.site.storage, None, list[str]()
    for number in range(3):
        title = f"Hidden answer {number}"
        origin = Origin("discord", f"turn {number}", DISCORD_USER, CHANNEL, COMMUNITY)
        request = TuneRequest.check(mode="answer", opening=ABC.replace("The Web Reel", f"Hidden phrase {number}"))
        tune = await storage.add(request, origin, parent_id=parent)
        await people.site.finish(tune.id, bars=1, title=title, abc=ABC.replace("The Web Reel", title))
        ids.append(parent := tune.id)
    await storage.sharing.share(ids[1], Viewer("discord", DISCORD_USER, COMMUNITY))
    for name in ("tune.abc", "tune.json", "tune.mp3", "tune.svg"):
        for visitor in people.everyone:
            _, response = await fetch(visitor, method, route.format(id=ids[1], name=name, digest="0"))
            hidden = ("Hidden phrase", "Hidden answer 0", "Hidden answer 2", ids[0], ids[2], DISCORD_USER, CHANNEL, COMMUNITY)
            assert [text for text in hidden if text in response] == []


async def test_a_refused_visitor_does_not_see_the_opening_of_somebody_else(storage: Storage) -> None:
    async with open_site(storage) as site, site.new_visitor() as owner, site.new_visitor() as stranger:
        tune_id = await owner.compose(opening="|:EAAB|")
        await site.finish(tune_id, bars=1)
        await owner.post(f"/tunes/{tune_id}/share")
        for _ in range(OPEN_LIMIT):
            await stranger.compose()
        status, response = await fetch(stranger, "POST", f"/tunes/{tune_id}/vary")
        assert status == 429 and "|:EAAB|" not in response


async def test_only_the_owner_sees_the_opening(people: People) -> None:
    tune_id = await people.owner.compose(opening="|:GFED|", rhythm="reel")
    await people.site.finish(tune_id, bars=1, abc="X:1\nK:D\nD|\n")
    await people.owner.post(f"/tunes/{tune_id}/share")
    mine, theirs = [await (await visitor.get(f"/tunes/{tune_id}.json")).json() for visitor in (people.owner, people.stranger)]
    assert (mine["request"]["opening"], theirs["request"]["opening"]) == ("|:GFED|", None)
    assert "|:GFED|" in (await fetch(people.owner, "GET", f"/?from={tune_id}"))[1]
    form = (await fetch(people.stranger, "GET", f"/?from={tune_id}"))[1]
    assert "|:GFED|" not in form and re.search(r'value="reel"[^>]* checked', form)
    refused = await people.stranger.post(f"/tunes/{tune_id}/again", headers=JSON)
    assert refused.status == 403 and "vary the tune instead" in (await refused.json())["error"]
    assert "/again" not in (await fetch(people.stranger, "GET", f"/tunes/{tune_id}"))[1]
    assert (await people.owner.post(f"/tunes/{tune_id}/again")).status == 303


async def test_only_visible_parents_and_children_are_shown(people: People, variation: tuple[Made, Made]) -> None:
    parent, child = variation
    family = await (await people.owner.get(f"/tunes/{parent.id}.json")).json()
    assert (family["parent_id"], family["child_ids"]) == (None, [child.id])
    assert f'<a href="/tunes/{child.id}">{child.title}</a>' in (await fetch(people.owner, "GET", f"/tunes/{parent.id}"))[1]
    assert (await (await people.owner.get(f"/tunes/{child.id}.json")).json())["parent_id"] == parent.id
    assert (await (await people.stranger.get(f"/tunes/{child.id}.json")).json())["parent_id"] is None
    await people.owner.post(f"/tunes/{parent.id}/share")
    assert (await (await people.stranger.get(f"/tunes/{child.id}.json")).json())["parent_id"] == parent.id
    await people.owner.post(f"/tunes/{child.id}/unshare")
    assert (await (await people.stranger.get(f"/tunes/{parent.id}.json")).json())["child_ids"] == []


async def test_a_failed_variation_links_to_its_parent_if_that_is_visible(people: People) -> None:
    parent = await people.shared_discord()
    answer = await people.stranger.post(f"/tunes/{parent.id}/vary")
    child = answer.headers["Location"]
    await people.site.storage.fail(child.removeprefix("/tunes/"), "No.")
    assert f'href="/tunes/{parent.id}"' in (await fetch(people.stranger, "GET", child))[1]
    await people.site.storage.sharing.unshare(parent.id, Viewer("discord", DISCORD_USER, COMMUNITY))
    assert f'href="/tunes/{parent.id}"' not in (await fetch(people.stranger, "GET", child))[1]
