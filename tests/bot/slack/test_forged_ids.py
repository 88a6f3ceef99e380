"""Buttons, menus and forms with ids that a person must not use: they are answered with one sentence, and reveal nothing."""

from __future__ import annotations

import json

import pytest

from bot.core.derive import ACTIONS
from bot.core.texts import common
from bot.languages import language
from bot.slack.core.reply import Reply
from generator.request import TuneRequest
from storage.tunes import Origin
from storage.viewer import Viewer
from tests.bot import worker
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import (
    DIRECT,
    DIRECT_OF,
    FIDDLER,
    HARBOUR,
    PIPER,
    QUAY,
    SAILOR,
    SESSION,
    TUNES,
    Channel,
    Payload,
    Person,
)

GONE = language("de")(common.TUNE_GONE)
SECRET = worker.ABC.replace("The Loopback", "Secret")
# The value of each button; {id} is the tune's or the set's.
BUTTONS = {f"tune:{action}": "{id}" for action in (*ACTIONS, "change", "instrument", "files")} | {
    "set:again": "{id}",
    "session:whole": "{id}::",
}
MENUS = {"tune:choose-instrument": "{id} flute without backing", "set:choose": "{id}"}
NO_IDS = ("", "0" * 12, "0" * 41, "../secret", "<!channel>", "{id}\n", "' OR 1=1", "flute", "::", "💣")


async def secret(stage: Stage, channel: Channel, person: Person, community_id: str) -> str:
    """The id of a finished set, and of its first tune, that nobody else may see."""
    reply = Reply(person.team.id, "").as_dict()
    origin = Origin("slack", f"Ev{channel.id}", person.id, channel.id, community_id, reply)
    tunes = await stage.storage.add_set(TuneRequest.check(rhythm="reel").in_a_row(2), origin)
    for tune in tunes:
        await stage.storage.mark_delivered(tune.id, "1700000000.000100")
        await stage.compose(tune.id, title="Secret", abc=SECRET)
    return tunes[0].id


async def deleted(stage: Stage) -> str:
    """The same of tunes of the workspace that were deleted."""
    tune_id = await secret(stage, TUNES, FIDDLER, SESSION.id)
    for tune in await stage.storage.set_of(tune_id):
        await stage.storage.sharing.delete(tune.id, Viewer("slack", FIDDLER.id, SESSION.id))
    return tune_id


def element(action_id: str, value: str) -> Payload:
    if action_id in BUTTONS:
        return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "x"}, "value": value}
    option = {"text": {"type": "plain_text", "text": "x"}, "value": value}
    placeholder = {"type": "plain_text", "text": "x"}
    return {"type": "static_select", "action_id": action_id, "options": [option], "placeholder": placeholder}


async def use(stage: Stage, action_id: str, value: str) -> None:
    """PIPER presses a button, or chooses the only option of a menu, under a message of the app."""
    slack = stage.slack
    author, blocks = (
        slack.state.bot_author(slack._installed(SESSION)),
        [{"type": "actions", "elements": [element(action_id, value)]}],
    )
    message = slack.state.add_message(slack.state.channels[TUNES.id], author, {"text": "x", "blocks": blocks})
    if action_id in BUTTONS:
        await slack.acked(await slack.click(message, action_id, person=PIPER))
    else:
        await slack.acked(await slack.choose(message, action_id, value, person=PIPER))


@pytest.fixture(params=["private", "foreign", "deleted"])
async def hidden_id(stage: Stage, request: pytest.FixtureRequest) -> str:
    match request.param:
        case "private":
            return await secret(stage, DIRECT, FIDDLER, "")
        case "foreign":
            return await secret(stage, QUAY, SAILOR, HARBOUR.id)
    return await deleted(stage)


async def test_no_button_and_no_menu_reveals_a_hidden_tune(stage: Stage, hidden_id: str) -> None:
    for number, (action_id, value) in enumerate((BUTTONS | MENUS).items()):
        await use(stage, action_id, value.format(id=hidden_id))
        assert await stage.slack.private_text(PIPER, after=number) == GONE, action_id
    assert_nothing_happened(stage, answers=len(BUTTONS | MENUS))
    assert await stage.storage.undelivered("slack") == []


@pytest.mark.parametrize("action_id", [*BUTTONS, *MENUS])
async def test_a_value_that_names_no_tune_is_answered_with_one_sentence(stage: Stage, action_id: str) -> None:
    for number, value in enumerate(NO_IDS):
        await use(stage, action_id, value)
        assert await stage.slack.private_text(PIPER, after=number) == GONE, value
    assert_nothing_happened(stage, answers=len(NO_IDS))


async def test_no_form_reveals_a_hidden_tune(stage: Stage, hidden_id: str) -> None:
    _, message = await stage.posted(TuneRequest.check(opening="EAAB c2Bc|", mode="answer"))
    for button, callback_id, stored in (
        ("tune:change", "tune:change", {"tune_id": hidden_id}),
        ("session:your-turn", "session:phrase", {"turn": f"{hidden_id}:reel:"}),
    ):
        await stage.slack.acked(await stage.slack.click(message, button, person=PIPER))
        form = await stage.slack.modal(PIPER, callback_id)
        form["private_metadata"] = json.dumps(json.loads(form["private_metadata"]) | stored)
        if callback_id == "tune:change":
            await stage.slack.acked(await stage.slack.submit(form))
            assert list(stage.slack.errors(form).values()) == [GONE]
            await stage.slack.close_view(form)
        else:  # the session begins anew
            tune = await stage.accepted(await stage.slack.submit(form, opening="EAAB c2Bc|"))
            assert (tune.parent_id, tune.request.rhythm, tune.request.key) == (None, "reel", None)
    assert "Secret" not in str(stage.slack.calls)
    stage.slack.assert_rules_kept()


def assert_nothing_happened(stage: Stage, *, answers: int) -> None:
    """Nothing but answers with a sentence."""
    slack = stage.slack
    assert len(slack.ephemerals(PIPER)) == answers
    assert slack.views_of(PIPER) == []
    assert not slack.messages_in(DIRECT_OF[PIPER.id]) and not slack.tunes()
    assert "Secret" not in str(slack.calls)
    slack.assert_rules_kept()
