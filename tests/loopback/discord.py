"""A stand-in for Discord on loopback: the real discord.py runs against it, in this process or in another.

    async with FakeDiscord() as discord:
        bot = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "bot", env={**os.environ, **discord.environment})
        await discord.connected()                                # the bot has identified and registered its commands
        command = await discord.slash("tune", rhythm="reel", key="Ador", seed=7)
        await discord.deferred(command)                          # AssertionError unless deferred within 3 seconds
        [message] = await discord.posted()                       # the ordinary message with the files
        abc = discord.file(message, ".abc")
        again = await discord.click(message, "Again")            # by label or custom_id
        opened = await discord.select(message, "The Loopback")   # an option of the message's only select, by label
        played = await discord.slash("render", file=Upload("tune.abc", b"X:1 ..."))
        menu = await discord.menu("Play this ABC", await discord.write("|:ABcd|efga:|"))
        [_, second] = await discord.posted(count=2)
        discord.assert_no_pings()

A bot in this process takes the addresses from `discord.settings` (keyword arguments of bot.settings.Settings), a bot in another
process from `discord.environment`.

`choose(message, custom_id, value)` uses a select. `form(interaction)` is the form that a click opened;
`submit(interaction, key="G")` sends it, with the given values and otherwise those that were filled in.

`channel=` says where something happens:
    TUNES            the default
    SHOWCASE         another channel of the same server
    SILENT           the bot may not write there
    HIDDEN           the bot may not read there either
    WORKSHOP         a thread
    THREAD           another thread
    QUESTION         a post in a forum
    LOUNGE           a voice channel
    NO_THREADS       the bot may not create threads
    NO_HISTORY       the bot may not read old messages, nor reply to them
    SILENT_THREADS   a channel in whose threads the bot may not write
    SILENT_THREAD    such a thread
    ELSEWHERE        a server without the bot; the person has installed it for themselves
    DIRECT           direct messages between the bot and FIDDLER
    PRIVATE          direct messages between two people
    GROUP            a group's direct messages
or a Channel of your own. Threads that the bot creates are in `channels` by their id. `forbid(channel, permissions)` takes
permissions from the bot, `archive(thread)` closes a thread. `person=` is FIDDLER (the default; moderates the servers), PIPER,
HERMIT (accepts no direct messages), WARDEN (may manage messages in SHOWCASE) or a Person of your own.

`messages` and `commands` hold what the bot created, `calls` and `sent` what it sent. `until(predicate)` waits for anything else.
`refuse(pattern, status, ...)`, `lose_answer(pattern)`, `hold(pattern)`, `drop()`, `invalidate_session()`, `remove_bot()`,
`delete_channel(channel)`, `repeat(interaction)`, `repeat_message(message)`, `expire(interaction)` and `pass_time(seconds)` make
the platform fail in the ways that Discord does.

The stand-in enforces: 3 seconds until the first answer, and 15 minutes for the token (only `pass_time` counts, since a busy
machine may take longer); one first answer to each interaction; 2,000 characters, 10 MiB per file; nonce with enforce_nonce;
limits of embeds, components, forms, choices and commands; the bot's token; permissions in each channel; the first follow-up
replaces «thinking»; message content only as the intents allow; 50 calls per second and the limit of each route (`rates`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

from tests.loopback import discord_server
from tests.loopback import discord_world as world
from tests.loopback.discord_server import CHOICES, DEFERRED, EPHEMERAL, LOADING, MODAL, MODAL_SUBMIT, REPLY, Server
from tests.loopback.discord_world import (
    APPLICATION,
    BOT,
    DIRECT,
    ELSEWHERE,
    FIDDLER,
    GROUP,
    HERMIT,
    HIDDEN,
    LOUNGE,
    NO_HISTORY,
    NO_THREADS,
    PIPER,
    PRIVATE,
    QUESTION,
    SHOWCASE,
    SILENT,
    SILENT_THREAD,
    SILENT_THREADS,
    THREAD,
    TOKEN,
    TUNES,
    WARDEN,
    WORKSHOP,
    Channel,
    Fault,
    Interaction,
    Payload,
    Person,
    Sent,
    Upload,
)
from tests.patience import HANG_S

__all__ = [
    "APPLICATION", "BOT", "DIRECT", "ELSEWHERE", "FIDDLER", "GROUP", "HERMIT", "HIDDEN", "LOUNGE", "MENTION", "NO_HISTORY",
    "NO_THREADS", "PIPER", "PRIVATE", "QUESTION", "SHOWCASE", "SILENT", "SILENT_THREAD", "SILENT_THREADS", "THREAD", "TOKEN",
    "TUNES", "WARDEN", "WORKSHOP", "Channel", "FakeDiscord", "Interaction", "Payload", "Person", "Sent", "Upload",
]  # fmt: skip

COMMAND, COMPONENT, AUTOCOMPLETE = 2, 3, 4
CHAT, MESSAGE_MENU = 1, 3  # types of commands
MENTION = f"<@{APPLICATION}>"
T = TypeVar("T")


class FakeDiscord(Server):
    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    @property
    def settings(self) -> dict[str, Any]:
        """The addresses for a bot in this process: keyword arguments of Settings."""
        return {"discord_token": TOKEN, "discord_api_url": self.api_url, "discord_gateway_url": self.gateway.url}

    @property
    def environment(self) -> dict[str, str]:
        """The addresses for a bot in another process: environment variables."""
        return {name.upper(): value for name, value in self.settings.items()}

    # --- waiting
    async def until(self, predicate: Callable[[], T | None], timeout_s: float = HANG_S) -> T:
        """Waits until the predicate is true and returns its result. It is checked after each call of the bot."""

        async def wait() -> T:
            async with self.changed:
                while not (found := predicate()):
                    await self.changed.wait()
            return found

        return await asyncio.wait_for(wait(), timeout_s)

    async def connected(self, timeout_s: float = HANG_S) -> None:
        """Waits until the bot has registered its commands and is connected to the gateway."""
        await self.until(lambda: self.commands, timeout_s)
        await asyncio.wait_for(self.gateway.connected.wait(), timeout_s)

    async def answered(self, interaction: Interaction, timeout_s: float = HANG_S) -> Interaction:
        """Waits for the first answer to an interaction, of any kind."""
        try:
            await self.until(lambda: interaction.callback is not None, timeout_s)
        except TimeoutError:
            raise AssertionError("The application did not respond.") from None
        return interaction

    async def deferred(self, interaction: Interaction) -> Interaction:
        """Waits for the first answer, which must be «thinking»: a message that is filled in later."""
        await self.answered(interaction)
        assert interaction.callback == DEFERRED, f"answered {interaction.callback}: {interaction.data}"
        return interaction

    async def private_text(self, interaction: Interaction, timeout_s: float = HANG_S) -> str:
        """Waits for the text that only the person sees, sent at once or after «thinking» was deleted."""

        def text() -> str | None:
            if interaction.callback == REPLY:
                assert interaction.data.get("flags", 0) & EPHEMERAL, f"everybody sees {interaction.data}"
                return str(interaction.data["content"])
            own = [interaction.original or ""] if interaction.callback == DEFERRED else []  # a private «thinking»
            texts = [self.messages[id] for id in (*interaction.followups, *own) if id in self.messages]
            return next((str(m["content"]) for m in texts if m["flags"] & EPHEMERAL and not m["flags"] & LOADING), None)

        return str(await self.until(text, timeout_s))

    async def posted(self, channel: Channel = TUNES, *, count: int = 1, timeout_s: float = HANG_S) -> list[Payload]:
        """Waits until a channel has `count` finished tunes: messages of the bot with files, oldest first."""
        await self.until(lambda: len(self.tunes(channel)) >= count, timeout_s)
        return self.tunes(channel)

    # --- looking
    def messages_in(self, channel: Channel = TUNES) -> list[Payload]:
        """The messages that everybody in the channel sees, oldest first."""
        return [m for m in self.messages.values() if m["channel_id"] == channel.id and not m["flags"] & EPHEMERAL]

    def tunes(self, channel: Channel = TUNES) -> list[Payload]:
        return [m for m in self.messages_in(channel) if m["attachments"] and m["author"] == BOT]

    def card(self, interaction: Interaction) -> Payload | None:
        """The response to an interaction while it exists: «thinking», or what replaced it."""
        return self.messages.get(interaction.original or "")

    def is_thinking(self, interaction: Interaction) -> bool:
        card = self.card(interaction)
        return card is not None and bool(card["flags"] & LOADING)

    def file(self, message: Payload, ending: str) -> bytes:
        """The content of the only attachment whose name has this ending."""
        [attachment] = [file for file in message["attachments"] if file["filename"].endswith(ending)]
        return self._blobs[attachment["id"]]

    async def private_message(self, interaction: Interaction, timeout_s: float = HANG_S) -> Payload:
        """Waits for the message that only the person sees, until it is more than «thinking»."""

        def message() -> Payload | None:
            own = [interaction.original or ""] if interaction.callback in (REPLY, DEFERRED) else []
            seen = [self.messages[id] for id in (*own, *interaction.followups) if id in self.messages]
            return next((m for m in seen[::-1] if m["flags"] & EPHEMERAL and not m["flags"] & LOADING), None)

        found = await self.until(message, timeout_s)
        assert found is not None
        return found

    async def form(self, interaction: Interaction) -> dict[str, Payload]:
        """Waits for the form that a click opened; returns its fields by their custom_ids."""
        await self.answered(interaction)
        assert interaction.callback == MODAL, f"answered {interaction.callback}: {interaction.data}"
        fields = [row["components"][0] if "components" in row else row["component"] for row in interaction.data["components"]]
        return {field["custom_id"]: field for field in fields}

    def buttons(self, message: Payload) -> dict[str, str]:
        """Label → custom_id."""
        return {
            item.get("label", ""): item["custom_id"]
            for row in message["components"]
            for item in row["components"]
            if item["type"] == 2
        }

    def assert_no_pings(self) -> None:
        """Fails unless every text that the bot sent has allowed_mentions that ping nobody."""
        for sent in self.sent:
            data = sent.data.get("data") if "/callback" in sent.call else sent.data
            if isinstance(data, dict) and data.get("content"):
                allowed = data.get("allowed_mentions")
                assert allowed is not None, f"{sent.call} leaves mentions to Discord's defaults"
                pinging = allowed.get("parse") or allowed.get("users") or allowed.get("roles") or allowed.get("replied_user")
                assert not pinging, f"{sent.call} may ping: {allowed}"

    # --- what a person does
    async def slash(
        self, command: str, *, channel: Channel = TUNES, person: Person = FIDDLER, opened: bool = False, **options: Any
    ) -> Interaction:
        """Types a command. `opened`: the server allows it to people whom its default permissions exclude."""
        self._assert_offered(self.commands[command], channel, person, opened)
        return await self._interact(COMMAND, self._command(command, options), channel, person)

    async def autocomplete(
        self, command: str, focused: str, typed: str, *, channel: Channel = TUNES, person: Person = FIDDLER, **others: Any
    ) -> list[Payload]:
        """The choices that the bot offers while the person types into an option; `others` are the options filled in so far."""
        data = self._command(command, {**others, focused: typed})
        for option in data["options"]:
            option["focused"] = option["name"] == focused
        interaction = await self.answered(await self._interact(AUTOCOMPLETE, data, channel, person))
        assert interaction.callback == CHOICES, f"answered {interaction.callback}"
        choices: list[Payload] = interaction.data["choices"]
        return choices

    async def click(self, message: Payload, button: str, *, person: Person = FIDDLER) -> Interaction:
        """Presses a button by its label or its custom_id."""
        data = {"custom_id": self.buttons(message).get(button, button), "component_type": 2}
        self._assert_seen(message, person)
        return await self._interact(COMPONENT, data, self.channels[message["channel_id"]], person, message)

    async def choose(self, message: Payload, custom_id: str, value: str, *, person: Person = FIDDLER) -> Interaction:
        """Chooses from a select."""
        [select] = [item for row in message["components"] for item in row["components"] if item["custom_id"] == custom_id]
        assert value in [option["value"] for option in select["options"]]
        data = {"custom_id": custom_id, "component_type": 3, "values": [value]}
        return await self._interact(COMPONENT, data, self.channels[message["channel_id"]], person, message)

    async def submit(self, interaction: Interaction, *values: str, person: Person | None = None, **typed: str) -> Interaction:
        """Sends the form that a click opened. `values` (by position) and `typed` (by name) replace what is filled in."""
        fields, rows = await self.form(interaction), []
        typed |= dict(zip(fields, values, strict=False))
        assert typed.keys() <= fields.keys()
        for row in interaction.data["components"]:
            [field] = row.get("components") or [row["component"]]
            filled: Payload = {"type": field["type"], "custom_id": field["custom_id"], "id": 1}
            if field["type"] == 3:
                value = typed.get(field["custom_id"], next((o["value"] for o in field["options"] if o.get("default")), None))
                assert value is None or value in [option["value"] for option in field["options"]]
                filled["values"] = [] if value is None else [value]
            else:
                filled["value"] = typed.get(field["custom_id"], field.get("value") or "")
                assert len(filled["value"]) <= (field.get("max_length") or 4_000)
            inside = {"components": [filled]} if "components" in row else {"component": filled}
            rows.append({"type": row["type"], "id": 1, **inside})
        data = {"custom_id": interaction.data["custom_id"], "components": rows}
        message = interaction.payload.get("message")
        return await self._interact(MODAL_SUBMIT, data, interaction.channel, person or interaction.person, message)

    async def select(self, message: Payload, label: str, *, person: Person = FIDDLER) -> Interaction:
        """Chooses an option of the message's only select by its label."""
        [menu] = [item for row in message["components"] for item in row["components"] if item["type"] == 3]
        values = {option["label"]: option["value"] for option in menu["options"]}
        self._assert_seen(message, person)
        return await self.choose(message, menu["custom_id"], values[label], person=person)

    async def menu(self, command: str, message: Payload, *, person: Person = FIDDLER) -> Interaction:
        """Chooses a command in a message's context menu; the bot gets the message as everybody in the channel sees it."""
        registered = self.commands[command]
        assert registered["type"] == MESSAGE_MENU, f"{command} is not in the context menu of messages"
        data = {"id": registered["id"], "name": command, "type": MESSAGE_MENU, "target_id": message["id"]}
        data["resolved"] = {"messages": {message["id"]: message}}
        return await self._interact(COMMAND, data, self.channels[message["channel_id"]], person)

    async def write(
        self,
        content: str,
        *,
        files: Sequence[Upload] = (),
        channel: Channel = TUNES,
        person: Person = FIDDLER,
        reply_to: Payload | None = None,
        ping: bool = True,
        lost: bool = False,
        **unusual: Any,
    ) -> Payload:
        """Writes a message. MENTION pings the bot, and so does a reply to an ordinary message of the bot unless `ping` is off.

        `lost`: the bot gets no event of it, as while its connection is lost and the session cannot be resumed. `unusual` are
        further or other fields of the message: `webhook_id`, `author`, `type`, `id`.
        """
        attached = [self._attach(file.name, file.content, {}) for file in files]
        said = world.message(channel, person.payload, {"content": content, "_files": attached})
        # A reply to an ordinary message of the bot pings it; one to the response of a command does not.
        pings = ping and reply_to is not None and reply_to["author"] == BOT and reply_to["type"] != 20
        said["mentions"] = [BOT] if pings or MENTION in content else []
        said["mention_everyone"] = "@everyone" in content
        if reply_to is not None:
            said |= {"type": 19, "referenced_message": reply_to}
            said["message_reference"] = {"message_id": reply_to["id"], "channel_id": reply_to["channel_id"]}
        said |= unusual
        self.messages[said["id"]] = said
        await self.gateway.message_created(said, lost=lost)
        return said

    def _command(self, name: str, options: dict[str, Any]) -> Payload:
        command = self.commands[name]
        kinds = {option["name"]: option["type"] for option in command["options"]}
        uploads = {
            name: self._attach(value.name, value.content, {}) for name, value in options.items() if isinstance(value, Upload)
        }
        channels = {name: value for name, value in options.items() if isinstance(value, Channel)}
        for option in command["options"]:
            if option["name"] in channels and option.get("channel_types"):
                assert channels[option["name"]].payload["type"] in option["channel_types"], (
                    f"{option['name']} offers no such channel"
                )
        values = options | {name: attachment["id"] for name, attachment in uploads.items()}
        values |= {name: channel.id for name, channel in channels.items()}
        given = [{"name": option, "type": kinds[option], "value": value} for option, value in values.items()]
        data = {"id": command["id"], "name": name, "type": CHAT, "options": given}
        attachments = {attachment["id"]: attachment for attachment in uploads.values()}
        resolved = {"attachments": attachments, "channels": {channel.id: _resolved(channel) for channel in channels.values()}}
        return {**data, "resolved": {kind: found for kind, found in resolved.items() if found}}

    def _assert_offered(self, command: Payload, channel: Channel, person: Person, opened: bool) -> None:
        name = command.get("name")
        assert channel.context in (command.get("contexts") or (0, 1, 2)), f"/{name} is not offered in {channel.name}"
        installed = 0 if channel.member else 1
        assert installed in command.get("integration_types", (0,)), f"/{name} is not offered in {channel.name}"
        needed, has = int(command.get("default_member_permissions") or 0), int(world.permissions_of(person, channel))
        assert opened or not channel.server or needed & has == needed, f"/{name} is not offered to {person.name}"

    def _assert_seen(self, message: Payload, person: Person) -> None:
        """Fails if the person cannot see the message, since it is private to somebody else."""
        if message["flags"] & EPHEMERAL:
            answers = [i for i in self.interactions.values() if message["id"] in (i.original, *i.followups)]
            assert person in [answer.person for answer in answers], f"{person.name} does not see {message['content']}"

    async def _interact(
        self, kind: int, data: Payload, channel: Channel, person: Person, message: Payload | None = None
    ) -> Interaction:
        token = f"token-{len(self.interactions) + 1}-{world.snowflake()}"
        self.channels.setdefault(channel.id, channel)
        payload = world.interaction(kind, data, channel, person, token, message, self.permissions(channel))
        interaction = Interaction(
            payload["id"], token, kind, channel, person, self._passed_s, payload, original=message["id"] if message else None
        )
        self.interactions[token] = interaction
        await self.gateway.event("INTERACTION_CREATE", payload)
        return interaction

    # --- failures of the platform
    def refuse(self, pattern: str, status: int, body: Payload | None = None, *, times: int = 1, by_discord: bool = True) -> None:
        """Answers the next calls whose "METHOD /path" matches with this status.

        A 429 needs the body {"retry_after": seconds, "global": False}; not `by_discord`, it is a ban of the address.
        """
        self._faults.append(Fault(pattern, status, body or {"code": 0, "message": "refused"}, times, by_discord=by_discord))

    def lose_answer(self, pattern: str, status: int = 0) -> None:
        """Carries out the next matching call, but answers with this status, or with 0 breaks the connection."""
        self._faults.append(Fault(pattern, status, {"code": 0, "message": "lost"}, after=True))

    def hold(self, pattern: str, *, after: bool = False) -> asyncio.Event:
        """Delays the next matching call until the returned event is set. `after`: carries it out and delays only the answer."""
        release = asyncio.Event()
        self._held.append(release)
        self._faults.append(Fault(pattern, 0, {}, after=after, release=release))
        return release

    @property
    def faults_left(self) -> list[str]:
        """The patterns of failures that have not happened yet."""
        return [fault.pattern for fault in self._faults]

    def forbid(self, channel: Channel, permissions: int) -> None:
        """Takes these permissions in a channel from the bot."""
        self._forbidden[channel.id] = self._forbidden.get(channel.id, 0) | permissions

    def delete_channel(self, channel: Channel) -> None:
        del self.channels[channel.id]
        self.messages = {id: message for id, message in self.messages.items() if message["channel_id"] != channel.id}

    async def remove_bot(self) -> None:
        """Removes the bot from its server. Tokens of interactions still work."""
        for channel in world.SERVER_CHANNELS:
            self.forbid(channel, world.EVERYTHING)
        await self.gateway.event("GUILD_DELETE", {"id": world.SERVER})

    def archive(self, thread: Channel, *, locked: bool = False) -> None:
        """Closes a thread. A message of the bot reopens it, unless it is locked."""
        self._archived.add(thread.id)
        if locked:
            self._locked.add(thread.id)

    def expire(self, interaction: Interaction) -> None:
        """Makes the interaction's token older than 15 minutes."""
        interaction.created_s = self._passed_s - discord_server.TOKEN_S - 1

    def pass_time(self, seconds: float) -> None:
        """Moves the stand-in's clock, so that answers come too late, tokens expire and nonces are forgotten."""
        self._passed_s += seconds

    async def repeat_message(self, said: Payload) -> None:
        """Sends the event of the message once more."""
        await self.gateway.message_created(said)

    async def repeat(self, interaction: Interaction) -> None:
        """Sends the event of the interaction once more."""
        await self.gateway.event("INTERACTION_CREATE", interaction.payload)

    async def invalidate_session(self) -> None:
        """Ends the session at the gateway; the bot has to identify again, and misses what happens meanwhile."""
        await self.gateway.invalidate_session()

    async def drop(self) -> None:
        """Breaks the connection to the gateway; the bot should resume."""
        await self.gateway.drop()


def _resolved(channel: Channel) -> Payload:
    """A channel that a person chose for an option, with the person's permissions."""
    kept = ("id", "type", "name", "parent_id", "guild_id")
    return {**{name: channel.payload[name] for name in kept}, "permissions": world.EVERYTHING}
