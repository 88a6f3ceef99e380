"""The compose page in a real browser, with the real worker behind it: compose, listen, download, vary."""

from pathlib import Path

import pytest

from generator.notation.reader import read
from generator.notation.structure import illegal_bars
from tests.browser import open_browser, open_page
from tests.end_to_end.tunesmith import START_S, Tunesmith

pytestmark = pytest.mark.asyncio(loop_scope="package")

PLAYING_TIME = """() => new Promise(resolve => {
    const audio = document.querySelector('audio');
    audio.onloadedmetadata = () => resolve(audio.duration);
    audio.load();
})"""
SHEET_IS_DRAWN = """() => {
    const sheet = document.querySelector('.sheet :is(img, svg)'); // a script puts the SVG in the place of the image
    const drawn = sheet?.getBoundingClientRect();
    return drawn && Math.min(drawn.width, drawn.height) > 50;
}"""


async def test_a_visitor_composes_listens_downloads_and_varies(tunesmith: Tunesmith) -> None:
    async with open_browser() as browser, open_page(browser, tunesmith.address) as page:
        page.set_default_timeout(1_000 * START_S)
        await page.goto("/")
        await page.get_by_label("Your words, or ABC").fill("a waltz in A minor")
        await page.get_by_role("button", name="Compose").click()
        await page.wait_for_url("**/tunes/*")
        await page.wait_for_selector("audio", state="attached")
        assert await page.evaluate(PLAYING_TIME) > 20
        await page.wait_for_function(SHEET_IS_DRAWN)
        async with page.expect_download() as downloading:
            await page.get_by_role("link", name="ABC", exact=True).click()
        path = await (await downloading.value).path()
        score = read(Path(path).read_text(encoding="utf-8"))
        assert (score.rhythm, score.key.abc, str(score.metre)) == ("waltz", "Am", "3/4")
        assert illegal_bars(score) == []

        first = page.url
        await page.get_by_role("button", name="Vary").click()
        await page.wait_for_url(lambda address: address != first)
        await page.wait_for_selector("audio", state="attached")
