"""The Delete button: Slack's question, then deletion."""

from __future__ import annotations

import asyncio

import pytest

from bot.core.texts import common, deletion
from bot.languages import language
from bot.slack.core import limits
from bot.slack.delivery.removal import remove_channel_post, remove_messages
from generator.request import TuneRequest
from storage import Origin, Tune, Viewer
from storage.sharing import NOT_YOURS_TO_DELETE
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import (
    COMMITTEE,
    CONNECT,
    DIRECT,
    FIDDLER,
    GROUP,
    GUEST,
    HARBOUR,
    PIPER,
    SAILOR,
    SESSION,
    SHOWCASE,
    TUNES,
    Channel,
    Payload,
    Person,
    text_of,
)
from tests.loopback.slack_forms import elements
from tests.patience import HANG_S

HERE = Viewer("slack", PIPER.id, SESSION.id)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHANNEL_POST_S", HANG_S)


async def told(stage: Stage, message: Payload, person: Person) -> str:
    """What the person is told after they pressed Delete and said yes."""
    before = len(stage.slack.ephemerals(person))
    await stage.slack.acked(await stage.slack.click(message, "tune:delete", person=person))
    return await stage.slack.private_text(person, after=before)


def files_of(stage: Stage, message: Payload) -> list[bool]:
    """Of each file of the message, whether it is deleted."""
    return [stage.slack.files.all[file["id"]].deleted for file in message["files"]]


@pytest.mark.parametrize("channel", [TUNES, DIRECT, COMMITTEE, GROUP, CONNECT], ids=lambda channel: channel.name or "direct")
async def test_the_owner_deletes_a_tune_its_message_and_its_files_after_a_restart(stage: Stage, channel: Channel) -> None:
    tune_id, message = await stage.posted(channel=channel)
    files = list(message["files"])
    await stage.restart()
    stage.slack.pass_time(30 * 24 * 3600)
    assert await told(stage, message, FIDDLER) == deletion.DELETED
    assert await stage.storage.tune(tune_id) is None
    await stage.slack.until(lambda: not stage.slack.messages_in(channel))
    await stage.slack.until(lambda: all(stage.slack.files.all[file["id"]].deleted for file in files))
    stage.slack.assert_rules_kept()


async def test_slack_asks_before_the_button_does_anything(stage: Stage) -> None:
    _, message = await stage.posted(person=PIPER)
    [button] = [element for _, element in elements(message) if element["action_id"] == "tune:delete"]
    translate = language("de")
    assert button["confirm"]["text"]["text"] == translate(deletion.DELETE_QUESTION)
    assert button["confirm"]["confirm"]["text"] == translate(deletion.DELETE_FOR_GOOD)


async def test_the_message_in_a_thread_and_the_post_are_deleted_too(stage: Stage) -> None:
    await stage.storage.preferences.change_community(HERE, sharing_channel=SHOWCASE.id)
    first = await stage.slack.write("a session?")
    _, message = await stage.posted(thread=first, person=PIPER)
    await stage.slack.click(message, "tune:share", person=PIPER)
    await stage.slack.private_text(PIPER)
    [post] = await stage.slack.posted(SHOWCASE)
    assert await told(stage, post, PIPER) == language("de")(deletion.DELETED)
    await stage.slack.until(lambda: stage.slack.messages_in() == [first] and not stage.slack.messages_in(SHOWCASE))


@pytest.mark.parametrize(
    ("deleters", "person", "may"),
    [
        ("owner", FIDDLER, False),
        ("moderators", FIDDLER, True),
        ("moderators", GUEST, False),
        ("everyone", GUEST, True),
        ("everyone", SAILOR, False),  # of another workspace
        ("moderators", SAILOR, False),  # an administrator there
    ],
)
async def test_the_workspaces_settings_decide_who_else_may_delete(stage: Stage, deleters: str, person: Person, may: bool) -> None:
    await stage.storage.preferences.change_community(HERE, deleters=deleters)
    tune_id, message = await stage.posted(channel=CONNECT, person=PIPER)
    text = await told(stage, message, person)
    assert text == language(person.locale)(deletion.DELETED if may else NOT_YOURS_TO_DELETE)
    assert (await stage.storage.tune(tune_id) is None) is may


