"""`/tune` and what it offers while somebody types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.discord import asking, texts
from bot.discord.caller import Caller
from bot.discord.choices import INSTRUMENT_CHOICES, METRES, everywhere, matching_keys
from bot.discord.handed_in import unfold
from bot.languages import language
from generator.notation.metres import RHYTHMS
from generator.request import (
    MAX_OPENING_CHARACTERS,
    MAX_SEED,
    MAX_TEMPO,
    MAX_TITLE_CHARACTERS,
    MIN_TEMPO,
    RequestError,
)

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot


@app_commands.command(name="tune", description=texts.TUNE)
@everywhere
@app_commands.describe(
    rhythm=texts.RHYTHM,
    key=texts.KEY,
    metre=texts.METRE,
    opening=texts.OPENING,
    mode=texts.MODE,
    strength=texts.STRENGTH,
    structure=texts.STRUCTURE,
    title=texts.TITLE,
    instrument=texts.INSTRUMENT,
    backing=texts.BACKING,
    temperature=texts.TEMPERATURE,
    tempo=texts.TEMPO,
    seed=texts.SEED,
)
@app_commands.choices(strength=[app_commands.Choice(name=name, value=strength) for strength, name in texts.STRENGTHS.items()])
@app_commands.choices(
    rhythm=[app_commands.Choice(name=name, value=name) for name in RHYTHMS],
    mode=[app_commands.Choice(name=name, value=mode) for mode, name in texts.MODES.items()],
    structure=[app_commands.Choice(name=name, value=structure) for structure, name in texts.STRUCTURES.items()],
    instrument=INSTRUMENT_CHOICES,
)
async def tune(
    interaction: discord.Interaction[TunesmithBot],
    rhythm: str | None = None,
    key: app_commands.Range[str, 1, 40] | None = None,
    metre: app_commands.Range[str, 1, 20] | None = None,
    opening: app_commands.Range[str, 1, MAX_OPENING_CHARACTERS] | None = None,
    mode: str | None = None,
    strength: int | None = None,
    structure: str | None = None,
    title: app_commands.Range[str, 1, MAX_TITLE_CHARACTERS] | None = None,
    instrument: str | None = None,
    backing: bool | None = None,
    temperature: app_commands.Range[float, 0.1, 2.0] | None = None,
    tempo: app_commands.Range[float, MIN_TEMPO, MAX_TEMPO] | None = None,
    seed: app_commands.Range[int, 0, MAX_SEED] | None = None,
) -> None:
    caller = await Caller.of(interaction)
    # Checked before anything is deferred: after a public «thinking» the answer could not be the person's own.
    try:
        request = await caller.wish(
            rhythm=rhythm,
            key=key,
            metre=metre,
            opening=unfold(opening),
            mode=mode,
            strength=strength,
            structure=structure,
            title=title,
            instrument=instrument,
            backing=backing,
            temperature=temperature,
            tempo=tempo,
            seed=seed,
        )
    except RequestError as error:
        await asking.refuse(interaction, caller.say(error.sentence))
        return
    await asking.ask(interaction, caller, request)


@tune.autocomplete("key")
async def key_choices(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
    say = language(str(interaction.locale))
    return [app_commands.Choice(name=say(key.named), value=key.abc) for key in matching_keys(typed, say)]


@tune.autocomplete("metre")
async def metre_choices(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
    rhythm = RHYTHMS.get(getattr(interaction.namespace, "rhythm", None) or "")
    metres = [str(metre) for metre in rhythm.metres] if rhythm else METRES
    return [app_commands.Choice(name=metre, value=metre) for metre in metres if metre.startswith(typed.strip())]
