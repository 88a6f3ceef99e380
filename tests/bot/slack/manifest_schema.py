"""Slack's rules for manifests as a JSON schema, for what manifests like ours contain.

Written after https://github.com/slackapi/manifest-schema, schemas/manifest.schema.1.0.0.json, as of November 2026. Left out are
functions, workflows, datastores, other kinds of apps and the page in Slack's Marketplace, so a manifest with them is refused.
Also left out are the actions of `agent_view`, and `assistant_view`, which only apps from before summer 2026 may have
(https://docs.slack.dev/ai/migrating-to-agent-messaging).
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

BOOLEAN: Schema = {"type": "boolean"}


def text(at_most: int, at_least: int = 1, **more: object) -> Schema:
    return {"type": "string", "minLength": at_least, "maxLength": at_most, **more}


def several(items: Schema, at_most: int, at_least: int = 0, *, unique: bool = False) -> Schema:
    return {"type": "array", "items": items, "minItems": at_least, "maxItems": at_most, "uniqueItems": unique}


def closed(required: str = "", /, **properties: Schema) -> Schema:
    """An object with these properties and no others."""
    return {"type": "object", "additionalProperties": False, "required": required.split(), "properties": properties}


ADDRESS = text(3_500, pattern=r"^https?://")
DOMAIN = text(255, pattern=r"^(?![.\-])([-a-z0-9.])+([a-z0-9])$")
NAMES = several(text(50), 255)

DISPLAY_INFORMATION = closed(
    "name",
    name=text(35),
    description=text(140),
    long_description=text(4_000, 175),
    background_color=text(7, 4, pattern="^#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?$"),
)
SHORTCUT = closed(
    "name type callback_id description",
    name=text(24),
    type={"enum": ["message", "global"]},
    callback_id=text(255),
    description=text(150),
)
SLASH_COMMAND = closed(
    "command description",
    command=text(32, 2, pattern="^/"),
    url=ADDRESS,
    description=text(2_000),
    usage_hint=text(1_000),
    should_escape=BOOLEAN,
)
PROMPT = closed("title message", title={"type": "string"}, message={"type": "string"})
FEATURES = closed(
    app_home=closed(home_tab_enabled=BOOLEAN, messages_tab_enabled=BOOLEAN, messages_tab_read_only_enabled=BOOLEAN),
    agent_view=closed(
        agent_description=text(300, 0),
        suggested_prompts=several(PROMPT, 4),
    ),
    bot_user=closed("display_name", display_name=text(80), always_online=BOOLEAN),
    shortcuts=several(SHORTCUT, 10, 1),
    slash_commands=several(SLASH_COMMAND, 50, 1),
    unfurl_domains=several(DOMAIN, 5, 1, unique=True),
)
OAUTH_CONFIG = closed(
    redirect_urls=several(text(2_500, 0), 1_000, unique=True),
    scopes=closed(bot=NAMES, bot_optional=NAMES, user=NAMES, user_optional=NAMES),
    token_management_enabled=BOOLEAN,
    pkce_enabled=BOOLEAN,
)
EVENTS = several(text(50, 0), 100, unique=True)
SETTINGS = closed(
    event_subscriptions=closed(request_url=ADDRESS, bot_events=EVENTS, user_events=EVENTS),
    incoming_webhooks=closed(incoming_webhooks_enabled=BOOLEAN),
    interactivity=closed("is_enabled", is_enabled=BOOLEAN, request_url=ADDRESS, message_menu_options_url=ADDRESS),
    org_deploy_enabled=BOOLEAN,
    socket_mode_enabled=BOOLEAN,
    token_rotation_enabled=BOOLEAN,
    is_hosted=BOOLEAN,
)
MANIFEST: Schema = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    **closed(
        "display_information",
        _metadata=closed(major_version={"type": "integer"}, minor_version={"type": "integer"}),
        display_information=DISPLAY_INFORMATION,
        features=FEATURES,
        oauth_config=OAUTH_CONFIG,
        settings=SETTINGS,
    ),
}
