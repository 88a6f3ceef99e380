"""Tunes in the making, a row for each: from the model's log-likelihoods to the next tokens, each under its own grammar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.composer import features as k  # kinds of tokens
from generator.composer.compiled import compiled
from generator.composer.grammar import TABLES, Grammar, bar_is_full, bars_written, legal, take
from generator.composer.plan import FREE_BAR, Plan
from generator.notation import tokens as t
from generator.notation.keys import Key

LONGEST = 4_000  # tokens beside the opening's: beyond what the grammar's longest form needs
# Tokens less likely than this share of the likeliest are not drawn. Of 600 tunes each, with 0.01 intervals lie 2.1 floors from
# real tunes', here 1.7; as many notes are in the scale as in real tunes.
MIN_SHARE = 0.003
ENDS_ON_TONIC = 0.8  # of the tunes, as in the training split

_LONGEST_SCRIPT = 8_192  # tokens: twice what the longest opening can hold
_FREE_BAR = -1  # in a script
_LEAST = float(np.log(MIN_SHARE))
A_BAR, DONE, TOO_LONG = 1, 2, 3  # one more; the tune's end; no end, which the grammar does not let happen

ROW = np.dtype(
    [
        ("length", np.int64),  # tokens taken
        ("longest", np.int64),
        ("script", np.int64), ("scripted", np.int64),  # where the script is at, and where it ends
        ("temperature", np.float64),
        ("drawn", np.int64),  # tokens that were not the only legal ones
        ("nats", np.float64), ("own", np.int64),  # of the tokens after the header that were not scripted
        ("bars", np.int64),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """What was written in a row."""

    tokens: tuple[str, ...]
    key: Key
    octave: int  # by which it is to be moved into range, in semitones
    bits_per_token: float  # how surprising the model finds what it wrote after the header, the grammar left aside


class Batch:
    """Rows that advance together. A row's tune depends on its plan and its number alone, not on the other rows."""

    def __init__(self, rows: int) -> None:
        self.grammar = Grammar(rows)
        self._rows = np.zeros(rows, ROW)
        self._tokens = np.zeros((rows, LONGEST + _LONGEST_SCRIPT), np.int16)
        self._scripts = np.zeros((rows, _LONGEST_SCRIPT), np.int16)
        self._points = np.zeros((rows, LONGEST))  # between 0 and 1: what is drawn
        self._keys: list[Sequence[Key]] = [()] * rows  # the one to stand in, for each mode that may be chosen
        self._masks = np.zeros((rows, len(t.VOCABULARY)), np.bool_)
        self.news = np.zeros(rows, np.int8)  # what the last step brought in each row: one of those above
        # What is compiled is compiled now, or read from where it was kept, not under the first request.
        self.grammar.advance(np.zeros(rows, np.int64))
        self.advance(np.zeros((rows, len(t.VOCABULARY)), np.float32), np.zeros(rows, np.bool_))

    @property
    def inputs(self) -> NDArray[np.int32]:
        """What the model is to be told now: (rows, columns)."""
        return self.grammar.features.inputs

    def begin(self, row: int, plan: Plan, number: int) -> None:
        """A new tune in a row: the plan's so-manieth candidate."""
        rng = np.random.default_rng((plan.request.seed, number))
        keys = self._keys[row] = plan.keys(rng.random())
        cadence = plan.cadence or (t.ON_TONIC if rng.random() < ENDS_ON_TONIC else t.ELSEWHERE)
        self.grammar.begin(
            row, plan.form, keys, rhythm=plan.rhythm, metre=plan.metre, mode=plan.mode, layout=plan.layout, cadence=cadence,
            octaves=plan.octaves, without=plan.request.without,
        )  # fmt: skip
        script = [t.INDEX[token] if token != FREE_BAR else _FREE_BAR for token in plan.script]
        self._scripts[row, : len(script)] = script
        self._points[row] = rng.random(LONGEST)
        self.news[row] = 0
        self._rows[row] = 0, LONGEST + len(script), 0, len(script), plan.request.temperature, 0, 0.0, 0, 0
        start = np.zeros(len(self._rows), np.int64)
        start[row] = t.INDEX[t.START]
        self.grammar.advance(start)
        self._tokens[row, 0] = start[row]
        self._rows["length"][row] = 1

    def advance(self, logs: NDArray[np.float32], active: NDArray[np.bool_]) -> None:
        """The next token of each active row. logs: (rows or fewer, vocabulary), as a runtime has them; active: as many."""
        grammar, features = self.grammar, self.grammar.features
        _advance(
            self._rows, grammar.state, features.state, features.notes, features.written, features.inputs, grammar.header,
            grammar.windows, grammar.left_out, self._scripts, self._tokens, self._points, self._masks, self.news, logs, active,
            TABLES,
        )  # fmt: skip

    def bars(self, row: int) -> int:
        """How many bars are written."""
        return int(self._rows[row]["bars"])

    def written(self, row: int) -> Written:
        tokens = tuple(t.VOCABULARY[token] for token in self._tokens[row, : self._rows["length"][row]])
        bits = float(self._rows["nats"][row] / np.log(2) / max(self._rows["own"][row], 1))
        key = next(key for key in self._keys[row] if f"K:{key.mode}" in tokens)
        return Written(tokens, key, self.grammar.octave(row), bits)


