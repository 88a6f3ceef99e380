"""What people read is made of sentences that can be translated: neither of bare texts nor of f-strings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[3]
# Whoever raises these has somebody read them. StorageError and RendererFault are for whoever runs the bot.
ERRORS = {
    "NotationError", "RequestError", "ComposingError", "RenderingError", "DeskError", "NotAllowed", "FormError", "NotEncodable",
}  # fmt: skip
# What puts words before people in Discord.
SHOWING = {
    "send_message", "send", "edit", "edit_message", "edit_original_response", "send_private", "retract_answer", "reply", "show",
    "Button", "Select", "SelectOption", "TextInput", "Label", "TextDisplay", "Modal", "Embed", "add_field", "set_footer",
    "Choice", "command", "context_menu", "Group", "describe", "rename",
}  # fmt: skip
NOT_READ = {"custom_id", "value", "emoji", "name", "nonce", "view", "files", "url"}  # `name`: typed, and translated by the tree


def files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (TOP / folder).rglob("*.py"))


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""


def bare(node: ast.AST) -> Iterator[ast.AST]:
    """Texts of more than one word, and f-strings with a word in them, that no call between here and them makes anything of."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"\w\s+\w", node.value):
        yield node
    elif isinstance(node, ast.JoinedStr):
        if any(isinstance(part, ast.Constant) and re.search(r"[^\W\d_]{2}", str(part.value)) for part in node.values):
            yield node
    elif not isinstance(node, ast.Call):
        for child in ast.iter_child_nodes(node):
            yield from bare(child)


def found(text: str, names: set[str]) -> list[int]:
    """The lines of bare texts that stand in calls of these names."""
    lines = []
    for call in ast.walk(ast.parse(text)):
        if isinstance(call, ast.Call) and called(call) in names:
            shown = [*call.args, *(word.value for word in call.keywords if word.arg not in NOT_READ)]
            lines += [getattr(node, "lineno", 0) for argument in shown for node in bare(argument)]
    return lines


def in_files(files: list[Path], names: set[str]) -> dict[str, list[int]]:
    texts = {file: file.read_text("utf-8") for file in files}
    lines = {str(file.relative_to(TOP)): found(text, names) for file, text in texts.items() if any(map(text.__contains__, names))}
    return {file: where for file, where in lines.items() if where}


def test_errors_that_people_see_are_sentences() -> None:
    assert in_files([*files("generator", "storage", "bot/discord"), TOP / "bot/core/desk.py"], ERRORS) == {}


def test_what_discord_shows_is_made_of_sentences() -> None:
    assert in_files(files("bot/discord"), SHOWING) == {}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('raise RequestError("key", "No such key.")', [1]),
        ('raise NotationError(f"No such key: {key}.", text=text)', [1]),
        ('raise NotationError(UserMessage("No such key: {key}.", key=key), text=text)', []),
        ('raise RequestError("second part", texts.MISSING)', [1]),  # a field's name is one word
        ('button = Button(label="Press me", custom_id="a b")', [1]),
        ('button = Button(label=translate(texts.PRESS), custom_id=f"tune:{wish}")', []),
        ('await channel.send(\n    "Hello there" if first else texts.AGAIN)', [2]),
    ],
)
def test_bare_texts_are_found(text: str, lines: list[int]) -> None:
    assert found(text, ERRORS | SHOWING) == lines
