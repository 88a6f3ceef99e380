"""Measures when the largest part of the first page is painted, on loopback with Chromium's processor throttled to a quarter:

    git worktree add ../earlier COMMIT
    .venv/bin/python -m tests.benchmarks.first_paint [../earlier] [--loads 15] [--trace FOLDER]

Each load is a new visitor with an empty cache. A page with one word is the floor: what browser and machine take by themselves.
This checkout, the earlier one and the floor are loaded by turns, so that other load slows all of them alike. Prints medians in
milliseconds from the start of the navigation, and the bytes of the files as sent. `--trace` writes what Chromium did in one
load.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import Browser, Page

from tests.browser import open_browser

THROTTLE = 4
IDLE_S = 0.5  # until Chromium has opened its window
TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline", "blink.user_timing", "loading", "v8"]
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
FLOOR = "<!doctype html><html lang=en><meta name=viewport content='width=device-width'><title>Floor</title><p>Floor"
# Serves the page of a checkout with its examples recorded, until its input closes.
CHILD = """
import asyncio, sys, tempfile
from pathlib import Path
from bot.core.desk import Desk
from bot.web import make_app, serving
from bot.web.examples import shipped
from storage import open_storage
from storage.tunes import Composition
from storage.viewer import EXAMPLES

async def main():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with open_storage(data_dir=Path(folder)) as storage:
            desk, examples = Desk(storage, open_requests_per_person=3), shipped()
            async with serving(make_app(storage=storage, desk=desk, examples=examples), "127.0.0.1", 0) as address:
                while len(requested := await storage.undelivered(EXAMPLES)) < len(examples):
                    await asyncio.sleep(0.1)
                for tune in requested:
                    await storage.start(tune.id)
                    made = Composition(tune.request.opening, "An Example", "reel", "D", "4/4", 40_000, "none", {})
                    await storage.finish(tune.id, made, {"tune.mp3": ("audio/mpeg", b"-")})
                print(address, flush=True)
                await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""
OBSERVER = """
window.largest = null;
new PerformanceObserver(list => {
  const { startTime, element } = list.getEntries().at(-1);
  window.largest = { at: startTime, what: `${element?.localName} ${(element?.textContent ?? "").slice(0, 30)}` };
}).observe({ type: "largest-contentful-paint", buffered: true });
"""
TIMES = """() => {
  const page = performance.getEntriesByType("navigation")[0];
  return { first_byte: page.responseStart, html: page.responseEnd, parsed: page.domInteractive, loaded: page.loadEventEnd,
    first_paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    largest_paint: window.largest.at, what: window.largest.what };
}"""


class Site:
    """The page of a checkout, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD],
            cwd=folder,
            env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.address = self.process.stdout.readline().strip()

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(60)


async def load(browser: Browser, address: str, size: Any, trace: Path | None = None) -> dict[str, Any]:
    """The times of one load, in milliseconds."""
    context = await browser.new_context(viewport=size)
    try:
        page = await context.new_page()
        await page.add_init_script(OBSERVER)
        session = await context.new_cdp_session(page)
        await session.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
        if trace:
            await browser.start_tracing(page=page, path=trace, categories=TRACED)
        await asyncio.sleep(IDLE_S)
        await page.goto(address, wait_until="load")
        await _settled(page)
        found = dict(await page.evaluate(TIMES))
        if trace:
            await browser.stop_tracing()
        return found
    finally:
        await context.close()


async def _settled(page: Page) -> None:
    """Waits for fonts and idle time: what is painted until then counts."""
    await page.evaluate("document.fonts.ready.then(() => new Promise(done => setTimeout(done, 300)))")
    await page.wait_for_function("window.largest && performance.getEntriesByName('first-contentful-paint').length")


async def weigh(browser: Browser, address: str) -> dict[str, int]:
    """The bytes of the first page as sent, by kind."""
    context = await browser.new_context()
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    kinds: dict[str, str] = {}
    sizes: dict[str, int] = defaultdict(int)
    session.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    session.on("Network.loadingFinished", lambda event: sizes.update(
        {kinds[event["requestId"]]: sizes[kinds[event["requestId"]]] + int(event["encodedDataLength"])}))  # fmt: skip
    await session.send("Network.enable")
    await page.goto(address, wait_until="networkidle")
    await context.close()
    return {**sizes, "before fonts": sum(size for kind, size in sizes.items() if kind != "Font")}


async def measure(sites: dict[str, str], loads: int, trace: Path | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    async with open_browser() as browser:
        for name, size in SIZES.items():
            times: dict[str, list[dict[str, Any]]] = {site: [] for site in sites}
            for number in range(loads + 1):
                for site, address in sites.items():
                    one = await load(browser, address, size)
                    if number:  # the first is not counted
                        times[site].append(one)
            found[name] = {site: _summary(each) for site, each in times.items()}
        if trace:
            trace.mkdir(exist_ok=True, parents=True)
            for site, address in sites.items():
                await load(browser, address, SIZES["phone"], trace / f"{site}.json")
        found["bytes"] = {site: await weigh(browser, address) for site, address in sites.items()}
    return found


def _summary(loads: list[dict[str, Any]]) -> dict[str, Any]:
    numbers = [name for name in loads[0] if name != "what"]
    medians: dict[str, Any] = {name: round(statistics.median(each[name] for each in loads)) for name in numbers}
    slowest = max(loads, key=lambda each: float(each["largest_paint"]))
    return {**medians, "slowest": round(slowest["largest_paint"]), "what": statistics.mode(each["what"] for each in loads)}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("earlier", type=Path, nargs="?")
    parser.add_argument("--loads", type=int, default=15)
    parser.add_argument("--trace", type=Path)
    arguments = parser.parse_args()
    folders = {"this": Path.cwd(), **({"earlier": arguments.earlier.resolve()} if arguments.earlier else {})}
    sites = {name: Site(folder) for name, folder in folders.items()}
    floor = web.Application()
    floor.add_routes([web.get("/", _floor)])
    runner = web.AppRunner(floor)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    addresses = {name: site.address for name, site in sites.items()} | {"floor": f"http://127.0.0.1:{runner.addresses[0][1]}"}
    try:
        print(json.dumps(await measure(addresses, arguments.loads, arguments.trace), indent=1))
    finally:
        await runner.cleanup()
        for site in sites.values():
            site.close()


async def _floor(request: web.Request) -> web.Response:
    return web.Response(text=FLOOR, content_type="text/html")


if __name__ == "__main__":
    asyncio.run(main())
