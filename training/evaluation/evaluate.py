"""Compares a model with real tunes and other models: `tunesmith evaluate`, a table and `evaluation.json`.

    tunesmith evaluate --run data/runs/tunesmith-7 --baseline data/runs/mit_lab --baseline data/runs/folk_rnn

Every model gets the same prompts: the rhythms, metres and keys of real test tunes, chosen anew for each seed. The tunes of
each column, and the real test tunes, go through the same ABC reader and the same metrics. Equal commands give equal results
except for `timings`.
"""

from __future__ import annotations

import json
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
from training.baselines.ngram import NGram, train_ngram_baseline
from training.baselines.tokenizers import Header, Tokenizer, make_tokenizer
from training.corpus.corpus import Corpus, Entry, score_of
from training.evaluation.columns import Column, Track, measure_columns
from training.evaluation.judge.features import FeatureReader
from training.evaluation.judge.judge import Pair, judge
from training.evaluation.metrics import read_or_none
from training.evaluation.prompts import choose_prompts, further_prompts, held_out
from training.evaluation.reference import Reference
from training.evaluation.sampling import is_recurrent, sample, weights_of
from training.evaluation.table import table
from training.fine_tuning import assign_weights
from training.likelihood import TokenBits, bits_per_note, token_bits_of

FORMAT = 1
SLOTS = 64  # tunes composed at once
MAX_TUNES = 10_000  # per seed, so that each tune of each seed has its own seed


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model with its tokenizer."""

    name: str
    network: keras.Model | NGram
    tokenizer: Tokenizer
    corpus: str  # digest of the training corpus; empty if unknown
    collections: tuple[str, ...] = ()  # collections that it was trained on; empty: all

    @property
    def token_bits(self) -> TokenBits:
        return self.network.token_bits if isinstance(self.network, NGram) else token_bits_of(self.network)

    def bits(self, corpus: Corpus) -> dict[str, float]:
        return {side: bits_per_note(self.tokenizer, corpus.split(side), self.token_bits) for side in ("test", "validation")}


def model_of_run(run: Path, corpus: Corpus) -> Model:
    """The model of a run; raises ValueError."""
    try:
        config = json.loads((run / "config.json").read_text(encoding="utf-8"))
        network = build(ModelConfig(**config["model"]))
        finished = run / "final.weights.h5"
        network.load_weights(finished if finished.exists() else run / "best.weights.h5")
        tokenizer = make_tokenizer(config["tokenizer"], corpus.split("train"))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{run} contains no run that can be evaluated ({error}).") from error
    if len(tokenizer.vocabulary) != network.output_shape[-1]:
        raise ValueError(f"The run in {run} was trained on another corpus: the vocabularies differ.")
    return Model(str(config["name"]), network, tokenizer, str(config["corpus"]), tuple(config.get("collections", ())))


def model_of_weights(weights: Weights) -> Model:
    """An exported model as a Keras model; raises ValueError if its layers differ from the current ones."""
    name = str(weights.card["name"])
    known = {item.name for item in fields(ModelConfig)}
    network = build(ModelConfig(**{key: value for key, value in weights.card["model"].items() if key in known}))
    assign_weights(network, weights)
    digest, collections = weights.card.get("data", {}).get("sha256", ""), weights.card.get("training", {}).get("collections", ())
    return Model(name, network, make_tokenizer("tunesmith", ()), str(digest), tuple(collections))


def compose_tunes(
    weights: Weights, prompts: Sequence[Entry], seed: int, temperature: float, candidates: int | None, track: Track
) -> tuple[list[str], float]:
    """Composes tunes as people get them. Returns ABC texts and the model's mean bits per token of them.

    candidates: of which the ranking chooses each tune; None: as many as usual.
    """
    composer = Composer(weights, slots=SLOTS)
    try:
        requests = [
            TuneRequest.check(
                rhythm=entry.rhythm, key=entry.key, metre=entry.metre, temperature=temperature, seed=number, candidates=candidates
            )
            for number, entry in enumerate(prompts, seed * MAX_TUNES)
        ]
        futures = [composer.submit(request) for request in requests]
        texts, bits = [], []
        with track(f"Composing, seed {seed}", futures) as waiting:
            for future in waiting:
                tune = future.result()
                texts.append(write(tune.score))
                bits.append(tune.bits_per_token)
    finally:
        composer.close()
    return texts, statistics.fmean(bits)


def sample_tunes(model: Model, prompts: Sequence[Sequence[Entry]], temperature: float, track: Track) -> list[list[str]]:
    """Samples tunes without the grammar, for each seed."""
    found = []
    with track(f"Sampling from {model.name}", range(len(prompts))) as seeds:
        for seed in seeds:
            requests = [Header.of(entry) for entry in prompts[seed]]
            found.append(sample(model.network, model.tokenizer, requests, seed=seed, temperature=temperature))
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
    candidates: int | None = None,
    per_rhythm: int = 30,
    with_judge: bool = False,
    echo: Callable[[str], None],
    track: Track,
) -> dict[str, Any]:
    """Evaluates a run, or the weights in the folder `model`, or the shipped model.

    per_rhythm: tunes of each rhythm for the figures by rhythm, besides those of the seeds; 0: none. with_judge: whether the judge
    judges the tunes with the grammar and those of the baselines, by those of the headers of all held-out tunes.

    Writes `evaluation.json`, `evaluation.txt` and `tunes/` into `out`. Raises ValueError and WeightsError.
    """
    (out / "tunes").mkdir(parents=True, exist_ok=True)  # fails now and not after the work
    started, seconds = datetime.now(UTC), {}
    keras.mixed_precision.set_global_policy("float32")
    if run:
        ours = model_of_run(run, corpus)
        if ours.tokenizer.name != "tunesmith" or not is_recurrent(ours.network):
            raise ValueError(f"The run in {run} is a baseline. Use --baseline for it.")
        exported = weights_of(ours.network)
        weights = Weights(exported.arrays, {**exported.card, "name": ours.name})
    else:
        weights = load_weights(model)
        ours = model_of_weights(weights)
    others = [model_of_run(folder, corpus) for folder in baselines]
    names = [other.name for other in others]
    if len({*names, "real", "raw", "grammar", "n-gram"}) < len(names) + 4:
        raise ValueError(f"The baselines need distinct names, other than those of the other columns: {', '.join(names)}.")
    prompts = [choose_prompts(corpus.split("test"), seed, tunes) for seed in range(seeds)]
    judged = held_out(corpus) if with_judge or per_rhythm else []
    more_prompts = [*judged, *further_prompts(corpus, judged, per_rhythm)]

    def timed(name: str, clock: float) -> None:
        seconds[name] = round(time.monotonic() - clock, 1)

    echo("Computing reference data from the training tunes…")
    clock = time.monotonic()
    reference = Reference(corpus)
    timed("reference", clock)
    real, *of_seeds = ([write(score_of(entry)) for entry in entries] for entries in (judged, *prompts))
    columns = [Column("real", "real test tunes", of_seeds, more_texts=real)]
    clock = time.monotonic()
    columns.append(_sampled(ours, "raw", f"{ours.name}, raw", [*prompts, more_prompts], temperature, corpus, track))
    timed("raw", clock)
    clock = time.monotonic()
    composed = [
        compose_tunes(weights, entries, seed, temperature, candidates, track) if entries else ([], 0.0)
        for seed, entries in enumerate([*prompts, more_prompts])
    ]
    *texts, more_texts = (texts for texts, _ in composed)
    own = [bits for _, bits in composed[:-1]]
    columns.append(Column("grammar", f"{ours.name}, with grammar", texts, columns[1].bits, own, more_texts))
    timed("grammar", clock)
    settings: dict[str, Any] = {"baselines": {}}
    if ngram:
        echo("Counting n-grams…")
        clock = time.monotonic()
        counted, tokenizer, figures = train_ngram_baseline(corpus)
        others.append(Model("n-gram", counted, tokenizer, ""))
        settings["baselines"]["n-gram"] = {"tokenizer": tokenizer.name, "tried": figures}
        timed("n-gram, counting", clock)
    for other in others:
        clock = time.monotonic()
        columns.append(_sampled(other, other.name, other.name, [*prompts, more_prompts], temperature, corpus, track))
        settings["baselines"].setdefault(other.name, {"tokenizer": other.tokenizer.name})
        timed(other.name, clock)
    verdicts = {}
    if with_judge:
        clock = time.monotonic()
        reader = FeatureReader(reference.training, reference.common)
        with track("Judging", [column for column in columns if column.name not in ("real", "raw")]) as waiting:
            for column in waiting:
                verdicts[column.name] = judge(_pairs(judged, column), reader)
        timed("judge", clock)
    program, clock = shutil.which("abc2midi"), time.monotonic()
    found = measure_columns(
        columns, prompts, reference, more_prompts=more_prompts, verdicts=verdicts, program=program, track=track
    )
    timed("metrics", clock)
    digest = corpus.manifest()["sha256"]
    notes = [] if program else ["abc2midi is not installed (Debian's package abcmidi), so its metric is missing."]
    for each in (ours, *others):
        try:
            trained_on = corpus.of(each.collections).manifest()["sha256"]
        except ValueError:  # the corpus has no such collection
            trained_on = ""
        if each.corpus not in ("", trained_on):
            notes.append(f"{each.name} was trained on another corpus than the one used here.")
        elif each.collections:
            notes.append(f"{each.name} was trained on a part of the corpus only: {', '.join(each.collections)}.")
    settings |= {
        "model": ours.name, "tunes": tunes, "seeds": list(range(seeds)), "temperature": temperature, "corpus": digest,
        "candidates": candidates, "per_rhythm": per_rhythm,
        "abc2midi": _version(program) if program else None,
    }  # fmt: skip
    timings = {"date": started.isoformat(timespec="seconds"), "seconds": seconds}
    result = {"format": FORMAT, **found, "notes": notes, "settings": settings, "timings": timings}
    _write(out, result, columns)
    return result


def _sampled(
    model: Model, name: str, label: str, prompts: Sequence[Sequence[Entry]], temperature: float, corpus: Corpus, track: Track
) -> Column:
    """A column of tunes without the grammar; the last of the prompts are those for `Column.more_texts`."""
    *texts, more_texts = sample_tunes(model, prompts, temperature, track)
    return Column(name, label, texts, model.bits(corpus), more_texts=more_texts)


def _pairs(entries: Sequence[Entry], column: Column) -> list[Pair]:
    """Held-out tunes with the tunes that were composed for their headers."""
    return [
        Pair(score_of(entry), read_or_none(text), entry.rhythm, entry.family)
        for entry, text in zip(entries, column.more_texts, strict=False)
    ]


def _version(program: str) -> str:
    result = subprocess.run([program, "-ver"], capture_output=True, text=True, timeout=10)
    return (result.stdout + result.stderr).strip().partition("\n")[0]


def _write(out: Path, result: dict[str, Any], columns: Sequence[Column]) -> None:
    for column in columns:
        for seed, texts in enumerate(column.texts):
            numbered = (re.sub(r"^X:.*", f"X:{number}", text.strip(), count=1) for number, text in enumerate(texts, 1))
            (out / "tunes" / f"{column.name}-{seed}.abc").write_text("\n\n".join(numbered) + "\n", encoding="utf-8")
    (out / "evaluation.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / "evaluation.txt").write_text(table(result), encoding="utf-8")
