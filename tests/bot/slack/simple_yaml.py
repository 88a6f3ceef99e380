"""Reads the part of YAML that our files use; refuses everything else, so that nothing is read wrongly."""

from __future__ import annotations

import json
import re
from itertools import takewhile
from typing import Any

_KEY = re.compile(r"([A-Za-z_]\w*):(?: (.+))?")
_PLAIN = re.compile(r"""(?![-?:,\[\]{}#&*!|>'"%@`]|.*: |.* #)\S(?:.*\S)?""")

Lines = list[tuple[int, str]]  # indent and content


def load(text: str) -> Any:
    lines = [(len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines()]
    lines = [(indent, content) for indent, content in lines if content and not content.startswith("#")]
    value, rest = _block(lines, 0)
    if rest:
        raise ValueError(f"unexpected line: {rest[0][1]}")
    return value


def _block(lines: Lines, indent: int) -> tuple[Any, Lines]:
    return _list(lines, indent) if lines[0][1].startswith("- ") else _mapping(lines, indent)


def _list(lines: Lines, indent: int) -> tuple[list[Any], Lines]:
    items: list[Any] = []
    while lines and lines[0][0] == indent and lines[0][1].startswith("- "):
        content = lines[0][1][2:]
        lines = lines[1:]
        if _KEY.fullmatch(content):
            mapping, lines = _mapping([(indent + 2, content), *lines], indent + 2)
            items.append(mapping)
        else:
            items.append(_scalar(content))
    return items, lines


def _mapping(lines: Lines, indent: int) -> tuple[dict[str, Any], Lines]:
    found: dict[str, Any] = {}
    while lines and lines[0][0] == indent and (match := _KEY.fullmatch(lines[0][1])):
        key, value = match.groups()
        if key in found:
            raise ValueError(f"{key} is there twice")
        lines = lines[1:]
        if value == ">-":
            folded = [content for _, content in takewhile(lambda line: line[0] > indent, lines)]
            found[key], lines = " ".join(folded), lines[len(folded) :]
        elif value is None:
            found[key], lines = _block(lines, lines[0][0])
        else:
            found[key] = _scalar(value)
    return found, lines


def _scalar(text: str) -> Any:
    if text[0] in "[{":  # JSON is YAML
        return json.loads(text)
    if text in ("true", "false"):
        return text == "true"
    if quoted := re.fullmatch(r'"([^"\\]*)"', text):
        return quoted[1]
    if not _PLAIN.fullmatch(text) or re.fullmatch(r"[\d.+-]+|null|~|yes|no|on|off", text, re.IGNORECASE):
        raise ValueError(f"not simple: {text}")
    return text
