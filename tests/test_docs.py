"""The documentation is right: links, paths and commands work, and Discord's commands and parameters are all described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from discord import app_commands

from bot.cli.main import main as tunesmith
from bot.discord.features import COMMANDS
from generator.parameters import Parameter
from generator.request import PARAMETERS
from tests.documentation import DOCUMENTS, ROOT, anchors, broken_links, commands, missing_paths, wrong_commands

README_BYTES = 6_000
DISCORD = ROOT / "docs" / "discord.md"

documents = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))


@documents
def test_links_lead_to_files_and_headings(document: Path) -> None:
    assert list(broken_links(document.read_text("utf-8"), document.parent)) == []


@documents
def test_paths_exist(document: Path) -> None:
    assert list(missing_paths(document.read_text("utf-8"))) == []


@documents
def test_commands_are_accepted(document: Path, tmp_path: Path) -> None:
    assert list(wrong_commands(document.read_text("utf-8"), tmp_path)) == []


@pytest.mark.parametrize("name", [[], *([name] for name in tunesmith.commands)], ids=" ".join)
def test_help_is_printed(name: list[str]) -> None:
    printed = CliRunner().invoke(tunesmith, [*name, "--help"])
    assert (printed.exit_code, printed.output.startswith("Usage:")) == (0, True)


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= README_BYTES


def test_every_page_is_reachable_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    pages = [
        str(path.relative_to(ROOT)) for path in DOCUMENTS if path.parent in (ROOT, ROOT / "docs") and path.name != "README.md"
    ]
    assert [page for page in pages if f"({page})" not in readme] == []


def test_every_discord_command_is_described() -> None:
    text = DISCORD.read_text("utf-8")
    slash = {f"/{command.name}" for command in COMMANDS if not isinstance(command, app_commands.ContextMenu)}
    menus = [command.name for command in COMMANDS if isinstance(command, app_commands.ContextMenu)]
    assert set(re.findall(r"`(/[a-z]+)`", text)) == slash, "docs/discord.md must describe each command"
    assert [name for name in menus if f"*{name}*" not in text] == []


def row(parameter: Parameter) -> str:
    choices = ", ".join(f"`{choice}`" for choice in parameter.choices if parameter.kind is str)
    return f"| `{parameter.name}` | {parameter.help}{f' One of {choices}.' if choices else ''} |"


def test_the_table_of_options_follows_the_parameters() -> None:
    rows = "\n".join(row(parameter) for parameter in PARAMETERS.values())
    assert rows in DISCORD.read_text("utf-8"), f"docs/discord.md must have these rows, in this order:\n{rows}"


@pytest.mark.parametrize(
    "text",
    [
        "[a](docs/none.md)",
        "![a](docs/images/none.png)",
        "[a](docs/glossary.md#none)",
        "# One\n\n[a](#two)",
        "[`a`](none.md)",
    ],
)
def test_a_broken_link_is_found(text: str) -> None:
    assert len(list(broken_links(text))) == 1


@pytest.mark.parametrize("text", ["`bot/none.py`", "`scripts/none --dev`", "Look:\n\n    .venv/bin/uv -r locks/none.lock\n"])
def test_a_missing_path_is_found(text: str) -> None:
    assert len(list(missing_paths(text))) == 1


@pytest.mark.parametrize(
    "command",
    [
        "tunesmith none",
        "tunesmith compose --none --out a",
        "tunesmith backup",
        "tunesmith compose --rhythm tango --out a",
        "tunesmith compose --count none --out a",
        "tunesmith bench none",
        ".venv/bin/tunesmith train --strategy none",
        ".venv/bin/tunesmith compose --title 'open --out a",
        "scripts/none",
        "scripts/install --none",
        "python -m tests.benchmarks.none",
        "python -m tests.benchmarks",
        "python none.py",
        "none --help",
    ],
)
def test_a_wrong_command_is_found(command: str, tmp_path: Path) -> None:
    assert len(list(wrong_commands(f"Type:\n\n    {command}\n", tmp_path))) == 1


def test_what_is_right_is_accepted(tmp_path: Path) -> None:
    text = """# A page: `code`, and more

[here](#a-page-code-and-more), [there](docs/glossary.md#model), <https://example.org>, [out](https://example.org#none)

    .venv/bin/tunesmith compose --rhythm "slip jig" --opening "|:A3|" --parent my/tune.abc --out a # a comment
    scripts/test -k cancel

`tunesmith bench render`, `python -m bot.languages`, `bot/cli`, `data/none`, `tests/NAME`
"""
    assert [*broken_links(text), *missing_paths(text), *wrong_commands(text, tmp_path)] == []
    assert len(list(commands(text))) == 4
    assert anchors(text) == {"a-page-code-and-more"}
