"""Features: the same for a whole tune and token by token, independent of other rows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from generator.composer.features import (
    BARS,
    INPUTS,
    MATCHED,
    MOST_PARTS,
    POSITIONS,
    REMAINING,
    FeatureState,
    inputs_of,
    tonic_class,
)
from generator.composer.returns import ALL, AT_THE_END, IN_ITS_PART, MOST, NEVER, NOTHING, Outline, outline_of
from generator.notation import tokens as t
from generator.notation.keys import Key
from generator.notation.reader import read
from tests.generator.notation.test_tokens import TUNES, random_tune

HEADER = ["<start>", "R:jig", "M:6/8", "K:major"]


def jig_tokens(text: str) -> list[str]:
    return [*HEADER, *text.split()]


def feature(tokens: Sequence[str], name: str, key: Key | None = None, **options: Any) -> list[int]:
    column: list[int] = inputs_of(tokens, key, **options)[:, list(INPUTS).index(name)].tolist()
    return column


def test_the_token_itself_is_an_input() -> None:
    tokens = t.encode(read(TUNES["jig"]))
    found = inputs_of(tokens)
    assert found.shape == (len(tokens), len(INPUTS))
    assert found.dtype == np.int32
    assert [t.VOCABULARY[token] for token in feature(tokens, "token")] == tokens


def test_position_and_bar_count_from_the_pick_up_and_alike_in_both_endings() -> None:
    tokens = t.encode(read(TUNES["jig"]))
    places = list(zip(feature(tokens, "position"), feature(tokens, "bar"), strict=True))
    text = " ".join(tokens)
    assert text.startswith("<start> R:jig M:6/8 K:major |: up24 /24 4 | 0 2 4")
    ticks = {24: 24 * 2 // 9, 48: 48 * 2 // 9, 72: 72 * 2 // 9, 120: 120 * 2 // 9, 144: 144 * 2 // 9}
    assert places[5] == (ticks[120], 0)  # a pick-up is at the end of its bar, which is class 0
    assert places[7] == (ticks[144], 0)
    assert places[8] == (0, 1)
    assert [places[index] for index in (9, 10, 11)] == [(ticks[24], 1), (ticks[48], 1), (ticks[72], 1)]
    first, second = tokens.index("[1"), tokens.index("[2")
    assert places[first] == places[second] == (0, 2)
    assert places[first + 1] == (ticks[72], 2)


def recalled(tokens: list[str], where: str) -> list[tuple[str, str]]:
    """For each note of the stream: the recalled pitch and duration."""
    pitches, durations = feature(tokens, f"pitch_{where}"), feature(tokens, f"duration_{where}")
    notes = [index for index, token in enumerate(tokens) if index > 3 and t.is_pitch(token)]
    return [(t.VOCABULARY[pitches[index - 1]], t.VOCABULARY[durations[index - 1]]) for index in notes]


def test_notes_at_the_same_offset_are_recalled_from_earlier_bars_and_the_previous_part() -> None:
    tokens = t.encode(read("R:jig\nM:6/8\nL:1/8\nK:C\n|:CDE FGA|c3 B3|CDE FGA:|\n|:EFG A3|d3 e3:|"))
    none, lasting = ("<pad>", "<pad>"), ("-", "<pad>")
    first = [(str(degree), "/24") for degree in range(6)]
    assert recalled(tokens, "1")[:14] == [none] * 6 + [first[0], first[3]] + [
        ("7", "/72"),
        lasting,
        lasting,
        ("6", "/72"),
        lasting,
        lasting,
    ]
    assert recalled(tokens, "2")[8:14] == first
    assert recalled(tokens, "part")[14:] == [*first[:4], ("7", "/72"), ("6", "/72")]


def test_a_pick_up_recalls_the_previous_pick_up_and_a_second_ending_the_first() -> None:
    tokens = t.encode(read("R:jig\nM:6/8\nL:1/8\nK:C\n|:G|CDE FGA|[1 c3 B2:|[2 d3 e2||\n|:A|EFG A3|d3 e2:|"))
    assert recalled(tokens, "part")[9:11] == [("7", "/72"), ("6", "/48")]  # the second ending recalls the first
    assert recalled(tokens, "part")[11] == ("4", "/24")  # the pick-up recalls the previous one
    assert recalled(tokens, "4")[11] == recalled(tokens, "part")[0] == ("<pad>", "<pad>")


def test_remaining_ticks_are_given_with_and_without_room_for_the_pick_up() -> None:
    tokens = [*HEADER, "|:", "up24", "/24", "4", "|", "/48", "0", "/72", "2", "3"]
    assert feature(tokens, "remaining")[4:] == [
        72,
        12,
        12,
        0,
        72,
        72,
        48,
        48,
        12,
        0,
    ]  # halves of ticks; 0 also for a bar that is too full
    assert feature(tokens, "remaining_at_part_end")[4:-2] == [72, 0, 0, 145, 60, 60, 36, 36]
    assert feature(tokens, "remaining_at_part_end")[-2:] == [0, 145]


def test_note_fits_says_whether_another_note_fits() -> None:
    tokens = ["<start>", "R:?", "M:2/4", "K:major", "|:", "/48", "0", "0", "|", "/16", "0", "1", "2", "/72", "0", "/48"]
    assert feature(tokens, "note_fits")[4:] == [0, 2, 2, 1, 2, 5, 4, 3, 2, 1, 1, 1]


def test_notes_that_match_recalled_ones_are_counted() -> None:
    tokens = t.encode(read("R:jig\nM:6/8\nL:1/8\nK:C\n|:CDE FGA|CDE FGB|CDE FGB:|"))
    notes = [index for index, token in enumerate(tokens) if index > 3 and t.is_pitch(token)]
    counted = feature(tokens, "matched_1")
    assert [counted[index] for index in notes] == [0] * 6 + [2, 3, 4, 5, 6, 1] + [2, 3, 4, 5, 6, 7]


def test_matches_are_counted_up_to_the_last_class() -> None:
    tokens = t.encode(read("R:jig\nM:6/8\nL:1/8\nK:C\n|:" + "|".join(["CDE FGA"] * 4) + ":|"))
    assert feature(tokens, "matched_1")[-2:] == [MATCHED - 1] * 2


def test_the_tonic_is_given_once_the_mode_is_known() -> None:
    tokens = t.encode(read("R:jig\nM:6/8\nL:1/8\nK:D\n|:DFA d3:|"))
    assert feature(tokens, "tonic", Key.parse("D")) == [0, 0, 0] + [3] * (len(tokens) - 3)
    assert not any(feature(tokens, "tonic"))
    assert [tonic_class(key) for key in (None, Key.parse("C"), Key.parse("Bm"))] == [0, 1, 12]


def test_section_parts_left_and_bars_left_follow_the_layout() -> None:
    tokens = jig_tokens("|: /72 0 1 [1 2 3 :| [2 2 0 || [| 4 || |: 0 0 :| <end>")
    assert feature(tokens, "section")[4:] == [2, 2, 2, 2, 3, 3, 3, 4, 5, 5, 5, 0, 1, 1, 0, 2, 2, 2, 0, 0]
    assert feature(tokens, "parts_left", outline=Outline([2, 1, 12])) == [3] * 16 + [2] * 3 + [1] * 5
    assert feature(tokens, "bars_left", outline=Outline([2, 1, 12])) == [0] * 4 + [2] * 4 + [1] * 11 + [9] * 5
    assert not any(feature(tokens, "parts_left") + feature(tokens, "bars_left"))


def test_a_layout_with_too_many_parts_is_cut_off() -> None:
    tokens = [*HEADER, *["|:", "/144", "0", ":|"] * (MOST_PARTS + 4), "<end>"]
    assert feature(tokens, "bars_left", outline=Outline([1] * (MOST_PARTS + 4)))[4:] == [1] * (len(tokens) - 4)


RETURNING = "R:jig\nM:6/8\nL:1/8\nK:C\n|:G|CDE FGA|c3 B3|CDE FGA|1 E3 C2:|2 E3 G,2||\n|:g|cde fga|c3 A3|cde fga|GEC C2:|\n"


def test_the_notes_of_a_bar_that_returns_are_given() -> None:
    tokens = t.encode(read(RETURNING))
    outline = Outline([4, 4], [(NOTHING, -1)] * 2 + [(ALL, 0), (NOTHING, -1), (NOTHING, -1), (MOST, 1), (ALL, 4), (0, -1)])
    columns = {name: feature(tokens, name, outline=outline) for name in ("return", "returned", "pitch_ahead", "part_bars")}
    begins = [index for index, token in enumerate(tokens) if token in ("|", "[1", "[2")]
    assert [columns["return"][index] for index in begins] == [NOTHING, NOTHING, ALL, NOTHING, 0, NOTHING, MOST, ALL, 0]
    assert [columns["returned"][index] for index in begins] == [IN_ITS_PART, 3, NEVER, NEVER, 0, IN_ITS_PART, NEVER, NEVER, 0]
    assert set(columns["part_bars"][5:]) == {4}
    none, first = t.INDEX[t.PAD], t.INDEX["0"]
    assert [columns["pitch_ahead"][index] for index in begins] == [
        none,
        first,
        *[none] * 3,
        t.INDEX["7"],
        t.INDEX["7"],
        none,
        none,
    ]
    third = begins[2]
    assert tokens[third + 1] == "/24"
    ahead = [t.VOCABULARY[token] for token in feature(tokens, "pitch_return", outline=outline)[third + 1 : third + 7]]
    assert ahead == ["0", "1", "2", "3", "4", "5"]
    assert feature(tokens, "matched_return", outline=outline)[third + 2 : third + 8] == [2, 3, 4, 5, 6, 7]
    assert not any(feature(tokens, name)[step] for name in columns for step in range(len(tokens)))


def test_the_last_bar_of_the_tune_marks_what_it_returns() -> None:
    outline = Outline([2, 2], [(NOTHING, -1), (NOTHING, -1), (NOTHING, -1), (ALL, 1)], [0, 4])
    tokens = t.encode(read("R:jig\nM:6/8\nL:1/8\nK:C\n|:c6|C6:|\n|:d6|C6:|\n"))
    assert feature(tokens, "returned", outline=outline)[tokens.index("|")] == AT_THE_END
    assert feature(tokens, "lift", outline=outline)[4:] == [0] * 6 + [4] * 6


@pytest.mark.parametrize("cadence", [0, t.ON_TONIC, t.ELSEWHERE])
def test_the_cadence_is_given_from_the_beginning(cadence: int) -> None:
    assert set(feature(t.encode(read(TUNES["reel"])), "cadence", cadence=cadence)) == {cadence}


def test_the_last_pitch_is_kept_across_durations_bar_lines_and_rests() -> None:
    tokens = jig_tokens("|: /24 0 /48 2^ z | - /72 z -3 :| [| 1")
    last = [t.VOCABULARY[token] for token in feature(tokens, "last_pitch")]
    assert last == ["<pad>"] * 6 + ["0", "0"] + ["2^"] * 6 + ["-3"] * 3 + ["1"]


def test_the_due_pick_up_is_given_up_to_the_first_bar_line() -> None:
    tokens = jig_tokens("|: up24 /24 4 | /72 0 /48 0 :| |: up24 /24 4 | /144 0 :| |: 0 | /72 0 :| <end>")
    owed = feature(tokens, "due_pick_up")
    second = tokens.index(":|")
    assert not any(owed[:second])
    assert owed[second : second + 5] == [12] * 5  # halves of ticks
    assert tokens[second + 5] == "|"
    third = tokens.index(":|", second + 5)
    assert not any(owed[second + 5 : third + 5])  # the last bar of the previous part was full
    assert owed[-2:] == [36, 36]


def test_inputs_stay_within_their_classes() -> None:
    bars = "/6 " + ("0 " * 48 + "| ") * 60
    tokens = ["<start>", "R:?", "M:12/8", "K:major", "|:", *bars.split()]
    parts = [*tokens[:4], *["|:", "/6", *["0"] * 48, ":|"] * 200]  # more bars than are remembered
    full = [*tokens[:6], *["0"] * 400]  # a bar that is much too full
    for found in map(inputs_of, (tokens, parts, full)):
        assert ((found >= 0) & (found < list(INPUTS.values()))).all()
    found = inputs_of(tokens)
    assert found[:, 1].max() == POSITIONS - 1 or POSITIONS <= 288 * 2 // 9
    assert found[-1, 2] == BARS - 1
    assert feature(full, "remaining_at_part_end")[-1] == REMAINING - 1


def streams(count: int) -> list[list[str]]:
    return [random_tune(random.Random(seed)) for seed in range(count)]


def test_the_inputs_of_a_row_do_not_depend_on_the_other_rows() -> None:
    tunes = streams(12)
    keys = [Key.parse(key) for key in ("D", "Am", "Gmix")]
    features = FeatureState(4)
    waiting = [(index, keys[index % 3], outline_of(tune), index % 3) for index, tune in enumerate(tunes)]
    rows: list[tuple[list[str], np.ndarray] | None] = [None] * 4
    heard = 0
    while waiting or any(rows):
        tokens = np.zeros(4, np.int64)
        for row, going in enumerate(rows):
            if going is None and waiting:
                index, key, outline, cadence = waiting.pop()
                features.begin(row, tonic=tonic_class(key), outline=outline, cadence=cadence)
                going = rows[row] = list(tunes[index]), inputs_of(tunes[index], key, outline, cadence)
            if going:
                tokens[row] = t.INDEX[going[0].pop(0)]
        features.advance(tokens)
        for row, going in enumerate(rows):
            if going:
                rest, alone = going
                at = len(alone) - len(rest) - 1
                assert np.array_equal(features.inputs[row], alone[at])
                heard += 1
                rows[row] = going if rest else None
    assert heard == sum(map(len, tunes))


def test_a_row_without_a_token_keeps_its_state() -> None:
    tune, other = streams(2)
    features = FeatureState(2)
    for row in range(2):
        features.begin(row)
    for token in tune:
        features.advance(np.array([t.INDEX[token], 0]))
    state, inputs = features.state[0].copy(), features.inputs[0].copy()
    for token in other:
        features.advance(np.array([0, t.INDEX[token]]))
    assert features.state[0] == state
    assert np.array_equal(features.inputs[0], inputs)
    assert np.array_equal(features.inputs[1], inputs_of(other)[-1])
