"""Wishes in chat: a mention, a direct message, a reply to one of the bot's tunes; with ABC, with words, or with both."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import structlog

from bot.core import derive
from bot.core.desk import DeskError
from bot.core.words import Words, words_in
from bot.discord.chat import texts
from bot.discord.core import abc_input, components, sending, submission
from bot.discord.core import texts as core_texts
from bot.discord.core.caller import Caller
from bot.discord.core.reply import PLATFORM, Reply
from bot.discord.delivery.tune_message import escape
from bot.discord.sessions import session
from bot.discord.sessions import texts as sessions_texts
from bot.discord.sets.buttons import set_of
from generator.notation.errors import NotationError
from generator.notation.keys import Key, mode_named
from generator.notation.metres import rhythm_named
from generator.request import RequestError, TuneRequest
from generator.user_messages import UserError
from storage.tunes import Origin, Tune

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

log = structlog.get_logger(__name__)

SENTENCES, SENTENCES_S = 3, 60.0  # a person is told so many in so long, or the bot could be made to flood a channel
REMEMBERED_PEOPLE = 10_000
# What a tune that is there can be played with; and what a variation of it can be made with.
_PLAYED = {"tempo", "instrument", "backing", "title"}
_VARIED = _PLAYED | {"temperature", "strength", "seed", "model", "without"}


class Patience:
    """Whether somebody may be told one more sentence just now."""

    def __init__(self) -> None:
        self._told: dict[int, deque[float]] = {}

    def has(self, user_id: int) -> bool:
        now = time.monotonic()
        told = self._told.pop(user_id, deque(maxlen=SENTENCES))
        self._told[user_id] = told  # at the end: whoever was told something last is remembered longest
        while len(self._told) > REMEMBERED_PEOPLE:
            del self._told[next(iter(self._told))]
        if len(told) == SENTENCES and now - told[0] < SENTENCES_S:
            return False
        told.append(now)
        return True


async def hear(bot: TunesmithBot, message: discord.Message) -> None:
    """Answers what is meant for the bot, and passes over everything else."""
    direct = isinstance(message.channel, discord.DMChannel)
    spoken = message.type in (discord.MessageType.default, discord.MessageType.reply) and message.webhook_id is None
    if message.author.bot or not spoken or not (direct or bot.user in message.mentions):
        return
    guild_id = message.guild.id if message.guild else None
    locale = str(message.guild.preferred_locale) if message.guild else ""
    caller = await Caller.known(bot, user_id=message.author.id, guild_id=guild_id, locale=locale)
    try:
        await _answer(bot, message, caller, by_name=direct or _named(bot, message))
    except DeskError as error:
        await tell(bot, message, caller.translate(error.message))  # it may name channels
    except UserError as error:
        await tell(bot, message, escape(caller.translate(error.message)))  # everybody reads it, and it may quote the person
    except Exception:
        log.exception("Answering a message failed.", message=message.id)
        await tell(bot, message, caller.translate(core_texts.REQUEST_FAILED))


async def tell(bot: TunesmithBot, message: discord.Message, sentence: str, view: discord.ui.View | None = None) -> None:
    """One sentence as a reply, if the person was not told many just now and the bot may write there."""
    if not bot.patience.has(message.author.id):
        return
    parts: dict[str, Any] = {"content": sentence, "nonce": str(message.id)} | ({"view": view} if view else {})
    try:
        await sending.send(_channel(bot, message), lambda: parts, to=message.id, channel_id=message.channel.id)
    except discord.HTTPException as error:
        log.info("Could not reply in the channel of a message.", message=message.id, reason=str(error))


async def _answer(bot: TunesmithBot, message: discord.Message, caller: Caller, *, by_name: bool) -> None:
    """Raises RequestError and DeskError with the sentence to tell."""
    answered = await _answered(message)
    own = answered if answered is not None and answered.author == bot.user else None
    abc = await abc_input.abc_of(message) or abc_input.in_tail(message.content)
    words = words_in(abc_input.words_of(message.content))
    request: TuneRequest | None = None
    parent_id = (components.tune_of(own) or set_of(own)) if own else None  # a set has the id of its first tune
    if abc:
        turn = await session.turn_of(bot, message, own) if words.wish.get("mode", "answer") == "answer" else None
        if turn is not None:
            wish, parent_id = await session.phrase(bot.storage, turn, abc) | words.wish, turn.tune
        else:
            wish = {**words.wish, "opening": abc}
        request = await caller.wish(**wish)
    elif words.stop and (turn := await session.turn_of(bot, message, own)):
        await tell(bot, message, caller.translate(sessions_texts.SESSION_OVER), session.closing(turn, caller.translate))
        return
    elif by_name or words.asked or words.again:  # who replies to a tune may be talking of it
        request, parent_id = await _wish(bot, caller, words, parent_id, message, answered if own is None else None)
    if request is not None:
        await _take(bot, message, caller, request, parent_id)
    elif by_name:
        await tell(bot, message, caller.translate(texts.HOW_TO_REQUEST))


async def _wish(
    bot: TunesmithBot,
    caller: Caller,
    words: Words,
    tune_id: str | None,
    message: discord.Message,
    others: discord.Message | None,
) -> tuple[TuneRequest | None, str | None]:
    """What is wished for without ABC in the message itself, and the tune that it is made from; raises RequestError.

    `others` is somebody else's message that it answers: its ABC is taken where Discord shows it.
    """
    if tune_id is not None and (words.wish or words.again):
        tune = await bot.storage.tune(tune_id)
        if tune is None or tune.composition is None:
            raise RequestError("message", core_texts.TUNE_GONE)
        if words.again and not words.wish:
            if not await submission.shows_opening(bot.storage, caller.viewer, str(message.channel.id), tune):
                raise RequestError("message", core_texts.OPENING_UNAVAILABLE)
            return derive.again(tune)
        request = await caller.wish(**_of_tune(tune, words.wish))
        if "model" not in words.wish and request.mode != "play":
            request = replace(request, model=tune.request.model)
        return request, tune.id
    wish = dict(words.wish)
    if others is not None and (opening := await abc_input.abc_of(others)):
        wish["opening"] = opening
    elif len(wish) > 1 or words.again:
        wish.pop("mode", None)  # «play me a reel»
    return (await caller.wish(**wish) if wish or words.asked or words.again else None), None


def _of_tune(tune: Tune, wish: dict[str, Any]) -> dict[str, Any]:
    """What is wished of a finished tune: «vary it», «slower», «on the flute», the same «in D», or the like of it «in D minor»."""
    made, before = tune.composition, tune.request
    assert made is not None
    players = {"instrument": before.instrument or None, "backing": before.backing, "without": before.without}
    if wish.keys() - {"key"} <= _PLAYED and (key := _moved_to(made.key, wish.get("key", ""))):
        return {**players, "mode": "play", "opening": made.abc, **wish, "key": key}
    if wish.get("mode") == "play" and "without" in wish:  # as it stands it has what it has
        wish = {**wish, "mode": "vary"}
    if "mode" in wish or wish.keys() <= _VARIED:
        mode = "play" if wish.keys() <= _PLAYED else "vary"
        return {**players, "mode": mode, "opening": made.abc, **wish}
    rhythm = rhythm_named(made.rhythm)
    kept = {**players, "rhythm": rhythm and rhythm.name, "key": made.key, "temperature": before.temperature}
    if "metre" in wish:
        del kept["rhythm"]
    return {**kept, "structure": before.structure, "tempo": before.tempo, **wish}


def _moved_to(key: str, typed: str) -> str:
    """The key into which the same tune can be moved, a tonic alone or one with the tune's own mode; empty for any other."""
    if not typed or mode_named(typed):
        return ""
    try:
        own = Key.parse(key)
        # «in G» of a tune in A dorian; «in G#» of one in E minor, where G# major is no key
        wanted = Key.parse(typed + own.mode.abc if len(typed) <= len("G#") else typed)
    except NotationError:
        return ""  # it is told when the wish is checked
    return wanted.abc if wanted.mode is own.mode and wanted.tonic != own.tonic else ""


