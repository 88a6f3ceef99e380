"""The stand-in's modals and App Homes."""

from __future__ import annotations

import json
from typing import Any

from tests.loopback.block_kit import HOME, MODAL, VIEW_BYTES, check_view, options_of, view_bytes, walk
from tests.loopback.slack_asked import Asked, Handler
from tests.loopback.slack_limits import TRIGGER_S
from tests.loopback.slack_state import State
from tests.loopback.slack_world import APP, TEAMS, Payload, Person, Refused, Team

STACK = 3


class Views:
    """`open` are each person's modals, the visible one last; `homes` their App Homes."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.open: dict[str, list[Payload]] = {}
        self.homes: dict[str, Payload] = {}
        self.errors: dict[str, Payload] = {}  # what a form says beside its inputs, by view
        self.triggers_used: set[str] = set()

    @property
    def methods(self) -> dict[str, Handler]:
        return {
            "views.open": self.open_view, "views.push": self.push, "views.update": self.update, "views.publish": self.publish,
        }  # fmt: skip

    # --- modals
    def checked(self, view: Any, kind: str) -> Payload:
        if not isinstance(view, dict) or view.get("type") != kind:
            raise Refused("invalid_arguments", f"[ERROR] a view of type {kind} is needed", breach=True)
        if view_bytes(view) > VIEW_BYTES:
            raise Refused("view_too_large", breach=True)
        if faults := check_view(view):
            error = "invalid_arguments" if all("/view" in fault for fault in faults) else "invalid_blocks"
            raise Refused(error, *(f"[ERROR] {fault}" for fault in faults), breach=True)
        return json.loads(json.dumps(view))  # type: ignore[no-any-return]

    def _triggered(self, asked: Asked) -> tuple[Person, Team]:
        trigger_id = str(asked.get("trigger_id") or "")
        if trigger_id not in self.state.triggers:
            raise Refused("invalid_trigger_id", breach=True)
        began, person, team = self.state.triggers[trigger_id]
        if trigger_id in self.triggers_used:
            raise Refused("exchanged_trigger_id", breach=True)
        if self.state.clock.age(began) > TRIGGER_S:
            raise Refused("expired_trigger_id", breach=True)
        self.triggers_used.add(trigger_id)
        return person, team

    async def open_view(self, asked: Asked) -> Payload:
        view = self.checked(asked["view"], MODAL)
        person, team = self._triggered(asked)
        if self.open.get(person.id):
            raise Refused("invalid_arguments", "[ERROR] a modal is open: use views.push", breach=True)
        return {"ok": True, "view": self.show(person, team, view, asked.installed.bot_id)}

    async def push(self, asked: Asked) -> Payload:
        view = self.checked(asked["view"], MODAL)
        person, team = self._triggered(asked)
        if not self.open.get(person.id):
            raise Refused("not_found")
        return {"ok": True, "view": self.show(person, team, view, asked.installed.bot_id)}

    def show(self, person: Person, team: Team, view: Payload, bot_id: str) -> Payload:
        """Opens a modal on top of those that a person has open."""
        stack = self.open.setdefault(person.id, [])
        if len(stack) >= STACK:
            raise Refused("push_limit_reached", breach=True)
        self._assert_new(view, "")
        below = stack[-1] if stack else None
        id = self.state.id("V")
        shown = self._completed(view, id, team, bot_id)
        shown["team_id"] = person.team.id  # of the person, who may be of another workspace in a shared channel
        shown |= {"root_view_id": stack[0]["id"] if stack else id, "previous_view_id": below["id"] if below else None}
        stack.append(shown)
        return shown

    def _completed(self, view: Payload, id: str, team: Team, bot_id: str, before: Payload | None = None) -> Payload:
        """A view as payloads show it: with ids, hash and the state of its inputs."""
        blocks = []
        for block in view["blocks"]:
            block.setdefault("block_id", f"b{self.state.number()}")
            for element in walk([block]):
                if element["type"] not in ("image", "mrkdwn", "plain_text"):
                    element.setdefault("action_id", f"a{self.state.number()}")
            blocks.append(block)
        shown = {
            "id": id, "team_id": team.id, "type": view["type"], "blocks": blocks,
            "private_metadata": view.get("private_metadata", ""), "callback_id": view.get("callback_id", ""),
            "hash": f"{self.state.ts()}.{self.state.number():08x}",
            "clear_on_close": view.get("clear_on_close", False), "notify_on_close": view.get("notify_on_close", False),
            "external_id": view.get("external_id", ""), "app_id": APP, "bot_id": bot_id, "app_installed_team_id": team.id,
            "title": view.get("title"), "close": view.get("close"), "submit": view.get("submit"),
            "root_view_id": id, "previous_view_id": None,
        }  # fmt: skip
        kept = before["state"]["values"] if before else {}
        shown["state"] = {"values": initial_state(blocks, kept)}
        return shown

    def _assert_new(self, view: Payload, id: str) -> None:
        external = view.get("external_id")
        if external and any(v["external_id"] == external and v["id"] != id for stack in self.open.values() for v in stack):
            raise Refused("duplicate_external_id", breach=True)

    def find(self, id: str, external_id: str = "") -> tuple[list[Payload], int]:
        for stack in self.open.values():
            for number, view in enumerate(stack):
                if view["id"] == id or (external_id and view["external_id"] == external_id):
                    return stack, number
        raise Refused("not_found")

    async def update(self, asked: Asked) -> Payload:
        view = self.checked(asked["view"], MODAL)
        stack, number = self.find(str(asked.get("view_id") or ""), str(asked.get("external_id") or ""))
        if asked.get("hash") and asked["hash"] != stack[number]["hash"]:
            raise Refused("hash_conflict")
        return {"ok": True, "view": self.replace(stack, number, view)}

    def replace(self, stack: list[Payload], number: int, view: Payload) -> Payload:
        before = stack[number]
        self._assert_new(view, before["id"])
        team = TEAMS[before["app_installed_team_id"]]
        shown = self._completed(view, before["id"], team, before["bot_id"], before)
        shown |= {name: before[name] for name in ("team_id", "root_view_id", "previous_view_id")}
        stack[number] = shown
        self.errors.pop(before["id"], None)
        return shown

    def answer(self, person: Person, view: Payload, ack: Payload) -> None:
        """What happens to a form when its submission is acknowledged."""
        action = ack.get("response_action")
        stack = self.open.get(person.id, [])
        number = next((n for n, shown in enumerate(stack) if shown["id"] == view["id"]), None)
        if number is None:
            return
        known = {"errors": {"errors"}, "update": {"view"}, "push": {"view"}, "clear": set[str](), None: set[str]()}
        if action not in known or ack.keys() - {"response_action"} != known[action]:
            raise Refused("invalid_arguments", f"[ERROR] a form answered with {ack}", breach=True)
        self.errors.pop(view["id"], None)
        if action is None:
            del stack[number:]
        elif action == "clear":
            stack.clear()
        elif action == "errors":
            inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
            if not ack["errors"] or ack["errors"].keys() - inputs:
                raise Refused("invalid_arguments", f"[ERROR] errors for no input: {ack['errors']}", breach=True)
            self.errors[view["id"]] = ack["errors"]
        elif action == "update":
            self.replace(stack, number, self.checked(ack["view"], MODAL))
        else:
            self.show(person, TEAMS[view["app_installed_team_id"]], self.checked(ack["view"], MODAL), view["bot_id"])

    # --- App Home
    async def publish(self, asked: Asked) -> Payload:
        view = self.checked(asked["view"], HOME)
        person = self.state.people.get(str(asked["user_id"]))
        if person is None or not asked.installed.covers(person.team):
            raise Refused("user_not_found")
        before = self.homes.get(person.id)
        if asked.get("hash") and (before is None or asked["hash"] != before["hash"]):
            raise Refused("hash_conflict")
        id = before["id"] if before else self.state.id("V")
        self.homes[person.id] = self._completed(view, id, person.team, asked.installed.bot_id)
        return {"ok": True, "view": self.homes[person.id]}


def initial_state(blocks: list[Payload], kept: Payload) -> Payload:
    """`state.values`: what each input holds before a person changes it. Inputs that a view had before keep their values."""
    values: Payload = {}
    for block in blocks:
        for element in walk([block]):
            if element["type"] in ("button", "image", "overflow") or "action_id" not in element:
                continue
            held = kept.get(block["block_id"], {}).get(element["action_id"])
            fresh = held if held is not None and held["type"] == element["type"] else value_of(element)
            values.setdefault(block["block_id"], {})[element["action_id"]] = fresh
    return values


_SINGLE = {
    "users_select": ("selected_user", "initial_user"), "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "datepicker": ("selected_date", "initial_date"), "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "static_select": ("selected_option", "initial_option"), "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
}  # fmt: skip
_SEVERAL = {
    "checkboxes": ("selected_options", "initial_options"), "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"), "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"), "file_input": ("files", "initial_files"),
}  # fmt: skip


def value_of(element: Payload, given: Any = None) -> Payload:
    """What an input holds: its initial value, or what a person typed or chose."""
    kind = element["type"]
    if kind in _SINGLE:
        name, initial = _SINGLE[kind]
        chosen = element.get(initial) if given is None else given
        if given is not None and name == "selected_option":
            chosen = _option(element, given)
        return {"type": kind, name: chosen}
    if kind in _SEVERAL:
        name, initial = _SEVERAL[kind]
        chosen = element.get(initial, []) if given is None else list(given)
        if given is not None and name == "selected_options":
            chosen = [_option(element, value) for value in given]
        return {"type": kind, name: chosen}
    typed = element.get("initial_value") if given is None else str(given)
    return {"type": kind, "value": typed or None}


def _option(element: Payload, value: Any) -> Payload:
    """The option with this value or label; a person can choose no other."""
    offered = options_of(element)
    if isinstance(value, dict):
        return value
    for option in offered:
        if value in (option["value"], option["text"]["text"]):
            return option
    raise AssertionError(f"{element['action_id']} offers no {value}, but {[option['value'] for option in offered]}")
