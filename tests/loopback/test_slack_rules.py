"""The stand-in refuses what Slack refuses, with Slack's own errors, so that tests against it mean something."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.loopback.slack import (
    APP_TOKEN,
    ATTIC,
    BEACH,
    BOT_TOKEN,
    CAIRN,
    COMMITTEE,
    CONNECT,
    DIRECT,
    FEDERATION,
    FIDDLER,
    HARBOUR,
    HIDDEN,
    LOBBY,
    NEWS,
    NORTH,
    NORTHERNER,
    PIPER,
    QUAY,
    SAILOR,
    TUNES,
    FakeSlack,
    Limits,
    Upload,
)
from tests.loopback.slack_methods import METHODS, SCOPES

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "A reel"}}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [SECTION]}
HOME = {"type": "home", "blocks": [SECTION]}
FAST = Limits(messages_s=0, tiers=False)


class App:
    """An app that makes single calls with slack_sdk, which repeats none."""

    def __init__(self, slack: FakeSlack, token: str = BOT_TOKEN) -> None:
        self.slack = slack
        self.client = AsyncWebClient(token, slack.api_url, retry_handlers=[])

    async def error(self, call: Awaitable[Any]) -> str:
        """The error of a call that must be refused."""
        with pytest.raises(SlackApiError) as refused:
            await call
        return str(refused.value.response["error"])

    async def post(self, channel: str = TUNES.id, **content: Any) -> str:
        return str((await self.client.chat_postMessage(channel=channel, **{"text": "x", **content}))["ts"])

    async def upload(self, *names: str) -> list[dict[str, Any]]:
        files = []
        async with aiohttp.ClientSession() as session:
            for name in names:
                begun = await self.client.files_getUploadURLExternal(filename=name, length=3)
                async with session.post(begun["upload_url"], data=b"abc") as answer:
                    assert answer.status == 200
                files.append({"id": begun["file_id"], "title": name})
        return files

    async def respond(self, url: str, **body: Any) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with FakeSlack.with_every_scope(limits=FAST) as slack:
        yield App(slack)


# --- tokens, scopes, arguments
async def test_tokens_are_checked(app: App) -> None:
    error, client = app.error, app.client
    assert await error(client.auth_test(token="xoxb-guess")) == "invalid_auth"
    assert await error(client.auth_test(token=APP_TOKEN)) == "not_allowed_token_type"
    assert await error(client.apps_connections_open(app_token=BOT_TOKEN)) == "not_allowed_token_type"
    assert await error(AsyncWebClient(base_url=app.slack.api_url).auth_test()) == "not_authed"
    identity = await client.auth_test()
    assert (identity["team_id"], identity["user_id"]) == (TUNES.team.id, TUNES.team.bot_user)
    assert identity.headers["x-oauth-scopes"] == ",".join(SCOPES)


async def test_revoked_and_uninstalled_tokens_work_no_more(app: App) -> None:
    await app.slack.revoke_tokens()
    assert await app.error(app.client.auth_test()) == "token_revoked"
    await app.slack.uninstall()
    assert await app.error(app.client.auth_test()) == "account_inactive"


async def test_a_method_needs_its_scope() -> None:
    async with FakeSlack.with_every_scope(limits=FAST, scopes=("chat:write", "channels:history")) as slack:
        app = App(slack)
        with pytest.raises(SlackApiError) as refused:
            await app.client.users_info(user=FIDDLER.id)
        answer = refused.value.response
        assert (answer["error"], answer["needed"], answer["provided"]) == (
            "missing_scope",
            "users:read",
            "chat:write,channels:history",
        )
        assert await app.error(app.client.conversations_history(channel=DIRECT.id)) == "missing_scope"
        assert (await app.client.conversations_history(channel=TUNES.id))["messages"] == []


async def test_unknown_methods_and_arguments_are_refused(app: App) -> None:
    assert await app.error(app.client.api_call("chat.sing")) == "unknown_method"
    assert await app.error(app.client.chat_postMessage(channel=TUNES.id, text="x", colour="red")) == "invalid_arguments"
    assert await app.error(app.client.api_call("chat.update", json={"channel": TUNES.id})) == "invalid_arguments"
    assert len(app.slack.state.breaches) == 3
    with pytest.raises(AssertionError, match="unknown argument: colour"):
        app.slack.assert_rules_kept()


def test_the_sdk_has_all_methods_of_the_stand_in() -> None:
    for method in METHODS:
        assert hasattr(AsyncWebClient, method.replace(".", "_")), method


# --- messages
@pytest.mark.parametrize(
    ("channel", "error"),
    [(LOBBY, None), (HIDDEN, "channel_not_found"), (QUAY, "channel_not_found"), (ATTIC, "is_archived"),
     (NEWS, "restricted_action_read_only_channel"), (COMMITTEE, None), (CONNECT, None)],
)  # fmt: skip
async def test_where_an_app_may_post(app: App, channel: Any, error: str | None) -> None:
    posting = app.post(channel.id)
    assert (await app.error(posting) if error else await posting and None) == error
    app.slack.assert_rules_kept()


async def test_without_the_public_scope_an_app_must_be_a_member() -> None:
    async with FakeSlack.with_every_scope(
        limits=FAST, scopes=tuple(scope for scope in SCOPES if scope != "chat:write.public")
    ) as slack:
        app = App(slack)
        assert await app.error(app.post(LOBBY.id)) == "not_in_channel"
        await app.client.conversations_join(channel=LOBBY.id)
        await app.post(LOBBY.id)
        assert await app.error(app.client.conversations_join(channel=COMMITTEE.id)) == "method_not_supported_for_channel_type"
        slack.leave(TUNES)
        assert await app.error(app.post()) == "not_in_channel"


async def test_direct_messages_can_be_opened_with_people_but_not_with_bots(app: App) -> None:
    opened = await app.client.conversations_open(users=FIDDLER.id)
    assert opened["channel"]["id"] == DIRECT.id
    await app.post(FIDDLER.id)
    assert len(app.slack.messages_in(DIRECT)) == 1
    assert await app.error(app.client.conversations_open(users="USLACKBOT")) == "cannot_dm_bot"
    assert await app.error(app.client.conversations_open(users=SAILOR.id)) == "user_not_found"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "😀" * 20_001}, "msg_too_long"),
        ({"markdown_text": "x"}, "markdown_text_conflict"),
        ({"blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"blocks": "[{"}, "invalid_blocks_format"),
        ({"metadata": {"event_type": "tune"}}, "invalid_metadata_format"),
        ({"metadata": {"event_type": "a tune", "event_payload": {}}}, "invalid_metadata_schema"),
        ({"metadata": {"event_type": "tune", "event_payload": {"abc": "x" * 8_000}}}, "metadata_too_large"),
        ({"thread_ts": "yesterday"}, "invalid_thread_ts"),
        ({"thread_ts": "1700000000.000001"}, "thread_not_found"),
    ],
)
async def test_messages_have_limits(app: App, content: dict[str, Any], error: str) -> None:
    assert await app.error(app.post(**content)) == error
    assert app.slack.messages_in() == []


async def test_an_app_changes_only_its_own_messages_and_text_removes_blocks(app: App) -> None:
    ts = await app.post(blocks=[SECTION], metadata={"event_type": "tune", "event_payload": {"id": 7}})
    await app.client.chat_update(channel=TUNES.id, ts=ts, blocks=[SECTION, SECTION])
    [message] = app.slack.messages_in()
    assert (len(message["blocks"]), message["metadata"]["event_payload"]) == (2, {"id": 7})
    await app.client.chat_update(channel=TUNES.id, ts=ts, text="only text")
    assert "blocks" not in message
    said = await app.slack.write("mine")
    assert await app.error(app.client.chat_update(channel=TUNES.id, ts=said["ts"], text="x")) == "cant_update_message"
    assert await app.error(app.client.chat_delete(channel=TUNES.id, ts=said["ts"])) == "cant_delete_message"
    assert await app.error(app.client.chat_update(channel=TUNES.id, ts="1700000000.000001", text="x")) == "message_not_found"
    assert await app.error(app.client.chat_update(channel=TUNES.id, ts=ts, text="x" * 4_001)) == "msg_too_long"
    await app.client.chat_delete(channel=TUNES.id, ts=ts)
    assert app.slack.messages_in() == [said]


async def test_private_messages_reach_members_and_cannot_be_changed_as_others(app: App) -> None:
    ts = (await app.client.chat_postEphemeral(channel=TUNES.id, user=PIPER.id, text="secret"))["message_ts"]
    assert [message["text"] for message in app.slack.ephemerals(PIPER)] == ["secret"]
    assert app.slack.messages_in() == []
    assert await app.error(app.client.chat_update(channel=TUNES.id, ts=ts, text="x")) == "message_not_found"
    assert await app.error(app.client.chat_postEphemeral(channel=TUNES.id, user=SAILOR.id, text="x")) == "user_not_in_channel"


async def test_threads_have_their_replies_and_a_deleted_first_message_leaves_a_tombstone(app: App) -> None:
    ts = await app.post()
    reply = await app.post(thread_ts=ts)
    assert await app.error(app.post(thread_ts=reply)) == "cannot_reply_to_message"
    history = (await app.client.conversations_history(channel=TUNES.id))["messages"]
    assert [message["ts"] for message in history] == [ts]
    replies = (await app.client.conversations_replies(channel=TUNES.id, ts=ts))["messages"]
    assert [message["ts"] for message in replies] == [ts, reply]
    await app.client.chat_delete(channel=TUNES.id, ts=ts)
    assert app.slack.messages_in()[0]["subtype"] == "tombstone"
    assert (await app.client.chat_getPermalink(channel=TUNES.id, message_ts=reply))["permalink"].endswith(reply.replace(".", ""))


async def test_history_has_pages(app: App) -> None:
    sent = [await app.post() for _ in range(5)]
    first = await app.client.conversations_history(channel=TUNES.id, limit=3)
    second = await app.client.conversations_history(channel=TUNES.id, limit=3, cursor=first["response_metadata"]["next_cursor"])
    found = [message["ts"] for page in (first, second) for message in page["messages"]]
    assert (found, first["has_more"], second["has_more"]) == (sent[::-1], True, False)
    later = await app.client.conversations_history(channel=TUNES.id, oldest=sent[2])
    assert [message["ts"] for message in later["messages"]] == sent[:2:-1]
    assert await app.error(app.client.conversations_history(channel=LOBBY.id)) == "not_in_channel"


async def test_links_are_unfurled_only_where_they_were_shared(app: App) -> None:
    app.slack.unfurl_domains = ("tunes.example",)
    said = await app.slack.write("https://tunes.example/7 and https://other.example")
    event = app.slack.event_of(said).event
    assert (event["type"], [link["url"] for link in event["links"]]) == ("link_shared", ["https://tunes.example/7"])
    unfurl = app.client.chat_unfurl
    bad = {"https://other.example": {"blocks": [SECTION]}}
    assert await app.error(unfurl(channel=TUNES.id, ts=said["ts"], unfurls=bad)) == "cannot_unfurl_url"
    await unfurl(channel=TUNES.id, ts=said["ts"], unfurls={"https://tunes.example/7": {"blocks": [SECTION]}})
    assert said["attachments"][0]["blocks"] == [SECTION]


# --- files
async def test_a_file_is_posted_in_three_steps_and_its_ts_is_known_later(app: App) -> None:
    [file] = await app.upload("tune.abc")
    assert await app.error(app.client.files_info(file=file["id"])) == "file_not_found"
    done = await app.client.files_completeUploadExternal(files=[file], channel_id=TUNES.id, blocks=json.dumps([SECTION]))
    assert "ts" not in done.data
    assert "shares" not in (await app.client.files_info(file=file["id"]))["file"]
    await app.slack.until(lambda: app.slack.files.all[file["id"]].shares)
    shares = (await app.client.files_info(file=file["id"]))["file"]["shares"]
    [message] = app.slack.tunes()
    assert shares["public"][TUNES.id][0]["ts"] == message["ts"]
    assert app.slack.file(message, ".abc") == b"abc"
    assert await app.error(app.client.files_completeUploadExternal(files=[file])) == "file_not_found"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel_id": LOBBY.id}, "not_in_channel"),
        ({"channel_id": HIDDEN.id}, "channel_not_found"),
        ({"blocks": json.dumps([{"type": "markdown", "text": "x"}]), "channel_id": TUNES.id}, "internal_error"),
        ({"blocks": json.dumps([SECTION] * 51), "channel_id": TUNES.id}, "invalid_blocks"),
        ({"thread_ts": "1700000000.000001"}, "invalid_arguments"),
    ],
)
async def test_completing_an_upload_can_fail(app: App, arguments: dict[str, Any], error: str) -> None:
    files = await app.upload("tune.abc")
    assert await app.error(app.client.files_completeUploadExternal(files=files, **arguments)) == error


async def test_an_upload_has_the_announced_length(app: App) -> None:
    begun = await app.client.files_getUploadURLExternal(filename="a.abc", length=5)
    async with aiohttp.ClientSession() as session, session.post(begun["upload_url"], data=b"abc") as answer:
        assert answer.status == 400
    assert await app.error(app.client.files_completeUploadExternal(files=[{"id": begun["file_id"]}])) == "file_not_found"
    assert await app.error(app.client.files_getUploadURLExternal(filename="a.abc", length=0)) == "missing_argument"
    assert (
        await app.error(app.client.files_getUploadURLExternal(filename="a", length=1, alt_txt="x" * 1_001)) == "alt_txt_too_large"
    )


async def test_files_are_deleted_by_their_owner_and_leave_the_message(app: App) -> None:
    said = await app.slack.write("", files=[Upload("mine.abc", b"X:1")])
    assert await app.error(app.client.files_delete(file=said["files"][0]["id"])) == "cant_delete_file"
    files = await app.upload("a.abc", "b.abc")
    await app.client.files_completeUploadExternal(files=files, channel_id=TUNES.id)
    [message] = await app.slack.posted()
    await app.client.files_delete(file=files[0]["id"])
    assert [file["mode"] for file in message["files"]] == ["tombstone", "hosted"]
    assert await app.error(app.client.files_info(file=files[0]["id"])) == "file_deleted"
    await app.client.files_delete(file=files[1]["id"])
    assert app.slack.tunes() == []


async def test_a_download_needs_the_token_and_gets_a_page_without_it(app: App) -> None:
    said = await app.slack.write("", files=[Upload("../a b.abc", b"X:1")])
    url = said["files"][0]["url_private_download"]
    other = app.slack.install(HARBOUR, SAILOR)["access_token"]
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers={"Authorization": f"Bearer {BOT_TOKEN}"}) as answer:
            assert await answer.read() == b"X:1"
        for headers in ({}, {"Authorization": f"Bearer {other}"}):
            async with session.get(url, headers=headers) as answer:
                assert (answer.status, answer.content_type) == (200, "text/html")


async def test_another_workspace_sees_neither_channels_nor_files_nor_people(app: App) -> None:
    said = await app.slack.write("", files=[Upload("mine.abc", b"X:1")])
    other = App(app.slack, app.slack.install(HARBOUR, SAILOR)["access_token"])
    assert await other.error(other.post()) == "channel_not_found"
    assert await other.error(other.client.conversations_history(channel=TUNES.id)) == "channel_not_found"
    assert await other.error(other.client.files_info(file=said["files"][0]["id"])) == "file_not_found"
    assert (await other.client.users_info(user=FIDDLER.id))["user"]["is_stranger"]  # they share a channel
    app.slack.delete_channel(CONNECT)
    assert await other.error(other.client.users_info(user=FIDDLER.id)) == "user_not_found"
    assert await other.error(other.client.views_publish(user_id=FIDDLER.id, view=HOME)) == "user_not_found"
    await other.post(QUAY.id)


async def test_people_have_languages_and_rights(app: App) -> None:
    info = (await app.client.users_info(user=PIPER.id, include_locale=True))["user"]
    assert (info["locale"], info["is_admin"], info["is_owner"]) == ("de-DE", False, False)
    assert (await app.client.users_info(user=FIDDLER.id))["user"]["is_admin"]
    assert "locale" not in (await app.client.users_info(user=PIPER.id))["user"]


# --- interactions
async def test_a_trigger_opens_one_modal_within_three_seconds(app: App) -> None:
    opened = await app.slack.slash("tune")
    await app.client.views_open(trigger_id=opened.trigger_id, view=MODAL)
    assert await app.error(app.client.views_open(trigger_id=opened.trigger_id, view=MODAL)) == "exchanged_trigger_id"
    late = await app.slack.slash("tune", person=PIPER)
    app.slack.pass_time(3.1)
    assert await app.error(app.client.views_open(trigger_id=late.trigger_id, view=MODAL)) == "expired_trigger_id"
    assert await app.error(app.client.views_open(trigger_id="1.2.3", view=MODAL)) == "invalid_trigger_id"


async def test_modals_are_stacked_three_high(app: App) -> None:
    for push in (app.client.views_open, app.client.views_push, app.client.views_push):
        await push(trigger_id=(await app.slack.slash("tune")).trigger_id, view=MODAL)
    trigger = (await app.slack.slash("tune")).trigger_id
    assert await app.error(app.client.views_push(trigger_id=trigger, view=MODAL)) == "push_limit_reached"
    bottom, middle, top = app.slack.views_of()
    assert (middle["previous_view_id"], top["root_view_id"]) == (bottom["id"], bottom["id"])
    await app.slack.close_view(top)
    with pytest.raises(AssertionError, match="covers"):
        await app.slack.close_view(bottom)


async def test_a_stale_view_is_not_overwritten(app: App) -> None:
    first = (await app.client.views_publish(user_id=FIDDLER.id, view=HOME))["view"]["hash"]
    await app.client.views_publish(user_id=FIDDLER.id, view=HOME, hash=first)
    assert await app.error(app.client.views_publish(user_id=FIDDLER.id, view=HOME, hash=first)) == "hash_conflict"
    trigger = (await app.slack.slash("tune")).trigger_id
    view = (await app.client.views_open(trigger_id=trigger, view=MODAL))["view"]
    await app.client.views_update(view_id=view["id"], view=MODAL)
    assert await app.error(app.client.views_update(view_id=view["id"], view=MODAL, hash=view["hash"])) == "hash_conflict"
    await app.slack.close_view(app.slack.views_of()[0])
    assert await app.error(app.client.views_update(view_id=view["id"], view=MODAL)) == "not_found"


async def test_a_view_has_at_most_250_kilobytes(app: App) -> None:
    context = {"type": "context", "elements": [{"type": "plain_text", "text": "x" * 2_900}]}
    assert (
        await app.error(app.client.views_publish(user_id=FIDDLER.id, view=HOME | {"blocks": [context] * 90})) == "view_too_large"
    )
    assert (
        await app.error(app.client.views_publish(user_id=FIDDLER.id, view=HOME | {"blocks": [SECTION] * 101})) == "invalid_blocks"
    )
    assert await app.error(app.client.views_publish(user_id=FIDDLER.id, view=MODAL)) == "invalid_arguments"


async def test_a_response_url_works_five_times_in_half_an_hour(app: App) -> None:
    url = (await app.slack.slash("tune")).response_url
    assert [(await app.respond(url, text="x"))[0] for _ in range(6)] == [200] * 5 + [404]
    assert len(app.slack.ephemerals()) == 5
    late = (await app.slack.slash("tune")).response_url
    app.slack.pass_time(30 * 60 + 1)
    assert (await app.respond(late, text="x"))[0] == 404


async def test_a_response_can_be_seen_by_all_but_replaces_only_an_existing_message(app: App) -> None:
    url = (await app.slack.slash("tune", channel=HIDDEN)).response_url
    assert await app.respond(url, text="for all", response_type="in_channel") == (200, "ok")
    assert [message["text"] for message in app.slack.messages_in(HIDDEN)] == ["for all"]
    assert (await app.respond(url, text="x", replace_original=True))[0] == 400
    assert (await app.respond(url, text="x", colour="red"))[0] == 400


# --- rates
async def test_a_channel_takes_one_message_a_second_after_a_short_burst() -> None:
    async with FakeSlack.with_every_scope(limits=Limits(messages_s=60, burst=2)) as slack:
        app = App(slack)
        await app.post()
        await app.post()
        with pytest.raises(SlackApiError) as refused:
            await app.post()
        answer = refused.value.response
        assert (answer.status_code, answer["error"], answer.headers["Retry-After"]) == (429, "ratelimited", "60")
        await app.post(COMMITTEE.id)
        slack.pass_time(60)
        await app.post()
        slack.assert_rules_kept(limited=True)
        with pytest.raises(AssertionError, match="rate limit"):
            slack.assert_rules_kept()
        assert await app.error(app.post()) == "ratelimited"
        assert await app.error(app.post()) == "ratelimited"
        with pytest.raises(AssertionError, match="before Retry-After"):
            slack.assert_rules_kept(limited=True)


async def test_each_method_has_a_limit_in_each_workspace() -> None:
    async with FakeSlack.with_every_scope(limits=Limits(messages_s=0)) as slack:
        app = App(slack)
        ts = await app.post()
        for _ in range(50):
            await app.client.chat_update(channel=TUNES.id, ts=ts, text="x")
        assert await app.error(app.client.chat_update(channel=TUNES.id, ts=ts, text="x")) == "ratelimited"
        other = App(slack, slack.install(HARBOUR, SAILOR)["access_token"])
        await other.client.chat_update(channel=QUAY.id, ts=await other.post(QUAY.id), text="x")
        slack.pass_time(60)
        await app.client.chat_update(channel=TUNES.id, ts=ts, text="x")


async def test_a_newly_distributed_app_reads_15_messages_a_minute() -> None:
    async with FakeSlack.with_every_scope(limits=Limits(messages_s=0, distributed=True)) as slack:
        app = App(slack)
        for _ in range(20):
            await app.post()
        assert len((await app.client.conversations_history(channel=TUNES.id, limit=100))["messages"]) == 15
        assert await app.error(app.client.conversations_history(channel=TUNES.id)) == "ratelimited"


# --- agents
async def test_an_agent_suggests_prompts_and_shows_its_status(app: App) -> None:
    prompts = [{"title": "A jig", "message": "a jig in D"}]
    await app.client.assistant_threads_setSuggestedPrompts(channel_id=DIRECT.id, prompts=prompts)
    assert app.slack.prompts() == prompts
    too_many = app.client.assistant_threads_setSuggestedPrompts(channel_id=DIRECT.id, prompts=prompts * 5)
    assert await app.error(too_many) == "invalid_arguments"
    said = await app.slack.direct("a jig in D")
    thread = {"channel_id": DIRECT.id, "thread_ts": said["ts"]}
    await app.client.assistant_threads_setStatus(**thread, status="is composing", loading_messages=["Tuning up"])
    assert app.slack.assistant_thread(said)["status"] == "is composing"
    await app.client.assistant_threads_setStatus(**thread, status="")
    await app.client.agents_sessions_setStatus(**thread, status="processing", title="A jig")
    stopped = await app.slack.stop_session(said)
    assert stopped is not None
    assert stopped.event["thread_ts"] == said["ts"]
    await app.client.agents_sessions_rename(**thread, title="A jig in D")
    assert app.slack.assistant_thread(said)["title"] == "A jig in D"


async def test_a_workspace_can_lack_agents() -> None:
    async with FakeSlack.with_every_scope(limits=FAST, assistant=None) as slack:
        app = App(slack)
        said = await slack.direct("a jig")
        prompts = [{"title": "A jig", "message": "a jig in D"}]
        suggesting = app.client.assistant_threads_setSuggestedPrompts(channel_id=DIRECT.id, prompts=prompts)
        assert await app.error(suggesting) == "not_agent_app"
        status = app.client.agents_sessions_setStatus(channel_id=DIRECT.id, thread_ts=said["ts"], status="processing")
        assert await app.error(status) == "feature_disabled"


async def test_a_token_of_an_organisation_serves_its_workspaces(app: App) -> None:
    granted = app.slack.install(FEDERATION, NORTHERNER)
    assert (granted["team"], granted["is_enterprise_install"]) == (None, True)
    org = App(app.slack, granted["access_token"])
    for channel in (CAIRN, BEACH):
        await org.post(channel.id)
    assert await org.error(org.post()) == "channel_not_found"
    assert await org.error(org.client.auth_test(team_id=HARBOUR.id)) == "team_access_not_granted"
    assert (await org.client.auth_test(team_id=NORTH.id))["enterprise_id"] == FEDERATION.id
