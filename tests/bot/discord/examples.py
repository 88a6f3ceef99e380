"""Finished tunes in the database, as if people had requested them earlier."""

from __future__ import annotations

from typing import Any

from generator.request import TuneRequest
from storage import Composition, Origin, Viewer
from tests.bot.discord.conftest import ABC, FILES, Stage
from tests.loopback.discord import FIDDLER, TUNES, Channel, Payload, Person


async def stored_tune(
    stage: Stage, title: str, *, person: Person = FIDDLER, channel: Channel = TUNES, share: bool = True, **changes: Any
) -> str:
    """Returns the tune's id. Its message id is 555, but there is no such message."""
    storage = stage.storage
    origin = Origin("discord", f"event of {title}", person.id, channel.id, channel.server)
    tune = await storage.add(TuneRequest.check(seed=7), origin)
    composed: dict[str, Any] = {
        "abc": ABC.replace("The Loopback", title), "title": title, "rhythm": "reel", "key": "Ador", "metre": "4/4",
        "duration_ms": 2_000, "model": "test lstm", "scores": {},
    }  # fmt: skip
    await storage.finish(tune.id, Composition(**composed | changes), FILES)
    await storage.mark_delivered(tune.id, "555")
    if share:
        await storage.sharing.share(tune.id, Viewer("discord", person.id, channel.server))
    return tune.id


def titles_on(page: Payload) -> list[str]:
    """The titles of the tunes in a page's menu."""
    menus = [item for row in page["components"] for item in row["components"] if item["type"] == 3]
    return [option["label"] for menu in menus for option in menu["options"]]
