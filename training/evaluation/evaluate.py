"""Measures a model against real tunes and other models: `tunesmith evaluate`, one table and `evaluation.json`.

    tunesmith evaluate --run data/runs/tunesmith --baseline data/runs/mit_lab --baseline data/runs/folk_rnn

Every model is asked for the same tunes: the rhythms, metres and keys of real test tunes, another choice with each seed.
Each column's tunes go as ABC text through the same reader and the same measures; so do the real test tunes themselves,
which is what a figure is to be compared with. Two equal commands differ in nothing but `timings`.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras

from generator.composer.composer import Composer
from generator.composer.model import ModelConfig, build
from generator.composer.weights import Weights, load_weights
from generator.notation.writer import write
from generator.request import TuneRequest
from training.baselines.forms import Form, Header, Judge, bits_per_note, form, judge_of
from training.baselines.ngram import NGram, baseline
from training.corpus.corpus import Corpus, Entry, score_of
from training.evaluation.sampling import sample, weights_of
from training.evaluation.table import table
from training.evaluation.yardstick import Column, Track, Yardstick, judge_columns

FORMAT = 1
SLOTS = 64  # tunes that are composed at once
MOST_TUNES = 10_000  # for a seed: each tune of each seed has a seed of its own


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model, and the form in which it reads tunes."""

    name: str
    network: keras.Model | NGram
    form: Form
    corpus: str  # the digest of what it was trained on; empty where nobody knows
    collections: tuple[str, ...] = ()  # those that it was trained on, none for all

    @property
    def judge(self) -> Judge:
        return self.network.judge if isinstance(self.network, NGram) else judge_of(self.network)

    def bits(self, corpus: Corpus) -> dict[str, float]:
        return {side: bits_per_note(self.form, corpus.split(side), self.judge) for side in ("test", "validation")}


def model_of_run(run: Path, corpus: Corpus) -> Model:
    """The best model of a run's folder; raises ValueError."""
    try:
        config = json.loads((run / "config.json").read_text(encoding="utf-8"))
        network = build(ModelConfig(**config["model"]))
        finished = run / "finished.weights.h5"
        network.load_weights(finished if finished.exists() else run / "best.weights.h5")
        spelling = form(config["tokens"], corpus.split("train"))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{run} holds no run that can be evaluated ({error}).") from error
    if len(spelling.vocabulary) != network.output_shape[-1]:
        raise ValueError(f"The run in {run} was trained on another corpus: its vocabulary is not this one's.")
    return Model(str(config["name"]), network, spelling, str(config["corpus"]), tuple(config.get("collections", ())))


def model_of_weights(weights: Weights) -> Model:
    """A shipped model as the network that was trained; raises ValueError for one that was built otherwise."""
    name = str(weights.card["name"])
    known = {item.name for item in fields(ModelConfig)}
    network = build(ModelConfig(**{key: value for key, value in weights.card["model"].items() if key in known}))
    for layer in network.layers:
        for variable in layer.trainable_variables:
            array = weights.arrays.get(f"{layer.name}/{variable.path.split('/')[-1]}")
            if array is None or array.shape != tuple(variable.shape):
                raise ValueError(f"The model {name} was built otherwise than models are now. Train it again.")
            variable.assign(array)
    digest, collections = weights.card.get("data", {}).get("sha256", ""), weights.card.get("training", {}).get("collections", ())
    return Model(name, network, form("tunesmith", ()), str(digest), tuple(collections))


def headers(entries: Sequence[Entry], seed: int, count: int) -> list[Entry]:
    """The real tunes whose headers are asked for: another choice with each seed, around again where there are too few."""
    if not entries:
        raise ValueError("The corpus has no test tunes.")
    order = random.Random(seed).sample(range(len(entries)), len(entries))
    return [entries[order[index % len(order)]] for index in range(count)]


def composed(weights: Weights, asked: Sequence[Entry], seed: int, temperature: float, track: Track) -> tuple[list[str], float]:
    """What the composer makes of the headers under its grammar, and the bits per token that the model gives it."""
    composer = Composer(weights, slots=SLOTS)
    try:
        wishes = [
            TuneRequest.check(
                rhythm=entry.rhythm, key=entry.key, metre=entry.metre, temperature=temperature, seed=number, candidates=1
            )
            for number, entry in enumerate(asked, seed * MOST_TUNES)
        ]
        futures = [composer.submit(wish) for wish in wishes]
        texts, bits = [], []
        with track(f"Composing, seed {seed}", futures) as waiting:
            for future in waiting:
                tune = future.result()
                texts.append(write(tune.score))
                bits.append(tune.bits_per_token)
    finally:
        composer.close()
    return texts, statistics.fmean(bits)


def sampled(model: Model, asked: Sequence[Sequence[Entry]], temperature: float, track: Track) -> list[list[str]]:
    """What a model writes by itself after the headers, for each seed."""
    found = []
    with track(f"Sampling from {model.name}", range(len(asked))) as seeds:
        for seed in seeds:
            wishes = [Header.of(entry) for entry in asked[seed]]
            found.append(sample(model.network, model.form, wishes, seed=seed, temperature=temperature))
    return found


