"""`/settings`: a server's rules."""

from __future__ import annotations

from typing import Any

import pytest

from storage import CommunitySettings, Viewer
from tests.bot.discord.conftest import Stage
from tests.loopback.discord import DIRECT, ELSEWHERE, FIDDLER, HIDDEN, PIPER, SILENT, TUNES

SERVER = Viewer("discord", FIDDLER.id, TUNES.server)


async def command_answer(stage: Stage, **options: Any) -> str:
    return await stage.discord.private_text(await stage.discord.slash("settings", **options))


async def test_given_settings_are_stored_and_shown_and_others_stay(stage: Stage) -> None:
    await command_answer(stage, sharing_channel=TUNES, add_channel=TUNES, cooldown=30, open_requests=2)
    await stage.stop_bot()
    await stage.start_bot()
    shown = await command_answer(stage, add_channel=SILENT, deleters="everyone", instrument="harp", language="fr")
    kept = await stage.storage.preferences.community(SERVER)
    assert kept == CommunitySettings(("300", "301"), 30, 2, "everyone", "harp", "300", "fr")
    assert "- cooldown: 30" in await command_answer(stage, language="en")
    assert shown.count("\n") == 7
    assert "- délai: 30" in shown
    assert (await command_answer(stage)).splitlines() == [
        "**Settings of this server**",
        "- sharing channel: <#300>",
        "- channels for tunes: <#300> <#301>",
        "- cooldown: 30 seconds",
        "- unfinished tunes per person: 2",
        "- who can delete: everyone",
        "- instrument: harp",
        "- language: English",
    ]
    stage.discord.assert_no_pings()


async def test_channels_are_removed_one_by_one_or_reset(stage: Stage) -> None:
    await command_answer(stage, add_channel=TUNES)
    await command_answer(stage, add_channel=SILENT)
    assert "- channels for tunes: <#301>" in await command_answer(stage, remove_channel=TUNES)
    assert "not in the list of channels" in await command_answer(stage, remove_channel=TUNES)
    await command_answer(stage, cooldown=5, deleters="owner")
    assert "- channels for tunes: all" in await command_answer(stage, reset="channels")
    assert (await stage.storage.preferences.community(SERVER)).cooldown_s == 5
    assert "- cooldown: none" in await command_answer(stage, reset="everything")
    assert await stage.storage.preferences.community(SERVER) == CommunitySettings()


@pytest.mark.parametrize(
    ("channel", "lacking"),
    [
        (TUNES, None),
        (SILENT, "I'm missing permissions in <#301>: Send Messages, Embed Links, Attach Files."),
        (HIDDEN, "I'm missing permissions in <#302>: View Channel"),
    ],
    ids=["tunes", "silent", "hidden"],
)
async def test_missing_permissions_in_the_sharing_channel_are_shown(stage: Stage, channel: Any, lacking: str | None) -> None:
    shown = await command_answer(stage, sharing_channel=channel)
    assert lacking in shown if lacking else "⚠️" not in shown
    assert (await stage.storage.preferences.community(SERVER)).sharing_channel == channel.id


async def test_only_people_who_manage_the_server_may_change_settings(stage: Stage) -> None:
    asked = await stage.discord.slash("settings", person=PIPER, opened=True, cooldown=5)
    assert "You need the Manage Server permission" in await stage.discord.private_text(asked)
    assert await stage.storage.preferences.community(SERVER) == CommunitySettings()


async def test_the_command_is_offered_to_people_who_manage_the_server(stage: Stage) -> None:
    command = stage.discord.commands["settings"]
    assert (command["contexts"], command["integration_types"]) == ([0], [0])
    for where in ({"channel": DIRECT}, {"channel": ELSEWHERE}, {"person": PIPER}):
        with pytest.raises(AssertionError, match="not offered"):
            await stage.discord.slash("settings", **where)


@pytest.mark.parametrize(
    ("options", "refused"),
    [({"language": "tlh"}, "don't speak"), ({"instrument": "kazoo"}, "“kazoo”"), ({"deleters": "nobody"}, "can be deleted by")],
)
async def test_an_invalid_setting_is_refused_and_changes_nothing(stage: Stage, options: dict[str, Any], refused: str) -> None:
    assert refused in await command_answer(stage, cooldown=5, **options)
    assert await stage.storage.preferences.community(SERVER) == CommunitySettings()
