"""Composes: keeps a batch of tunes going, each under its own grammar and its own seed.

A thread of its own advances all open requests together, token by token; a request enters as soon as a slot is free.
"""

from __future__ import annotations

import math
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from generator.composer.plan import FREE_BAR, Plan, make_plan
from generator.composer.runtime import Runtime
from generator.composer.titles import title_for
from generator.composer.weights import Weights
from generator.notation import tokens as t
from generator.notation.keys import Mode
from generator.notation.metres import Metre
from generator.notation.score import Note, Pitch, Score
from generator.notation.tempo import usual_tempo
from generator.request import TuneRequest

DEFAULT_SLOTS = 16
# Tokens less likely than this share of the likeliest are not drawn. Of 600 tunes each, with 0.003 intervals lie 3.3 floors from
# real tunes' instead of 4.0, but more notes lie outside the scale (5.9 of a thousand, here 4.7), and those sound like slips.
MIN_SHARE = 0.01
LONGEST = 2_000  # tokens beside the opening's: beyond what the grammar's longest form needs

Listener = Callable[[int], None]  # told how many bars are written


@dataclass(frozen=True, slots=True)
class ComposedTune:
    score: Score
    tokens: tuple[str, ...]
    bits_per_token: float  # how surprising the model finds what it wrote itself


class _Slot:
    """One tune in the making."""

    def __init__(self, plan: Plan, listener: Listener | None) -> None:
        self.plan, self.grammar = plan, plan.grammar
        self.rng = np.random.default_rng(plan.request.seed)
        self.script = deque(plan.script)
        self.longest = LONGEST + len(plan.script)
        self.listener = listener
        self.future: Future[ComposedTune] = Future()
        self.tokens: list[str] = []
        self.bars = 0
        self.nats, self.chosen = 0.0, 0
        self.take(t.START)

    def take(self, token: str) -> None:
        self.tokens.append(token)
        self.grammar.advance(token)
        if self.plan.key is None and token.startswith("K:"):
            self.plan.choose_key(Mode(token[2:]), self.rng.random())
        if self.listener and self.grammar.bars_written > self.bars:  # a second ending counts from where the first began
            self.bars = self.grammar.bars_written
            self.listener(self.bars)

    def inputs(self) -> tuple[int, ...]:
        return (t.INDEX[self.tokens[-1]], *self.grammar.tracker.features())

    def next_token(self, logits: NDArray[np.float32]) -> str:
        """The scripted token where there is one, else one that is drawn from what the grammar lets through."""
        grammar = self.grammar
        if grammar.inner_bar and grammar.bar_is_full():
            grammar.inner_bar = False
        in_header = self.tokens[-1] == t.START or self.tokens[-1].startswith(("R:", "M:"))
        while self.script and not in_header and not grammar.inner_bar:
            token = self.script.popleft()
            if token == FREE_BAR:
                grammar.inner_bar = True
            elif token != f"/{grammar.tracker.duration}":
                return token
        return self._draw(logits)

    def _draw(self, logits: NDArray[np.float32]) -> str:
        legal = np.flatnonzero(self.grammar.mask())
        scores = logits[legal].astype(np.float64)
        scores -= scores.max()
        likelihood = np.exp(scores)
        weights = np.where(likelihood >= MIN_SHARE, np.exp(scores / self.plan.request.temperature), 0.0)
        point = self.rng.random() * weights.sum()
        pick = min(int(np.searchsorted(np.cumsum(weights), point, side="right")), len(legal) - 1)
        if len(legal) > 1:
            self.nats -= float(scores[pick] - np.log(likelihood.sum()))
            self.chosen += 1
        token: str = t.VOCABULARY[int(legal[pick])]
        return token

    def result(self) -> ComposedTune:
        plan = self.plan
        assert plan.key is not None
        named = next(token[2:] for token in self.tokens if token.startswith("M:"))
        metre = plan.metre or Metre.parse(named)
        assert metre is not None
        score = t.decode(self.tokens, plan.key, metre)
        score = _moved(score, self.grammar.octave)
        rhythm = plan.request.rhythm or score.rhythm
        if plan.opening and not plan.request.vary:
            score = _with_opening(score, plan.opening)
        title = plan.request.title or title_for(rhythm, plan.request.seed, self.tokens)
        title = title or f"{rhythm.capitalize() or 'Tune'} in {plan.key}"  # where no draw was good enough
        score = replace(score, title=title, rhythm=rhythm, tempo=usual_tempo(rhythm, metre))
        return ComposedTune(score, tuple(self.tokens), self.nats / math.log(2) / max(self.chosen, 1))


