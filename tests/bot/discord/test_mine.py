"""`/mine`: the person's own tunes, and what they can do with them."""

from __future__ import annotations

import pytest

from storage import Viewer
from tests.bot.discord.conftest import Stage
from tests.bot.discord.examples import stored_tune, titles_on
from tests.bot.discord.test_gallery import changed_page, page_of, press_button
from tests.loopback.discord import DIRECT, ELSEWHERE, FIDDLER, PIPER, SHOWCASE, SILENT, TUNES, Channel, Payload

ANN = Viewer("discord", FIDDLER.id, TUNES.server)


async def open_own_tune(stage: Stage, title: str, channel: Channel = TUNES) -> Payload:
    page = await page_of(stage, await stage.discord.slash("mine", channel=channel))
    return await changed_page(stage, page, await stage.discord.select(page, title))


@pytest.mark.parametrize("channel", [TUNES, DIRECT, ELSEWHERE], ids=lambda channel: channel.name)
async def test_mine_lists_own_tunes_from_everywhere_with_their_state(stage: Stage, channel: Channel) -> None:
    await stored_tune(stage, "Shared")
    await stored_tune(stage, "Private", channel=ELSEWHERE, share=False)
    await stored_tune(stage, "Somebody else's", person=PIPER)
    page = await page_of(stage, await stage.discord.slash("mine", channel=channel))
    assert titles_on(page) == ["Private", "Shared"]
    _, private, shared = page["content"].split("\n")
    assert "· private · <t:" in private
    assert "· shared <t:" in shared


async def test_a_tune_is_shared_and_unshared_after_a_restart(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "My own", share=False)
    await stage.storage.preferences.change_community(ANN, sharing_channel="301")
    opened = await open_own_tune(stage, "My own")
    assert list(stage.discord.buttons(opened)) == ["♥ 0", "Continue", "Vary", "Back", "Share", "Post here", "Delete"]
    await stage.stop_bot()
    await stage.start_bot()
    opened = await press_button(stage, opened, "Share")
    tune = await stage.storage.tune(tune_id)
    assert tune is not None and tune.shared is not None
    assert (tune.shared.community_id, tune.shared.channel_id) == (TUNES.server, "301")
    await stage.stop_bot()
    await stage.start_bot()
    opened = await press_button(stage, opened, "Unshare")
    tune = await stage.storage.tune(tune_id)
    assert tune is not None and tune.shared is None
    assert "Share" in stage.discord.buttons(opened)


async def test_a_shared_tune_is_posted_in_the_sharing_channel(stage: Stage) -> None:
    await stored_tune(stage, "My own", share=False)
    await stage.storage.preferences.change_community(ANN, sharing_channel=SHOWCASE.id)
    opened = await press_button(stage, await open_own_tune(stage, "My own"), "Share")
    [posted] = await stage.discord.posted(SHOWCASE)
    assert posted["content"].startswith("**My own**")
    await press_button(stage, opened, "Unshare")
    await stage.discord.until(lambda: not stage.discord.tunes(SHOWCASE))


async def test_unsharing_deletes_the_post_in_the_sharing_channel(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "My own", share=False)
    posted = await stage.discord.write("posted", channel=TUNES)
    await stage.storage.sharing.share(tune_id, ANN, channel_id=TUNES.id)
    await stage.storage.sharing.mark_posted(tune_id, posted["id"])
    await press_button(stage, await open_own_tune(stage, "My own"), "Unshare")
    assert stage.discord.messages_in() == []


async def test_a_tune_is_deleted_with_its_message_after_confirmation(stage: Stage) -> None:
    discord = stage.discord
    tune = await stage.accepted(await discord.slash("tune"))
    await stage.compose(tune.id)
    await stage.delivered(tune.id)
    opened = await open_own_tune(stage, "The Loopback")
    opened = await press_button(stage, opened, "Delete")
    opened = await press_button(stage, opened, "Keep it")
    opened = await press_button(stage, opened, "Delete")
    assert len(discord.tunes()) == 1
    await stage.stop_bot()
    await stage.start_bot()
    page = await press_button(stage, opened, "Delete for good")
    assert "Request one, and you find it here" in page["content"]
    assert (await stage.storage.tune(tune.id), discord.tunes()) == (None, [])
    assert page["attachments"] == []


