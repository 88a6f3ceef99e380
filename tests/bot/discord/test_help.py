"""`/help`: the examples work."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.discord.help.texts import TOPICS
from tests.bot.discord.conftest import Stage
from tests.loopback.discord import DIRECT, ELSEWHERE, PIPER, TUNES, Channel


async def read(stage: Stage, **options: Any) -> str:
    return await stage.discord.private_text(await stage.discord.slash("help", person=PIPER, **options))


def typed(stage: Stage, example: str) -> tuple[str, dict[str, Any]]:
    """Splits a typed command into its options, as Discord's clients do."""
    name, _, rest = example.removeprefix("/").partition(" ")
    command = stage.discord.commands[name]
    options = {option["name"]: option for option in command["options"]}
    parts = re.split(rf"(?:^| )({'|'.join(options) or 'nothing'}):", rest)
    assert not parts[0], f"{example} has an option that is not there"
    given: dict[str, Any] = {}
    for option, value in zip(parts[1::2], parts[2::2], strict=True):
        choices = {choice["name"]: choice["value"] for choice in options[option].get("choices", [])}
        kind = {4: int, 5: bool, 10: float}.get(options[option]["type"], str)
        given[option] = choices[value] if choices else kind(value)
    return name, given


@pytest.mark.parametrize("topic", [None, *TOPICS])
async def test_every_example_works_as_written(stage: Stage, topic: str | None) -> None:
    text = await read(stage, **({"topic": topic} if topic else {}))
    examples = re.findall(r"`(/.*?)`", text)
    assert len(examples) == (5 if topic is None else len(TOPICS[topic].examples))
    for example in examples:
        name, options = typed(stage, example)
        asked = await stage.discord.answered(await stage.discord.slash(name, **options))
        if name in ("tune", "render"):
            await stage.storage.fail((await stage.accepted(asked)).id, "Enough.")
        elif name == "set":
            for tune in await stage.storage.set_of((await stage.accepted(asked)).set_id or ""):
                await stage.storage.fail(tune.id, "Enough.")
        elif name == "session":
            await stage.discord.until(lambda: stage.discord.gateway.threads)
        else:
            answered = await stage.discord.private_message(asked)
            assert answered["content"].startswith("**") or name == "tunebook", (
                f"the answer to {example} must start with a bold heading: {answered['content']}"
            )


@pytest.mark.parametrize("channel", [TUNES, DIRECT, ELSEWHERE], ids=lambda channel: channel.name)
async def test_help_fits_into_a_message_and_has_the_invite_link(stage: Stage, channel: Channel) -> None:
    for topic in (None, *TOPICS):
        text = await read(stage, channel=channel, **({"topic": topic} if topic else {}))
        assert len(text) < 1_500, "translations are longer"
        assert "<https://discord.com/oauth2/authorize?client_id=100&" in text
    stage.discord.assert_no_pings()


async def test_every_command_has_an_example_or_an_explanation(stage: Stage) -> None:
    text = "".join([await read(stage, topic=topic) for topic in TOPICS]) + await read(stage)
    for name, command in stage.discord.commands.items():
        assert (f"/{name}" if command["type"] == 1 else f"“{name}”") in text, "mention it in bot/discord/help/texts.py"
