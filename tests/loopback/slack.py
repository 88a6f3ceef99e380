"""A stand-in for Slack on loopback: the real slack-bolt runs against it, in this process or in another.

    async with FakeSlack() as slack:
        app = await asyncio.create_subprocess_exec("tunesmith", "slack", env={**os.environ, **slack.environment})
        await slack.connected()                                  # the app has a connection in Socket Mode
        command = await slack.slash("tune", "reel in Ador")      # returns what was sent: a Sent
        await slack.acked(command)                               # AssertionError unless it was acknowledged; command.ack_s
        [message] = await slack.posted()                         # the app's message with files
        abc = slack.file(message, ".abc")
        again = await slack.click(message, "Again")              # by label or action_id; value= tells equal buttons apart
        said = await slack.mention("a jig, please")              # returns the message that the person wrote
        await slack.reply(said, "|:A>B c2|", files=[Upload("tune.abc", b"X:1 ...")])
        form = await slack.modal(callback_id="compose")          # waits until the person sees this modal
        sent = await slack.submit(form, key="G", rhythm="reel")  # inputs by action_id, block_id or label
        text = await slack.private_text()                        # the newest message that only the person sees
        slack.assert_rules_kept()                                # no rule of Slack was broken

An app in this process takes its settings from `slack.settings` (Socket Mode) or `slack.public_settings` (HTTP with OAuth), which
are keyword arguments of bot.settings.Settings, one in another process from `slack.environment` or `slack.public_environment`.
`send_by_http(url)` makes the stand-in send everything to this address by signed HTTP; `verify_url()` sends it Slack's challenge.

FakeSlack(scopes=, events=, limits=, stretch=5.0, rotation=False, assistant=, unfurl_domains=(), installed=True):
    scopes, events   those of bot/slack/manifest.yaml unless they are given
    limits           Limits(messages_s=1.0, burst=3, tiers=True, distributed=False): seconds between messages in a channel,
                     messages at once, limits of each method, the limits of newly distributed apps
    stretch          deadlines of seconds (to acknowledge, to use a trigger_id) count only a fifth of real time, so that a busy
                     machine makes nobody late; stretch=1.0 counts as Slack does
    rotation         tokens of `consent` and `install` live 12 hours
    assistant        "agent": the app is an agent, as all new apps must be; "assistant": it is of the older kind; None: the
                     workspace has no agents. The default is what the manifest says
    installed        the app is installed in SESSION
`FakeSlack.with_every_scope(...)` has all scopes, events and names of commands, whatever the manifest has.

What people do, all with `person=`; what happens in a channel takes `channel=`:
    slash(command, text)  mention(text, thread=, files=)  direct(text, ...)  write(text, ...)  reply(message, text)
    edit(message, text)  shortcut(callback_id, message=None)  click(where, button, value=)  choose(where, action_id, value)
    suggestions(where, action_id, typed)  fill(view, **values)  submit(view, **values)  close_view(view, everything=False)
    open_home(tab="home")  look_at(channel)  start_assistant()  stop_session(message)  uninstall(team)  revoke_tokens(team)
    consent(authorize_url, at, allow=True)  install(at)
`where` is a message, a modal or an App Home; private messages too. They fail with AssertionError where Slack lets nobody do it.
To post a link is to write it: link_shared follows for the domains in `unfurl_domains`.

`person=` is FIDDLER (the default; an administrator), PIPER (de), OWNER (fr), GUEST (es, a guest), SAILOR (of HARBOUR),
NORTHERNER (of NORTH), SOUTHERNER (of SOUTH), or one of a `crowd(count)`. `channel=` is one of
    TUNES, SHOWCASE  public, the app is a member; TUNES is the default
    LOBBY, HIDDEN    public and private, the app is no member (`leave(channel)` removes it from any)
    COMMITTEE        private, the app is a member
    ATTIC, NEWS      archived; the app may not post
    DIRECT, GROUP    direct messages with FIDDLER (DIRECT_OF[person.id] with others); a group's direct messages
    CONNECT          shared by the workspaces SESSION and HARBOUR (Slack Connect)
    QUAY, CAIRN, BEACH   of the workspaces HARBOUR, NORTH and SOUTH
Workspaces are SESSION (installed), HARBOUR, NORTH and SOUTH; the last two belong to the organisation FEDERATION.

Looking: `messages_in(channel)`, `thread(message)`, `tunes(channel)`, `ephemerals(person)`, `file(message, ending)`,
`buttons(where)`, `views_of(person)`, `home(person)`, `errors(view)`, `assistant_thread(first)`, `prompts(person)`, `sent`,
`calls` (Call: method, arguments, error), `calls_of` (how often, by method), `refusals`, `state.breaches`, `text_of(content)`.
`until(predicate)` waits for anything else.

Failures: `refuse(method, error, status=, times=, retry_s=)`, `lose_answer(method)`, `hold(method, after=)`, `repeat(sent)`,
`disconnect(reason)`, `drop()`, `stick()`, `expire(token)`, `archive(channel)`, `delete_channel(channel)`, `leave(channel)`,
`invite(channel)`, `pass_time(seconds)`; `files.shares_after_s = None` hides the ts of posted files for ever.

The stand-in enforces what Slack documents: tokens, scopes and arguments of methods; membership of channels; limits of texts,
blocks, views and metadata; an acknowledgement within 3 s; a trigger_id once, within 3 s; a response_url five times, in half an
hour; one message a second in a channel; calls of a method in a minute; uploads in three steps; hashes of views. What no correct
app does is a breach.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Self, TypeVar

from tests.loopback.slack_actions import Actions
from tests.loopback.slack_assistant import AGENT
from tests.loopback.slack_delivery import EVENT
from tests.loopback.slack_forms import elements
from tests.loopback.slack_installations import Token
from tests.loopback.slack_limits import Limits
from tests.loopback.slack_methods import ASSISTANT_KIND, COMMANDS, EVENTS, SCOPES, SHORTCUTS, manifest_list
from tests.loopback.slack_state import State
from tests.loopback.slack_world import (
    APP_TOKEN,
    ATTIC,
    BEACH,
    BOT_TOKEN,
    CAIRN,
    CLIENT_ID,
    CLIENT_SECRET,
    COMMITTEE,
    CONNECT,
    DIRECT,
    DIRECT_OF,
    FEDERATION,
    FIDDLER,
    GROUP,
    GUEST,
    HARBOUR,
    HIDDEN,
    LOBBY,
    NEWS,
    NORTH,
    NORTHERNER,
    OWNER,
    PIPER,
    QUAY,
    SAILOR,
    SESSION,
    SHOWCASE,
    SIGNING_SECRET,
    SOUTH,
    SOUTHERNER,
    TUNES,
    Call,
    Channel,
    Enterprise,
    Payload,
    Person,
    Sent,
    Team,
    Upload,
)
from tests.patience import HANG_S

__all__ = [
    "APP_TOKEN", "ATTIC", "BEACH", "BOT_TOKEN", "CAIRN", "CLIENT_ID", "CLIENT_SECRET", "COMMITTEE", "CONNECT", "DIRECT",
    "DIRECT_OF", "FEDERATION", "FIDDLER", "GROUP", "GUEST", "HARBOUR", "HIDDEN", "LOBBY", "NEWS", "NORTH", "NORTHERNER",
    "OWNER", "PIPER", "QUAY", "SAILOR", "SESSION", "SHOWCASE", "SIGNING_SECRET", "SOUTH", "SOUTHERNER", "TUNES", "Call",
    "Channel", "Enterprise", "FakeSlack", "Limits", "Payload", "Person", "Sent", "Team", "Upload",
]  # fmt: skip

T = TypeVar("T")


class FakeSlack(Actions):
    def __init__(
        self,
        *,
        scopes: tuple[str, ...] | None = None,
        events: tuple[str, ...] | None = None,
        limits: Limits | None = None,
        stretch: float = 5.0,
        rotation: bool = False,
        assistant: str | None = ASSISTANT_KIND,
        unfurl_domains: tuple[str, ...] = (),
        installed: bool = True,
    ) -> None:
        granted = manifest_list("bot", SCOPES) if scopes is None else scopes
        subscribed = manifest_list("bot_events", EVENTS) if events is None else events
        state = State(
            scopes=granted, events=subscribed, limits=limits or Limits(), stretch=stretch, rotation=rotation, assistant=assistant
        )
        super().__init__(state)
        self.unfurl_domains, self.commands, self.shortcuts = unfurl_domains, COMMANDS, SHORTCUTS
        if installed:
            first = state.installations.add(SESSION, FIDDLER)
            state.installations.tokens[BOT_TOKEN] = Token(first)

    @classmethod
    def with_every_scope(cls, **options: Any) -> Self:
        """With scopes, events, commands and shortcuts of any name, whatever the manifest has."""
        slack = cls(**{"scopes": SCOPES, "events": EVENTS, "assistant": AGENT, **options})
        slack.commands = slack.shortcuts = ()
        return slack

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    @property
    def settings(self) -> dict[str, Any]:
        """For an app in Socket Mode in this process: keyword arguments of Settings."""
        return {"slack_bot_token": BOT_TOKEN, "slack_app_token": APP_TOKEN, "slack_api_url": self.api_url}

    @property
    def public_settings(self) -> dict[str, Any]:
        """For an app that people install in their workspaces, over HTTP: keyword arguments of Settings."""
        client = {"slack_client_id": CLIENT_ID, "slack_client_secret": CLIENT_SECRET}
        return {"slack_signing_secret": SIGNING_SECRET, **client, "slack_api_url": self.api_url}

    @property
    def environment(self) -> dict[str, str]:
        """For an app in Socket Mode in another process: environment variables."""
        return {name.upper(): value for name, value in self.settings.items()}

    @property
    def public_environment(self) -> dict[str, str]:
        return {name.upper(): value for name, value in self.public_settings.items()}

    @property
    def api_url(self) -> str:
        return f"{self.state.address}/api/"

    # --- waiting
    async def until(self, predicate: Callable[[], T | None], timeout_s: float = HANG_S) -> T:
        """Waits until the predicate is true and returns its result. It is checked after each call and acknowledgement."""

        async def wait() -> T:
            async with self.state.changed:
                while not (found := predicate()):
                    await self.state.changed.wait()
            return found

        return await asyncio.wait_for(wait(), timeout_s)

    async def connected(self, count: int = 1, timeout_s: float = HANG_S) -> None:
        """Waits until the app has so many connections in Socket Mode."""
        await self.until(lambda: len(self.state.delivery.open) >= count, timeout_s)

    async def acked(self, what: Sent | Payload, timeout_s: float = HANG_S) -> Sent:
        """Waits until the app has acknowledged what was sent, or the last event of a message. `ack_s` says how long it took."""
        sent = what if isinstance(what, Sent) else self.event_of(what)
        await asyncio.wait_for(sent.settled.wait(), timeout_s)
        assert not sent.failed, f"the app did not respond: {sent.failed}"
        return sent

    async def private_text(self, person: Person = FIDDLER, *, after: int = 0, timeout_s: float = HANG_S) -> str:
        """Waits for a private message beyond the first `after` ones, and returns the text of the newest."""
        found = await self.until(lambda: self.ephemerals(person)[after:], timeout_s)
        return text_of(found[-1])

    async def modal(self, person: Person = FIDDLER, callback_id: str | None = None, timeout_s: float = HANG_S) -> Payload:
        """Waits until a person sees a modal, of this callback_id if one is given."""

        def visible() -> Payload | None:
            stack = self.views_of(person)
            return stack[-1] if stack and callback_id in (None, stack[-1]["callback_id"]) else None

        return await self.until(visible, timeout_s)

    async def posted(self, channel: Channel = TUNES, *, count: int = 1, timeout_s: float = HANG_S) -> list[Payload]:
        """Waits until a channel has `count` messages of the app with files, oldest first."""
        await self.until(lambda: len(self.tunes(channel)) >= count, timeout_s)
        return self.tunes(channel)

    # --- looking
    @property
    def calls_of(self) -> dict[str, int]:
        """How often each method was called, failures included."""
        return dict(Counter(call.method for call in self.calls))

    @property
    def sent(self) -> list[Sent]:
        return self.state.delivery.sent

    def event_of(self, message: Payload) -> Sent:
        """The last event about a message."""
        of = [
            sent
            for sent in self.sent
            if sent.kind == EVENT and sent.event.get("ts", sent.event.get("message_ts")) == message["ts"]
        ]
        assert of, f"the app got no event of {message['text']}"
        return of[-1]

    def messages_in(self, channel: Channel = TUNES) -> list[Payload]:
        """The messages that everybody in a channel sees, threads included, oldest first."""
        return [message for (id, _), message in sorted(self.state.messages.items()) if id == channel.id]

    def thread(self, message: Payload) -> list[Payload]:
        """The replies in the thread of a message, oldest first."""
        first = message.get("thread_ts", message["ts"])
        here = self.messages_in(self.state.channels[message["channel"]])
        return [other for other in here if other.get("thread_ts") == first and other["ts"] != first]

    def tunes(self, channel: Channel = TUNES) -> list[Payload]:
        """The app's messages with files."""
        return [message for message in self.messages_in(channel) if message.get("files") and "bot_id" in message]

    def ephemerals(self, person: Person = FIDDLER) -> list[Payload]:
        """The private messages that a person sees."""
        return [message for message in self.state.ephemerals if message["ephemeral_to"] == person.id]

    def file(self, message: Payload, ending: str) -> bytes:
        """The content of the only file of a message whose name has this ending."""
        [found] = [file for file in message["files"] if file.get("name", "").endswith(ending)]
        content = self.files.all[found["id"]].content
        assert content is not None
        return content

    def crowd(self, count: int) -> list[Person]:
        """More people in SESSION."""
        people = [Person(f"U0CROWD{number:03d}", f"person-{number}") for number in range(count)]
        self.state.people |= {person.id: person for person in people}
        return people

    def views_of(self, person: Person = FIDDLER) -> list[Payload]:
        """The modals that a person has open, the visible one last."""
        return self.views.open.get(person.id, [])

    def home(self, person: Person = FIDDLER) -> Payload | None:
        return self.views.homes.get(person.id)

    def errors(self, view: Payload) -> Payload:
        """What a form says beside its inputs: block_id → text."""
        return self.views.errors.get(view["id"], {})

    def buttons(self, where: Payload) -> list[str]:
        """The labels of the buttons in a message or a view."""
        return [element["text"]["text"] for _, element in elements(where) if element["type"] == "button"]

    def assistant_thread(self, first: Payload) -> Payload:
        """Status, title and prompts of a thread."""
        return self.assistants.threads.get((first["channel"], str(first.get("thread_ts", first["ts"]))), {})

    def prompts(self, person: Person = FIDDLER) -> list[Payload]:
        """The prompts that an agent suggests in its direct messages."""
        found: list[Payload] = self.assistants.threads.get((self.state.direct_of(person).id, ""), {}).get("prompts", [])
        return found

    def assert_rules_kept(self, *, limited: bool = False) -> None:
        """Fails if the app broke a rule of Slack. `limited`: it may exceed rate limits, if it then waits as told."""
        broken = [*self.state.breaches, *(f"called before Retry-After: {name}" for name in self.state.rates.early)]
        if not limited:
            broken += [f"rate limit: {name}" for name in self.state.rates.exceeded]
        assert not broken, "\n".join(broken)

    # --- installing
    def consent(self, authorize_url: str, at: Team | Enterprise = HARBOUR, person: Person = SAILOR, *, allow: bool = True) -> str:
        """Allows or refuses the app on Slack's page that asks for consent; returns where the person's browser goes next."""
        return self.state.installations.consent(authorize_url, at, person, allow=allow)

    def install(self, at: Team | Enterprise = HARBOUR, person: Person = SAILOR, scopes: tuple[str, ...] | None = None) -> Payload:
        """Installs the app without the pages of OAuth; returns what oauth.v2.access would answer."""
        return self.state.installations.grant(self.state.installations.add(at, person, scopes))


def text_of(content: Payload) -> str:
    """All words of a message or a view, in the order in which people read them."""
    parts = content["blocks"] if content.get("blocks") else [content.get("text", "")]
    return "\n".join(_words(parts))


def _words(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    if isinstance(part, list):
        return [word for item in part for word in _words(item)]
    if not isinstance(part, dict):
        return []
    if isinstance(part.get("text"), str):
        return [part["text"]]
    return [word for name, inside in part.items() if name not in _NO_WORDS for word in _words(inside)]


_NO_WORDS = {"type", "block_id", "action_id", "value", "style", "url", "image_url", "slack_file", "options", "option_groups"}
