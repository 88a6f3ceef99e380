"""Files that are lost or damaged are made again, by the real worker and renderer, while a visitor waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar

from tests.end_to_end.tunesmith import START_S, Tunesmith

pytestmark = pytest.mark.asyncio(loop_scope="package")
TUNE = {"mode": "play", "opening": "X:1\nT:Lost and Found\nR:jig\nM:6/8\nL:1/8\nK:G\n|:GAB AGE|GED G3:|\n"}


async def finished(session: ClientSession) -> str:
    """The address of a new tune, when it is finished."""
    async with asyncio.timeout(START_S), session.post("/tunes", data=TUNE, allow_redirects=False) as answer:
        address = answer.headers["Location"]
        while True:
            async with session.get(f"{address}.json") as state:
                if (await state.json())["status"] == "finished":
                    return address
            await asyncio.sleep(0.1)


async def read(session: ClientSession, address: str) -> tuple[bytes, str]:
    """The content of a file and its hash, once the page serves it."""
    async with asyncio.timeout(START_S):
        while True:
            async with session.get(address) as answer:
                if answer.status == 200:
                    return await answer.read(), answer.headers["ETag"].removeprefix("W/").strip('"')
                assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
                assert "made again" in await answer.text()
            await asyncio.sleep(0.1)


def damage(paths: Iterable[Path]) -> None:
    """Deletes, cuts off and alters the files, a third of them each."""
    for number, path in enumerate(paths):
        content = path.read_bytes()
        match number % 3:
            case 0:
                path.unlink()
            case 1:
                path.write_bytes(content[: len(content) // 2])
            case 2:
                path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


async def test_lost_and_damaged_files_are_made_again(tunesmith: Tunesmith) -> None:
    folder = tunesmith.folder / "data" / "files"
    async with ClientSession(tunesmith.address, cookie_jar=CookieJar(unsafe=True)) as session:
        address = await finished(session)
        async with session.get(f"{address}.json") as answer:
            names = [file["name"] for file in (await answer.json())["files"]]
        before = {name: await read(session, f"{address}/files/{name}") for name in names}
        paths = {folder / digest[:2] / digest[2:] for _, digest in before.values()}
        damage(sorted(paths))
        after = {name: await read(session, f"{address}/files/{name}") for name in names}
        assert len(names) == 9 and after == before
