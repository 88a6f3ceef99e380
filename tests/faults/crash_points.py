"""Every crash point of accepting, composing, finishing, delivering and sharing in Discord: see `crashes`.

Afterwards what was accepted must be finished and posted once, and what was shared must be posted once in the sharing channel.
"""

from __future__ import annotations

from storage import Viewer, open_storage
from tests.faults.children import real_worker
from tests.faults.crashes import DONE_S, STARTED, Outcome, Scenario, crash_everywhere, summarize
from tests.faults.databases import databases
from tests.faults.lanes import DiscordLane, Row, Victim, discord_lane
from tests.faults.report import Report, fault
from tests.loopback.discord import MENTION, SHOWCASE, Interaction, Payload
from tests.loopback.discord_server import DEFERRED
from tests.loopback.discord_world import SERVER

CATCH_UP_S = 20.0  # from a restart until messages of the time before are read
POSTED_NOT_STORED = "deliver/before the answer of POST /channels/ID/messages"


class Slash(Scenario[DiscordLane]):
    """`/tune`, from the interaction to the posted message."""

    name = "slash"
    interaction: Interaction

    async def act(self, lane: DiscordLane) -> None:
        self.interaction = await lane.discord.slash("tune", rhythm="reel", seed=next(lane.seeds))

    @property
    def event_id(self) -> str:
        return self.interaction.id

    def acknowledged(self, lane: DiscordLane) -> bool:
        return self.interaction.callback == DEFERRED

    async def check_card(self, lane: DiscordLane, outcome: Outcome) -> None:
        if not await lane.until(lambda: not lane.discord.is_thinking(self.interaction), DONE_S):
            outcome.broken.append("the card says “thinking…” for ever")
        elif lane.discord.card(self.interaction) is not None:
            outcome.notes.append("the card was left")


class Chat(Slash):
    """A message that mentions the bot."""

    name = "chat"
    said: Payload

    async def act(self, lane: DiscordLane) -> None:
        self.said = await lane.discord.write(f"{MENTION} a reel in D")

    @property
    def event_id(self) -> str:
        return str(self.said["id"])

    def acknowledged(self, lane: DiscordLane) -> bool:
        return bool(lane.texts_to(self.event_id))

    async def check(self, lane: DiscordLane, outcome: Outcome) -> None:
        # The message stays in the channel: whatever happens to the bot, it is answered.
        await lane.until_true(lambda: lane.row(self.event_id), CATCH_UP_S)
        await super().check(lane, outcome)
        if not outcome.accepted:
            outcome.broken.append("lost: the message was not answered")

    async def check_card(self, lane: DiscordLane, outcome: Outcome) -> None:
        if not await lane.until(lambda: not lane.texts_to(self.event_id), 1):
            outcome.notes.append("the card was left")


class Share(Slash):
    """The Share button under a posted tune, in a server with a sharing channel."""

    name = "share"
    pressed: Interaction
    row: Row

    async def prepare(self, lane: DiscordLane) -> None:
        await lane.start("bot")
        await super().act(lane)
        assert await lane.until_true(lambda: super(Share, self).done(lane), DONE_S)
        row = await lane.row(self.event_id)
        assert row is not None
        self.row = row
        async with open_storage(data_dir=lane.folder / "data", database_url=lane.url) as storage:
            community = Viewer("discord", community_id=SERVER)
            await storage.preferences.change_community(community, sharing_channel=SHOWCASE.id)

    async def act(self, lane: DiscordLane) -> None:
        [message] = lane.messages_of(self.row.id)
        self.pressed = await lane.discord.click(message, "Share")

    async def done(self, lane: DiscordLane) -> bool:
        row = await lane.row(self.event_id)
        return row is not None and row.shared_message_id is not None

    async def check(self, lane: DiscordLane, outcome: Outcome) -> None:
        row = await lane.row(self.event_id)
        assert row is not None
        outcome.accepted = row.shared
        if not row.shared:
            if self.pressed.callback is not None:
                outcome.notes.append("acknowledged and not shared")
            return
        if not await lane.until_true(lambda: self.done(lane), DONE_S):
            outcome.broken.append("shared and not posted in the sharing channel")
            return
        posted = len(lane.messages_of(row.id, SHOWCASE))
        if posted != 1:
            outcome.broken.append(f"posted {posted} times in the sharing channel")


class Resume(Slash):
    """A bot that starts after one that posted a tune, and died before it stored that."""

    name = "resume"
    armed_at_start = True

    async def prepare(self, lane: DiscordLane) -> None:
        first = await lane.start("bot", inject=True, kill_at=POSTED_NOT_STORED)
        (first.folder / "armed").touch()
        await super().act(lane)
        assert await first.ended() == -9, "the first bot was not killed after it posted"

    async def act(self, lane: DiscordLane) -> None:
        """The start is all that happens."""


class Work(Slash):
    """The worker, from the job to the finished tune."""

    name = "work"
    victim: Victim = "worker"
    armed_at_start = True

    async def prepare(self, lane: DiscordLane) -> None:
        await super().act(lane)
        assert await lane.until_true(lambda: lane.row(self.event_id), DONE_S)

    async def act(self, lane: DiscordLane) -> None:
        """The job waits for the worker."""


class Rescue(Work):
    """A worker that starts after one that died while it composed."""

    name = "rescue"
    most_starts = 3

    async def prepare(self, lane: DiscordLane) -> None:
        first = await lane.start("worker", inject=True, kill_at=STARTED, armed=True)
        await super().prepare(lane)
        assert await first.ended() == -9, "the first worker was not killed when it had started the tune"


SCENARIOS = (Slash, Chat, Share, Resume, Work, Rescue)


@fault(
    "crash-points",
    promise="killed at any point of accepting, composing, finishing, delivering or sharing: nothing lost, nothing twice",
    limit_s=3600,
)
async def every_crash_point(report: Report) -> None:
    async with databases() as new_database:
        summarize(await crash_everywhere(discord_lane, SCENARIOS, new_database, report.folder, report.options), report)


@fault("real-worker-crash-points", promise="the same for the worker with its real model, composing and finishing", limit_s=3600)
async def every_crash_point_of_a_real_worker(report: Report) -> None:
    async with databases() as new_database:
        made = crash_everywhere(discord_lane, [Work], new_database, report.folder, report.options, program=real_worker)
        summarize(await made, report)
