"""Builds the corpus and writes its files: `tunesmith corpus`; `tunesmith train` does the same first.

    tunesmith corpus                      the public collections, into data/corpus
    tunesmith corpus --abc ~/tunes        with your own tunes

The same collections always give the same files: `corpus.jsonl` (one tune per line), `verdicts.jsonl` (for every tune,
whether it is used and why not), `manifest.json` and `statistics.json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from training.corpus.build import build
from training.corpus.corpus import Corpus
from training.corpus.sources import SHA256, RawTune, tunes
from training.corpus.statistics import describe, summary

Progress = Callable[[Sequence[RawTune]], AbstractContextManager[Iterable[RawTune]]]


def collect(cache: Path, *, extra: Path | None = None, echo: Callable[[str], None], progress: Progress = nullcontext) -> Corpus:
    """Builds the corpus.

    cache: folder for irish.abc. extra: optional folder of your own .abc files; `echo` reports files that are skipped.
    Raises SourceError.
    """
    raw = list(tunes(cache, extra, echo))
    with progress(raw) as steps:
        return build(steps)


def write_corpus(corpus: Corpus, out: Path) -> str:
    """Writes the four files of the corpus and returns a summary as text; raises OSError."""
    corpus.save(out / "corpus.jsonl")
    manifest, figures = {"sources": SHA256, **corpus.manifest()}, describe(corpus)
    for name, content in (("manifest", manifest), ("statistics", figures)):
        (out / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return f"{summary(figures)}\nSHA-256 of the corpus: {manifest['sha256']}"
