"""`/defaults`: a person's defaults for requests."""

from __future__ import annotations

from typing import Any

import pytest

from storage import Defaults, Viewer
from tests.bot.discord.conftest import Stage
from tests.loopback.discord import DIRECT, ELSEWHERE, FIDDLER, PIPER, TUNES, Channel

ANN = Viewer("discord", FIDDLER.id)


async def command_answer(stage: Stage, **options: Any) -> str:
    return await stage.discord.private_text(await stage.discord.slash("defaults", **options))


@pytest.mark.parametrize("channel", [TUNES, DIRECT, ELSEWHERE], ids=lambda channel: channel.name)
async def test_given_defaults_are_stored_and_shown_and_others_stay(stage: Stage, channel: Channel) -> None:
    shown = await command_answer(stage, channel=channel, rhythm="jig", key="any dorian", temperature=0.7, backing=False)
    await stage.stop_bot()
    await stage.start_bot()
    assert (await command_answer(stage, channel=channel, instrument="harp", structure="free")).splitlines() == [
        "**Your defaults**",
        "- rhythm: jig",
        "- key: dorian",
        "- temperature: 0.7",
        "- tempo: not set",
        "- structure: free",
        "- instrument: harp",
        "- backing: no",
        "- times: not set",
        "- model: not set",
        "- language: not set",
    ]
    assert "- instrument: not set" in shown
    kept = await stage.storage.preferences.defaults(ANN)
    assert kept == Defaults(rhythm="jig", key="dorian", temperature=0.7, structure="free", instrument="harp", backing=False)
    assert await command_answer(stage, channel=channel) == await command_answer(stage, channel=channel)
    assert await stage.storage.preferences.defaults(Viewer("discord", PIPER.id)) == Defaults()


async def test_a_request_uses_the_defaults_for_options_left_out(stage: Stage) -> None:
    await command_answer(stage, rhythm="polka", instrument="harp", backing=False)
    tune = await stage.accepted(await stage.discord.slash("tune", instrument="flute"))
    assert (tune.request.rhythm, tune.request.instrument, tune.request.backing) == ("polka", "flute", False)


async def test_one_default_or_all_can_be_reset(stage: Stage) -> None:
    await command_answer(stage, rhythm="jig", temperature=0.7, language="de")
    assert "jig" not in await command_answer(stage, reset="rhythm")
    assert await stage.storage.preferences.defaults(ANN) == Defaults(temperature=0.7, language="de")
    assert "- instrument: harp" in await command_answer(stage, reset="everything", instrument="harp", language="en")
    assert await stage.storage.preferences.defaults(ANN) == Defaults(instrument="harp", language="en")


async def test_irish_is_offered_although_discord_does_not_have_it(stage: Stage) -> None:
    [option] = [option for option in stage.discord.commands["defaults"]["options"] if option["name"] == "language"]
    names = {choice["value"]: choice["name"] for choice in option["choices"]}
    assert names == {"en": "English", "ga": "Gaeilge", "de": "Deutsch", "fr": "Français", "es": "Español"}
    assert "Gaeilge" in await command_answer(stage, language="ga")


@pytest.mark.parametrize(
    ("options", "refused"),
    [({"key": "H"}, "is not a key"), ({"language": "tlh"}, "don't speak this language"), ({"rhythm": "tango"}, "“tango”")],
)
async def test_an_invalid_default_is_refused_and_changes_nothing(stage: Stage, options: dict[str, Any], refused: str) -> None:
    assert refused in await command_answer(stage, temperature=0.5, **options)
    assert await stage.storage.preferences.defaults(ANN) == Defaults()
