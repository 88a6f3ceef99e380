"""A tune is delivered once through Slack's faults. `python -m tests.faults slack-faults` has every fault at every call."""

from __future__ import annotations

import pytest

from storage.storage import Storage
from tests.bot.slack.slack_faults import PLACE_FAULTS, REFUSALS, deliver_through

CHOSEN = [
    ("card", "the answer is lost"),
    ("edit of the card", "no answer after it took effect"),
    ("beginning an upload", "limited"),
    ("upload", "503 five times"),
    ("upload", "no answer"),
    ("post", "limited"),
    ("post", "503 five times"),
    ("post", "the answer is lost"),
    ("post", "no answer"),
    ("post", "no answer after it took effect"),
    ("post of a set", "the answer is lost twice"),
    ("asking for the message", "503 five times"),
    ("asking for the message", "no answer"),
    ("removal of the card", "the answer is lost"),
    ("opening direct messages", "internal error"),
    ("direct message", "the answer is lost"),
    *REFUSALS,
    *(("place", name) for name in PLACE_FAULTS),
]


@pytest.mark.parametrize(("step", "fault"), CHOSEN)
async def test_a_tune_is_delivered_once(storage: Storage, step: str, fault: str) -> None:
    await deliver_through(storage, step, fault)
