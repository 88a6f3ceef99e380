"""What the buttons of an opened tune do: like, share, unshare, post and delete."""

from __future__ import annotations

import discord

from bot.core.caller import Caller
from bot.core.reactions import toggle_like
from bot.core.texts import gallery as texts
from bot.discord.core.context import Interaction
from bot.discord.core.private_answers import send_private
from bot.discord.core.reply import is_temporary
from bot.discord.deletion.button import delete
from bot.discord.delivery.tune_message import load_tune_message
from bot.discord.gallery import texts as discord_texts
from bot.discord.sharing.button import unshare
from generator.user_messages import UserError
from storage.errors import NotAllowed
from storage.tunes import Tune
from storage.viewer import owns


async def visible_tune(interaction: Interaction, caller: Caller, tune_id: str) -> Tune:
    """Raises KeyError for a tune that is not there, or that the person cannot see."""
    tune = await interaction.client.context.storage.gallery.visible_tune(tune_id, caller.viewer)
    if tune is None:
        raise KeyError(tune_id)
    return tune


async def act(interaction: Interaction, caller: Caller, action: str, tune_id: str) -> None:
    """Does what a button says; “delete” and “keep” only change the buttons. Raises KeyError as `visible_tune`, and UserError."""
    context = interaction.client.context
    if action == "confirm-delete":
        await delete(context, caller.viewer, tune_id)
        return
    tune = await visible_tune(interaction, caller, tune_id)
    match action:
        case "like":
            await toggle_like(context.storage, tune.id, caller.viewer)
        case "share":
            await context.channel_posts.share(tune, caller)
        case "unshare":
            await unshare(context, caller, tune.id)
        case "post":
            await _post(interaction, caller, tune)


async def _post(interaction: Interaction, caller: Caller, tune: Tune) -> None:
    """Posts the owner's tune in this channel for everybody. Raises UserError, also where the server's rules allow no tunes."""
    context, channel_id = interaction.client.context, interaction.channel_id
    if not owns(caller.viewer, tune) or channel_id is None:
        raise NotAllowed(texts.ONLY_OWNER_POSTS)
    parent_channel_id = str(getattr(interaction.channel, "parent_id", None) or "")  # of a thread
    await context.desk.check_channel(caller.viewer, str(channel_id), parent_channel_id)
    async with context.posting:  # the files are held in memory
        message = await load_tune_message(context, tune, file_limit=interaction.filesize_limit, translate=caller.translate)
        try:
            if interaction.is_guild_integration() or interaction.context.dm_channel:
                channel = context.client.get_partial_messageable(channel_id)
                nonce = str(interaction.id)
                sent = await channel.send(message.content, files=message.files, view=message.view, nonce=nonce)
            else:  # the bot is not a member here
                sent = await interaction.followup.send(message.content, files=message.files, view=message.view, wait=True)
        except discord.HTTPException as error:
            if is_temporary(error):
                raise
            raise UserError(discord_texts.CANNOT_POST) from error
    context.like_counts.set_shown(sent.id, tune.likes)
    await send_private(interaction, caller.translate(texts.POSTED))
