"""`/gallery` and `/top`: pages of shared tunes, and opened tunes."""

from __future__ import annotations

from typing import Any

import pytest

from storage import FileMissing, Viewer
from tests.bot.discord import examples
from tests.bot.discord.conftest import ABC, FILES, Stage
from tests.bot.discord.examples import stored_tune, titles_on
from tests.loopback.discord import DIRECT, ELSEWHERE, FIDDLER, PIPER, PRIVATE, TUNES, Channel, Interaction, Payload


async def page_of(stage: Stage, asked: Interaction) -> Payload:
    """The private answer to a command, once it is filled in."""
    await stage.discord.deferred(asked)
    await stage.discord.until(lambda: not stage.discord.is_thinking(asked))
    page = stage.discord.card(asked)
    assert page is not None and page["flags"] & 64, "everybody sees it"
    return page


async def press_button(stage: Stage, page: Payload, button: str, **by: Any) -> Payload:
    """The page after a press that changes it."""
    return await changed_page(stage, page, await stage.discord.click(page, button, **by))


async def changed_page(stage: Stage, page: Payload, press: Interaction) -> Payload:
    """The page after the last edit that the press caused."""
    edit, message = f"PATCH /webhooks/100/{press.token}/messages/@original", stage.discord.messages[page["id"]]

    def arrived() -> bool:
        edits = [sent.data for sent in stage.discord.sent if sent.call == edit]
        return bool(edits) and message["components"] == (edits[-1]["components"] or [])

    await stage.discord.until(arrived)
    return message


async def test_pages_can_be_turned_in_both_directions_after_a_restart(stage: Stage) -> None:
    for number in range(12):
        await stored_tune(stage, f"Tune {number}")
    await stored_tune(stage, "A private one", share=False)
    page = await page_of(stage, await stage.discord.slash("gallery", person=PIPER))
    assert titles_on(page) == ["Tune 11", "Tune 10", "Tune 9", "Tune 8", "Tune 7"]
    assert list(stage.discord.buttons(page)) == ["Next page"]
    page = await press_button(stage, page, "Next page", person=PIPER)
    assert titles_on(page) == ["Tune 6", "Tune 5", "Tune 4", "Tune 3", "Tune 2"]
    await stage.stop_bot()
    await stage.start_bot()
    page = await press_button(stage, page, "Next page", person=PIPER)
    assert titles_on(page) == ["Tune 1", "Tune 0"]
    assert list(stage.discord.buttons(page)) == ["Previous page"]
    page = await press_button(stage, page, "Previous page", person=PIPER)
    assert titles_on(page) == ["Tune 6", "Tune 5", "Tune 4", "Tune 3", "Tune 2"]
    page = await press_button(stage, page, "Previous page", person=PIPER)
    assert titles_on(page) == ["Tune 11", "Tune 10", "Tune 9", "Tune 8", "Tune 7"]
    stage.discord.assert_no_pings()


async def test_a_line_shows_title_owner_and_link(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "The *Bold* Reel @everyone", person=PIPER)
    await stage.storage.sharing.like(tune_id, Viewer("discord", FIDDLER.id, TUNES.server))
    page = await page_of(stage, await stage.discord.slash("gallery"))
    head, line = page["content"].split("\n")
    assert head == "**Shared in this server**"
    assert line.startswith(r"- **The \*Bold\* Reel \@everyone** · reel · A dorian · ♥ 1 · <@401> · <t:")
    assert line.endswith("· [message](https://discord.com/channels/200/300/555)")
    stage.discord.assert_no_pings()


async def test_the_link_prefers_the_sharing_channel(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "Posted", share=False)
    await stage.storage.sharing.share(tune_id, Viewer("discord", FIDDLER.id, TUNES.server), channel_id="301")
    await stage.storage.sharing.mark_posted(tune_id, "777")
    page = await page_of(stage, await stage.discord.slash("gallery"))
    assert "(https://discord.com/channels/200/301/777)" in page["content"]


