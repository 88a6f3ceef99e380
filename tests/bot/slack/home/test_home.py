"""App Home: the person's tunes, the best ones of the week, the person's defaults, and what is done from there."""

from __future__ import annotations

import json

from bot.slack.core.event import Event
from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.bot.slack.examples import stored_tune, titles_on
from tests.loopback.slack import DIRECT, FIDDLER, PIPER, SESSION, TUNES, Payload, Person, text_of

THE_FIDDLER = Viewer("slack", FIDDLER.id, SESSION.id)


async def home_of(stage: Stage, person: Person = FIDDLER) -> Payload:
    """App Home as the person sees it after they opened it."""
    before = (stage.slack.home(person) or {}).get("hash")
    sent = await stage.slack.open_home(person)
    assert sent is not None
    await stage.slack.acked(sent)
    await stage.slack.until(lambda: (stage.slack.home(person) or {}).get("hash") != before)
    home = stage.slack.home(person)
    assert home is not None
    return home


async def republished(stage: Stage, home: Payload, person: Person = FIDDLER) -> Payload:
    def newer() -> Payload | None:
        now = stage.slack.home(person)
        return now if now is not None and now["hash"] != home["hash"] else None

    return await stage.slack.until(newer)


async def liked_tune(stage: Stage, title: str, person: Person = PIPER) -> str:
    tune_id = await stored_tune(stage, title, person=person)
    await stage.storage.sharing.like(tune_id, THE_FIDDLER)
    return tune_id


async def test_home_shows_own_tunes_the_best_of_the_week_and_defaults(stage: Stage) -> None:
    await stored_tune(stage, "My Own", share=False)
    await liked_tune(stage, "The Best")
    await stored_tune(stage, "Not Liked", person=PIPER)
    await stage.storage.preferences.change_defaults(THE_FIDDLER, rhythm="jig")
    home = await home_of(stage)
    assert titles_on(home) == ["My Own", "The Best"]
    assert [block["text"]["text"] for block in home["blocks"] if block["type"] == "header"] == [
        "Your tunes", "Most liked this week", "Your defaults",
    ]  # fmt: skip
    assert "*rhythm*\njig" in text_of(home)
    assert "🎻 Compose a tune…" in stage.slack.buttons(home)
    assert stage.slack.buttons(home)[-3:] == ["Defaults…", "Settings of the workspace…", "Privacy…"]
    stage.slack.assert_rules_kept()


async def test_the_settings_of_the_workspace_are_offered_to_admins_only(stage: Stage) -> None:
    home = await home_of(stage, PIPER)
    assert stage.slack.buttons(home)[-2:] == ["Vorgaben…", "Datenschutz…"]


async def test_an_event_that_is_sent_again_and_another_tab_change_nothing(stage: Stage) -> None:
    sent = await stage.slack.open_home()
    assert sent is not None
    await stage.slack.acked(sent)
    published = stage.slack.calls_of["views.publish"]
    await stage.restart()
    await stage.slack.acked(await stage.slack.repeat(sent))
    messages = await stage.slack.open_home(tab="messages")
    assert messages is not None
    await stage.slack.acked(messages)
    assert stage.slack.calls_of["views.publish"] == published == 1


async def test_a_conflict_is_solved_with_fresh_content(stage: Stage) -> None:
    """Another process published between the opening and the answer to it."""
    home = await home_of(stage)
    stage.slack.refuse("views.publish", "hash_conflict")
    sent = await stage.slack.open_home()
    assert sent is not None
    await stage.slack.acked(sent)
    await republished(stage, home)
    first, second = [call for call in stage.slack.calls if call.method == "views.publish"][-2:]
    assert (first.error, first.arguments.get("hash")) == ("hash_conflict", home["hash"])
    assert (second.error, second.arguments.get("hash")) == ("", None)


async def test_an_old_view_does_not_replace_a_newer_one(stage: Stage) -> None:
    """The event tells of a view that is no longer the newest: Slack refuses it, and the content is read again."""
    home = await home_of(stage)
    old = json.loads(json.dumps(home))
    await stored_tune(stage, "New")
    newer = await home_of(stage)
    stage.slack.views.homes[FIDDLER.id] = old
    sent = await stage.slack.open_home()
    stage.slack.views.homes[FIDDLER.id] = newer
    assert sent is not None
    await stage.slack.acked(sent)
    assert titles_on(await republished(stage, newer)) == ["New"]


async def test_a_tune_is_opened_and_liked_in_a_modal_and_home_follows_after_a_restart(stage: Stage) -> None:
    slack = stage.slack
    await liked_tune(stage, "The Best")
    home = await home_of(stage, PIPER)
    await stage.restart()
    await slack.acked(await slack.click(home, "page:open", value=value_of(home, "w::::"), person=PIPER))
    shown = await slack.modal(PIPER, "screen")
    assert text_of(shown).startswith("The Best\n```X:1")
    await stage.restart()
    await slack.acked(await slack.click(shown, "opened:like"))
    await slack.until(lambda: "♥ 2" in slack.buttons(slack.views_of(PIPER)[-1]))
    home = await republished(stage, home, PIPER)
    assert "♥ 2" in text_of(home)
    await slack.acked(await slack.click(slack.views_of(PIPER)[-1], "page:back"))
    await slack.until(lambda: titles_on(slack.views_of(PIPER)[-1]) == ["The Best"])
    slack.assert_rules_kept()


