"""`/tune` and what it offers while somebody types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.discord import asking, texts
from generator.notation.errors import NotationError
from generator.notation.keys import Key
from generator.notation.metres import RHYTHMS
from generator.notation.tokens import MODES
from generator.request import INSTRUMENTS, MAX_OPENING_CHARACTERS, MAX_SEED, MAX_TITLE_CHARACTERS, RequestError, TuneRequest

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

MAX_CHOICES = 25
# As sessions meet them: the keys that fiddle, flute and whistle lie well in, the commonest first.
_KEYS = "D G Em Ador Edor Amix Bm A Dmix Am Gdor Ddor C F Gmix Emix Bdor Dm Gm Bb E Cmix F#m Bmix Cdor"
KEYS = [Key.parse(text) for text in _KEYS.split()]
INSTRUMENT_CHOICES = [app_commands.Choice(name=name, value=name) for name in INSTRUMENTS]
METRES = list(dict.fromkeys(str(metre) for rhythm in RHYTHMS.values() for metre in rhythm.metres))


@app_commands.command(name="tune", description=texts.TUNE)
@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
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
    backing: bool = True,
    temperature: app_commands.Range[float, 0.1, 2.0] | None = None,
    seed: app_commands.Range[int, 0, MAX_SEED] | None = None,
) -> None:
    # Checked before anything is deferred: after a public «thinking» the answer could not be the person's own.
    try:
        request = TuneRequest.check(
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
            seed=seed,
        )
    except RequestError as error:
        await asking.refuse(interaction, str(error))
        return
    await asking.ask(interaction, request)


@tune.autocomplete("key")
async def key_choices(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=str(key), value=key.abc) for key in matching_keys(typed)]


@tune.autocomplete("metre")
async def metre_choices(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
    rhythm = RHYTHMS.get(getattr(interaction.namespace, "rhythm", None) or "")
    metres = [str(metre) for metre in rhythm.metres] if rhythm else METRES
    return [app_commands.Choice(name=metre, value=metre) for metre in metres if metre.startswith(typed.strip())]


def matching_keys(typed: str) -> list[Key]:
    """Keys whose name or ABC begins with what is typed, then those that hold it; any key that it spells comes first."""
    wanted = typed.casefold().replace(" ", "")
    spellings = {key: (str(key).casefold().replace(" ", ""), key.abc.casefold()) for key in KEYS}
    found = [key for key, names in spellings.items() if any(name.startswith(wanted) for name in names)]
    found += [key for key, names in spellings.items() if key not in found and any(wanted in name for name in names)]
    try:
        exact = Key.parse(typed) if wanted else None
    except NotationError:
        exact = None
    if exact is not None and exact.mode in MODES and not exact.extra:
        found = [exact, *(key for key in found if key != exact)]
    return found[:MAX_CHOICES]


# A field, in the middle of a line: a letter and a colon, which is no repeat sign (`A :|`, `A::B`).
_FIELD = re.compile(r"\s+(?=[A-Z]:(?![|:\]]|\s*[|:]))")
_MODE = r"(?:(?:maj|min|dor|mix|ion|aeo|phr|lyd|loc)[a-z]*|m)?"
_KEY_THEN_MUSIC = re.compile(rf"^(K:\s*[A-G][#b]?(?:\s*{_MODE}))(?=\s)\s+(?=\S)", re.IGNORECASE | re.MULTILINE)
_VALUE_THEN_MUSIC = re.compile(r"^([XML]:\s*\S+)[^\S\n]+(?=\S)", re.MULTILINE)


def unfold(opening: str | None) -> str:
    """Discord's command line keeps no line breaks: fields that were pasted into it get lines of their own again."""
    text = (opening or "").strip()
    if "\n" in text:
        return text
    return _VALUE_THEN_MUSIC.sub(r"\1\n", _KEY_THEN_MUSIC.sub(r"\1\n", _FIELD.sub("\n", text)))