def evaluate(
    corpus: Corpus,
    out: Path,
    *,
    run: Path | None = None,
    model: Path | None = None,
    baselines: Sequence[Path] = (),
    ngram: bool = True,
    tunes: int = 200,
    seeds: int = 3,
    temperature: float = 1.0,
    echo: Callable[[str], None],
    track: Track,
) -> dict[str, Any]:
    """Evaluates a run's best model, or the weights in a folder, or the shipped ones; writes `evaluation.json`,
    `evaluation.txt` and `tunes/` into `out`. Raises ValueError and WeightsError.
    """
    (out / "tunes").mkdir(parents=True, exist_ok=True)  # what cannot be written is told before the work
    started, seconds = datetime.now(UTC), {}
    keras.mixed_precision.set_global_policy("float32")
    if run:
        ours = model_of_run(run, corpus)
        if ours.form.name != "tunesmith":
            raise ValueError(f"The run in {run} is a baseline's: name it with --baseline.")
        taken = weights_of(ours.network)
        weights = Weights(taken.arrays, {**taken.card, "name": ours.name})
    else:
        weights = load_weights(model)
        ours = model_of_weights(weights)
    others = [model_of_run(folder, corpus) for folder in baselines]
    names = [other.name for other in others]
    if len({*names, "real", "raw", "grammar", "n-gram"}) < len(names) + 4:
        raise ValueError(f"Two columns would have the same name, of {', '.join(names)}.")
    asked = [headers(corpus.split("test"), seed, tunes) for seed in range(seeds)]

    def timed(name: str, clock: float) -> None:
        seconds[name] = round(time.monotonic() - clock, 1)

    echo("Learning from the training tunes what to measure by…")
    clock = time.monotonic()
    yardstick = Yardstick(corpus)
    timed("yardstick", clock)
    columns = [Column("real", "real test tunes", [[write(score_of(entry)) for entry in entries] for entries in asked])]
    clock = time.monotonic()
    columns.append(Column("raw", f"{ours.name}, raw", sampled(ours, asked, temperature, track), ours.bits(corpus)))
    timed("raw", clock)
    clock = time.monotonic()
    made = [composed(weights, entries, seed, temperature, track) for seed, entries in enumerate(asked)]
    own = [bits for _, bits in made]
    columns.append(Column("grammar", f"{ours.name}, with grammar", [texts for texts, _ in made], columns[1].bits, own))
    timed("grammar", clock)
    settings: dict[str, Any] = {"baselines": {}}
    if ngram:
        echo("Counting n-grams…")
        clock = time.monotonic()
        counted, spelling, figures = baseline(corpus)
        others.append(Model("n-gram", counted, spelling, ""))
        settings["baselines"]["n-gram"] = {"form": spelling.name, "tried": figures}
        timed("n-gram, counting", clock)
    for other in others:
        clock = time.monotonic()
        columns.append(Column(other.name, other.name, sampled(other, asked, temperature, track), other.bits(corpus)))
        settings["baselines"].setdefault(other.name, {"form": other.form.name})
        timed(other.name, clock)
    program, clock = shutil.which("abc2midi"), time.monotonic()
    found = judge_columns(columns, asked, yardstick, program=program, track=track)
    timed("measures", clock)
    digest = corpus.manifest()["sha256"]
    notes = [] if program else ["abc2midi is not installed (Debian's package abcmidi), so what it says was not measured."]
    for one in (ours, *others):
        try:
            learned_from = corpus.of(one.collections).manifest()["sha256"]
        except ValueError:  # there is nothing of that collection
            learned_from = ""
        if one.corpus not in ("", learned_from):
            notes.append(f"{one.name} was trained on another corpus than the one it was evaluated on.")
        elif one.collections:
            notes.append(f"{one.name} was trained on a part of what it was evaluated on: {', '.join(one.collections)}.")
    settings |= {
        "model": ours.name, "tunes": tunes, "seeds": list(range(seeds)), "temperature": temperature, "corpus": digest,
        "abc2midi": _version(program) if program else None,
    }  # fmt: skip
    timings = {"date": started.isoformat(timespec="seconds"), "seconds": seconds}
    result = {"format": FORMAT, **found, "notes": notes, "settings": settings, "timings": timings}
    _write(out, result, columns)
    return result


def _version(program: str) -> str:
    said = subprocess.run([program, "-ver"], capture_output=True, text=True, timeout=10)
    return (said.stdout + said.stderr).strip().partition("\n")[0]


def _write(out: Path, result: dict[str, Any], columns: Sequence[Column]) -> None:
    for column in columns:
        for seed, texts in enumerate(column.texts):
            numbered = (re.sub(r"^X:.*", f"X:{number}", text.strip(), count=1) for number, text in enumerate(texts, 1))
            (out / "tunes" / f"{column.name}-{seed}.abc").write_text("\n\n".join(numbered) + "\n", encoding="utf-8")
    (out / "evaluation.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / "evaluation.txt").write_text(table(result), encoding="utf-8")
