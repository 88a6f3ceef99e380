"""What tests of sharing in Slack do again and again."""

from __future__ import annotations

import asyncio

import pytest

from bot.core import channel_posts
from bot.slack.core import limits
from storage import PUBLIC, Viewer
from tests.bot.slack.conftest import MESSAGES_S, Stage
from tests.loopback.slack import (
    PIPER,
    SESSION,
    SHOWCASE,
    Channel,
    Payload,
    Person,
)
from tests.patience import HANG_S

HERE = Viewer("slack", PIPER.id, SESSION.id)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHANNEL_POST_S", HANG_S)
    monkeypatch.setattr(channel_posts, "LOOK_FOR_TUNES_S", MESSAGES_S)


async def sharing_in(stage: Stage, channel: Channel) -> None:
    await stage.storage.preferences.change_community(HERE, sharing_channel=channel.id)


async def ready_to_share(stage: Stage, channel: Channel = SHOWCASE) -> tuple[str, Payload]:
    """PIPER's tune and its message, in a workspace with a sharing channel."""
    await sharing_in(stage, channel)
    return await stage.posted(person=PIPER)


async def shared(stage: Stage) -> list[str]:
    return [tune.id for tune in (await stage.storage.gallery.shared(PUBLIC)).tunes]


async def told(stage: Stage, message: Payload, button: str, person: Person = PIPER) -> str:
    """What the person is told after a press."""
    before = len(stage.slack.ephemerals(person))
    await stage.slack.acked(await stage.slack.click(message, button, person=person))
    answers = await stage.slack.until(lambda: stage.slack.ephemerals(person)[before:])
    return str(answers[-1]["text"])


async def known(stage: Stage, tune_id: str) -> str:
    """The stored id of the post in the sharing channel, once there is one."""
    async with asyncio.timeout(HANG_S):
        while True:
            tune = await stage.tune(tune_id)
            if tune.shared and tune.shared.message_id:
                return tune.shared.message_id
            await asyncio.sleep(0.01)
