"""The practice bar in a real browser: what it plays is recorded and measured."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from playwright.async_api import Browser, Page, expect

from generator.versions import Version
from storage import work
from tests.bot.web.conftest import Site
from tests.bot.web.practice_tune import RECORDER, attacks, frequency, heard, made, pitch_of
from tests.bot.web.test_accessibility import check
from tests.browser import open_page

pytestmark = pytest.mark.asyncio(loop_scope="session")

TIMES = json.loads(made()["timemap.json"][1])
PITCHES = {f"b{note['bar']}n{note['note']}": note["pitches"][0] for note in TIMES["written"]}
LIT_S, SEAM_S, CENTS = 0.05, 0.03, 5
NOTE_S = 60 / 240  # by the tempo of the tune
TAKES = 5


@asynccontextmanager
async def practising(site: Site, browser: Browser, **options: Any) -> AsyncIterator[tuple[Page, str]]:
    """The page of a finished tune, with a recorder, and the id of the tune."""
    async with open_page(browser, site.address, bypass_csp=True, **options) as page:  # for the recorder's script
        await page.add_init_script(RECORDER)
        await page.goto("/")
        await page.get_by_role("button", name="Compose").first.click()
        await page.wait_for_url("**/tunes/*")
        tune_id = page.url.rpartition("/")[2]
        own = {f"tune.{name}": file for name, file in made().items()}
        await site.finish(tune_id, bars=1, files=own, key="D", title="The Measured Reel")
        await expect(page.get_by_role("region", name="Practice")).to_be_visible()
        await page.evaluate("context.ready")
        yield page, tune_id


@asynccontextmanager
async def version_maker(site: Site) -> AsyncIterator[list[str]]:
    """A worker that makes versions. Yields the names of those that it made."""
    names: list[str] = []

    async def make(_: object) -> None:
        raise AssertionError("a tune is made")

    async def make_version(tune_id: str, name: str) -> None:
        version = Version.named(name)
        names.append(name)
        if version.semitones == 5:
            raise ValueError("too high")
        files = {file: made(version)[file.removeprefix(f"{name}.")] for file in version.files}
        await site.storage.versions.store(tune_id, files)

    worker = asyncio.create_task(work(site.storage, make, concurrency=1, make_version=make_version))
    try:
        yield names
    finally:
        worker.cancel()
        await asyncio.wait({worker})


async def set_speed(page: Page, percent: int) -> None:
    await page.locator("[name=practice-speed]").fill(str(percent))
    await expect(page.locator("[data-speed]")).to_have_text(f"{percent} %")


async def play_bar(page: Page, seconds: float) -> tuple[list[float], list[tuple[float, str]], Any, int]:
    """Loops the second bar from its start.

    Returns the attacks, and the pictures with the note that is lit, in seconds from the first sample; the samples and their rate.
    """
    for _ in range(TAKES):
        for bar in ("1", "2"):  # the second is outside the first: it begins at its start
            await page.get_by_label("To bar").select_option(bar)
            await page.get_by_label("From bar").select_option(bar)
        await page.evaluate("document.activeElement.blur()")
        await heard(page)
        await page.evaluate("pictures.length = late = 0")
        await page.keyboard.press("Space")
        await expect(page.get_by_role("button", name="Pause")).to_be_visible()
        until = await page.evaluate("context.currentTime") + seconds  # its clock may be slower than ours
        await page.wait_for_function("until => context.currentTime >= until", arg=until)
        await page.keyboard.press("Space")
        await expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
        pictures = await page.evaluate("pictures")
        samples, first, rate = await heard(page)
        if not await page.evaluate("late"):  # otherwise the machine was too busy to keep up, which is heard
            return attacks(samples, rate), [(time - first / rate, note) for time, note in pictures], samples, rate
    raise AssertionError(f"samples came late in {TAKES} takes")


async def test_what_is_played_has_the_pitch_the_times_and_the_seams(site: Site, browser: Browser) -> None:
    async with practising(site, browser) as (page, _):
        await page.get_by_role("button", name="Tools").click()
        for percent in (60, 40, 130):
            await set_speed(page, percent)
            note_s = NOTE_S / (percent / 100)
            starts, pictures, samples, rate = await play_bar(page, 6.5 * note_s)
            assert len(starts) >= 6
            # The fifth note is the first of the second round: the seam is between the fourth and the fifth.
            for one, following in pairwise(starts[:6]):
                assert abs(following - one - note_s) < SEAM_S, (percent, starts)
            assert abs(starts[4] - starts[0] - 4 * note_s) < SEAM_S
            check_lit(starts[:6], pictures)
            for start, number in zip(starts[:4], range(4), strict=True):
                first = round((start + 0.03) * rate)
                sounding = samples[first : first + round(0.7 * note_s * rate)]
                expected = frequency(PITCHES[f"b1n{number}"])
                if percent == 60:
                    assert abs(1200 * math.log2(pitch_of(sounding, rate) / expected)) < CENTS
                else:
                    assert abs(1200 * math.log2(pitch_of(sounding, rate) / expected)) < 2 * CENTS
        await check_clicks(page)


def check_lit(starts: list[float], pictures: list[tuple[float, str]]) -> None:
    """The note that is lit in a picture is one that sounds within LIT_S of it."""
    shown = [(time, note) for time, note in pictures if starts[0] <= time < starts[-1] - LIT_S]
    for time, note in shown:
        sounding = [number for number, (one, end) in enumerate(pairwise(starts)) if one - LIT_S < time < end + LIT_S]
        assert note in [f"b1n{number % 4}" for number in sounding], (time, note, starts)
    assert {note for _, note in shown} == {f"b1n{number}" for number in range(4)}


async def check_clicks(page: Page) -> None:
    """A bar is counted in, the beats are ticked, and the second round of the loop is faster."""
    await set_speed(page, 100)
    await page.get_by_label("Each round of the loop").select_option("10")
    await page.get_by_label("Count in").check()
    loud = []
    for ticking in (False, True):
        await page.get_by_label("Metronome").set_checked(ticking)
        await set_speed(page, 100)
        starts, _, samples, rate = await play_bar(page, 10.75 * NOTE_S)
        assert len(starts) >= 11
        for number, (one, following) in enumerate(pairwise(starts[:11])):  # 4 clicks, 4 notes, then the second round
            assert abs(following - one - (NOTE_S if number < 8 else NOTE_S / 1.1)) < SEAM_S, (number, starts)
        for start, hertz in zip(starts[:4], (1568, 1047, 1047, 1047), strict=True):
            assert abs(pitch_of(samples[round(start * rate) : round((start + 0.03) * rate)], rate) - hertz) < 60
        loud.append(
            [loudness(samples[round((start - 0.01) * rate) :][: round(0.03 * rate)], rate, 1047) for start in starts[5:8]]
        )
        await expect(page.locator("[data-speed]")).not_to_have_text("100 %")
    assert min(loud[1]) > 3 * max(loud[0]), loud


def loudness(samples: Any, rate: int, hertz: float) -> float:
    """Of one partial."""
    turns = np.exp(2j * np.pi * hertz * np.arange(len(samples)) / rate)
    return float(abs((samples * np.hanning(len(samples)) * turns).sum()))


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def tab_to(page: Page, selector: str) -> None:
    """Presses Tab until an element has the focus."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


