"""Compressed responses."""

from __future__ import annotations

import gzip

import pytest
from aiohttp import ClientSession

from tests.bot.web.conftest import SVG, Site, mp3

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_texts_are_compressed_for_those_who_take_it(site: Site) -> None:
    tune_id = await site.discord_tune("compressed", share=True)
    async with ClientSession(site.address, auto_decompress=False) as session:
        for path in ("/", f"/tunes/{tune_id}.json", "/static/x/base.css", f"/tunes/{tune_id}"):
            async with session.get(path, headers={"Accept-Encoding": "identity"}) as plain:
                body = await plain.read()
                assert "Content-Encoding" not in plain.headers
            async with session.get(path, headers={"Accept-Encoding": "deflate, gzip;q=0.5"}) as packed:
                assert packed.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in packed.headers["Vary"]
                unpacked = gzip.decompress(await packed.read())
                assert len(unpacked) == len(body)
            async with session.get(path, headers={"Accept-Encoding": "gzip;q=0"}) as refused:
                assert "Content-Encoding" not in refused.headers
        async with session.get(f"/tunes/{tune_id}/files/tune.svg", headers={"Accept-Encoding": "gzip"}) as small:
            assert await small.read() == SVG and "Content-Encoding" not in small.headers
        headers = {"Accept-Encoding": "gzip", "Range": "bytes=10-19"}
        async with session.get(f"/tunes/{tune_id}/files/tune.mp3", headers=headers) as part:
            assert part.status == 206 and await part.read() == mp3()[10:20] and "Content-Encoding" not in part.headers
