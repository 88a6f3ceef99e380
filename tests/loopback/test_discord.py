"""The stand-in refuses what Discord refuses: a bot that passes here is not let off lightly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.loopback.discord import DIRECT, FIDDLER, HIDDEN, SILENT, TOKEN, TUNES, FakeDiscord, Interaction, Upload
from tests.loopback.discord_server import DEFERRED, REPLY

BOT = {"Authorization": f"Bot {TOKEN}"}


class Caller:
    """A bot that does as it is told."""

    def __init__(self, discord: FakeDiscord, session: aiohttp.ClientSession) -> None:
        self.discord, self.session = discord, session

    async def call(self, method: str, path: str, json: Any = None, **options: Any) -> tuple[int, Any]:
        async with self.session.request(method, self.discord.api_url + path, json=json, **{"headers": BOT} | options) as answer:
            body = await answer.json() if answer.content_length else {}
            return answer.status, body.get("code", body) if answer.status >= 400 else body

    async def asked(self) -> Interaction:
        self.discord.commands["tune"] = {"id": "1", "options": []}
        return await self.discord.slash("tune")

    async def answer(self, to: Interaction, kind: int, **data: Any) -> tuple[int, Any]:
        return await self.call("POST", f"/interactions/{to.id}/{to.token}/callback", {"type": kind, "data": data})


@pytest.fixture
async def bot() -> AsyncIterator[Caller]:
    async with FakeDiscord() as discord, aiohttp.ClientSession() as session:
        yield Caller(discord, session)


async def test_the_first_answer_has_three_seconds(bot: Caller) -> None:
    asked = await bot.asked()
    bot.discord.pass_time(3.1)
    assert await bot.answer(asked, DEFERRED) == (404, 10062)


async def test_an_interaction_is_answered_once(bot: Caller) -> None:
    asked = await bot.asked()
    assert (await bot.answer(asked, DEFERRED))[0] == 200
    assert await bot.answer(asked, REPLY, content="again") == (400, 40060)


async def test_the_token_lasts_fifteen_minutes(bot: Caller) -> None:
    asked = await bot.asked()
    await bot.answer(asked, DEFERRED)
    path = f"/webhooks/100/{asked.token}/messages/@original"
    assert (await bot.call("PATCH", path, {"content": "card"}))[0] == 200
    bot.discord.pass_time(15 * 60)
    assert await bot.call("PATCH", path, {"content": "late"}) == (401, 50027)


async def test_the_first_follow_up_takes_the_place_and_the_visibility_of_thinking(bot: Caller) -> None:
    asked = await bot.asked()
    await bot.answer(asked, DEFERRED)
    await bot.call("POST", f"/webhooks/100/{asked.token}", {"content": "secret", "flags": 64})
    assert [message["content"] for message in bot.discord.channel()] == ["secret"]


async def test_the_same_nonce_makes_one_message_for_some_minutes(bot: Caller) -> None:
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
        ({"content": "x", "components": [{"type": 1, "components": [{"type": 2, "custom_id": "c" * 101}]}]}, (400, 50035)),
        ({"content": "x", "components": [{"type": 1, "components": [{"type": 2, "custom_id": "c"}] * 2}]}, (400, 50035)),
        ({"content": "x", "components": [{"type": 1, "components": []}]}, (400, 50035)),
    ],
)
async def test_messages_have_limits(bot: Caller, message: dict[str, Any], refusal: tuple[int, int]) -> None:
    assert await bot.call("POST", f"/channels/{TUNES.id}/messages", message) == refusal
    assert bot.discord.channel() == []


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


async def test_a_file_that_a_person_attaches_can_be_fetched_whatever_its_name(bot: Caller) -> None:
    said = await bot.discord.say("here", files=[Upload("../a b?#.abc", b"X:1")])
    [file] = said["attachments"]
    async with bot.session.get(file["url"]) as answer:
        assert (file["filename"], file["size"], await answer.read()) == ("../a b?#.abc", 3, b"X:1")


async def test_a_file_has_ten_mebibytes(bot: Caller) -> None:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", '{"attachments": [{"id": 0, "filename": "a.mp3"}]}')
    form.add_field("files[0]", bytes(10 * 2**20 + 1), filename="a.mp3")
    assert await bot.call("POST", f"/channels/{TUNES.id}/messages", data=form) == (413, 40005)


async def test_places_refuse_who_may_not_write_or_read(bot: Caller) -> None:
    said = {"content": "x"}
    assert await bot.call("POST", f"/channels/{SILENT.id}/messages", said) == (403, 50013)
    assert await bot.call("POST", f"/channels/{HIDDEN.id}/messages", said) == (403, 50001)
    assert await bot.call("GET", f"/channels/{HIDDEN.id}/messages") == (403, 50001)
    assert await bot.call("POST", "/channels/1/messages", said) == (404, 10003)


async def test_only_the_bots_token_opens_the_api(bot: Caller) -> None:
    assert await bot.call("GET", "/users/@me", headers={"Authorization": "Bot guess"}) == (401, 0)


async def test_a_persons_direct_messages_are_a_channel(bot: Caller) -> None:
    _, channel = await bot.call("POST", "/users/@me/channels", {"recipient_id": FIDDLER.id})
    assert channel["id"] == DIRECT.id


async def test_pings_are_noticed(bot: Caller) -> None:
    await bot.call("POST", f"/channels/{TUNES.id}/messages", {"content": "x", "allowed_mentions": {"parse": []}})
    bot.discord.assert_no_pings()
    await bot.call("POST", f"/channels/{TUNES.id}/messages", {"content": "@everyone"})
    with pytest.raises(AssertionError, match="defaults"):
        bot.discord.assert_no_pings()
