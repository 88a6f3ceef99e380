"""The text of a tune's message and card, and command choices, without Discord."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.abc_input import unfold
from bot.core.following import Progress
from bot.core.naming import slug
from bot.core.options import KEYS, matching_keys
from bot.core.texts import delivery as delivery_texts
from bot.discord.delivery import tune_message
from bot.languages import language
from generator.request import TuneRequest
from generator.user_messages import LANGUAGES
from storage import Composition, Origin, Shared, Status, Tune

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ABC = "X:1\nT:A Tune\nK:D\nABcd|\n"

ENGLISH = language("en")


def tune(**changes: Any) -> Tune:
    made: dict[str, Any] = {"abc": ABC, "title": "A Tune", "rhythm": "reel", "key": "D", "metre": "4/4", "duration_ms": 1}
    composition = Composition(**{**made, "model": "lstm", "scores": {}} | changes)
    origin = Origin(platform="discord", event_id="1", user_id="400", channel_id="300", community_id="200")
    return Tune("0" * 12, TuneRequest(seed=7), origin, Status.FINISHED, 16, None, composition, None, None, NOW, NOW, NOW)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The Piper's Chair", "the-pipers-chair"),
        ("Ó Súilleabháin’s", "o-suilleabhains"),
        ("../../etc/passwd", "etc-passwd"),
        ("***", "tune"),
        ("", "tune"),
    ],
)
def test_a_title_becomes_a_file_name_that_is_valid_everywhere(title: str, name: str) -> None:
    assert slug(title) == name


@given(st.text(max_size=300), st.text(max_size=2_500))
def test_the_message_of_any_tune_fits_and_closes_its_code_blocks(title: str, abc: str) -> None:
    content = tune_message.render_tune(tune(title=title, abc=abc), {}, file_limit=1, translate=ENGLISH).content
    assert len(content) <= 2_000
    assert content.count("```") in (0, 2)
    assert "@everyone" not in content.split("```")[0].replace("\\@", "")


def test_a_file_too_large_for_the_channel_is_left_out_and_named() -> None:
    made = tune_message.render_tune(tune(), {"tune.abc": b"12345", "tune.mp3": b"123456"}, file_limit=5, translate=ENGLISH)
    assert list(made.contents) == ["a-tune.abc"]
    assert "Too large for this channel: tune.mp3." in made.content


def test_files_can_be_posted_more_than_once() -> None:
    made = tune_message.render_tune(tune(), {"tune.abc": b"12345"}, file_limit=5, translate=ENGLISH)
    assert [made.files[0].fp.read() for _ in range(2)] == [b"12345", b"12345"]


def test_the_parent_is_linked_only_if_readers_can_open_it() -> None:
    parent = replace(tune(), message_id="77")
    assert "channels/200/300/77" in tune_message.render_tune(tune(), {}, file_limit=1, translate=ENGLISH, parent=parent).content
    elsewhere = replace(parent, origin=replace(parent.origin, channel_id="301"))
    assert "channels" not in tune_message.render_tune(tune(), {}, file_limit=1, translate=ENGLISH, parent=elsewhere).content
    shared = replace(elsewhere, shared=Shared(NOW, "200", "303", "88"))
    assert "channels/200/303/88" in tune_message.render_tune(tune(), {}, file_limit=1, translate=ENGLISH, parent=shared).content
    in_another_server = replace(shared, shared=Shared(NOW, "201", "303", "88"))
    assert (
        "channels" not in tune_message.render_tune(tune(), {}, file_limit=1, translate=ENGLISH, parent=in_another_server).content
    )


def test_in_the_sharing_channel_the_parent_is_linked_if_it_is_there_too() -> None:
    child, parent = replace(tune(), shared=Shared(NOW, "200", "303", None)), replace(tune(), message_id="77")
    content = tune_message.render_tune(child, {}, file_limit=1, translate=ENGLISH, parent=parent, in_sharing_channel=True).content
    assert "channels" not in content
    assert content.endswith("shared by <@400>")
    shared = replace(parent, shared=Shared(NOW, "200", "303", "88"))
    made = tune_message.render_tune(child, {}, file_limit=1, translate=ENGLISH, parent=shared, in_sharing_channel=True)
    assert "channels/200/303/88" in made.content


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_longest_message_still_has_seed_parent_and_owner(code: str) -> None:
    notices = [f"The sheet has no sign for {'!*_*!, ' * 600}."] * 20
    scores = {"closest_tune": {"title": "*" * 300, "shared_notes": 14}}
    made = dict.fromkeys(("title", "rhythm", "key", "model"), "*" * 300)
    long = tune(**made, abc=ABC + "A|" * 1_500, scores=scores, notices=tuple(notices))
    long = replace(long, request=TuneRequest(seed=2**31 - 1, mode="vary", structure="free", strength=3))
    content = tune_message.render_tune(
        long, {"tune.mp3": b"12"}, file_limit=1, translate=language(code), parent=replace(tune(), message_id="7" * 19)
    ).content
    assert len(content) <= 2_000
    assert all(named in content for named in (str(2**31 - 1), f"channels/200/300/{'7' * 19}", "<@400>", "tune.mp3"))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ABcd|efga", "ABcd|efga"),
        ("|: A :| B: | C :|", "|: A :| B: | C :|"),
        ("M:6/8 L:1/8 GAB c2d", "M:6/8\nL:1/8\nGAB c2d"),
        ("K:Dmix A2B", "K:Dmix\nA2B"),
        ("K:D dB A2", "K:D\ndB A2"),
        ("T:A Tune in D K:F# minor fga", "T:A Tune in D\nK:F# minor\nfga"),
        ("K:D\nABc K:G def", "K:D\nABc K:G def"),
        (None, ""),
    ],
)
def test_fields_on_one_line_get_lines_of_their_own(typed: str | None, read: str) -> None:
    assert unfold(typed) == read


def test_every_offered_key_can_be_requested() -> None:
    assert len({key.abc for key in KEYS}) == len(KEYS) == 25
    for key in KEYS:
        assert TuneRequest.check(key=key.abc).key == key.abc


@given(st.text(max_size=100))
def test_any_text_can_be_typed_for_a_key(typed: str) -> None:
    assert len(matching_keys(typed)) <= 25


def test_a_tune_played_as_written_says_so_and_shows_notices() -> None:
    played = replace(
        tune(rhythm="", model="", notices=("Only the first voice was read.", "Signs were left out: <@1>.")),
        request=TuneRequest(seed=7, opening=ABC, mode="play"),
    )
    *_, made_of, voices, signs = tune_message.render_tune(played, {}, file_limit=1, translate=ENGLISH).content.split("\n")
    assert made_of == "-# D major · 4/4 · played as written · for <@400>"
    assert voices == "-# Only the first voice was read."
    assert signs == "-# Signs were left out\\: \\<\\@1\\>."


def test_a_message_with_many_notices_fits() -> None:
    notices = [f"The sheet has no sign for {'!*_*!, ' * 600}.", *[f"Only the first tune was read, {'_' * 300}."] * 20]
    content = tune_message.render_tune(
        tune(title="*" * 300, rhythm="*" * 300, notices=tuple(notices)), {}, file_limit=1, translate=ENGLISH
    ).content
    assert len(content) <= 2_000


def test_the_card_of_a_tune_played_as_written_does_not_mention_composing() -> None:
    for status in (Status.COMPOSING, Status.RENDERING):
        now = replace(tune(), status=status, request=TuneRequest(seed=7, opening=ABC, mode="play"))
        assert delivery_texts.progress(Progress(now, 0)) == "🎻 Engraving and playing …"
