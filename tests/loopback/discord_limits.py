"""The real platform's limits on what a bot may send; whatever breaks one is refused as Discord would refuse it."""

from __future__ import annotations

import re
from typing import Any

from tests.loopback.discord_world import MIB, Payload

FILE_BYTES, REQUEST_BYTES, FILES = 10 * MIB, 25 * MIB, 10
CONTENT, EMBED_DESCRIPTION, EMBEDS_TOTAL, EMBEDS = 2_000, 4_096, 6_000, 10
COMPONENTS_V2_FLAG = 1 << 15


class Refused(Exception):
    """An answer of the API that is not success: HTTP status, Discord's code and its message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        self.status, self.body = status, {"code": code, "message": message}
        super().__init__(f"{status}: {code} {message}")


def _require(holds: object, what: str) -> None:
    if not holds:
        raise Refused(400, 50035, f"Invalid Form Body: {what}")


def check_message(data: Payload, sizes: list[int], *, has_content: bool) -> None:
    """A message or an edit: `sizes` are those of its new files; `has_content` when it keeps something from before."""
    _require(len(data.get("content") or "") <= CONTENT, "content: Must be 2000 or fewer in length.")
    _require(len(sizes) <= FILES, "attachments: at most 10 files")
    if any(size > FILE_BYTES for size in sizes) or sum(sizes) > REQUEST_BYTES:
        raise Refused(413, 40005, "Request entity too large")
    embeds = data.get("embeds") or []
    _require(len(embeds) <= EMBEDS, "embeds: at most 10")
    _require(all(len(embed.get("description", "")) <= EMBED_DESCRIPTION for embed in embeds), "embeds: description over 4096")
    _require(sum(_embed_length(embed) for embed in embeds) <= EMBEDS_TOTAL, "embeds: over 6000 in all")
    nonce = data.get("nonce")
    _require(nonce is None or (isinstance(nonce, int | str) and len(str(nonce)) <= 25), "nonce: at most 25 characters")
    check_components(data)
    if not (has_content or data.get("content") or sizes or embeds or data.get("components")):
        raise Refused(400, 50006, "Cannot send an empty message")


def _embed_length(embed: Payload) -> int:
    fields = [part for field in embed.get("fields", []) for part in (field["name"], field["value"])]
    footer = (embed.get("footer") or {}).get("text", "")
    return sum(map(len, [embed.get("title", ""), embed.get("description", ""), footer, *fields]))


def check_components(data: Payload) -> None:
    rows = data.get("components") or []
    everything = list(_walk(rows))
    if data.get("flags", 0) & COMPONENTS_V2_FLAG:
        _require(len(everything) <= 40, "components: at most 40")
        _require(not data.get("content") and not data.get("embeds"), "components v2 stand alone")
    else:
        _require(len(rows) <= 5 and all(row["type"] == 1 for row in rows), "components: at most five action rows")
    _require(all(1 <= len(row["components"]) <= 5 for row in everything if row["type"] == 1), "components: one to five in a row")
    buttons = [item for item in everything if item["type"] == 2]
    _require(all(len(button.get("label") or "") <= 80 for button in buttons), "label: at most 80 characters")
    ids = [item["custom_id"] for item in everything if "custom_id" in item]
    _require(all(1 <= len(custom_id) <= 100 for custom_id in ids), "custom_id: 1 to 100 characters")
    _require(len(set(ids)) == len(ids), "custom_id: duplicated")


def _walk(components: list[Payload]) -> Any:
    for component in components:
        yield component
        yield from _walk(component.get("components", []))


def check_modal(modal: Payload) -> None:
    """A form: one to five rows or labels, each with one field."""
    _require(1 <= len(modal["title"]) <= 45 and 1 <= len(modal["custom_id"]) <= 100, "modal: title or custom_id")
    fields = modal["components"]
    _require(1 <= len(fields) <= 5 and all(field["type"] in (1, 18) for field in fields), "modal: one to five rows or labels")
    _require(all(len(field.get("label") or "") <= 45 for field in fields), "label: at most 45 characters")


def check_choices(choices: list[Payload]) -> None:
    _require(len(choices) <= 25, "choices: at most 25")
    _require(all(1 <= len(choice["name"]) <= 100 for choice in choices), "choices: a name has 1 to 100 characters")
    _require(all(len(str(choice["value"])) <= 100 for choice in choices), "choices: a value has at most 100 characters")


def check_commands(commands: list[Payload]) -> None:
    """All of an application's commands together."""
    for kind, most in {1: 100, 2: 5, 3: 5}.items():
        names = [command["name"] for command in commands if command.get("type", 1) == kind]
        _require(len(names) <= most, f"commands: at most {most} of type {kind}")
        _require(len(set(names)) == len(names), "commands: a name is taken twice")
    for command in commands:
        check_command(command)


def check_command(command: Payload) -> None:
    """A command as it is registered: names, descriptions, the order and the number of its options."""
    options = command.get("options") or []
    if command.get("type", 1) != 1:
        _require(1 <= len(command["name"]) <= 32, "name: 1 to 32 characters")
        _require(not options and not command.get("description"), "a context menu has neither options nor a description")
        return
    _require(len(options) <= 25, "options: at most 25")
    for item in (command, *options):
        _require(re.fullmatch(r"[-_'a-z0-9]{1,32}", item["name"]), f"name: {item['name']}")
        _require(1 <= len(item.get("description", "")) <= 100, f"description of {item['name']}: 1 to 100 characters")
    required = [bool(option.get("required")) for option in options]
    _require(required == sorted(required, reverse=True), "options: required ones come first")
    for option in options:
        check_choices(option.get("choices") or [])
        _require(not (option.get("choices") and option.get("autocomplete")), "choices and autocomplete exclude each other")
