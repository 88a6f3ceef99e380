"""Requests in messages: mentions, direct messages, and replies to the bot's tunes, with ABC, with words, or both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import discord
import structlog

from bot.core import derive
from bot.core.texts import chat as texts
from bot.core.texts import common as core_texts
from bot.core.texts import sessions as session_texts
from bot.core.words import Words, words_in
from bot.discord.core import abc_input
from bot.discord.core.caller import Caller, viewer_of
from bot.discord.core.components import set_id_of, tune_id_of
from bot.discord.core.context import Context
from bot.discord.core.formatting import escape
from bot.discord.core.keys import key_in_same_mode
from bot.discord.core.message_replies import send_reply
from bot.discord.core.reply import Reply, store_card
from bot.discord.core.submission import Derived, store
from bot.discord.core.tune_access import is_opening_visible, visible_tune_in
from bot.discord.sessions.buttons import end_view
from bot.discord.sessions.turns import answer_parameters, find_turn
from generator.notation.errors import NotationError
from generator.notation.keys import Key, mode_named
from generator.notation.metres import rhythm_named
from generator.request import RequestError, TuneRequest
from generator.user_messages import UserError
from storage.tunes import Tune

log = structlog.get_logger(__name__)

# Parameters with which a finished tune can be played again, and those with which a variation of it can be composed.
_PLAYING = {"tempo", "instrument", "backing", "title"}
_VARYING = _PLAYING | {"temperature", "strength", "seed", "model", "without"}


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message to the bot, and who wrote it."""

    context: Context
    message: discord.Message
    caller: Caller
    by_name: bool  # it mentions the bot in its text, or is a direct message

    async def reply(self, text: str, view: discord.ui.View | None = None) -> None:
        """Replies, unless the person got too many replies just now or the bot may not write in the channel."""
        if not self.context.reply_limit.allows(self.message.author.id):
            return
        parts: dict[str, Any] = {"content": text, "nonce": str(self.message.id)} | ({"view": view} if view else {})
        try:
            await self.send(parts)
        except discord.HTTPException as error:
            log.info("Could not reply in the channel of a message.", message=self.message.id, reason=str(error))

    async def send(self, parts: dict[str, Any]) -> discord.Message:
        channel = self.context.client.get_partial_messageable(self.message.channel.id)
        return await send_reply(channel, lambda: parts, to=self.message.id, channel_id=self.message.channel.id)


def addresses_bot(context: Context, message: discord.Message) -> bool:
    """Whether a person wrote the message to the bot: a mention, a direct message, or a reply to the bot, which is a mention."""
    written = message.type in (discord.MessageType.default, discord.MessageType.reply) and message.webhook_id is None
    direct = isinstance(message.channel, discord.DMChannel)
    return written and not message.author.bot and (direct or context.client.user in message.mentions)


async def handle_message(context: Context, message: discord.Message) -> None:
    """Handles a message that addresses the bot."""
    direct = isinstance(message.channel, discord.DMChannel)
    viewer = viewer_of(message.author.id, message.guild.id if message.guild else None)
    locale = str(message.guild.preferred_locale) if message.guild else ""
    caller = await Caller.load(context, viewer, locale=locale)
    chat = ChatMessage(context, message, caller, by_name=direct or _mentions_bot(context, message))
    try:
        await _handle(chat)
    except RequestError as error:
        await chat.reply(escape(caller.translate(error.message)))  # it may quote the person, and everybody reads it
    except UserError as error:
        await chat.reply(caller.translate(error.message))  # it may link channels
    except Exception:
        log.exception("Answering a message failed.", message=message.id)
        await chat.reply(caller.translate(core_texts.REQUEST_FAILED))


def _mentions_bot(context: Context, message: discord.Message) -> bool:
    """Whether the text mentions the bot. A reply to the bot is a mention too, but not in the text."""
    user = context.client.user
    return user is not None and any(mention in message.content for mention in (f"<@{user.id}>", f"<@!{user.id}>"))


async def _handle(chat: ChatMessage) -> None:
    """Raises UserError with the text to reply."""
    context, message, caller = chat.context, chat.message, chat.caller
    replied_to = await _replied_to(message)
    own = replied_to if replied_to is not None and replied_to.author == context.client.user else None
    abc = await abc_input.abc_in_message(message) or abc_input.abc_at_line_end(message.content)
    words = words_in(abc_input.words_around_abc(message.content))
    request: TuneRequest | None = None
    parent_id = (tune_id_of(own) or set_id_of(own)) if own else None  # a set has the id of its first tune
    if abc:
        turn = await find_turn(context, message, own) if words.parameters.get("mode", "answer") == "answer" else None
        if turn is not None:
            channel_id = str(message.channel.id)
            parameters, parent_id = await answer_parameters(context.storage, caller.viewer, channel_id, turn, abc)
            parameters |= words.parameters
        else:
            parameters = {**words.parameters, "opening": abc}
        request = await caller.request(**parameters)
    elif words.stop and (turn := await find_turn(context, message, own)):
        await chat.reply(caller.translate(session_texts.SESSION_OVER), end_view(turn, caller.translate))
        return
    elif chat.by_name or words.is_request or words.again:  # otherwise a reply to a tune may just be about it
        if parent_id is not None and (words.parameters or words.again):
            request, parent_id = await _derived_request(chat, words, parent_id)
        else:
            request, parent_id = await _request_in_words(chat, words, replied_to if own is None else None), None
    if request is not None:
        await _submit(chat, request, parent_id)
    elif chat.by_name:
        await chat.reply(caller.translate(texts.HOW_TO_REQUEST))


