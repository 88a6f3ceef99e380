"""Every page and state in Chromium: axe finds nothing, the keyboard alone is enough, and nothing is loaded from elsewhere."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from importlib import resources
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, expect

from bot.web import make_app, serving
from bot.web.examples import shipped
from storage import Status
from storage.storage import Storage
from storage.viewer import EXAMPLES
from tests.bot.web.conftest import Site
from tests.browser import open_page
from tests.patience import HANG_S

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
MOST_BYTES = 60_000  # of the first page before fonts, as sent
ANY_ERROR = "status of 4"  # the console reports pages with such a status


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(site: Site) -> AsyncIterator[Site]:
    """The site with example tunes, one of them not yet recorded."""
    storage: Storage = site.storage
    app = make_app(storage=storage, desk=site.desk, examples=shipped())
    async with serving(app, "127.0.0.1", 0) as address:
        found = Site(address, storage, site.desk, app)
        async with asyncio.timeout(HANG_S):
            while len(requested := await storage.undelivered(EXAMPLES)) < len(shipped()):
                await asyncio.sleep(0.05)
        for tune in requested[:5]:
            await found.finish(tune.id, bars=1)
        yield found


async def check(page: Page, state: str) -> None:
    """Runs axe with all its rules on a phone in light and on a desktop in dark, and looks at the other two colours of each."""
    for size in (PHONE, DESKTOP):
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        for scheme, every_rule in (("light", size is PHONE), ("dark", size is DESKTOP)):
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            if not await page.evaluate("'axe' in window"):
                await page.evaluate(AXE)
            options: dict[str, Any] = {} if every_rule else {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
            found = await page.evaluate("async options => (await axe.run(options)).violations", options)
            problems = [f"{each['id']}: {node['html']} {node['failureSummary']}" for each in found for node in each["nodes"]]
            assert problems == [], f"{state}, {size['width']} px, {scheme}"
            assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), state


async def test_axe_finds_nothing_on_any_page_in_any_state(shop: Site, browser: Browser) -> None:
    shared = await shop.discord_tune("axe", share=True, title="Axe Shared", notices=("A notice.",))
    async with open_page(browser, shop.address, expected=ANY_ERROR, reduced_motion="reduce") as page:
        await page.goto("/")
        await check(page, "first page")
        await page.get_by_label("Your words").fill("3 slow jigs in G minor without ties for grandma")
        await expect(page.locator(".understood li")).to_have_count(5)
        await page.get_by_text("More options").click()
        await check(page, "understood, all options")
        await page.goto("/?rhythm=nonsense&key=H&tempo=9&seed=x&text=hello&without=joy&metre=7&mode=zzz")
        await check(page, "errors")
        await page.goto("/gallery?title=axe")
        await check(page, "gallery")
        for path in ("/gallery?key=H&order=x", "/gallery?title=nothing+of+this", "/gallery?order=month&title=axe", "/nowhere"):
            await page.goto(path)
            await check(page, path)
        await page.goto("/?text=a+reel")
        await page.get_by_role("button", name="Compose").first.click()
        await page.wait_for_url("**/tunes/*")
        address = page.url
        tune_id = address.rpartition("/")[2]
        await check(page, "waiting")
        await shop.storage.start(tune_id)
        await shop.storage.progress(tune_id, status=Status.COMPOSING, bars=4)
        await expect(page.get_by_role("status")).to_contain_text("being composed")
        await check(page, "composing")
        await shop.finish(tune_id, bars=8)
        await expect(page.get_by_role("button", name="Vary")).to_be_visible()
        await check(page, "own tune, with the tour")
        await page.goto(address + "/delete")
        await check(page, "delete")
        await page.goto(f"/tunes/{shared}/player")
        await check(page, "player in a frame")
        await page.goto("/")
        await check(page, "first page with own tunes")
        await page.get_by_role("button", name="Compose").first.click()
        await page.wait_for_url("**/tunes/*")
        await shop.storage.start(page.url.rpartition("/")[2])
        await shop.storage.fail(page.url.rpartition("/")[2], "Try again with another seed.")
        await expect(page.get_by_role("alert")).to_be_visible()
        await check(page, "failed")


async def tab_to(page: Page, name: str | re.Pattern[str], role: str = "") -> None:
    """Presses the tab key until the focus is on the element with this accessible name."""
    wanted = page.get_by_role(role, name=name).first if role else page.get_by_label(name).first  # type: ignore[arg-type]
    for _ in range(120):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"the tab key does not reach {name}")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_composing_with_the_keyboard_alone(shop: Site, browser: Browser, size: dict[str, int]) -> None:
    asked: list[Request] = []
    async with open_page(browser, shop.address, viewport=size, expected=ANY_ERROR) as page:
        page.on("request", lambda request: asked.append(request))
        await page.goto("/")
        button = await page.get_by_role("button", name="Compose").bounding_box()
        assert button and button["y"] + button["height"] <= size["height"]  # in the first screen
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")  # skips to the content
        await page.keyboard.press("Tab")
        await expect(page.get_by_label("Your words")).to_be_focused()
        await page.keyboard.type("a slow jig in G minor on the whistle")
        await expect(page.locator(".understood a")).to_have_text(["jig", "in G minor", "whistle", "slow"])
        await expect(page.get_by_role("radio", name="jig", exact=True)).to_be_checked()
        await expect(page.get_by_label("Another key")).to_have_value("Gm")
        await tab_to(page, "Leave out: slow")
        await page.keyboard.press("Space")
        await expect(page.get_by_role("group", name="Mood").get_by_label("any")).to_be_checked()
        # A chip below replaces what the text says.
        await tab_to(page, re.compile("^Play "), "button")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name=re.compile("^Pause "))).to_be_focused()
        await tab_to(page, "jig", "radio")
        await page.keyboard.press("ArrowLeft")
        await expect(page.get_by_role("radio", name="reel", exact=True)).to_be_checked()
        await expect(page.get_by_label("Leave out: jig")).to_be_checked()
        more = page.locator("summary")
        for _ in range(20):
            await page.keyboard.press("Tab")
            if await more.evaluate("element => element === document.activeElement"):
                break
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Instrument")).to_have_value("whistle")
        await tab_to(page, "Instrument")
        await page.keyboard.type("fid")
        await tab_to(page, "Tempo")
        await page.keyboard.press("End")
        await expect(page.locator("output[for=tempo]")).to_have_text("1.5")
        await tab_to(page, "Guitar and bodhrán")
        await page.keyboard.press("Space")
        await tab_to(page, "Compose", "button")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/tunes/*")
        tune = await shop.storage.tune(page.url.rpartition("/")[2])
        assert tune is not None
        made = tune.request
        assert (made.rhythm, made.key, made.instrument, made.tempo, made.backing) == ("reel", "Gm", "fiddle", 1.5, False)

        await shop.finish(tune.id, bars=4)
        await expect(page.get_by_role("button", name="Got it")).to_be_visible()
        await tab_to(page, "Got it", "button")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Got it")).to_have_count(0)
        await tab_to(page, "Continue", "button")
        await page.keyboard.press("Enter")
        await page.wait_for_url(lambda address: not address.endswith(tune.id))
        await tab_to(page, "Cancel", "link")
        await page.keyboard.press("Enter")
        await tab_to(page, "Delete", "button")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Deleted")

        await tab_to(page, "Gallery", "link")
        await page.keyboard.press("Enter")
        await tab_to(page, "Title")
        await page.keyboard.type("no such title")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("No shared tune matches.")).to_be_visible()

        # Errors: the focus is on their summary, and each leads to its field.
        await page.goto("/?text=hello+there&key=H")
        await expect(page.get_by_role("alert")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Your words")).to_be_focused()
    assert {request.url.split("/")[2] for request in asked} == {shop.address.split("/")[2]}


async def test_the_first_page_is_small(shop: Site, browser: Browser) -> None:
    async with open_page(browser, shop.address) as page:
        sizes: dict[str, int] = {}
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        names: dict[str, str] = {}
        session.on("Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]}))
        session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: int(event["encodedDataLength"])}))
        await page.goto("/", wait_until="networkidle")
    sent = {names[each]: size for each, size in sizes.items()}
    assert any(name.endswith("compose.js") for name in sent) and any(name.endswith(".woff2") for name in sent)
    assert sum(size for name, size in sent.items() if not name.endswith(".woff2")) < MOST_BYTES, sent


async def test_the_fonts_of_the_first_page_are_loaded_before_it_is_drawn(shop: Site, browser: Browser) -> None:
    """A font that comes later moves what is below its lines."""
    async with open_page(browser, shop.address, viewport=PHONE) as page:
        await page.goto("/", wait_until="networkidle")
        loaded = "performance.getEntriesByType('resource').map(each => each.name).filter(name => name.endsWith('.woff2'))"
        preloaded = "[...document.querySelectorAll('link[rel=preload][as=font]')].map(each => each.href)"
        assert set(await page.evaluate(loaded)) == set(await page.evaluate(preloaded))
