"""The Cancel button on a queue card."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from storage import Status, Tune
from storage.viewer import Viewer
from tests.bot.discord.conftest import Stage
from tests.loopback.discord import ELSEWHERE, PIPER, PRIVATE, TUNES, Channel, Interaction, Payload
from tests.storage.examples import execute

CANCELLED = "Cancelled. You can request another tune at any time."


async def queued_tune(stage: Stage, channel: Channel = TUNES) -> tuple[Interaction, Tune, Payload]:
    """A tune in the queue, and its card with the Cancel button."""
    asked = await stage.discord.slash("tune", channel=channel)
    tune = await stage.accepted(asked)
    card = await stage.discord.until(lambda: with_button(stage, asked))
    assert card is not None
    return asked, tune, card


def with_button(stage: Stage, asked: Interaction) -> Payload | None:
    card = stage.discord.card(asked)
    return card if card and list(stage.discord.buttons(card)) == ["Cancel"] else None


async def cancelled(stage: Stage, asked: Interaction, tune: Tune) -> None:
    """Checks that the card says “Cancelled” and does not change, and that the tune is deleted."""
    card: Any = await stage.discord.until(lambda: (c := stage.discord.card(asked)) and c["content"] == CANCELLED and c)
    assert card["components"] == []
    assert await stage.storage.tune(tune.id) is None
    await asyncio.sleep(0.1)
    assert stage.discord.card(asked) == card
    stage.discord.assert_no_pings()


@pytest.mark.parametrize("channel", [TUNES, ELSEWHERE, PRIVATE], ids=lambda channel: channel.name)
async def test_the_owner_can_cancel_a_tune_in_the_queue(stage: Stage, channel: Channel) -> None:
    asked, tune, card = await queued_tune(stage, channel)
    await stage.discord.click(card, "Cancel")
    await cancelled(stage, asked, tune)
    assert stage.discord.tunes(channel) == []
    assert not await stage.storage.start(tune.id), "no worker may take it"


async def test_the_owner_can_cancel_a_tune_that_is_being_composed(stage: Stage) -> None:
    asked, tune, card = await queued_tune(stage)
    await stage.storage.start(tune.id)
    await stage.storage.progress(tune.id, status=Status.COMPOSING, bars=5)
    await stage.discord.until(lambda: "5 bars" in (stage.discord.card(asked) or {})["content"])
    await stage.discord.click(card, "Cancel")
    await cancelled(stage, asked, tune)


async def test_only_the_owner_can_cancel(stage: Stage) -> None:
    asked, tune, card = await queued_tune(stage)
    pressed = await stage.discord.click(card, "Cancel", person=PIPER)
    assert await stage.discord.private_text(pressed) == "Only the person who requested this tune can cancel it."
    assert await stage.storage.tune(tune.id) is not None
    assert with_button(stage, asked)


async def test_a_tune_can_be_cancelled_after_a_restart(stage: Stage) -> None:
    asked, tune, card = await queued_tune(stage)
    await stage.stop_bot()
    await stage.start_bot()
    await stage.discord.click(card, "Cancel")
    await cancelled(stage, asked, tune)


@pytest.mark.parametrize("channel", [TUNES, ELSEWHERE], ids=lambda channel: channel.name)
async def test_a_tune_can_be_cancelled_after_the_token_has_expired(stage: Stage, channel: Channel) -> None:
    asked, tune, card = await queued_tune(stage, channel)
    stage.discord.expire(asked)
    await stage.discord.click(card, "Cancel")
    await cancelled(stage, asked, tune)


async def test_the_card_shows_that_its_tune_was_deleted_elsewhere(stage: Stage) -> None:
    asked, tune, _ = await queued_tune(stage)
    await stage.storage.sharing.delete(tune.id, viewer_of(tune))
    await cancelled(stage, asked, tune)


async def test_cancelling_a_cancelled_or_finished_tune_is_refused_privately(stage: Stage) -> None:
    _, tune, card = await queued_tune(stage)
    card = dict(card)  # the copy that the person still sees
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    pressed = await stage.discord.click(card, "Cancel")
    assert "already finished" in await stage.discord.private_text(pressed)
    await stage.storage.sharing.delete(tune.id, viewer_of(tune))
    pressed = await stage.discord.click(card, "Cancel")
    assert "no longer exists" in await stage.discord.private_text(pressed)


async def test_a_failing_database_is_reported_privately(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    _, tune, card = await queued_tune(stage)

    async def fail(*_: object, **__: object) -> None:
        raise OSError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(stage.storage.sharing, "delete", fail)
        pressed = await stage.discord.click(card, "Cancel")
        assert "try again" in await stage.discord.private_text(pressed)
    assert await stage.storage.tune(tune.id) is not None


async def test_the_card_of_a_failed_tune_has_no_cancel_button(stage: Stage) -> None:
    asked, tune, _ = await queued_tune(stage)
    await stage.storage.fail(tune.id, "The opening leaves no room for a tune.")
    await stage.delivered(tune.id)
    card = stage.discord.card(asked)
    assert card is not None
    assert (card["content"], card["components"]) == ("The opening leaves no room for a tune.", [])


async def test_the_card_shows_the_time_left_once_it_is_known(stage: Stage, url: str) -> None:
    discord = stage.discord
    first = await stage.accepted(await discord.slash("tune"))
    await stage.compose(first.id)
    execute(url, "UPDATE tunes SET started_at = finished_at - interval '2 s'")
    await stage.stop_bot()  # the desk reads the queue speed only at intervals
    await stage.start_bot()
    asked, tune, card = await queued_tune(stage)
    assert card["content"] == "🎻 Next in the queue …\n-# a few seconds left"
    await stage.storage.start(tune.id)
    await discord.until(lambda: (discord.card(asked) or {})["content"].startswith("🎻 Composing …\n-# a few"))


def viewer_of(tune: Tune) -> Viewer:
    return Viewer("discord", tune.origin.user_id, tune.origin.community_id)
