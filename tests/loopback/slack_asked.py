"""A call of the web API after its token and arguments were checked."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.loopback.block_kit import MARKDOWN, MESSAGE, check_blocks
from tests.loopback.block_kit_values import length
from tests.loopback.slack_installations import Installation
from tests.loopback.slack_methods import Method
from tests.loopback.slack_world import KIND_SCOPES, Channel, Payload, Refused, Team

POST_TEXT, UPDATE_TEXT, METADATA_BYTES, ATTACHMENTS = 40_000, 4_000, 8_000, 100


@dataclass(frozen=True)
class Asked:
    arguments: Payload
    installed: Installation
    team: Team | None  # None: a token of an organisation without team_id
    token: str

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.arguments.get(name, default)

    def flag(self, name: str) -> bool:
        return self.arguments.get(name) in (True, "1", "true", 1)

    def require_scope(self, scope: str) -> None:
        if scope not in self.installed.scopes:
            raise Refused("missing_scope", breach=True, needed=scope, provided=",".join(self.installed.scopes))

    def require_kind(self, channel: Channel, right: str) -> None:
        """Needs the scope for this kind of channel: channels:read, groups:history and so on."""
        self.require_scope(f"{KIND_SCOPES[channel.kind]}:{right}")


Handler = Callable[[Asked], Awaitable[Payload]]


def parsed(arguments: Payload, method: Method) -> Payload:
    """The arguments with their JSON decoded; refused if one is missing or unknown."""
    known = {*method.required, *method.optional}
    if unknown := arguments.keys() - known:
        raise Refused("invalid_arguments", *(f"[ERROR] unknown argument: {name}" for name in sorted(unknown)), breach=True)
    if missing := [name for name in method.required if arguments.get(name) in (None, "")]:
        empty_status = missing == ["status"] and "status" in arguments  # an empty status removes it
        if not empty_status:
            raise Refused("invalid_arguments", *(f"[ERROR] missing required field: {name}" for name in missing), breach=True)
    decoded = dict(arguments)
    for name in method.lists:
        if isinstance(decoded.get(name), str):
            try:
                decoded[name] = json.loads(decoded[name]) if decoded[name] else None
            except ValueError:
                if name != "file_ids":
                    error = f"invalid_{name}_format" if name in ("blocks", "unfurls", "metadata") else "invalid_arguments"
                    raise Refused(error, f"[ERROR] {name} is not JSON", breach=True) from None
                decoded[name] = decoded[name].split(",")
    return decoded


def check_content(arguments: Payload, text_most: int = POST_TEXT, *, needed: bool = True) -> None:
    """Refuses a message whose text, blocks or metadata break a limit."""
    text, blocks = arguments.get("text"), arguments.get("blocks")
    if arguments.get("markdown_text"):
        if text or blocks:
            raise Refused("markdown_text_conflict", breach=True)
        if length(arguments["markdown_text"]) > MARKDOWN:
            raise Refused("msg_too_long", breach=True)
    attachments = arguments.get("attachments") or []
    if needed and not (text or blocks or attachments or arguments.get("markdown_text")):
        raise Refused("no_text", breach=True)
    if length(text or "") > text_most:
        raise Refused("msg_too_long", breach=True)
    if len(attachments) > ATTACHMENTS:
        raise Refused("too_many_attachments", breach=True)
    for attachment in attachments:
        refuse_blocks(attachment.get("blocks") or [])
    if blocks is not None:
        refuse_blocks(blocks)
    if (metadata := arguments.get("metadata")) is not None:
        check_metadata(metadata)


def refuse_blocks(blocks: Any, surface: str = MESSAGE) -> None:
    """Refuses blocks that break a rule of Block Kit."""
    if faults := check_blocks(blocks, surface):
        raise Refused("invalid_blocks", *(f"[ERROR] {fault}" for fault in faults), breach=True)


def check_metadata(metadata: Any) -> None:
    if metadata == {}:
        return
    fine = isinstance(metadata, dict) and metadata.keys() <= {"event_type", "event_payload", "entities"}
    if not fine or ("event_type" in metadata) != ("event_payload" in metadata):
        raise Refused("invalid_metadata_format", breach=True)
    if "event_type" in metadata and not re.fullmatch(r"[A-Za-z0-9_]{1,100}", str(metadata["event_type"])):
        raise Refused("invalid_metadata_schema", breach=True)
    if len(json.dumps(metadata)) > METADATA_BYTES:
        raise Refused("metadata_too_large", breach=True)
