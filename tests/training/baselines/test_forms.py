"""The forms of tunes for the models that are compared: what they spell, and that they all spell the same music."""

import math

import numpy as np
import pytest

from generator.composer.model import ModelConfig, build
from generator.notation import tokens as t
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.structure import play_order
from tests.training.tunes import melody, text
from training.baselines.forms import FORMS, SPECIAL, UNKNOWN, Header, bits_per_note, form, judge_of
from training.baselines.windows import Windows
from training.corpus.corpus import Entry, score_of

JIG = "X:1\nT:The Nameless\nR:jig\nM:6/8\nL:1/8\nK:D\n|:A|d2f def|(3gfe c/B/A2 z|1 B3- B2:|2 ^G3 e'2||\n|:g|fed cBA|d3 d2:|"
REEL = "X:1\nT:Gé & Co\nM:C|\nL:1/8\nK:Gmin\nG,2B,D G>ABc|d^f=ef g2_e=e|]"


def entry(text: str, name: str = "book:1") -> Entry:
    score = read(text)
    return Entry(name, score.title, score.rhythm, score.key.abc, str(score.metre), name, "train", t.encode(score))


TRAINING = [entry(text(melody(seed, 4), key=key), f"book:{seed}") for seed, key in enumerate(("D", "G", "Edor", "Am") * 3)]
TUNES = [entry(JIG, "jig"), entry(REEL, "reel"), *TRAINING]


def heard(score: Score) -> list[object]:
    notes = (note for bar in play_order(score.bars) for note in score.bars[bar].notes)
    return [(note.melody, note.duration, note.tie) for note in notes]


@pytest.mark.parametrize("name", FORMS)
def test_a_tune_comes_back_with_the_same_notes_repeats_key_metre_and_rhythm(name):
    spelling = form(name, TRAINING)
    for tune in TUNES:
        tokens = spelling.encode(tune)
        back, first = read(spelling.decode(tokens, Header.of(tune))), score_of(tune)
        assert heard(back) == heard(first)
        assert (back.key, back.metre, back.rhythm) == (first.key, first.metre, first.rhythm)
        assert tokens[0] == t.START
        assert tokens[-1] == t.END


@pytest.mark.parametrize("name", FORMS)
def test_a_header_is_what_a_tune_so_asked_for_begins_with(name):
    spelling = form(name, TRAINING)
    for tune in TUNES:
        tokens, opening = spelling.encode(tune), spelling.opening(Header.of(tune))
        if None in opening:  # the title is the model's own
            at = opening.index(None)
            opening[at : at + 1] = [*tune.title, "\n"]
        assert opening == tokens[: spelling.body(tokens)]


def test_characters_are_the_whole_text_and_the_body_begins_after_the_key():
    spelling = form("characters", TRAINING)
    tokens = spelling.encode(TUNES[0])
    whole = (
        "X:1\nT:The Nameless\nR:jig\nM:6/8\nL:1/8\nK:D\n|:A|d2f def|(3gfec/B/ A2z|[1 B3- B2:|\n[2 ^G3 e'2||\n|:g|fed cBA|d3 d2:|]"
    )
    assert "".join(tokens[1:-1]) == whole
    assert "".join(tokens[spelling.body(tokens) : -1]) == whole[whole.index("|:A") :]


def test_folk_rnns_tokens_stand_on_c_and_name_pitch_and_length_apart():
    tokens = form("folk_rnn", TRAINING).encode(TUNES[0])
    assert " ".join(tokens) == (
        "<start> R:jig M:6/8 K:Cmaj |: G | c 2 e c d e | (3 f e d B /2 A /2 G 2 z |1 A 3 - A 2 :| |2 ^F 3 d' 2 || "
        "|: f | e d c B A G | c 3 c 2 :| <end>"
    )
    assert " ".join(form("folk_rnn", TRAINING).encode(TUNES[1])).startswith("<start> R:? M:2/2 K:Cmin C, 2 E, G, C > D E F |")


def test_a_sampled_tune_is_not_repaired():
    header = Header("jig", "6/8", "G")
    spelling = form("folk_rnn", TRAINING)
    head, stream = "<start> R:jig M:6/8 K:Cmaj", "|: ^f 3 B, |2 c > > <end> d"
    assert spelling.decode([*head.split(), *stream.split()], header).endswith("K:G\n|:^c'3F|[2 g>>\n")
    own, head = form("tunesmith", ()), "<start> R:jig M:6/8 K:major"
    for stream, shown in {
        "|: /24 0 1 2 | 3 || <end>": "K:G\n|:GAB|c|]\n",
        "|: - /24 0 <end>": f"{head} |: - /24 0 <end>",  # no tune, and not made one
        "|: /24 0 R:reel 1 <end>": f"{head} |: /24 0 R:reel 1 <end>",
    }.items():
        assert own.decode([*head.split(), *stream.split()], header).endswith(shown)