def value_of(home: Payload, page: str) -> str:
    """The value of the only Open button that leads back to the page."""
    buttons = [element for block in home["blocks"] if block["type"] == "actions" for element in block["elements"]]
    [value] = [each["value"] for each in buttons if each["action_id"] == "page:open" and each["value"].endswith(page)]
    return str(value)


async def test_a_like_in_home_shows_the_new_number_there(stage: Stage) -> None:
    await liked_tune(stage, "The Best")
    home = await home_of(stage, PIPER)
    await stage.slack.acked(await stage.slack.click(home, "page:like", value=value_of(home, "w::::")))
    assert "♥ 2" in text_of(await republished(stage, home, PIPER))
    assert stage.slack.views_of(PIPER) == []


async def test_a_deleted_tune_leaves_home(stage: Stage) -> None:
    await stored_tune(stage, "Soon Gone", share=False)
    home = await home_of(stage)
    await stage.slack.acked(await stage.slack.click(home, "page:open"))
    shown = await stage.slack.modal(callback_id="screen")
    await stage.restart()
    await stage.slack.acked(await stage.slack.click(shown, "opened:delete"))
    assert titles_on(await republished(stage, home)) == []


async def test_a_new_tune_from_home_comes_directly(stage: Stage) -> None:
    """Without a channel nobody else sees it."""
    await stored_tune(stage, "The Parent", share=False)
    home = await home_of(stage)
    await stage.slack.acked(await stage.slack.click(home, "page:open"))
    shown = await stage.slack.modal(callback_id="screen")
    assert "I send new tunes from here to you in a direct message." in text_of(shown)
    assert "Post here" not in stage.slack.buttons(shown)
    tune = await stage.accepted(await stage.slack.click(shown, "tune:continue"))
    assert (tune.origin.channel_id, tune.origin.community_id) == ("", "")
    await stage.restart()
    await stage.compose(tune.id)
    [message] = await stage.slack.posted(DIRECT)
    assert message["ts"] == await stage.delivered(tune.id)
    assert "I can't post" not in text_of(message)
    [again] = [block for block in message["blocks"] if "based on" in str(block)]
    assert "|The Parent>" in str(again)
    stage.slack.assert_rules_kept()


async def test_all_own_tunes_are_a_page_in_a_modal(stage: Stage) -> None:
    for number in range(7):
        await stored_tune(stage, f"Tune {number}")
    home = await home_of(stage)
    await stage.slack.acked(await stage.slack.click(home, "All your tunes"))
    page = await stage.slack.modal(callback_id="screen")
    assert titles_on(page) == ["Tune 6", "Tune 5", "Tune 4", "Tune 3", "Tune 2"]
    await stage.restart()
    await stage.slack.acked(await stage.slack.click(page, "page:next"))
    await stage.slack.until(lambda: titles_on(stage.slack.views_of()[-1]) == ["Tune 1", "Tune 0"])
    stage.slack.assert_rules_kept()


async def test_defaults_that_are_changed_from_home_are_shown_there(stage: Stage) -> None:
    home = await home_of(stage)
    await stage.restart()
    await stage.slack.acked(await stage.slack.click(home, "Defaults…"))
    form = await stage.slack.modal(callback_id="settings:defaults")
    await stage.slack.acked(await stage.slack.submit(form, rhythm="slide"))
    assert "*rhythm*\nslide" in text_of(await republished(stage, home))


async def test_privacy_is_a_modal_and_home_is_empty_after_deleting(stage: Stage) -> None:
    await stored_tune(stage, "Mine")
    home = await home_of(stage)
    await stage.slack.acked(await stage.slack.click(home, "Privacy…"))
    shown = await stage.slack.modal(callback_id="screen")
    await stage.slack.acked(await stage.slack.click(shown, "privacy:delete"))
    await stage.slack.until(lambda: "Deleted: 1 tune" in text_of(stage.slack.views_of()[-1]))
    home = await republished(stage, home)
    assert titles_on(home) == []
    assert "You have no tunes yet" in text_of(home)


async def test_the_form_for_a_tune_is_opened_from_home_after_a_restart(stage: Stage) -> None:
    home = await home_of(stage)
    await stage.restart()
    await stage.slack.acked(await stage.slack.click(home, "🎻 Compose a tune…"))
    form = await stage.slack.modal(callback_id="compose")
    tune = await stage.accepted(await stage.slack.submit(form, rhythm="reel"))
    assert tune.request.rhythm == "reel"
    await stage.compose(tune.id)
    [message] = await stage.slack.posted(DIRECT)
    assert message["ts"] == await stage.delivered(tune.id)
    assert stage.slack.messages_in(TUNES) == []


async def test_home_is_within_the_limits_for_the_longest_texts(stage: Stage) -> None:
    for number in range(6):
        await liked_tune(stage, f"{number} {'<&*W' * 100}", FIDDLER)
    home = await home_of(stage)
    assert len(titles_on(home)) == 10
    assert len(home["blocks"]) < 50
    assert len(json.dumps(home).encode()) < 50_000
    stage.slack.assert_rules_kept()


async def test_many_changes_at_once_end_with_the_newest(stage: Stage) -> None:
    opened = await stage.slack.open_home()
    assert opened is not None
    await stage.slack.acked(opened)
    for number in range(5):
        await stage.storage.preferences.change_defaults(THE_FIDDLER, tempo=0.5 + number / 10)
        stage.context.start(stage.context.home.changed(Event.of_event(opened.payload)))
    await stage.slack.until(lambda: "× 0.9" in text_of(stage.slack.home() or {"blocks": []}))
    stage.slack.assert_rules_kept()
