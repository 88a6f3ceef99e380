"""A finished tune is posted once, where it was requested."""

from __future__ import annotations

from tests.bot.slack.conftest import Stage


async def test_a_tune_is_one_message_with_its_files(stage: Stage) -> None:
    _, message = await stage.posted()
    assert stage.slack.messages_in() == [message]
    assert {file["name"] for file in message["files"]} == {"the-loopback.mp3", "the-loopback.png", "the-loopback.abc"}
    stage.slack.assert_rules_kept()
