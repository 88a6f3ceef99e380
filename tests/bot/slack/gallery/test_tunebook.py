"""`/tune tunebook`: many tunes as one ABC file, in a direct message."""

from __future__ import annotations

import pytest

from storage.viewer import Viewer
from tests.bot.slack.conftest import Stage
from tests.bot.slack.examples import stored_tune
from tests.loopback.slack import DIRECT_OF, FIDDLER, PIPER, SESSION


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("", ["Tune 2", "Tune 1", "Tune 0"]),
        ("month", ["Tune 1"]),
        ("monat", ["Tune 1"]),
        ("mine", ["The Piper's"]),
        ("meine", ["The Piper's"]),
    ],
)
async def test_a_tunebook_is_sent_directly_after_a_restart(stage: Stage, words: str, titles: list[str]) -> None:
    slack = stage.slack
    await stored_tune(stage, "The Piper's", person=PIPER, share=False)
    ids = [await stored_tune(stage, f"Tune {number}") for number in range(3)]
    await stage.storage.sharing.like(ids[1], Viewer("slack", PIPER.id, SESSION.id))
    await stage.restart()
    sent = await slack.slash("tune", f"tunebook {words}", person=PIPER)
    await slack.acked(sent)
    [message] = await slack.posted(DIRECT_OF[PIPER.id])
    abc = slack.file(message, "tunebook.abc").decode()
    assert [line[2:] for line in abc.splitlines() if line.startswith("T:")] == titles
    assert f"{len(titles)} Tune" in message["blocks"][0]["text"]["text"]
    assert "Direktnachricht" in await slack.private_text(PIPER)
    await slack.acked(await slack.repeat(sent))
    await slack.acked(await slack.slash("tune", "tunebook", person=PIPER))
    await slack.until(lambda: len(slack.tunes(DIRECT_OF[PIPER.id])) == 2)
    slack.assert_rules_kept()


@pytest.mark.parametrize(
    ("words", "says"),
    [("", "Nothing has been shared here yet"), ("week", "No tune was liked here"), ("mine", "You have no tunes yet")],
)
async def test_an_empty_tunebook_says_why(stage: Stage, words: str, says: str) -> None:
    await stage.slack.acked(await stage.slack.slash("tune", f"tunebook {words}"))
    assert says in await stage.slack.private_text()
    assert stage.slack.tunes(DIRECT_OF[FIDDLER.id]) == []