async def now(page: Page) -> int:
    """The index of the bar that is shaded."""
    return int(await page.evaluate("[...document.querySelectorAll('.shade')].findIndex(each => each.matches('.now'))"))


async def looped(page: Page) -> list[int]:
    script = "[...document.querySelectorAll('.shade')].flatMap((each, bar) => each.matches('.looped') ? [bar] : [])"
    return [int(bar) for bar in await page.evaluate(script)]


async def check_view(page: Page) -> None:
    """Plays the last bar, which is below the window: the page scrolls to it."""
    await press(page, *["ArrowRight"] * 16, "a")  # of 16 that are played; the loop goes on until all is seen
    await page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    await page.set_viewport_size({"width": page.viewport_size["width"], "height": 400})  # type: ignore[index]
    seen = """() => {
      const { top, bottom } = document.querySelector(".shade.now").getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight - document.querySelector("[data-bar]").offsetHeight;
    }"""
    assert not await page.evaluate(seen)
    await press(page, "Space")
    await page.wait_for_function(seen)
    await press(page, "Space", "l")


@pytest.mark.parametrize(("width", "bars_of_lines"), [(390, [2, 2, 2, 2]), (1280, [4, 4])])
async def test_practising_with_the_keyboard_alone(site: Site, browser: Browser, width: int, bars_of_lines: list[int]) -> None:
    async with (
        practising(site, browser, viewport={"width": width, "height": 844}) as (page, _),
        version_maker(site) as made_names,
    ):
        lines = "[...document.querySelectorAll('.system')].map(each => each.querySelectorAll('.measure').length)"
        assert await page.evaluate(lines) == bars_of_lines
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        head = await page.evaluate("document.querySelector('.notehead').getBoundingClientRect().width")
        assert head >= 7  # pixels; with four bars in a line it was 3 on a phone
        play, loop = page.locator('[data-do="play"]'), page.get_by_role("button", name="Loop")
        await press(page, "ArrowRight", "ArrowRight")
        assert await now(page) == 2
        await press(page, "ArrowLeft", "a", "ArrowRight", "b")
        assert await looped(page) == [1, 2] and await loop.get_attribute("aria-pressed") == "true"
        await press(page, "l")
        assert await looped(page) == [] and await loop.get_attribute("aria-pressed") == "false"
        await press(page, "-", "-", "+")
        await expect(page.locator("[data-speed]")).to_have_text("95 %")
        await press(page, "Space")
        await expect(play).to_have_accessible_name("Pause")
        await expect(page.locator(".sounding")).to_have_count(1)
        await press(page, "Space")
        await expect(play).to_have_accessible_name("Play")
        await check_view(page)

        await tab_to(page, '[data-do="tools"]')
        await press(page, "Enter")
        await tab_to(page, '[name="practice-heard"]')
        async with page.expect_response("**/files/version..0.melody.mp3"):
            await press(page, "ArrowRight")
        assert made_names == ["version..0.melody"]
        await tab_to(page, '[name="practice-shortcuts"]')
        await press(page, "Space", "Shift+Tab", "l")
        assert await looped(page) == []  # the keys are off


