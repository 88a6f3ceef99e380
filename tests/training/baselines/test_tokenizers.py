"""The tokenizers: what they produce, and that all of them represent the same music."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from generator.composer.model import ModelConfig, build
from generator.notation import tokens as t
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.structure import play_order
from tests.training.tunes import melody, text
from training.baselines.tokenizers import SPECIAL, TOKENIZERS, UNKNOWN, Header, make_tokenizer
from training.baselines.windows import Windows
from training.batches import Example
from training.corpus.corpus import Entry, score_of
from training.likelihood import bits_per_note, token_bits_of

JIG = "X:1\nT:The Nameless\nR:jig\nM:6/8\nL:1/8\nK:D\n|:A|d2f def|(3gfe c/B/A2 z|1 B3- B2:|2 ^G3 e'2||\n|:g|fed cBA|d3 d2:|"
REEL = "X:1\nT:Gé & Co\nM:C|\nL:1/8\nK:Gmin\nG,2B,D G>ABc|d^f=ef g2_e=e|]"


def entry(text: str, name: str = "book:1") -> Entry:
    score = read(text)
    return Entry(name, score.title, score.rhythm, score.key.abc, str(score.metre), name, "train", t.encode(score))


TRAINING = [entry(text(melody(seed, 4), key=key), f"book:{seed}") for seed, key in enumerate(("D", "G", "Edor", "Am") * 3)]
TUNES = [entry(JIG, "jig"), entry(REEL, "reel"), *TRAINING]


def played_notes(score: Score) -> list[object]:
    notes = (note for bar in play_order(score.bars) for note in score.bars[bar].notes)
    return [(note.melody, note.duration, note.tie) for note in notes]


@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_tune_survives_encoding_and_decoding(name: str) -> None:
    tokenizer = make_tokenizer(name, TRAINING)
    for tune in TUNES:
        tokens = tokenizer.encode(tune)
        back, first = read(tokenizer.decode(tokens, Header.of(tune))), score_of(tune)
        assert played_notes(back) == played_notes(first)
        assert (back.key, back.metre, back.rhythm) == (first.key, first.metre, first.rhythm)
        assert tokens[0] == t.START
        assert tokens[-1] == t.END


@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_tune_begins_with_the_tokens_of_its_header(name: str) -> None:
    tokenizer = make_tokenizer(name, TRAINING)
    for tune in TUNES:
        tokens, opening = tokenizer.encode(tune), tokenizer.opening(Header.of(tune))
        if None in opening:  # the model writes the title itself
            at = opening.index(None)
            opening[at : at + 1] = [*tune.title, "\n"]
        assert opening == tokens[: tokenizer.body_start(tokens)]


def test_characters_are_the_whole_text_and_the_body_begins_after_the_key() -> None:
    tokenizer = make_tokenizer("characters", TRAINING)
    tokens = tokenizer.encode(TUNES[0])
    whole = (
        "X:1\nT:The Nameless\nR:jig\nM:6/8\nL:1/8\nK:D\n|:A|d2f def|(3gfec/B/ A2z|[1 B3- B2:|\n[2 ^G3 e'2||\n|:g|fed cBA|d3 d2:|]"
    )
    assert "".join(tokens[1:-1]) == whole
    assert "".join(tokens[tokenizer.body_start(tokens) : -1]) == whole[whole.index("|:A") :]


def test_folk_rnns_tokens_are_transposed_to_c_with_separate_lengths() -> None:
    tokens = make_tokenizer("folk_rnn", TRAINING).encode(TUNES[0])
    assert " ".join(tokens) == (
        "<start> R:jig M:6/8 K:Cmaj |: G | c 2 e c d e | (3 f e d B /2 A /2 G 2 z |1 A 3 - A 2 :| |2 ^F 3 d' 2 || "
        "|: f | e d c B A G | c 3 c 2 :| <end>"
    )
    assert " ".join(make_tokenizer("folk_rnn", TRAINING).encode(TUNES[1])).startswith(
        "<start> R:? M:2/2 K:Cmin C, 2 E, G, C > D E F |"
    )


def test_a_sampled_tune_is_not_corrected() -> None:
    header = Header("jig", "6/8", "G")
    tokenizer = make_tokenizer("folk_rnn", TRAINING)
    head, stream = "<start> R:jig M:6/8 K:Cmaj", "|: ^f 3 B, |2 c > > <end> d"
    assert tokenizer.decode([*head.split(), *stream.split()], header).endswith("K:G\n|:^c'3F|[2 g>>\n")
    own, head = make_tokenizer("tunesmith", ()), "<start> R:jig M:6/8 K:major"
    for stream, shown in {
        "|: /24 0 1 2 | 3 || <end>": "K:G\n|:GAB|c|]\n",
        "|: - /24 0 <end>": f"{head} |: - /24 0 <end>",  # not a tune, returned as it is
        "|: /24 0 R:reel 1 <end>": f"{head} |: /24 0 R:reel 1 <end>",
    }.items():
        assert own.decode([*head.split(), *stream.split()], header).endswith(shown)


def test_the_vocabulary_comes_from_the_training_tunes_and_other_tokens_are_unknown() -> None:
    for name in ("characters", "folk_rnn"):
        tokenizer = make_tokenizer(name, TRAINING)
        assert tokenizer.vocabulary[:5] == SPECIAL == ("<pad>", "<start>", "<end>", "R:?", UNKNOWN)
        known = {token for tune in TRAINING for token in tokenizer.encode(tune)}
        assert set(tokenizer.vocabulary) <= known | set(SPECIAL)
        for tune in TUNES:
            tokens, example = tokenizer.encode(tune), tokenizer.example(tune)
            assert example.inputs.shape == (len(tokens), 1)
            for token, index in zip(tokens, example.tokens, strict=True):
                assert tokenizer.vocabulary[index] == (token if token in tokenizer.vocabulary else UNKNOWN)
        assert UNKNOWN in {tokenizer.vocabulary[index] for index in tokenizer.example(TUNES[1]).tokens}


def test_a_token_of_a_single_training_tune_is_unknown() -> None:
    assert "é" not in make_tokenizer("characters", [*TRAINING, TUNES[1]]).vocabulary
    assert "é" in make_tokenizer("characters", [*TRAINING, TUNES[1], entry(REEL, "again")]).vocabulary


def test_an_unknown_tokenizer_is_rejected() -> None:
    with pytest.raises(ValueError, match="Unknown tokenizer abc: choose one of tunesmith, characters, folk_rnn"):
        make_tokenizer("abc", TRAINING)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_every_tokenizer_counts_the_same_notes(name: str) -> None:
    tokenizer = make_tokenizer(name, TRAINING)
    assert [tokenizer.example(tune).notes for tune in TUNES[:2]] == [26, 14]


@pytest.mark.parametrize("name", TOKENIZERS)
def test_bits_per_note_count_the_body_and_its_end(name: str) -> None:
    tokenizer = make_tokenizer(name, TRAINING)

    def two_bits_each(examples: Sequence[Example]) -> list[np.ndarray]:
        return [np.full(len(example.tokens) - 1, 2.0) for example in examples]

    tokens = [tokenizer.encode(tune) for tune in TUNES[:2]]
    charged = sum(len(stream) - tokenizer.body_start(stream) for stream in tokens)
    assert bits_per_note(tokenizer, TUNES[:2], two_bits_each) == 2 * charged / 40


def test_an_untrained_model_needs_the_bits_of_the_vocabulary_for_each_token() -> None:
    tokenizer = make_tokenizer("folk_rnn", TRAINING)
    size = len(tokenizer.vocabulary)
    model = build(ModelConfig(units=4, layers=1, embedding=4, feature_width=0, recall_width=0, vocabulary=size))
    model.get_layer("logits").set_weights([np.zeros((4, size)), np.zeros(size)])
    examples = [tokenizer.example(tune) for tune in TUNES]
    found = token_bits_of(model, batch_size=5)(examples)
    assert [len(costs) for costs in found] == [len(example.tokens) - 1 for example in examples]
    assert np.allclose(np.concatenate(found), math.log2(size))


def test_windows_are_cut_from_all_tunes_joined_and_depend_on_the_epoch() -> None:
    tokenizer = make_tokenizer("characters", TRAINING)
    examples = [tokenizer.example(tune) for tune in TRAINING]
    joined = np.concatenate([example.tokens for example in examples])
    windows = Windows(examples, 3, 20, seed=5)
    assert len(windows) == math.ceil(len(joined) / 60)
    batches = []
    for epoch in (0, 1, 0):
        windows.set_epoch(epoch)
        batches.append([windows[index] for index in range(len(windows))])
    for inputs, targets, weights in batches[0]:
        assert inputs.shape == (3, 20, 1)
        assert weights.shape == targets.shape == (3, 20)
        assert weights.all()
        assert np.array_equal(inputs[:, 1:, 0], targets[:, :-1])
        for row in range(3):
            cut = [*inputs[row, :1, 0], *targets[row]]
            assert any(list(joined[at : at + 21]) == cut for at in range(len(joined) - 20))
    first, second, again = ([batch[1].tobytes() for batch in epoch_batches] for epoch_batches in batches)
    assert first == again
    assert not set(first) & set(second)


def test_windows_longer_than_all_tunes_are_rejected() -> None:
    with pytest.raises(ValueError, match="shorter than a sequence of 100000"):
        Windows([make_tokenizer("characters", TRAINING).example(TUNES[0])], 3, 100_000)
