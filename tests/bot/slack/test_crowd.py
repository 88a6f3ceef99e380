"""100 people use the app at the same moment."""

from __future__ import annotations

import pytest

from bot.slack.core import limits
from storage.storage import Storage
from tests.bot.slack import crowd
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import FakeSlack, Limits
from tests.patience import HANG_S

FASTER = 50  # how many times as much as Slack the stand-in takes here


@pytest.mark.timeout(600)  # takes 20 s on an idle machine
async def test_100_people_at_once_are_acknowledged_in_time_and_get_their_tunes_once(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STORE_FIRST_S", 1.0)
    monkeypatch.setattr(limits, "LOOKUP_S", 0.5)
    monkeypatch.setattr(limits, "CALLS_PER_MINUTE", FASTER * limits.CALLS_PER_MINUTE)
    per_minute = {method: FASTER * calls for method, calls in limits.METHOD_CALLS_PER_MINUTE.items()}
    monkeypatch.setattr(limits, "METHOD_CALLS_PER_MINUTE", per_minute)
    monkeypatch.setattr(limits, "POST_INTERVAL_S", 1 / FASTER)
    monkeypatch.setattr(limits, "CARD_INTERVAL_S", 1 / FASTER)
    async with FakeSlack(limits=Limits(messages_s=1 / FASTER, tiers=False)) as slack:
        stage = Stage(slack, storage)
        await stage.start_app()
        _, message = await stage.posted()
        asked = await crowd.press(stage, message)
        async with crowd.fake_worker(stage):
            await crowd.all_delivered(stage, asked, 4 * HANG_S)
        assert crowd.posted(stage) == {person.id: 1 for person in crowd.CROWD}
        cards = [message["text"] for message in slack.state.messages.values() if not message.get("files")]
        assert cards == []
        slack.assert_rules_kept()  # each acknowledgement came within 3 s of the stand-in's clock
        await stage.stop_app()
