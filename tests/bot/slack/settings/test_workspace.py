"""`/tune settings`: a workspace's rules, changed by its owners and admins."""

from __future__ import annotations

import pytest

from storage.preferences import CommunitySettings
from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.loopback.slack import (
    COMMITTEE,
    DIRECT_OF,
    FIDDLER,
    GUEST,
    HIDDEN,
    LOBBY,
    OWNER,
    PIPER,
    SESSION,
    SHOWCASE,
    TUNES,
    Payload,
    Person,
    text_of,
)

WORKSPACE = Viewer("slack", FIDDLER.id, SESSION.id)


async def form_of(stage: Stage, person: Person = FIDDLER) -> Payload:
    await stage.slack.acked(await stage.slack.slash("tune", "settings", person=person))
    return await stage.slack.modal(person, "settings:settings")


async def saved(stage: Stage, form: Payload, **values: object) -> Payload:
    """What the modal shows after the form is saved."""
    await stage.slack.acked(await stage.slack.submit(form, **values))
    return await stage.slack.modal(callback_id="screen")


async def stored(stage: Stage) -> CommunitySettings:
    return await stage.storage.preferences.community(WORKSPACE)


async def test_settings_are_saved_and_shown_after_a_restart(stage: Stage) -> None:
    form = await form_of(stage)
    await stage.restart()
    shown = await saved(
        stage, form, channels=[TUNES.id, COMMITTEE.id], cooldown_s="30", open_requests="2", sharing_channel=[SHOWCASE.id],
        deleters="everyone", instrument="harp", language="Deutsch",
    )  # fmt: skip
    assert text_of(shown).splitlines() == [
        "*Einstellungen dieses Workspace*", f"• Kanal zum Teilen: <#{SHOWCASE.id}>",
        f"• Kanäle für Tunes: <#{TUNES.id}> <#{COMMITTEE.id}>",
        "• Pause: 30 Sekunden", "• unfertige Tunes pro Person: 2", "• wer löschen kann: alle", "• Instrument: Harfe",
        "• Sprache: Deutsch",
    ]  # fmt: skip
    expected = CommunitySettings((TUNES.id, COMMITTEE.id), 30, 2, "everyone", "harp", SHOWCASE.id, "de")
    assert await stored(stage) == expected
    await stage.restart()
    await stage.slack.close_view(shown)
    form = await form_of(stage)
    values = {block: next(iter(held.values())) for block, held in form["state"]["values"].items()}
    assert values["channels"]["selected_conversations"] == [TUNES.id, COMMITTEE.id]
    assert values["sharing_channel"]["selected_conversations"] == [SHOWCASE.id]
    assert (values["cooldown_s"]["value"], values["deleters"]["selected_option"]["value"]) == ("30", "everyone")
    await saved(stage, form)
    assert await stored(stage) == expected
    stage.slack.assert_rules_kept()


async def test_emptied_fields_have_their_defaults_again(stage: Stage) -> None:
    await stage.storage.preferences.change_community(WORKSPACE, channels=[TUNES.id], cooldown_s=9, sharing_channel=SHOWCASE.id)
    await saved(stage, await form_of(stage), channels=None, cooldown_s=None, sharing_channel=None, deleters="not set")
    assert await stored(stage) == CommunitySettings()


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("cooldown_s", "soon", "from 0 to 86,400"),
        ("cooldown_s", "-1", "from 0 to 86,400"),
        ("open_requests", "0", "from 1 to 100"),
        ("open_requests", "2.5", "from 1 to 100"),
    ],
)
async def test_a_wrong_value_is_explained_beside_its_field(stage: Stage, field: str, typed: str, says: str) -> None:
    form = await form_of(stage)
    await stage.slack.acked(await stage.slack.submit(form, **{field: typed}))
    errors = stage.slack.errors(form)
    assert list(errors) == [field]
    assert says in errors[field]
    assert await stored(stage) == CommunitySettings()


@pytest.mark.parametrize("person", [PIPER, GUEST])
async def test_others_than_owners_and_admins_get_no_form(stage: Stage, person: Person) -> None:
    await stage.slack.acked(await stage.slack.slash("tune", "settings", person=person))
    text = await stage.slack.private_text(person)
    assert "Admins" in text or "administradores" in text
    assert stage.slack.views_of(person) == []


async def test_who_is_no_longer_an_admin_changes_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    form = await form_of(stage, OWNER)
    await stage.restart()
    changed = Person(OWNER.id, OWNER.name)
    monkeypatch.setitem(stage.slack.state.people, OWNER.id, changed)
    await stage.slack.acked(await stage.slack.submit(form, cooldown_s="9"))
    assert "Only owners and admins" in str(stage.slack.errors(form))
    await stage.slack.acked(await stage.slack.click(form, "settings:reset-settings"))
    await stage.slack.until(lambda: any("Only owners" in m["text"] for m in stage.slack.messages_in(DIRECT_OF[OWNER.id])))
    assert await stored(stage) == CommunitySettings()


async def test_everything_is_reset_after_a_restart(stage: Stage) -> None:
    await stage.storage.preferences.change_community(WORKSPACE, cooldown_s=9, language="ga")
    form = await form_of(stage)
    await stage.restart()
    await stage.slack.acked(await stage.slack.click(form, "settings:reset-settings"))
    await stage.slack.modal(callback_id="screen")
    assert await stored(stage) == CommunitySettings()


async def test_the_app_joins_a_public_sharing_channel(stage: Stage) -> None:
    await saved(stage, await form_of(stage), sharing_channel=[LOBBY.id])
    await stage.slack.until(lambda: SESSION.id in stage.slack.state.channels[LOBBY.id].bots)


async def test_the_person_is_asked_to_invite_the_app_to_a_private_sharing_channel(stage: Stage) -> None:
    await saved(stage, await form_of(stage), sharing_channel=[HIDDEN.id])
    shown = await stage.slack.until(lambda: [view for view in stage.slack.views_of() if "/invite" in text_of(view)])
    assert f"⚠️ I'm not in <#{HIDDEN.id}> yet." in text_of(shown[0])


async def test_no_invitation_is_asked_for_where_the_app_is_a_member(stage: Stage) -> None:
    shown = await saved(stage, await form_of(stage), sharing_channel=[COMMITTEE.id])
    await stage.slack.until(lambda: stage.slack.calls_of.get("conversations.join"))
    await stage.slack.acked(await stage.slack.slash("tune", "privacy"))
    await stage.slack.private_text()
    assert "/invite" not in text_of(shown)
