"""The gallery and the buttons of a tune in a real browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from storage.gallery import PAGE
from tests.bot.web.conftest import Site
from tests.browser import open_page

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def many_shared_tunes(site: Site) -> AsyncIterator[None]:
    """More shared tunes than fit on a page of the gallery. Each title contains “Browsed”."""
    for number in range(PAGE + 2):
        key = "Edor" if number == 3 else "G"
        await site.discord_tune(f"browsed {number}", share=True, title=f"Browsed No. {number}", rhythm="jig", key=key)
    yield


async def own_tune(site: Site, page: Page, title: str) -> str:
    await page.goto("/")
    await page.get_by_role("button", name="Compose").click()
    await page.wait_for_url("**/tunes/*")
    await site.finish(page.url.rpartition("/")[2], bars=1, title=title)
    await expect(page.get_by_role("button", name="Share", exact=True)).to_be_visible()
    return page.url


@pytest.mark.parametrize("scripts", [True, False])
async def test_searching_and_paging_through_the_gallery(
    site: Site, browser: Browser, many_shared_tunes: None, scripts: bool
) -> None:
    async with open_page(browser, site.address, java_script_enabled=scripts) as page:
        await page.goto("/")
        await page.get_by_role("link", name="Gallery").click()
        await page.get_by_label("Title").fill("browsed")
        await page.get_by_label("Rhythm").select_option("jig")
        await page.get_by_role("button", name="Search").click()
        entries = page.get_by_role("heading", level=2)
        await expect(entries).to_have_count(PAGE)
        await expect(entries.first).to_have_text(f"Browsed No. {PAGE + 1}")
        await page.get_by_role("link", name="Next page").click()
        await expect(entries).to_have_text(["Browsed No. 1", "Browsed No. 0"])
        await expect(page.get_by_label("Title")).to_have_value("browsed")
        await page.get_by_role("link", name="First page").click()
        await expect(entries).to_have_count(PAGE)
        await page.get_by_label("Key").fill("E dorian")
        await page.get_by_role("button", name="Search").click()
        await expect(entries).to_have_text(["Browsed No. 3"])
        await page.get_by_role("link", name="Liked this week").click()
        await expect(page.get_by_text("No shared tune matches.")).to_be_visible()
        await page.get_by_role("link", name="Newest").click()
        await page.get_by_role("link", name="Browsed No. 3").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Browsed No. 3")


async def test_an_invalid_search_focuses_its_field(site: Site, browser: Browser) -> None:
    async with open_page(browser, site.address, expected="status of 422") as page:
        await page.goto("/gallery")
        await page.get_by_label("Key").fill("H minor")
        await page.get_by_role("button", name="Search").click()
        key = page.get_by_label("Key")
        await expect(key).to_be_focused()
        await expect(key).to_have_accessible_description(re.compile("“H minor” is not a key"))


async def test_the_gallery_plays_one_tune_at_a_time(site: Site, browser: Browser, many_shared_tunes: None) -> None:
    async with open_page(browser, site.address) as page:
        await page.goto("/gallery?title=browsed")
        first, second = page.locator("audio").nth(0), page.locator("audio").nth(1)
        await expect(first).to_have_js_property("readyState", 0)  # nothing is loaded before it plays
        await first.evaluate("async audio => { audio.muted = audio.loop = true; await audio.play(); }")
        await second.evaluate("async audio => { audio.muted = audio.loop = true; await audio.play(); }")
        await expect(first).to_have_js_property("paused", True)
        await expect(second).to_have_js_property("paused", False)
        image = page.locator(".gallery img").first
        assert await image.evaluate("async image => { await image.decode(); return image.naturalWidth }") > 0


PLAY = "async audio => { audio.muted = audio.loop = true; await audio.play(); }"


@asynccontextmanager
async def time_map_held_back(page: Page) -> AsyncIterator[None]:
    """The practice bar cannot appear before the end of the block."""
    release = asyncio.Event()

    async def wait(route: Route) -> None:
        await release.wait()
        await route.continue_()

    await page.route("**/tune.timemap.json", wait)
    yield
    release.set()


async def test_liking_does_not_stop_the_recording(site: Site, browser: Browser) -> None:
    tune_id = await site.discord_tune("heart", share=True, title="The Heart of the Matter")
    async with open_page(browser, site.address) as page:
        audio, heart = page.locator("audio"), page.get_by_role("button", name="Like The Heart of the Matter")
        async with time_map_held_back(page):
            await page.goto(f"/tunes/{tune_id}")
            await audio.evaluate(PLAY)
            await expect(heart).to_have_text(re.compile(r"♥ 0$"))
            for pressed, count in (("true", 1), ("false", 0), ("true", 1)):
                await heart.click()
                await expect(heart).to_have_attribute("aria-pressed", pressed)
                await expect(heart).to_have_text(re.compile(rf"♥ {count}$"))
            await expect(audio).to_have_js_property("paused", False)
        await page.goto("/gallery?title=heart+of+the+matter")
        await expect(heart).to_have_attribute("aria-pressed", "true")
        await heart.click()
        await expect(heart).to_have_attribute("aria-pressed", "false")
    tune = await site.storage.tune(tune_id)
    assert tune is not None and tune.likes == 0


@pytest.mark.parametrize("paused", [True, False])
async def test_who_plays_before_the_practice_bar_is_there_goes_on_until_it_is_used(
    site: Site, browser: Browser, paused: bool
) -> None:
    tune_id = await site.discord_tune(f"early {paused}", share=True)
    async with open_page(browser, site.address) as page:
        audio, bar = page.locator("audio"), page.get_by_role("region", name="Practice")
        position = bar.get_by_label("Position")
        async with time_map_held_back(page):
            await page.goto(f"/tunes/{tune_id}")
            await audio.evaluate(PLAY)
        await expect(bar).to_be_visible()
        await expect(audio).to_be_visible()
        await expect(audio).to_have_js_property("paused", False)
        if paused:
            await bar.get_by_role("button", name="Pause").click()
            await expect(audio).to_have_js_property("paused", True)
            await audio.evaluate("audio => (audio.currentTime = 1.2)")
            await expect(position).to_have_value(re.compile(r"^1\.20?$"))
        await bar.get_by_role("button", name="Loop").click()
        await expect(audio).to_be_hidden()
        await expect(audio).to_have_js_property("paused", True)
        if paused:
            await expect(position).to_have_value(re.compile(r"^1\.20?$"))
            await bar.get_by_role("button", name="Play").click()
        await expect(bar.get_by_role("button", name="Pause")).to_be_visible()


async def test_a_like_without_a_cookie_explains_why_it_fails(site: Site, browser: Browser) -> None:
    tune_id = await site.discord_tune("no heart", share=True)
    async with open_page(browser, site.address, expected="status of 403") as page:
        # No service worker: it loads a page that sets the cookie again.
        await page.add_init_script("delete Navigator.prototype.serviceWorker")
        await page.goto(f"/tunes/{tune_id}")
        await page.context.clear_cookies()
        await page.get_by_role("button", name="Like").click()
        await expect(page.get_by_text("keeps no cookie of this page")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_tune_is_shared_liked_unshared_and_deleted(site: Site, browser: Browser, scripts: bool) -> None:
    title = f"Shared {'with' if scripts else 'without'} Scripts"
    async with open_page(browser, site.address, java_script_enabled=scripts) as page:
        address = await own_tune(site, page, title)
        await page.get_by_role("button", name="Share", exact=True).click()
        await expect(page.get_by_text("in the gallery since")).to_be_visible()
        await page.get_by_role("button", name="Like").click()
        await expect(page.get_by_role("button", name="Like")).to_have_attribute("aria-pressed", "true")
        async with open_page(browser, site.address) as stranger:
            await stranger.goto("/gallery?order=week&title=" + title.replace(" ", "+"))
            await stranger.get_by_role("link", name=title).click()
            await stranger.wait_for_url(address)
            await expect(stranger.get_by_role("button", name="Delete", exact=True)).to_have_count(0)

        await page.get_by_role("button", name="Unshare").click()
        await expect(page.get_by_text("Only this browser can see your tune.")).to_be_visible()
        async with open_page(browser, site.address, expected="status of 404") as stranger:
            await stranger.goto(address)
            await expect(stranger.get_by_role("heading", level=1)).to_have_text("No such tune")

        await page.get_by_role("link", name="Delete").click()
        await page.get_by_role("link", name="Keep it").click()
        await page.get_by_role("link", name="Delete").click()
        await page.get_by_role("button", name="Delete", exact=True).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Deleted")
        await page.goto("/")
        await expect(page.get_by_role("link", name=title)).to_have_count(0)


@pytest.mark.parametrize("width", [320, 375, 1280])
async def test_gallery_and_confirmation_fit_the_screen(site: Site, browser: Browser, width: int) -> None:
    await site.discord_tune(f"wide {width}", share=True, title="W" * 80, key="", rhythm="W" * 80)
    async with open_page(browser, site.address, viewport={"width": width, "height": 800}) as page:
        address = await own_tune(site, page, "W" * 80)
        for path in ("/gallery?title=" + "W" * 80, "/gallery?order=week", address, address + "/delete"):
            await page.goto(path)
            assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
