"""The app's manifest: valid for Slack, with the scopes that its events need, and documented."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from jsonschema import Draft7Validator

from bot.slack.core.manifest import MANIFEST, bot_scopes
from tests.bot.slack import manifest_schema, simple_yaml
from tests.documentation import ROOT
from tests.loopback.slack_methods import SCOPE_OF_EVENT

MANIFEST_CONTENT: dict[str, Any] = simple_yaml.load(MANIFEST.read_text("utf-8"))
VALIDATOR = Draft7Validator(manifest_schema.MANIFEST)


def problems(manifest: object) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(manifest)]


def changed(path: str, value: object) -> dict[str, Any]:
    """A copy of the manifest with another value at a path such as `features/shortcuts/0/name`; None removes it."""
    manifest = copy.deepcopy(MANIFEST_CONTENT)
    *parents, last = path.split("/")
    part: Any = manifest
    for name in parents:
        part = part[int(name) if name.isdecimal() else name]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return manifest


def test_the_rules_are_a_schema_and_the_manifest_keeps_them() -> None:
    Draft7Validator.check_schema(manifest_schema.MANIFEST)
    assert problems(MANIFEST_CONTENT) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("display_information", None),
        ("display_information/name", "T" * 36),
        ("display_information/description", "D" * 141),
        ("display_information/long_description", "too short"),
        ("features/shortcuts/0/name", "Continue the tune in this message"),
        ("features/shortcuts/0/type", "channel"),
        ("features/slash_commands/0/command", "tune"),
        ("features/slash_commands/0/usage_hint", ""),
        ("features/bot_user/display_name", None),
        ("features/unfurl_domains", ["https://tunes.example.org"]),
        ("features/agent", {}),
        ("features/agent_view/agent_description", "D" * 301),
        ("features/agent_view/suggested_prompts", [{"title": "A reel", "message": "A reel, please"}] * 5),
        ("features/assistant_view", {"assistant_description": "I write tunes."}),
        ("oauth_config/scopes/bot", "chat:write"),
        ("settings/event_subscriptions/bot_events", ["message.im", "message.im"]),
        ("settings/interactivity", {}),
        ("settings/socket_mode_enabled", "yes"),
        ("token", "xoxb-1"),
    ],
)
def test_the_rules_find_a_mistake(path: str, value: object) -> None:
    assert problems(changed(path, value))


def test_what_http_mode_changes_is_valid_too() -> None:
    manifest = changed("features/unfurl_domains", ["tunes.example.org"])
    manifest["oauth_config"]["redirect_urls"] = ["https://tunes.example.org/slack/oauth_redirect"]
    events = "https://tunes.example.org/slack/events"
    manifest["settings"] |= {"socket_mode_enabled": False, "token_rotation_enabled": True, "org_deploy_enabled": True}
    for part in (*manifest["features"]["slash_commands"],):
        part["url"] = events
    for name in ("event_subscriptions", "interactivity"):
        manifest["settings"][name]["request_url"] = events
    assert problems(manifest) == []


def test_every_event_has_the_scope_that_it_needs() -> None:
    events = MANIFEST_CONTENT["settings"]["event_subscriptions"]["bot_events"]
    assert {SCOPE_OF_EVENT[event] for event in events if event in SCOPE_OF_EVENT} <= set(bot_scopes())


def test_the_program_reads_the_same_scopes() -> None:
    assert list(bot_scopes()) == MANIFEST_CONTENT["oauth_config"]["scopes"]["bot"]


def test_the_documentation_has_a_reason_for_each_scope_and_for_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_.]+(?::[a-z.]+)?)` \| (.+) \|$", (ROOT / "docs" / "slack.md").read_text("utf-8"), re.MULTILINE)
    assert [scope for scope, reason in rows if ":" in scope or scope == "commands"] == list(bot_scopes())


@pytest.mark.parametrize(
    "text", ["a: {b: c}", "a: [b]", "a: &x b", "a: 1", "a: null", "a: 'b'", "a: b # c", "a: b\na: c", "a", "- - b"]
)
def test_yaml_that_is_not_simple_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        simple_yaml.load(text)