async def test_versions_rows_and_bars_are_chosen_on_the_sheet(site: Site, browser: Browser) -> None:
    async with practising(site, browser, expected="422") as (page, _), version_maker(site) as names:
        status = page.locator("[data-status]")
        await page.get_by_role("button", name="Tools").click()
        for label, value, name in (
            ("Backing", None, "version..0.backing"),
            ("Instrument", "flute", "version.flute.0.backing"),
            ("Key", "2 written", "version.flute.2.backing"),
        ):
            field = page.get_by_label(label, exact=True)
            async with page.expect_response(f"**/files/{name}.mp3"):
                await (field.select_option(value) if value else field.check())
            await expect(status).to_be_empty()
            assert names[-1] == name
        await expect(page.locator(".sheet text", has_text="E major")).to_have_count(1)
        async with page.expect_response("**/files/version.flute.-2.backing.mp3"):
            await page.get_by_label("Key", exact=True).select_option("on a whistle in C")
        await expect(page.locator(".sheet text", has_text="D major")).to_have_count(1)  # fingered as written

        await page.get_by_label("Under the notes").select_option("whistle")
        await expect(page.locator(".rows circle")).to_have_count(6 * 30)  # of 31 notes a whistle lacks one
        for kind, strings in (("fiddle", 4), ("guitar", 6)):
            await page.get_by_label("Under the notes").select_option(kind)
            await expect(page.locator(".rows .string")).to_have_count(2 * strings)
            assert (await page.locator(".rows .fret").all_text_contents())[:2] == ["0", "0" if kind == "fiddle" else "2"]
        for part, bars in (("Part B", [4, 5, 6, 7]), ("Part A", [0, 1, 2, 3])):
            await page.get_by_role("button", name=part).click()
            assert await looped(page) == bars
        await page.get_by_role("button", name="50 %").click()
        await expect(page.locator("[data-speed]")).to_have_text("50 %")
        await page.get_by_label("Chords").check()
        await expect(page.locator(".rows text", has_text="D").first).to_be_attached()
        await page.get_by_label("Size").select_option("large")
        await expect(page.locator(".system")).to_have_count(4)
        await page.get_by_role("button", name="Tools").click()

        await page.locator(".shade").nth(2).evaluate("shade => shade.scrollIntoView({ block: 'center', behavior: 'instant' })")
        boxes = [await page.locator(".shade").nth(bar).bounding_box() for bar in (2, 3)]
        assert boxes[0] and boxes[1]
        await page.mouse.move(boxes[0]["x"] + 5, boxes[0]["y"] + 40)
        await page.mouse.down()
        await page.mouse.move(boxes[1]["x"] + 60, boxes[1]["y"] + 40, steps=4)
        await page.mouse.up()
        assert await looped(page) == [2, 3]
        await page.locator("#b4n2 .notehead").click()
        await expect(page.get_by_role("button", name="Pause")).to_be_visible()
        await expect(page.locator(".sounding")).to_have_id("b4n2")
        assert await looped(page) == []  # what was pressed is outside

        await page.get_by_role("button", name="Tools").click()
        await page.get_by_label("Key", exact=True).select_option("5 written")
        await expect(status).to_contain_text("could not be recorded")


