"""`/gallery`, `/top` and `/mine`: pages of tunes that only the person sees."""

from __future__ import annotations

import pytest

from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.bot.slack.examples import answer_to, changed, stored_tune, titles_on
from tests.loopback.slack import DIRECT, FIDDLER, PIPER, SESSION, SHOWCASE, TUNES, text_of


async def test_pages_can_be_turned_in_both_directions_after_a_restart(stage: Stage) -> None:
    slack = stage.slack
    for number in range(12):
        await stored_tune(stage, f"Tune {number}")
    await stored_tune(stage, "A private one", share=False)
    page = await answer_to(stage, "gallery", person=PIPER)
    assert titles_on(page) == ["Tune 11", "Tune 10", "Tune 9", "Tune 8", "Tune 7"]
    assert slack.buttons(page)[-1] == "▶️ Nächste Seite"
    page = await changed(stage, page, await slack.click(page, "page:next", person=PIPER))
    assert titles_on(page) == ["Tune 6", "Tune 5", "Tune 4", "Tune 3", "Tune 2"]
    await stage.restart()
    page = await changed(stage, page, await slack.click(page, "page:next", person=PIPER))
    assert titles_on(page) == ["Tune 1", "Tune 0"]
    page = await changed(stage, page, await slack.click(page, "page:previous", person=PIPER))
    assert titles_on(page) == ["Tune 6", "Tune 5", "Tune 4", "Tune 3", "Tune 2"]
    page = await changed(stage, page, await slack.click(page, "page:previous", person=PIPER))
    assert titles_on(page) == ["Tune 11", "Tune 10", "Tune 9", "Tune 8", "Tune 7"]
    assert len(slack.ephemerals(PIPER)) == 1
    assert slack.ephemerals(FIDDLER) == []
    slack.assert_rules_kept()


async def test_a_row_shows_link_owner_likes_and_day(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "The *Bold* <!channel> & Reel", person=PIPER)
    await stage.storage.sharing.like(tune_id, Viewer("slack", FIDDLER.id, SESSION.id))
    tune = await stage.tune(tune_id)
    page = await answer_to(stage, "gallery")
    head, row = (block["text"]["text"] for block in page["blocks"][:2])
    link = f"https://session.slack.com/archives/{TUNES.id}/p{str(tune.message_id).replace('.', '')}"
    assert head == "*Shared in this workspace*"
    title, details = row.split("\n")
    assert title.startswith(f"*<{link}|The ") and title.endswith(">*")
    assert "<!channel>" not in row and "*Bold*" not in row
    assert tune.shared is not None
    day = f"<!date^{int(tune.shared.at.timestamp())}^{{date_short_pretty}}|{tune.shared.at:%Y-%m-%d}>"
    assert details == f"reel · A dorian · ♥ 1 · <@{PIPER.id}> · {day}"


async def test_the_link_leads_to_the_sharing_channel_and_is_asked_for_once(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "Posted", share=False)
    posted = stage.slack.state.add_message(SHOWCASE, {"bot_id": SESSION.bot_id}, {"text": "Posted"})
    await stage.storage.sharing.share(tune_id, Viewer("slack", FIDDLER.id, SESSION.id), channel_id=SHOWCASE.id)
    await stage.storage.sharing.mark_posted(tune_id, posted["ts"])
    page = await answer_to(stage, "gallery")
    assert f"/archives/{SHOWCASE.id}/p" in text_of(page)
    await answer_to(stage, "gallery")
    assert stage.slack.calls_of["chat.getPermalink"] == 1


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("jig D", ["Banish Misfortune"]),
        ("Ador", ["The Loopback", "Cooley’s"]),
        ("ein Reel", ["The Loopback", "Cooley’s"]),
        ("loopback", ["The Loopback"]),
        ("“Cooley”", ["Cooley’s"]),
    ],
)
async def test_words_after_the_command_are_a_search(stage: Stage, words: str, found: list[str]) -> None:
    await stored_tune(stage, "Cooley’s")
    await stored_tune(stage, "Banish Misfortune", rhythm="jig", key="D")
    await stored_tune(stage, "The Loopback")
    page = await answer_to(stage, "gallery", words)
    assert titles_on(page) == found