@pytest.mark.parametrize("act", ["share", "unshare", "confirm-delete"])
async def test_forged_buttons_do_not_change_other_peoples_tunes(stage: Stage, act: str) -> None:
    discord = stage.discord
    tune_id = await stored_tune(stage, "Theirs", person=PIPER, share=act != "share")
    await stored_tune(stage, "Mine")
    opened = await open_own_tune(stage, "Mine")
    opened["components"][0]["components"][0]["custom_id"] = f"opened:{act}:{tune_id}"
    assert "Only the owner" in await discord.private_text(await discord.click(opened, "♥ 0"))
    tune = await stage.storage.tune(tune_id)
    assert tune is not None and (tune.shared is not None) == (act != "share")


@pytest.mark.parametrize("act", ["like", "share", "unshare", "post", "delete", "confirm-delete"])
async def test_a_button_of_a_deleted_tune_says_so_privately(stage: Stage, act: str) -> None:
    await stored_tune(stage, "Mine")
    opened = await open_own_tune(stage, "Mine")
    opened["components"][0]["components"][0]["custom_id"] = f"opened:{act}:{'0' * 12}"
    assert "no longer available" in await stage.discord.private_text(await stage.discord.click(opened, "♥ 0"))


@pytest.mark.parametrize("channel", [SHOWCASE, DIRECT, ELSEWHERE], ids=lambda channel: channel.name)
async def test_an_own_tune_is_posted_in_the_channel(stage: Stage, channel: Channel) -> None:
    """In ELSEWHERE the bot is not a member, and posts with the token of the press."""
    discord = stage.discord
    tune_id = await stored_tune(stage, "Mine", share=False)
    opened = await open_own_tune(stage, "Mine", channel)
    press = await discord.click(opened, "Post here")
    assert await discord.private_text(press) == "Posted. Everyone in this channel can see the tune."
    [posted] = await discord.posted(channel)
    assert posted["content"].startswith("**Mine**")
    assert [file["filename"] for file in posted["attachments"]] == ["mine.abc", "mine.mp3", "mine.png"]
    assert {"Again", "♥ 0", "Delete"} <= discord.buttons(posted).keys()
    tune = await stage.tune(tune_id)
    assert (tune.message_id, tune.shared) == ("555", None)


async def test_the_buttons_of_a_tune_posted_again_work(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "Mine", share=False)
    opened = await open_own_tune(stage, "Mine", SHOWCASE)
    await stage.discord.private_text(await stage.discord.click(opened, "Post here"))
    [posted] = await stage.discord.posted(SHOWCASE)
    tune = await stage.accepted(await stage.discord.click(posted, "Vary", person=PIPER))
    assert tune.parent_id == tune_id


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_tune_is_posted_only_where_the_server_allows_tunes(stage: Stage, allowed: bool) -> None:
    await stored_tune(stage, "Mine")
    channels = [TUNES.id] if allowed else [SHOWCASE.id]
    await stage.storage.preferences.change_community(ANN, channels=channels)
    text = await stage.discord.private_text(await stage.discord.click(await open_own_tune(stage, "Mine"), "Post here"))
    assert (f"<#{SHOWCASE.id}>" in text, len(stage.discord.tunes())) == (not allowed, int(allowed))


async def test_a_tune_is_not_posted_where_the_bot_may_not_write(stage: Stage) -> None:
    await stored_tune(stage, "Mine")
    opened = await open_own_tune(stage, "Mine", SILENT)
    text = await stage.discord.private_text(await stage.discord.click(opened, "Post here"))
    assert text.startswith("I can't post in this channel.")
    assert stage.discord.tunes(SILENT) == []


async def test_a_forged_button_does_not_post_other_peoples_tunes(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "Theirs", person=PIPER)
    await stored_tune(stage, "Mine")
    opened = await open_own_tune(stage, "Mine")
    opened["components"][0]["components"][0]["custom_id"] = f"opened:post:{tune_id}"
    text = await stage.discord.private_text(await stage.discord.click(opened, "♥ 0"))
    assert text == "Only the person who requested this tune can post it here."
    assert stage.discord.tunes() == []


async def test_only_mine_offers_to_post_a_tune(stage: Stage) -> None:
    await stored_tune(stage, "Mine")
    page = await page_of(stage, await stage.discord.slash("gallery"))
    opened = await changed_page(stage, page, await stage.discord.select(page, "Mine"))
    assert "Post here" not in stage.discord.buttons(opened)
