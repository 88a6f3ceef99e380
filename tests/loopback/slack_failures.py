"""How Slack fails in the stand-in: refused and lost calls, broken and silent connections, lost channels and tokens."""

from __future__ import annotations

import asyncio

from tests.loopback.slack_delivery import EVENT
from tests.loopback.slack_server import Server
from tests.loopback.slack_world import VERIFICATION_TOKEN, Channel, Fault, Sent


class Failures(Server):
    def refuse(self, pattern: str, error: str = "internal_error", *, status: int = 200, times: int = 1, retry_s: int = 0) -> None:
        """Refuses the next calls whose method matches; methods are also `upload` and `respond`. A 429 needs `retry_s`."""
        headers = {"Retry-After": str(retry_s)} if retry_s else {}
        self.faults.append(Fault(pattern, error, status, headers, times))

    def lose_answer(self, pattern: str, *, times: int = 1) -> None:
        """Carries out the next matching calls, and breaks the connection instead of answering."""
        self.faults.append(Fault(pattern, times=times, after=True))

    def hold(self, pattern: str, *, after: bool = False) -> asyncio.Event:
        """Delays the next matching call until the returned event is set. `after`: carries it out and delays only the answer."""
        release = asyncio.Event()
        self._held.append(release)
        self.faults.append(Fault(pattern, after=after, release=release))
        return release

    @property
    def faults_left(self) -> list[str]:
        """The patterns of failures that have not happened yet."""
        return [fault.pattern for fault in self.faults]

    def pass_time(self, seconds: float) -> None:
        """Moves the stand-in's clock: deadlines pass, tokens expire, rate limits recover, failed events are sent again."""
        self.state.clock.pass_time(seconds)

    async def repeat(self, sent: Sent) -> Sent:
        """Sends once more what was sent, as Slack does when an acknowledgement was lost."""
        return await self.state.delivery.deliver(Sent(sent.kind, sent.payload, sent.person, sent.channel))

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Asks all connections to reconnect; the reasons are `warning`, `refresh_requested`, `link_disabled`."""
        for connection in list(self.state.delivery.open):
            await connection.push({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}})
            connection.leaving = True

    async def drop(self) -> None:
        """Breaks all connections in Socket Mode."""
        for connection in list(self.state.delivery.open):
            connection.abort()
            await connection.closed.wait()

    def stick(self, stuck: bool = True) -> None:
        """Makes all connections silent, and new ones too: they stay open, and nothing arrives. `stick(False)` cures new ones."""
        self.state.delivery.stuck = stuck
        for connection in self.state.delivery.open if stuck else []:
            connection.silent = True

    async def verify_url(self) -> bool:
        """Asks the address of `send_by_http` for the challenge that it must answer before Slack uses it."""
        challenge = {"token": VERIFICATION_TOKEN, "challenge": f"challenge-{self.state.number()}", "type": "url_verification"}
        status, _, body = await self.state.delivery.post(EVENT, challenge)
        return status == 200 and challenge["challenge"] in body

    def send_by_http(self, url: str) -> None:
        """Sends everything to this address by signed HTTP from now on, instead of Socket Mode."""
        self.state.delivery.request_url = url

    def leave(self, channel: Channel) -> None:
        """Removes the app from a channel."""
        self.state.channels[channel.id].bots = frozenset()

    def invite(self, channel: Channel) -> None:
        """Makes the app a member of a channel."""
        self.state.channels[channel.id].bots |= {channel.team.id}

    def archive(self, channel: Channel) -> None:
        self.state.channels[channel.id].archived = True

    def delete_channel(self, channel: Channel) -> None:
        del self.state.channels[channel.id]
        self.state.messages = {key: message for key, message in self.state.messages.items() if key[0] != channel.id}

    def forget_files(self) -> None:
        """Drops the contents of all files and the record of calls, so that hours of posts fit into memory."""
        for file in self.files.all.values():
            file.content = b""
        self.calls.clear()
        self.refusals.clear()
        self.state.delivery.sent.clear()

    def expire(self, token: str) -> None:
        """Makes a token older than its 12 hours."""
        self.state.installations.expire(token)
