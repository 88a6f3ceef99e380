"""The Share button: it puts a tune into the gallery and the workspace's sharing channel, and can undo that."""

from __future__ import annotations

from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.channel_posts import ChannelPosts
from bot.core.deliveries import GIVE_UP_AFTER
from bot.core.texts import common
from bot.core.texts import sharing as texts
from bot.core.tune_access import find_tune
from bot.slack.core import limits
from bot.slack.core.answers import answer, update_answer
from bot.slack.core.blocks import actions, button, escape, section
from bot.slack.core.caller import caller_of
from bot.slack.core.context import Context
from bot.slack.core.event import Event, tune_id_in
from bot.slack.core.permissions import moderates
from bot.slack.core.reply import PLATFORM
from bot.slack.delivery.removal import remove_channel_post
from bot.slack.sharing.channel_post import ChannelPost
from generator.user_messages import UserError


def register(app: AsyncApp, context: Context) -> None:
    context.channel_posts = ChannelPosts(context.storage, PLATFORM, limits, partial(ChannelPost, context), shared=True)
    app.action("tune:share")(partial(_press, context))
    app.action("tune:unshare")(partial(_unshare, context))


async def post_shared_tunes(context: Context) -> None:
    """Runs until cancelled."""
    await context.channel_posts.run(GIVE_UP_AFTER)


async def _press(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """Only the owner of the tune can share it. A second press offers to unshare it."""
    await ack()
    event = Event.of_interaction(body)
    if not await context.storage.claims.claim(PLATFORM, event.id):
        return
    caller = await caller_of(context, event)
    tune = await find_tune(context.storage, caller.viewer, event.channel_id, tune_id_in(body))
    try:
        may = await moderates(context, event)
        text, offers_unsharing = await context.channel_posts.press_share(tune, caller, moderates=may)
    except KeyError:  # it is visible in this channel, but not by the rules of storage
        raise UserError(common.TUNE_IS_PRIVATE) from None
    told = caller.translate(text)
    unshare = button("tune:unshare", caller.translate(texts.UNSHARE), tune.id)
    if not offers_unsharing:
        context.start(context.home.changed(event))
    await answer(context, event, told, [section(escape(told)), actions([unshare])] if offers_unsharing else None)


async def _unshare(context: Context, ack: AsyncAck, body: dict[str, Any]) -> None:
    """The button is in the private answer to a second press, which it replaces."""
    await ack()
    event = Event.of_interaction(body)
    caller, may = await caller_of(context, event), await moderates(context, event)
    try:
        tune = await context.storage.sharing.unshare(tune_id_in(body), caller.viewer, moderates=may)
    except KeyError:
        raise UserError(common.TUNE_GONE) from None
    await remove_channel_post(context, tune)
    await update_answer(context, event, caller.translate(texts.UNSHARED))
    context.start(context.home.changed(event))