async def test_an_opened_tune_has_its_files_and_leads_back_to_its_page(stage: Stage) -> None:
    discord = stage.discord
    for number in range(7):
        await stored_tune(stage, f"Tune {number}")
    page = await page_of(stage, await discord.slash("gallery", person=PIPER))
    page = await press_button(stage, page, "Next page", person=PIPER)
    await stage.stop_bot()
    await stage.start_bot()
    opened = await changed_page(stage, page, await discord.select(page, "Tune 1", person=PIPER))
    assert [file["filename"] for file in opened["attachments"]] == ["tune-1.abc", "tune-1.mp3", "tune-1.png"]
    assert discord.file(opened, ".mp3") == FILES["tune.mp3"][1]
    assert opened["content"].startswith("**Tune 1**\n```\nX:1\nT:Tune 1")
    assert list(discord.buttons(opened)) == ["♥ 0", "Continue", "Vary", "Back"]
    await stage.stop_bot()
    await stage.start_bot()
    back = await press_button(stage, opened, "Back", person=PIPER)
    assert (titles_on(back), back["attachments"]) == (["Tune 1", "Tune 0"], [])
    assert discord.messages_in() == [], "somebody else sees it"
    discord.assert_no_pings()


async def test_a_tune_that_lacks_a_file_is_opened_with_the_others(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "FILES", {name: file for name, file in FILES.items() if name != "tune.png"})
    await stored_tune(stage, "Without a Sheet")
    page = await page_of(stage, await stage.discord.slash("gallery", person=PIPER))
    opened = await changed_page(stage, page, await stage.discord.select(page, "Without a Sheet", person=PIPER))
    assert [file["filename"] for file in opened["attachments"]] == ["without-a-sheet.abc", "without-a-sheet.mp3"]


async def test_a_tune_whose_file_is_lost_is_not_opened_and_the_person_is_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stored_tune(stage, "The Lost One")
    page = await page_of(stage, await stage.discord.slash("gallery", person=PIPER))

    async def lost(tune_id: str, name: str) -> bytes:
        raise FileMissing

    monkeypatch.setattr(stage.storage, "read", lost)
    answer = await stage.discord.private_message(await stage.discord.select(page, "The Lost One", person=PIPER))
    assert "is being made again" in answer["content"]


async def test_a_like_is_given_and_removed_after_a_restart(stage: Stage) -> None:
    discord = stage.discord
    tune_id = await stored_tune(stage, "The Loved One")
    page = await page_of(stage, await discord.slash("gallery", person=PIPER))
    opened = await changed_page(stage, page, await discord.select(page, "The Loved One", person=PIPER))
    opened = await press_button(stage, opened, "♥ 0", person=PIPER)
    assert list(discord.buttons(opened)) == ["♥ 1", "Continue", "Vary", "Back"]
    assert len(opened["attachments"]) == 3
    tune = await stage.storage.tune(tune_id)
    assert tune is not None and tune.likes == 1
    await stage.stop_bot()
    await stage.start_bot()
    opened = await press_button(stage, opened, "♥ 1", person=PIPER)
    assert "♥ 0" in discord.buttons(opened)


@pytest.mark.parametrize(("button", "mode"), [("Vary", "vary"), ("Continue", "continue")])
async def test_a_derived_tune_is_public(stage: Stage, button: str, mode: str) -> None:
    discord = stage.discord
    tune_id = await stored_tune(stage, "The Parent")
    page = await page_of(stage, await discord.slash("gallery", person=PIPER))
    opened = await changed_page(stage, page, await discord.select(page, "The Parent", person=PIPER))
    tune = await stage.accepted(await discord.click(opened, button, person=PIPER))
    assert (tune.parent_id, tune.origin.user_id, tune.request.mode) == (tune_id, PIPER.id, mode)
    await stage.compose(tune.id)
    [message] = await discord.posted()
    assert message["id"] == await stage.delivered(tune.id)


