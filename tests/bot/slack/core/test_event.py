"""Reading who did what where from payloads, hostile ones included."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.core import limits
from bot.slack.core.event import Event, ResponseUses, UnreadableEvent, is_channel, is_file, is_timestamp, tune_id_in, value_in

COMMAND = {
    "team_id": "T1", "enterprise_id": "E1", "user_id": "U1", "channel_id": "C1", "command": "/tune", "text": "a reel",
    "trigger_id": "13.738.8088d", "response_url": "https://hooks.slack.com/commands/1",
}  # fmt: skip
ACTION: dict[str, Any] = {
    "type": "block_actions",
    "trigger_id": "13.738.8088e",
    "team": {"id": "T1", "domain": "pub"},
    "user": {"id": "U1", "team_id": "T1"},
    "channel": {"id": "C1"},
    "container": {"type": "message", "message_ts": "1700000000.000200", "channel_id": "C1"},
    "message": {"ts": "1700000000.000200", "thread_ts": "1700000000.000100"},
    "response_url": "https://hooks.slack.com/actions/1",
    "actions": [{"action_id": "tune:again", "value": "abc"}],
}
MENTION: dict[str, Any] = {
    "type": "event_callback",
    "event_id": "Ev0LAN",
    "team_id": "T2",
    "authorizations": [{"team_id": "T1", "enterprise_id": None, "user_id": "UBOT", "is_bot": True}],
    "event": {
        "type": "app_mention",
        "user": "W1",
        "channel": "C1",
        "ts": "1700000000.000300",
        "text": "<@UBOT> a reel",
        "team": "T1",
    },
}


def test_a_command_tells_who_where_and_how_to_answer() -> None:
    event = Event.of_command(COMMAND)
    assert (event.id, event.trigger_id) == ("13.738.8088d", "13.738.8088d")
    assert (event.team_id, event.enterprise_id, event.user_id, event.channel_id) == ("T1", "E1", "U1", "C1")
    assert event.response_url == COMMAND["response_url"]
    assert event.community_id == "T1"


def test_an_action_names_the_message_and_its_thread() -> None:
    event = Event.of_interaction(ACTION)
    assert (event.message_ts, event.thread_ts) == ("1700000000.000200", "1700000000.000100")
    assert (event.id, event.user_id, event.channel_id, event.community_id) == ("13.738.8088e", "U1", "C1", "T1")


def test_the_first_message_of_a_thread_is_in_the_channel() -> None:
    first = {**ACTION["message"], "thread_ts": ACTION["message"]["ts"]}
    event = Event.of_interaction({**ACTION, "message": first})
    assert (event.message_ts, event.thread_ts) == ("1700000000.000200", "")


def test_a_button_and_a_menu_have_a_value() -> None:
    def choosing(value: object) -> dict[str, Any]:
        return {"actions": [{"action_id": "set:choose", "selected_option": {"text": {}, "value": value}}]}

    assert (value_in(ACTION), tune_id_in(ACTION)) == ("abc", "abc")
    assert (value_in(choosing("abc flute")), tune_id_in(choosing("abc flute"))) == ("abc flute", "")
    assert tune_id_in(choosing("abc")) == "abc"
    none: dict[str, Any] = {"actions": []}
    for body in (none, {"actions": ["again"]}, choosing(None), choosing({"value": "abc"}), choosing("../abc")):
        assert tune_id_in(body) == ""


def test_a_submitted_view_has_no_channel() -> None:
    body = {"type": "view_submission", "trigger_id": "1.2.3", "team": {"id": "T1"}, "user": {"id": "U1"}, "view": {"id": "V1"}}
    event = Event.of_interaction(body)
    assert (event.channel_id, event.message_ts, event.response_url) == ("", "", "")


def test_an_event_has_the_id_that_slack_repeats_and_the_workspace_of_the_app() -> None:
    event = Event.of_event(MENTION)
    assert (event.id, event.team_id, event.user_id) == ("Ev0LAN", "T1", "W1")
    assert (event.message_ts, event.thread_ts, event.is_direct) == ("1700000000.000300", "", False)


def test_an_assistants_thread_has_its_person_and_channel() -> None:
    thread = {"user_id": "U1", "channel_id": "D1", "thread_ts": "1700000000.000100", "context": {}}
    event = Event.of_event({**MENTION, "event": {"type": "assistant_thread_started", "assistant_thread": thread}})
    assert (event.user_id, event.channel_id, event.thread_ts, event.is_direct) == ("U1", "D1", "1700000000.000100", True)


def test_an_organizations_installation_has_no_workspace() -> None:
    body = {**ACTION, "team": None, "enterprise": {"id": "E1"}, "user": {"id": "U1", "team_id": "T7"}}
    event = Event.of_interaction(body)
    assert (event.team_id, event.enterprise_id, event.community_id) == ("T7", "E1", "T7")


def test_a_guest_of_a_shared_channel_belongs_to_no_community_here() -> None:
    assert Event.of_interaction({**ACTION, "user": {"id": "U9", "team_id": "T9"}}).community_id == ""
    assert Event.of_event({**MENTION, "event": {**MENTION["event"], "user_team": "T9"}}).community_id == ""
    assert Event.of_event({**MENTION, "event": {**MENTION["event"], "user_team": "E9"}}).community_id == ""


@pytest.mark.parametrize("name", ["trigger_id", "user_id", "team_id"])
@pytest.mark.parametrize("value", [None, "", 7, {"id": "U1"}, "U1\n", "../U1", "<!channel>", "U" + "1" * 300])
def test_a_command_without_a_readable_id_is_refused(name: str, value: object) -> None:
    with pytest.raises(UnreadableEvent):
        Event.of_command({**COMMAND, "enterprise_id": "", name: value})


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5),
        lambda part: (
            st.lists(part, max_size=3)
            | st.dictionaries(
                st.sampled_from([*ACTION, *MENTION, "view", "enterprise", "id", "assistant_thread"]), part, max_size=4
            )
        ),
    )
)
def test_any_payload_is_read_or_refused(part: object) -> None:
    for body in ({**ACTION, **part} if isinstance(part, dict) else {"event": part}, {"event": part, "authorizations": part}):
        for read in (Event.of_command, Event.of_interaction, Event.of_event):
            try:
                event = read(body)
            except UnreadableEvent:
                continue
            assert event.id and event.user_id


def test_ids_are_told_from_other_text() -> None:
    assert is_channel("C0123") and is_channel("D1") and not is_channel("U1") and not is_channel(None) and not is_channel("C1>")
    assert is_file("F1") and not is_file("C1")
    assert is_timestamp("1700000000.000200") and not is_timestamp("1700000000") and not is_timestamp("١.٢")


def test_a_response_url_is_used_five_times_in_half_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    uses, event = ResponseUses(), Event.of_command(COMMAND)
    assert [uses.take(event) for _ in range(6)] == [True] * 5 + [False]
    other = Event.of_command({**COMMAND, "response_url": "https://hooks.slack.com/commands/2"})
    assert uses.take(other)
    monkeypatch.setattr(limits, "RESPONSES_S", -1)
    assert not uses.take(other)