async def test_where_it_rests_the_first_note_of_the_bar_is_lit_even_if_it_is_played_late(site: Site, browser: Browser) -> None:
    times = json.loads(made()["timemap.json"][1])
    for note in times["notes"]:
        note["onset_ms"] += 6
    late = ("application/json", json.dumps(times).encode())
    files = {f"tune.{name}": late if name == "timemap.json" else file for name, file in made().items()}
    tune_id = await site.discord_tune("late notes", share=True, files=files)
    async with open_page(browser, site.address) as page:
        await page.goto(f"/tunes/{tune_id}")
        await expect(page.get_by_role("region", name="Practice")).to_be_visible()
        await press(page, "ArrowRight")
        await expect(page.locator(".sounding")).to_have_id("b1n0")


CONTRAST = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/\\d+/g).map((each) => each / 255)
      .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const of = (one, other) => Math.max(light(one), light(other)) / Math.min(light(one), light(other));
  const fill = (selector) => getComputedStyle(document.querySelector(selector)).fill;
  const sheet = getComputedStyle(document.querySelector(".sheet")).backgroundColor;
  const sounding = fill(".sounding .notehead");
  return [of(sounding, fill(".shade.now")), of(sounding, sheet), of(fill("#b0n2 .notehead"), sheet)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_notes_stand_out_from_the_sheet_in_light_and_dark(site: Site, browser: Browser, scheme: str) -> None:
    async with practising(site, browser, color_scheme=scheme) as (page, _):
        await press(page, "ArrowRight")
        await expect(page.locator(".sounding")).to_have_id("b1n0")
        assert min(await page.evaluate(CONTRAST)) >= 4.5


async def test_a_tune_that_was_seen_works_without_a_network_until_it_is_gone(site: Site, browser: Browser) -> None:
    async with practising(site, browser, expected="Failed to load resource") as (page, tune_id), version_maker(site):
        kept = "async () => (await (await caches.open('pages')).keys()).map((request) => new URL(request.url).pathname)"
        await page.wait_for_function(f"async () => (await ({kept})()).includes('/tunes/{tune_id}/files/tune.mp3')")
        await page.get_by_role("button", name="Tools").click()
        async with page.expect_response("**/version..0.melody.mp3"):
            await page.get_by_label("Melody").check()
        await expect(page.locator("[data-status]")).to_be_empty()

        await page.context.set_offline(True)
        await page.reload()
        await expect(page.get_by_role("region", name="Practice")).to_be_visible()
        await page.keyboard.press("Space")
        await expect(page.get_by_role("button", name="Pause")).to_be_visible()
        await expect(page.locator(".sounding")).to_have_count(1)
        await page.keyboard.press("Space")
        await page.get_by_role("button", name="Tools").click()
        await page.get_by_label("Melody").check()  # was recorded before
        await expect(page.locator("[data-status]")).to_be_empty()
        await page.get_by_label("Backing").check()
        await expect(page.locator("[data-status]")).not_to_be_empty()
        await page.goto("/gallery?title=never+seen")
        await expect(page.get_by_role("heading", name="Kept on this device")).to_be_visible()
        await expect(page.get_by_role("link", name="The Measured Reel")).to_be_visible()

        await page.context.set_offline(False)
        await page.goto(f"/tunes/{tune_id}/delete")
        await page.get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("heading", name="Deleted")).to_be_visible()
        await page.goto(f"/tunes/{tune_id}")
        assert not [path for path in await page.evaluate(kept) if tune_id in path]
        await page.goto("/offline")
        await expect(page.locator("[data-kept] li")).to_have_count(0)


async def test_the_page_can_be_installed(site: Site, browser: Browser) -> None:
    async with open_page(browser, site.address) as page:
        await page.goto("/")
        manifest = await page.evaluate("fetch(document.querySelector('[rel=manifest]').href).then((answer) => answer.json())")
        assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
        session = await page.context.new_cdp_session(page)
        errors = (await session.send("Page.getInstallabilityErrors"))["installabilityErrors"]
        assert {error["errorId"] for error in errors} <= {"in-incognito"}  # as all pages of tests


async def test_axe_finds_nothing_while_somebody_practises(site: Site, browser: Browser) -> None:
    async with practising(site, browser, reduced_motion="reduce") as (page, _):
        await press(page, "ArrowRight", "a")
        await check(page, "practice bar with a loop")
        await page.get_by_role("button", name="Tools").click()
        for rows in ("whistle", "guitar"):
            await page.get_by_label("Under the notes").select_option(rows)
        await page.get_by_label("Chords").check()
        await expect(page.locator(".rows .string").first).to_be_attached()
        await check(page, "tools and tablature")
        await page.goto("/offline")
        await expect(page.locator("[data-kept] li").first).to_be_visible()
        await check(page, "what is kept")
