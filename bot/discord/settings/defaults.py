"""`/defaults`: what a person's wishes are filled up with."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import discord
import structlog
from discord import app_commands

from bot import languages
from bot.core.naming import key_name
from bot.discord.core import texts as core_texts
from bot.discord.core.caller import Caller
from bot.discord.core.choices import INSTRUMENT_CHOICES, RHYTHM_CHOICES, everywhere, key_choices, model_choices
from bot.discord.gallery.pager import tell
from bot.discord.settings import texts
from generator.request import MAX_MODEL_CHARACTERS, MAX_TEMPO, MIN_TEMPO, RequestError, model_named
from generator.user_messages import LANGUAGES
from storage.preferences import Defaults

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

log = structlog.get_logger(__name__)

# By their own names; Irish is among them though Discord itself has none.
LANGUAGE_CHOICES = [app_commands.Choice(name=languages.language(code).name, value=code) for code in LANGUAGES]
EVERYTHING = "everything"
FIELDS = [field.name for field in fields(Defaults) if field.name != "candidates"]  # those that the command offers


@app_commands.command(name="defaults", description=texts.DEFAULTS)
@everywhere
@app_commands.describe(
    rhythm=texts.DEFAULT_RHYTHM,
    key=texts.DEFAULT_KEY,
    temperature=texts.DEFAULT_TEMPERATURE,
    tempo=texts.DEFAULT_TEMPO,
    structure=texts.DEFAULT_STRUCTURE,
    instrument=texts.DEFAULT_INSTRUMENT,
    backing=texts.DEFAULT_BACKING,
    model=texts.DEFAULT_MODEL,
    language=texts.DEFAULT_LANGUAGE,
    reset=texts.DEFAULT_RESET,
)
@app_commands.choices(
    rhythm=RHYTHM_CHOICES,
    structure=[app_commands.Choice(name=name, value=structure) for structure, name in core_texts.STRUCTURES.items()],
    instrument=INSTRUMENT_CHOICES,
    language=LANGUAGE_CHOICES,
    reset=[
        app_commands.Choice(name=texts.EVERYTHING, value=EVERYTHING),
        *(app_commands.Choice(name=texts.NAMES[name], value=name) for name in FIELDS),
    ],
)
@app_commands.autocomplete(key=key_choices, model=model_choices)
async def defaults(
    interaction: discord.Interaction[TunesmithBot],
    rhythm: str | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
    temperature: app_commands.Range[float, 0.1, 2.0] | None = None,
    tempo: app_commands.Range[float, MIN_TEMPO, MAX_TEMPO] | None = None,
    structure: str | None = None,
    instrument: str | None = None,
    backing: bool | None = None,
    model: app_commands.Range[str, 1, MAX_MODEL_CHARACTERS] | None = None,
    language: str | None = None,
    reset: str | None = None,
) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    caller = await Caller.of(interaction)
    given: dict[str, Any] = {
        "rhythm": rhythm,
        "key": key,
        "temperature": temperature,
        "tempo": tempo,
        "structure": structure,
        "instrument": instrument,
        "backing": backing,
        "model": model,
        "language": language,
    }
    forgotten = [field.name for field in fields(Defaults)] if reset == EVERYTHING else [reset] if reset else []
    changes = dict.fromkeys(forgotten) | {name: value for name, value in given.items() if value is not None}
    preferences = interaction.client.storage.preferences
    try:
        await interaction.client.desk.check_model(model_named(model))
        held = (
            await preferences.change_defaults(caller.viewer, **changes) if changes else await preferences.defaults(caller.viewer)
        )
    except RequestError as error:
        await tell(interaction, caller, error.message)
    except Exception:
        log.exception("Saving defaults failed.")
        await tell(interaction, caller, texts.SAVING_FAILED)
    else:
        translate = languages.language(held.language or caller.settings.language or str(interaction.locale))
        await interaction.followup.send(_told(held, translate), ephemeral=True)


def _told(held: Defaults, translate: languages.Language) -> str:
    values = {
        "rhythm": held.rhythm and translate(held.rhythm),
        "key": held.key and translate(key_name(held.key)),
        "temperature": held.temperature and f"{held.temperature:g}",
        "tempo": held.tempo and f"× {held.tempo:g}",
        "structure": held.structure and translate(core_texts.STRUCTURES["free" if held.structure == "free" else "parts"]),
        "instrument": held.instrument and translate(held.instrument),
        "backing": None if held.backing is None else translate(texts.YES if held.backing else texts.NO),
        "model": held.model,
        "language": held.language and languages.language(held.language).name,
    }
    lines = [f"- {translate(texts.NAMES[name])}: {value or translate(texts.NOT_SET)}" for name, value in values.items()]
    return "\n".join([translate(texts.YOUR_DEFAULTS), *lines])
