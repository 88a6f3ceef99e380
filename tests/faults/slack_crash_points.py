"""Every crash point of accepting, composing, finishing, delivering and sharing in Slack: see `crashes`.

Afterwards what was accepted must be finished and posted once, and what was shared must be posted once in the sharing channel. A
process that dies between posting a queue card and storing it leaves that card.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from storage.storage import open_storage
from storage.viewer import Viewer
from tests.faults.children import MESSAGES_S, slack_app
from tests.faults.crashes import DONE_S, STARTED, Outcome, Scenario, crash_everywhere, summarize
from tests.faults.databases import databases
from tests.faults.lanes import Lane, Row, Victim, opened
from tests.faults.report import Report, fault
from tests.loopback.slack import SESSION, SHOWCASE, TUNES, Channel, FakeSlack, Limits, Payload, Sent
from tests.loopback.slack_delivery import Connection

RETRIED_S = 20.0  # from a restart until Slack has sent an event again
UPLOADED_NOT_POSTED = "deliver/before POST /api/files.completeUploadExternal"
POSTED_NOT_STORED = "deliver/before the answer of POST /api/files.completeUploadExternal"


class SlackLane(Lane):
    """With the stand-in for Slack."""

    bot = slack_app

    def __init__(self, slack: FakeSlack, url: str, folder: Path) -> None:
        super().__init__(slack.environment, url, folder)
        self.slack = slack
        self._ended: list[Connection] = []

    def forget_connections(self) -> None:
        self._ended = list(self.slack.state.delivery.connections)

    def is_connected(self) -> bool:
        return any(connection not in self._ended for connection in self.slack.state.delivery.open)

    def times_posted(self, tune_id: str) -> int:
        return sum(bool(message.get("files")) for message in self._messages_of(tune_id) if message["channel"] != SHOWCASE.id)

    def tunes_of(self, tune_id: str, channel: Channel) -> list[Payload]:
        """The messages of a tune with its files in a channel."""
        return [message for message in self._messages_of(tune_id) if message.get("files") and message["channel"] == channel.id]

    def cards_of(self, tune_id: str) -> list[Payload]:
        return [message for message in self._messages_of(tune_id) if not message.get("files")]

    def _messages_of(self, tune_id: str) -> list[Payload]:
        return [message for message in self.slack.state.messages.values() if f"'{tune_id}'" in str(message.get("blocks"))]


@asynccontextmanager
async def slack_lane(url: str, folder: Path) -> AsyncIterator[SlackLane]:
    async with (
        FakeSlack(limits=Limits(messages_s=MESSAGES_S, tiers=False)) as slack,
        opened(SlackLane(slack, url, folder)) as made,
    ):
        yield made


class Slash(Scenario[SlackLane]):
    """`/tune`, from the command to the posted message."""

    name = "slash"
    sent: Sent

    async def act(self, lane: SlackLane) -> None:
        self.sent = await lane.slack.slash("tune", "a reel in D")

    @property
    def event_id(self) -> str:
        return self.sent.trigger_id

    def acknowledged(self, lane: SlackLane) -> bool:
        return self.sent.acked

    async def check(self, lane: SlackLane, outcome: Outcome) -> None:
        await super().check(lane, outcome)
        outcome.broken += lane.slack.state.breaches
        lane.slack.state.breaches.clear()

    async def check_card(self, lane: SlackLane, outcome: Outcome) -> None:
        row = await lane.row(self.event_id)
        assert row is not None
        if not await lane.until(lambda: not lane.cards_of(row.id), 1):
            outcome.notes.append("a card was left")


class Mention(Slash):
    """A message that mentions the app. Slack sends its event again if nobody acknowledged it."""

    name = "mention"

    async def act(self, lane: SlackLane) -> None:
        self.sent = lane.slack.event_of(await lane.slack.mention("a reel in D"))

    @property
    def event_id(self) -> str:
        return str(self.sent.payload["event_id"])

    async def check(self, lane: SlackLane, outcome: Outcome) -> None:
        await lane.until_true(lambda: lane.row(self.event_id), RETRIED_S)
        await super().check(lane, outcome)
        if not outcome.accepted:
            outcome.broken.append("lost: the message was not answered")


class Share(Slash):
    """The Share button under a posted tune, in a workspace with a sharing channel."""

    name = "share"
    pressed: Sent
    row: Row

    async def prepare(self, lane: SlackLane) -> None:
        await lane.start("bot")
        await super().act(lane)
        assert await lane.until_true(lambda: super(Share, self).done(lane), DONE_S)
        row = await lane.row(self.event_id)
        assert row is not None
        self.row = row
        async with open_storage(data_dir=lane.folder / "data", database_url=lane.url) as storage:
            community = Viewer("slack", community_id=SESSION.id)
            await storage.preferences.change_community(community, sharing_channel=SHOWCASE.id)

    async def act(self, lane: SlackLane) -> None:
        [message] = lane.tunes_of(self.row.id, TUNES)
        self.pressed = await lane.slack.click(message, "tune:share")

    async def done(self, lane: SlackLane) -> bool:
        row = await lane.row(self.event_id)
        return row is not None and row.shared_message_id is not None

    async def check(self, lane: SlackLane, outcome: Outcome) -> None:
        row = await lane.row(self.event_id)
        assert row is not None
        outcome.accepted = row.shared
        if not row.shared:
            if self.pressed.acked:
                outcome.notes.append("acknowledged and not shared")
            return
        if not await lane.until_true(lambda: self.done(lane), DONE_S):
            outcome.broken.append("shared and not posted in the sharing channel")
            return
        posted = len(lane.tunes_of(row.id, SHOWCASE))
        if posted != 1:
            outcome.broken.append(f"posted {posted} times in the sharing channel")
        outcome.broken += lane.slack.state.breaches
        lane.slack.state.breaches.clear()


class Resume(Slash):
    """An app that starts after one that had posted a tune, and died before it stored that."""

    name = "resume"
    armed_at_start = True
    died_at = POSTED_NOT_STORED

    async def prepare(self, lane: SlackLane) -> None:
        first = await lane.start("bot", inject=True, kill_at=self.died_at)
        (first.folder / "armed").touch()
        await super().act(lane)
        assert await first.ended() == -9, "the first app was not killed"

    async def act(self, lane: SlackLane) -> None:
        """The start is all that happens."""


class ResumeUploaded(Resume):
    """An app that starts after one that had uploaded the files of a tune, and died before it posted them."""

    name = "resume uploaded"
    died_at = UPLOADED_NOT_POSTED


class Work(Slash):
    """The worker, from the job to the finished tune."""

    name = "work"
    victim: Victim = "worker"
    armed_at_start = True

    async def prepare(self, lane: SlackLane) -> None:
        await super().act(lane)
        assert await lane.until_true(lambda: lane.row(self.event_id), DONE_S)

    async def act(self, lane: SlackLane) -> None:
        """The job waits for the worker."""


class Rescue(Work):
    """A worker that starts after one that died while it composed."""

    name = "rescue"
    most_starts = 3

    async def prepare(self, lane: SlackLane) -> None:
        first = await lane.start("worker", inject=True, kill_at=STARTED, armed=True)
        await super().prepare(lane)
        assert await first.ended() == -9, "the first worker was not killed when it had started the tune"


SCENARIOS = (Slash, Mention, Share, Resume, ResumeUploaded, Work, Rescue)


@fault(
    "slack-crash-points",
    promise="killed at any point of accepting, composing, finishing, delivering or sharing in Slack: nothing lost, nothing twice",
    limit_s=3600,
)
async def every_crash_point(report: Report) -> None:
    async with databases() as new_database:
        outcomes = await crash_everywhere(slack_lane, SCENARIOS, new_database, report.folder, report.options)
    summarize(outcomes, report)
