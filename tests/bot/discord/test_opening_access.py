"""The opening of a visible tune can be another tune that is private; others must not see it."""

from __future__ import annotations

from typing import Any

import pytest

from generator.request import TuneRequest
from storage import Composition, Origin, Viewer
from tests.bot.discord.conftest import ABC, FILES, Stage
from tests.bot.discord.test_change import form_values
from tests.bot.discord.test_gallery import changed_page, page_of
from tests.loopback.discord import DIRECT, FIDDLER, PIPER, PRIVATE, TUNES, Payload

HERE = Viewer("discord", FIDDLER.id, TUNES.server)


async def varied(stage: Stage) -> tuple[str, Payload]:
    """A private tune, a variation of it that others can see, and the variation's message."""
    secret, _ = await stage.posted(channel=DIRECT, person=FIDDLER)
    tune = await stage.accepted(await stage.discord.slash("tune", person=FIDDLER, opening=f"tune:{secret}", mode="vary"))
    await stage.compose(tune.id, abc=ABC.replace("EAAB", "eaab"))
    return secret, stage.discord.messages[await stage.delivered(tune.id)]


async def test_the_form_shows_a_private_opening_only_to_its_owner(stage: Stage) -> None:
    secret, message = await varied(stage)
    form = await stage.discord.form(await stage.discord.click(message, "Change…", person=PIPER))
    assert form_values(form)["opening"] == ""
    form = await stage.discord.form(await stage.discord.click(message, "Change…", person=FIDDLER))
    assert form_values(form)["opening"] == ABC.strip()
    await stage.storage.sharing.share(secret, HERE)
    form = await stage.discord.form(await stage.discord.click(message, "Change…", person=PIPER))
    assert form_values(form)["opening"] == ABC.strip()


async def test_a_deleted_private_tune_cannot_be_read_in_its_variation(stage: Stage) -> None:
    secret, message = await varied(stage)
    await stage.storage.sharing.delete(secret, Viewer("discord", FIDDLER.id))
    form = await stage.discord.form(await stage.discord.click(message, "Change…", person=PIPER))
    assert form_values(form)["opening"] == ""


@pytest.mark.parametrize("count", [1, 2])
async def test_again_uses_a_private_opening_only_for_its_owner(stage: Stage, count: int) -> None:
    secret, _ = await stage.posted(channel=DIRECT, person=FIDDLER)
    asked = await stage.discord.slash("tune", person=FIDDLER, opening=f"tune:{secret}", mode="vary", count=count)
    first = await stage.accepted(asked)
    for tune in await stage.storage.set_of(first.id) if first.set_id else [first]:
        await stage.compose(tune.id, abc=ABC.replace("EAAB", "eaab"))
    message = stage.discord.messages[await stage.delivered(first.id)]
    refused = await stage.discord.private_text(await stage.discord.click(message, "Again", person=PIPER))
    assert "you can't see it" in refused
    assert await stage.storage.undelivered("discord") == []
    assert await stage.accepted(await stage.discord.click(message, "Again", person=FIDDLER))


async def test_a_reply_again_uses_a_private_opening_only_for_its_owner(stage: Stage) -> None:
    _, message = await varied(stage)
    before = len(stage.discord.messages_in())
    await stage.discord.write("again", reply_to=message, person=PIPER)
    await stage.discord.until(lambda: len(stage.discord.messages_in()) == before + 2)
    assert "you can't see it" in stage.discord.messages_in()[-1]["content"]
    tune = await stage.tune_of_message(await stage.discord.write("again", reply_to=message, person=FIDDLER))
    assert tune.request.opening == ABC.strip()


@pytest.mark.parametrize("channel", [DIRECT, PRIVATE], ids=lambda channel: channel.name)
async def test_the_owner_of_a_tune_from_the_web_page_is_not_named(stage: Stage, channel: Any) -> None:
    """On the web page a user id is a secret: it is the visitor's cookie."""
    person, storage = "abcdefghijklmnopqrstuv", stage.storage
    tune = await storage.add(TuneRequest.check(seed=7), Origin("web", "event", person))
    await storage.finish(tune.id, Composition(ABC, "Webbed", "reel", "Ador", "4/4", 2_000, "test lstm", {}), FILES)
    await storage.sharing.share(tune.id, Viewer("web", person))
    page = await page_of(stage, await stage.discord.slash("gallery", channel=channel))
    assert person not in page["content"]
    opened = await changed_page(stage, page, await stage.discord.select(page, "Webbed"))
    assert opened["content"].startswith("**Webbed**")
    assert person not in str(opened)
