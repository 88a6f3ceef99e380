"""What `tunesmith corpus` does, without the command line around it; `tunesmith train` begins with it too.

    tunesmith corpus                      the pinned collections, into data/corpus
    tunesmith corpus --abc ~/tunes        and one's own

Of the same collections every build makes the same files: `corpus.jsonl` (a tune a line, as it is learned), `verdicts.jsonl`
(what became of every tune that was looked at), `manifest.json` and `statistics.json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from training.corpus.corpus import Corpus, build
from training.corpus.sources import SHA256, RawTune, tunes
from training.corpus.statistics import describe, summary

Progress = Callable[[Sequence[RawTune]], AbstractContextManager[Iterable[RawTune]]]


def collect(cache: Path, *, extra: Path | None = None, echo: Callable[[str], None], progress: Progress = nullcontext) -> Corpus:
    """Builds the corpus. `cache` keeps irish.abc; `say` hears of files of `extra` that were left out. Raises SourceError."""
    raw = list(tunes(cache, extra, echo))
    with progress(raw) as steps:
        return build(steps)


def write(corpus: Corpus, out: Path) -> str:
    """Writes the corpus' four files and returns what is in them in lines for a person; raises OSError."""
    corpus.save(out / "corpus.jsonl")
    manifest, figures = {"sources": SHA256, **corpus.manifest()}, describe(corpus)
    for name, content in (("manifest", manifest), ("statistics", figures)):
        (out / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return f"{summary(figures)}\nSHA-256 of the corpus: {manifest['sha256']}"
