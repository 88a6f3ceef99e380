"""The queue card: the progress of a tune, at most one edit a second in a channel, until the tune is there."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.slack.core import limits
from storage import Status
from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import FIDDLER, SESSION, text_of


async def test_the_card_shows_the_progress_and_a_cancel_button(stage: Stage) -> None:
    tune = await stage.requested()
    card = await stage.card(tune.id)
    assert text_of(card).startswith("🎻 Next in the queue …")
    assert stage.slack.buttons(card) == ["Cancel"]
    await stage.storage.start(tune.id)
    await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=5)
    await stage.slack.until(lambda: "5 bars" in text_of(card))
    await stage.storage.progress(tune.id, status=Status.RENDERING, bars=16)
    await stage.slack.until(lambda: "engraving" in text_of(card))
    assert stage.slack.buttons(card) == ["Cancel"]
    assert f"for <@{FIDDLER.id}>" in text_of(card)
    stage.slack.assert_rules_kept()


async def test_the_card_is_gone_when_the_tune_is_there(stage: Stage) -> None:
    tune = await stage.requested()
    card = await stage.card(tune.id)
    await stage.compose(tune.id)
    message_id = await stage.delivered(tune.id)
    assert [message["ts"] for message in stage.slack.messages_in()] == [message_id]
    assert card["ts"] != message_id


async def test_the_card_of_a_thread_without_replies_leaves_no_trace(stage: Stage) -> None:
    first = await stage.slack.write("a reel?")
    tune = await stage.requested(thread=first)
    await stage.card(tune.id)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert stage.slack.messages_in() == [first, *stage.slack.tunes()]


async def test_cards_of_a_channel_are_edited_at_most_once_an_interval(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CARD_INTERVAL_S", 0.5)
    monkeypatch.setattr(limits, "METHOD_CALLS_PER_MINUTE", {"chat.update": 600})
    tunes = [await stage.requested() for _ in range(2)]
    cards = [await stage.card(tune.id) for tune in tunes]
    began_s, before = time.monotonic(), stage.slack.calls_of.get("chat.update", 0)
    for bars in range(1, 60):
        for tune in tunes:
            if bars == 1:
                await stage.storage.start(tune.id)
            await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=bars)
    await stage.slack.until(lambda: all("59 bars" in text_of(card) for card in cards))
    edits = stage.slack.calls_of["chat.update"] - before
    assert edits <= (time.monotonic() - began_s) / 0.5 + 2
    stage.slack.assert_rules_kept()


async def test_progress_is_shown_again_after_a_restart(stage: Stage) -> None:
    tune = await stage.requested()
    card = await stage.card(tune.id)
    await stage.restart()
    await stage.storage.start(tune.id)
    await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=5)
    await stage.slack.until(lambda: "5 bars" in text_of(card))
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    assert len(stage.slack.messages_in()) == 1


async def test_a_cooldown_is_shown_in_the_readers_time_zone(stage: Stage) -> None:
    here = Viewer("slack", community_id=SESSION.id)
    await stage.storage.preferences.change_community(here, cooldown_s=3_600)
    await stage.posted()
    tune = await stage.requested()
    shown = text_of(await stage.card(tune.id))
    assert "cooldown: your next tune can start at <!date^" in shown
    unix_s = int(shown.partition("<!date^")[2].partition("^")[0])
    assert datetime.now(UTC) < datetime.fromtimestamp(unix_s, UTC) < datetime.now(UTC) + timedelta(seconds=3_601)
    stage.slack.assert_rules_kept()


async def test_edits_of_cards_leave_calls_to_other_edits(monkeypatch: pytest.MonkeyPatch, stage: Stage) -> None:
    monkeypatch.setattr(limits, "METHOD_CALLS_PER_MINUTE", {"chat.update": 6})
    monkeypatch.setattr(limits, "KEPT_FROM_CARDS", 4)
    tune = await stage.requested()
    card = await stage.card(tune.id)
    await stage.storage.start(tune.id)
    for bars in range(1, 20):
        await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=bars)
        await asyncio.sleep(0.02)
    await stage.compose(tune.id)
    await stage.delivered(tune.id)  # the card that waits does not delay its tune
    assert stage.slack.calls_of["chat.update"] <= 2
    assert card["ts"] not in {message["ts"] for message in stage.slack.messages_in()}
