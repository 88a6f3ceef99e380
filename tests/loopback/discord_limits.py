"""The real platform's limits on what a bot may send. A call that breaks one gets the error that Discord would send."""

from __future__ import annotations

import math
import re
from bisect import bisect_right, insort
from typing import Any

from tests.loopback.discord_world import MIB, Payload

REQUEST_BYTES, FILES = 25 * MIB, 10
CONTENT, EMBED_DESCRIPTION, EMBEDS_TOTAL, EMBEDS = 2_000, 4_096, 6_000, 10
COMPONENTS_V2_FLAG = 1 << 15
ROW, BUTTON, SELECT, TEXT_INPUT, LABEL = 1, 2, 3, 4, 18  # types of components


class Refused(Exception):
    """An error of the API: HTTP status, Discord's code and its message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        self.status, self.body = status, {"code": code, "message": message}
        super().__init__(f"{status}: {code} {message}")


class Window:
    """A rate limit: `calls` in `seconds`, counted from the first call."""

    def __init__(self, calls: int, seconds: float) -> None:
        self.calls, self.seconds = calls, seconds
        self._began, self._used = float("-inf"), 0

    def take(self, now: float) -> tuple[bool, int, float]:
        """Counts a call; returns whether it is allowed, how many are left, and the seconds until the window starts again."""
        if now - self._began >= self.seconds:
            self._began, self._used = now, 0
        self._used += 1
        return self._used <= self.calls, max(self.calls - self._used, 0), self._began + self.seconds - now


class Rates:
    """Limits how often the bot may call. First answers to interactions do not count; edits of them do, to be on the safe side."""

    GLOBAL = 50  # a second
    # A pattern for method and path, whose group is what calls are counted by; calls; seconds. Discord does not publish its
    # numbers; these were observed.
    ROUTES: tuple[tuple[str, int, float], ...] = (
        (r"POST (/channels/\d+)/messages$", 5, 5),
        (r"PATCH (/channels/\d+)/messages/", 5, 5),
        (r"DELETE (/channels/\d+)/messages/", 5, 1),
        (r"POST (/users/@me/channels)$", 10, 10),
        (r"\w+ (/webhooks/\d+/[^/]+)", 5, 2),
    )

    def __init__(self) -> None:
        self.busiest = 0  # the greatest number of calls within any second
        self.exceeded: list[str] = []  # calls that came too early
        self._windows: dict[tuple[str, str], Window] = {}
        self._calls: list[float] = []  # when they were sent, sorted, since they may arrive in another order

    def refusal(self, call: str, now: float) -> tuple[Payload | None, dict[str, str]]:
        """The body of a 429, or None if the call is allowed, and the headers that tell the bot how many calls are left."""
        if call.startswith("POST /interactions/") or "/gateway" in call or "/cdn/" in call:
            return None, {}
        insort(self._calls, now)
        first, end = bisect_right(self._calls, now - 1), bisect_right(self._calls, now)
        self.busiest = max(self.busiest, end - first)
        if end - first > self.GLOBAL:
            self.exceeded.append(call)
            return _rate_limited(1 - (now - self._calls[first]), everything=True), {}
        for route, calls, seconds in self.ROUTES:
            if found := re.match(route, call):
                window = self._windows.setdefault((route, found[1]), Window(calls, seconds))
                allowed, left, reset_s = window.take(now)
                headers = {"X-RateLimit-Limit": str(calls), "X-RateLimit-Remaining": str(left)}
                headers |= {
                    "X-RateLimit-Reset-After": f"{math.ceil(reset_s * 1000) / 1000:.3f}",
                    "X-RateLimit-Bucket": f"bucket-{self._number(route)}",
                }
                if not allowed:
                    self.exceeded.append(call)
                return None if allowed else _rate_limited(reset_s, everything=False), headers
        return None, {}

    def _number(self, route: str) -> int:
        return [pattern for pattern, _, _ in self.ROUTES].index(route)


def _rate_limited(seconds: float, *, everything: bool) -> Payload:
    return {"message": "You are being rate limited.", "retry_after": round(seconds, 3), "global": everything}


def _require(holds: object, what: str) -> None:
    if not holds:
        raise Refused(400, 50035, f"Invalid Form Body: {what}")


def check_message(data: Payload, sizes: list[int], *, file_bytes: int, has_content: bool) -> None:
    """Checks a message or an edit. `sizes` are the bytes of its new files; `has_content`: an edit keeps earlier content."""
    _require(len(data.get("content") or "") <= CONTENT, "content: Must be 2000 or fewer in length.")
    _require(len(sizes) <= FILES, "attachments: at most 10 files")
    if any(size > file_bytes for size in sizes) or sum(sizes) > REQUEST_BYTES:
        raise Refused(413, 40005, "Request entity too large")
    embeds = data.get("embeds") or []
    _require(len(embeds) <= EMBEDS, "embeds: at most 10")
    _require(all(len(embed.get("description", "")) <= EMBED_DESCRIPTION for embed in embeds), "embeds: description over 4096")
    fields = [field for embed in embeds for field in embed.get("fields", [])]
    _require(all(1 <= len(field["name"]) <= 256 for field in fields), "embeds: a field's name has 1 to 256 characters")
    _require(all(1 <= len(field["value"]) <= 1_024 for field in fields), "embeds: a field's value has 1 to 1024 characters")
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
        _require(not data.get("content") and not data.get("embeds"), "components v2: no content and no embeds beside them")
    else:
        _require(len(rows) <= 5 and all(row["type"] == 1 for row in rows), "components: at most five action rows")
    for row in (item for item in everything if item["type"] == ROW):
        kinds = [item["type"] for item in row["components"]]
        _require(1 <= len(kinds) <= 5, "components: one to five in a row")
        _require(SELECT not in kinds or kinds == [SELECT], "components: a select is alone in its row")
    for item in everything:
        if item["type"] == BUTTON:
            _require(len(item.get("label") or "") <= 80, "label: at most 80 characters")
            _require(item.get("label") or item.get("emoji"), "a button has a label or an emoji")
        elif item["type"] == SELECT:
            _check_select(item)
    ids = [item["custom_id"] for item in everything if "custom_id" in item]
    _require(all(1 <= len(custom_id) <= 100 for custom_id in ids), "custom_id: 1 to 100 characters")
    _require(len(set(ids)) == len(ids), "custom_id: duplicated")


def _check_select(select: Payload) -> None:
    options = select.get("options") or []
    _require(1 <= len(options) <= 25, "options: 1 to 25")
    for option in options:
        texts = {"label": 100, "value": 100, "description": 100}
        _require(option.get("label") and option.get("value"), "an option has a label and a value")
        _require(all(len(option.get(name) or "") <= most for name, most in texts.items()), "option: at most 100 characters")
    _require(len({option["value"] for option in options}) == len(options), "options: duplicate value")
    chosen = sum(bool(option.get("default")) for option in options)
    _require(chosen <= select.get("max_values", 1) <= len(options), "max_values: not between the chosen and the existing options")
    _require(len(select.get("placeholder") or "") <= 150, "placeholder: at most 150 characters")


def check_modal(data: Payload) -> None:
    """Checks a form: labels, each with a text input or a select."""
    _require(1 <= len(data.get("title") or "") <= 45, "title: 1 to 45 characters")
    _require(1 <= len(data.get("custom_id") or "") <= 100, "custom_id: 1 to 100 characters")
    labels = data.get("components") or []
    _require(1 <= len(labels) <= 5 and all(label["type"] == LABEL for label in labels), "components: one to five labels")
    for label in labels:
        _require(1 <= len(label.get("label") or "") <= 45, "label: 1 to 45 characters")
        _require(len(label.get("description") or "") <= 100, "description: at most 100 characters")
        _check_field(label["component"])
    ids = [label["component"]["custom_id"] for label in labels]
    _require(len(set(ids)) == len(ids), "custom_id: duplicated")


def _check_field(field: Payload) -> None:
    _require(1 <= len(field.get("custom_id") or "") <= 100, "custom_id: 1 to 100 characters")
    if field["type"] == SELECT:
        _check_select(field)
        return
    _require(field["type"] == TEXT_INPUT, "a label holds a text input or a select")
    most = field.get("max_length") or 4_000
    _require(1 <= most <= 4_000 and len(field.get("value") or "") <= most, "value: at most max_length, 4000")
    _require(len(field.get("placeholder") or "") <= 100, "placeholder: at most 100 characters")
    _require(not field.get("label"), "label: belongs to the enclosing component")


def _walk(components: list[Payload]) -> Any:
    for component in components:
        yield component
        yield from _walk(component.get("components", []))


def check_choices(choices: list[Payload]) -> None:
    _require(len(choices) <= 25, "choices: at most 25")
    _require(all(1 <= len(choice["name"]) <= 100 for choice in choices), "choices: a name has 1 to 100 characters")
    _require(all(len(str(choice["value"])) <= 100 for choice in choices), "choices: a value has at most 100 characters")


def check_commands(commands: list[Payload]) -> None:
    """Checks all commands of an application."""
    for kind, most in {1: 100, 2: 5, 3: 5}.items():
        names = [command["name"] for command in commands if command.get("type", 1) == kind]
        _require(len(names) <= most, f"commands: at most {most} of type {kind}")
        _require(len(set(names)) == len(names), "commands: duplicate name")
    for command in commands:
        check_command(command)


def check_command(command: Payload) -> None:
    """Checks one command: names, descriptions, the order and the number of its options."""
    options = command.get("options") or []
    if command.get("type", 1) != 1:
        _require(1 <= len(command["name"]) <= 32, "name: 1 to 32 characters")
        _require(not options and not command.get("description"), "a context menu has neither options nor a description")
        return
    permissions = command.get("default_member_permissions")
    _require(permissions is None or str(permissions).isdigit(), "default_member_permissions: a number")
    _check_options(command)


def _check_options(command: Payload, within: tuple[int, ...] = (1, 2)) -> None:
    """Checks the options of a command, of a group of subcommands (type 2) or of a subcommand (type 1).

    `within`: the types of subcommands and groups that it may contain.
    """
    options = command.get("options") or []
    _require(len(options) <= 25, "options: at most 25")
    nested = [option for option in options if option["type"] in (1, 2)]
    _require(not nested or len(nested) == len(options), "options: subcommands only, or none")
    _require(all(option["type"] in within for option in nested), "options: nested too deep")
    for item in (command, *options):
        _require(re.fullmatch(r"[-_'a-z0-9]{1,32}", item["name"]), f"name: {item['name']}")
        _require(1 <= len(item.get("description", "")) <= 100, f"description of {item['name']}: 1 to 100 characters")
    required = [bool(option.get("required")) for option in options]
    _require(required == sorted(required, reverse=True), "options: required ones come first")
    for option in options:
        check_choices(option.get("choices") or [])
        _require(not (option.get("choices") and option.get("autocomplete")), "choices and autocomplete exclude each other")
        _require(option["type"] == 7 or not option.get("channel_types"), "channel_types: for channels")
    for option in nested:
        _check_options(option, (1,) if option["type"] == 2 else ())
