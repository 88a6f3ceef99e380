"""60 hostile searches at once on a page with many tunes: how long does the first page take meanwhile?

    .venv/bin/python -m tests.benchmarks.searches FOLDER

FOLDER holds a database that `python -m tests.benchmarks.million --folder FOLDER` has filled. The page runs in a process of
its own. This one asks for `/` again and again, first alone and then while 60 people, each from an own address, search for
what takes longest. Prints JSON; times in milliseconds. Fails if `/` takes LIMIT_MS or longer, or after an answer with 500.
Run it on an idle machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from statistics import median
from typing import Any

from aiohttp import ClientError, ClientSession, DummyCookieJar, TCPConnector

PEOPLE, LIMIT_MS, START_S = 60, 300, 120
SEARCHES = (
    {"title": "e a o u i n s t r h"},
    {"title": "the he er in an re of q"},
    {"title": "zzyzx"},
    {"title": "humours lisdoonvarna piper", "order": "month"},
    {"title": "ennis", "rhythm": "air", "key": "Bbm"},
    {"key": "mixolydian", "order": "week"},
    {"rhythm": "mazurka"},
)


async def ask(session: ClientSession, path: str, address: str, **query: str) -> tuple[int, float]:
    """The status and the milliseconds of an answer."""
    began = time.perf_counter()
    async with session.get(path, params=query, headers={"X-Forwarded-For": address}) as answer:
        await answer.read()
    return answer.status, (time.perf_counter() - began) * 1000


async def measure(address: str) -> dict[str, Any]:
    async with ClientSession(address, connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar()) as session:

        async def first_page() -> float:
            status, taken = await ask(session, "/", "198.51.100.1")
            assert status == 200, status
            return taken

        alone = [await first_page() for _ in range(30)]
        searching = [
            asyncio.create_task(ask(session, "/gallery", f"203.0.113.{number}", **SEARCHES[number % len(SEARCHES)]))
            for number in range(PEOPLE)
        ]
        beside = [await first_page()]
        while not all(search.done() for search in searching):
            beside.append(await first_page())
        answers = [search.result() for search in searching]
    statuses, longest = Counter(status for status, _ in answers), max(taken for _, taken in answers)
    return {
        "/ alone": {"p50": round(median(alone), 1), "longest": round(max(alone), 1)},
        "/ beside the searches": {"times": len(beside), "p50": round(median(beside), 1), "longest": round(max(beside), 1)},
        "searches": {"answers": dict(statuses), "longest": round(longest, 1)},
    }


async def run(folder: str) -> dict[str, Any]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"DATA_DIR": folder, "WEB_PORT": str(port), "LOG_LEVEL": "WARNING", "TRUSTED_PROXIES": "127.0.0.1"}
    page = subprocess.Popen([sys.executable, "-m", "bot", "web"], env=environment)
    try:
        async with asyncio.timeout(START_S), ClientSession(f"http://127.0.0.1:{port}") as session:
            while True:
                try:
                    async with session.get("/health") as answer:
                        if answer.status == 200:
                            break
                except ClientError:
                    await asyncio.sleep(0.2)
        return await measure(f"http://127.0.0.1:{port}")
    finally:
        page.terminate()
        page.wait(60)


if __name__ == "__main__":
    found = asyncio.run(run(sys.argv[1]))
    print(json.dumps(found, indent=1))
    sys.exit(found["/ beside the searches"]["longest"] >= LIMIT_MS or 500 in found["searches"]["answers"])
