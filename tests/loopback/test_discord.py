"""The stand-in refuses what Discord refuses, so that tests against it mean something."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.loopback import discord_world as world
from tests.loopback.discord import (
    DIRECT,
    ELSEWHERE,
    FIDDLER,
    HIDDEN,
    NO_HISTORY,
    NO_THREADS,
    PIPER,
    SHOWCASE,
    SILENT,
    SILENT_THREAD,
    SILENT_THREADS,
    THREAD,
    TOKEN,
    TUNES,
    WORKSHOP,
    Channel,
    FakeDiscord,
    Interaction,
    Upload,
)
from tests.loopback.discord_limits import Rates
from tests.loopback.discord_server import DEFERRED, LEFT_AT, MODAL, REPLY
from tests.loopback.discord_world import BOT as BOT_USER
from tests.loopback.discord_world import readable

BOT = {"Authorization": f"Bot {TOKEN}", LEFT_AT: "1000"}  # all calls at the same time, except for `pass_time`


class Caller:
    """A bot that makes single calls to the API."""

    def __init__(self, discord: FakeDiscord, session: aiohttp.ClientSession) -> None:
        self.discord, self.session = discord, session

    async def call(self, method: str, path: str, json: Any = None, **options: Any) -> tuple[int, Any]:
        async with self.session.request(method, self.discord.api_url + path, json=json, **{"headers": BOT} | options) as answer:
            body = await answer.json() if answer.content_length else {}
            return answer.status, body.get("code", body) if answer.status >= 400 else body

    async def command(self, channel: Channel = TUNES) -> Interaction:
        self.discord.commands["tune"] = {"id": "1", "options": []}
        return await self.discord.slash("tune", channel=channel)

    async def answer(self, to: Interaction, kind: int, **data: Any) -> tuple[int, Any]:
        return await self.call("POST", f"/interactions/{to.id}/{to.token}/callback", {"type": kind, "data": data})


@pytest.fixture
async def bot() -> AsyncIterator[Caller]:
    async with FakeDiscord() as discord, aiohttp.ClientSession() as session:
        yield Caller(discord, session)


async def test_the_first_answer_must_come_within_three_seconds(bot: Caller) -> None:
    interaction = await bot.command()
    bot.discord.pass_time(3.1)
    assert await bot.answer(interaction, DEFERRED) == (404, 10062)


async def test_an_interaction_is_answered_once(bot: Caller) -> None:
    interaction = await bot.command()
    assert (await bot.answer(interaction, DEFERRED))[0] == 200
    assert await bot.answer(interaction, REPLY, content="again") == (400, 40060)


async def test_the_token_lasts_fifteen_minutes(bot: Caller) -> None:
    interaction = await bot.command()
    await bot.answer(interaction, DEFERRED)
    path = f"/webhooks/100/{interaction.token}/messages/@original"
    assert (await bot.call("PATCH", path, {"content": "card"}))[0] == 200
    bot.discord.pass_time(15 * 60)
    assert await bot.call("PATCH", path, {"content": "late"}) == (401, 50027)


async def test_the_first_follow_up_replaces_thinking_and_keeps_its_visibility(bot: Caller) -> None:
    interaction = await bot.command()
    await bot.answer(interaction, DEFERRED)
    await bot.call("POST", f"/webhooks/100/{interaction.token}", {"content": "secret", "flags": 64})
    assert [message["content"] for message in bot.discord.messages_in()] == ["secret"]


async def test_the_same_nonce_creates_one_message_for_some_minutes(bot: Caller) -> None:
    post = ("POST", f"/channels/{TUNES.id}/messages", {"content": "tune", "nonce": "abc", "enforce_nonce": True})
    _, first = await bot.call(*post)
    _, second = await bot.call(*post)
    bot.discord.pass_time(6 * 60)
    _, third = await bot.call(*post)
    assert first["id"] == second["id"] != third["id"]


@pytest.mark.parametrize(
    ("message", "refusal"),
    [
        ({"content": "x" * 2_001}, (400, 50035)),
        ({"content": ""}, (400, 50006)),
        ({"content": "x", "nonce": "n" * 26}, (400, 50035)),
        ({"content": "x", "embeds": [{"description": "y" * 4_097}]}, (400, 50035)),
        (
            {"content": "x", "components": [{"type": 1, "components": [{"type": 2, "custom_id": "c" * 101, "label": "C"}]}]},
            (400, 50035),
        ),
        (
            {"content": "x", "components": [{"type": 1, "components": [{"type": 2, "custom_id": "c", "label": "C"}] * 2}]},
            (400, 50035),
        ),
        ({"content": "x", "components": [{"type": 1, "components": []}]}, (400, 50035)),
    ],
)
async def test_messages_have_limits(bot: Caller, message: dict[str, Any], refusal: tuple[int, int]) -> None:
    assert await bot.call("POST", f"/channels/{TUNES.id}/messages", message) == refusal
    assert bot.discord.messages_in() == []


ROW = {"type": 1}
OPTION = {"label": "A", "value": "a"}


@pytest.mark.parametrize(
    "row",
    [
        [{"type": 2, "custom_id": "c"}],
        [{"type": 2, "custom_id": "c", "label": "C" * 81}],
        [{"type": 2, "custom_id": f"c{number}", "label": "C"} for number in range(6)],
        [{"type": 3, "custom_id": "s", "options": []}],
        [{"type": 3, "custom_id": "s", "options": [OPTION, OPTION]}],
        [{"type": 3, "custom_id": "s", "options": [{"label": str(number), "value": str(number)} for number in range(26)]}],
        [{"type": 3, "custom_id": "s", "options": [{"label": "A" * 101, "value": "a"}]}],
        [{"type": 3, "custom_id": "s", "options": [OPTION]}, {"type": 2, "custom_id": "c", "label": "C"}],
    ],
)
async def test_buttons_and_selects_have_limits(bot: Caller, row: list[dict[str, Any]]) -> None:
    message = {"content": "x", "components": [ROW | {"components": row}]}
    assert await bot.call("POST", f"/channels/{TUNES.id}/messages", message) == (400, 50035)
    fine = [{"type": 3, "custom_id": "s", "options": [OPTION]}]
    message = {"content": "x", "components": [ROW | {"components": fine}]}
    assert (await bot.call("POST", f"/channels/{TUNES.id}/messages", message))[0] == 200


FIELD = {"type": 4, "custom_id": "key", "style": 1}


@pytest.mark.parametrize(
    "form",
    [
        {"title": "T" * 46},
        {"title": ""},
        {"custom_id": "c" * 101},
        {"components": []},
        {"components": [{"type": 18, "label": "L", "component": FIELD | {"custom_id": str(number)}} for number in range(6)]},
        {"components": [{"type": 18, "label": "L" * 46, "component": FIELD}]},
        {"components": [{"type": 18, "label": "L", "component": FIELD}] * 2},
        {"components": [{"type": 18, "label": "L", "component": FIELD | {"max_length": 4_001}}]},
        {"components": [{"type": 18, "label": "L", "component": FIELD | {"max_length": 3, "value": "long"}}]},
        {"components": [{"type": 18, "label": "L", "component": FIELD | {"placeholder": "p" * 101}}]},
        {"components": [ROW | {"components": [{"type": 2, "custom_id": "c", "label": "C"}]}]},
    ],
)
async def test_forms_have_limits(bot: Caller, form: dict[str, Any]) -> None:
    fine = {"title": "T", "custom_id": "c", "components": [{"type": 18, "label": "L", "component": FIELD}]}
    interaction = await bot.command()
    assert await bot.answer(interaction, MODAL, **fine | form) == (400, 50035)
    assert (await bot.answer(interaction, MODAL, **fine))[0] == 200
    sent = await bot.discord.submit(interaction, key="G")
    assert sent.payload["data"]["components"][0]["component"]["value"] == "G"
    assert await bot.answer(sent, MODAL, **fine) == (400, 50035)


async def test_a_channel_allows_five_edits_in_five_seconds(bot: Caller) -> None:
    _, said = await bot.call("POST", f"/channels/{TUNES.id}/messages", {"content": "x"})
    edit = ("PATCH", f"/channels/{TUNES.id}/messages/{said['id']}", {"content": "y"})
    assert [(await bot.call(*edit))[0] for _ in range(6)] == [200] * 5 + [429]
    bot.discord.pass_time(5)
    assert (await bot.call(*edit))[0] == 200
    assert len(bot.discord.rates.exceeded) == 1


async def test_private_messages_and_those_of_other_channels_are_not_found_in_a_channel(bot: Caller) -> None:
    interaction = await bot.command()
    await bot.answer(interaction, REPLY, content="secret", flags=64)
    _, said = await bot.call("POST", f"/channels/{TUNES.id}/messages", {"content": "x"})
    for channel, message in ((TUNES, interaction.original), (SHOWCASE, said["id"])):
        for method in ("GET", "PATCH", "DELETE"):
            assert await bot.call(method, f"/channels/{channel.id}/messages/{message}", {}) == (404, 10008)


@pytest.mark.parametrize(
    "commands",
    [
        [{"name": f"Entry {number}", "type": 3} for number in range(6)],
        [{"name": "Entry", "type": 3}, {"name": "Entry", "type": 3}],
        [{"name": "Entry", "type": 3, "description": "Does it."}],
        [{"name": "E" * 33, "type": 3}],
    ],
)
async def test_context_menus_have_limits(bot: Caller, commands: list[dict[str, Any]]) -> None:
    assert await bot.call("PUT", "/applications/100/commands", commands) == (400, 50035)
    assert (await bot.call("PUT", "/applications/100/commands", [{"name": "Entry", "type": 3}]))[0] == 200


async def test_an_attached_file_can_be_downloaded_under_any_name(bot: Caller) -> None:
    said = await bot.discord.write("here", files=[Upload("../a b?#.abc", b"X:1")])
    [file] = said["attachments"]
    async with bot.session.get(file["url"]) as answer:
        assert (file["filename"], file["size"], await answer.read()) == ("../a b?#.abc", 3, b"X:1")


async def test_a_file_has_at_most_ten_mebibytes(bot: Caller) -> None:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", '{"attachments": [{"id": 0, "filename": "a.mp3"}]}')
    form.add_field("files[0]", bytes(10 * 2**20 + 1), filename="a.mp3")
    assert await bot.call("POST", f"/channels/{TUNES.id}/messages", data=form) == (413, 40005)


async def test_a_channel_refuses_a_bot_that_may_not_write_or_read(bot: Caller) -> None:
    said = {"content": "x"}
    assert await bot.call("POST", f"/channels/{SILENT.id}/messages", said) == (403, 50013)
    assert await bot.call("POST", f"/channels/{HIDDEN.id}/messages", said) == (403, 50001)
    assert await bot.call("GET", f"/channels/{HIDDEN.id}/messages") == (403, 50001)
    assert await bot.call("POST", "/channels/1/messages", said) == (404, 10003)


@pytest.mark.parametrize(
    ("channel", "permission", "refusal"),
    [
        (TUNES, world.VIEW_CHANNEL, (403, 50001)),
        (TUNES, world.SEND_MESSAGES, (403, 50013)),
        (TUNES, world.ATTACH_FILES, (403, 50013)),
        (TUNES, world.EMBED_LINKS, (403, 50013)),
        (WORKSHOP, world.SEND_MESSAGES_IN_THREADS, (403, 50013)),
        (WORKSHOP, world.SEND_MESSAGES, None),
    ],
)
async def test_each_permission_is_needed(bot: Caller, channel: Channel, permission: int, refusal: tuple[int, int] | None) -> None:
    async def post() -> tuple[int, Any]:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("payload_json", '{"embeds": [{"title": "x"}], "attachments": [{"id": 0, "filename": "a.abc"}]}')
        form.add_field("files[0]", b"X:1", filename="a.abc")
        return await bot.call("POST", f"/channels/{channel.id}/messages", data=form)

    assert (await post())[0] == 200
    bot.discord.forbid(channel, permission)
    interaction = await bot.command(channel)
    assert not int(interaction.payload["app_permissions"]) & permission
    posted = await post()
    assert posted == refusal if refusal else posted[0] == 200


async def test_without_history_there_are_no_old_messages_and_no_replies(bot: Caller) -> None:
    said = await bot.discord.write("x")
    bot.discord.forbid(TUNES, world.READ_MESSAGE_HISTORY)
    assert await bot.call("GET", f"/channels/{TUNES.id}/messages") == (200, [])
    reply = {"content": "y", "message_reference": {"message_id": said["id"]}}
    assert await bot.call("POST", f"/channels/{TUNES.id}/messages", reply) == (400, 160002)


async def test_messages_of_an_archived_thread_cannot_change_until_a_new_message_reopens_it(bot: Caller) -> None:
    path = f"/channels/{WORKSHOP.id}/messages"
    _, made = await bot.call("POST", path, {"content": "x"})
    interaction = await bot.command(WORKSHOP)
    await bot.answer(interaction, DEFERRED)
    bot.discord.archive(WORKSHOP)
    assert await bot.call("PATCH", f"{path}/{made['id']}", {"content": "y"}) == (403, 50083)
    assert await bot.call("DELETE", f"{path}/{made['id']}") == (400, 50083)
    assert await bot.call("PATCH", f"/webhooks/100/{interaction.token}/messages/@original", {"content": "y"}) == (403, 50083)
    assert (await bot.call("POST", path, {"content": "awake"}))[0] == 200
    assert (await bot.call("PATCH", f"{path}/{made['id']}", {"content": "y"}))[0] == 200
    bot.discord.archive(WORKSHOP, locked=True)
    assert await bot.call("POST", path, {"content": "z"}) == (403, 160005)


async def test_a_channel_allows_five_messages_in_five_seconds(bot: Caller) -> None:
    path = f"/channels/{TUNES.id}/messages"
    for _ in range(5):
        assert (await bot.call("POST", path, {"content": "x"}))[0] == 200
    status, _ = await bot.call("POST", path, {"content": "x"})
    assert (status, bot.discord.rates.exceeded) == (429, [f"POST {path}"])
    assert (await bot.call("POST", f"/channels/{WORKSHOP.id}/messages", {"content": "x"}))[0] == 200
    bot.discord.pass_time(5)
    assert (await bot.call("POST", path, {"content": "x"}))[0] == 200


def test_fifty_calls_a_second_are_allowed_and_first_answers_do_not_count() -> None:
    rates = Rates()
    answers = [rates.refusal("POST /interactions/1/token/callback", 0.5)[0] for _ in range(100)]
    calls = [rates.refusal("GET /users/@me", 0.5 + call / 1_000)[0] for call in range(51)]
    assert answers == [None] * 100
    assert calls[:50] == [None] * 50
    assert calls[50] is not None
    assert (calls[50]["global"], rates.busiest) == (True, 51)
    assert rates.refusal("GET /users/@me", 2)[0] is None


async def test_the_api_needs_the_bots_token(bot: Caller) -> None:
    assert await bot.call("GET", "/users/@me", headers={"Authorization": "Bot guess"}) == (401, 0)


async def test_direct_messages_with_a_person_are_a_channel(bot: Caller) -> None:
    _, channel = await bot.call("POST", "/users/@me/channels", {"recipient_id": FIDDLER.id})
    assert channel["id"] == DIRECT.id


async def test_pings_fail_the_assertion(bot: Caller) -> None:
    await bot.call("POST", f"/channels/{TUNES.id}/messages", {"content": "x", "allowed_mentions": {"parse": []}})
    bot.discord.assert_no_pings()
    await bot.call("POST", f"/channels/{TUNES.id}/messages", {"content": "@everyone"})
    with pytest.raises(AssertionError, match="defaults"):
        bot.discord.assert_no_pings()


async def test_a_thread_is_created_from_a_message_once_if_the_bot_may(bot: Caller) -> None:
    async def thread(channel: str, message: str, **changes: Any) -> tuple[int, Any]:
        return await bot.call("POST", f"/channels/{channel}/messages/{message}/threads", {"name": "Session"} | changes)

    said = (await bot.discord.write("here"))["id"]
    assert await thread(TUNES.id, said, name="n" * 101) == (400, 50035)
    status, made = await thread(TUNES.id, said)
    assert (status, made["id"], made["type"], made["parent_id"], made["owner_id"]) == (201, said, 11, TUNES.id, "100")
    assert await thread(TUNES.id, said) == (400, 160004)
    assert (await bot.call("POST", f"/channels/{said}/messages", {"content": "x"}))[0] == 200
    elsewhere = (await bot.discord.write("here", channel=NO_THREADS))["id"]
    assert await thread(NO_THREADS.id, elsewhere) == (403, 50013)
    assert await thread(THREAD.id, (await bot.discord.write("here", channel=THREAD))["id"]) == (400, 50024)
    assert await thread(DIRECT.id, (await bot.discord.write("here", channel=DIRECT))["id"]) == (400, 50024)
    silent = (await bot.discord.write("here", channel=SILENT_THREADS))["id"]
    _, made = await thread(SILENT_THREADS.id, silent)
    for channel in (made["id"], SILENT_THREAD.id):
        assert await bot.call("POST", f"/channels/{channel}/messages", {"content": "x"}) == (403, 50013)


async def test_a_reply_needs_the_message_and_its_history(bot: Caller) -> None:
    async def reply(channel: str, **reference: Any) -> tuple[int, Any]:
        return await bot.call("POST", f"/channels/{channel}/messages", {"content": "x", "message_reference": reference})

    said = (await bot.discord.write("here"))["id"]
    status, made = await reply(TUNES.id, message_id=said, channel_id=TUNES.id)
    assert (status, made["type"], made["referenced_message"]["id"]) == (200, 19, said)
    assert await reply(TUNES.id, message_id="1") == (400, 50035)
    assert (await reply(TUNES.id, message_id="1", fail_if_not_exists=False))[1]["type"] == 0
    assert await reply(THREAD.id, message_id=said, channel_id=TUNES.id) == (400, 50035)
    there = (await bot.discord.write("here", channel=NO_HISTORY))["id"]
    assert await reply(NO_HISTORY.id, message_id=there) == (400, 160002)
    assert await bot.call("GET", f"/channels/{NO_HISTORY.id}/messages") == (200, [])
    assert await bot.call("GET", f"/channels/{NO_HISTORY.id}/messages/{there}") == (403, 50013)


async def test_without_the_intent_only_messages_that_concern_the_bot_have_content(bot: Caller) -> None:
    plain = await bot.discord.write("a secret", files=[Upload("a.abc", b"X:1")])
    assert readable(plain, intent=False) | {"content": "", "attachments": []} == readable(plain, intent=False)
    assert readable(plain, intent=True) == plain
    for told in ("<@100> hello", "<@100>"):
        said = await bot.discord.write(told)
        assert (readable(said, intent=False)["content"], said["mentions"]) == (told, [BOT_USER])
    for not_told in ("@everyone", "<@&100>", "<@1001>"):
        assert readable(await bot.discord.write(not_told), intent=False)["content"] == ""
    direct = await bot.discord.write("hello", channel=DIRECT)
    assert readable(direct, intent=False)["content"] == "hello"


SUBCOMMAND = {"name": "add", "description": "Adds.", "type": 1}
TEXT = {"name": "word", "description": "A word.", "type": 3}


@pytest.mark.parametrize(
    "options",
    [
        [SUBCOMMAND, TEXT],
        [SUBCOMMAND | {"options": [SUBCOMMAND]}],
        [SUBCOMMAND | {"options": [TEXT | {"name": "Word"}]}],
        [TEXT | {"channel_types": [0]}],
        [TEXT | {"name": f"word-{number}"} for number in range(26)],
    ],
)
async def test_options_and_subcommands_have_limits(bot: Caller, options: list[dict[str, Any]]) -> None:
    command = {"name": "words", "description": "Keeps words."}
    assert await bot.call("PUT", "/applications/100/commands", [command | {"options": options}]) == (400, 50035)
    group = {"name": "group", "description": "Groups.", "type": 2, "options": [SUBCOMMAND | {"options": [TEXT]}]}
    assert (await bot.call("PUT", "/applications/100/commands", [command | {"options": [group]}]))[0] == 200


async def test_a_command_can_be_used_only_where_it_is_offered(bot: Caller) -> None:
    offered = {"contexts": [0], "integration_types": [0], "default_member_permissions": str(1 << 5)}
    bot.discord.commands["rules"] = {"id": "1", "name": "rules", "options": [], **offered}
    await bot.discord.slash("rules")
    await bot.discord.slash("rules", person=PIPER, opened=True)
    for where in ({"channel": DIRECT}, {"channel": ELSEWHERE}, {"person": PIPER}):
        with pytest.raises(AssertionError, match="not offered"):
            await bot.discord.slash("rules", **where)


async def test_a_channel_option_accepts_only_the_offered_types(bot: Caller) -> None:
    option = {"name": "where", "type": 7, "channel_types": [0]}
    bot.discord.commands["post"] = {"id": "1", "name": "post", "options": [option]}
    interaction = await bot.discord.slash("post", where=SILENT)
    assert interaction.payload["data"]["resolved"]["channels"][SILENT.id]["name"] == SILENT.name
    with pytest.raises(AssertionError, match="offers no such channel"):
        await bot.discord.slash("post", where=DIRECT)


async def test_nobody_can_click_a_message_that_only_another_person_sees(bot: Caller) -> None:
    interaction = await bot.command()
    button = {"type": 2, "label": "Mine", "custom_id": "mine"}
    await bot.answer(interaction, REPLY, content="secret", flags=64, components=[{"type": 1, "components": [button]}])
    message = bot.discord.messages[interaction.original or ""]
    await bot.discord.click(message, "Mine")
    with pytest.raises(AssertionError, match="does not see"):
        await bot.discord.click(message, "Mine", person=PIPER)