class Composer:
    """The musician's mind: `submit` from any thread, `close` when done. Tunes are deterministic for a request's seed."""

    def __init__(self, weights: Weights, *, slots: int = DEFAULT_SLOTS) -> None:
        self.model = str(weights.card["name"])
        self._runtime = Runtime(weights, slots)
        self._waiting: queue.SimpleQueue[_Slot | None] = queue.SimpleQueue()
        self._door, self._closed = threading.Lock(), False
        self._thread = threading.Thread(target=self._run, name="composer", daemon=True)
        self._thread.start()

    def submit(self, request: TuneRequest, listener: Listener | None = None) -> Future[ComposedTune]:
        """Queues a request; `listener` hears, in the composer's thread, of each bar that is written.

        Raises NotationError for an opening that cannot be gone on from, and RuntimeError once closed.
        """
        slot = _Slot(make_plan(request), listener)
        with self._door:
            if self._closed:
                raise RuntimeError("The composer was closed.")
            self._waiting.put(slot)
        return slot.future

    def compose(self, requests: Sequence[TuneRequest]) -> list[ComposedTune]:
        """Composes requests together and waits for all of them."""
        return [future.result() for future in [self.submit(request) for request in requests]]

    def close(self) -> None:
        """Ends the thread; tunes that are waiting or in the making fail."""
        with self._door:
            self._closed = True
            self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        slots: list[_Slot | None] = [None] * self._runtime.slots
        begins = np.zeros(len(slots), np.bool_)
        inputs = np.zeros((len(slots), self._runtime.columns), np.int32)
        while True:
            if self._closed:
                return self._abandon(slots)
            begins[:] = False
            for index, slot in enumerate(slots):
                idle = all(other is None for other in slots)
                if slot is None and (idle or not self._waiting.empty()):
                    entering = self._waiting.get()
                    if entering is None:
                        return self._abandon(slots)
                    if entering.future.set_running_or_notify_cancel():  # from here on nobody cancels it under our hands
                        slots[index], begins[index] = entering, True
            for index, slot in enumerate(slots):
                if slot is not None:
                    inputs[index] = slot.inputs()[: self._runtime.columns]
            try:
                logits = self._runtime.step(inputs, begins)
            except Exception as error:  # whatever TensorFlow raises, everybody who waits must hear of it
                for index, slot in enumerate(slots):
                    if slot is not None:
                        slot.future.set_exception(error)
                        slots[index] = None
                continue
            for index, slot in enumerate(slots):
                if slot is not None and self._advance(slot, logits[index]):
                    slots[index] = None

    def _abandon(self, slots: Sequence[_Slot | None]) -> None:
        waiting = []
        while not self._waiting.empty():
            waiting.append(self._waiting.get())
        for slot in (*slots, *waiting):
            if slot and (slot.future.running() or slot.future.set_running_or_notify_cancel()):
                slot.future.set_exception(RuntimeError("The composer was closed."))

    def _advance(self, slot: _Slot, logits: NDArray[np.float32]) -> bool:
        """One token further; True when the slot is free again."""
        try:
            slot.take(slot.next_token(logits))
            if len(slot.tokens) > slot.longest:
                raise RuntimeError("The tune did not come to an end.")
            if slot.grammar.done:
                slot.future.set_result(slot.result())
        except Exception as error:  # one tune's failure is its own: the others go on
            slot.future.set_exception(error)
        return slot.future.done()


def _moved(score: Score, octave: int) -> Score:
    """The score some octaves higher or lower; `octave` in semitones."""
    if octave == 0:
        return score
    by = octave // 12

    def moved(note: Note) -> Note:
        return replace(note, pitches=tuple(Pitch(p.letter, p.octave + by, p.alter) for p in note.pitches))

    return replace(score, bars=tuple(replace(bar, notes=tuple(map(moved, bar.notes))) for bar in score.bars))


def _with_opening(score: Score, opening: Score) -> Score:
    """The score with the opening's own notes in its first bars: ornaments and chords that the tokens do not carry."""
    given = list(opening.notes())
    after = next(islice(score.notes(), len(given), None), None)
    if given[-1].tie and not (after and set(given[-1].pitches) <= set(after.pitches)):
        given[-1] = replace(given[-1], tie=False)  # what it was tied to did not come
    bars = []
    for bar in score.bars:
        own, given = given[: len(bar.notes)], given[len(bar.notes) :]
        bars.append(replace(bar, notes=(*own, *bar.notes[len(own) :])))
    return replace(score, bars=tuple(bars))
