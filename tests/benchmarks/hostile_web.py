"""Strangers attack the web page: does it go on serving honest visitors, and is everything free again afterwards?

    .venv/bin/python -m tests.benchmarks.hostile_web

The page runs in a process of its own, with its own PostgreSQL; this process sends. In order, twice: 50,000 hostile requests, 500
streams of progress, 1,000 idle sockets, and in 5 s 500 requests of 300 people and 500 of one flooder, as they come from a proxy.
Prints JSON. Fails after an answer with 500, a traceback, a refused honest visitor, or if descriptors or memory do not come back.
`--requests N` sends fewer; it takes minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from tests.bot.web.test_malformed import BODIES, HEADERS, NOT_HTTP, VALUES, written

CONNECTIONS, STREAMS, IDLE, PEOPLE, SECONDS = 50, 500, 1_000, 300, 5.0
SLACK_DESCRIPTORS, SLACK_BYTES = 20, 64 * 2**20
STREAMS_S, SETTLE_S = 10.0, 30.0
ROUNDS = 2  # what stays after the first must not grow with the next
UNANSWERED_S = 3.0  # for a request that is cut off, which the server waits for


def hostile(count: int, tune: str) -> list[bytes]:
    """Requests: those of the tests, with every method and address, and mutations of good ones."""
    rnd = random.Random(1)
    paths = (
        "/",
        "/tunes",
        "/understood",
        "/editor/check",
        "/gallery",
        tune,
        f"{tune}/like",
        f"{tune}/vary",
        f"{tune}/files/tune.mp3",
    )
    good = [written("POST", "/understood", BODIES[0][0].partition(";")[0], b"text=a+jig"), written("GET", "/", "Accept: */*")]
    made = []
    for _ in range(count):
        match rnd.randrange(5):
            case 0:
                made.append(written(rnd.choice(("GET", "POST", "PUT", "TRACE")), rnd.choice(paths), rnd.choice(HEADERS)))
            case 1:
                header, body, _ = rnd.choice(BODIES)
                made.append(written("POST", rnd.choice(paths), header, body))
            case 2:
                made.append(written("GET", rnd.choice(VALUES), "Accept: */*"))
            case 3:
                made.append(rnd.choice(NOT_HTTP))
            case _:
                request = bytearray(rnd.choice(good))
                for _ in range(rnd.choice((1, 3))):
                    request[(at := rnd.randrange(len(request))) : at + 1] = bytes([rnd.choice((0, 10, 13, 32, 58, 91, 255))])
                made.append(bytes(request))
    return made


async def send(port: int, request: bytes) -> int:
    """The status of the answer; 0 if there was none."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(request)
            async with asyncio.timeout(UNANSWERED_S):
                answer = await reader.read()
        finally:
            writer.close()
        return int(answer.split(None, 2)[1]) if answer.startswith(b"HTTP") else 0
    except (OSError, ValueError, TimeoutError):
        return 0


async def attack(port: int, requests: list[bytes]) -> Counter[int]:
    statuses: Counter[int] = Counter()
    left = iter(requests)

    async def one_after_another() -> None:
        for request in left:
            statuses[await send(port, request)] += 1

    await asyncio.gather(*(one_after_another() for _ in range(CONNECTIONS)))
    return statuses


async def streams(port: int, tune: str, cookie: str) -> Counter[int]:
    opened, statuses = [], Counter[int]()
    for number in range(STREAMS):
        await asyncio.sleep(STREAMS_S / STREAMS)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        address = f"198.51.{number // 25}.1"
        head = f"Host: localhost\r\nX-Forwarded-For: {address}\r\nCookie: user={cookie}\r\n\r\n"
        writer.write(f"GET {tune}/events HTTP/1.1\r\n{head}".encode())
        opened.append((reader, writer))
    for reader, _ in opened:
        async with asyncio.timeout(60):
            statuses[int((await reader.readline()).split()[1])] += 1
    for _, writer in opened:
        writer.close()
    return statuses


