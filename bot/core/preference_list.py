"""A person's defaults and a community's settings as lists of names and values, in words."""

from __future__ import annotations

from bot import languages
from bot.core.naming import key_name
from bot.core.texts import common
from bot.core.texts import settings as texts
from storage.preferences import CommunitySettings, Defaults

MAX_SHOWN_CHANNELS = 20  # where tunes can be requested


def list_defaults(stored: Defaults, translate: languages.Language) -> list[tuple[str, str]]:
    values = default_values(stored, translate)
    return [(translate(texts.NAMES[name]), value or translate(texts.NOT_SET)) for name, value in values.items()]


def default_values(stored: Defaults, translate: languages.Language) -> dict[str, str | None]:
    """The defaults in words, by the name of the field; None or empty where none is set."""
    return {
        "rhythm": stored.rhythm and translate(stored.rhythm),
        "key": stored.key and translate(key_name(stored.key)),
        "temperature": f"{stored.temperature:g}" if stored.temperature else None,
        "tempo": f"× {stored.tempo:g}" if stored.tempo else None,
        "structure": stored.structure and translate(common.STRUCTURES[stored.structure]),
        "instrument": stored.instrument and translate(stored.instrument),
        "backing": None if stored.backing is None else translate(texts.YES if stored.backing else texts.NO),
        "times": translate(common.TIMES[stored.times]) if stored.times else None,
        "model": stored.model,
        "language": stored.language and languages.language(stored.language).name,
    }


def list_settings(stored: CommunitySettings, translate: languages.Language) -> list[tuple[str, str]]:
    """Channels are written as `<#ID>`, which Discord and Slack show as links."""
    channels = " ".join(f"<#{channel}>" for channel in stored.channels[:MAX_SHOWN_CHANNELS])
    more = " …" if len(stored.channels) > MAX_SHOWN_CHANNELS else ""
    values = {
        "sharing_channel": f"<#{stored.sharing_channel}>" if stored.sharing_channel else translate(texts.NO_CHANNEL),
        "channels": channels + more if stored.channels else translate(texts.ALL_CHANNELS),
        "cooldown_s": translate(texts.seconds(stored.cooldown_s) if stored.cooldown_s else texts.NO_COOLDOWN),
        "open_requests": str(stored.open_requests) if stored.open_requests else translate(texts.HOST_LIMIT),
        "deleters": translate(texts.DELETER_NAMES[stored.deleters]),
        "instrument": translate(stored.instrument or texts.NOT_SET),
        "language": languages.language(stored.language).name if stored.language else translate(texts.OWN_LANGUAGE),
    }
    return [(translate(texts.NAMES[name]), value) for name, value in values.items()]
