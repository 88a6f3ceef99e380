"""What one network address may use, and who is a person."""

from __future__ import annotations

from typing import Any

import pytest

from bot.web import events, limits
from storage.storage import Storage
from storage.viewer import Viewer
from tests.bot.web.conftest import Site, open_site

pytestmark = pytest.mark.asyncio
MADE_UP = "A" * 22


def sent_from(address: str) -> dict[str, str]:
    """The header that a proxy adds to. The first address in it may be made up by the sender."""
    return {"X-Forwarded-For": f"192.0.2.1, {address}", "Accept": "application/json"}


async def compose(site: Site, address: str, **headers: str) -> int:
    async with site.new_visitor(cookies=False) as visitor:
        answer = await visitor.post("/tunes", {}, headers=sent_from(address) | headers)
        if answer.status == 429:
            assert "Your network address has" in (await answer.json())["error"]
        return answer.status


async def test_the_unfinished_tunes_of_an_address_are_limited_for_all_its_visitors_together(storage: Storage) -> None:
    async with open_site(storage, open_tunes_per_address=2) as site:
        assert [await compose(site, "198.51.100.7") for _ in range(4)] == [202, 202, 429, 429]
        assert await compose(site, "198.51.100.8") == 202
        assert [await compose(site, f"2001:db8:1:1::{number}") for number in range(1, 4)] == [202, 202, 429]
        assert await compose(site, "2001:db8:1:2::1") == 202


async def test_finished_tunes_make_room(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOK_EVERY_S", -1)
    async with open_site(storage, open_tunes_per_address=1) as site, site.new_visitor() as visitor:
        tune_id = await visitor.compose()
        assert (await visitor.post("/tunes", {})).status == 429
        await site.finish(tune_id, bars=1)
        assert (await visitor.post("/tunes", {})).status == 303


async def test_an_address_may_request_so_many_tunes_in_an_hour(storage: Storage) -> None:
    async with open_site(storage, tunes_per_address=2) as site:
        assert [await compose(site, "198.51.100.7") for _ in range(3)] == [202, 202, 429]


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", "Deine"), ("es", "Tu dirección"), ("fr", "Votre adresse"), ("ga", "Tá an oiread"), ("en", "Your network")],
)
async def test_refusals_are_in_the_language_of_the_visitor(empty_site: Site, language: str, words: str) -> None:
    async with open_site(empty_site.storage, open_tunes_per_address=0) as site, site.new_visitor() as visitor:
        refused = await visitor.post("/tunes", {}, headers={"Accept-Language": language, "Accept": "application/json"})
        assert refused.status == 429 and (await refused.json())["error"].startswith(words)


async def test_only_trusted_proxies_are_believed(storage: Storage) -> None:
    async with open_site(storage, tunes_per_address=2, trusted_proxies=[]) as site:
        assert [await compose(site, f"198.51.100.{number}") for number in range(3)] == [202, 202, 429]


async def test_a_full_queue_takes_no_more_and_says_so(storage: Storage) -> None:
    async with open_site(storage, queue_limit=2) as site, site.new_visitor() as visitor:
        token = {"token": "0123456789abcdef"}
        first = await visitor.post("/tunes", token)
        await visitor.compose()
        refused = await visitor.post("/tunes", {})
        assert refused.status == 503 and "no more than 2 tunes can wait" in await refused.text()
        again = await visitor.post("/tunes", token)  # the same submission
        assert (again.status, again.headers["Location"]) == (303, first.headers["Location"])


async def test_a_made_up_cookie_is_no_person(empty_site: Site) -> None:
    tune_id = await empty_site.discord_tune("shared", share=True)
    for cookie in (MADE_UP, f"{MADE_UP}.{MADE_UP}", "", "."):
        async with empty_site.new_visitor(cookies=False) as stranger:
            headers = {"Cookie": f"user={cookie}"}
            assert (await stranger.post(f"/tunes/{tune_id}/like", headers=headers)).status == 403
            made = await stranger.post("/tunes", {}, headers=headers)
            assert cookie == "" or f"user={cookie};" not in made.headers["Set-Cookie"]
    assert (await empty_site.storage.gallery.mine(Viewer("web", MADE_UP))).tunes == []


async def test_another_process_knows_the_visitor(storage: Storage) -> None:
    async with open_site(storage) as site, open_site(storage) as other, site.new_visitor() as visitor:
        tune_id = await visitor.compose()
        cookie = {"Cookie": f"user={visitor.cookies['user']}"}
        async with other.new_visitor(cookies=False) as same:
            assert (await same.get(f"/tunes/{tune_id}", headers=cookie)).status == 200


async def test_one_address_gives_few_likes(empty_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIKES_OF_A_TUNE", 2)
    async with open_site(empty_site.storage) as site:
        tune_id, statuses = await empty_site.discord_tune("shared", share=True), []
        for _ in range(3):
            async with site.new_visitor() as visitor:
                await visitor.get("/")
                statuses.append((await visitor.post(f"/tunes/{tune_id}/like")).status)
        assert statuses == [303, 303, 429]


async def test_a_visitor_whose_cookie_comes_back_keeps_the_tune(empty_site: Site) -> None:
    async with empty_site.new_visitor() as visitor:
        tune_id = await visitor.compose()
        made = await empty_site.storage.tune(tune_id)
        assert made and made.origin.reply == {"unclaimed": True}
        await visitor.get(f"/tunes/{tune_id}")
        kept = await empty_site.storage.tune(tune_id)
        assert kept and kept.origin.reply == {"unclaimed": False}
        second = await empty_site.storage.tune(await visitor.compose())
        assert second and second.origin.reply == {}


async def test_reading_is_counted_and_refused_when_the_time_is_used_up(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "READING_S", 1e-9)  # the first text leaves less than nothing
    async with open_site(storage) as site, site.new_visitor() as visitor:
        requests: list[tuple[str, dict[str, Any]]] = [
            ("/understood", {"text": "a jig"}), ("/editor/check", {"opening": "K:D"}), ("/tunes", {}),
        ]  # fmt: skip
        for number, (path, data) in enumerate(requests):
            address = sent_from(f"198.51.100.{number}")
            assert (await visitor.post("/understood", {"text": "a jig"}, headers=address)).status == 200
            refused = await visitor.post(path, data, headers=address)
            assert refused.status == 429 and int(refused.headers["Retry-After"]) > 0
            assert "more than can be read" in (await refused.json())["error"]


async def test_drawing_a_draft_is_counted_too(empty_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "READING_S", 1e-9)
    async with open_site(empty_site.storage) as site:
        path = f"/tunes/{await site.discord_tune('shared', share=True)}/draft.svg"
        async with site.new_visitor() as visitor:
            assert [(await visitor.get(path)).status for _ in range(2)] == [200, 429]
            assert (await visitor.get(path, headers=sent_from("198.51.100.7"))).status == 200


async def test_so_many_progress_streams_are_open_at_once(empty_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "STREAMS_PER_NETWORK", 1)
    async with empty_site.new_visitor() as visitor:
        path = f"/tunes/{await visitor.compose()}/events"
        async with visitor.session.get(path) as stream:
            await stream.content.readline()
            refused = await visitor.get(path)
            assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
            async with visitor.session.get(path, headers=sent_from("198.51.100.7")) as elsewhere:
                assert elsewhere.status == 200
