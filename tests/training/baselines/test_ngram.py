"""The n-gram model: shares that add up, the same step by step as at once, and better with more to go by."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from generator.notation.reader import read
from generator.notation.tokens import encode
from tests.training.tunes import melody, text
from training.baselines.forms import form
from training.baselines.ngram import NGram, _count, baseline
from training.corpus.corpus import Corpus, Entry
from training.dataset import Example

# 1 begins and 2 ends a tune; 5 follows 4, and after 5 comes 6 or 7.
TUNES = [[1, 4, 5, 6, 4, 5, 7, 2], [1, 4, 5, 6, 4, 5, 6, 2], [1, 4, 5, 7, 4, 5, 6, 2], [1, 8, 4, 5, 6, 2]]
VOCABULARY = 10


def example(tokens: list[int]) -> Example:
    return Example(np.array(tokens, np.int32)[:, None], 3)


EXAMPLES = [example(tokens) for tokens in TUNES]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Tunes that repeat two phrases of their own, so that there is something to learn."""
    entries = []
    for seed in range(40):
        tune = read(text(melody(seed % 7, 4) + melody(seed % 5, 4), key=("D", "G")[seed % 2]))
        side = "test" if seed > 35 else "validation" if seed > 31 else "train"
        name = f"book:{seed}"
        entries.append(Entry(name, tune.title, "jig", tune.key.abc, "6/8", name, side, encode(tune)))  # type: ignore[arg-type]
    return Corpus(entries, Counter(used=40))


def test_n_grams_are_counted_within_tunes_and_by_the_kinds_before_them():
    unigrams, bigrams = _count([np.array(tune, np.int64) for tune in TUNES], VOCABULARY, 2)
    assert dict(zip(unigrams.keys, unigrams.whole, strict=True)) == {1: 0, 2: 4, 4: 7, 5: 7, 6: 5, 7: 2, 8: 1}
    assert dict(zip(unigrams.keys, unigrams.kinds, strict=True)) == {1: 0, 2: 2, 4: 4, 5: 1, 6: 1, 7: 1, 8: 1}
    numbers = list(unigrams.keys)
    pairs = {
        (numbers[key // VOCABULARY], key % VOCABULARY): count for key, count in zip(bigrams.keys, bigrams.whole, strict=True)
    }
    assert pairs == Counter(pair for tune in TUNES for pair in pairwise(tune))
    assert (2, 1) not in pairs


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_shares_add_up_to_one_in_every_state_and_stepping_agrees_with_judging(order):
    model = NGram(EXAMPLES, EXAMPLES[:1], VOCABULARY, order=order)
    strange = example([1, 9, 4, 5, 5, 8, 2])  # much of which never occurred
    for tune in (*EXAMPLES, strange):
        state, bits = model.begin(1), []
        for token, following in pairwise(tune.tokens):
            state = model.advance(state, np.array([token], np.int64))
            shares = model.predict(state)
            assert shares.sum() == pytest.approx(1)
            assert shares[0, :2].sum() == 0  # neither padding nor a start is expected
            assert (shares[0, 2:] > 0).all()
            bits.append(-np.log2(shares[0, following]))
        assert np.allclose(model.judge([tune])[0], bits)


def test_rows_are_stepped_independently():
    model = NGram(EXAMPLES, EXAMPLES[:1], VOCABULARY, order=3)
    together, alone = model.begin(2), model.begin(1)
    for one, other in ((1, 1), (4, 8), (5, 4)):
        together = model.advance(together, np.array([one, other], np.int64))
        alone = model.advance(alone, np.array([other], np.int64))
    assert np.array_equal(model.predict(together)[1], model.predict(alone)[0])
    assert not np.allclose(*model.predict(together))


def test_longer_contexts_tell_more_about_what_was_learnt():
    bits = [np.concatenate(NGram(EXAMPLES, EXAMPLES, VOCABULARY, order=order).judge(EXAMPLES)).mean() for order in (1, 2, 3)]
    assert bits[0] > bits[1] > bits[2]


def test_the_order_and_the_discounts_are_those_that_the_validation_tunes_need():
    far = [example([1, *([4, 5, 6, 7, 8] * 4)[shift : shift + 12], 2]) for shift in range(5)]
    repeats = NGram(far, far[:2], VOCABULARY)
    assert repeats.order > 1
    rng = np.random.default_rng(1)
    noise = [example([1, *rng.integers(4, 9, 40), 2]) for _ in range(30)]
    assert NGram(noise[:20], noise[20:], VOCABULARY).order == 1
    tuned = NGram(EXAMPLES, EXAMPLES[3:], VOCABULARY, order=3)
    held_out = tuned._look_up(EXAMPLES[3:])
    assert tuned._bits(held_out, tuned._discounts) < tuned._bits(held_out, tuned._estimates(3))


def test_the_baseline_is_the_form_that_does_better_on_the_validation_tunes(corpus):
    model, spelling, figures = baseline(corpus)
    assert set(figures) == {"characters", "folk_rnn"}
    assert figures[spelling.name]["validation"] == min(figure["validation"] for figure in figures.values())
    assert figures[spelling.name]["order"] == model.order
    nothing = np.log2(len(spelling.vocabulary))
    assert 0 < figures[spelling.name]["test"] < 2 * nothing
    first = form(spelling.name, corpus.split("train")).example(corpus.split("test")[0])
    assert len(model.judge([first])[0]) == len(first.tokens) - 1
