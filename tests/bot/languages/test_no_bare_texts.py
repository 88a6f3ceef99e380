"""Texts that users read are UserMessages, which can be translated: neither plain strings nor f-strings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[3]
# Users read the messages of these errors. Those of StorageError and RendererFault are for the operator.
ERRORS = {
    "NotationError", "RequestError", "ComposingError", "RenderingError", "DeskError", "NotAllowed", "FormError", "NotEncodable",
}  # fmt: skip
# Calls that show texts in Discord.
SHOWING = {
    "send_message", "send", "edit", "edit_message", "edit_original_response", "send_private", "retract_answer", "reply", "show",
    "Button", "Select", "SelectOption", "TextInput", "Label", "TextDisplay", "Modal", "Embed", "add_field", "set_footer",
    "Choice", "command", "context_menu", "Group", "describe", "rename",
}  # fmt: skip
# `name` is an identifier, which the command tree translates.
NOT_SHOWN = {"custom_id", "value", "emoji", "name", "nonce", "view", "files", "url"}


def files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (TOP / folder).rglob("*.py"))


def called_name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""


def bare_texts(node: ast.AST) -> Iterator[ast.AST]:
    """Strings of several words and f-strings with a word, except those in the arguments of a further call."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"\w\s+\w", node.value):
        yield node
    elif isinstance(node, ast.JoinedStr):
        if any(isinstance(part, ast.Constant) and re.search(r"[^\W\d_]{2}", str(part.value)) for part in node.values):
            yield node
    elif not isinstance(node, ast.Call):
        for child in ast.iter_child_nodes(node):
            yield from bare_texts(child)


def lines_of_bare_texts(text: str, names: set[str]) -> list[int]:
    """The lines of bare texts in the arguments of calls of these names."""
    lines = []
    for call in ast.walk(ast.parse(text)):
        if isinstance(call, ast.Call) and called_name(call) in names:
            shown = [*call.args, *(word.value for word in call.keywords if word.arg not in NOT_SHOWN)]
            lines += [getattr(node, "lineno", 0) for argument in shown for node in bare_texts(argument)]
    return lines


def bare_texts_in(files: list[Path], names: set[str]) -> dict[str, list[int]]:
    texts = {file: file.read_text("utf-8") for file in files}
    lines = {
        str(file.relative_to(TOP)): lines_of_bare_texts(text, names)
        for file, text in texts.items()
        if any(map(text.__contains__, names))
    }
    return {file: where for file, where in lines.items() if where}


def test_errors_for_users_have_user_messages() -> None:
    assert bare_texts_in([*files("generator", "storage", "bot/discord"), TOP / "bot/core/desk.py"], ERRORS) == {}


def test_texts_shown_in_discord_are_user_messages() -> None:
    assert bare_texts_in(files("bot/discord"), SHOWING) == {}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('raise RequestError("key", "No such key.")', [1]),
        ('raise NotationError(f"No such key: {key}.", text=text)', [1]),
        ('raise NotationError(UserMessage("No such key: {key}.", key=key), text=text)', []),
        ('raise RequestError("second part", texts.MISSING)', [1]),  # the first argument is the name of a field
        ('button = Button(label="Press me", custom_id="a b")', [1]),
        ('button = Button(label=translate(texts.PRESS), custom_id=f"tune:{number}")', []),
        ('await channel.send(\n    "Hello there" if first else texts.AGAIN)', [2]),
    ],
)
def test_bare_texts_are_found(text: str, lines: list[int]) -> None:
    assert lines_of_bare_texts(text, ERRORS | SHOWING) == lines
