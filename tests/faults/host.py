"""A public host: three workers, three processes of the bot, two pages, one PostgreSQL, a bucket. One of each kind is killed."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import ClientError, ClientSession, DummyCookieJar

from tests.faults.children import Child, page, quick_worker
from tests.faults.databases import databases
from tests.faults.report import Report, fault
from tests.faults.shards import COUNT, Processes, three_processes
from tests.loopback.bucket import Bucket, bucket
from tests.patience import HANG_S

VISITORS, EACH = 12, 4  # tunes that each visitor requests, two of them before the kills
POLL_S = 0.1
WEB = "SELECT id, status FROM tunes WHERE platform = 'web'"


class Visitor:
    """Somebody who requests tunes at either page, with the cookie that the first one gave."""

    def __init__(self, session: ClientSession, number: int) -> None:
        self._session, self._headers = session, {"X-Forwarded-For": f"198.51.100.{number + 1}", "Accept": "application/json"}
        self.tunes: list[str] = []  # their addresses

    async def request(self, page: str) -> None:
        async with self._session.post(f"{page}/tunes", data={"text": "a jig"}, headers=self._headers) as answer:
            assert answer.status == 202, (answer.status, await answer.text())
            self.tunes.append(answer.headers["Location"])
            if "Set-Cookie" in answer.headers:
                self._headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]

    async def follow(self, page: str, tune: str) -> list[dict[str, Any]]:
        """What the tune's event stream says until it ends."""
        async with self._session.get(f"{page}{tune}/events", headers=self._headers) as answer:
            assert answer.status == 200, answer.status
            lines = [line.decode() async for line in answer.content]
        return [json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:")]

    async def files(self, page: str, tune: str) -> dict[str, int]:
        """The status with which each of the tune's files is answered, by its address."""
        async with self._session.get(f"{page}{tune}.json", headers=self._headers) as answer:
            assert answer.status == 200, (tune, answer.status)
            described = await answer.json()
        statuses = {}
        for file in described["files"]:
            async with self._session.get(f"{page}{file['address']}", headers=self._headers) as answer:
                content = await answer.read()
                statuses[file["address"]] = answer.status if len(content) == file["size"] else -1
        return statuses


async def answering(session: ClientSession, address: str) -> None:
    while True:
        try:
            async with session.get(f"{address}/health") as answer:
                if answer.status == 200:
                    return
        except ClientError:
            pass
        await asyncio.sleep(POLL_S)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def kill_one_of_each(
    processes: Processes, store: Bucket, workers: list[Child], session: ClientSession, report: Report
) -> None:
    ports = [free_port(), free_port()]
    first, second = (f"http://127.0.0.1:{port}" for port in ports)
    pages = [processes.start(page, WEB_PORT=str(port), TRUSTED_PROXIES="127.0.0.1") for port in ports]
    try:
        async with asyncio.timeout(HANG_S):
            await asyncio.gather(answering(session, first), answering(session, second))
        visitors = [Visitor(session, number) for number in range(VISITORS)]
        asked = await processes.request_everywhere()
        for at in (first, second):
            await asyncio.gather(*(visitor.request(at) for visitor in visitors))
        for interaction in asked:
            await processes.discord.deferred(interaction)
        for child in (processes.bots[0], workers[0], pages[0]):
            await child.kill()
        for _ in range(EACH - 2):
            await asyncio.gather(*(visitor.request(second) for visitor in visitors))
        followed = await asyncio.gather(*(visitor.follow(second, tune) for visitor in visitors for tune in visitor.tunes))
        report.check(all(events for events in followed), "an event stream ended without a word")
        await processes.shared_out(COUNT - 1)
        asked += await processes.request_everywhere()
        await processes.all_posted(asked)
        rows = await processes.rows(WEB)
        report.figure("tunes of visitors", len(rows))
        report.figure("tunes of Discord", len(asked))
        report.check(len(rows) == VISITORS * EACH, f"{VISITORS * EACH} tunes were accepted, {len(rows)} are stored")
        report.check(all(status == "finished" for _, status in rows), f"not all are finished: {rows}")
        for event_id, tune_id in await processes.rows("SELECT event_id, id FROM tunes WHERE platform = 'discord'"):
            times = processes.times_posted(tune_id)
            report.check(times == 1, f"{tune_id} of {event_id} was posted {times} times")
        read = await asyncio.gather(*(visitor.files(second, tune) for visitor in visitors for tune in visitor.tunes))
        report.check(all(statuses and set(statuses.values()) == {200} for statuses in read), f"files are missing: {read}")
        report.figure("files in the bucket", stored := await store.count())
        report.check(stored > 0, "the bucket is empty")
        report.check(not processes.discord.gateway.doubled, f"two processes had shards: {processes.discord.gateway.doubled}")
    finally:
        for child in pages:
            await child.kill()


@fault("host", promise="of many processes one of each kind is killed; nothing is lost or doubled", limit_s=300)
async def host(report: Report) -> None:
    async with AsyncExitStack() as stack:
        new = await stack.enter_async_context(databases())
        store = await stack.enter_async_context(bucket())
        processes = await stack.enter_async_context(three_processes(new(), report.folder, environment=store.environment))
        session = await stack.enter_async_context(ClientSession(cookie_jar=DummyCookieJar()))
        workers = [processes.worker, *(processes.start(quick_worker) for _ in range(2))]
        try:
            async with asyncio.timeout(4 * HANG_S):
                await kill_one_of_each(processes, store, workers, session, report)
        finally:
            for worker in workers:
                await worker.kill()
