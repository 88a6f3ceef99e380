"""The methods of Slack's web API that the stand-in knows: arguments, scopes and rate limits, from Slack's reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from re import findall, search


@dataclass(frozen=True)
class Method:
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()  # any one of them suffices
    tier: int = 4  # 5 is a special limit of some hundred calls a minute, 0 none
    app_token: bool = False  # called with xapp-…
    no_token: bool = False
    lists: tuple[str, ...] = ()  # arguments that are JSON in a form


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_SAYING = "text blocks attachments markdown_text metadata parse link_names"
_POSTED = f"{_SAYING} as_user icon_emoji icon_url username thread_ts"
_JSON = ("blocks", "attachments", "metadata")
_HISTORY = _words("cursor include_all_metadata inclusive latest limit oldest")
_READ_HISTORY = _words("channels:history groups:history im:history mpim:history")

METHODS: dict[str, Method] = {
    "agents.sessions.rename": Method(("title",), _words("channel_id thread_ts"), ("chat:write",), 3),
    "agents.sessions.setStatus": Method(
        ("status",), _words("channel_id thread_ts title initiator_user_id icon_emoji icon_url username"), ("chat:write",), 3
    ),
    "apps.connections.open": Method(scopes=("connections:write",), tier=3, app_token=True),
    "apps.uninstall": Method(("client_id", "client_secret"), tier=1),
    "assistant.threads.setStatus": Method(
        _words("channel_id thread_ts status"), _words("loading_messages icon_emoji icon_url username"),
        ("chat:write", "assistant:write"), 5, lists=("loading_messages",),
    ),
    "assistant.threads.setSuggestedPrompts": Method(
        _words("channel_id prompts"), _words("thread_ts title"), ("assistant:write",), lists=("prompts",)
    ),
    "assistant.threads.setTitle": Method(_words("channel_id thread_ts title"), scopes=("assistant:write",)),
    "auth.revoke": Method(optional=("test",), tier=3),
    "auth.teams.list": Method(optional=_words("cursor include_icon limit"), tier=2),
    "auth.test": Method(tier=5),
    "bots.info": Method(optional=("bot",), scopes=("users:read",), tier=3),
    "chat.delete": Method(_words("channel ts"), ("as_user",), ("chat:write",), 3),
    "chat.getPermalink": Method(_words("channel message_ts"), tier=5),
    "chat.postEphemeral": Method(_words("channel user"), _words(_POSTED), ("chat:write",), lists=_JSON),
    "chat.postMessage": Method(
        ("channel",), _words(f"{_POSTED} mrkdwn reply_broadcast unfurl_links unfurl_media"), ("chat:write",), 5, lists=_JSON
    ),
    "chat.unfurl": Method(
        optional=_words(
            "channel source ts unfurl_id unfurls metadata user_auth_blocks user_auth_message user_auth_required user_auth_url"
        ),
        scopes=("links:write",), tier=3, lists=("unfurls", "metadata", "user_auth_blocks"),
    ),
    "chat.update": Method(
        _words("channel ts"), _words(f"{_SAYING} as_user file_ids reply_broadcast"), ("chat:write",), 3,
        lists=(*_JSON, "file_ids"),
    ),
    "conversations.history": Method(("channel",), _HISTORY, _READ_HISTORY, 3),
    "conversations.info": Method(
        ("channel",), _words("include_locale include_num_members"), _words("channels:read groups:read im:read mpim:read"), 3
    ),
    "conversations.join": Method(("channel",), scopes=("channels:join",), tier=3),
    "conversations.members": Method(
        ("channel",), _words("cursor limit"), _words("channels:read groups:read im:read mpim:read")
    ),
    "conversations.open": Method(
        optional=_words("channel prevent_creation return_im users"), scopes=_words("im:write mpim:write"), tier=3
    ),
    "conversations.replies": Method(_words("channel ts"), _HISTORY, _READ_HISTORY, 3),
    "files.completeUploadExternal": Method(
        ("files",), _words("blocks channel_id channels initial_comment thread_ts"), ("files:write",), lists=("files", "blocks")
    ),
    "files.delete": Method(("file",), scopes=("files:write",), tier=3),
    "files.getUploadURLExternal": Method(_words("filename length"), _words("alt_txt snippet_type"), ("files:write",)),
    "files.info": Method(("file",), _words("count cursor limit page"), ("files:read",)),
    "oauth.v2.access": Method(
        optional=_words("client_id client_secret code code_verifier grant_type redirect_uri refresh_token"), tier=5, no_token=True
    ),
    "team.info": Method(optional=_words("domain team"), scopes=("team:read",), tier=3),
    "users.info": Method(("user",), ("include_locale",), ("users:read",)),
    "views.open": Method(("view",), _words("trigger_id interactivity_pointer"), lists=("view",)),
    "views.publish": Method(_words("user_id view"), ("hash",), lists=("view",)),
    "views.push": Method(("view",), _words("trigger_id interactivity_pointer"), lists=("view",)),
    "views.update": Method(("view",), _words("external_id hash view_id"), lists=("view",)),
}  # fmt: skip
# For a token of an organisation they say which workspace is meant; the SDK adds it to every call of such a client.
ALWAYS = frozenset({"team_id", "token"})

# Scopes and events of the app where it has no manifest yet.
SCOPES = _words(
    "app_mentions:read assistant:write channels:history channels:join channels:read chat:write chat:write.public commands "
    "files:read files:write groups:history groups:read im:history im:read im:write links:read links:write mpim:history "
    "mpim:read team:read users:read"
)
EVENTS = _words(
    "agent_session_stopped app_context_changed app_home_opened app_mention app_uninstalled assistant_thread_context_changed "
    "assistant_thread_started file_shared link_shared message.channels message.groups message.im message.mpim tokens_revoked"
)
# The scope without which Slack sends no such event.
SCOPE_OF_EVENT = {
    "app_mention": "app_mentions:read", "assistant_thread_started": "assistant:write",
    "assistant_thread_context_changed": "assistant:write", "file_shared": "files:read", "link_shared": "links:read",
    "message.channels": "channels:history", "message.groups": "groups:history", "message.im": "im:history",
    "message.mpim": "mpim:history",
}  # fmt: skip
MANIFEST = Path(__file__).parents[2] / "bot" / "slack" / "manifest.yaml"


def manifest_list(name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """A list of the app's manifest, `bot` (scopes) or `bot_events`; the default without a manifest."""
    if not MANIFEST.exists():
        return default
    block = search(rf"(?m)^ *{name}:.*\n((?: *(?:-.*|#.*)?\n)+)", MANIFEST.read_text())
    found = tuple(findall(r'(?m)^ *- *"?([a-z_.:]+)', block[1])) if block else ()
    if not found:
        raise ValueError(f"{MANIFEST} has no list {name}")
    return found


_TEXT = MANIFEST.read_text() if MANIFEST.exists() else ""
COMMANDS = tuple(findall(r'(?m)command: *"?(/[\w-]+)', _TEXT))
SHORTCUTS = tuple(findall(r'(?m)callback_id: *"?([\w-]+)', _TEXT))
ASSISTANT_KIND = "assistant" if "assistant_view:" in _TEXT else "agent"
