"""Batches: whole tunes, padded, reproducible by the seed."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from generator.composer.features import INPUTS, inputs_of
from generator.composer.returns import Outline, outline_of
from generator.notation.keys import Key
from generator.notation.reader import read
from generator.notation.tokens import ANY_MODE, ANY_RHYTHM, INDEX, ON_TONIC, PAD, cadence_class, encode
from tests.training.tunes import melody, text
from training.batches import (
    FORM_GROUPS,
    LENGTH_MULTIPLE,
    MODE,
    OPTIONAL_COLUMNS,
    OPTIONAL_GROUPS,
    RHYTHM,
    Batch,
    Batches,
    Example,
)


def bars(seed: int) -> list[str]:
    """Random bars; in every third tune the first of them return in the second part."""
    found = melody(seed, 2 + 2 * (seed % 9))
    return [*found[: len(found) // 2], *found[: len(found) // 2]] if seed % 3 == 0 else found


TOKENS = [encode(read(text(bars(seed), rhythm="" if seed % 5 == 0 else "jig"))) for seed in range(30)]
EXAMPLES = [Example.of(tokens, Key.parse("A"), outline_of(tokens), cadence_class(tokens)) for tokens in TOKENS]
COLUMNS = list(INPUTS)
HIDDEN = (
    "tonic", "parts_left", "bars_left", "part_bars", "cadence", "return", "returned", "pitch_return", "duration_return",
    "matched_return", "pitch_ahead", "lift",
)  # fmt: skip


def equal(first: Iterable[Batch], second: Iterable[Batch]) -> bool:
    return all(np.array_equal(a, b) for pair in zip(first, second, strict=True) for a, b in zip(*pair, strict=True))


def batches_of(epoch: int, *, seed: int = 1, header_dropout: float = 0.5, form_dropout: float = 0.15) -> list[Batch]:
    batches = Batches(EXAMPLES, 4, header_dropout=header_dropout, form_dropout=form_dropout, seed=seed)
    batches.set_epoch(epoch)
    return list(batches)


def test_batches_depend_on_the_seed_and_the_epoch() -> None:
    assert equal(batches_of(3), batches_of(3))
    shapes = [[batch[1].shape for batch in batches_of(epoch)] for epoch in range(6)]
    contents = {batch[1].tobytes() for batch in batches_of(0)}
    assert any(contents != {batch[1].tobytes() for batch in batches_of(epoch)} for epoch in range(1, 6))
    assert len({str(shape) for shape in shapes}) > 1
    assert {batch[1].tobytes() for batch in batches_of(0, seed=2)} != contents


@pytest.mark.parametrize("size", [1, 4, 7, 30, 64])
def test_every_tune_occurs_once_per_epoch(size: int) -> None:
    batches = Batches(EXAMPLES, size, seed=3)
    batches.set_epoch(2)
    found = sorted(tuple(row[: int(np.sum(row != INDEX[PAD]))]) for _, targets, _ in batches for row in targets)
    assert found == sorted(tuple(INDEX[token] for token in tokens[1:]) for tokens in TOKENS)
    assert len(list(batches)) == len(batches)


def test_targets_are_the_next_tokens_and_padding_has_no_weight() -> None:
    for inputs, targets, weights in Batches(EXAMPLES, 4, seed=1):
        assert targets.shape[1] % LENGTH_MULTIPLE == 0
        for row in range(len(targets)):
            length = int(np.sum(targets[row] != INDEX[PAD]))
            tokens = next(tokens for tokens in TOKENS if [INDEX[t] for t in tokens[1:]] == list(targets[row, :length]))
            assert inputs[row, :length, 0].tolist() == [INDEX[token] for token in tokens[:-1]]
            features = inputs_of(tokens, Key.parse("A"), outline_of(tokens), cadence_class(tokens))
            assert np.array_equal(inputs[row, :length], features[:-1])
            assert not weights[row, length:].any()
            assert not inputs[row, length:].any()
            unknown = targets[row, :length] == INDEX[ANY_RHYTHM]
            assert list(weights[row, :length]) == list(np.where(unknown, 0, 1))
            assert unknown.sum() == (tokens[RHYTHM] == ANY_RHYTHM)


def test_header_dropout_hides_optional_features_in_the_inputs_only() -> None:
    hidden_columns = [COLUMNS.index(name) for name in HIDDEN]
    assert sorted(OPTIONAL_COLUMNS) == sorted(hidden_columns)
    hidden, shown = batches_of(1, header_dropout=1.0), batches_of(1, header_dropout=0.0, form_dropout=0.0)
    for (inputs, targets, weights), (plain, plain_targets, plain_weights) in zip(hidden, shown, strict=True):
        assert np.array_equal(targets, plain_targets)
        assert np.array_equal(weights, plain_weights)
        assert set(inputs[:, RHYTHM, 0]) == {INDEX[ANY_RHYTHM]}
        assert set(inputs[:, MODE, 0]) == {INDEX[ANY_MODE]}
        assert not inputs[..., hidden_columns].any()
        others = [step for step in range(targets.shape[1]) if step not in (RHYTHM, MODE)]
        assert np.array_equal(inputs[:, others, 0], plain[:, others, 0])
        shown_columns = [column for column in range(1, len(COLUMNS)) if column not in hidden_columns]
        assert np.array_equal(inputs[..., shown_columns], plain[..., shown_columns])
    assert all(any(plain[..., column].any() for plain, _, _ in shown) for column in hidden_columns)
    share = np.mean([batch[0][:, RHYTHM, 0] == INDEX["R:jig"] for e in range(9) for batch in batches_of(e) if len(batch[1]) == 4])
    assert 0.2 < share < 0.6


def test_optional_features_are_hidden_for_whole_tunes_in_groups() -> None:
    """A group is hidden for all steps of a tune or for none: each by itself, and now and then all of them."""
    shares = np.zeros(len(OPTIONAL_GROUPS))
    seen = set()
    for epoch in range(8):
        hidden, plain = batches_of(epoch), batches_of(epoch, header_dropout=0.0, form_dropout=0.0)
        for (inputs, targets, _), (whole, _, _) in zip(hidden, plain, strict=True):
            for row in range(len(targets)):
                shown = [bool(inputs[row][:, columns].any()) for columns in OPTIONAL_GROUPS]
                for columns, kept in zip(OPTIONAL_GROUPS, shown, strict=True):
                    assert not kept or np.array_equal(inputs[row][:, columns], whole[row][:, columns])
                seen.add(tuple(shown))
                shares += shown
    assert len(seen) == 2 ** len(OPTIONAL_GROUPS)
    assert all(0.33 < share < 0.6 for share in shares / (8 * len(EXAMPLES)))


def test_form_dropout_hides_all_of_the_form_and_nothing_else() -> None:
    hidden, plain = batches_of(1, header_dropout=0.0, form_dropout=1.0), batches_of(1, header_dropout=0.0, form_dropout=0.0)
    form = sorted({column for columns in FORM_GROUPS for column in columns})
    others = [column for column in range(len(COLUMNS)) if column not in form]
    for (inputs, _, _), (whole, _, _) in zip(hidden, plain, strict=True):
        assert not inputs[..., form].any()
        assert np.array_equal(inputs[..., others], whole[..., others])


def test_the_tunes_of_rare_rhythms_count_more() -> None:
    heavy = replace(EXAMPLES[0], weight=2.5)
    [(_, _, weights)] = Batches([heavy, EXAMPLES[1]], 2)
    assert sorted({float(weight) for weight in weights.ravel()}) == [0, 1, 2.5]


def test_an_example_holds_features_and_tokens() -> None:
    example = Example.of(TOKENS[1], Key.parse("A"), Outline([4, 4]), ON_TONIC)
    assert example.tokens.tolist() == [INDEX[token] for token in TOKENS[1]]
    assert np.array_equal(example.inputs, inputs_of(TOKENS[1], Key.parse("A"), Outline([4, 4]), ON_TONIC))
    without_options = Example.of(TOKENS[1]).inputs
    assert not without_options[:, sorted(OPTIONAL_COLUMNS)].any()


def test_the_end_is_not_a_note() -> None:
    example = Example.of(["<start>", "R:jig", "M:6/8", "K:major", "|:", "/24", "0", "z", "2^", "-", "/72", "2^", ":|", "<end>"])
    assert example.notes == 4


def test_the_tensorflow_dataset_yields_the_batches_of_the_current_epoch() -> None:
    batches = Batches(EXAMPLES, 4, seed=1)
    dataset = batches.dataset()
    for epoch in (0, 2):
        batches.set_epoch(epoch)
        found = [tuple(part.numpy() for part in batch) for batch in dataset]
        assert equal(found, list(batches))
