"""`/help`: what the bot can do, with examples that can be copied."""

from __future__ import annotations

from discord import app_commands

from bot.discord.core.caller import caller_of
from bot.discord.core.choices import everywhere
from bot.discord.core.context import BotClient, Interaction
from bot.discord.core.private_answers import send_private
from bot.discord.help import texts
from bot.discord.help.texts import TOPICS, Example
from bot.languages import Language, language

# How many examples of a topic the overview shows.
_OVERVIEW = {"tune": 2, "sharing": 1, "settings": 1, "privacy": 1}


@app_commands.command(name="help", description=texts.HELP)
@everywhere
@app_commands.describe(topic=texts.TOPIC)
@app_commands.choices(topic=[app_commands.Choice(name=topic.name, value=name) for name, topic in TOPICS.items()])
async def help_(interaction: Interaction, topic: str | None = None) -> None:
    translate, client = (await caller_of(interaction)).translate, interaction.client
    typed = language(str(interaction.locale))  # Discord shows commands in this language
    if topic is None:
        lines = [translate(texts.ABOUT)]
        lines += [
            _line(client, example, translate, typed)
            for name, count in _OVERVIEW.items()
            for example in TOPICS[name].examples[:count]
        ]
        lines += [translate(TOPICS[name].paragraphs[0]) for name in ("chat", "buttons")]
    else:
        chosen = TOPICS[topic]
        lines = [f"**{translate(chosen.name)}**", *map(translate, chosen.paragraphs)]
        lines += [_line(client, example, translate, typed) for example in chosen.examples]
    lines.append(translate(texts.invite(f"<{client.invite_url}>")))
    await send_private(interaction, "\n".join(lines))


def _line(client: BotClient, example: Example, translate: Language, typed: Language) -> str:
    return f"- `{example_text(client, example, typed)}` – {translate(example.effect)}"


def example_text(client: BotClient, example: Example, typed: Language) -> str:
    """The command with its options and values, as Discord shows them in the language `typed`."""
    command = client.tree.get_command(example.command)
    assert isinstance(command, app_commands.Command)
    words = [f"/{typed.named('command', command.name)}"]
    for name, value in example.options.items():
        parameter = command.get_parameter(name)
        assert parameter is not None
        shown = next((typed(choice.name) for choice in parameter.choices if choice.value == value), value)
        words.append(f"{typed.named('option', name)}:{shown}")
    return " ".join(words)
