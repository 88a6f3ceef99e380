"""The gallery: search, pages, JSON and tunebook."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pypdf import PdfReader

from bot.web import turns
from bot.web.gallery import GalleryQuery
from generator.notation.reader import read
from generator.rendering.render import render
from generator.rendering.style import PLAIN
from generator.request import RequestError
from storage import database
from storage.gallery import PAGE, Order, Page
from storage.viewer import Viewer
from tests.bot.web.conftest import ABC, Site, Visitor
from tests.patience import HANG_S

JSON = {"Accept": "application/json"}
SCRIPT = "<script>alert(1)</script>\"'"


@pytest.fixture
async def guest(empty_site: Site) -> AsyncIterator[Visitor]:
    async with empty_site.new_visitor() as guest:
        yield guest


async def shared(site: Site, title: str, *, likes: int = 0, rhythm: str = "reel", key: str = "Ador") -> str:
    abc = f"X:1\nT:{title}\nR:{rhythm}\nM:4/4\nL:1/8\nK:{key}\nE2|\n"
    tune_id = await site.discord_tune(title, share=True, title=title, rhythm=rhythm, key=key, abc=abc)
    for number in range(likes):
        await site.storage.sharing.like(tune_id, Viewer("discord", str(number)))
    return tune_id


def titles(page: str) -> list[str]:
    return re.findall(r'<h2><a href="/tunes/\w+">([^<]*)</a></h2>', page)


async def test_an_entry_has_sheet_music_title_rhythm_key_likes_and_player(empty_site: Site, guest: Visitor) -> None:
    tune_id = await shared(empty_site, "The Known Reel", likes=3)
    answer = await guest.get("/gallery")
    page = await answer.text()
    assert answer.status == 200 and titles(page) == ["The Known Reel"]
    incipit = f"/tunes/{tune_id}/draft.svg?line=2&incipit=1"
    assert f'<img src="{incipit.replace("&", "&amp;")}" alt=""' in page
    assert (await guest.get(incipit)).headers["Cache-Control"] == "public, max-age=300"
    assert "Reel in A dorian, 0:02" in page
    assert re.search(rf'<audio controls preload="none" src="/tunes/{tune_id}/files/tune.mp3"', page)
    assert f'action="/tunes/{tune_id}/like"' in page and "<span data-likes>3</span>" in page


async def test_a_search_that_takes_too_long_is_answered_with_a_sentence_and_503(
    empty_site: Site, guest: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "SEARCH_S", 0.1)
    async with await empty_site.storage.database.connect() as other:
        await other.execute("LOCK TABLE shared_tunes")
        answer = await guest.get("/gallery?title=humours")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
        assert "So many people are searching" in await answer.text()
        assert (await guest.get("/")).status == 200
    assert (await guest.get("/gallery?title=humours")).status == 200


async def test_searches_take_turns_and_leave_the_other_pages_alone(
    empty_site: Site, guest: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    searching, most, ready, go_on = 0, 0, asyncio.Event(), asyncio.Event()
    search = empty_site.storage.gallery.shared

    async def slow(**query: Any) -> Page:
        nonlocal searching, most
        searching += 1
        most = max(most, searching)
        if searching == turns.AT_ONCE:
            ready.set()
        await go_on.wait()
        searching -= 1
        return await search(**query)

    monkeypatch.setattr(empty_site.storage.gallery, "shared", slow)
    answers = [asyncio.create_task(guest.get(f"/gallery?title={number}")) for number in range(3 * turns.AT_ONCE)]
    async with asyncio.timeout(HANG_S):
        await ready.wait()
        assert (await guest.get("/")).status == 200
        with monkeypatch.context() as patch:
            patch.setattr(turns, "WAIT_S", 0.1)
            refused = await guest.get("/gallery.json")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
        go_on.set()
        assert [(await answer).status for answer in answers] == [200] * len(answers)
    assert most == turns.AT_ONCE


async def test_every_page_links_to_the_gallery(empty_site: Site, guest: Visitor) -> None:
    for path in ("/", "/gallery", "/nowhere"):
        assert '<a href="/gallery"' in await (await guest.get(path)).text()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Ennis Market", "The Humours of Ennis", "A B"]),
        ("?title=ENNIS+humours", ["The Humours of Ennis"]),
        ("?rhythm=jig", ["The Humours of Ennis"]),
        ("?key=dorian", ["Ennis Market"]),
        ("?key=G&rhythm=polka&title=b", ["A B"]),
        ("?order=ever", ["A B", "Ennis Market"]),
        ("?order=week&title=ennis", ["Ennis Market"]),
        ("?title=&rhythm=&key=&order=", ["Ennis Market", "The Humours of Ennis", "A B"]),
    ],
)
async def test_page_json_and_tunebook_find_the_same_tunes(empty_site: Site, guest: Visitor, query: str, found: list[str]) -> None:
    await shared(empty_site, "A B", likes=2, rhythm="polka", key="G")
    await shared(empty_site, "The Humours of Ennis", rhythm="jig", key="D")
    await shared(empty_site, "Ennis Market", likes=1, key="Edor")
    assert titles(await (await guest.get("/gallery" + query)).text()) == found
    listing = await (await guest.get("/gallery.json" + query)).json()
    assert [tune["title"] for tune in listing["tunes"]] == found and listing["next"] is None
    book = await guest.get("/tunebook.abc" + query)
    assert re.findall(r"^T:(.*)$", await book.text(), re.MULTILINE) == found
    assert re.findall(r"^X:(.*)$", await book.text(), re.MULTILINE) == [str(number + 1) for number in range(len(found))]


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("?rhythm=tango", "rhythm", "I don't know the rhythm “tango”."),
        ("?key=H", "key", "“H” is not a key."),
        ("?order=oldest", "order", "I don't know the order “oldest”. Try newest, week, month or ever."),
        ("?after=1_2_3", "after", "This page no longer exists. Please start again from the first page."),
        ("?after=%00&title=%ED%A0%80", "", ""),
    ],
)
async def test_an_invalid_search_names_its_field(empty_site: Site, guest: Visitor, query: str, field: str, message: str) -> None:
    status = 422 if field else 200
    page = await guest.get("/gallery" + query)
    assert page.status == status and message in (await page.text()).replace("&#39;", "'")
    listing = await guest.get("/gallery.json" + query)
    assert listing.status == status
    if field:
        refusal = await listing.json()
        assert refusal["field"] == field and refusal["error"].startswith(message)
    if field not in ("after", ""):
        book = await guest.get("/tunebook.abc" + query)
        assert book.status == 422 and message in (await book.text()).replace("&#39;", "'")
        assert (await (await guest.get("/tunebook.abc" + query, headers=JSON)).json())["field"] == field


async def test_the_form_keeps_the_search_and_escapes_it(empty_site: Site, guest: Visitor) -> None:
    for name in ("title", "rhythm", "key", "order", "after"):
        page = await (await guest.get("/gallery", params={name: SCRIPT})).text()
        assert "<script>alert" not in page
        if name in ("title", "rhythm", "key"):
            assert "alert(1)&lt;/script&gt;" in page
    await shared(empty_site, SCRIPT)
    page = await (await guest.get("/gallery")).text()
    assert "<script>alert" not in page and "alert(1)&lt;/script&gt;" in page


async def test_the_next_pages_keep_the_search(empty_site: Site, guest: Visitor) -> None:
    for number in range(2 * PAGE + 1):
        await shared(empty_site, f"Reel {number}")
    await shared(empty_site, "Another")
    found: list[str] = []
    path = "/gallery?title=reel"
    for rest in (PAGE, PAGE, 1):
        page = await (await guest.get(path)).text()
        assert len(titles(page)) == rest
        found += titles(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
        assert ("First page" in page) == (len(found) > PAGE)
    assert path == "" and found == [f"Reel {number}" for number in range(2 * PAGE, -1, -1)]

    listed: list[str] = []
    address = "/gallery.json?title=reel"
    while address:
        answer = await (await guest.get(address)).json()
        listed += [tune["title"] for tune in answer["tunes"]]
        address = answer["next"]
    assert listed == found
    assert (await (await guest.get("/tunebook.abc?title=reel")).text()).count("\nT:") == len(found)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "Nothing has been shared yet."),
        ("?order=week", "Nobody has liked a tune this week"),
        ("?order=month", "Nobody has liked a tune this month"),
        ("?order=ever", "Nobody has liked a tune yet"),
        ("?rhythm=jig&key=Em", "No shared tune matches."),
    ],
)
async def test_an_empty_gallery_explains_why(guest: Visitor, query: str, message: str) -> None:
    page = await (await guest.get("/gallery" + query)).text()
    assert message in page and titles(page) == []
    assert ("/?rhythm=jig&amp;key=Em" in page) == ("jig" in query)


async def test_json_has_the_entries_of_the_page_and_the_addresses_of_their_files(empty_site: Site, guest: Visitor) -> None:
    tune_id = await shared(empty_site, "The Known Reel", likes=2)
    answer = await guest.get("/gallery.json")
    [tune] = (await answer.json())["tunes"]
    assert (tune["id"], tune["address"], tune["likes"], tune["key"]) == (tune_id, f"/tunes/{tune_id}", 2, "Ador")
    assert tune["abc"].startswith("X:1\nT:The Known Reel") and tune["duration_ms"] == 2_000 and tune["shared_at"]
    for file in tune["files"]:
        assert (await guest.get(file["address"])).status == 200
    assert answer.headers["Cache-Control"] == "public, max-age=60"


async def test_a_tunebook_is_a_download_that_may_be_cached_for_a_minute(empty_site: Site, guest: Visitor) -> None:
    await shared(empty_site, "The Known Reel")
    answer = await guest.get("/tunebook.abc")
    assert answer.headers["Content-Type"] == "text/vnd.abc; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tunebook.abc"'
    assert answer.headers["Cache-Control"] == "public, max-age=60"


def test_the_address_of_a_query_is_read_back_as_the_same_query() -> None:
    query = GalleryQuery.check({"title": "a & b", "rhythm": "Slip-Jigs", "key": "e minor", "order": " Week "})
    assert query.order is Order.WEEK and query.search.rhythm == "slip jig"
    assert query.address("/gallery") == "/gallery?title=a+%26+b&rhythm=slip+jig&key=Em&order=week"
    assert GalleryQuery().address("/gallery") == "/gallery"
    with pytest.raises(RequestError):
        GalleryQuery.check({"order": "newest first"})


async def test_tunebooks_to_print_have_what_the_visitor_may_see(empty_site: Site) -> None:
    sheet = render(read(ABC), style=PLAIN)
    made = {"tune.svg": ("image/svg+xml", sheet.svg), "tune.timemap.json": ("application/json", sheet.time_map)}
    async with empty_site.new_visitor() as owner, empty_site.new_visitor() as stranger:
        assert (await owner.get("/tunebook.pdf")).status == 404  # no tunes
        shared, private = await owner.compose(), await owner.compose()
        for tune_id, title in ((shared, "For All"), (private, "For Me")):
            await empty_site.finish(tune_id, bars=1, title=title, files=made)
        await owner.post(f"/tunes/{shared}/share")

        async def book(visitor: Visitor, query: str) -> str:
            answer = await visitor.get(f"/tunebook.pdf{query}")
            if answer.status == 404:
                return ""
            assert (answer.status, answer.content_type) == (200, "application/pdf")
            assert ("no-store" in answer.headers["Cache-Control"]) == bool(query)
            return "".join(page.extract_text() for page in PdfReader(io.BytesIO(await answer.read())).pages)

        assert "The Web Reel" in await book(stranger, "")
        assert "For Me" in (mine := await book(owner, "?mine=yes")) and "For All" in mine
        assert await book(stranger, "?mine=yes") == "" == await book(stranger, f"?tunes={private}")
        assert "2 tunes" in await book(owner, f"?tunes={private},{shared}&chords=yes")
        assert "2 tunes" not in (await book(owner, f"?mine=yes&tunes={shared}"))  # with one tick on the page
        assert "2 tunes" in await book(owner, f"?mine=yes&tunes={shared}&tunes={private}")
        assert (await owner.get("/tunebook.pdf?rhythm=tango")).status == 422
