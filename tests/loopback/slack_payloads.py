"""The payloads that Slack sends to an app when people use commands, buttons, menus, forms and shortcuts."""

from __future__ import annotations

import json
from typing import Any

from tests.loopback.slack_installations import Installation
from tests.loopback.slack_world import APP, VERIFICATION_TOKEN, Channel, Payload, Person, Team


def copied(value: Any) -> Any:
    """A copy as JSON carries it, so that later changes do not reach what was sent."""
    return json.loads(json.dumps(value))


def seen(message: Payload) -> Payload:
    """A message as an interaction shows it: without its channel."""
    shown: Payload = copied({name: value for name, value in message.items() if name != "channel" and not name.startswith("_")})
    return shown


def slash_command(command: str, text: str, channel: Channel, person: Person, installed: Installation, **ids: str) -> Payload:
    """All values are strings, as in a form. `ids`: trigger_id and response_url."""
    team = person.team
    enterprise = team.enterprise
    return {
        "token": VERIFICATION_TOKEN, "team_id": team.id, "team_domain": team.domain,
        **({"enterprise_id": enterprise.id, "enterprise_name": enterprise.name} if enterprise else {}),
        "channel_id": channel.id, "channel_name": channel.shown_name, "user_id": person.id, "user_name": person.name,
        "command": command, "text": text, "api_app_id": APP, "is_enterprise_install": str(installed.org_wide).lower(), **ids,
    }  # fmt: skip


def interaction(kind: str, person: Person, team: Team, installed: Installation, /, **fields: Any) -> Payload:
    """The fields that all interactions have."""
    enterprise = team.enterprise
    return {
        "type": kind, "user": person.payload, "api_app_id": APP, "token": VERIFICATION_TOKEN, "team": team.payload,
        "enterprise": {"id": enterprise.id, "name": enterprise.name} if enterprise else None,
        "is_enterprise_install": installed.org_wide, **copied(fields),
    }  # fmt: skip


def in_message(message: Payload, channel: Channel) -> Payload:
    """`container`, `channel` and `message` of an action in a message. Of a private message Slack sends no content."""
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": "ephemeral_to" in message,
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    place = {"container": container, "channel": {"id": channel.id, "name": channel.shown_name}}
    return place if "ephemeral_to" in message else place | {"message": seen(message)}


def in_view(view: Payload) -> Payload:
    """`container` and `view` of an action in a modal or an App Home."""
    return {"container": {"type": "view", "view_id": view["id"]}, "view": view}


def action(block: Payload, element: Payload, value: Payload, ts: str) -> Payload:
    """An entry of `actions`. `value` is what a menu or an input holds now."""
    common = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"], "action_ts": ts}
    if element["type"] == "button":
        names: tuple[str, ...] = ("text", "value", "style", "url")
    else:
        names = ("placeholder", "initial_option", "initial_options")
    return {**common, **{name: element[name] for name in names if name in element}, **value}


def rich_text(text: str, block_id: str) -> Payload:
    """`blocks` of a message that a person typed."""
    typed = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "block_id": block_id, "elements": [typed]}
