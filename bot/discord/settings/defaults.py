"""`/defaults`: a person's own defaults for the options of a request."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import structlog
from discord import app_commands

from bot import languages
from bot.core.preference_list import list_defaults
from bot.core.texts import common as core_texts
from bot.core.texts import settings as texts
from bot.discord.core.caller import caller_of
from bot.discord.core.choices import INSTRUMENT_CHOICES, RHYTHM_CHOICES, TIMES_CHOICES, everywhere, key_choices, model_choices
from bot.discord.core.context import Interaction
from bot.discord.core.private_answers import send_private
from generator.request import MAX_MODEL_CHARACTERS, MAX_TEMPO, MIN_TEMPO, RequestError, model_named
from generator.user_messages import LANGUAGES
from storage.preferences import Defaults

log = structlog.get_logger(__name__)

# Languages by their own names, also Irish, which Discord itself does not have.
LANGUAGE_CHOICES = [app_commands.Choice(name=languages.language(code).name, value=code) for code in LANGUAGES]
EVERYTHING = "everything"
FIELDS = [field.name for field in fields(Defaults) if field.name != "candidates"]  # the command has no option for it


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
    times=texts.DEFAULT_TIMES,
    model=texts.DEFAULT_MODEL,
    language=texts.DEFAULT_LANGUAGE,
    reset=texts.DEFAULT_RESET,
)
@app_commands.choices(times=TIMES_CHOICES)
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
    interaction: Interaction,
    rhythm: str | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
    temperature: app_commands.Range[float, 0.1, 2.0] | None = None,
    tempo: app_commands.Range[float, MIN_TEMPO, MAX_TEMPO] | None = None,
    structure: str | None = None,
    instrument: str | None = None,
    backing: bool | None = None,
    times: int | None = None,
    model: app_commands.Range[str, 1, MAX_MODEL_CHARACTERS] | None = None,
    language: str | None = None,
    reset: str | None = None,
) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    caller = await caller_of(interaction)
    given: dict[str, Any] = {
        "rhythm": rhythm,
        "key": key,
        "temperature": temperature,
        "tempo": tempo,
        "structure": structure,
        "instrument": instrument,
        "backing": backing,
        "times": times,
        "model": model,
        "language": language,
    }
    reset_fields = [field.name for field in fields(Defaults)] if reset == EVERYTHING else [reset] if reset else []
    changes = dict.fromkeys(reset_fields) | {name: value for name, value in given.items() if value is not None}
    preferences = interaction.client.context.storage.preferences
    try:
        await interaction.client.context.desk.check_model(model_named(model))
        stored = (
            await preferences.change_defaults(caller.viewer, **changes) if changes else await preferences.defaults(caller.viewer)
        )
    except RequestError as error:
        await send_private(interaction, caller.translate(error.message))
    except Exception:
        log.exception("Saving defaults failed.")
        await send_private(interaction, caller.translate(texts.SAVING_FAILED))
    else:
        translate = languages.language(stored.language or caller.settings.language or str(interaction.locale))
        lines = [f"- {name}: {value}" for name, value in list_defaults(stored, translate)]
        await send_private(interaction, "\n".join([f"**{translate(texts.YOUR_DEFAULTS)}**", *lines]))
