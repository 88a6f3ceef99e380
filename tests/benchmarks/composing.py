"""Counts violations of what the composer guarantees for every tune: `python -m tests.benchmarks.composing`.

Needs the corpus (`tunesmith corpus`). Takes minutes.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle, islice, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generator.composer.batch import DONE, Batch
from generator.composer.composer import Composer
from generator.composer.features import INPUTS
from generator.composer.measures import bars_of, layout_of
from generator.composer.plan import make_plan
from generator.composer.runtime import open_runtime
from generator.composer.weights import load_weights
from generator.notation import tokens as t
from generator.notation.errors import NotationError
from generator.notation.instruments import ANY_INSTRUMENT, RANGES
from generator.notation.keys import Key, transpose_tonic
from generator.notation.metres import RHYTHMS
from generator.notation.opening import read_opening
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.structure import illegal_bars, play_order
from generator.notation.tempo import MAX_PLAYING_S, playing_time_s
from generator.notation.writer import write
from generator.request import STRUCTURES, RequestError, TuneRequest
from training.baselines.tokenizers import make_tokenizer
from training.batches import Example
from training.corpus.corpus import Corpus, Entry, score_of
from training.evaluation.evaluate import model_of_weights
from training.evaluation.metrics import repeats_match
from training.likelihood import bits_per_note

KEYS = [Key(transpose_tonic(pitch_class, mode), mode) for mode in t.MODES for pitch_class in range(12)]
MODES = ("continue", "answer", "vary", "second part")


def openings(entries: list[Entry], rng: random.Random) -> Iterator[tuple[Score, str]]:
    """Endless openings of one to nine bars, the last one perhaps incomplete, from real tunes in other keys."""
    while True:
        entry = rng.choice(entries)
        own = Key.parse(entry.key)
        key = Key(transpose_tonic(own.pitch_class + rng.randint(1, 11), own.mode), own.mode)
        score = score_of(entry, key)
        tune = write(score)
        head, body = tune.split(f"K:{key.abc}\n", 1)
        bars = body.replace("\n", "").split("|")
        begun = "|".join(bars[: rng.randint(1, 9)]).rstrip(":")
        fields = [line for line in head.split("\n") if line[:2] in ("M:", "L:", "R:")]
        yield score, "\n".join([*fields, f"K:{key.abc}", begun + rng.choice(["", "|"])]) + "\n"


def requests(entries: list[Entry], count: int, rng: random.Random) -> Iterator[TuneRequest]:
    """Requests with every rhythm and key, or without; every third has an opening instead."""
    grid = cycle(product([None, *RHYTHMS], [None, *KEYS]))
    texts = openings(entries, rng)
    made = 0
    while made < count:
        options: dict[str, object] = {"seed": made, "candidates": 1, "temperature": rng.choice([0.5, 1.0, 1.0, 1.5, 2.0])}
        if made % 3 == 2:
            score, text = next(texts)
            mode = rng.choice(MODES)
            options |= {"opening": write(score) if mode == "vary" else text, "mode": mode, "strength": rng.randint(1, 3)}
        else:
            rhythm, key = next(grid)
            options |= {"rhythm": rhythm, "key": key.abc if key else None, "structure": rng.choice(STRUCTURES)}
            options |= {"instrument": rng.choice(["", *RANGES])}
        try:
            yield TuneRequest.check(**options)
        except RequestError:  # for example because there is nothing to vary
            continue
        made += 1


def faults(request: TuneRequest, score: Score) -> Iterator[str]:
    """What is wrong with the tune for a request."""
    again = read(write(score))
    given = set()
    if request.opening:
        opening = read_opening(request.opening, rhythm=request.rhythm, key=request.key, metre=request.metre, mode=request.mode)
        given = {index for index, *_ in illegal_bars(opening)}  # faults of the opening itself do not count
    if [bar for bar in illegal_bars(again) if bar[0] not in given]:
        yield "illegal bar"
    if not repeats_match(again.bars):
        yield "unclosed repeat"
    if not request.opening:
        planned = make_plan(request).layout
        if planned and [bars_of(part, again.metre) for part in layout_of(again) or ()] != list(planned):
            yield "parts of other lengths"
        notes = RANGES.get(request.instrument, ANY_INSTRUMENT)
        if not all(notes.has(pitch.midi, again.key) for note in again.notes() for pitch in note.pitches):
            yield "out of range"
        if request.key and request.key not in t.MODES and again.key.abc != request.key:
            yield "another key"
        if request.rhythm and again.rhythm != request.rhythm:
            yield "another rhythm"
        if playing_time_s(again, play_order(again.bars)) > MAX_PLAYING_S:
            yield "over-long"


def check_tunes(composer: Composer, entries: list[Entry], count: int) -> dict[str, object]:
    """Counts the faults and errors of many tunes."""
    found: Counter[str] = Counter()
    for batch in _batched(requests(entries, count, random.Random(1)), 256):
        futures = [(request, composer.submit(request)) for request in batch]
        for request, future in futures:
            try:
                found.update(faults(request, future.result(300).score))
            except Exception as error:
                found[f"{type(error).__name__}: {error}"] += 1
        print(f"\r{sum(1 for _ in futures)} more", end="", file=sys.stderr)
    return {"tunes": count, "faults": dict(found)}


def check_seeds(composer: Composer, count: int) -> dict[str, object]:
    """Counts the requests that give the same tune alone and among 63 others."""
    rng = random.Random(2)
    same = 0
    for number in range(count):
        request = TuneRequest.check(rhythm=rng.choice([None, *RHYTHMS]), seed=number, candidates=1)
        alone = write(composer.compose([request])[0].score)
        others = [
            TuneRequest.check(rhythm=rng.choice([None, *RHYTHMS]), seed=rng.randrange(10**6), candidates=1) for _ in range(63)
        ]
        index = rng.randrange(64)
        tunes = composer.compose([*others[:index], request, *others[index:]])
        same += write(tunes[index].score) == alone
    return {"seeds": count, "same": same}


def check_openings(composer: Composer, entries: list[Entry], count: int) -> dict[str, object]:
    """Counts tunes that change their opening or continue it with illegal bars."""
    rng, texts = random.Random(3), openings(entries, random.Random(4))
    accepted: list[tuple[TuneRequest, Score]] = []
    refused: Counter[str] = Counter()
    while len(accepted) < count:
        _, text = next(texts)
        try:
            request = TuneRequest.check(opening=text, seed=rng.randrange(10**6), candidates=1)
            accepted.append((request, read_opening(text)))
        except (RequestError, NotationError) as error:
            refused[str(error)] += 1
    changed, illegal = [], []
    for (request, opening), tune in zip(accepted, composer.compose([request for request, _ in accepted]), strict=True):
        score = read(write(tune.score))
        given = [(note.pitches, note.duration) for note in opening.notes()]
        begun = [(note.pitches, note.duration) for note in score.notes()][: len(given)]
        own = {index for index, *_ in illegal_bars(opening)}
        if given != begun:
            changed.append(request.opening)
        if any(index not in own for index, *_ in illegal_bars(score)):
            illegal.append(request.opening)
    examples = (changed + illegal)[:3]
    return {"openings": count, "changed": len(changed), "illegal": len(illegal), "refused": dict(refused), "examples": examples}


def check_bits(entries: list[Entry]) -> dict[str, float]:
    """Bits per note of the runtime, step by step, and of the training model."""
    weights, tokenizer = load_weights(), make_tokenizer("tunesmith", ())

    def judge(examples: Sequence[Example]) -> list[NDArray[np.float64]]:
        runtime = open_runtime(weights, len(examples))
        longest = max(len(example.tokens) for example in examples)
        inputs = np.zeros((longest, len(examples), len(INPUTS)), np.int32)
        bits = np.zeros((len(examples), longest))
        for row, example in enumerate(examples):
            inputs[: len(example.tokens), row] = example.inputs
        for step in range(longest - 1):
            logits = runtime.step(inputs[step], np.full(len(examples), step == 0)).astype(np.float64)
            chosen = logits[np.arange(len(examples)), inputs[step + 1, :, 0]]
            bits[:, step] = (np.log(np.exp(logits).sum(1)) - chosen) / np.log(2)
        return [row[: len(example.tokens) - 1] for row, example in zip(bits, examples, strict=True)]

    trained = bits_per_note(tokenizer, entries, model_of_weights(weights).token_bits)
    return {"trained": trained, "runtime": bits_per_note(tokenizer, entries, judge)}


def check_grammar(rows: int) -> dict[str, float]:
    """The share of a step's time that grammar, features and drawing take."""
    runtime, batch = open_runtime(load_weights(), rows), Batch(rows)
    plan = make_plan(TuneRequest.check(rhythm="reel", key="Ador", seed=1))
    for row in range(rows):
        batch.begin(row, plan, row)
    begins, active, spent = np.ones(rows, np.bool_), np.ones(rows, np.bool_), [0.0, 0.0]
    while active.any():
        started = time.perf_counter()
        logits = runtime.step(batch.inputs, begins)
        between = time.perf_counter()
        batch.advance(logits, active)
        spent[0] += between - started
        spent[1] += time.perf_counter() - between
        begins[:], active = False, batch.events != DONE
    return {"rows": rows, "share": spent[1] / sum(spent)}


def _batched(items: Iterable[TuneRequest], size: int) -> Iterator[list[TuneRequest]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tunes", type=int, default=5_000)
    parser.add_argument("--openings", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--corpus", type=Path, default=Path("data/corpus/corpus.jsonl"))
    options = parser.parse_args()
    entries = Corpus.load(options.corpus).split("test")
    composer = Composer(load_weights())
    found: dict[str, object] = {"bits per note": check_bits(entries), "grammar": [check_grammar(rows) for rows in (8, 32, 128)]}
    try:
        found |= {
            "tunes": check_tunes(composer, entries, options.tunes),
            "seeds": check_seeds(composer, options.seeds),
            "openings": check_openings(composer, entries, options.openings),
        }
    finally:
        composer.close()
    print(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