@pytest.mark.parametrize("search", [{"search": "humours"}, {"rhythm": "jig"}, {"key": "dorian"}, {"search": "a:b ünï"}])
async def test_the_search_is_kept_from_page_to_page(stage: Stage, search: dict[str, Any]) -> None:
    for number in range(6):
        await stored_tune(stage, f"Humours of A:B Ünïcode {number}", rhythm="jig", key="Edor")
        await stored_tune(stage, f"Other {number}", rhythm="reel", key="D")
    page = await page_of(stage, await stage.discord.slash("gallery", **search))
    assert [title[-1] for title in titles_on(page)] == ["5", "4", "3", "2", "1"]
    await stage.stop_bot()
    await stage.start_bot()
    page = await press_button(stage, page, "Next page")
    assert titles_on(page) == ["Humours of A:B Ünïcode 0"]
    opened = await changed_page(stage, page, await stage.discord.select(page, "Humours of A:B Ünïcode 0"))
    assert titles_on(await press_button(stage, opened, "Back")) == ["Humours of A:B Ünïcode 0"]


async def test_a_server_shows_its_own_shared_tunes_and_direct_messages_show_all(stage: Stage) -> None:
    await stored_tune(stage, "Here")
    await stored_tune(stage, "There", channel=ELSEWHERE)
    await stored_tune(stage, "Between us", channel=DIRECT)

    async def shown(channel: Channel) -> list[str]:
        return titles_on(await page_of(stage, await stage.discord.slash("gallery", channel=channel, person=PIPER)))

    assert await shown(TUNES) == ["Here"]
    assert await shown(ELSEWHERE) == ["There"]
    assert await shown(PRIVATE) == ["Between us", "There", "Here"]


async def test_a_tune_is_opened_where_the_bot_is_not_a_member(stage: Stage) -> None:
    await stored_tune(stage, "There", channel=ELSEWHERE)
    page = await page_of(stage, await stage.discord.slash("gallery", channel=ELSEWHERE))
    opened = await changed_page(stage, page, await stage.discord.select(page, "There"))
    assert len(opened["attachments"]) == 3
    assert titles_on(await press_button(stage, opened, "Back")) == ["There"]


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        ("gallery", {}, "press Share under it"),
        ("gallery", {"search": "nothing"}, "Use fewer search options"),
        ("top", {}, "Press ♥ under one"),
        ("mine", {}, "Request one, and you find it here"),
    ],
)
@pytest.mark.parametrize("channel", [TUNES, DIRECT], ids=lambda channel: channel.name)
async def test_an_empty_list_says_what_to_do(
    stage: Stage, command: str, options: dict[str, Any], told: str, channel: Channel
) -> None:
    page = await page_of(stage, await stage.discord.slash(command, channel=channel, **options))
    assert told in page["content"]
    assert page["components"] == []


@pytest.mark.parametrize("command", ["gallery", "mine"])
@pytest.mark.parametrize(("options", "told"), [({"key": "H"}, "is not a key"), ({"search": "🎻" * 20}, "at most 28 characters")])
async def test_an_invalid_search_is_refused_privately(stage: Stage, command: str, options: dict[str, Any], told: str) -> None:
    assert told in await stage.discord.private_text(await stage.discord.slash(command, **options))


async def test_top_lists_the_most_liked_of_a_week_a_month_or_all_time(stage: Stage) -> None:
    first, second = await stored_tune(stage, "Liked once"), await stored_tune(stage, "Liked twice")
    await stored_tune(stage, "Liked by nobody")
    for tune_id, person in ((first, PIPER), (second, PIPER), (second, FIDDLER)):
        await stage.storage.sharing.like(tune_id, Viewer("discord", person.id, TUNES.server))
    headings: list[tuple[dict[str, Any], str]] = [
        ({}, "**Most liked this week**"),
        ({"period": "month"}, "**Most liked this month**"),
        ({"period": "ever"}, "**Most liked of all time**"),
    ]
    for options, head in headings:
        page = await page_of(stage, await stage.discord.slash("top", **options))
        assert page["content"].startswith(head)
        assert titles_on(page) == ["Liked twice", "Liked once"]
    opened = await changed_page(stage, page, await stage.discord.select(page, "Liked once"))
    assert titles_on(await press_button(stage, opened, "Back")) == ["Liked twice", "Liked once"]


