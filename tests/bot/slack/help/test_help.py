"""`/tune help`: topics, and examples that work when they are copied."""

from __future__ import annotations

import re

import pytest

from bot.core.texts import help as core_texts
from bot.slack.help.texts import NO_COMMANDS_IN_THREADS, TOPICS
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import PIPER
from tests.loopback.slack_methods import COMMANDS

EXAMPLES = [typed for topic in TOPICS.values() for typed, _ in topic.examples]


async def test_the_overview_has_examples_and_a_menu_of_topics(stage: Stage) -> None:
    await stage.slack.acked(await stage.slack.slash("tune", "help"))
    overview = await stage.slack.private_text()
    assert "`/tune reel in Ador` – a reel in A dorian" in overview
    assert NO_COMMANDS_IN_THREADS in overview
    [shown] = stage.slack.ephemerals()
    await stage.restart()
    await stage.slack.acked(await stage.slack.choose(shown, "help:topic", "sharing"))
    [changed] = await stage.slack.until(lambda: [one for one in stage.slack.ephemerals() if "/top month" in str(one["blocks"])])
    assert changed["ts"] == shown["ts"]
    stage.slack.assert_rules_kept()


@pytest.mark.parametrize("topic", TOPICS)
async def test_a_topic_can_be_named(stage: Stage, topic: str) -> None:
    await stage.slack.acked(await stage.slack.slash("tune", f"help {topic}"))
    assert (await stage.slack.private_text()).startswith(f"*{core_texts.TOPICS[topic]}*")
    stage.slack.assert_rules_kept()


async def test_help_speaks_the_persons_language(stage: Stage) -> None:
    await stage.slack.acked(await stage.slack.slash("tune", "hilfe Chat", person=PIPER))
    shown = await stage.slack.private_text(PIPER)
    assert "In Threads gibt es in Slack keine Befehle" in shown and "`/tune session" in shown


async def test_an_unknown_topic_shows_the_overview(stage: Stage) -> None:
    await stage.slack.acked(await stage.slack.slash("tune", "help <!channel>"))
    assert "`/tune reel in Ador`" in await stage.slack.private_text()


@pytest.mark.parametrize("example", [typed for typed in EXAMPLES if re.match(r"/tune (?!set |session )\S*[: ]", typed)])
async def test_an_example_can_be_copied(stage: Stage, example: str) -> None:
    command, _, words = example.partition(" ")
    tune = await stage.accepted(await stage.slack.slash(command, words))
    assert tune.request
    stage.slack.assert_rules_kept()


def test_every_example_begins_with_a_command_of_the_manifest() -> None:
    assert {typed.partition(" ")[0] for typed in EXAMPLES} == set(COMMANDS)


async def test_every_sub_command_is_explained(stage: Stage) -> None:
    words = {typed.split()[1] for typed in EXAMPLES if typed.startswith("/tune ")}
    assert stage.context.sub_commands.keys() <= words | {"help"}