async def idle(port: int) -> tuple[int, bool, float]:
    """How many sockets were taken, whether the page answered meanwhile, and when the last was closed."""
    sockets = [await asyncio.open_connection("127.0.0.1", port) for _ in range(IDLE)]
    answered = await send(port, b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n") in (200, 503)
    began = time.monotonic()
    await asyncio.gather(*(reader.read() for reader, _ in sockets), return_exceptions=True)
    for _, writer in sockets:
        writer.close()
    return len(sockets), answered, time.monotonic() - began


async def crowd(address: str) -> dict[str, object]:
    """500 requests of 300 people and as many of one flooder within SECONDS."""
    honest, flood, longest = Counter[int](), Counter[int](), 0.0
    async with ClientSession(address, connector=TCPConnector(limit=200), cookie_jar=DummyCookieJar()) as session:

        async def ask(at: float, forwarded: str, statuses: Counter[int], cookies: dict[int, str], person: int) -> None:
            nonlocal longest
            await asyncio.sleep(at)
            headers = {"X-Forwarded-For": forwarded, "Accept": "application/json"}
            if person in cookies:
                headers["Cookie"] = cookies[person]
            began = time.monotonic()
            async with session.post("/tunes", data={"text": "a jig"}, headers=headers) as answer:
                await answer.read()
            statuses[answer.status] += 1
            if statuses is honest:
                longest = max(longest, time.monotonic() - began)
                cookies[person] = answer.headers.get("Set-Cookie", "").partition(";")[0]

        known: dict[int, str] = {}
        rnd = random.Random(2)
        await asyncio.gather(
            *(
                ask(rnd.uniform(0, SECONDS), f"10.0.{n % PEOPLE // 250}.{n % PEOPLE % 250}", honest, known, n % PEOPLE)
                for n in range(500)
            ),
            *(ask(rnd.uniform(0, SECONDS), "203.0.113.66", flood, {}, -1) for _ in range(500)),
        )
    return {"honest": dict(honest), "flooder": dict(flood), "longest honest answer (s)": round(longest, 2)}


async def attacks(process: psutil.Process, port: int, tune: str, cookie: str, count: int) -> dict[str, Any]:
    """All attacks, one after the other, with the memory after each."""
    held = {}

    def note(part: str) -> None:
        held[part] = process.memory_info().rss >> 20

    began = time.monotonic()
    statuses = await attack(port, hostile(count, tune))
    attacked_s = time.monotonic() - began
    note("requests")
    streamed = await streams(port, tune, cookie)
    note("streams")
    taken, answered, closed_s = await idle(port)
    note("idle sockets")
    crowded = await crowd(f"http://127.0.0.1:{port}")
    note("people")
    return {
        "answers": {str(status): statuses[status] for status in sorted(statuses)},
        "requests a second": round(count / attacked_s),
        "streams": dict(streamed),
        "idle sockets": taken,
        "answered": answered,
        "the last idle socket was closed after (s)": round(closed_s, 1),
        **crowded,
        "memory after each part (MB)": held,
    }


async def measure(count: int) -> tuple[dict[str, object], bool]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        log = Path(folder) / "log"
        environment = os.environ | {"DATA_DIR": f"{folder}/data", "WEB_PORT": str(port), "LOG_LEVEL": "INFO"}
        with log.open("wb") as file:
            page = subprocess.Popen([sys.executable, "-m", "bot", "web"], env=environment, stderr=file, stdout=file)
        try:
            process, address = psutil.Process(page.pid), f"http://127.0.0.1:{port}"
            while await send(port, b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n") != 200:
                assert page.poll() is None, log.read_text()
                await asyncio.sleep(0.2)
            async with ClientSession(address) as session, session.post("/tunes", data={}, allow_redirects=False) as answer:
                tune, cookie = answer.headers["Location"], answer.cookies["user"].value
            await attack(port, hostile(2_000, tune))  # what is allocated once
            await asyncio.sleep(5)
            before, memory = process.num_fds(), [process.memory_info().rss]
            rounds = []
            for _ in range(ROUNDS):
                rounds.append(await attacks(process, port, tune, cookie, count))
                await asyncio.sleep(SETTLE_S)
                memory.append(process.memory_info().rss)
            after = process.num_fds()
        finally:
            page.terminate()
            page.wait(60)
        lines = log.read_text(errors="replace").splitlines()
    tracebacks = sum("Traceback" in line for line in lines)
    found = {
        "rounds": rounds,
        "tracebacks": tracebacks,
        "lines in the log": len(lines),
        "descriptors before, after": [before, after],
        "memory before, after each round (MB)": [each >> 20 for each in memory],
    }
    good = not tracebacks and all(
        "500" not in each["answers"] and each["answered"] and set(each["streams"]) == {200} and set(each["honest"]) == {202}
        for each in rounds
    )
    first, *_, last = memory
    return found, good and after <= before + SLACK_DESCRIPTORS and last <= first + SLACK_BYTES


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=50_000)
    figures, passed = asyncio.run(measure(parser.parse_args().requests))
    print(json.dumps(figures, indent=1))
    sys.exit(not passed)
