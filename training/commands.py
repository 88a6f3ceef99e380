"""What `tunesmith train` does, without the command line around it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from training.corpus import Corpus, build
from training.sources import tunes
from training.train import TrainConfig, ship, train


def train_and_ship(
    config: TrainConfig, *, data_dir: Path, run: Path, target: Path, extra: Path | None, say: Callable[[str], None], verbose: int
) -> None:
    say("Reading the collections…")
    corpus: Corpus = build(tunes(data_dir / "corpus", extra))
    corpus.save(data_dir / "corpus" / "corpus.jsonl")
    manifest = corpus.manifest()
    (data_dir / "corpus" / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    say(f"{manifest['tunes']:,} tunes in {manifest['families']:,} families, {manifest['tokens']:,} tokens.")
    model = train(config, corpus, run, verbose=verbose)
    card = ship(config, model, corpus, run, target)
    say(f"{card['loss']['test_bits_per_note']} bits a note on the test tunes. The model is in {target}.")
