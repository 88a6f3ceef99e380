"""`/tunebook`: many tunes in one file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from storage import Viewer
from tests.bot.discord.conftest import Stage
from tests.bot.discord.examples import stored_tune
from tests.bot.discord.test_gallery import page_of
from tests.loopback.discord import DIRECT, ELSEWHERE, FIDDLER, PIPER, TUNES, Channel


async def titles_in_book(stage: Stage, channel: Channel = TUNES, **options: Any) -> list[str]:
    answer = await page_of(stage, await stage.discord.slash("tunebook", channel=channel, **options))
    [attachment] = answer["attachments"]
    assert attachment["filename"] == "tunebook.abc"
    return [line[2:] for line in stage.discord.file(answer, ".abc").decode().splitlines() if line.startswith("T:")]


async def test_a_servers_tunebook_has_the_shared_tunes_in_the_chosen_order(stage: Stage) -> None:
    first = await stored_tune(stage, "First")
    await stored_tune(stage, "Second", person=PIPER)
    await stored_tune(stage, "Private", share=False)
    await stored_tune(stage, "There", channel=ELSEWHERE)
    await stage.storage.sharing.like(first, Viewer("discord", FIDDLER.id, TUNES.server))
    assert await titles_in_book(stage) == ["Second", "First"]
    assert await titles_in_book(stage, order="ever") == ["First"]
    assert await titles_in_book(stage, ELSEWHERE) == ["There"]
    assert await titles_in_book(stage, DIRECT) == ["There", "Second", "First"]
    assert await titles_in_book(stage, which="mine") == ["There", "Private", "First"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "Nothing has been shared here yet"),
        ({"order": "week"}, "No tune was liked"),
        ({"which": "mine"}, "You have no tunes yet"),
    ],
)
async def test_a_tunebook_without_tunes_is_a_text(stage: Stage, options: dict[str, Any], told: str) -> None:
    answer = await page_of(stage, await stage.discord.slash("tunebook", **options))
    assert told in answer["content"]
    assert answer["attachments"] == []


async def test_a_tunebook_that_is_too_large_is_sent_in_several_files(stage: Stage) -> None:
    for number in range(3):
        await stored_tune(stage, f"Tune {number}")
    asked = await stage.discord.slash("tunebook", channel=replace(TUNES, file_bytes=200))
    await page_of(stage, asked)
    await stage.discord.until(lambda: len(asked.followups) == 1)
    files = [stage.discord.messages[id]["attachments"][0] for id in (asked.original or "", *asked.followups)]
    assert [file["filename"] for file in files] == ["tunebook-1.abc", "tunebook-2.abc"]
    assert all(file["size"] <= 200 for file in files)
    assert all(stage.discord.messages[id]["flags"] & 64 for id in asked.followups)