async def test_an_administrator_cannot_delete_what_was_requested_directly(stage: Stage) -> None:
    direct = stage.slack.state.direct(PIPER.id, stage.slack._installed(SESSION))
    tune_id, message = await stage.posted(channel=direct, person=PIPER)
    _, other = await stage.posted()
    assert await told(stage, forged(other, tune_id), FIDDLER) == common.TUNE_GONE
    assert (await stage.tune(tune_id)).message_id == message["ts"]


@pytest.mark.parametrize("value", ["", "x" * 2_000, "000000000000", "elsewhere"])
async def test_a_forged_press_deletes_nothing(stage: Stage, value: str) -> None:
    await stage.storage.preferences.change_community(HERE, deleters="everyone")
    elsewhere = await stage.storage.add(TuneRequest.check(), Origin("slack", "1", SAILOR.id, "C0QUAY000", HARBOUR.id))
    await stage.compose(elsewhere.id)
    tune_id, message = await stage.posted()
    forgery = forged(message, elsewhere.id if value == "elsewhere" else value)
    assert await told(stage, forgery, GUEST) == language("es")(common.TUNE_GONE)
    assert await stage.storage.tune(elsewhere.id) and await stage.storage.tune(tune_id)


def forged(message: Payload, value: str) -> Payload:
    [button] = [element for _, element in elements(message) if element["action_id"] == "tune:delete"]
    return message | {"blocks": [{"type": "actions", "block_id": "b", "elements": [button | {"value": value}]}]}


async def test_a_press_that_slack_sends_twice_is_answered_once(stage: Stage) -> None:
    _, message = await stage.posted()
    pressed = await stage.slack.click(message, "tune:delete")
    await stage.slack.private_text()
    await stage.slack.acked(await stage.slack.repeat(pressed))
    tune_id, other = await stage.posted()
    assert await told(stage, other, FIDDLER) == deletion.DELETED
    assert await stage.storage.tune(tune_id) is None
    assert len(stage.slack.ephemerals()) == 2


@pytest.mark.parametrize("trouble", ["lost", "broken", "refused", "limited"])
@pytest.mark.parametrize("call", ["chat.delete", "files.delete"])
async def test_messages_are_deleted_in_spite_of_trouble(stage: Stage, call: str, trouble: str) -> None:
    _, message = await stage.posted()
    before = files_of(stage, message)
    assert not any(before)
    files = list(message["files"])
    match trouble:
        case "lost":
            stage.slack.lose_answer(call, times=2)
        case "broken":
            stage.slack.refuse(call, status=503, times=2)
        case "refused":
            stage.slack.refuse(call, "fatal_error", times=2)
        case "limited":
            stage.slack.refuse(call, "ratelimited", status=429, retry_s=1)
    assert await told(stage, message, FIDDLER) == deletion.DELETED
    await stage.slack.until(lambda: not stage.slack.messages_in() and not stage.slack.faults_left)
    await stage.slack.until(lambda: all(stage.slack.files.all[file["id"]].deleted for file in files))


async def test_what_cannot_be_deleted_does_not_stop_the_removal(stage: Stage) -> None:
    await stage.storage.preferences.change_community(HERE, sharing_channel=SHOWCASE.id)
    tune_id, message = await stage.posted(person=PIPER)
    await stage.slack.click(message, "tune:share", person=PIPER)
    await stage.slack.private_text(PIPER)
    del stage.slack.state.messages[TUNES.id, message["ts"]]
    stage.slack.refuse("files.delete", "cant_delete_file", times=3)
    await remove_messages(stage.context, await stage.tune(tune_id))
    assert not stage.slack.messages_in(SHOWCASE)