def test_the_vocabulary_is_the_training_tunes_and_what_it_lacks_is_unknown():
    for name in ("characters", "folk_rnn"):
        spelling = form(name, TRAINING)
        assert spelling.vocabulary[:5] == SPECIAL == ("<pad>", "<start>", "<end>", "R:?", UNKNOWN)
        known = {token for tune in TRAINING for token in spelling.encode(tune)}
        assert set(spelling.vocabulary) <= known | set(SPECIAL)
        for tune in TUNES:
            tokens, example = spelling.encode(tune), spelling.example(tune)
            assert example.inputs.shape == (len(tokens), 1)
            for token, index in zip(tokens, example.tokens, strict=True):
                assert spelling.vocabulary[index] == (token if token in spelling.vocabulary else UNKNOWN)
        assert UNKNOWN in {spelling.vocabulary[index] for index in spelling.example(TUNES[1]).tokens}


def test_a_symbol_of_a_single_training_tune_counts_as_unknown():
    assert "é" not in form("characters", [*TRAINING, TUNES[1]]).vocabulary
    assert "é" in form("characters", [*TRAINING, TUNES[1], entry(REEL, "again")]).vocabulary


def test_an_unknown_form_is_named_in_a_sentence():
    with pytest.raises(ValueError, match="no form of tokens called abc, only tunesmith, characters, folk_rnn"):
        form("abc", TRAINING)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_counts_the_same_notes(name):
    spelling = form(name, TRAINING)
    assert [spelling.example(tune).notes for tune in TUNES[:2]] == [26, 14]


@pytest.mark.parametrize("name", FORMS)
def test_bits_per_note_are_those_of_the_body_and_its_end(name):
    spelling = form(name, TRAINING)

    def two_bits_each(examples):
        return [np.full(len(example.tokens) - 1, 2.0) for example in examples]

    tokens = [spelling.encode(tune) for tune in TUNES[:2]]
    charged = sum(len(stream) - spelling.body(stream) for stream in tokens)
    assert bits_per_note(spelling, TUNES[:2], two_bits_each) == 2 * charged / 40


def test_a_model_that_knows_nothing_needs_the_vocabularys_bits_for_each_token():
    spelling = form("folk_rnn", TRAINING)
    size = len(spelling.vocabulary)
    model = build(ModelConfig(units=4, layers=1, embedding=4, feature_width=0, recall_width=0, vocabulary=size))
    model.get_layer("logits").set_weights([np.zeros((4, size)), np.zeros(size)])
    examples = [spelling.example(tune) for tune in TUNES]
    found = judge_of(model, batch=5)(examples)
    assert [len(costs) for costs in found] == [len(example.tokens) - 1 for example in examples]
    assert np.allclose(np.concatenate(found), math.log2(size))


def test_windows_are_cut_from_all_tunes_joined_the_same_for_the_same_epoch():
    spelling = form("characters", TRAINING)
    examples = [spelling.example(tune) for tune in TRAINING]
    joined = np.concatenate([example.tokens for example in examples])
    windows = Windows(examples, 3, 20, seed=5)
    assert len(windows) == math.ceil(len(joined) / 60)
    dealt = []
    for epoch in (0, 1, 0):
        windows.begin(epoch)
        dealt.append([windows[index] for index in range(len(windows))])
    for inputs, targets, weights in dealt[0]:
        assert inputs.shape == (3, 20, 1)
        assert weights.shape == targets.shape == (3, 20)
        assert weights.all()
        assert np.array_equal(inputs[:, 1:, 0], targets[:, :-1])
        for row in range(3):
            cut = [*inputs[row, :1, 0], *targets[row]]
            assert any(list(joined[at : at + 21]) == cut for at in range(len(joined) - 20))
    first, second, again = ([batch[1].tobytes() for batch in batches] for batches in dealt)
    assert first == again
    assert not set(first) & set(second)


def test_windows_longer_than_all_tunes_are_refused():
    with pytest.raises(ValueError, match="shorter than a window of 100000"):
        Windows([form("characters", TRAINING).example(TUNES[0])], 3, 100_000)
