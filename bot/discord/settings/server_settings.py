"""`/settings`: a server's rules, changed by people with the Manage Server permission."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import discord
import structlog
from discord import app_commands

from bot import languages
from bot.core.preference_list import list_settings
from bot.core.texts import settings as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.choices import INSTRUMENT_CHOICES
from bot.discord.core.context import Interaction
from bot.discord.core.private_answers import send_private
from bot.discord.settings import texts as discord_texts
from bot.discord.settings.defaults import EVERYTHING, LANGUAGE_CHOICES
from generator.request import RequestError
from storage.preferences import MAX_COOLDOWN_S, MAX_OPEN_REQUESTS, CommunitySettings

log = structlog.get_logger(__name__)

FIELDS = [field.name for field in fields(CommunitySettings)]
_TEXT, _VOICE, _FORUM = discord.ChannelType.text, discord.ChannelType.voice, discord.ChannelType.forum
_THREADS = [discord.ChannelType.public_thread, discord.ChannelType.private_thread]


class Channel(app_commands.Transformer):
    """A channel by its id, also one that the bot cannot see."""

    def __init__(self, kinds: list[discord.ChannelType]) -> None:
        self._kinds = kinds

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        return self._kinds

    async def transform(self, interaction: discord.Interaction[Any], value: Any, /) -> int:
        return int(value.id)


# Shared tunes are posted as messages, and a forum takes none.
SharingChannel = app_commands.Transform[int, Channel([_TEXT, discord.ChannelType.news, _VOICE, *_THREADS])]
TuneChannel = app_commands.Transform[int, Channel([_TEXT, discord.ChannelType.news, _VOICE, _FORUM, *_THREADS])]


@app_commands.command(name="settings", description=discord_texts.SETTINGS)
@app_commands.allowed_contexts(guilds=True)
@app_commands.allowed_installs(guilds=True)
@app_commands.default_permissions(manage_guild=True)
@app_commands.describe(
    sharing_channel=texts.SHARING_CHANNEL,
    add_channel=texts.ADD_CHANNEL,
    remove_channel=texts.REMOVE_CHANNEL,
    cooldown=texts.COOLDOWN,
    open_requests=texts.OPEN_REQUESTS,
    deleters=texts.DELETERS,
    instrument=texts.COMMUNITY_INSTRUMENT,
    language=texts.COMMUNITY_LANGUAGE,
    reset=discord_texts.SERVER_RESET,
)
@app_commands.choices(
    deleters=[app_commands.Choice(name=name, value=value) for value, name in texts.DELETER_NAMES.items()],
    instrument=INSTRUMENT_CHOICES,
    language=LANGUAGE_CHOICES,
    reset=[
        app_commands.Choice(name=texts.EVERYTHING, value=EVERYTHING),
        *(app_commands.Choice(name=texts.NAMES[name], value=name) for name in FIELDS),
    ],
)
async def settings(
    interaction: Interaction,
    sharing_channel: SharingChannel | None = None,
    add_channel: TuneChannel | None = None,
    remove_channel: TuneChannel | None = None,
    cooldown: app_commands.Range[int, 0, MAX_COOLDOWN_S] | None = None,
    open_requests: app_commands.Range[int, 1, MAX_OPEN_REQUESTS] | None = None,
    deleters: str | None = None,
    instrument: str | None = None,
    language: str | None = None,
    reset: str | None = None,
) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    caller = await caller_of(interaction)
    # Discord lets a server open the command to other people. They still may not change the settings.
    if not interaction.guild_id or not interaction.permissions.manage_guild:
        message = discord_texts.ONLY_MANAGERS if interaction.guild_id else discord_texts.ONLY_IN_SERVERS
        await send_private(interaction, caller.translate(message))
        return
    given = {
        "sharing_channel": str(sharing_channel) if sharing_channel else None,
        "cooldown_s": cooldown,
        "open_requests": open_requests,
        "deleters": deleters,
        "instrument": instrument,
        "language": language,
    }
    reset_fields = FIELDS if reset == EVERYTHING else [reset] if reset else []
    changes: dict[str, Any] = dict.fromkeys(reset_fields) | {name: value for name, value in given.items() if value is not None}
    preferences = interaction.client.context.storage.preferences
    try:
        stored = await preferences.community(caller.viewer)
        if add_channel or remove_channel:
            channels = () if "channels" in reset_fields else stored.channels
            changes["channels"] = _channels(channels, add_channel, remove_channel)
        if changes:
            stored = await preferences.change_community(caller.viewer, **changes)
    except RequestError as error:
        await send_private(interaction, caller.translate(error.message))
    except Exception:
        log.exception("Saving a server's settings failed.", community_id=caller.viewer.community_id)
        await send_private(interaction, caller.translate(texts.SAVING_FAILED))
    else:
        # The server's language may have changed just now.
        translate = languages.language(caller.defaults.language or stored.language or str(interaction.locale))
        heading = f"**{translate(discord_texts.SERVER_SETTINGS)}**"
        lines = [f"- {name}: {value}" for name, value in list_settings(stored, translate)]
        await send_private(interaction, "\n".join([heading, *lines, *_missing_permissions(interaction, stored, translate)]))


def _channels(now: tuple[str, ...], add: int | None, remove: int | None) -> list[str]:
    """The channels with one added or removed. Raises RequestError if the channel to remove is not among them."""
    if remove and str(remove) not in now:
        raise RequestError("channels", texts.NO_SUCH_CHANNEL)
    channels = [channel for channel in now if channel != str(remove)]
    return [*channels, str(add)] if add else channels


def _missing_permissions(interaction: Interaction, stored: CommunitySettings, translate: languages.Language) -> list[str]:
    """Warns of permissions that the bot lacks in the sharing channel, as far as it knows them."""
    guild = interaction.guild
    if not stored.sharing_channel or guild is None or guild.me is None:
        return []
    channel = guild.get_channel_or_thread(int(stored.sharing_channel))
    if channel is None:
        view_channel = translate(discord_texts.PERMISSIONS["view_channel"])
        return [translate(discord_texts.missing_permissions(f"<#{stored.sharing_channel}>", view_channel))]
    may = channel.permissions_for(guild.me)
    send = "send_messages_in_threads" if isinstance(channel, discord.Thread) else "send_messages"
    missing = [name for name in ("view_channel", send, "embed_links", "attach_files") if not getattr(may, name)]
    names = ", ".join(translate(discord_texts.PERMISSIONS[name]) for name in missing)
    return [translate(discord_texts.missing_permissions(f"<#{channel.id}>", names))] if missing else []
