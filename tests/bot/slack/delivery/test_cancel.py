"""Cancelling a tune by the button on its card."""

from __future__ import annotations

from bot.core.texts import delivery as texts
from generator.request import TuneRequest
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import PIPER, text_of


async def test_cancel_deletes_the_tune_and_says_so_on_the_card(stage: Stage) -> None:
    tune = await stage.requested()
    card = await stage.card(tune.id)
    await stage.slack.acked(await stage.slack.click(card, "Cancel"))
    await stage.slack.until(lambda: text_of(card) == texts.CANCELLED)
    assert stage.slack.buttons(card) == []
    await stage.idle()
    assert await stage.storage.tune(tune.id) is None
    stage.slack.assert_rules_kept()


async def test_cancel_deletes_the_whole_set(stage: Stage) -> None:
    tune = await stage.requested(TuneRequest.check(), TuneRequest.check())
    card = await stage.card(tune.id)
    await stage.compose(tune.id)
    await stage.slack.until(lambda: "1 of 2" in text_of(card))
    await stage.slack.click(card, "Cancel")
    await stage.slack.until(lambda: text_of(card) == texts.CANCELLED)
    await stage.idle()
    assert tune.set_id and await stage.storage.set_of(tune.set_id) == []
    assert stage.slack.tunes() == []
    stage.slack.assert_rules_kept()


async def test_only_the_owner_can_cancel(stage: Stage) -> None:
    tune = await stage.requested()
    card = await stage.card(tune.id)
    await stage.slack.click(card, "Cancel", person=PIPER)
    assert "Nur die Person" in await stage.slack.private_text(PIPER)
    assert await stage.storage.tune(tune.id) is not None
    await stage.compose(tune.id)
    await stage.delivered(tune.id)


async def test_cancel_works_after_a_restart(stage: Stage) -> None:
    tune = await stage.requested()
    card = await stage.card(tune.id)
    await stage.restart()
    await stage.slack.click(card, "Cancel")
    await stage.slack.until(lambda: text_of(card) == texts.CANCELLED)
    assert await stage.storage.tune(tune.id) is None


async def test_cancel_on_a_card_that_a_dead_process_left_removes_it(stage: Stage) -> None:
    tune = await stage.requested()
    card = await stage.card(tune.id)
    stage.slack.refuse("chat.update", "message_not_found", times=9)  # nothing changes the card
    await stage.slack.click(card, "Cancel")
    await stage.idle()
    assert card in stage.slack.messages_in()
    await stage.slack.click(card, "Cancel")
    assert "no longer exists" in await stage.slack.private_text()
    await stage.slack.until(lambda: card not in stage.slack.messages_in())


async def test_a_tune_that_finishes_before_cancel_arrives_is_delivered(stage: Stage) -> None:
    tune = await stage.requested()
    card = await stage.card(tune.id)
    release = stage.slack.hold("files.completeUploadExternal")
    await stage.compose(tune.id)
    await stage.slack.until(lambda: not stage.slack.faults_left)
    await stage.slack.click(card, "Cancel")
    assert "already finished" in await stage.slack.private_text()
    release.set()
    await stage.delivered(tune.id)
    assert stage.slack.messages_in() == stage.slack.tunes()
