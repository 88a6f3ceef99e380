"""The grammar lets through legal tunes only, and always something: shown with models that know nothing."""

import random
from fractions import Fraction
from itertools import pairwise, product

import pytest

from generator.composer.grammar import HIGHEST, LOWEST, Form, Grammar
from generator.notation import tokens as t
from generator.notation.keys import Key, Mode, transpose_tonic
from generator.notation.metres import RHYTHMS, Metre
from generator.notation.reader import read
from generator.notation.score import Score
from generator.notation.structure import illegal_bars, parts, play_order
from generator.notation.writer import write
from generator.request import RequestError, TuneRequest

TONICS = {mode: [transpose_tonic(pitch_class, mode) for pitch_class in range(12)] for mode in t.MODES}


def check(score: Score, *, fewest: int = 2, most: int = 3) -> None:
    """Everything that the grammar promises of a tune that was written without an opening."""
    again = read(write(score))
    assert again.bars == score.bars
    assert illegal_bars(again) == []
    layout = parts(again)
    assert layout is not None
    assert fewest <= len(layout) <= most
    full = again.metre.bar
    pick_up = again.bars[0].duration if again.bars[0].duration < full else Fraction(0)
    assert pick_up <= full / 2
    for part in layout:
        assert part.repeated
        body = part.body
        if pick_up:
            assert body[0].duration == pick_up
            body = body[1:]
        for ending in (part.first, part.second) if part.first else ((),):
            bars = (*body, *ending)
            assert len(bars) == 8
            assert [bar.duration for bar in bars] == [full] * 7 + [full - pick_up]
    assert all(LOWEST <= pitch.midi <= HIGHEST for note in again.notes() for pitch in note.pitches)
    notes = list(again.notes())
    for note, following in pairwise([*notes, None]):
        if note.tie:
            assert following is not None
            assert note.pitches
            assert following.pitches == note.pitches
    by_play = [note for index in play_order(again.bars) for note in again.bars[index].notes]
    for note, following in pairwise(by_play):
        assert not note.tie or following.pitches == note.pitches
    assert again.bars[-1].line == "|]"


def wishes() -> list[TuneRequest]:
    """Every rhythm in every mode, in many keys, metres and temperatures; and wishes that leave things open."""
    rng = random.Random(11)
    found = []
    for rhythm, mode in product([None, *RHYTHMS], [None, *t.MODES]):
        for temperature in (0.3, 1.0, 2.0):
            metre = rng.choice([None, *(str(metre) for metre in (RHYTHMS[rhythm].metres if rhythm else t.METRES))])
            key = Key(rng.choice(TONICS[mode]), mode).abc if mode else None
            found.append(TuneRequest.check(rhythm=rhythm, key=key, metre=metre, temperature=temperature, seed=len(found)))
    for metre in ("2/4", "3/4", "4/4", "C|", "3/8", "6/8", "9/8", "12/8", "3/2", "6/4"):
        for rhythm in (None, *RHYTHMS):
            try:
                found.append(TuneRequest.check(rhythm=rhythm, metre=metre, temperature=2.0, seed=len(found)))
            except RequestError:
                continue
    return found


def test_an_untrained_model_writes_legal_tunes_as_they_were_asked_for(composer):
    requests = wishes()
    assert len(requests) >= 200
    for request, composed in zip(requests, composer.compose(requests), strict=True):
        score = composed.score
        check(score)
        assert composed.tokens[-1] == t.END
        if request.key:
            assert score.key.abc == request.key
        if request.metre:
            assert str(score.metre) == request.metre
        if request.rhythm:
            assert score.rhythm == request.rhythm
        if score.rhythm:
            assert score.metre.bar in {metre.bar for metre in RHYTHMS[score.rhythm].metres}
        assert score.key.mode in t.MODES
        assert composed.bits_per_token > 0


def walk(grammar: Grammar, key: Key, choose, limit: int = 3000) -> list[str]:
    """Follows the grammar by a choice among the legal tokens; fails where there is none."""
    tokens: list[str] = []
    while not grammar.done:
        legal = [t.VOCABULARY[index] for index in grammar.mask().nonzero()[0]]
        assert legal, f"a dead end after {tokens[-8:]}"
        tokens.append(choose(tokens, legal))
        grammar.advance(tokens[-1])
        if tokens[-1].startswith("K:"):
            grammar.set_key(key)
        assert len(tokens) < limit, "no end"
    return tokens


