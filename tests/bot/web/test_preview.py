"""Link previews and what search engines may index."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from pydantic import ValidationError

from bot.settings import Settings
from bot.web.preview import png_size
from storage.storage import Storage
from tests.bot.web.conftest import Site, Visitor, open_site, png

META_TAGS = re.compile(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">')


@pytest.fixture
async def site(empty_site: Site) -> Site:
    return empty_site


@pytest.fixture
async def visitor(site: Site) -> AsyncIterator[Visitor]:
    async with site.new_visitor() as visitor:
        yield visitor


async def tags(visitor: Visitor, path: str) -> dict[str, str]:
    return dict(META_TAGS.findall(await (await visitor.get(path)).text()))


async def test_the_link_to_a_shared_tune_has_sheet_music_and_recording(site: Site, visitor: Visitor) -> None:
    tune_id = await site.discord_tune("preview", share=True, title='The "Known" Reel')
    found, address = await tags(visitor, f"/tunes/{tune_id}"), f"{site.address}/tunes/{tune_id}"
    assert found["og:title"] == found["twitter:title"] == "The &#34;Known&#34; Reel"
    assert found["og:description"] == "Reel in A dorian, 4/4. Sheet music, recording and ABC."
    assert (found["og:url"], found["og:image"], found["og:audio"]) == (
        address,
        f"{address}/files/tune.png",
        f"{address}/files/tune.mp3",
    )
    assert (found["og:image:width"], found["og:image:height"], found["music:duration"]) == ("1", "1", "2")
    assert (found["twitter:card"], found["twitter:image"]) == ("summary_large_image", f"{address}/files/tune.png")
    assert "robots" not in found
    for name in ("og:image", "og:audio"):
        answer = await visitor.get(found[name].removeprefix(site.address))
        assert answer.status == 200 and answer.headers["Content-Type"] == found[f"{name}:type"]


async def test_links_use_the_public_address(storage: Storage) -> None:
    async with open_site(storage, web_url="https://tunes.example.org") as site, site.new_visitor() as visitor:
        tune_id = await site.discord_tune("preview", share=True)
        found = await tags(visitor, f"/tunes/{tune_id}")
        assert found["og:url"] == f"https://tunes.example.org/tunes/{tune_id}"
        page = await (await visitor.get(f"/tunes/{tune_id}")).text()
        assert f'<link rel="canonical" href="https://tunes.example.org/tunes/{tune_id}">' in page
        assert (await tags(visitor, "/gallery?rhythm=reel"))["og:url"] == "https://tunes.example.org/gallery"


async def test_a_private_tune_has_no_preview_and_is_not_indexed(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    for finish in (False, True):
        if finish:
            await site.finish(tune_id, bars=1)
        found = await tags(visitor, f"/tunes/{tune_id}")
        assert found["robots"] == "noindex" and not any(name.startswith(("og:", "twitter:")) for name in found)
        for path in ("", ".json", "/files/tune.mp3", "/delete"):
            answer = await visitor.get(f"/tunes/{tune_id}{path}")
            assert answer.headers["X-Robots-Tag"] == "noindex"


async def test_public_pages_are_indexed(site: Site, visitor: Visitor) -> None:
    tune_id = await site.discord_tune("robots", share=True)
    for path in ("/", "/gallery", f"/tunes/{tune_id}", f"/tunes/{tune_id}/files/tune.png"):
        assert (await visitor.get(path)).headers["X-Robots-Tag"] == "all"
    for path in ("/gallery?title=a", "/?rhythm=reel", "/nowhere", "/health", f"/tunes/{tune_id}.json"):
        assert (await visitor.get(path)).headers["X-Robots-Tag"] == "noindex"


async def test_the_gallery_has_a_preview(site: Site, visitor: Visitor) -> None:
    found = await tags(visitor, "/gallery")
    assert (found["og:title"], found["og:url"], found["twitter:card"]) == ("Gallery", f"{site.address}/gallery", "summary")


def test_the_size_of_a_png_is_read_from_its_header() -> None:
    assert png_size(png()) == (1, 1)
    for broken in (b"", b"<svg/>", png()[:20]):
        assert png_size(broken) is None


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://tunes.example.org", "https://tunes.example.org"),
        (" http://localhost:8080/ ", "http://localhost:8080"),
        ("", None),
    ],
)
def test_web_url_is_an_address_without_a_path(monkeypatch: pytest.MonkeyPatch, typed: str, address: str | None) -> None:
    monkeypatch.setenv("WEB_URL", typed)
    assert Settings(_env_file=None).web_url == address


@pytest.mark.parametrize(
    "typed", ["tunes.example.org", "ftp://example.org", "https://", "https://example.org/tunes", "https://a?b"]
)
def test_an_invalid_web_url_is_refused(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setenv("WEB_URL", typed)
    with pytest.raises(ValidationError, match="not an address such as"):
        Settings(_env_file=None)
