"""A tune that was opened on a page, and what its buttons do."""

from __future__ import annotations

from typing import Any

import pytest

from generator.request import TuneRequest
from generator.sets import requests_of_set
from storage.viewer import Viewer
from tests.bot.slack import examples
from tests.bot.slack.conftest import Stage
from tests.bot.slack.examples import answer_to, changed, stored_tune, titles_on
from tests.bot.worker import FILES
from tests.loopback.slack import (
    DIRECT,
    DIRECT_OF,
    FIDDLER,
    HIDDEN,
    LOBBY,
    PIPER,
    SESSION,
    SHOWCASE,
    TUNES,
    Payload,
    Person,
    text_of,
)


async def opened(stage: Stage, title: str, command: str = "gallery", person: Person = FIDDLER, **where: Any) -> Payload:
    """The private message in which a person opened a tune."""
    page = await answer_to(stage, command, f"“{title}”", person=person, **where)
    return await changed(stage, page, await stage.slack.click(page, "page:open", person=person))


def pictures(shown: Payload) -> list[Payload]:
    return [block for block in shown["blocks"] if block["type"] == "image"]


async def test_an_opened_tune_leads_back_to_its_page_after_a_restart(stage: Stage) -> None:
    slack = stage.slack
    for number in range(7):
        await stored_tune(stage, f"Tune {number}")
    page = await answer_to(stage, "gallery", person=PIPER)
    page = await changed(stage, page, await slack.click(page, "page:next", person=PIPER))
    await stage.restart()
    [value] = [
        e["value"] for b in page["blocks"] if b["type"] == "actions" for e in b["elements"] if e["text"]["text"] == "Öffnen"
    ][:1]
    shown = await changed(stage, page, await slack.click(page, "page:open", value=value, person=PIPER))
    assert text_of(shown).startswith("Tune 1\n```X:1\nT:Tune 1\n")
    assert slack.buttons(shown) == ["♥ 0", "➡️ Weiterspinnen", "🎲 Variieren", "🗂️ Schick mir die Dateien", "↩️ Zurück"]
    await stage.restart()
    back = await changed(stage, shown, await slack.click(shown, "page:back", person=PIPER))
    assert titles_on(back) == ["Tune 1", "Tune 0"]
    assert slack.messages_in(DIRECT_OF[PIPER.id]) == []
    slack.assert_rules_kept()


async def test_the_sheet_is_the_file_of_the_tunes_message_where_the_person_sees_that(stage: Stage) -> None:
    tune_id, message = await stage.posted()
    await stage.storage.sharing.share(tune_id, Viewer("slack", FIDDLER.id, SESSION.id))
    [sheet] = [file["id"] for file in message["files"] if file["name"].endswith(".png")]
    for person, where in ((FIDDLER, SHOWCASE), (PIPER, TUNES)):
        [picture] = pictures(await opened(stage, "The Loopback", person=person, channel=where))
        assert picture["slack_file"] == {"id": sheet}
    assert pictures(await opened(stage, "The Loopback", person=PIPER, channel=SHOWCASE)) == []


async def test_the_sheet_of_a_tune_in_a_set_is_its_own(stage: Stage) -> None:
    tune_id, message = await stage.posted(*requests_of_set(TuneRequest.check(seed=1), 3))
    tunes = await stage.storage.set_of(tune_id)
    sheets = [file for file in message["files"] if file["name"].endswith(".png")]
    page = await answer_to(stage, "mine")
    for tune, sheet in zip(tunes, sheets, strict=True):
        shown = await changed(stage, page, await stage.slack.click(page, "page:open", value=f"{tune.id} o::::"))
        assert pictures(shown)[0]["slack_file"] == {"id": sheet["id"]}
        page = await changed(stage, shown, await stage.slack.click(shown, "page:back"))


async def test_the_sheet_of_a_shared_tune_is_on_the_web_page_unless_slack_cannot_load_it(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "Elsewhere", person=PIPER)
    assert pictures(await opened(stage, "Elsewhere")) == []
    await stage.restart(web_url="https://tunes.example")
    stage.slack.state.ephemerals.clear()
    shown = await opened(stage, "Elsewhere")
    assert [picture["image_url"] for picture in pictures(shown)] == [f"https://tunes.example/tunes/{tune_id}/files/tune.png"]
    assert pictures(shown)[0]["alt_text"] == "Sheet music of Elsewhere"
    back = await changed(stage, shown, await stage.slack.click(shown, "page:back"))
    stage.slack.refuse("respond", "invalid_blocks", status=400, times=2)
    stage.slack.refuse("chat.postEphemeral", "invalid_blocks")
    stage.slack.refuse("chat.postMessage", "invalid_blocks")
    shown = await changed(stage, back, await stage.slack.click(back, "page:open"))
    assert text_of(shown).startswith("Elsewhere\n")
    assert pictures(shown) == []


async def test_a_like_is_given_and_removed_after_a_restart(stage: Stage) -> None:
    slack = stage.slack
    tune_id = await stored_tune(stage, "The Loved One")
    shown = await opened(stage, "The Loved One", person=PIPER)
    shown = await changed(stage, shown, await slack.click(shown, "♥ 0", person=PIPER))
    assert "♥ 1" in slack.buttons(shown)
    assert (await stage.tune(tune_id)).likes == 1
    await stage.restart()
    shown = await changed(stage, shown, await slack.click(shown, "♥ 1", person=PIPER))
    assert "♥ 0" in slack.buttons(shown)


