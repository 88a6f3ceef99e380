"""Which tokens are legal next. There is always one: the grammar has no dead ends.

Bars add up to the metre. A pick-up is paired with the short last bar of every part. Triplets are complete, ties reach
their note, repeats and endings close, parts have the requested length, and pitches stay within the instrument's range.

    where                       what is legal
    header                      <start>, then a rhythm, a metre and a mode that the request allows
    before, between parts       `|:` or `[|` while the tune may have another part; <end> once it has enough
    part just opened            music, or a pick-up: up to half a bar long; from the second part on as the previous part left it
    in a bar                    durations that fit, then pitches and rests of that duration
    after a tie                 the same pitch again, behind the bar line if the bar is full
    bar full                    `|`; `[1` shortly before the end of a repeated part; a tie if the note can be held
    last bar of the part full   `:|` or `||`
    `:|` of a first ending      `[2`
"""

from __future__ import annotations

from generator.composer.arrays import BoolArray, Mask
from generator.composer.compiled import compiled
from generator.composer.features import MOST_PARTS, FeatureRecord
from generator.composer.form import FREE_BARS
from generator.composer.grammar_state import (
    HEADER_TOKENS,
    ONCE,
    TWICE,
    GrammarRecord,
    GrammarRow,
    is_last_bar,
    is_playable,
    pick_up_ticks,
    remaining,
)
from generator.composer.grammar_tables import Tables
from generator.composer.token_kinds import Kind
from generator.notation.tokens import ON_TONIC


@compiled
def legal_tokens(row: GrammarRow, features: FeatureRecord, mask: Mask, tables: Tables) -> None:
    """Writes the legal tokens of one row into `mask`."""
    grammar = row.state
    mask[:] = False
    last = tables.kinds[grammar.last_token]
    if grammar.token_count == 0:
        _allow(mask, tables, Kind.START)
    elif grammar.token_count == 2 and not row.header[1].any():
        mask[:] = tables.written_in[grammar.last_token]
    elif grammar.token_count < HEADER_TOKENS:
        mask[:] = row.header[grammar.token_count - 1]
    elif features.part < 0 or grammar.part_closed:
        _allow_between_parts(grammar, features, mask, tables)
    elif (last == Kind.OPEN_REPEATED or last == Kind.OPEN) and not grammar.free_bar:
        _allow_part_beginning(grammar, features, row.playable, mask, tables)
    elif last == Kind.REPEAT:  # of a first ending
        _allow(mask, tables, Kind.SECOND)
    elif grammar.tied and remaining(grammar, features) <= 0:
        _allow(mask, tables, Kind.BAR)
    elif (
        grammar.tied or last == Kind.DURATION or last == Kind.TRIPLET or features.triplet_left or remaining(grammar, features) > 0
    ):
        _allow_music(grammar, features, row.playable, mask, tables)
        if (
            _may_close_free_part(grammar, features)
            and not grammar.tied
            and last >= Kind.REST
            and features.triplet_left % 3 == 0
            and features.bar_offset == features.bar_ticks - pick_up_ticks(grammar, features)
        ):
            _allow_part_end(grammar, features, mask, tables)
    else:
        _allow_bar_end(grammar, features, mask, tables)
    if grammar.token_count >= HEADER_TOKENS and row.omitted.any():
        _remove_omitted(features, row.omitted, mask, tables)


@compiled
def _allow(mask: Mask, tables: Tables, kind: int) -> None:
    for token in range(len(mask)):
        if tables.kinds[token] == kind:
            mask[token] = True


@compiled
def _allow_between_parts(grammar: GrammarRecord, features: FeatureRecord, mask: Mask, tables: Tables) -> None:
    parts = features.part + 1
    bars_played = grammar.bars_played + 2 * grammar.form_bars
    fits = parts < grammar.most_parts and bars_played <= tables.most_bars[grammar.rhythm, grammar.metre]
    another = parts < grammar.fewest_parts or fits
    played = grammar.repeats[parts] if parts < MOST_PARTS else 0
    if another and (played == TWICE or (played == 0 and (grammar.repeated or grammar.free))):
        _allow(mask, tables, Kind.OPEN_REPEATED)
    if another and (played == ONCE or (played == 0 and (not grammar.repeated or grammar.free))):
        _allow(mask, tables, Kind.OPEN)
    if parts >= grammar.fewest_parts:
        _allow(mask, tables, Kind.END)


@compiled
def _allow_part_beginning(
    grammar: GrammarRecord, features: FeatureRecord, playable: BoolArray, mask: Mask, tables: Tables
) -> None:
    for token in range(len(mask)):
        if tables.kinds[token] == Kind.PICK_UP:
            ticks = tables.ticks[token]
            mask[token] = ticks <= features.bar_ticks // 2 if features.part == 0 else ticks == grammar.next_pick_up
    if features.part == 0 or not mask.any():
        _allow_music(grammar, features, playable, mask, tables)


