"""Chooses the sampling: the temperature among pitches if a request's is 1, and the share below which tokens are not drawn.

    .venv/bin/python -m tests.benchmarks.sampling [--temperatures 0.5 0.6 0.7] [--other 0.9] [--shares 0.003 0.02] [--seed 900]
        [--rounds 1] [--candidates 10] [--network] [--model FOLDER] [--json FILE]

Without --temperatures the shipped ones are measured, which differ by rhythm. For each pair of values tunes are composed for the
headers of all validation tunes, never of test tunes, with seeds that the evaluation does not use. The judge is fitted anew for
each pair; the idiom of the tunes is compared with that of the real validation tunes. `distance` is the sum over IDIOM of the
differences from real tunes, in points. Reads data/corpus.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from pathlib import Path

from generator.composer import batch
from generator.composer.composer import CANDIDATES, Composer
from generator.composer.measures import in_scale, melody, pitches
from generator.composer.weights import Weights, load_weights
from generator.notation.metres import RHYTHMS
from generator.notation.score import Score
from generator.request import TuneRequest
from training.corpus.corpus import Corpus, Entry, score_of
from training.evaluation.by_rhythm import idiom_of
from training.evaluation.common import CommonMusic
from training.evaluation.judge.features import FeatureReader
from training.evaluation.judge.judge import OVERALL, Pair, judge

SLOTS = 64
IDIOM = ("half_bars_common", "cadence_known", "cadence_7_1", "last_bar_alike", "last_two_bars_alike")


def compose(weights: Weights, entries: Sequence[Entry], seed: int, candidates: int) -> list[tuple[Score, float]]:
    """A tune for each header, with its bits per token."""
    composer = Composer(weights, slots=SLOTS)
    try:
        requests = [
            TuneRequest.check(rhythm=entry.rhythm, key=entry.key, metre=entry.metre, seed=number, candidates=candidates)
            for number, entry in enumerate(entries, seed)
        ]
        return [(tune.score, tune.bits_per_token) for tune in composer.compose(requests)]
    finally:
        composer.close()


def idiom(tunes: Sequence[tuple[Score, str]], common: CommonMusic) -> dict[str, float]:
    """Shares of IDIOM, half-bars common in reels and in jigs, notes in the scale; over all tunes."""
    found = {}
    ratios = [(rhythm, idiom_of(score, rhythm, common)) for score, rhythm in tunes]
    for name in IDIOM:
        found[name] = share([measured[name] for _, measured in ratios])
    for rhythm in ("reel", "jig", "hornpipe"):
        found[f"half_bars_common {rhythm}"] = share([measured["half_bars_common"] for name, measured in ratios if name == rhythm])
    found["in_scale"] = share([in_scale(melody(score), score.key) for score, _ in tunes])
    found["notes"] = statistics.fmean(len(pitches(score)) for score, _ in tunes)
    return found


def share(ratios: Sequence[tuple[float, float]]) -> float:
    return sum(amount for amount, _ in ratios) / max(sum(total for _, total in ratios), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--temperatures", type=float, nargs="+", default=[])
    parser.add_argument("--other", type=float, default=batch.OTHER_TEMPERATURE, help="the temperature of all but pitches")
    parser.add_argument("--shares", type=float, nargs="+", default=[batch.MIN_SHARE])
    parser.add_argument("--seed", type=int, default=900_000)
    parser.add_argument("--rounds", type=int, default=1, help="tunes for each header")
    parser.add_argument("--candidates", type=int, default=CANDIDATES)
    parser.add_argument("--network", action="store_true", help="the judge's LSTM too")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--corpus", type=Path, default=Path("data/corpus/corpus.jsonl"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    corpus, weights = Corpus.load(options.corpus), load_weights(options.model)
    entries = corpus.split("validation") * options.rounds
    training = [score_of(entry) for entry in corpus.split("train")]
    common = CommonMusic.of(training)
    reader = FeatureReader(training, common)
    real = idiom([(score_of(entry), entry.rhythm) for entry in entries], common)
    rows = [{"real": True, **real}]
    print("real", show(real), flush=True)
    for temperature in options.temperatures or [batch.PITCH_TEMPERATURE]:
        for least in options.shares:
            batch.PITCH_TEMPERATURE, batch.OTHER_TEMPERATURE, batch.MIN_SHARE = temperature, options.other, least
            if options.temperatures:
                batch.TEMPERATURES = {}
            composed = compose(weights, entries, options.seed, options.candidates)
            measured = idiom([(score, entry.rhythm) for (score, _), entry in zip(composed, entries, strict=True)], common)
            pairs = [
                Pair(score_of(entry), score, entry.rhythm, entry.family)
                for (score, _), entry in zip(composed, entries, strict=True)
            ]
            verdict = judge(pairs, reader, with_network=options.network)
            distance = sum(abs(measured[name] - real[name]) for name in (*IDIOM, "half_bars_common reel", "half_bars_common jig"))
            found = {
                "temperature": temperature,
                "share": least,
                "judge": verdict.both[OVERALL].value,
                "low": verdict.both[OVERALL].low,
                "high": verdict.both[OVERALL].high,
                **{f"judge {rhythm}": verdict.both[rhythm].value for rhythm in RHYTHMS if rhythm in verdict.both},
                "features": verdict.features[OVERALL].value,
                "distance": distance,
                "bits": statistics.fmean(bits for _, bits in composed),
                **measured,
            }
            rows.append(found)
            print(show(found), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def show(row: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in row.items())


if __name__ == "__main__":
    main()