async def _take(bot: TunesmithBot, message: discord.Message, caller: Caller, request: TuneRequest, parent_id: str | None) -> None:
    """Kept first, then shown: a message that Discord sends twice is one tune and one card. Raises DeskError."""
    guild = message.guild
    assert bot.application_id is not None
    reply = Reply(
        application=bot.application_id,
        token="",
        expires=0,
        card=0,
        member=True,
        file_limit=guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES,
        language=caller.translate.code,
        prompt=message.id,
    )
    origin = Origin(
        platform=PLATFORM,
        event_id=str(message.id),
        user_id=caller.viewer.user_id,
        channel_id=str(message.channel.id),
        community_id=caller.viewer.community_id,
        reply=reply.as_dict(),
    )
    thread_of = str(getattr(message.channel, "parent_id", None) or "")
    tune = await bot.desk.submit(request, origin, parent_id=parent_id, parent_channel_id=thread_of)
    if tune.message_id is not None or tune.id in bot.deliveries or Reply.from_dict(tune.origin.reply).card:
        return
    card = await _card(bot, message, caller)
    if card is not None:
        reply = replace(reply, card=card)
        tune = replace(tune, origin=replace(tune.origin, reply=reply.as_dict()))
        try:
            await bot.storage.set_reply(tune.id, reply.as_dict())
        except Exception:  # the tune comes all the same
            log.exception("Storing a queue card failed; it is lost at the next restart.", tune=tune.id)
    bot.deliver(tune)


async def _card(bot: TunesmithBot, message: discord.Message, caller: Caller) -> int | None:
    """The id of the reply that shows how far the tune is. None where the bot may not write: the person is told where it comes."""
    parts = {"content": caller.translate(texts.ONE_MOMENT), "nonce": f"card {message.id}"}

    async def send() -> int:
        return (await sending.send(_channel(bot, message), lambda: parts, to=message.id, channel_id=message.channel.id)).id

    try:
        try:
            return await send()
        except (aiohttp.ClientError, OSError):
            return await send()  # the answer was lost; by its nonce the card that may be there already is found
    except discord.Forbidden:
        if bot.patience.has(message.author.id):
            try:
                await message.author.send(caller.translate(texts.sent_directly_from(message.channel.id)), nonce=str(message.id))
            except discord.HTTPException:
                log.info("Could not send a direct message.", message=message.id)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("Could not post a queue card.", message=message.id, reason=str(error))
    return None


async def _answered(message: discord.Message) -> discord.Message | None:
    """The message that this one replies to, where Discord tells it or lets it be read."""
    reference = message.reference
    if reference is None or reference.message_id is None or message.type is not discord.MessageType.reply:
        return None
    if isinstance(reference.resolved, discord.Message):
        return reference.resolved
    if reference.resolved is not None:
        return None  # it was deleted
    try:
        return await message.channel.fetch_message(reference.message_id)
    except discord.HTTPException:
        return None


def _named(bot: TunesmithBot, message: discord.Message) -> bool:
    """Whether the bot is mentioned in the text, and not only replied to."""
    return bot.user is not None and any(mention in message.content for mention in (f"<@{bot.user.id}>", f"<@!{bot.user.id}>"))


def _channel(bot: TunesmithBot, message: discord.Message) -> discord.PartialMessageable:
    return bot.get_partial_messageable(message.channel.id)