async def _derived_request(chat: ChatMessage, words: Words, tune_id: str) -> Derived:
    """The request that a reply to a tune makes from it. Raises RequestError."""
    storage, caller, channel_id = chat.context.storage, chat.caller, str(chat.message.channel.id)
    tune = await visible_tune_in(storage, caller.viewer, channel_id, tune_id)
    if tune is None:
        raise RequestError("message", core_texts.TUNE_GONE)
    if words.again and not words.parameters:
        if not await is_opening_visible(storage, caller.viewer, channel_id, tune):
            raise RequestError("message", core_texts.OPENING_UNAVAILABLE)
        return derive.again(tune)
    request = await caller.request(**_derived_parameters(tune, words.parameters))
    if "model" not in words.parameters and request.mode != "play":
        request = replace(request, model=tune.request.model)
    return request, tune.id


async def _request_in_words(chat: ChatMessage, words: Words, replied_to: discord.Message | None) -> TuneRequest | None:
    """The request of a message without ABC; None if it is not a request. Raises RequestError.

    `replied_to` is somebody else's message; its ABC is the opening, if Discord lets the bot read it.
    """
    parameters = dict(words.parameters)
    if replied_to is not None and (opening := await abc_input.abc_in_message(replied_to)):
        parameters["opening"] = opening
    elif len(parameters) > 1 or words.again:
        parameters.pop("mode", None)  # “play me a reel” has no opening to play
    return await chat.caller.request(**parameters) if parameters or words.is_request or words.again else None


def _derived_parameters(tune: Tune, typed: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a reply such as “vary it”, “slower”, “on the flute”, “in D” (transpose) or “in D minor” (a new tune)."""
    made, before = tune.composition, tune.request
    assert made is not None
    playing = {"instrument": before.instrument or None, "backing": before.backing, "without": before.without}
    if typed.keys() - {"key"} <= _PLAYING and (key := _transposed_key(made.key, typed.get("key", ""))):
        return {**playing, "mode": "play", "opening": made.abc, **typed, "key": key}
    if typed.get("mode") == "play" and "without" in typed:  # nothing can be left out of a tune that is played as written
        typed = {**typed, "mode": "vary"}
    if "mode" in typed or typed.keys() <= _VARYING:
        mode = "play" if typed.keys() <= _PLAYING else "vary"
        return {**playing, "mode": mode, "opening": made.abc, **typed}
    rhythm = rhythm_named(made.rhythm)
    kept = {**playing, "rhythm": rhythm and rhythm.name, "key": made.key, "temperature": before.temperature}
    if "metre" in typed:
        del kept["rhythm"]
    return {**kept, "structure": before.structure, "tempo": before.tempo, **typed}


def _transposed_key(key: str, typed: str) -> str:
    """The typed key if the tune in `key` can be transposed to it: it has the same mode and another tonic. Empty for others."""
    if not typed or mode_named(typed):
        return ""
    try:
        own = Key.parse(key)
        wanted = Key.parse(key_in_same_mode(typed, own))
    except NotationError:
        return ""  # the check of the request explains it
    return wanted.abc if wanted.mode is own.mode and wanted.tonic != own.tonic else ""


async def _submit(chat: ChatMessage, request: TuneRequest, parent_id: str | None) -> None:
    """Stores the request, then posts its card: a message that Discord sends twice is one tune and one card. Raises UserError."""
    context, message = chat.context, chat.message
    assert context.client.application_id is not None
    reply = Reply.to_message(message, application=context.client.application_id, language=chat.caller.translate.code)
    tune = await store(context, chat.caller.viewer, message, [request], reply, parent_id=parent_id)
    if tune.message_id is not None or context.deliveries.is_running(tune) or Reply.from_dict(tune.origin.reply).card:
        return
    card = await post_card(chat)
    if card is not None:
        tune = await store_card(context.storage, tune, card)
    context.deliveries.deliver(tune)


async def post_card(chat: ChatMessage) -> int | None:
    """Replies with the queue card and returns its message id. None if the bot may not write; the person is told directly."""
    message, translate = chat.message, chat.caller.translate
    parts = {"content": translate(texts.ONE_MOMENT), "nonce": f"card {message.id}"}
    try:
        try:
            return (await chat.send(parts)).id
        except (aiohttp.ClientError, OSError):
            return (await chat.send(parts)).id  # the answer was lost; Discord finds a card that is there by its nonce
    except discord.Forbidden:
        if chat.context.reply_limit.allows(message.author.id):
            try:
                await message.author.send(translate(texts.sent_directly_from(message.channel.id)), nonce=str(message.id))
            except discord.HTTPException:
                log.info("Could not send a direct message.", message=message.id)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("Could not post a queue card.", message=message.id, reason=str(error))
    return None


async def _replied_to(message: discord.Message) -> discord.Message | None:
    """The message that this one replies to, if Discord sends it or lets the bot read it."""
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
