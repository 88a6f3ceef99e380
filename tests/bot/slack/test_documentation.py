"""docs/slack.md describes what the app answers to, and its examples work."""

from __future__ import annotations

import re

from bot.core.typed_request import typed_request
from bot.slack.core.manifest import MANIFEST
from tests.bot.slack.conftest import Stage
from tests.documentation import ROOT
from tests.loopback.slack_methods import COMMANDS, SHORTCUTS

TEXT = (ROOT / "docs" / "slack.md").read_text("utf-8")
ROWS = re.findall(r"^\| `(/[a-z]+)(?: ([a-z]+))?[^`]*` \|", TEXT, re.MULTILINE)


async def test_every_command_is_described_and_no_other(stage: Stage) -> None:
    assert {word for command, word in ROWS if command == "/tune"} == stage.context.sub_commands.keys()
    assert {command for command, _ in ROWS} == set(COMMANDS)


def test_the_entries_in_the_menu_of_a_message_are_described() -> None:
    names = re.findall(r"^    - name: (.+)\n      type: message$", MANIFEST.read_text("utf-8"), re.MULTILINE)
    assert [name for name in names if f"*{name}*" not in TEXT] == []
    assert len(names) == len(SHORTCUTS)


def test_every_example_of_a_request_is_understood() -> None:
    [examples] = re.findall(r"^```text\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    typed = [typed_request(line.removeprefix("/tune ")) for line in examples.splitlines()]
    assert [bool(request.parameters) for request in typed] == [True, True, True]
