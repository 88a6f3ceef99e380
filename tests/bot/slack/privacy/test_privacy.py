"""`/tune privacy`: what is stored about a person, and deleting it."""

from __future__ import annotations

import pytest

from storage.privacy import StoredData
from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.bot.slack.examples import answer_to, changed, stored_tune
from tests.loopback.slack import FIDDLER, PIPER, SESSION, TUNES, text_of

THE_FIDDLER = Viewer("slack", FIDDLER.id, SESSION.id)


async def test_the_person_sees_what_is_stored(stage: Stage) -> None:
    await stored_tune(stage, "Shared")
    tune_id = await stored_tune(stage, "Private", share=False)
    await stage.storage.sharing.like(tune_id, THE_FIDDLER)
    await stage.storage.preferences.change_defaults(THE_FIDDLER, rhythm="jig", key="D")
    shown = await answer_to(stage, "tune", "privacy")
    text = text_of(shown)
    for line in ("2 tunes that you requested", "1 tune that you shared", "1 like that you gave", "2 defaults that you set"):
        assert f"• {line}" in text
    assert "Slack IDs of you, the workspace, the channel" in text
    assert "server" not in text and "Discord" not in text


async def test_everything_is_deleted_with_its_messages_after_a_restart(stage: Stage) -> None:
    slack = stage.slack
    tune_id, message = await stage.posted()
    other_id = await stored_tune(stage, "The Piper's", person=PIPER)
    await stage.storage.sharing.like(other_id, THE_FIDDLER)
    shown = await answer_to(stage, "tune", "privacy")
    [delete] = shown["blocks"][-1]["elements"]
    assert delete["confirm"]["text"]["text"].startswith("Delete all your tunes, including shared and unfinished ones")
    await stage.restart()
    await slack.acked(await slack.click(shown, "privacy:delete"))
    await slack.until(lambda: "Deleted: 1 tune and everything else" in text_of(shown))
    assert slack.buttons(shown) == []
    assert await stage.storage.tune(tune_id) is None
    assert await stage.storage.privacy.stored(THE_FIDDLER) == StoredData(0, 0, 0, 0)
    await slack.until(lambda: (TUNES.id, message["ts"]) not in slack.state.messages)
    assert await stage.storage.tune(other_id) is not None
    slack.assert_rules_kept()


async def test_an_unfinished_tune_is_deleted_with_its_card(stage: Stage) -> None:
    tune = await stage.requested()
    card = await stage.card(tune.id)
    shown = await answer_to(stage, "tune", "privacy")
    await changed(stage, shown, await stage.slack.click(shown, "privacy:delete"))
    await stage.slack.until(
        lambda: (card["channel"], card["ts"]) not in stage.slack.state.messages or "Cancelled" in text_of(card)
    )
    assert await stage.storage.tune(tune.id) is None


async def test_a_failure_leaves_the_button_to_delete_the_rest(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    slack = stage.slack
    await stored_tune(stage, "Persistent")
    shown = await answer_to(stage, "tune", "privacy", person=FIDDLER)

    async def fail(*_: object, **__: object) -> None:
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(stage.storage.privacy, "erase", fail)
        await slack.acked(await slack.click(shown, "privacy:delete"))
        await slack.until(lambda: "I couldn't delete everything" in text_of(shown))
    await slack.acked(await slack.click(shown, "privacy:delete"))
    await slack.until(lambda: "Deleted: 1 tune" in text_of(shown))


async def test_nothing_stored_is_also_said(stage: Stage) -> None:
    shown = await answer_to(stage, "tune", "datenschutz", person=PIPER)
    assert "0 Tunes" in text_of(shown)
    await stage.slack.acked(await stage.slack.click(shown, "privacy:delete", person=PIPER))
    await stage.slack.until(lambda: "Alles, was ich über dich gespeichert habe, ist gelöscht." in text_of(shown))
