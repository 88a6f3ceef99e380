"""What the buttons of an opened tune do, besides requesting another one."""

from __future__ import annotations

from slack_sdk.errors import SlackApiError

from bot.core import reactions
from bot.core.caller import Caller
from bot.core.texts import gallery as texts
from bot.slack.core.answers import answer
from bot.slack.core.clients import is_temporary
from bot.slack.core.context import Context
from bot.slack.core.event import Event
from bot.slack.core.reply import PLATFORM
from bot.slack.delivery.direct import give_files, post_once
from bot.slack.delivery.removal import remove_channel_post, remove_messages
from bot.slack.delivery.tune_message import load_tune_message
from bot.slack.gallery import texts as slack_texts
from bot.slack.gallery.opened_tune import visible_tune
from generator.user_messages import UserError
from storage.errors import NotAllowed
from storage.tunes import Tune
from storage.viewer import owns

ACTIONS = ("like", "share", "unshare", "post", "files", "delete")


async def act(context: Context, event: Event, caller: Caller, action: str, tune_id: str) -> None:
    """Raises UserError, also for a tune that the person cannot see."""
    tune, viewer, sharing = await visible_tune(context, caller, tune_id), caller.viewer, context.storage.sharing
    try:
        match action:
            case "like":
                if await context.storage.claims.claim(PLATFORM, event.id):  # pressed twice it is no longer liked
                    await reactions.toggle_like(context.storage, tune.id, viewer)
            case "share":
                await context.channel_posts.share(tune, caller)
            case "unshare":
                await remove_channel_post(context, await sharing.unshare(tune.id, viewer))
            case "delete":
                await remove_messages(context, await sharing.delete(tune.id, viewer))
            case "files":
                await give_files(context, event, caller, await load_tune_message(context, tune, caller.translate))
            case "post":
                await _post(context, event, caller, tune)
    except KeyError:  # it was deleted meanwhile
        raise UserError(texts.TUNE_GONE) from None
    context.start(context.home.changed(event))


async def _post(context: Context, event: Event, caller: Caller, tune: Tune) -> None:
    """Posts the owner's tune here for everybody. Raises UserError, also where the workspace's rules allow no tunes."""
    if not owns(caller.viewer, tune) or not event.channel_id:
        raise NotAllowed(texts.ONLY_OWNER_POSTS)
    if not event.is_direct:
        await context.desk.check_channel(caller.viewer, event.channel_id, "")
    try:
        message = await load_tune_message(context, tune, caller.translate)
        await post_once(context, event, message, event.channel_id, event.thread_ts)
    except SlackApiError as error:
        if is_temporary(error):
            raise
        raise UserError(slack_texts.CANNOT_POST) from error
    await answer(context, event, caller.translate(texts.POSTED))
