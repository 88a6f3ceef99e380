"""The grammar of tunes: follows a tune in each row and tells which tokens are legal next.

See form for the layout of tunes, legality for the rules and grammar_state for what they are checked against. The work for
every token of every row is compiled.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generator.composer.arrays import BoolArray, Int64Array, Mask, RecordArray
from generator.composer.compiled import compiled
from generator.composer.features import MOST_PARTS, FeatureArrays, FeatureRow, FeatureState, tonic_class
from generator.composer.form import Form
from generator.composer.grammar_state import GRAMMAR_RECORD, ONCE, TWICE, GrammarArrays, GrammarRow, take_token
from generator.composer.grammar_tables import OMITTED, TABLES, Tables
from generator.composer.legality import legal_tokens
from generator.composer.pitch_range import OCTAVES, playable_pitches
from generator.composer.returns import Outline
from generator.notation.instruments import ANY_INSTRUMENT, Range
from generator.notation.keys import Key, Mode
from generator.notation.metres import RHYTHMS, Metre
from generator.notation.tokens import ANY_RHYTHM, INDEX, MODES, VOCABULARY, token_metre


class Grammar:
    """Follows tunes, one in each row, and tells which tokens are legal next."""

    def __init__(self, rows: int) -> None:
        size = len(VOCABULARY)
        self.features = FeatureState(rows)
        self.arrays = GrammarArrays(
            np.zeros(rows, GRAMMAR_RECORD),
            np.zeros((rows, 3, size), np.bool_),
            np.zeros((rows, len(MODES), len(OCTAVES), size), np.bool_),
            np.zeros((rows, size), np.bool_),
        )

    @property
    def state(self) -> RecordArray:
        """(rows,) of GRAMMAR_RECORD."""
        return self.arrays.state

    def begin(
        self,
        row: int,
        form: Form,
        keys: Sequence[Key],
        *,
        rhythm: str | None = None,
        metre: Metre | None = None,
        mode: Mode | None = None,
        outline: Outline | None = None,
        cadence: int = 0,
        octaves: Sequence[int] = OCTAVES,
        notes: Range = ANY_INSTRUMENT,
        without: Sequence[str] = (),
    ) -> None:
        """Starts a new tune in a row. For rhythm, metre and mode, None lets the model choose.

        keys: for each mode that may be chosen, the key that the tune is in; outline: by default, the bars of the form's parts;
        cadence: a class of tokens.cadence_class, 0 for any; octaves: some of OCTAVES; notes: those that are playable;
        without: some of request.OMISSIONS.
        """
        state, header, playable, omitted = self.arrays
        state[row] = np.zeros((), GRAMMAR_RECORD)
        for name, value in (
            ("form_bars", form.bars), ("fewest_parts", form.fewest_parts), ("most_parts", form.most_parts),
            ("repeated", form.repeated), ("free", form.free), ("next_pick_up", -1), ("part_repeated", 1),
        ):  # fmt: skip
            state[name][row] = value
        repeats = [TWICE if part.twice else ONCE for part in form.parts[:MOST_PARTS]]
        state["repeats"][row, : len(repeats)] = repeats
        state["octaves"][row] = [octave in octaves for octave in OCTAVES]
        for key in keys:
            index = MODES.index(key.mode)
            state["tonics"][row, index] = tonic_class(key)
            playable[row, index] = [playable_pitches(key, octave, notes) for octave in OCTAVES]
        omitted[row] = np.any([OMITTED[name] for name in without], axis=0) if without else False
        header[row] = _rhythms(rhythm, metre), _mask_of(*([f"M:{token_metre(metre)}"] if metre else [])), _modes(mode)
        self.features.begin(row, outline=outline or Outline(form.layout()), cadence=cadence)

    def mask(self) -> BoolArray:
        """The legal tokens of each row, (rows, vocabulary): at least one in each row that is not done, none in the others."""
        masks = np.zeros((len(self.state), len(VOCABULARY)), np.bool_)
        _legal(self.arrays, self.features.arrays, masks, TABLES)
        return masks

    def advance(self, tokens: Int64Array) -> None:
        """Takes the next token of each row, (rows,), PAD for none: legal ones, or those of an opening."""
        _advance(self.arrays, self.features.arrays, tokens, TABLES)

    def octave(self, row: int) -> int:
        """The semitones by which the finished tune must be moved to be in range."""
        return OCTAVES[int(self.state["octaves"][row].argmax())]


def _mask_of(*names: str) -> Mask:
    mask = np.zeros(len(VOCABULARY), np.bool_)
    mask[[INDEX[name] for name in names]] = True
    return mask


def _rhythms(rhythm: str | None, metre: Metre | None) -> Mask:
    if rhythm:
        return _mask_of(f"R:{rhythm}")
    names = [name for name, known in RHYTHMS.items() if metre is None or known.fits(metre)]
    return _mask_of(*(f"R:{name}" for name in names)) if names else _mask_of(ANY_RHYTHM)


def _modes(mode: Mode | None) -> Mask:
    return _mask_of(*(f"K:{each}" for each in ([mode] if mode else MODES)))


# compiled


@compiled
def _legal(grammar: GrammarArrays, features: FeatureArrays, masks: BoolArray, tables: Tables) -> None:
    for row in range(len(masks)):
        if not grammar.state[row].done:
            grammar_row = GrammarRow(grammar.state[row], grammar.header[row], grammar.playable[row], grammar.omitted[row])
            legal_tokens(grammar_row, features.state[row], masks[row], tables)


@compiled
def _advance(grammar: GrammarArrays, features: FeatureArrays, tokens: Int64Array, tables: Tables) -> None:
    for row in range(len(tokens)):
        if tokens[row]:
            grammar_row = GrammarRow(grammar.state[row], grammar.header[row], grammar.playable[row], grammar.omitted[row])
            feature_row = FeatureRow(
                features.state[row], features.notes[row], features.written[row], features.returns[row], features.inputs[row]
            )
            take_token(grammar_row, feature_row, tokens[row], tables)
