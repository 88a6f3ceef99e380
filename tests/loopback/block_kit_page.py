"""Draws messages and views of the real Slack app as a person sees them:

    .venv/bin/python -m tests.loopback.block_kit_page OUT_DIR

Writes an HTML page and a PNG for each into OUT_DIR. It needs a Chromium.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import structlog

from generator.notation.reader import read
from generator.rendering.sheet.engraving import engrave, to_png
from generator.rendering.sheet.musicxml import write_musicxml
from generator.request import TuneRequest
from storage.storage import open_storage
from storage.tunes import Status
from storage.viewer import Viewer
from tests.bot import worker
from tests.bot.slack.conftest import Stage
from tests.browser import open_browser
from tests.loopback.block_kit_html import Drawing, page
from tests.loopback.slack import DIRECT, FIDDLER, HIDDEN, TUNES, FakeSlack, Payload

WEB = "https://tunes.example.org"
ABC = """X:1
T:The Piper on the Quay
R:reel
M:4/4
L:1/8
K:Ador
|:EAAB c2Bc|dBAB G2EG|EAAB c2Bc|dBGB A4|EAAB c2Bc|dBAB G2EG|c2ec B2dB|AGEG A4:|
|:a2ab ageg|dedB G2BG|a2ab aged|egdB A4|a2ab ageg|dedB GABd|c2ec B2dB|AGEG A4:|
"""
NAMES = {FIDDLER.id: "fiddler", TUNES.id: "tunes", HIDDEN.id: "hidden"}


def sheet() -> bytes:
    score = read(ABC)
    return to_png(engrave(score, write_musicxml(score)))


async def screens(stage: Stage) -> AsyncIterator[tuple[str, Payload]]:
    """Names, and messages or views."""
    slack = stage.slack
    asked = await slack.slash("tune", "a reel in A dorian")
    tune = await stage.accepted(asked)
    card = await stage.card(tune.id)
    yield "card-queued", card
    await stage.storage.start(tune.id)
    await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=9)
    await slack.until(lambda: "9 bars" in card["text"])
    yield "card-composing", card
    scores = {"closest_tune": {"title": "The Salamanca", "shared_notes": 14}}
    await _finish(stage, tune.id, title="The Piper on the Quay", scores=scores)
    message = slack.state.messages[TUNES.id, await stage.delivered(tune.id)]
    yield "tune", message

    child = await stage.requested(TuneRequest.check(mode="vary", opening=ABC), parent_id=tune.id, channel=HIDDEN)
    await _finish(stage, child.id, title="Rosin & <Reels> *loud*", notices=("Only the first voice was read.",))
    yield "variation-sent-directly", slack.state.messages[DIRECT.id, await stage.delivered(child.id)]

    first = await stage.requested(TuneRequest.check(rhythm="reel"), TuneRequest.check(rhythm="jig"))
    assert first.set_id
    for one, title in zip(await stage.storage.set_of(first.set_id), ("The Harbour Light", "Sergeant Early's Dream"), strict=True):
        await _finish(stage, one.id, title=title)
    yield "set", slack.state.messages[TUNES.id, await stage.delivered(first.id)]

    failed = await stage.requested()
    card = await stage.card(failed.id)
    await stage.storage.start(failed.id)
    await stage.storage.fail(failed.id, "The model could not continue this opening. Please send a shorter one.")
    await stage.delivered(failed.id)
    yield "failed", card

    await stage.storage.sharing.share(tune.id, Viewer("slack", FIDDLER.id, FIDDLER.team.id))
    for name in ("help", "gallery", "mine", "top"):
        count = len(slack.ephemerals())
        await (slack.slash("tune", name) if name == "help" else slack.slash(name))
        await slack.private_text(after=count)
        yield name, slack.ephemerals()[-1]

    await slack.slash("tune")
    yield "compose-form", await slack.modal()
    await slack.close_view(slack.views_of()[-1])
    await slack.click(message, "tune:change")
    yield "change-form", await slack.modal()
    await slack.close_view(slack.views_of()[-1])
    await slack.slash("tune", "defaults")
    yield "defaults", await slack.modal()
    await slack.close_view(slack.views_of()[-1])

    await slack.open_home()
    home = await slack.until(slack.home)
    yield "home", home
    said = await slack.write(f"Listen to this: {WEB}/tunes/{tune.id}")
    await slack.until(lambda: said.get("attachments"))
    yield "link", said


async def _finish(stage: Stage, tune_id: str, *, title: str, **changes: object) -> None:
    await stage.compose(tune_id, title=title, abc=ABC.replace("The Piper on the Quay", title), duration_ms=31_000, **changes)


async def draw(folder: Path) -> None:
    picture = sheet()
    worker.FILES["tune.png"] = ("image/png", picture)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        async with open_storage(data_dir=Path(data)) as storage, FakeSlack(unfurl_domains=("tunes.example.org",)) as slack:
            stage = Stage(slack, storage)
            await stage.start_app(web_url=WEB)
            drawing = Drawing(lambda id: slack.files.all[id].content or b"" if id in slack.files.all else picture, NAMES)
            async with open_browser() as browser:
                window = await browser.new_page(viewport={"width": 760, "height": 200}, device_scale_factor=1.5)
                async for name, shown in screens(stage):
                    content = page(drawing.message(shown) if shown["type"] == "message" else drawing.view(shown))
                    (folder / f"{name}.html").write_text(content, encoding="utf-8")
                    await window.set_content(content)
                    await window.screenshot(path=folder / f"{name}.png", full_page=True)
            await stage.stop_app()
            slack.assert_rules_kept()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(draw(Path(sys.argv[1])))