@compiled
def _allow_music(grammar: GrammarRecord, features: FeatureRecord, playable: BoolArray, mask: Mask, tables: Tables) -> None:
    """Inside a bar: notes of the current duration if it fits, and other durations that fit.

    One of them always fits: what remains of a bar is a multiple of the shortest duration.
    """
    room, last = remaining(grammar, features), tables.kinds[grammar.last_token]
    cadence = _is_cadence_note(grammar, features, room) and not grammar.tied
    in_triplet = features.triplet_left == 1 or features.triplet_left == 2
    fits = in_triplet or 0 < features.span <= room
    rests = not features.triplet_left and features.bar >= 0  # none in a pick-up
    for token in range(len(mask)):
        kind, ticks = tables.kinds[token], tables.ticks[token]
        if kind >= Kind.REST:
            if fits and grammar.tied:
                mask[token] = token == grammar.last_note
            elif fits and cadence:
                allowed = kind == Kind.PITCH and tables.tonics[token] == (features.cadence == ON_TONIC)
                mask[token] = allowed and is_playable(grammar, playable, token)
            elif fits:
                mask[token] = rests if kind == Kind.REST else is_playable(grammar, playable, token)
        elif (
            kind >= Kind.DURATION
            and not in_triplet
            and last != Kind.DURATION
            and last != Kind.TRIPLET
            and ticks != features.duration
        ):
            span = 3 * ticks if kind == Kind.TRIPLET else ticks
            mask[token] = span <= room and not (grammar.tied and kind == Kind.TRIPLET)


@compiled
def _is_cadence_note(grammar: GrammarRecord, features: FeatureRecord, room: int) -> bool:
    """Whether the next note fills the last bar of a tune whose cadence is given. room: ticks that remain of the bar."""
    fills = room == (features.duration if features.triplet_left == 1 else features.span)
    return fills and is_last_bar(grammar, features) and _ends_with_cadence(grammar, features)


@compiled
def _ends_with_cadence(grammar: GrammarRecord, features: FeatureRecord) -> bool:
    """Whether this part, or its second ending, must end with the given cadence."""
    return features.cadence > 0 and features.part + 1 >= grammar.most_parts and features.ending != 1 and not grammar.free


@compiled
def _allow_bar_end(grammar: GrammarRecord, features: FeatureRecord, mask: Mask, tables: Tables) -> None:
    if features.bar >= 0 and is_last_bar(grammar, features):
        return _allow_part_end(grammar, features, mask, tables)
    _allow(mask, tables, Kind.BAR)
    if features.bar < 0:  # a pick-up
        return None
    bars_left = grammar.part_bars - (features.bar + 1)
    near_end = features.bar + 1 >= FREE_BARS[0] - 1 if grammar.free else bars_left <= 2
    if features.ending == 0 and grammar.part_repeated and near_end and bars_left > 0:
        _allow(mask, tables, Kind.FIRST)
    last = tables.kinds[grammar.last_token]
    # A note tied into the last bar might last to its end, so it must be one that the cadence allows.
    off_cadence = tables.tonics[grammar.last_token] != (features.cadence == ON_TONIC)
    spoils_cadence = bars_left == 1 and off_cadence and _ends_with_cadence(grammar, features)
    whole_note = last == Kind.PITCH and grammar.last_token == grammar.last_note and features.duration == features.span
    if whole_note and not spoils_cadence:
        _allow(mask, tables, Kind.TIE)
    if _may_close_free_part(grammar, features) and pick_up_ticks(grammar, features) == 0:
        _allow_part_end(grammar, features, mask, tables)
    return None


@compiled
def _may_close_free_part(grammar: GrammarRecord, features: FeatureRecord) -> bool:
    """Whether a part of a free form may end with this bar. Its second ending is as long as the first."""
    long_enough = features.ending == 1 or features.bar + 1 >= FREE_BARS[0]
    return grammar.free > 0 and features.ending != 2 and long_enough and not grammar.free_bar


@compiled
def _allow_part_end(grammar: GrammarRecord, features: FeatureRecord, mask: Mask, tables: Tables) -> None:
    _allow(mask, tables, Kind.CLOSE if features.ending == 2 or not grammar.part_repeated else Kind.REPEAT)


@compiled
def _remove_omitted(features: FeatureRecord, omitted: BoolArray, mask: Mask, tables: Tables) -> None:
    """Removes the tokens to leave out, unless nothing else is legal: an opening may contain them and stop in their midst."""
    duration_omitted = False  # whether the current duration is to be left out, and so all notes of it
    for token in range(len(mask)):
        span = tables.ticks[token] * (3 if tables.kinds[token] == Kind.TRIPLET else 1)
        current = tables.ticks[token] == features.duration and span == features.span
        if omitted[token] and current and tables.kinds[token] >= Kind.DURATION:
            duration_omitted = True
    without_notes, left = 0, 0  # legal tokens that are left if such notes are removed too, and if they are not
    for token in range(len(mask)):
        if mask[token] and not omitted[token]:
            left += 1
            without_notes += not (duration_omitted and tables.kinds[token] >= Kind.REST)
    for token in range(len(mask)):
        if left and (omitted[token] or (without_notes and duration_omitted and tables.kinds[token] >= Kind.REST)):
            mask[token] = False