def always(wanted: str):
    """A model with one idea: it takes what begins so whenever it may, and else chooses by chance."""
    rng = random.Random(wanted)

    def choose(tokens: list[str], legal: list[str]) -> str:
        liked = [token for token in legal if token.startswith(wanted)]
        return rng.choice(liked or legal)

    return choose


@pytest.mark.parametrize(
    "wanted", ["-", "/6", "/8", "/16", "/32", "/18", "/30", "/42", "/192", "z", "up6", "up84", "[1", "17", "-10", "|:", "0"]
)
@pytest.mark.parametrize("metre", t.METRES)
def test_a_model_with_one_idea_finds_no_dead_end(wanted, metre):
    for mode in t.MODES:
        key = Key(random.Random(f"{wanted}{mode}").choice(TONICS[mode]), mode)
        grammar = Grammar(metre=metre, mode=mode)
        tokens = walk(grammar, key, always(wanted))
        score = t.decode(tokens, key, metre)
        assert illegal_bars(score) == []
        assert len({token for token in tokens if token.startswith("up")}) <= 1
        assert t.encode(score)[4:] == tokens[4:]
        moved = [pitch.midi + grammar.octave for note in score.notes() for pitch in note.pitches]
        assert all(LOWEST <= midi <= HIGHEST for midi in moved)


def test_ties_are_used_by_a_model_that_likes_them():
    tokens = walk(Grammar(metre=Metre(4, 4), mode=Mode.MAJOR), Key("D"), always("-"))
    assert "-" in tokens
    for index, token in enumerate(tokens):
        if token == "-":
            before = tokens[index - 1]
            after = next(following for following in tokens[index + 1 :] if t.is_pitch(following))
            assert before == after != t.REST


@pytest.mark.parametrize(("bars", "fewest", "most"), [(4, 1, 1), (16, 1, 2), (1, 2, 2), (2, 3, 3), (8, 4, 6)])
def test_other_forms_are_kept_too(bars, fewest, most):
    for seed in range(6):
        rng = random.Random(seed)
        grammar = Grammar(Form(bars, fewest, most), metre=Metre(6, 8), mode=Mode.DORIAN)
        key = Key("A", Mode.DORIAN)
        tokens = walk(grammar, key, lambda _, legal, rng=rng: rng.choice(legal), limit=9000)
        score = t.decode(tokens, key, Metre(6, 8))
        layout = parts(score)
        assert fewest <= len(layout) <= most
        pick_up = any(token.startswith("up") for token in tokens)
        assert all(len(part.body) - pick_up + len(part.first) == bars for part in layout)
        assert illegal_bars(score) == []


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_a_rhythm_alone_chooses_one_of_its_metres(rhythm):
    for seed in range(4):
        rng = random.Random(seed)
        grammar = Grammar(rhythm=rhythm)
        tokens = walk(grammar, Key("D"), lambda _, legal, rng=rng: rng.choice(legal))
        assert tokens[1] == f"R:{rhythm}"
        assert Metre.parse(tokens[2][2:]).bar in {metre.bar for metre in RHYTHMS[rhythm].metres}
        assert t.ANY_MODE not in tokens


@pytest.mark.parametrize(("mode", "pitch_class"), product(t.MODES, range(12)))
def test_every_key_has_room_for_a_tune_in_one_octave(mode, pitch_class):
    key = Key(transpose_tonic(pitch_class, mode), mode)
    rng = random.Random(pitch_class)
    grammar = Grammar(Form(2, 1, 1), metre=Metre(4, 4), mode=mode)
    tokens = walk(grammar, key, lambda _, legal, rng=rng: rng.choice(legal))
    pitches = [pitch for note in t.decode(tokens, key, Metre(4, 4)).notes() for pitch in note.pitches]
    assert all(LOWEST <= pitch.midi + grammar.octave <= HIGHEST for pitch in pitches)
    assert all(abs(pitch.alter) < 2 for pitch in pitches)  # nobody reads double sharps at a session
