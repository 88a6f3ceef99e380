"""The grammar's state of one tune, how a token changes it, and what follows from it."""

from __future__ import annotations

from typing import NamedTuple

from generator.composer.arrays import BoolArray, Int64Array, RecordArray, record_dtype
from generator.composer.compiled import compiled
from generator.composer.features import MOST_PARTS, FeatureRecord, FeatureRow, update_features
from generator.composer.form import FREE_BARS
from generator.composer.grammar_tables import Tables
from generator.composer.pitch_range import OCTAVES
from generator.composer.token_kinds import Kind
from generator.notation.tokens import MODES

HEADER_TOKENS = 4  # <start>, rhythm, metre, mode
ONCE, TWICE = 1, 2  # how often a part is played; 0: as `repeated` and `free` say


class GrammarRecord:
    """The state of one row, besides that of its features. Flags are 0 or 1."""

    # The tune's Form
    form_bars: int
    fewest_parts: int
    most_parts: int
    repeated: int
    free: int
    repeats: Int64Array  # (MOST_PARTS,) for each part: 0, ONCE or TWICE
    # What follows from the tokens so far
    token_count: int
    last_token: int
    last_note: int  # token: a pitch or a rest
    rhythm: int  # token
    metre: int  # token
    mode: int  # index in tokens.MODES
    bars_played: int  # of the parts that are closed; repeats count twice
    tied: int  # a tie waits for its second note
    done: int  # <end> was taken
    # The current part
    part_closed: int
    part_repeated: int
    part_bars: int  # its length: the form's, or more if an opening is longer
    next_pick_up: int  # of the parts that follow, in ticks: what this part's end leaves; -1 before the first bar line
    free_bar: int  # the offset in ticks at which the bar of a script ends that the model is filling; 0: it fills none
    octaves: Int64Array  # (len(OCTAVES),) flags: the octaves in which all pitches so far are playable
    tonics: Int64Array  # (len(MODES),) the class of the tonic, as in features.INPUTS, if this mode is chosen


GRAMMAR_RECORD = record_dtype(GrammarRecord, repeats=MOST_PARTS, octaves=len(OCTAVES), tonics=len(MODES))


class GrammarArrays(NamedTuple):
    """The arrays of a Grammar, for compiled code."""

    state: RecordArray  # (rows,) of GRAMMAR_RECORD
    header: BoolArray  # (rows, 3, vocabulary) the rhythms, metres and modes that may be chosen; no metre: those of the rhythm
    playable: BoolArray  # (rows, modes, octaves, vocabulary) the pitches that are playable
    omitted: BoolArray  # (rows, vocabulary) the tokens to leave out if any other is legal


class GrammarRow(NamedTuple):
    """One row of GrammarArrays."""

    state: GrammarRecord
    header: BoolArray  # (3, vocabulary)
    playable: BoolArray  # (modes, octaves, vocabulary)
    omitted: BoolArray  # (vocabulary,)


@compiled
def take_token(row: GrammarRow, feature_row: FeatureRow, token: int, tables: Tables) -> None:
    """Takes one token of one row: one that legality allows, or one of an opening."""
    grammar, features = row.state, feature_row.state
    kind, ending = tables.kinds[token], features.ending
    if kind == Kind.MODE:
        grammar.mode = tables.modes[token]
        features.tonic = grammar.tonics[grammar.mode]
    if kind == Kind.OPEN_REPEATED or kind == Kind.OPEN:
        grammar.part_closed, grammar.part_repeated = 0, 1 if kind == Kind.OPEN_REPEATED else 0
        if features.part + 1 < features.part_count:
            grammar.part_bars = features.layout[features.part + 1]
        else:
            grammar.part_bars = FREE_BARS[1] if grammar.free else grammar.form_bars
    update_features(feature_row, token, kind, tables.ticks[token])
    if kind == Kind.PICK_UP:
        grammar.next_pick_up = features.pick_up
    elif kind == Kind.END:
        grammar.done = 1
    elif kind == Kind.CLOSE or (kind == Kind.REPEAT and ending != 1):
        grammar.part_closed, grammar.next_pick_up = 1, features.due_pick_up
        grammar.bars_played += (features.bar + 1) * (2 if grammar.part_repeated else 1)
    elif kind == Kind.REPEAT and grammar.free:
        grammar.part_bars = features.bar + 1  # the second ending is as long as the first
    elif kind == Kind.FIRST and grammar.free:
        grammar.part_bars = min(grammar.part_bars, features.bar + 2)
    elif kind == Kind.RHYTHM or kind == Kind.ANY_RHYTHM:
        grammar.rhythm = token
    elif kind == Kind.METRE:
        grammar.metre = token
    elif kind == Kind.TIE:
        grammar.tied = 1
    elif kind >= Kind.REST:
        grammar.tied, grammar.last_note = 0, token
        # An opening may leave the range; the notes after it may not.
        if kind == Kind.PITCH and is_playable(grammar, row.playable, token):
            for octave in range(len(OCTAVES)):
                grammar.octaves[octave] = grammar.octaves[octave] and row.playable[grammar.mode, octave, token]
    elif kind == Kind.BAR and not features.pick_up:
        grammar.next_pick_up = 0
    grammar.last_token = token
    grammar.token_count += 1
    if not grammar.part_closed and features.part >= 0 and (features.bar >= grammar.part_bars or remaining(grammar, features) < 0):
        grammar.part_bars += grammar.form_bars  # an opening that is longer than a part
        if features.part < features.part_count:
            features.layout[features.part] = grammar.part_bars


@compiled
def bars_written(features: FeatureRecord) -> int:
    """How many bars a row has. The bars of a second ending count from where the first ending began."""
    return features.part_start + max(features.bar + (features.bar_offset > 0), 0) if features.part >= 0 else 0


@compiled
def pick_up_ticks(grammar: GrammarRecord, features: FeatureRecord) -> int:
    """The length of the pick-up for which the end of the current part leaves room; 0 for none."""
    return features.pick_up if features.pick_up else max(grammar.next_pick_up, 0)


@compiled
def is_last_bar(grammar: GrammarRecord, features: FeatureRecord) -> bool:
    """Whether this is the last bar of the part."""
    return features.bar + 1 >= grammar.part_bars


@compiled
def remaining(grammar: GrammarRecord, features: FeatureRecord) -> int:
    """Ticks to the end of the bar. The last bar of a part ends early by the length of the pick-up."""
    if grammar.free_bar:
        return grammar.free_bar - features.bar_offset
    room = pick_up_ticks(grammar, features) if is_last_bar(grammar, features) else 0
    return features.bar_ticks - room - features.bar_offset


@compiled
def bar_is_full(grammar: GrammarRecord, features: FeatureRecord, tables: Tables) -> bool:
    """Whether the bar needs no more notes."""
    last = tables.kinds[grammar.last_token]
    waiting = grammar.tied or last == Kind.DURATION or last == Kind.TRIPLET
    return not grammar.part_closed and features.part >= 0 and remaining(grammar, features) <= 0 and not waiting


@compiled
def is_playable(grammar: GrammarRecord, playable: BoolArray, token: int) -> bool:
    """Whether a pitch is playable in an octave that is still possible. playable: (modes, octaves, vocabulary)"""
    found = False
    for octave in range(len(OCTAVES)):
        found = found or (grammar.octaves[octave] > 0 and playable[grammar.mode, octave, token])
    return found
