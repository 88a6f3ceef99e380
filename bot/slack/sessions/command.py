"""`/tune session`: starts a session in a thread."""

from __future__ import annotations

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.core.naming import key_name
from bot.core.sessions import Turn
from bot.core.texts import sessions as texts
from bot.core.typed_request import typed_request
from bot.slack.core.blocks import context as small
from bot.slack.core.blocks import escape, section
from bot.slack.core.caller import caller_of
from bot.slack.core.clients import error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.reply import PLATFORM
from bot.slack.core.submission import Acknowledge
from bot.slack.sessions import texts as slack_texts
from bot.slack.sessions.buttons import session_buttons
from generator.request import TuneRequest
from generator.user_messages import UserError

log = structlog.get_logger(__name__)


def register(app: AsyncApp, context: Context) -> None:
    context.sub_commands["session"] = start_session


async def start_session(context: Context, event: Event, ack: Acknowledge, text: str) -> None:
    """`reel Ador`: posts the first message of a session; what follows happens in its thread."""
    await ack()
    caller = await caller_of(context, event)
    typed = typed_request(text).parameters or {"key": text}
    chosen = TuneRequest.check(rhythm=typed.get("rhythm"), key=typed.get("key"))
    if event.community_id and not event.is_direct:
        await context.desk.check_channel(caller.viewer, event.channel_id, "")
    translate, turn = caller.translate, Turn(rhythm=chosen.rhythm or "", key=chosen.key or "")
    music = " · ".join(translate(name) for name in (turn.rhythm, key_name(turn.key)) if name)
    rules = translate(slack_texts.SESSION_RULES_DIRECT if event.is_direct else slack_texts.SESSION_RULES)
    started = translate(texts.SESSION_STARTED)
    blocks = [
        section(escape(f"{started}\n{rules}")),
        *([small(escape(music))] if music else []),
        session_buttons(turn, translate),
    ]
    client = await context.clients.of(event.team_id, event.enterprise_id)
    try:
        posted = await client.chat_postMessage(channel=event.channel_id, text=started, blocks=blocks)
    except SlackApiError as error:
        if is_temporary(error):
            raise
        log.info("Slack refused the first message of a session.", channel_id=event.channel_id, reason=error_code(error))
        raise UserError(slack_texts.CANNOT_POST) from None
    await context.storage.sessions.begin(PLATFORM, str(posted["channel"]), str(posted["ts"]), rhythm=turn.rhythm, key=turn.key)