async def test_files_are_sent_directly_once(stage: Stage) -> None:
    slack = stage.slack
    await stored_tune(stage, "To Keep")
    shown = await opened(stage, "To Keep", person=PIPER)
    await stage.restart()
    pressed = await slack.click(shown, "opened:files", person=PIPER)
    [message] = await slack.posted(DIRECT_OF[PIPER.id])
    assert sorted(file["name"] for file in message["files"]) == ["to-keep.abc", "to-keep.mp3", "to-keep.png"]
    assert slack.file(message, ".mp3") == FILES["tune.mp3"][1]
    assert "Direktnachricht" in await slack.private_text(PIPER, after=1)
    shown_again = slack.calls_of["respond"] + 1
    await slack.acked(await slack.repeat(pressed))
    await slack.until(lambda: slack.calls_of["respond"] >= shown_again)
    assert len(slack.tunes(DIRECT_OF[PIPER.id])) == 1
    assert slack.tunes(TUNES) == []
    slack.assert_rules_kept()


async def test_only_the_owner_shares_posts_and_deletes(stage: Stage) -> None:
    await stored_tune(stage, "The Fiddler's")
    labels = stage.slack.buttons(await opened(stage, "The Fiddler's", person=PIPER))
    assert not {"Posten", "Löschen"} & set(labels) and len(labels) == 5
    assert {"Unshare", "🗑️ Delete"} <= set(stage.slack.buttons(await opened(stage, "The Fiddler's")))


async def test_the_owner_shares_and_unshares_after_a_restart(stage: Stage) -> None:
    await stage.storage.preferences.change_community(Viewer("slack", FIDDLER.id, SESSION.id), sharing_channel=SHOWCASE.id)
    tune_id = await stored_tune(stage, "Mine", share=False)
    shown = await opened(stage, "Mine", "mine")
    await stage.restart()
    shown = await changed(stage, shown, await stage.slack.click(shown, "opened:share"))
    assert (await stage.tune(tune_id)).shared is not None
    await stage.slack.posted(SHOWCASE)
    await stage.restart()
    shown = await changed(stage, shown, await stage.slack.click(shown, "opened:unshare"))
    assert (await stage.tune(tune_id)).shared is None
    await stage.slack.until(lambda: not stage.slack.messages_in(SHOWCASE))


async def test_the_owner_posts_a_tune_for_everybody(stage: Stage) -> None:
    slack = stage.slack
    await stored_tune(stage, "For All", share=False, channel=DIRECT)
    shown = await opened(stage, "For All", "mine", channel=LOBBY)
    await slack.acked(await slack.click(shown, "opened:post"))
    [message] = await slack.posted(LOBBY)
    assert "📣 Share" in slack.buttons(message)
    assert "Posted." in await slack.private_text(after=1)
    slack.assert_rules_kept()


async def test_a_tune_is_not_posted_where_slack_or_the_workspace_allows_none(stage: Stage) -> None:
    slack = stage.slack
    await stored_tune(stage, "For Some", share=False)
    shown = await opened(stage, "For Some", "mine", channel=HIDDEN)
    await slack.acked(await slack.click(shown, "opened:post"))
    assert "Invite me with /invite" in await slack.private_text(after=1)
    await stage.storage.preferences.change_community(Viewer("slack", FIDDLER.id, SESSION.id), channels=[SHOWCASE.id])
    slack.state.ephemerals.clear()
    shown = await opened(stage, "For Some", "mine")
    await slack.acked(await slack.click(shown, "opened:post"))
    assert f"<#{SHOWCASE.id}>" in await slack.private_text(after=1)
    assert slack.tunes(TUNES) == []


async def test_a_deleted_tune_is_gone_with_its_messages(stage: Stage) -> None:
    slack = stage.slack
    tune_id, message = await stage.posted()
    shown = await opened(stage, "The Loopback", "mine")
    [delete] = [e for b in shown["blocks"] if b["type"] == "actions" for e in b["elements"] if e["action_id"] == "opened:delete"]
    assert delete["confirm"]["text"]["text"] == "Delete this tune for good? Its files and likes are deleted too."
    await stage.restart()
    page = await changed(stage, shown, await slack.click(shown, "opened:delete"))
    assert "You have no tunes yet" in text_of(page) or "No tunes found" in text_of(page)
    assert await stage.storage.tune(tune_id) is None
    await slack.until(lambda: (TUNES.id, message["ts"]) not in slack.state.messages)


async def test_a_tune_that_is_gone_is_said_to_be_and_the_way_back_stays(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "Soon Gone")
    shown = await opened(stage, "Soon Gone", person=PIPER)
    await stage.storage.sharing.delete(tune_id, Viewer("slack", FIDDLER.id, SESSION.id))
    for button in ("opened:like", "opened:files"):
        count = len(stage.slack.ephemerals(PIPER))
        await stage.slack.acked(await stage.slack.click(shown, button, person=PIPER))
        assert "nicht mehr" in await stage.slack.private_text(PIPER, after=count)
    back = await changed(stage, shown, await stage.slack.click(shown, "page:back", person=PIPER))
    assert "♥" not in text_of(back)


@pytest.mark.parametrize("name", ["tune.png", "tune.mp3"])
async def test_a_tune_that_lacks_a_file_is_sent_with_the_others(stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "FILES", {each: file for each, file in FILES.items() if each != name})
    await stored_tune(stage, "Incomplete")
    shown = await opened(stage, "Incomplete")
    await stage.slack.acked(await stage.slack.click(shown, "opened:files"))
    [message] = await stage.slack.posted(DIRECT)
    assert len(message["files"]) == 2
