"""The editor: what is wrong, every tune of a text, and what is sent from the cursor."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from bot.web.editor import check, selected_bars
from tests.bot.web.conftest import ABC, Site, Visitor
from tests.bot.web.test_accessibility import check as check_accessibility
from tests.browser import open_page

pytestmark = pytest.mark.asyncio(loop_scope="session")
TWO = "X:1\nT:One\nM:4/4\nL:1/8\nK:D\nd2fd A2FA|\n\nX:2\nT:Two\nM:6/8\nL:1/8\nK:G\nGAB cde|gfe d2[B|\n"


async def test_each_tune_of_a_text_is_checked_with_the_lines_of_the_text() -> None:
    one, two = check(TWO)
    assert one.score and one.score.title == "One" and (one.first_line, two.first_line) == (1, 8)
    assert two.error and (two.error.line, two.error.text) == (13, "[B|")
    assert [tune.error for tune in check(TWO.replace("[", ""))] == [None, None]
    [whole] = check("|:EAAB c2Bc|")
    assert whole.score and len(whole.score.bars) == 1


@pytest.mark.parametrize(
    ("selected", "bars"),
    [
        ("A2|", "1"),
        ("f2d AFA|d2fd [", "2-3"),
        ("c2]FA|", "3"),
        ("|1 d4 A4:|", "4"),
        ("|2 e4 A4||", "5"),
        ("|1 ", ""),
        ("", ""),
        ("M:4/4\nL:1/8\nK:D\n|:A2|f2d", "1-2"),
        ("[" * 5_000, ""),
    ],
)
async def test_selected_text_names_bars(selected: str, bars: str) -> None:
    tune = "M:4/4\nL:1/8\nK:D\n|:A2|f2d AFA|d2fd [A2c2]FA|1 d4 A4:|2 e4 A4||"
    before = tune[: tune.index(selected)] if selected in tune else tune
    assert selected_bars(before, selected) == bars


async def test_only_who_may_see_a_tune_can_edit_it(site: Site, visitor: Visitor) -> None:
    tune_id = await visitor.compose()
    await site.finish(tune_id, bars=1)
    assert "The Web Reel" in await (await visitor.get(f"/editor?from={tune_id}")).text()
    async with site.new_visitor() as stranger:
        assert "The Web Reel" not in await (await stranger.get(f"/editor?from={tune_id}")).text()
    answer = await visitor.post("/editor/check", {"opening": ABC, "line": "99999999999", "bars": "2"})
    assert (await answer.json())["tunes"][0]["bars"] == 4


@pytest.mark.parametrize("width", [390, 1280])
async def test_writing_with_the_keyboard_alone(site: Site, browser: Browser, width: int) -> None:
    async with open_page(browser, site.address, viewport={"width": width, "height": 800}, reduced_motion="reduce") as page:
        await page.goto("/editor")
        text, sheet = page.get_by_label("ABC"), page.locator("[data-drawing] svg")
        await expect(sheet).to_have_accessible_name("Sheet music of A New Reel, 2 bars")
        await text.focus()
        await page.keyboard.press("Control+End")
        await page.keyboard.type("EAAB [ce")
        await expect(page.locator(".under mark")).to_have_text("[ce")
        await expect(page.locator(".errors .wrong")).to_contain_text("Line 8")
        await check_accessibility(page, "editor with an error")
        await page.set_viewport_size({"width": width, "height": 800})
        for _ in "[ce":
            await page.keyboard.press("Backspace")
        await page.keyboard.type("c2B|")
        await expect(page.locator(".errors")).to_contain_text("Bar 3 of the opening is too short")
        await page.keyboard.press("Backspace")
        await page.keyboard.type("c|")
        await expect(page.locator(".under mark")).to_have_count(0)
        await expect(sheet).to_have_accessible_name("Sheet music of A New Reel, 3 bars")

        # The last bar and the one before it
        await page.keyboard.down("Shift")
        for _ in "G2EG|EAAB c2c|":
            await page.keyboard.press("ArrowLeft")
        await page.keyboard.up("Shift")
        keep, recompose = page.get_by_label("Bars to keep"), page.get_by_role("button", name="Keep these")
        await expect(keep).to_have_value("2-3")
        assert await kept(page) == [2, 3]
        await recompose.focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/tunes/*")
        tune = await site.storage.tune(page.url.rpartition("/")[2])
        assert tune is not None and (tune.request.mode, tune.request.keep) == ("vary", "2-3")
        await page.goto("/editor")
        await expect(sheet).to_be_visible()  # drawn by the script, which also checks the bars to keep
        await recompose.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".errors .wrong")).to_have_text(
            "Select the bars to keep, or write their numbers, such as 1-4 7."
        )
        await expect(keep).to_be_focused()

        await text.fill(TWO.replace("[", ""))
        await expect(page.get_by_label("Tune of the file")).to_be_visible()
        await page.get_by_label("Tune of the file").select_option("Two")
        await expect(sheet).to_have_accessible_name("Sheet music of Two, 2 bars")
        await page.keyboard.press("Control+End")
        for _ in range(len("|gfe d2B|") + 1):
            await page.keyboard.press("ArrowLeft")
        await page.keyboard.press("ArrowRight")
        await page.get_by_role("button", name="Continue").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/tunes/*")
        tune = await site.storage.tune(page.url.rpartition("/")[2])
        assert tune is not None and tune.request.mode == "continue"
        assert tune.request.opening.rstrip().endswith("GAB cde|") and "T:One" not in tune.request.opening


async def test_on_a_phone_the_sheet_is_seen_beside_the_text(site: Site, browser: Browser) -> None:
    async with open_page(browser, site.address, viewport={"width": 390, "height": 844}) as page:
        await page.goto("/editor")
        text, sheet = page.get_by_label("ABC", exact=True), page.get_by_role("img", name="Sheet music of")
        await expect(sheet).to_be_visible()
        above, below = await text.bounding_box(), await sheet.bounding_box()
        assert above and below and above["y"] + above["height"] <= below["y"] < 844 - below["height"]


SIX = "X:1\nT:Six\nM:4/4\nL:1/4\nK:D\nA|d d d d|e e e e|f f f f|g g g g|a a a|\n"  # with a pick-up


async def kept(page: Page) -> list[int]:
    """The numbers of the bars that are shaded."""
    chosen = page.get_by_role("option", selected=True)
    return [int(name.split()[1]) for name in await chosen.evaluate_all("all => all.map(each => each.ariaLabel)")]


async def recompose(site: Site, page: Page) -> str:
    """Presses the button with the keyboard. Returns which bars the new request keeps."""
    await page.get_by_role("button", name="Keep these").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/tunes/*")
    tune = await site.storage.tune(page.url.rpartition("/")[2])
    assert tune is not None and tune.request.mode == "vary"
    return tune.request.keep


@pytest.mark.parametrize(("width", "below"), [(390, 4), (1280, 6)])
async def test_bars_are_kept_on_the_sheet_with_the_keyboard(site: Site, browser: Browser, width: int, below: int) -> None:
    async with open_page(browser, site.address, viewport={"width": width, "height": 800}) as page:
        await page.goto("/editor")
        await page.get_by_label("ABC", exact=True).fill(SIX)
        bars, told = page.get_by_role("listbox", name="Bars of the sheet"), page.locator("[data-told]")
        await expect(bars.get_by_role("option")).to_have_count(6)
        while not await bars.evaluate("list => list === document.activeElement"):
            await page.keyboard.press("Tab")
        for keys, numbers in (
            (["Shift+ArrowRight", "Shift+ArrowRight"], [1, 2, 3]),
            (["Shift+ArrowLeft"], [1, 2]),
            (["End", "Space"], [1, 2, 6]),
            (["Space", "Home", "ArrowRight", "Space"], [1]),
            (["Control+a"], [1, 2, 3, 4, 5, 6]),
            (["Home", "Space", "ArrowDown", "Space"], sorted({2, 3, 4, 5, 6} - {below})),
            (["ArrowUp", "Space"], sorted({1, 2, 3, 4, 5, 6} - {below})),
        ):
            for key in keys:
                await page.keyboard.press(key)
            assert await kept(page) == numbers
        await expect(bars).to_have_attribute("aria-activedescendant", "bar-1")
        text, told_bars = ("1-3 5-6", "1–3, 5–6") if below == 4 else ("1-5", "1–5")
        await expect(told).to_have_text(f"Bars kept: {told_bars}. Composed anew: {below}.")
        await check_accessibility(page, "editor with bars to keep")
        assert await recompose(site, page) == text


@pytest.mark.parametrize("width", [390, 1280])
async def test_bars_are_kept_on_the_sheet_with_the_mouse(site: Site, browser: Browser, width: int) -> None:
    async with open_page(browser, site.address, viewport={"width": width, "height": 800}) as page:
        await page.goto("/editor")
        await page.get_by_label("ABC", exact=True).fill(SIX)
        bar = page.get_by_role("option")
        await expect(bar).to_have_count(6)

        async def drag(first: int, last: int) -> None:
            await bar.nth(first - 1).hover()
            await page.mouse.down()
            await bar.nth(last - 1).hover()
            await page.mouse.up()

        await drag(3, 2)
        assert await kept(page) == [2, 3]
        await drag(4, 6)
        assert await kept(page) == [2, 3, 4, 5, 6]
        await drag(4, 5)
        await bar.nth(0).click()
        assert await kept(page) == [1, 2, 3, 6]
        await page.get_by_label("Bars to keep").fill("1-2, 5")
        assert await kept(page) == [1, 2, 5]
        await bar.nth(1).click()
        await expect(page.locator("[data-told]")).to_have_text("Bars kept: 1, 5. Composed anew: 2–4, 6.")
        assert await recompose(site, page) == "1 5"