async def test_a_deleted_tune_says_so_privately(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "Gone soon", person=PIPER)
    page = await page_of(stage, await stage.discord.slash("gallery"))
    other = await page_of(stage, await stage.discord.slash("gallery"))
    opened = await changed_page(stage, page, await stage.discord.select(page, "Gone soon"))
    await stage.storage.sharing.delete(tune_id, Viewer("discord", PIPER.id, TUNES.server))
    for press in (await stage.discord.select(other, "Gone soon"), await stage.discord.click(opened, "♥ 0")):
        assert "no longer available" in await stage.discord.private_text(press)
    assert titles_on(await press_button(stage, opened, "Back")) == []


@pytest.mark.parametrize("page", ["", "g:tango:::", "g::::" + "x" * 90])
async def test_a_forged_page_is_refused(stage: Stage, page: str) -> None:
    discord = stage.discord
    tune_id = await stored_tune(stage, "The Only One", person=PIPER)
    shown = await page_of(stage, await discord.slash("gallery"))
    opened = await changed_page(stage, shown, await discord.select(shown, "The Only One"))
    opened["components"][0]["components"][-1]["custom_id"] = f"page:{page}"[:100]
    for button in ("Back", "♥ 0"):
        assert "use the command again" in await discord.private_text(await discord.click(opened, button))
    menu = {"type": 3, "custom_id": f"open:{page}"[:100], "options": [{"label": "One", "value": tune_id}]}
    opened["components"] = [{"type": 1, "components": [menu]}]
    assert "use the command again" in await discord.private_text(await discord.select(opened, "One"))


@pytest.mark.parametrize("at", [">nowhere", "<1_2", ">1_99999999999999999_000000000000"])
async def test_a_forged_cursor_is_refused(stage: Stage, at: str) -> None:
    for number in range(6):
        await stored_tune(stage, f"Tune {number}")
    page = await page_of(stage, await stage.discord.slash("gallery"))
    page["components"][-1]["components"][-1]["custom_id"] = f"page:g:::{at}:"
    assert "use the command again" in await stage.discord.private_text(await stage.discord.click(page, "Next page"))


async def test_a_forged_menu_says_that_the_tune_is_gone(stage: Stage) -> None:
    discord = stage.discord
    await stored_tune(stage, "The Only One")
    shown = await page_of(stage, await discord.slash("gallery"))
    for value in ("x", "0" * 12, "'; DROP TABLE tunes", "\0" * 12):
        shown["components"][0]["components"][0]["options"][0]["value"] = value
        assert "no longer available" in await discord.private_text(await discord.select(shown, "The Only One"))


async def test_a_private_tune_of_another_server_is_not_opened_by_its_id(stage: Stage) -> None:
    discord = stage.discord
    await stored_tune(stage, "The Only One")
    private = await stored_tune(stage, "Private there", person=FIDDLER, channel=ELSEWHERE, share=False)
    shown = await page_of(stage, await discord.slash("gallery", person=PIPER))
    shown["components"][0]["components"][0]["options"][0]["value"] = private
    assert "no longer available" in await discord.private_text(await discord.select(shown, "The Only One", person=PIPER))
    assert ABC not in shown["content"]


@pytest.mark.parametrize("command", ["gallery", "mine", "defaults"])
async def test_keys_are_offered_as_they_are_typed(stage: Stage, command: str) -> None:
    offered = await stage.discord.autocomplete(command, "key", "a d")
    assert offered == [{"name": "A dorian", "value": "Ador"}]


async def test_the_commands_are_available_everywhere(stage: Stage) -> None:
    for name in ("gallery", "top", "mine", "tunebook", "defaults", "help", "privacy"):
        command = stage.discord.commands[name]
        assert (command["integration_types"], command["contexts"]) == ([0, 1], [0, 1, 2])
        assert not any(option.get("required") for option in command["options"])