async def test_a_message_whose_ts_slack_never_told_is_deleted_where_its_button_is(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHARES_S", 0.1)
    stage.slack.files.shares_after_s = None
    tune = await stage.requested()
    await stage.compose(tune.id)
    assert (await stage.delivered(tune.id)).startswith("F")
    [message] = stage.slack.tunes()
    assert await told(stage, message, FIDDLER) == deletion.DELETED
    await stage.slack.until(lambda: not stage.slack.messages_in())


async def test_the_card_of_an_unfinished_tune_is_deleted(stage: Stage) -> None:
    tune = await stage.requested(person=PIPER)
    await stage.card(tune.id)
    gone = await stage.storage.sharing.delete(tune.id, HERE)
    await remove_messages(stage.context, gone)
    await stage.slack.until(lambda: not stage.slack.messages_in())
    await stage.idle()


# --- sets


async def a_set(stage: Stage, count: int = 3) -> tuple[list[Tune], Payload]:
    """Finished tunes that were requested together, and their message."""
    tune_id, _ = await stage.posted(*(TuneRequest.check(rhythm="reel", seed=number) for number in range(count)), person=PIPER)
    tunes = await stage.storage.set_of(tune_id)
    [message] = stage.slack.messages_in()
    return tunes, message


async def delete(stage: Stage, tune: Tune) -> None:
    gone = await stage.storage.sharing.delete(tune.id, HERE)
    await remove_messages(stage.context, gone)


async def test_the_rest_of_a_set_is_posted_again_without_the_deleted_tune(stage: Stage) -> None:
    tunes, message = await a_set(stage)
    old = list(message["files"])
    await delete(stage, tunes[1])
    [new] = await stage.slack.until(lambda: rest if (rest := stage.slack.messages_in()) != [message] and len(rest) == 1 else None)
    assert "2 Tunes" in text_of(new)
    assert all(stage.slack.files.all[file["id"]].deleted for file in old)
    assert stage.slack.file(new, ".abc").decode().count("X:") == 2
    rest = await stage.storage.set_of(tunes[0].id)
    assert [tune.message_id for tune in rest] == [new["ts"]] * 2
    await stage.restart()
    for tune in rest:
        await delete(stage, tune)
    await stage.slack.until(lambda: not stage.slack.messages_in())
    stage.slack.assert_rules_kept()


async def test_one_tune_of_a_set_is_deleted_where_it_is_shown_privately(stage: Stage) -> None:
    tunes, message = await a_set(stage)
    await stage.restart()
    await stage.slack.choose(message, "set:choose", tunes[0].id, person=PIPER)
    [private] = await stage.slack.until(lambda: stage.slack.ephemerals(PIPER))
    await stage.slack.click(private, "tune:delete", person=PIPER)
    await stage.slack.until(lambda: private["text"] == language("de")(deletion.DELETED) and not stage.slack.buttons(private))
    await stage.slack.until(lambda: message not in stage.slack.messages_in() and len(stage.slack.messages_in()) == 1)
    assert [tune.id for tune in await stage.storage.set_of(tunes[0].id)] == [tune.id for tune in tunes[1:]]


async def test_two_tunes_of_a_set_that_are_deleted_at_once_leave_one_message(stage: Stage) -> None:
    tunes, message = await a_set(stage)
    await asyncio.gather(*(delete(stage, tune) for tune in tunes[:2]))
    [new] = await stage.slack.until(lambda: rest if (rest := stage.slack.messages_in()) != [message] and len(rest) == 1 else None)
    assert "1 Tune" in text_of(new)


@pytest.mark.parametrize("call", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal", "files.info"])
async def test_the_rest_of_a_set_is_posted_once_in_spite_of_a_lost_answer(stage: Stage, call: str) -> None:
    tunes, message = await a_set(stage)
    stage.slack.lose_answer(call)
    await delete(stage, tunes[1])
    await stage.slack.until(lambda: not stage.slack.faults_left and message not in stage.slack.messages_in())
    assert len(stage.slack.messages_in()) == 1


async def test_a_deleted_tune_of_an_unfinished_set_does_not_stop_the_others(stage: Stage) -> None:
    first = await stage.requested(TuneRequest.check(seed=1), TuneRequest.check(seed=2), person=PIPER)
    await stage.compose(first.id)
    await delete(stage, first)
    [other] = await stage.storage.set_of(first.id)
    await stage.compose(other.id)
    await stage.delivered(other.id)
    assert len(stage.slack.messages_in()) == 1


async def test_the_post_of_one_tune_of_a_set_survives_the_deletion_of_another(stage: Stage) -> None:
    tunes, _ = await a_set(stage, 2)
    shared = await stage.storage.sharing.share(tunes[0].id, HERE, channel_id=SHOWCASE.id)
    await stage.context.channel_posts.post(shared)
    await delete(stage, tunes[1])
    kept = await stage.storage.sharing.unshare(tunes[0].id, HERE)
    await remove_channel_post(stage.context, kept)
    await stage.slack.until(lambda: not stage.slack.messages_in(SHOWCASE))
    posted = [file for file in stage.slack.files.all.values() if any(channel.id == SHOWCASE.id for channel, _ in file.shares)]
    assert posted and all(file.deleted for file in posted)
