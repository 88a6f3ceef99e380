"""Slack's faults at each call from a request to its message, and what has to be true afterwards.

`CALL_FAULTS` are faults of one call, `REFUSALS` what Slack may refuse for good, `PLACE_FAULTS` faults of the place where the
tune was requested.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
import structlog

from bot.slack.core import limits
from generator.request import TuneRequest
from storage.storage import Storage
from storage.tunes import Tune
from tests.bot.slack.conftest import MESSAGES_S, Stage
from tests.loopback.slack import COMMITTEE, DIRECT, HIDDEN, TUNES, Channel, FakeSlack, Limits, Payload
from tests.patience import HANG_S

CallFault = Callable[[FakeSlack, str], object]

CALL_FAULTS: dict[str, CallFault] = {
    "limited": lambda slack, call: slack.refuse(call, "ratelimited", status=429, retry_s=1),
    "internal error": lambda slack, call: slack.refuse(call, "internal_error"),
    "503 five times": lambda slack, call: slack.refuse(call, "", status=503, times=5),
    "the answer is lost": lambda slack, call: slack.lose_answer(call),
    "the answer is lost twice": lambda slack, call: slack.lose_answer(call, times=2),
    "no answer": lambda slack, call: slack.hold(call),
    "no answer after it took effect": lambda slack, call: slack.hold(call, after=True),
}
TIME_OUTS = {name for name in CALL_FAULTS if name.startswith("no answer")}
AFTER_EFFECT = {"the answer is lost", "the answer is lost twice", "no answer after it took effect"}


class Step(NamedTuple):
    """`call` is the method that fails. `requests` are of one message; `channel` is where they come from."""

    call: str
    channel: Channel = TUNES
    shown_in: Channel = TUNES
    requests: int = 1
    with_parent: bool = False


STEPS: dict[str, Step] = {
    "asking who the person is": Step("users.info"),
    "card": Step("chat.postMessage"),
    "edit of the card": Step("chat.update"),
    "beginning an upload": Step("files.getUploadURLExternal"),
    "upload": Step("upload"),
    "post": Step("files.completeUploadExternal"),
    "post of a set": Step("files.completeUploadExternal", requests=2),
    "asking for the message": Step("files.info"),
    "link to the parent": Step("chat.getPermalink", with_parent=True),
    "removal of the card": Step("chat.delete"),
    "opening direct messages": Step("conversations.open", channel=HIDDEN, shown_in=DIRECT),
    "direct message": Step("files.completeUploadExternal", channel=HIDDEN, shown_in=DIRECT),
}

# What Slack refuses for good, and how many messages with files then reach the person.
REFUSALS: dict[tuple[str, str], int] = {
    ("asking who the person is", "user_not_found"): 1,
    ("card", "restricted_action"): 1,
    ("edit of the card", "cant_update_message"): 1,
    ("beginning an upload", "file_uploads_disabled"): 0,
    ("link to the parent", "message_not_found"): 1,
    ("removal of the card", "cant_delete_message"): 1,
    ("post", "token_revoked"): 0,
    ("asking for the message", "missing_scope"): 1,
}

PLACE_FAULTS: dict[str, Callable[[Stage], Awaitable[None]]] = {}


def place_fault(change: Callable[[Stage], Awaitable[None]]) -> Callable[[Stage], Awaitable[None]]:
    PLACE_FAULTS[change.__name__.replace("_", " ")] = change
    return change


@place_fault
async def app_removed_from_the_channel(stage: Stage) -> None:
    stage.slack.leave(COMMITTEE)


@place_fault
async def channel_archived(stage: Stage) -> None:
    stage.slack.archive(COMMITTEE)


@place_fault
async def channel_deleted(stage: Stage) -> None:
    stage.slack.delete_channel(COMMITTEE)


@contextmanager
def hurried(call_s: float) -> Iterator[None]:
    """Shortens the pauses between attempts, and limits each call to `call_s`."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in ("RETRY_S", "RETRY_AT_MOST_S", "POST_INTERVAL_S", "CARD_INTERVAL_S", "SHARES_FIRST_S"):
            monkeypatch.setattr(limits, name, MESSAGES_S)
        for name in ("LOOKUP_S", "CALL_S", "TRANSFER_S"):
            monkeypatch.setattr(limits, name, call_s)
        monkeypatch.setattr(limits, "SHARES_S", 5.0)
        monkeypatch.setattr(limits, "STORE_FIRST_S", HANG_S)
        yield