async def test_a_search_is_in_the_heading_and_kept_when_the_page_is_turned(stage: Stage) -> None:
    for number in range(6):
        await stored_tune(stage, f"Reel {number}")
        await stored_tune(stage, f"Jig {number}", rhythm="jig", key="D")
    page = await answer_to(stage, "gallery", "jig D jig")
    assert page["blocks"][0]["text"]["text"] == "*Shared in this workspace* · jig · D major"
    page = await changed(stage, page, await stage.slack.click(page, "page:next"))
    assert titles_on(page) == ["Jig 0"]


async def test_a_title_that_is_too_long_is_refused_in_the_persons_language(stage: Stage) -> None:
    await stage.slack.acked(await stage.slack.slash("gallery", "abcdefghij " * 4, person=PIPER))
    assert "höchstens 28 Zeichen" in await stage.slack.private_text(PIPER)


@pytest.mark.parametrize(
    ("command", "words", "says"),
    [
        ("gallery", "", "Nothing has been shared here yet."),
        ("gallery", "jig", "No tunes found."),
        ("top", "month", "No tune was liked here in this period."),
        ("mine", "", "You have no tunes yet."),
    ],
)
async def test_an_empty_list_says_why(stage: Stage, command: str, words: str, says: str) -> None:
    page = await answer_to(stage, command, words)
    assert says in text_of(page)
    assert stage.slack.buttons(page) == []


async def test_top_lists_the_most_liked_of_a_period(stage: Stage) -> None:
    for title, people in (("Liked once", [FIDDLER]), ("Not liked", []), ("Liked twice", [FIDDLER, PIPER])):
        tune_id = await stored_tune(stage, title)
        for person in people:
            await stage.storage.sharing.like(tune_id, Viewer("slack", person.id, SESSION.id))
    lists = {"": "Most liked this week", "month": "Most liked this month", "all time": "Most liked of all time"}
    for words, heading in lists.items():
        page = await answer_to(stage, "top", words)
        assert heading in text_of(page)
        assert titles_on(page) == ["Liked twice", "Liked once"]


async def test_the_persons_own_tunes_say_whether_they_are_shared(stage: Stage) -> None:
    await stored_tune(stage, "Of somebody else", person=PIPER)
    await stored_tune(stage, "Shared")
    await stored_tune(stage, "Private", share=False, channel=DIRECT)
    page = await answer_to(stage, "mine")
    assert titles_on(page) == ["Private", "Shared"]
    private, shared = (block["text"]["text"] for block in page["blocks"] if block["type"] == "section" and "♥" in str(block))
    assert "· private · <!date^" in private
    assert "· shared <!date^" in shared


async def test_a_like_on_a_page_shows_the_new_number_and_counts_once_if_it_is_sent_again(stage: Stage) -> None:
    tune_id = await stored_tune(stage, "The Loved One", person=PIPER)
    page = await answer_to(stage, "gallery")
    pressed = await stage.slack.click(page, "♥")
    page = await changed(stage, page, pressed)
    assert "♥ 1" in text_of(page)
    await stage.restart()
    await stage.slack.repeat(pressed)
    await stage.slack.acked(pressed)
    assert (await stage.tune(tune_id)).likes == 1
    page = await changed(stage, page, await stage.slack.click(page, "♥"))
    assert "♥ 0" in text_of(page)
    stage.slack.assert_rules_kept()


async def test_a_button_with_a_value_that_is_no_page_changes_nothing(stage: Stage) -> None:
    await stored_tune(stage, "A Tune")
    page = await answer_to(stage, "gallery")
    before = text_of(page)
    for value in ("", "x", "0 g::::", "zzzzzzzzzzzz g:tango:::", f"{'z' * 12} g:::>1_1_zzzzzzzzzzzz:"):
        forged = {
            "type": "button",
            "action_id": "page:open",
            "text": {"type": "plain_text", "text": "Forged"},
            "value": value or "x",
        }
        page["blocks"].append({"type": "actions", "block_id": "forged", "elements": [forged]})
        count = len(stage.slack.ephemerals())
        await stage.slack.acked(await stage.slack.click(page, "Forged"))
        text = await stage.slack.private_text(after=count)
        assert "no longer available" in text
        page["blocks"].pop()
    assert text_of(page) == before
