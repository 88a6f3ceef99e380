from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from bot.web.gallery import Asked
from generator.request import RequestError
from storage.gallery import PAGE, Order
from storage.viewer import Viewer
from tests.bot.web.conftest import Site, Visitor

JSON = {"Accept": "application/json"}
SCRIPT = "<script>alert(1)</script>\"'"


@pytest.fixture
async def guest(empty_site: Site) -> AsyncIterator[Visitor]:
    async with empty_site.come() as guest:
        yield guest


async def shared(site: Site, title: str, *, likes: int = 0, rhythm: str = "reel", key: str = "Ador") -> str:
    abc = f"X:1\nT:{title}\nR:{rhythm}\nM:4/4\nL:1/8\nK:{key}\nE2|\n"
    tune_id = await site.discord_tune(title, share=True, title=title, rhythm=rhythm, key=key, abc=abc)
    for number in range(likes):
        await site.storage.sharing.like(tune_id, Viewer("discord", str(number)))
    return tune_id


def titles(page: str) -> list[str]:
    return re.findall(r'<h2><a href="/tunes/\w+">([^<]*)</a></h2>', page)


async def test_an_entry_has_sheet_title_rhythm_key_likes_and_player(empty_site: Site, guest: Visitor) -> None:
    tune_id = await shared(empty_site, "The Known Reel", likes=3)
    answer = await guest.get("/gallery")
    page = await answer.text()
    assert answer.status == 200 and titles(page) == ["The Known Reel"]
    assert f'<img src="/tunes/{tune_id}/files/tune.svg" alt="" loading="lazy"' in page
    assert "Reel in A dorian, 0:02" in page
    assert re.search(rf'<audio controls preload="none" src="/tunes/{tune_id}/files/tune.mp3"', page)
    assert f'action="/tunes/{tune_id}/like"' in page and "<span data-likes>3</span>" in page


async def test_every_page_leads_to_the_gallery(empty_site: Site, guest: Visitor) -> None:
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
async def test_a_search_finds_the_same_on_the_page_as_json_and_in_the_tunebook(
    empty_site: Site, guest: Visitor, query: str, found: list[str]
) -> None:
    await shared(empty_site, "A B", likes=2, rhythm="polka", key="G")
    await shared(empty_site, "The Humours of Ennis", rhythm="jig", key="D")
    await shared(empty_site, "Ennis Market", likes=1, key="Edor")
    assert titles(await (await guest.get("/gallery" + query)).text()) == found
    told = await (await guest.get("/gallery.json" + query)).json()
    assert [tune["title"] for tune in told["tunes"]] == found and told["next"] is None
    book = await guest.get("/tunebook.abc" + query)
    assert re.findall(r"^T:(.*)$", await book.text(), re.MULTILINE) == found
    assert re.findall(r"^X:(.*)$", await book.text(), re.MULTILINE) == [str(number + 1) for number in range(len(found))]


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ("?rhythm=tango", "rhythm", "I don't know the rhythm “tango”."),
        ("?key=H", "key", "“H” is not a key."),
        ("?order=oldest", "order", "I don't know the order “oldest”. Try newest, week, month or ever."),
        ("?after=1_2_3", "after", "This page is not there any more; please start again from the first one."),
        ("?after=%00&title=%ED%A0%80", "", ""),
    ],
)
async def test_a_search_that_cannot_be_read_is_said_in_a_sentence(
    empty_site: Site, guest: Visitor, query: str, field: str, sentence: str
) -> None:
    status = 422 if field else 200
    page = await guest.get("/gallery" + query)
    assert page.status == status and sentence in (await page.text()).replace("&#39;", "'")
    told = await guest.get("/gallery.json" + query)
    assert told.status == status
    if field:
        refusal = await told.json()
        assert refusal["field"] == field and refusal["error"].startswith(sentence)
    if field not in ("after", ""):
        book = await guest.get("/tunebook.abc" + query)
        assert book.status == 422 and sentence in (await book.text()).replace("&#39;", "'")
        assert (await (await guest.get("/tunebook.abc" + query, headers=JSON)).json())["field"] == field


async def test_what_was_searched_for_stays_in_the_form_and_is_never_markup(empty_site: Site, guest: Visitor) -> None:
    for name in ("title", "rhythm", "key", "order", "after"):
        page = await (await guest.get("/gallery", params={name: SCRIPT})).text()
        assert "<script>alert" not in page
        if name in ("title", "rhythm", "key"):
            assert "alert(1)&lt;/script&gt;" in page
    await shared(empty_site, SCRIPT)
    page = await (await guest.get("/gallery")).text()
    assert "<script>alert" not in page and "alert(1)&lt;/script&gt;" in page


async def test_pages_follow_each_other_with_the_same_search(empty_site: Site, guest: Visitor) -> None:
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

    told: list[str] = []
    address = "/gallery.json?title=reel"
    while address:
        answer = await (await guest.get(address)).json()
        told += [tune["title"] for tune in answer["tunes"]]
        address = answer["next"]
    assert told == found
    assert (await (await guest.get("/tunebook.abc?title=reel")).text()).count("\nT:") == len(found)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "Nothing has been shared yet."),
        ("?order=week", "Nobody has liked a tune this week"),
        ("?order=month", "Nobody has liked a tune this month"),
        ("?order=ever", "Nobody has liked a tune yet"),
        ("?rhythm=jig&key=Em", "No shared tune is like that."),
    ],
)
async def test_an_empty_gallery_says_so(guest: Visitor, query: str, sentence: str) -> None:
    page = await (await guest.get("/gallery" + query)).text()
    assert sentence in page and titles(page) == []
    assert ("/?rhythm=jig&amp;key=Em" in page) == ("jig" in query)


async def test_programs_are_told_what_the_page_shows_and_where_the_files_are(empty_site: Site, guest: Visitor) -> None:
    tune_id = await shared(empty_site, "The Known Reel", likes=2)
    answer = await guest.get("/gallery.json")
    [tune] = (await answer.json())["tunes"]
    assert (tune["id"], tune["address"], tune["likes"], tune["key"]) == (tune_id, f"/tunes/{tune_id}", 2, "Ador")
    assert tune["abc"].startswith("X:1\nT:The Known Reel") and tune["duration_ms"] == 2_000 and tune["shared_at"]
    for file in tune["files"]:
        assert (await guest.get(file["address"])).status == 200
    assert answer.headers["Cache-Control"] == "public, max-age=60"


async def test_a_tunebook_is_a_file_that_may_be_kept_for_a_minute(empty_site: Site, guest: Visitor) -> None:
    await shared(empty_site, "The Known Reel")
    answer = await guest.get("/tunebook.abc")
    assert answer.headers["Content-Type"] == "text/vnd.abc; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tunebook.abc"'
    assert answer.headers["Cache-Control"] == "public, max-age=60"


def test_the_address_of_a_search_is_read_as_the_same_search() -> None:
    asked = Asked.check({"title": "a & b", "rhythm": "Slip-Jigs", "key": "e minor", "order": " Week "})
    assert asked.order is Order.WEEK and asked.search.rhythm == "slip jig"
    assert asked.address("/gallery") == "/gallery?title=a+%26+b&rhythm=slip+jig&key=Em&order=week"
    assert Asked().address("/gallery") == "/gallery"
    with pytest.raises(RequestError):
        Asked.check({"order": "newest first"})
