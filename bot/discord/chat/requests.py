"""Requests in messages: mentions, direct messages, and replies to the bot's tunes, with ABC, with words, or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import structlog

from bot.core.caller import Caller
from bot.core.chat import Message, understand
from bot.core.texts import chat as texts
from bot.core.texts import common as core_texts
from bot.core.texts import sessions as session_texts
from bot.discord.core.caller import load_caller, viewer_of
from bot.discord.core.components import set_id_of, tune_id_of
from bot.discord.core.context import Context
from bot.discord.core.formatting import escape
from bot.discord.core.message_abc import abc_in_message
from bot.discord.core.message_replies import send_reply
from bot.discord.core.reply import Reply, store_card
from bot.discord.core.submission import store
from bot.discord.sessions.buttons import end_view
from bot.discord.sessions.turns import find_turn
from generator.request import RequestError, TuneRequest
from generator.user_messages import UserError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message to the bot, and who wrote it."""

    context: Context
    message: discord.Message
    caller: Caller
    by_name: bool  # it mentions the bot in its text, or is a direct message

    async def reply(self, text: str, view: discord.ui.View | None = None) -> None:
        """Replies, unless the person got too many replies just now or the bot may not write in the channel."""
        if not self.context.reply_limit.allows(str(self.message.author.id)):
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
    caller = await load_caller(context, viewer, locale=locale)
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

    async def quoted_abc() -> str | None:
        return await abc_in_message(replied_to) if replied_to is not None and own is None else None

    written = Message(
        text=message.content,
        abc=await abc_in_message(message),
        by_name=chat.by_name,
        channel_id=str(message.channel.id),
        tune_id=(tune_id_of(own) or set_id_of(own)) if own else None,
        find_turn=lambda: find_turn(context, message, own),
        quoted_abc=quoted_abc,
    )
    meaning = await understand(written, caller, context.storage)
    if meaning.request is not None:
        await _submit(chat, meaning.request, meaning.parent_id)
    elif meaning.ended is not None:
        await chat.reply(caller.translate(session_texts.SESSION_OVER), end_view(meaning.ended, caller.translate))
    elif chat.by_name:
        await chat.reply(caller.translate(texts.HOW_TO_REQUEST))


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
        if chat.context.reply_limit.allows(str(message.author.id)):
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
