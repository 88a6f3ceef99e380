"""Finished tunes in the database, as if people had requested them earlier, and the private answers that show them."""

from __future__ import annotations

import re
from typing import Any

from bot.slack.core.reply import Reply
from generator.request import TuneRequest
from storage.tunes import Composition, Origin
from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.bot.worker import ABC, FILES
from tests.loopback.slack import FIDDLER, SESSION, TUNES, Channel, Payload, Person, Sent, text_of


async def stored_tune(
    stage: Stage, title: str, *, person: Person = FIDDLER, channel: Channel = TUNES, share: bool = True, **changes: Any
) -> str:
    """Returns the tune's id. Its message is one that the app posted in the channel."""
    storage, team = stage.storage, person.team
    posted = stage.slack.state.add_message(channel, {"bot_id": SESSION.bot_id}, {"text": title})
    reply = Reply(team.id, team.enterprise.id if team.enterprise else "")
    community_id = "" if channel.id.startswith("D") else team.id
    origin = Origin("slack", f"event of {title}", person.id, channel.id, community_id, reply.as_dict())
    tune = await storage.add(TuneRequest.check(seed=7), origin)
    composed: dict[str, Any] = {
        "abc": ABC.replace("The Loopback", title), "title": title, "rhythm": "reel", "key": "Ador", "metre": "4/4",
        "duration_ms": 2_000, "model": "test lstm", "scores": {},
    }  # fmt: skip
    await storage.finish(tune.id, Composition(**composed | changes), FILES)
    await storage.mark_delivered(tune.id, posted["ts"])
    if share:
        await storage.sharing.share(tune.id, Viewer("slack", person.id, team.id))
    return tune.id


async def answer_to(stage: Stage, command: str, text: str = "", *, person: Person = FIDDLER, **where: Channel) -> Payload:
    """The private message with which the app answers a command of the person."""
    before = len(stage.slack.ephemerals(person))
    await stage.slack.acked(await stage.slack.slash(command, text, person=person, **where))
    return (await stage.slack.until(lambda: stage.slack.ephemerals(person)[before:]))[0]


async def changed(stage: Stage, shown: Payload, sent: Sent) -> Payload:
    """The private message, once it is changed after a press of its button."""
    before = text_of(shown), stage.slack.buttons(shown)
    await stage.slack.acked(sent)
    await stage.slack.until(lambda: (text_of(shown), stage.slack.buttons(shown)) != before)
    return shown


def titles_on(page: Payload) -> list[str]:
    """The titles of the tunes in a list, in a message or a view."""
    texts = (block.get("text", {}).get("text", "") for block in page["blocks"] if block["type"] == "section")
    rows = [text for text in texts if "\n" in text and "♥" in text]
    titles = (row.split("\n")[0].strip("*") for row in rows)
    return [re.sub(r"<[^|>]*\|(.*)>", r"\1", title).replace("\u200b", "") for title in titles]
