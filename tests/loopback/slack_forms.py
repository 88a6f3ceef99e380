"""How people use buttons, menus and forms in the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.loopback import slack_payloads as payloads
from tests.loopback.block_kit import walk
from tests.loopback.slack_delivery import INTERACTION
from tests.loopback.slack_failures import Failures
from tests.loopback.slack_installations import Installation
from tests.loopback.slack_views import value_of
from tests.loopback.slack_world import FIDDLER, TEAMS, Channel, Payload, Person, Sent, Team


class Forms(Failures):
    def _installed(self, team: Team) -> Installation:
        installed = self.state.installations.of(team)
        assert installed is not None, f"the app is not installed in {team.name}"
        return installed

    async def _interact(self, kind: str, person: Person, team: Team, channel: Channel | None = None, /, **fields: Any) -> Sent:
        # In a form, `team` is the person's, and the view says where the app is installed.
        payload = payloads.interaction(kind, person, person.team if "view" in fields else team, self._installed(team), **fields)
        if kind not in ("view_closed", "block_suggestion"):
            payload["trigger_id"] = self.state.trigger(person, team)
        return await self.state.delivery.deliver(Sent(INTERACTION, payload, person, channel))

    def _assert_seen(self, message: Payload, person: Person) -> None:
        if "ephemeral_to" in message:
            assert message in self.state.ephemerals, "the message is gone"
            assert message["ephemeral_to"] == person.id, f"{person.name} does not see {message['text']}"
        else:
            channel = self.state.channels[message["channel"]]
            assert (message["channel"], message["ts"]) in self.state.messages, "the message is gone"
            assert channel.person in (None, person), f"{person.name} does not see direct messages of others"
            assert person.team in (channel.team, *channel.shared_with), f"{person.name} is of another workspace"

    # --- buttons and menus
    async def click(self, where: Payload, button: str, *, person: Person | None = None, value: str | None = None) -> Sent:
        """Presses a button of a message, a modal or an App Home, by its label or action_id; `value` tells equal ones apart."""
        found = [
            (block, element)
            for block, element in elements(where)
            if element["type"] == "button" and button in (element["text"]["text"], element["action_id"])
            if value in (None, element.get("value"))
        ]
        labels = [element["text"]["text"] for _, element in elements(where) if element["type"] == "button"]
        assert found, f"there is no button {button}, but {labels}"
        assert len(found) == 1, f"there are {len(found)} buttons {button}: say which by value="
        assert not where.get("_dead_buttons"), (
            "Slack shows buttons that chat.update adds to a message of files, but they do nothing"
        )
        return await self._act(where, *found[0], {}, person)

    async def choose(self, where: Payload, action_id: str, value: Any, *, person: Person | None = None) -> Sent:
        """Chooses in a menu or another element that tells the app at once. An option is named by its value or its label."""
        block, element = self._element(where, action_id)
        tells = block["type"] != "input" or block.get("dispatch_action")
        assert tells, f"{action_id} is sent with the form: use submit"
        held = value_of(element, value) if element["type"] != "overflow" else _overflow(element, value)
        if "state" in where and element["type"] != "overflow":
            values: Payload = where["state"]["values"]
            values[block["block_id"]][element["action_id"]] = held
        return await self._act(where, block, element, held, person)

    def _element(self, where: Payload, name: str) -> tuple[Payload, Payload]:
        """An element by its action_id, the block_id of its block, or the label of its input."""
        found = [
            (block, element)
            for block, element in elements(where)
            if name in (element["action_id"], block["block_id"], block.get("label", {}).get("text"))
        ]
        known = [element["action_id"] for _, element in elements(where)]
        assert found, f"there is no {name}, but {known}"
        assert len(found) == 1, f"there are {len(found)} elements {name}"
        return found[0]

    async def _act(self, where: Payload, block: Payload, element: Payload, held: Payload, person: Person | None) -> Sent:
        actions = [payloads.action(block, element, held, self.state.ts())]
        if "ts" not in where:
            owner = self.owner(where)
            assert person in (None, owner), "only one person sees a view"
            return await self._interact("block_actions", owner, self._team_of(where), **payloads.in_view(where), actions=actions)
        channel = self.state.channels[where["channel"]]
        person = person or channel.person or FIDDLER
        self._assert_seen(where, person)
        url = self.response_url(channel, person, self._installed(channel.team), where)
        place = payloads.in_message(where, channel)
        values = {"state": {"values": _state_of(where, block, element, held)}, "response_url": url, "actions": actions}
        return await self._interact("block_actions", person, channel.team, channel, **place, **values)

    def owner(self, view: Payload) -> Person:
        """Who sees a modal or an App Home."""
        for id, stack in self.views.open.items():
            if any(shown["id"] == view["id"] for shown in stack):
                assert stack[-1]["id"] == view["id"], "another modal covers it"
                return self.state.people[id]
        return next(self.state.people[id] for id, home in self.views.homes.items() if home["id"] == view["id"])

    def _team_of(self, view: Payload) -> Team:
        return TEAMS[view["app_installed_team_id"]]

    # --- forms
    def fill(self, view: Payload, **values: Any) -> None:
        """Types into inputs, without sending: by action_id, block_id or label. None empties an input."""
        for name, value in values.items():
            block, element = self._element(view, name)
            held = value_of(element, value) if value is not None else value_of({"type": element["type"]})
            if element["type"] == "plain_text_input" and value is not None:
                most = element.get("max_length", 3_000)
                assert len(value) <= most, f"{name} has room for {most} characters"
                assert element.get("multiline") or "\n" not in value, f"{name} has one line"
            view["state"]["values"][block["block_id"]][element["action_id"]] = held

    async def submit(self, view: Payload, **values: Any) -> Sent:
        """Sends a modal, after typing `values` as `fill` does. Slack's client lets nobody send it without its required inputs."""
        owner = self.owner(view)
        assert view["submit"], "the modal has no button that sends it"
        self.fill(view, **values)
        for block, element in elements(view):
            if block["type"] == "input":
                _assert_sendable(block, element, view["state"]["values"][block["block_id"]][element["action_id"]])
        return await self._interact("view_submission", owner, self._team_of(view), view=view, response_urls=[])

    async def close_view(self, view: Payload, *, everything: bool = False) -> Sent | None:
        """Closes a modal, or all of them; the app hears of it if it asked to."""
        owner = self.owner(view)
        stack = self.views.open[owner.id]
        del stack[0 if everything else stack.index(view) :]
        if not view["notify_on_close"]:
            return None
        return await self._interact("view_closed", owner, self._team_of(view), view=view, is_cleared=everything)

    async def suggestions(self, where: Payload, action_id: str, typed: str, *, person: Person = FIDDLER) -> Sent:
        """Types into a menu whose options the app gives; they are in `ack` of what it returns, once it is acknowledged."""
        block, element = self._element(where, action_id)
        assert element["type"].endswith("external_select") and len(typed) >= element.get("min_query_length", 3)
        team = self._team_of(where) if "ts" not in where else self.state.channels[where["channel"]].team
        place = (
            payloads.in_view(where) if "ts" not in where else payloads.in_message(where, self.state.channels[where["channel"]])
        )
        asked = {"value": typed, "action_id": element["action_id"], "block_id": block["block_id"]}
        return await self._interact("block_suggestion", person, team, **place, **asked)


