"""Who may use each button and menu with a private tune: a table with a row for each that the bot has registered."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.texts import common, gallery
from generator.request import TuneRequest
from storage import Composition, Origin
from tests.bot.discord.conftest import ABC, Stage
from tests.bot.discord.forging import Forger, components
from tests.bot.discord.test_strangers import ANOTHER_SERVER, lift_limits
from tests.loopback.discord import FIDDLER, HERMIT, PIPER, TUNES, Channel, Payload, Person

NO_ID = "0" * 12
VIEWERS: dict[str, tuple[Person, Channel]] = {
    "owner": (PIPER, TUNES),
    "moderator": (FIDDLER, TUNES),
    "fellow": (HERMIT, TUNES),  # in the channel where the tune was posted
    "stranger": (HERMIT, ANOTHER_SERVER),
}
HERE, MAY_DELETE, OWNER = {"owner", "moderator", "fellow"}, {"owner", "moderator"}, {"owner"}
NOBODY: set[str] = set()
ANYBODY = set(VIEWERS)
RULES = {
    **dict.fromkeys(("tune:again", "tune:vary", "tune:vary-little", "tune:vary-lot", "tune:continue", "tune:second-part"), HERE),
    **dict.fromkeys(("tune:change", "tune:instrument", "tune:choose-instrument", "tune:files", "tune:like"), HERE),
    "tune:continue-editing": ANYBODY,  # what they typed themselves
    **dict.fromkeys(("tune:share", "tune:unshare", "cancel"), OWNER),
    **dict.fromkeys(("tune:delete", "tune:confirm-delete"), MAY_DELETE),
    **dict.fromkeys(("set:again", "set:choose", "session:whole"), NOBODY),  # the tune is in no set and no session
    "session:your-turn": ANYBODY,  # an empty form
    **dict.fromkeys(("open", "opened:like", "opened:keep"), HERE),
    "opened:delete": HERE,  # asks; see the next ones
    "opened:confirm-delete": OWNER,
    **dict.fromkeys(("opened:share", "opened:unshare", "opened:post"), OWNER),
}
WITHOUT_TUNE = ("privacy:", "page:")
REFUSALS = (common.TUNE_GONE, common.TUNE_IS_PRIVATE, gallery.TUNE_GONE, "Only the owner of", "Only the person who requested")


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    lift_limits(monkeypatch)


def name_of(custom_id: str) -> str:
    """`tune:vary`, `open`: what a custom id does, without the tune and the page."""
    first, second, *_ = custom_id.split(":")
    return first if first in ("open", "cancel") else f"{first}:{second}"


async def private_tune(stage: Stage, event_id: str) -> str:
    origin = Origin("discord", event_id, PIPER.id, TUNES.id, TUNES.server)
    tune = await stage.storage.add(TuneRequest.check(seed=7), origin)
    made = Composition(ABC, "Mine", "reel", "Ador", "4/4", 2_000, "test lstm", {})
    await stage.storage.finish(tune.id, made, {"tune.abc": ("text/vnd.abc", ABC.encode()), "tune.mid": ("audio/midi", b"MThd")})
    await stage.storage.mark_delivered(tune.id, "555")
    return tune.id


def with_id(item: Payload, tune_id: str) -> Payload:
    options = [option | {"value": option["value"].replace(NO_ID, tune_id)} for option in item.get("options", [])]
    return item | {"custom_id": item["custom_id"].replace(NO_ID, tune_id)} | ({"options": options} if options else {})


async def may(stage: Stage, item: Payload, viewer: str) -> bool:
    """Whether somebody who uses the item of a new private tune is not refused."""
    tune_id = await private_tune(stage, f"{item['custom_id']} {viewer}")
    person, channel = VIEWERS[viewer]
    forger = Forger(stage, channel, person)
    await forger.use(with_id(item, tune_id))
    await forger.handled()
    said = "".join(text for _, text in forger.said())
    return not any(refusal in said for refusal in REFUSALS)


async def test_each_button_and_menu_does_what_its_row_says(stage: Stage) -> None:
    stage.side_bot.context.desk._limit = 10_000
    found: dict[str, set[str]] = {}
    for item in components(NO_ID):
        if not item["custom_id"].startswith(WITHOUT_TUNE):
            allowed: Any = {viewer for viewer in VIEWERS if await may(stage, item, viewer)}
            name = name_of(item["custom_id"])
            assert found.setdefault(name, allowed) == allowed, item["custom_id"]
    assert found == RULES