def copies(slack: FakeSlack) -> list[Payload]:
    """The messages with a button or a menu of a tune: each is the tune once more."""
    return [message for message in slack.state.messages.values() if any("Again" in label for label in slack.buttons(message))]


def cards(slack: FakeSlack) -> list[Payload]:
    return [message for message in slack.state.messages.values() if "🎻" in message["text"]]


def scenarios() -> list[tuple[str, str]]:
    """Every step with every fault that can hit it."""
    return [*((step, name) for step in STEPS for name in CALL_FAULTS), *REFUSALS, *(("place", name) for name in PLACE_FAULTS)]


async def deliver_through(storage: Storage, step_name: str, fault: str) -> int:
    """A new app delivers a tune through the fault. Raises AssertionError unless it is delivered once.

    Returns how many cards were left.
    """
    step = STEPS.get(step_name, Step("", channel=COMMITTEE, shown_in=DIRECT))
    # Logs are captured, since printing a traceback takes longer than a delivery.
    with structlog.testing.capture_logs(), hurried(2.0 if fault in TIME_OUTS else HANG_S):
        async with FakeSlack(limits=Limits(messages_s=MESSAGES_S)) as slack:
            stage = Stage(slack, storage)
            await stage.start_app()
            try:
                return await _deliver(stage, step, step_name, fault)
            finally:
                await stage.stop_app()
                for tune in await storage.undelivered("slack"):  # not by the next app
                    await storage.mark_delivered(tune.id, "given up")


async def _deliver(stage: Stage, step: Step, step_name: str, fault: str) -> int:
    slack, parent_id = stage.slack, None
    if step.with_parent:
        parent_id, parent = await stage.posted()
        slack.state.messages[TUNES.id, parent["ts"]]["blocks"] = []  # only the child counts
    before = {message["ts"] for message in copies(slack)}
    if fault in CALL_FAULTS:
        CALL_FAULTS[fault](slack, f"^{step.call}$")
    elif fault not in PLACE_FAULTS:
        slack.refuse(f"^{step.call}$", fault, times=99)
    tune = await stage.requested(*[TuneRequest.check()] * step.requests, channel=step.channel, parent_id=parent_id)
    if fault in PLACE_FAULTS:
        await stage.card(tune.id)
        await PLACE_FAULTS[fault](stage)
    tunes = await stage.storage.set_of(tune.set_id) if tune.set_id else [tune]
    if step.call == "chat.update":
        await stage.card(tune.id)
        await stage.storage.start(tune.id)
        await slack.until(lambda: "chat.update" in slack.calls_of)
    for one in tunes:
        await stage.compose(one.id)
    with_files = REFUSALS.get((step_name, fault), 1)
    return await _check(stage, step, tunes, before, with_files, step_name, fault)


async def _check(
    stage: Stage, step: Step, tunes: list[Tune], before: set[str], with_files: int, step_name: str, fault: str
) -> int:
    slack = stage.slack
    refused_for_good = (step_name, fault) in (("post", "token_revoked"),)
    if not refused_for_good:
        for one in tunes:
            await stage.delivered(one.id)
    await stage.idle()
    found = [message for message in copies(slack) if message["ts"] not in before]
    left = cards(slack)
    if refused_for_good:
        assert found == [], "a tune is shown that Slack refused"
        assert (await stage.tune(tunes[0].id)).message_id is None, "what Slack refused counts as delivered"
    else:
        assert [message["channel"] for message in found] == [step.shown_in.id], "not posted once"
        assert bool(found[0].get("files")) == bool(with_files)
        message_id = (await stage.tune(tunes[0].id)).message_id
        assert message_id in (found[0]["ts"], found[0].get("files", [{}])[0].get("id")), "another message is stored"
    may_leave_cards = (step.call == "chat.postMessage" and fault in AFTER_EFFECT) or step_name == "removal of the card"
    assert not left or may_leave_cards or refused_for_good or fault in PLACE_FAULTS, "a card is left"
    assert len(left) <= 2, "several cards are left"
    if fault in CALL_FAULTS:
        assert step.call in slack.calls_of, "the fault did not happen"
    slack.assert_rules_kept(limited=True)
    return len(left)
