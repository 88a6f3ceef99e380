"""Composing in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from storage import Status
from tests.bot.web.conftest import ABC, Site, mp3
from tests.browser import open_page

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_tune_from_the_form_to_the_download(site: Site, browser: Browser, tmp_path: Path) -> None:
    async with open_page(browser, site.address) as page:
        await page.goto("/")
        await page.get_by_role("link", name="|:EAAB").click()
        await expect(page.get_by_label("Your words")).to_have_value("|:EAAB c2Bc|dBAB G2EG|")
        await page.get_by_text("More options").click()
        await page.get_by_label("Title").fill("<b>Seen</b> in a Browser")
        await page.get_by_role("button", name="Compose").first.click()
        await page.wait_for_url("**/tunes/*")
        tune_id = page.url.rpartition("/")[2]
        await expect(page.get_by_role("heading", level=1)).to_have_text("<b>Seen</b> in a Browser")
        await site.storage.start(tune_id)
        await site.storage.progress(tune_id, status=Status.COMPOSING, bars=4, draft=ABC)
        await expect(page.get_by_role("status")).to_contain_text("The tune is being composed.")
        drawing = page.get_by_role("img", name="The bars written so far")
        await expect(drawing).to_have_js_property("complete", True)
        assert "at=4-composing" in str(await drawing.get_attribute("src"))
        assert await drawing.evaluate("async image => { await image.decode(); return image.naturalWidth }") == 840
        await site.finish(tune_id, bars=12, title="<b>Seen</b> in a Browser")

        await expect(page.get_by_role("button", name="Vary")).to_be_visible()
        await expect(page.get_by_role("heading", level=1)).to_have_text("<b>Seen</b> in a Browser")
        assert await page.locator("pre").text_content() == ABC
        audio = page.locator("audio")
        await expect(audio).to_have_js_property("readyState", 4)
        assert 1.9 < await audio.evaluate("audio => audio.duration") < 2.3
        await audio.evaluate("audio => { audio.currentTime = 1 }")
        await expect(audio).to_have_js_property("seeking", False)
        assert await audio.evaluate("audio => audio.currentTime") == 1
        await expect(page.get_by_role("img", name="Sheet music of")).to_be_visible()
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="MP3").click()
        download = await waiting.value
        assert download.suggested_filename == "b-seen-b-in-a-browser.mp3"
        await download.save_as(tmp_path / "tune.mp3")
        assert (tmp_path / "tune.mp3").read_bytes() == mp3()


async def test_the_page_says_that_the_server_is_away_and_goes_on_when_it_is_back(site: Site, browser: Browser) -> None:
    async with open_page(browser, site.address, expected="net::ERR_FAILED") as page:
        await page.goto("/")
        await page.route(re.compile(r"/tunes/\w+(/events|\.json)$"), lambda route: route.abort())
        await page.get_by_role("button", name="Compose").click()
        await expect(page.get_by_role("status")).to_contain_text("The server doesn't answer at the moment.")
        await page.unroute_all()
        await site.storage.start(page.url.rpartition("/")[2])
        await expect(page.get_by_role("status")).to_contain_text("The tune is being composed.")


async def test_vary_and_again_request_new_tunes(site: Site, browser: Browser) -> None:
    async with open_page(browser, site.address) as page:
        await page.goto("/")
        await page.get_by_role("button", name="Compose").first.click()
        await page.wait_for_url("**/tunes/*")
        first = page.url
        await site.finish(first.rpartition("/")[2], bars=1)
        await page.get_by_role("button", name="Vary").click()
        await page.wait_for_url(lambda address: address != first)
        second = page.url
        await site.finish(second.rpartition("/")[2], bars=1, title="The Other Reel")
        await expect(page.get_by_role("link", name="The Web Reel")).to_have_attribute(
            "href", "/tunes/" + first.rpartition("/")[2]
        )

        await page.get_by_role("button", name="Again").click()
        await page.wait_for_url(lambda address: address not in (first, second))
        third = page.url
        # Going back and pressing the button again requests one more tune, not the same one.
        await page.go_back()
        await page.get_by_role("button", name="Again").click()
        await page.wait_for_url(lambda address: address not in (first, second, third))


async def test_copying_puts_the_abc_on_the_clipboard(site: Site, browser: Browser) -> None:
    async with open_page(browser, site.address, permissions=["clipboard-read", "clipboard-write"]) as page:
        await page.goto("/")
        await page.get_by_role("button", name="Compose").first.click()
        await page.wait_for_url("**/tunes/*")
        await site.finish(page.url.rpartition("/")[2], bars=1)
        await page.get_by_role("button", name="Copy").click()
        await expect(page.get_by_role("status")).to_have_text("Copied.")
        assert await page.evaluate("navigator.clipboard.readText()") == ABC


async def test_without_scripts_the_page_reloads_until_the_tune_is_finished(site: Site, browser: Browser) -> None:
    async with open_page(browser, site.address, java_script_enabled=False) as page:
        await page.goto("/")
        await page.get_by_role("button", name="Compose").first.click()
        await page.wait_for_url("**/tunes/*")
        await site.finish(page.url.rpartition("/")[2], bars=1)
        await expect(page.get_by_role("button", name="Vary")).to_be_visible()


@pytest.mark.parametrize("width", [320, 375, 1280])
async def test_pages_fit_the_screen(site: Site, browser: Browser, width: int) -> None:
    async with open_page(browser, site.address, viewport={"width": width, "height": 800}) as page:
        await page.goto("/")
        await page.get_by_text("More options").click()
        await page.get_by_label("Title").fill("W" * 80)
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        await page.get_by_role("button", name="Compose").first.click()
        await page.wait_for_url("**/tunes/*")
        overflow = "document.documentElement.scrollWidth > innerWidth"
        assert not await page.evaluate(overflow)
        await site.finish(page.url.rpartition("/")[2], bars=1, title="W" * 80, abc=ABC + "A" * 300)
        await expect(page.get_by_role("button", name="Vary")).to_be_visible()
        assert not await page.evaluate(overflow)
        await page.goto("/")
        assert not await page.evaluate(overflow)


async def test_errors_are_summed_up_and_lead_to_their_fields(site: Site, browser: Browser) -> None:
    async with open_page(browser, site.address, expected="status of 422") as page:
        await page.goto("/")
        await page.get_by_label("Another key").fill("H minor")
        await page.get_by_text("More options").click()
        await page.get_by_label("Opening").fill("|:EAAB|\ncBAc|")
        await page.get_by_label("Seed").fill("lucky")
        await page.get_by_role("button", name="Compose").first.click()
        await expect(page.get_by_role("alert")).to_be_focused()
        key = page.get_by_label("Another key")
        await expect(key).to_have_value("H minor")
        await expect(key).to_have_accessible_description(re.compile("“H minor” is not a key"))
        await expect(page.get_by_label("Opening")).to_have_value("|:EAAB|\ncBAc|")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(key).to_be_focused()
        await page.get_by_text("More options").click()
        await page.get_by_role("link", name="Seed").click()
        await expect(page.get_by_label("Seed")).to_be_focused()
