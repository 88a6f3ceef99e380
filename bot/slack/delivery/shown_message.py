"""The message of one tune as it is shown: with the language, the link and the note that are right where it is."""

from __future__ import annotations

from typing import TypeAlias

from bot.core.naming import title_of
from bot.languages import Language, language
from bot.slack.core.blocks import Block, escape, link
from bot.slack.core.context import Context
from bot.slack.core.links import find_message_url
from bot.slack.core.reply import PLATFORM, Reply, reply_of
from bot.slack.delivery import texts
from bot.slack.delivery.tune_message import tune_blocks
from storage.tunes import Tune
from storage.viewer import Viewer

Message: TypeAlias = tuple[str, str]  # the ids of its channel and of itself


def own_messages(tune: Tune) -> dict[Message, bool]:
    """The messages of this tune alone, and whether each is the post in the sharing channel."""
    found: dict[Message, bool] = {}
    reply = reply_of(tune)
    if reply is not None and tune.message_id and tune.set_id is None:  # a set's message has several tunes
        found[reply.posted_in or tune.origin.channel_id, tune.message_id] = False
    if reply is not None and tune.shared and tune.shared.channel_id and tune.shared.message_id:
        found[tune.shared.channel_id, tune.shared.message_id] = True
    return found


async def shown_message(context: Context, tune: Tune, *, in_sharing_channel: bool) -> tuple[str, list[Block]]:
    """Text and blocks of a message that was posted, with the present number of likes. Raises errors that may pass."""
    reply = reply_of(tune)
    assert reply is not None
    translate = language(reply.language)
    blocks = tune_blocks(
        context,
        tune,
        translate,
        parent_link=await parent_link(context, tune, translate, in_sharing_channel=in_sharing_channel),
        note="" if in_sharing_channel else _note(tune, reply),
        in_session=not in_sharing_channel,
        in_sharing_channel=in_sharing_channel,
    )
    return escape(title_of(tune, translate)), blocks


async def parent_link(context: Context, tune: Tune, translate: Language, *, in_sharing_channel: bool = False) -> str:
    """A link to the tune that this one was made from, if all readers of the message can see that. Empty if there is none."""
    if not tune.parent_id:
        return ""
    origin = tune.origin
    is_direct = origin.channel_id[:1] in ("", "D")  # the owner reads it; in a channel, everybody in the workspace
    readers = Viewer(PLATFORM, origin.user_id if is_direct else "", origin.community_id)
    if in_sharing_channel and tune.shared:
        readers = Viewer(PLATFORM, "", tune.shared.community_id)
    parent = await context.storage.gallery.visible_tune(tune.parent_id, readers)
    url = await find_message_url(context, parent, readers) if parent else ""
    return link(url, title_of(parent, translate)) if parent and url else ""


def _note(tune: Tune, reply: Reply) -> str:
    """Why the message has no files, or is not where the tune was requested."""
    if not reply.file_ids:
        return texts.FILES_REFUSED
    return texts.sent_directly(tune.origin.channel_id) if reply.posted_in and tune.origin.channel_id else ""
