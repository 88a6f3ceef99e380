"""Finds what is wrong in a Markdown document: broken links, paths that do not exist, commands that would not run."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import click

from bot.cli.main import main as tunesmith
from generator.request import PARAMETERS, RequestError, TuneRequest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md")]
FOLDERS = (".ci", ".github", "bot", "deploy", "docs", "generator", "locks", "scripts", "storage", "tests", "training")
FILES = (".env.example", "Dockerfile", "compose.yaml", "pyproject.toml")

# Programs that documents may name without a check of their arguments; they come from outside.
OTHER_PROGRAMS = ("apt", "buildah", "cp", "debootstrap", "docker", "pg_dump", "pre-commit", "tar")

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^|(?<=\n))\n((?:    \S.*\n)+)")
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[[^]\[]*\]\(([^()\s]+)\)")
_PLACEHOLDER = re.compile(r"[A-Z]{2,}")


def prose(text: str) -> str:
    """The text without blocks of code."""
    return _INDENTED.sub("\n", _FENCED.sub("", text))


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken_links(text: str, folder: Path = ROOT) -> Iterator[str]:
    """Relative links of a document in `folder` to files or anchors that do not exist."""
    for target in _LINK.findall(_INLINE.sub("", prose(text))):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = folder / path
        if path and not file.exists():
            yield f"{target}: there is no such file"
        elif anchor and anchor not in anchors(file.read_text("utf-8") if path else text):
            yield f"{target}: there is no such heading"


def missing_paths(text: str) -> Iterator[str]:
    """Paths of the repository in code that do not exist. Names with capitals, such as NAME, are placeholders."""
    words = [word for code in (*_INLINE.findall(prose(text)), *commands(text)) for word in code.split()]
    for path in dict.fromkeys(word.strip("\"',;") for word in words):
        known = path.split("/")[0] in FOLDERS and "/" in path
        if (known or path in FILES) and not re.search(r"[*{}<…=]|[A-Z]{2,}$", path) and not (ROOT / path).exists():
            yield f"{path}: there is no such file"


def commands(text: str) -> Iterator[str]:
    """Shell commands: lines of code blocks, and inline code that starts with one of our programs."""
    blocks = [block for language, block in _FENCED.findall(text) if language in ("", "sh", "bash", "shell")]
    blocks += _INDENTED.findall(_FENCED.sub("", text))
    for line in "\n".join(blocks).splitlines():
        if line.strip():
            yield line.strip()
    for code in _INLINE.findall(prose(text)):
        if re.match(r"(\.venv/bin/)?(tunesmith|python) |scripts/\w+", code):
            yield code


def wrong_commands(text: str, folder: Path) -> Iterator[str]:
    """Commands that would not run, and why. `folder` is an empty one in which they find the files that they name."""
    for command in commands(text):
        try:
            program, *arguments = shlex.split(command, comments=True)
            complaint = _complaint(program, arguments, folder)
        except (ValueError, RequestError) as error:
            complaint = str(error)
        if complaint:
            yield f"{command}: {complaint}"


def _complaint(program: str, arguments: list[str], folder: Path) -> str | None:
    name = program.removeprefix(".venv/bin/")
    if name == "tunesmith":
        return _tunesmith_complaint(arguments, folder)
    if name == "python":
        return _python_complaint(arguments)
    if program.startswith(("scripts/", ".ci/")):
        return _script_complaint(ROOT / program, arguments)
    if program == ".venv/bin/uv" or program in OTHER_PROGRAMS:
        return None
    return "unknown program"


def _tunesmith_complaint(arguments: list[str], folder: Path) -> str | None:
    """Parses the arguments as the command does, without running it."""
    if arguments and _PLACEHOLDER.fullmatch(arguments[0]):
        return None
    _make_files(arguments, folder)
    before = Path.cwd()
    os.chdir(folder)
    try:
        parsed = _parse(tunesmith, "tunesmith", arguments)
    except click.exceptions.Exit as exit_:
        return f"exit code {exit_.exit_code}" if exit_.exit_code else None
    except click.ClickException as error:
        return error.format_message()
    finally:
        os.chdir(before)
    TuneRequest.check(**{name: value for name, value in parsed.items() if name in PARAMETERS})
    return None


def _parse(command: click.Command, name: str, arguments: list[str], parent: click.Context | None = None) -> dict[str, Any]:
    with command.make_context(name, list(arguments), parent=parent) as context:
        if not isinstance(command, click.Group):
            return context.params
        name_, subcommand, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert subcommand is not None
        return _parse(subcommand, name_ or "", rest, context)


def _make_files(arguments: list[str], folder: Path) -> None:
    """Makes the files and folders that the arguments name, since the command checks that they exist."""
    for argument in arguments:
        if argument.startswith("-") or re.search(r"\s", argument):
            continue
        path = folder / argument
        if path.suffix:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        elif "/" in argument:
            path.mkdir(parents=True, exist_ok=True)


def _python_complaint(arguments: list[str]) -> str | None:
    if arguments[:1] != ["-m"] or len(arguments) < 2:
        return "only `python -m MODULE` is checked"
    module = arguments[1]
    if _PLACEHOLDER.fullmatch(module.rpartition(".")[2]):
        return None
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None or (found.submodule_search_locations and importlib.util.find_spec(f"{module}.__main__") is None):
        return "there is no such module"
    return None


def _script_complaint(script: Path, arguments: list[str]) -> str | None:
    if not os.access(script, os.X_OK):
        return "there is no such script"
    text = script.read_text("utf-8")
    if re.search(r'^exec .*"\$@"', text, re.MULTILINE):
        return None  # another program gets the arguments
    unknown = [argument for argument in arguments if argument.startswith("-") and argument not in text]
    return f"no such option: {', '.join(unknown)}" if unknown else None
