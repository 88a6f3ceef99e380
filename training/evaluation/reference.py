"""Reference data from the corpus that tunes are compared with: known melodies, what is common, histograms, rhythm classifier."""

from __future__ import annotations

import random
from collections.abc import Sequence

from generator.composer.measures import pitches
from generator.composer.novelty import Novelty
from training.corpus.corpus import Corpus, Entry, score_of
from training.evaluation.common import CommonMusic
from training.evaluation.distributions import Histogram, histograms, stratified_sample, stratum_of, sum_histograms
from training.evaluation.rhythm_classifier import RhythmClassifier, can_classify, classification_report

SAMPLES = 20  # sets of training tunes over which each divergence is averaged


class Reference:
    """The reference data of an evaluation, computed once from the corpus."""

    def __init__(self, corpus: Corpus) -> None:
        scores = {split: [score_of(entry) for entry in corpus.split(split)] for split in ("train", "validation", "test")}
        with_rhythm = {split: [score for score in found if can_classify(score)] for split, found in scores.items()}
        if not all(with_rhythm.values()):
            raise ValueError("The corpus has too few tunes whose rhythm is known.")
        self.classifier = RhythmClassifier.fit(with_rhythm["train"], with_rhythm["validation"])
        self.classifier_reports = {split: classification_report(self.classifier, found) for split, found in with_rhythm.items()}
        self.training = scores["train"]
        self.common = CommonMusic.of(self.training)
        self.known = Novelty.of((score.title, pitches(score)) for score in scores["train"])
        self.strata = [_stratum(entry) for entry in corpus.split("train")]
        self.histograms = [histograms(score) for score in scores["train"]]

    def histogram_samples(self, prompts: Sequence[Entry], seed: int) -> list[dict[str, Histogram]]:
        """Histograms of SAMPLES random sets of training tunes, each of the size and the strata of the prompts."""
        wanted = [_stratum(entry) for entry in prompts]
        samples = [stratified_sample(wanted, self.strata, random.Random(f"{seed} {number}")) for number in range(SAMPLES)]
        return [sum_histograms(self.histograms[index] for index in sample) for sample in samples]


def _stratum(entry: Entry) -> tuple[str, str, str]:
    return stratum_of(entry.rhythm, entry.metre, entry.key)