@compiled
def _advance(
    rows: Any, grammar: Any, state: Any, notes: Any, written: Any, inputs: Any, header: Any, windows: Any, left_out: Any,
    scripts: Any, tokens: Any, points: Any, masks: Any, news: Any, logs: Any, active: Any, tables: Any,
) -> None:  # fmt: skip
    for row in range(len(active)):
        if active[row]:
            r, g, s = rows[row], grammar[row], state[row]
            token = _scripted(r, g, s, scripts[row], tables)
            if token < 0:
                legal(g, s, header[row], windows[row], left_out[row], masks[row], tables)
                token = _drawn(r, masks[row], logs[row], points[row, r.drawn])
                if g.taken >= 4:
                    r.nats -= logs[row, token]
                    r.own += 1
            take(g, s, notes[row], written[row], inputs[row], windows[row], token, tables)
            tokens[row, r.length] = token
            r.length += 1
            bars = bars_written(g, s)
            news[row] = DONE if g.done else TOO_LONG if r.length >= r.longest else A_BAR if bars > r.bars else 0
            r.bars = max(bars, r.bars)


@compiled
def _scripted(r: Any, g: Any, s: Any, script: Any, tables: Any) -> Any:
    """The scripted token where there is one; -1 where the model is at work."""
    if g.inner_bar and bar_is_full(g, s, tables):
        g.inner_bar = 0
    while r.script < r.scripted and g.taken >= 4 and not g.inner_bar:
        token = script[r.script]
        r.script += 1
        if token == _FREE_BAR:
            g.inner_bar = 1
        elif tables.kinds[token] < k.DURATION or tables.kinds[token] >= k.REST or tables.ticks[token] != s.duration:
            return token
    return -1


@compiled
def _drawn(r: Any, mask: Any, logs: Any, point: float) -> int:
    """One of the legal tokens, drawn by its likelihood."""
    most, choices, only = -np.inf, 0, -1
    for token in range(len(mask)):
        if mask[token]:
            choices += 1
            only = token
            most = max(most, logs[token])
    if choices == 1:
        return only
    least = most + _LEAST
    weights = 0.0
    for token in range(len(mask)):
        if mask[token] and logs[token] >= least:
            weights += np.exp((np.float64(logs[token]) - most) / r.temperature)
    left, drawn = point * weights, -1
    for token in range(len(mask)):
        if mask[token] and logs[token] >= least:
            drawn = token
            left -= np.exp((np.float64(logs[token]) - most) / r.temperature)
            if left < 0:
                break
    r.drawn += 1
    return drawn
