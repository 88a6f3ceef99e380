"""What the stand-in sends and answers has the fields and types that Slack's reference lists."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.request.internals import extract_channel_id, extract_enterprise_id, extract_team_id, extract_user_id
from slack_sdk.web.async_client import AsyncWebClient

from tests.loopback.slack import (
    BOT_TOKEN,
    CAIRN,
    DIRECT,
    FEDERATION,
    FIDDLER,
    HARBOUR,
    NORTH,
    NORTHERNER,
    SAILOR,
    SESSION,
    TUNES,
    FakeSlack,
    Limits,
    Payload,
    Upload,
)

OPTIONAL = "?"  # ends the name of a field that may be missing; None beside a type says that the value may be null
TEXT = {"type": str, "text": str}
USER = {"id": str, "username": str, "name": str, "team_id": str}
TEAM = {"id": str, "domain": str, "enterprise_id?": str, "enterprise_name?": str}
ENTERPRISE = (None, {"id": str, "name": str})
INTERACTION = {"type": str, "user": USER, "api_app_id": str, "token": str, "team": TEAM, "enterprise": ENTERPRISE,
               "is_enterprise_install": bool}  # fmt: skip
MESSAGE = {"type": str, "user": str, "text": str, "ts": str, "team": str, "blocks?": list, "files?": list, "thread_ts?": str}
BOT_MESSAGE = {**MESSAGE, "bot_id": str, "app_id": str, "bot_profile": {"id": str, "app_id": str, "name": str, "team_id": str}}
VIEW = {
    "id": str, "team_id": str, "type": str, "blocks": list, "private_metadata": str, "callback_id": str,
    "state": {"values": dict}, "hash": str, "title": (None, TEXT), "close": (None, TEXT), "submit": (None, TEXT),
    "clear_on_close": bool, "notify_on_close": bool, "previous_view_id": (None, str), "root_view_id": str, "app_id": str,
    "external_id": str, "app_installed_team_id": str, "bot_id": str,
}  # fmt: skip
ACTION = {"type": str, "action_id": str, "block_id": str, "action_ts": str}
CHANNEL = {"id": str, "name": str}
CONTAINER = {"type": str, "message_ts": str, "channel_id": str, "is_ephemeral": bool}
FILE = {
    "id": str, "created": int, "timestamp": int, "name": str, "title": str, "mimetype": str, "filetype": str, "pretty_type": str,
    "user": str, "user_team": str, "editable": bool, "size": int, "mode": str, "is_external": bool, "external_type": str,
    "is_public": bool, "public_url_shared": bool, "display_as_bot": bool, "username": str, "url_private": str,
    "url_private_download": str, "permalink": str, "comments_count": int, "channels": list, "groups": list, "ims": list,
    "has_rich_preview": bool, "file_access": str, "alt_txt?": str,
}  # fmt: skip
SHARE = {"reply_users": list, "reply_users_count": int, "reply_count": int, "ts": str, "channel_name": str, "team_id": str}
ENVELOPE = {
    "token": str, "team_id": str, "api_app_id": str, "event": dict, "type": str, "event_id": str, "event_time": int,
    "authorizations": list, "is_ext_shared_channel": bool, "event_context": str, "context_team_id": str,
    "context_enterprise_id": (None, str),
}  # fmt: skip
AUTHORIZATION = {
    "enterprise_id": (None, str),
    "team_id": (None, str),
    "user_id": str,
    "is_bot": bool,
    "is_enterprise_install": bool,
}


def differences(value: Any, shape: Any, at: str = "") -> list[str]:
    """Where a payload differs from a shape: a type, a dict of shapes, or a tuple of alternatives."""
    if isinstance(shape, tuple):
        if value is None:
            return [] if None in shape else [f"{at} is null"]
        return differences(value, next(each for each in shape if each is not None), at)
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{at} is {value!r}"]
        found = []
        for name, inside in shape.items():
            key = name.removesuffix(OPTIONAL)
            if key in value:
                found += differences(value[key], inside, f"{at}.{key}")
            elif key == name:
                found.append(f"{at}.{key} is missing")
        return found
    right = isinstance(value, shape) and not (shape is int and isinstance(value, bool))
    return [] if right else [f"{at} is {value!r}"]


def assert_shape(value: Any, shape: Any) -> None:
    assert differences(value, shape) == []


BUTTONS = {"type": "actions", "elements": [
    {"type": "button", "action_id": "again", "text": {"type": "plain_text", "text": "Again"}, "value": "7"},
    {"type": "static_select", "action_id": "key", "options": [{"text": {"type": "plain_text", "text": "G"}, "value": "g"}]},
]}  # fmt: skip
FORM = {
    "type": "modal", "callback_id": "compose", "title": {"type": "plain_text", "text": "Compose"}, "notify_on_close": True,
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [{"type": "input", "block_id": "b", "label": {"type": "plain_text", "text": "Key"},
                "element": {"type": "plain_text_input", "action_id": "key"}}, {**BUTTONS, "block_id": "buttons"}],
}  # fmt: skip


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.with_every_scope(limits=Limits(messages_s=0), unfurl_domains=("tunes.example",)) as slack:
        yield slack


@pytest.fixture
def client(slack: FakeSlack) -> AsyncWebClient:
    return AsyncWebClient(BOT_TOKEN, slack.api_url)


def test_a_shape_tells_what_differs() -> None:
    assert differences({"a": 1, "b": None}, {"a": str, "b": (None, int), "c?": str, "d": int}) == [".a is 1", ".d is missing"]


async def test_a_command(slack: FakeSlack) -> None:
    names = ("token", "team_id", "team_domain", "channel_id", "channel_name", "user_id", "user_name", "command", "text",
             "api_app_id", "is_enterprise_install", "response_url", "trigger_id")  # fmt: skip
    command = await slack.slash("tune", "A>B")
    assert_shape(command.payload, dict.fromkeys(names, str))
    assert command.payload["text"] == "A&gt;B"
    assert (await slack.slash("tune", channel=DIRECT)).payload["channel_name"] == "directmessage"


async def test_an_action_in_a_message(slack: FakeSlack, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=TUNES.id, text="x", blocks=[BUTTONS])
    [message] = slack.messages_in()
    pressed = await slack.click(message, "Again")
    place = {"container": CONTAINER, "channel": CHANNEL, "message": BOT_MESSAGE, "response_url": str, "trigger_id": str}
    assert_shape(pressed.payload, {**INTERACTION, **place, "state": {"values": dict}, "actions": list})
    assert_shape(pressed.payload["actions"][0], {**ACTION, "text": TEXT, "value": str})
    chosen = await slack.choose(message, "key", "G")
    assert_shape(chosen.payload["actions"][0], {**ACTION, "selected_option": {"text": TEXT, "value": str}})
    with pytest.raises(AssertionError, match="offers no H"):
        await slack.choose(message, "key", "H")


async def test_an_action_in_a_private_message_has_no_message(slack: FakeSlack, client: AsyncWebClient) -> None:
    await client.chat_postEphemeral(channel=TUNES.id, user=FIDDLER.id, text="x", blocks=[BUTTONS])
    pressed = await slack.click(slack.ephemerals()[0], "Again")
    assert pressed.payload["container"]["is_ephemeral"]
    assert "message" not in pressed.payload


async def test_forms(slack: FakeSlack, client: AsyncWebClient) -> None:
    await client.views_open(trigger_id=(await slack.slash("tune")).trigger_id, view=FORM)
    form = await slack.modal()
    pressed = await slack.click(form, "Again")
    place = {"container": {"type": str, "view_id": str}, "view": VIEW, "trigger_id": str, "actions": list}
    assert_shape(pressed.payload, {**INTERACTION, **place})
    assert "response_url" not in pressed.payload
    sent = await slack.submit(form, b="G")
    assert_shape(sent.payload, {**INTERACTION, "view": VIEW, "trigger_id": str, "response_urls": list})
    assert sent.payload["view"]["state"]["values"]["b"]["key"] == {"type": "plain_text_input", "value": "G"}
    closed = await slack.close_view(form)
    assert closed is not None
    assert_shape(closed.payload, {**INTERACTION, "view": VIEW, "is_cleared": bool})


async def test_shortcuts(slack: FakeSlack) -> None:
    said = await slack.write("|:ABcd|", files=[Upload("a.abc", b"X:1")])
    chosen = await slack.shortcut("continue", said)
    place = {"channel": CHANNEL, "message": MESSAGE, "response_url": str, "message_ts": str}
    assert_shape(chosen.payload, {**INTERACTION, **place, "callback_id": str, "trigger_id": str, "action_ts": str})
    assert_shape(chosen.payload["message"]["files"][0], FILE)
    chosen = await slack.shortcut("compose")
    assert_shape(chosen.payload, {**INTERACTION, "callback_id": str, "trigger_id": str, "action_ts": str})


async def test_messages_and_mentions(slack: FakeSlack) -> None:
    await slack.mention("hello", files=[Upload("a.abc", b"X:1")])
    await slack.direct("hello")
    for sent in slack.sent:
        assert_shape(sent.payload, ENVELOPE)
        assert_shape(sent.payload["authorizations"][0], AUTHORIZATION)
    mention, message, shared, direct = (sent.event for sent in slack.sent)
    assert_shape(mention, {**MESSAGE, "channel": str, "event_ts": str, "client_msg_id": str, "files": list})
    assert_shape(message, {**MESSAGE, "channel": str, "event_ts": str, "channel_type": str, "subtype": str, "upload": bool})
    assert_shape(shared, {"type": str, "channel_id": str, "file_id": str, "user_id": str, "file": {"id": str}, "event_ts": str})
    assert_shape(direct, {**MESSAGE, "channel": str, "event_ts": str, "channel_type": str})
    assert (mention["type"], message["subtype"], direct["channel_type"]) == ("app_mention", "file_share", "im")


async def test_messages_of_the_app_and_changes(slack: FakeSlack, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=TUNES.id, text="x")
    assert_shape(posted.data, {"ok": bool, "channel": str, "ts": str, "message": BOT_MESSAGE})
    updated = await client.chat_update(channel=TUNES.id, ts=posted["ts"], text="y")
    assert_shape(updated.data, {"ok": bool, "channel": str, "ts": str, "text": str, "message": BOT_MESSAGE})
    await client.chat_delete(channel=TUNES.id, ts=posted["ts"])
    new, changed, deleted = (sent.event for sent in slack.sent)
    assert_shape(new, {**BOT_MESSAGE, "channel": str, "event_ts": str, "channel_type": str})
    hidden = {"type": str, "subtype": str, "hidden": bool, "channel": str, "ts": str, "event_ts": str, "channel_type": str}
    assert_shape(
        changed, {**hidden, "message": {**BOT_MESSAGE, "edited": {"user": str, "ts": str}}, "previous_message": BOT_MESSAGE}
    )
    assert_shape(deleted, {**hidden, "deleted_ts": str, "previous_message": BOT_MESSAGE})


async def test_links(slack: FakeSlack) -> None:
    said = await slack.write("https://tunes.example/tunes/7?a=1&b=2")
    event = slack.event_of(said).event
    fields = {"type": str, "channel": str, "is_bot_user_member": bool, "user": str, "message_ts": str, "unfurl_id": str,
              "source": str, "links": list, "event_ts": str}  # fmt: skip
    assert_shape(event, fields)
    assert event["links"] == [{"domain": "tunes.example", "url": "https://tunes.example/tunes/7?a=1&b=2"}]


async def test_app_home_and_context(slack: FakeSlack, client: AsyncWebClient) -> None:
    fields = {"type": str, "user": str, "channel": str, "tab": str, "event_ts": str}
    opened = await slack.open_home()
    assert opened is not None
    assert_shape(opened.event, fields)
    assert "view" not in opened.event
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
    published = await client.views_publish(user_id=FIDDLER.id, view={"type": "home", "blocks": [section]})
    assert_shape(published["view"], VIEW)
    opened = await slack.open_home()
    assert opened is not None
    assert_shape(opened.event, {**fields, "view": VIEW})
    seen = await slack.open_home(tab="messages", looking_at=TUNES)
    changed = await slack.look_at(TUNES)
    for sent in (seen, changed):
        assert sent is not None
        [entity] = sent.event["context"]["entities"]
        assert entity == {"type": "slack#/types/channel_id", "value": TUNES.id, "team_id": SESSION.id}


async def test_threads_with_an_older_assistant() -> None:
    async with FakeSlack.with_every_scope(assistant="assistant") as slack:
        first = await slack.start_assistant(looking_at=TUNES)
        [started] = slack.sent
        context = {"channel_id": str, "team_id": str, "enterprise_id": (None, str)}
        thread = {"user_id": str, "context": context, "channel_id": str, "thread_ts": str}
        assert_shape(started.event, {"type": str, "assistant_thread": thread, "event_ts": str})
        said = await slack.reply(first, "a jig")
        assert slack.event_of(said).event["thread_ts"] == first["ts"]


async def test_files_with_shares(slack: FakeSlack, client: AsyncWebClient) -> None:
    said = await slack.write("", files=[Upload("a.abc", b"X:1")])
    info = await client.files_info(file=said["files"][0]["id"])
    assert_shape(info["file"], {**FILE, "shares": {"public": {TUNES.id: list}}})
    assert_shape(info["file"]["shares"]["public"][TUNES.id][0], SHARE)
    said = await slack.direct("", files=[Upload("a.abc", b"X:1")])
    info = await client.files_info(file=said["files"][0]["id"])
    assert_shape(info["file"], {**FILE, "shares": {"private": {DIRECT.id: list}}})
    assert info["file"]["ims"] == [DIRECT.id]


async def test_tokens(slack: FakeSlack) -> None:
    granted = {"ok": bool, "app_id": str, "authed_user": {"id": str}, "scope": str, "token_type": str, "access_token": str,
               "bot_user_id": str, "team": (None, {"id": str, "name": str}), "enterprise": ENTERPRISE,
               "is_enterprise_install": bool}  # fmt: skip
    assert_shape(slack.install(HARBOUR, SAILOR), granted)
    assert_shape(slack.install(FEDERATION, NORTHERNER), granted)
    async with FakeSlack.with_every_scope(rotation=True) as rotating:
        assert_shape(rotating.install(HARBOUR, SAILOR), {**granted, "refresh_token": str, "expires_in": int})


async def test_the_end_of_an_installation(slack: FakeSlack) -> None:
    await slack.uninstall()
    events: dict[str, Payload] = {sent.event["type"]: sent.event for sent in slack.sent}
    assert_shape(events["tokens_revoked"], {"tokens": {"oauth": list, "bot": list}, "event_ts": str})
    assert_shape(events["app_uninstalled"], {"event_ts": str})


async def test_people_channels_and_identity(slack: FakeSlack, client: AsyncWebClient) -> None:
    rights = ("is_admin", "is_owner", "is_primary_owner", "is_restricted", "is_ultra_restricted", "is_bot", "deleted")
    person = {"id": str, "team_id": str, "name": str, "real_name": str, "tz": str, "locale": str, "profile": dict}
    user = (await client.users_info(user=FIDDLER.id, include_locale=True))["user"]
    assert_shape(user, {**person, **dict.fromkeys(rights, bool)})
    channel = {"id": str, "name": str, "is_archived": bool, "is_private": bool, "is_member": bool, "is_ext_shared": bool}
    assert_shape((await client.conversations_info(channel=TUNES.id))["channel"], channel)
    assert_shape((await client.conversations_info(channel=DIRECT.id))["channel"], {"id": str, "is_im": bool, "user": str})
    identity = {"ok": bool, "url": str, "team": str, "user": str, "team_id": str, "user_id": str, "bot_id": str}
    assert_shape((await client.auth_test()).data, {**identity, "is_enterprise_install": bool})


async def test_slack_bolt_finds_person_channel_and_workspace_in_an_organisation(slack: FakeSlack) -> None:
    slack.install(FEDERATION, NORTHERNER)
    said = await slack.mention("hello", channel=CAIRN, person=NORTHERNER)
    command = await slack.slash("tune", channel=CAIRN, person=NORTHERNER)
    for payload in (slack.sent[0].payload, command.payload, (await slack.shortcut("continue", said, person=NORTHERNER)).payload):
        assert (extract_user_id(payload), extract_channel_id(payload)) == (NORTHERNER.id, CAIRN.id)
        assert extract_enterprise_id(payload) == FEDERATION.id
        assert extract_team_id(payload) in (None, NORTH.id)
