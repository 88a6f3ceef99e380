"""The n-gram model: normalized probabilities, stepwise prediction, and the choice of order and discounts."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from generator.notation.reader import read
from generator.notation.tokens import encode
from tests.training.tunes import melody, text
from training.baselines.ngram import NGram, _count, train_ngram_baseline
from training.baselines.tokenizers import make_tokenizer
from training.batches import Example
from training.corpus.corpus import Corpus, Entry

# 1 is the start and 2 the end of a tune; 5 follows 4, and 6 or 7 follows 5.
TUNES = [[1, 4, 5, 6, 4, 5, 7, 2], [1, 4, 5, 6, 4, 5, 6, 2], [1, 4, 5, 7, 4, 5, 6, 2], [1, 8, 4, 5, 6, 2]]
VOCABULARY = 10


def example(tokens: list[int]) -> Example:
    return Example(np.array(tokens, np.int32)[:, None], 3)


EXAMPLES = [example(tokens) for tokens in TUNES]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Tunes made of a few repeated phrases, so that there is something to learn."""
    entries = []
    for seed in range(40):
        tune = read(text(melody(seed % 7, 4) + melody(seed % 5, 4), key=("D", "G")[seed % 2]))
        split = "test" if seed > 35 else "validation" if seed > 31 else "train"
        name = f"book:{seed}"
        entries.append(Entry(name, tune.title, "jig", tune.key.abc, "6/8", name, split, encode(tune)))  # type: ignore[arg-type]
    return Corpus(entries)


def test_n_grams_are_counted_by_occurrences_and_distinct_predecessors() -> None:
    unigrams, bigrams = _count([np.array(tune, np.int64) for tune in TUNES], VOCABULARY, 2)
    assert dict(zip(unigrams.keys, unigrams.occurrences, strict=True)) == {1: 0, 2: 4, 4: 7, 5: 7, 6: 5, 7: 2, 8: 1}
    assert dict(zip(unigrams.keys, unigrams.predecessors, strict=True)) == {1: 0, 2: 2, 4: 4, 5: 1, 6: 1, 7: 1, 8: 1}
    numbers = list(unigrams.keys)
    pairs = {
        (numbers[key // VOCABULARY], key % VOCABULARY): count
        for key, count in zip(bigrams.keys, bigrams.occurrences, strict=True)
    }
    assert pairs == Counter(pair for tune in TUNES for pair in pairwise(tune))
    assert (2, 1) not in pairs


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_sum_to_one_and_stepping_agrees_with_token_bits(order: int) -> None:
    model = NGram(EXAMPLES, EXAMPLES[:1], VOCABULARY, order=order)
    unseen = example([1, 9, 4, 5, 5, 8, 2])  # with unseen n-grams
    for tune in (*EXAMPLES, unseen):
        state, bits = model.initial_state(1), []
        for token, following in pairwise(tune.tokens):
            state = model.advance(state, np.array([token], np.int64))
            probabilities = model.predict(state)
            assert probabilities.sum() == pytest.approx(1)
            assert probabilities[0, :2].sum() == 0  # neither padding nor start is predicted
            assert (probabilities[0, 2:] > 0).all()
            bits.append(-np.log2(probabilities[0, following]))
        assert np.allclose(model.token_bits([tune])[0], bits)


def test_rows_are_independent() -> None:
    model = NGram(EXAMPLES, EXAMPLES[:1], VOCABULARY, order=3)
    together, alone = model.initial_state(2), model.initial_state(1)
    for one, other in ((1, 1), (4, 8), (5, 4)):
        together = model.advance(together, np.array([one, other], np.int64))
        alone = model.advance(alone, np.array([other], np.int64))
    assert np.array_equal(model.predict(together)[1], model.predict(alone)[0])
    assert not np.allclose(*model.predict(together))


def test_longer_contexts_predict_the_training_tunes_better() -> None:
    bits = [np.concatenate(NGram(EXAMPLES, EXAMPLES, VOCABULARY, order=order).token_bits(EXAMPLES)).mean() for order in (1, 2, 3)]
    assert bits[0] > bits[1] > bits[2]


def test_the_validation_tunes_choose_the_order_and_the_discounts() -> None:
    far = [example([1, *([4, 5, 6, 7, 8] * 4)[shift : shift + 12], 2]) for shift in range(5)]
    repeats = NGram(far, far[:2], VOCABULARY)
    assert repeats.order > 1
    rng = np.random.default_rng(1)
    noise = [example([1, *rng.integers(4, 9, 40), 2]) for _ in range(30)]
    assert NGram(noise[:20], noise[20:], VOCABULARY).order == 1
    tuned = NGram(EXAMPLES, EXAMPLES[3:], VOCABULARY, order=3)
    held_out = tuned._look_up(EXAMPLES[3:])
    assert tuned._bits(held_out, tuned._discounts) < tuned._bits(held_out, tuned._estimates(3))


def test_the_baseline_has_the_tokenizer_that_is_better_on_the_validation_tunes(corpus: Corpus) -> None:
    model, tokenizer, figures = train_ngram_baseline(corpus)
    assert set(figures) == {"characters", "folk_rnn"}
    assert figures[tokenizer.name]["validation"] == min(figure["validation"] for figure in figures.values())
    assert figures[tokenizer.name]["order"] == model.order
    nothing = np.log2(len(tokenizer.vocabulary))
    assert 0 < figures[tokenizer.name]["test"] < 2 * nothing
    first = make_tokenizer(tokenizer.name, corpus.split("train")).example(corpus.split("test")[0])
    assert len(model.token_bits([first])[0]) == len(first.tokens) - 1
