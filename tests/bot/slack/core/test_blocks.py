"""Block Kit's parts: escaped text, lengths, and what is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.naming import utf16_length
from bot.slack.core import blocks, limits


def test_mentions_and_links_that_people_type_are_harmless() -> None:
    escaped = blocks.escape("<!channel> <@U1> <https://evil.example|bank> & <#C024BE7LR>")
    assert "<!" not in escaped and "<@" not in escaped and "<http" not in escaped
    assert "&lt;!channel&gt;" in escaped and "&amp;" in escaped
    assert "<#C024BE7LR>" in escaped  # our own texts name channels


def test_markup_that_people_type_has_a_gap_in_it() -> None:
    for sign in "*_~`":
        assert f"{sign}bold{sign}" not in blocks.escape(f"{sign}bold{sign}")
    assert ":tada:" not in blocks.escape(":tada:")
    assert not blocks.escape("> quoted").startswith("&gt;")
    assert blocks.escape("M:6/8 L:1/8 K:D") == "M:6/8 L:1/8 K:D"


def test_abc_can_be_copied_from_a_code_block_and_cannot_end_it() -> None:
    block = blocks.code_block("T:``` <!here>\n|:EAAB c2Bc:|")
    assert block.startswith("```T:''' &lt;!here&gt;\n|:EAAB c2Bc:|") and block.count("```") == 2


@given(st.text(alphabet="a&<>é🎻|@#C1", max_size=60), st.integers(5, 40))
def test_a_cut_text_fits_and_ends_with_no_half_entity(text: str, limit: int) -> None:
    short = blocks.cut(blocks.escape(text), limit)
    assert utf16_length(short) <= limit
    if utf16_length(blocks.escape(text)) > limit:
        tail = short.removesuffix("…")
        assert tail.rfind("<") <= tail.rfind(">") and tail.rfind("&") <= tail.rfind(";")


def test_an_emoji_counts_as_two_characters() -> None:
    assert utf16_length("🎻") == 2
    assert blocks.cut("🎻🎻", 3) == "🎻…"


def test_texts_are_cut_to_their_limits() -> None:
    long = "x" * 5_000
    assert len(blocks.section(long)["text"]["text"]) == limits.TEXT_CHARACTERS
    assert len(blocks.header(long)["text"]["text"]) == limits.HEADER_CHARACTERS
    assert len(blocks.button("a", long)["text"]["text"]) == limits.BUTTON_CHARACTERS
    assert len(blocks.modal("m", long, [])["title"]["text"]) == limits.VIEW_TITLE_CHARACTERS
    assert len(blocks.menu("m", "", [blocks.option(str(number), "x") for number in range(200)])["options"]) == limits.OPTIONS


def test_an_id_or_value_of_ours_that_is_too_long_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="is longer than"):
        blocks.button("a" * 256, "Again")
    with pytest.raises(ValueError, match="is longer than"):
        blocks.button("a", "Again", "v" * 2_001)
    with pytest.raises(ValueError, match="is longer than"):
        blocks.option("v" * 151, "Again")


def test_parts_that_are_empty_are_left_out() -> None:
    assert blocks.button("a", "Again") == {
        "type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Again", "emoji": False}
    }  # fmt: skip
    assert "initial_option" not in blocks.menu("m", "Choose", [blocks.option("1", "one")], initial="2")
    assert blocks.menu("m", "Choose", [blocks.option("1", "one")], initial="1")["initial_option"]["value"] == "1"


def test_a_row_shows_the_title_as_it_was_typed() -> None:
    row = blocks.tune_row("*Bold* <b>", ["reel", "", "A dorian"], url="https://tunes.example.org/tunes/1")
    assert row["text"]["text"].startswith("*<https://tunes.example.org/tunes/1|")
    assert "<b>" not in row["text"]["text"] and row["text"]["text"].endswith("\nreel · A dorian")


def test_values_of_a_view_are_read_by_block() -> None:
    view = {
        "state": {
            "values": {
                "words": {"input": {"type": "plain_text_input", "value": "a reel"}},
                "key": {"menu": {"type": "static_select", "selected_option": {"value": "Ador"}}},
                "tempo": {"input": {"type": "plain_text_input", "value": None}},
            }
        }
    }
    assert blocks.values_of(view) == {"words": "a reel", "key": "Ador", "tempo": ""}
