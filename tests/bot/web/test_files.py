"""Files of tunes: media types, ranges, caching and access."""

from __future__ import annotations

import pytest
import pytest_asyncio
from yarl import URL

from storage.errors import FileMissing
from tests.bot.web.conftest import SVG, Site, Visitor, mp3

pytestmark = pytest.mark.asyncio(loop_scope="session")
TITLE = 'The "Köln" Reel\r\nX-Evil: 1'


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def files(site: Site) -> str:
    """The address of the files of a shared tune."""
    async with site.new_visitor() as owner:
        tune_id = await owner.compose()
        await site.finish(tune_id, title=TITLE)
        await owner.post(f"/tunes/{tune_id}/share")
    return f"/tunes/{tune_id}/files"


@pytest.mark.parametrize(
    ("name", "media_type", "download"),
    [
        ("tune.abc", "text/vnd.abc; charset=utf-8", "the-koln-reel-x-evil-1.abc"),
        ("tune.mp3", "audio/mpeg", "the-koln-reel-x-evil-1.mp3"),
        ("tune.mid", "audio/midi", "the-koln-reel-x-evil-1.mid"),
        ("tune.musicxml", "application/vnd.recordare.musicxml+xml", "the-koln-reel-x-evil-1.musicxml"),
        ("tune.png", "image/png", "the-koln-reel-x-evil-1.png"),
        ("tune.svg", "image/svg+xml; charset=utf-8", "the-koln-reel-x-evil-1.svg"),
    ],
)
async def test_files_have_their_media_type_and_the_name_of_the_tune(
    visitor: Visitor, files: str, name: str, media_type: str, download: str
) -> None:
    answer = await visitor.get(f"{files}/{name}")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Disposition"] == f'inline; filename="{download}"'
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Evil" not in answer.headers


async def test_sheet_music_may_run_no_script(visitor: Visitor, files: str) -> None:
    answer = await visitor.get(f"{files}/tune.svg")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script-src" not in policy
    assert await answer.read() == SVG


@pytest.mark.parametrize(
    ("byte_range", "start", "stop"),
    [("bytes=0-", 0, None), ("bytes=100-199", 100, 200), ("bytes=-50", -50, None), ("bytes=1000-99999999", 1000, None)],
)
async def test_a_byte_range_of_a_recording_is_served(
    visitor: Visitor, files: str, byte_range: str, start: int, stop: int | None
) -> None:
    answer = await visitor.get(f"{files}/tune.mp3", headers={"Range": byte_range})
    content = mp3()[start:stop]
    first = start % len(mp3())
    assert answer.status == 206
    assert await answer.read() == content
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(content) - 1}/{len(mp3())}"


@pytest.mark.parametrize("byte_range", ["bytes=99999999-", "bytes=5-4", "bytes=-0"])
async def test_a_byte_range_outside_the_file_is_refused(visitor: Visitor, files: str, byte_range: str) -> None:
    answer = await visitor.get(f"{files}/tune.mp3", headers={"Range": byte_range})
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(mp3())}"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "byte_range", ["bytes=", "bytes=-", "bytes=0-1,5-9", "lines=1-2", "bytes=a-b", "bytes=" + "9" * 400 + "-"]
)
async def test_an_invalid_byte_range_gets_the_whole_file(visitor: Visitor, files: str, byte_range: str) -> None:
    answer = await visitor.get(f"{files}/tune.mp3", headers={"Range": byte_range})
    assert (answer.status, await answer.read()) == (200, mp3())


async def test_a_cached_file_is_not_sent_again(visitor: Visitor, files: str) -> None:
    tag = (await visitor.get(f"{files}/tune.mp3")).headers["ETag"]
    assert (await visitor.get(f"{files}/tune.mp3", headers={"If-None-Match": tag})).status == 304
    assert (await visitor.get(f"{files}/tune.mp3", headers={"If-Range": tag, "Range": "bytes=0-9"})).status == 206
    assert (await visitor.get(f"{files}/tune.mp3", headers={"If-Range": '"old"', "Range": "bytes=0-9"})).status == 200


@pytest.mark.parametrize(
    "name",
    [
        "tune.exe",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e%2ftune.mp3",
        "tune.mp3%00",
        "%2fetc%2fpasswd",
        "TUNE.MP3",
        "tune.mp3%0d%0aX:y",
        ".",
    ],
)
async def test_no_other_files_are_served(visitor: Visitor, files: str, name: str) -> None:
    answer = await visitor.get(URL(f"{files}/{name}", encoded=True))  # type: ignore[arg-type]
    assert answer.status == 404
    assert "root:" not in await answer.text()


async def test_an_unfinished_tune_has_no_files(visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    assert (await visitor.get(f"/tunes/{tune_id}/files/tune.mp3")).status == 404


async def test_only_the_owners_browser_may_cache_the_files_of_a_private_tune(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    await site.finish(tune_id, bars=1)
    for share, caching in ((False, "private, max-age=300"), (True, "public, max-age=300")):
        if share:
            await visitor.post(f"/tunes/{tune_id}/share")
        answer = await visitor.get(f"/tunes/{tune_id}/files/tune.mp3")
        assert answer.headers["Cache-Control"] == caching
        assert (await visitor.get(f"/tunes/{tune_id}/files/tune.json")).headers["Cache-Control"] == "private, max-age=300"


async def test_only_the_owner_gets_tune_json(site: Site, visitor: Visitor, files: str) -> None:
    tune_id = await visitor.compose()
    await site.finish(tune_id, bars=1)
    await visitor.post(f"/tunes/{tune_id}/share")
    assert (await visitor.get(f"/tunes/{tune_id}/files/tune.json")).status == 200
    assert (await visitor.get(f"{files}/tune.json")).status == 404


async def test_a_cached_file_of_an_unshared_tune_is_not_found(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    await site.finish(tune_id, bars=1)
    await visitor.post(f"/tunes/{tune_id}/share")
    async with site.new_visitor() as stranger:
        tag = (await stranger.get(f"/tunes/{tune_id}/files/tune.mp3")).headers["ETag"]
        await visitor.post(f"/tunes/{tune_id}/unshare")
        answer = await stranger.get(f"/tunes/{tune_id}/files/tune.mp3", headers={"If-None-Match": tag})
    assert (answer.status, answer.headers["Cache-Control"]) == (404, "no-store")


async def test_a_lost_file_is_answered_with_when_to_ask_again(
    site: Site, visitor: Visitor, files: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(tune_id: str, name: str) -> bytes:
        raise FileMissing

    monkeypatch.setattr(site.storage, "read", lost)
    answer = await visitor.get(f"{files}/tune.mp3")
    assert (answer.status, answer.headers["Retry-After"], answer.headers["Cache-Control"]) == (503, "10", "no-store")
    assert "being made again" in await answer.text()