def elements(where: Payload) -> Iterator[tuple[Payload, Payload]]:
    """The elements that people can use, with their blocks; those of unfurled links too."""
    blocks = [*where.get("blocks", []), *(b for attachment in where.get("attachments", []) for b in attachment.get("blocks", []))]
    for block in blocks:
        for element in walk([block]):
            if "action_id" in element:
                yield block, element


def _overflow(element: Payload, value: str) -> Payload:
    options = [option for option in element["options"] if value in (option.get("value"), option["text"]["text"])]
    assert options, f"{element['action_id']} offers no {value}"
    return {"selected_option": options[0]}


def _state_of(message: Payload, block: Payload, element: Payload, held: Payload) -> Payload:
    """`state.values` of a message: what its menus hold."""
    if element["type"] in ("button", "overflow"):
        return {}
    return {block["block_id"]: {element["action_id"]: held}}


def _assert_sendable(block: Payload, element: Payload, held: Payload) -> None:
    name = block["label"]["text"]
    content = next(value for key, value in held.items() if key != "type")
    assert block.get("optional") or content not in (None, "", []), f"{name} is required"
    if content and element["type"] == "plain_text_input":
        assert len(content) >= element.get("min_length", 0), f"{name} needs {element['min_length']} characters"
    if content and element["type"] == "number_input":
        number = float(content)  # people can type numbers only
        assert element["is_decimal_allowed"] or number.is_integer(), f"{name} takes whole numbers"
        assert float(element.get("min_value", number)) <= number <= float(element.get("max_value", number)), f"{name}: {number}"
