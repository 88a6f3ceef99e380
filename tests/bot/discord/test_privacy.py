"""`/privacy`: what is stored, and deleting it."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import discord
import pytest

from storage import StoredData, Viewer
from tests.bot.discord.conftest import Stage
from tests.bot.discord.examples import stored_tune
from tests.bot.discord.test_gallery import changed_page, page_of, press_button
from tests.loopback.discord import DIRECT, ELSEWHERE, FIDDLER, PIPER, TUNES, Channel, Payload
from tests.loopback.discord_server import DEFERRED_UPDATE

ANN, BEN = Viewer("discord", FIDDLER.id, TUNES.server), Viewer("discord", PIPER.id, TUNES.server)


async def shown(stage: Stage, channel: Channel = TUNES) -> Payload:
    return await page_of(stage, await stage.discord.slash("privacy", channel=channel))


@pytest.mark.parametrize("channel", [TUNES, DIRECT, ELSEWHERE], ids=lambda channel: channel.name)
async def test_the_stored_data_is_counted(stage: Stage, channel: Channel) -> None:
    await stored_tune(stage, "One")
    await stored_tune(stage, "Two", share=False)
    bens = await stored_tune(stage, "Ben's", person=PIPER)
    await stage.storage.sharing.like(bens, ANN)
    await stage.storage.preferences.change_defaults(ANN, rhythm="jig")
    answer = await shown(stage, channel)
    for line in ("- 2 tunes that you requested", "- 1 tune that you shared", "- 1 like", "- 1 default that you set"):
        assert line in answer["content"]
    assert list(stage.discord.buttons(answer)) == ["Delete my data"]


async def test_all_data_and_messages_are_deleted_after_confirmation_and_a_restart(stage: Stage) -> None:
    discord = stage.discord
    finished = await stage.accepted(await discord.slash("tune"))
    await stage.compose(finished.id)
    await stage.delivered(finished.id)
    running = await discord.slash("tune")
    waiting = await stage.accepted(running)
    bens = await stored_tune(stage, "Ben's", person=PIPER)
    await stage.storage.sharing.like(bens, ANN)
    answer = await shown(stage)
    await stage.stop_bot()
    await stage.start_bot()
    asked = await press_button(stage, answer, "Delete my data")
    assert "can't be undone" in asked["content"]
    assert len(discord.tunes()) == 1
    await stage.stop_bot()
    await stage.start_bot()
    press = await discord.click(asked, "Delete everything")
    await discord.until(lambda: "2 tunes and everything else" in discord.messages[answer["id"]]["content"])
    assert press.callback == DEFERRED_UPDATE
    assert (await stage.storage.tune(finished.id), await stage.storage.tune(waiting.id)) == (None, None)
    assert (discord.tunes(), discord.card(running)) == ([], None)
    assert await stage.storage.privacy.stored(ANN) == StoredData(0, 0, 0, 0)
    kept = await stage.storage.tune(bens)
    assert kept is not None and kept.likes == 0
    assert discord.messages[answer["id"]]["components"] == []


async def test_without_confirmation_nothing_is_deleted(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "One")
    asked = await press_button(stage, await shown(stage), "Delete my data")
    kept = await press_button(stage, asked, "Keep everything")
    assert "- 1 tune that you requested" in kept["content"]
    assert await stage.storage.tune(tune_id) is not None


async def test_a_deletion_that_fails_half_way_can_be_continued(stage: Stage, tmp_path: Path) -> None:
    discord = stage.discord
    tune_id = await stored_tune(stage, "One")
    asked = await press_button(stage, await shown(stage), "Delete my data")
    (tmp_path / "files").rename(tmp_path / "away")
    (tmp_path / "files").write_bytes(b"in the way")
    await discord.click(asked, "Delete everything")
    await discord.until(lambda: "Press the button again" in discord.messages[asked["id"]]["content"])
    assert await stage.storage.tune(tune_id) is not None
    (tmp_path / "files").unlink()
    (tmp_path / "away").rename(tmp_path / "files")
    await discord.click(asked, "Delete everything")
    await discord.until(lambda: "1 tune and everything else" in discord.messages[asked["id"]]["content"])
    assert await stage.storage.tune(tune_id) is None


async def test_a_press_deletes_nothing_of_other_people(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "Ann's")
    answer = await page_of(stage, await stage.discord.slash("privacy", person=PIPER))
    asked = await press_button(stage, answer, "Delete my data", person=PIPER)
    await changed_page(stage, asked, await stage.discord.click(asked, "Delete everything", person=PIPER))
    await stage.discord.until(lambda: "Everything that I kept about you" in stage.discord.messages[asked["id"]]["content"])
    assert await stage.storage.tune(tune_id) is not None


async def test_a_card_that_is_out_of_reach_does_not_stop_the_deletion(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [await stage.discord.slash("tune") for _ in range(2)]
    for one in asked:
        await stage.accepted(one)
    lost, delete = list[int](), discord.Webhook.delete_message

    async def lose_the_first(webhook: discord.Webhook, message: int) -> None:
        if not lost:
            lost.append(message)
            raise aiohttp.ServerDisconnectedError
        await delete(webhook, message)

    monkeypatch.setattr(discord.Webhook, "delete_message", lose_the_first)
    question = await press_button(stage, await shown(stage), "Delete my data")
    await stage.discord.click(question, "Delete everything")
    await stage.discord.until(lambda: "2 tunes and everything else" in question["content"])
    assert len([card for card in map(stage.discord.card, asked) if card]) == 1
