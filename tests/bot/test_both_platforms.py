"""Discord and Slack at once, with one gallery: a tune of one platform is liked on the other, and all numbers agree."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from bot.core.texts.common import TUNE_GONE
from bot.discord.core import limits as discord_limits
from bot.slack.core import limits as slack_limits
from storage import Storage, Viewer
from tests.bot.discord.conftest import Stage as DiscordStage
from tests.bot.discord.test_gallery import changed_page, page_of, press_button
from tests.bot.slack.conftest import MESSAGES_S
from tests.bot.slack.conftest import Stage as SlackStage
from tests.bot.slack.test_likes import like_button
from tests.loopback import discord, slack
from tests.loopback.discord import FakeDiscord, Payload
from tests.loopback.slack import FakeSlack, Limits
from tests.loopback.slack_forms import elements
from tests.patience import HANG_S


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    for limits in (discord_limits, slack_limits):
        for pause, seconds in (("LIKE_CHECK_INTERVAL_S", 0.05), ("LIKE_EDIT_INTERVAL_S", 0.2), ("CHANNEL_POST_S", HANG_S)):
            monkeypatch.setattr(limits, pause, seconds)
        monkeypatch.setattr(limits, "LOOKUP_S", HANG_S)
    monkeypatch.setattr(slack_limits, "SHARES_FIRST_S", MESSAGES_S)


@pytest.fixture
async def stages(storage: Storage) -> AsyncIterator[tuple[DiscordStage, SlackStage]]:
    async with FakeDiscord() as fake_discord, FakeSlack(limits=Limits(messages_s=MESSAGES_S)) as fake_slack:
        on_discord, on_slack = DiscordStage(fake_discord, storage), SlackStage(fake_slack, storage)
        await on_discord.start_bot()
        await on_slack.start_app()
        yield on_discord, on_slack
        await on_slack.stop_app()
        await on_discord.stop_bot()


def in_discord(message: Payload, number: int) -> Callable[[], bool]:
    return lambda: f"♥ {number}" in [item.get("label") for row in message["components"] for item in row["components"]]


def in_slack(message: Payload, number: int) -> Callable[[], bool]:
    return lambda: f"♥ {number}" in [element["text"]["text"] for _, element in elements(message) if "text" in element]


async def test_a_tune_that_is_shared_from_slack_is_liked_from_discord(stages: tuple[DiscordStage, SlackStage]) -> None:
    on_discord, on_slack = stages
    viewer = Viewer("slack", community_id=slack.SESSION.id)
    await on_slack.storage.preferences.change_community(viewer, sharing_channel=slack.SHOWCASE.id)
    tune_id, message = await on_slack.posted()
    await on_slack.slack.click(message, "tune:share")
    [post] = await on_slack.slack.posted(slack.SHOWCASE)
    await on_slack.slack.click(message, "♥ 0")
    await on_slack.slack.until(lambda: in_slack(message, 1)() and in_slack(post, 1)())

    page = await page_of(on_discord, await on_discord.discord.slash("gallery", channel=discord.DIRECT))
    page = await changed_page(on_discord, page, await on_discord.discord.select(page, "The Loopback"))
    page = await press_button(on_discord, page, "♥ 1")
    assert in_discord(page, 2)()
    await on_slack.slack.until(lambda: in_slack(message, 2)() and in_slack(post, 2)())
    assert (await on_slack.tune(tune_id)).likes == 2

    await on_slack.stop_app()
    page = await press_button(on_discord, page, "♥ 2")
    assert in_discord(page, 1)()
    await on_slack.start_app()
    await on_slack.slack.until(lambda: in_slack(message, 1)() and in_slack(post, 1)())
    await on_slack.slack.click(post, "♥ 1")
    await on_slack.slack.until(lambda: in_slack(message, 0)() and in_slack(post, 0)())
    on_slack.slack.assert_rules_kept()


async def test_a_tune_that_is_shared_from_discord_is_liked_from_slack(stages: tuple[DiscordStage, SlackStage]) -> None:
    on_discord, on_slack = stages
    viewer = Viewer("discord", community_id=discord.TUNES.server)
    await on_discord.storage.preferences.change_community(viewer, sharing_channel=discord.SHOWCASE.id)
    tune_id, message = await on_discord.posted(person=discord.PIPER)
    _, other = await on_slack.posted()
    card = other | {"blocks": [{"type": "actions", "block_id": "b", "elements": [like_button(other) | {"value": tune_id}]}]}
    await on_slack.slack.click(card, "tune:like")
    assert await on_slack.slack.private_text() == TUNE_GONE  # it is still private

    await on_discord.discord.private_text(await on_discord.discord.click(message, "Share", person=discord.PIPER))
    [post] = on_discord.discord.tunes(discord.SHOWCASE)
    await on_discord.discord.click(message, "♥ 0")
    await on_slack.slack.click(card, "tune:like")
    await on_discord.discord.until(lambda: in_discord(message, 2)() and in_discord(post, 2)())

    await on_discord.stop_bot()
    await on_slack.restart()
    await on_slack.slack.acked(await on_slack.slack.click(card, "tune:like", person=slack.PIPER))
    await on_discord.start_bot()
    await on_discord.discord.until(lambda: in_discord(message, 3)() and in_discord(post, 3)())
    assert (await on_discord.tune(tune_id)).likes == 3
