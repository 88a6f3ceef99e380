"""`/help`: what can be done, with examples that work as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.discord.core.caller import Caller
from bot.discord.core.choices import everywhere
from bot.discord.help import texts
from bot.discord.help.texts import TOPICS, Example
from bot.languages import Language, language

if TYPE_CHECKING:
    from bot.discord.client import TunesmithBot

# What an overview shows of each topic that has examples.
_FIRST = {"tune": 2, "sharing": 1, "settings": 1, "privacy": 1}


@app_commands.command(name="help", description=texts.HELP)
@everywhere
@app_commands.describe(topic=texts.TOPIC)
@app_commands.choices(topic=[app_commands.Choice(name=topic.name, value=name) for name, topic in TOPICS.items()])
async def help_(interaction: discord.Interaction[TunesmithBot], topic: str | None = None) -> None:
    translate, bot = (await Caller.of(interaction)).translate, interaction.client
    typed = language(str(interaction.locale))  # commands are named as the person's Discord shows them
    if topic is None:
        lines = [translate(texts.ABOUT)]
        lines += [
            _line(bot, example, translate, typed) for name, count in _FIRST.items() for example in TOPICS[name].examples[:count]
        ]
        lines += [translate(TOPICS[name].paragraphs[0]) for name in ("chat", "buttons")]
    else:
        about = TOPICS[topic]
        lines = [f"**{translate(about.name)}**", *map(translate, about.paragraphs)]
        lines += [_line(bot, example, translate, typed) for example in about.examples]
    lines.append(translate(texts.invite(f"<{bot.invite_url}>")))
    await interaction.response.send_message("\n".join(lines), ephemeral=True)


def _line(bot: TunesmithBot, example: Example, translate: Language, typed: Language) -> str:
    return f"- `{written(bot, example, typed)}` – {translate(example.effect)}"


def written(bot: TunesmithBot, example: Example, typed: Language) -> str:
    """The example as it is typed: names and choices as Discord shows them in that language."""
    command = bot.tree.get_command(example.command)
    assert isinstance(command, app_commands.Command)
    words = [f"/{typed.named('command', command.name)}"]
    for name, value in example.options.items():
        parameter = command.get_parameter(name)
        assert parameter is not None
        shown = next((typed(choice.name) for choice in parameter.choices if choice.value == value), value)
        words.append(f"{typed.named('option', name)}:{shown}")
    return " ".join(words)
