"""The grammar lets through legal tunes only, and always something: shown with models that know nothing."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from generator.composer.grammar import FREE, FREE_BARS, HIGHEST, LOWEST, Form, Grammar, bars_written
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
    tunes = composer.compose([replace(request, candidates=1) for request in requests])
    for request, composed in zip(requests, tunes, strict=True):
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


NAMES = np.array(t.VOCABULARY, object)
Choice = Callable[[list[str], list[str]], str]  # of one of the legal tokens, by those that were taken


def wish(key: Key, metre: Metre | None = None, **others: Any) -> dict[str, Any]:
    """What a row is begun with: a tune in one key."""
    return {"form": Form(), "keys": [key], "metre": metre, "mode": key.mode} | others


def walk(wishes: Sequence[dict[str, Any]], choices: Sequence[Choice], limit: int = 3000) -> tuple[Grammar, list[list[str]]]:
    """Follows the grammar in a row for each wish by a choice among the legal tokens; fails where there is none."""
    grammar = Grammar(len(wishes))
    for row, wanted in enumerate(wishes):
        grammar.begin(row, **wanted)
    tunes: list[list[str]] = [[] for _ in wishes]
    while not grammar.state["done"].all():
        masks, taken = grammar.mask(), np.zeros(len(wishes), np.int64)
        for row in np.flatnonzero(grammar.state["done"] == 0):
            legal = NAMES[masks[row]].tolist()
            assert legal, f"a dead end after {tunes[row][-8:]}"
            tunes[row].append(choices[row](tunes[row], legal))
            taken[row] = t.INDEX[tunes[row][-1]]
            assert len(tunes[row]) < limit, "no end"
        grammar.advance(taken)
    return grammar, tunes


def heard(wanted: dict[str, Any], tokens: Sequence[str]) -> tuple[Grammar, set[str]]:
    """What may come after an opening, which need not be legal."""
    grammar = Grammar(1)
    grammar.begin(0, **wanted)
    for token in tokens:
        grammar.advance(np.array([t.INDEX[token]]))
    return grammar, set(NAMES[grammar.mask()[0]])


def begun(text: str) -> list[str]:
    """The beginning of a jig in major."""
    return [*t.header_tokens("jig", Metre(6, 8), Mode.MAJOR), *text.split()]


def by_chance(seed: int) -> Choice:
    rng = random.Random(seed)
    return lambda _, legal: rng.choice(legal)


def always(*wanted: str, seed: int = 0) -> Choice:
    """A model with one idea, or a few: it takes what begins so whenever it may, and else chooses by chance."""
    rng = random.Random(f"{wanted}{seed or ''}")

    def choose(tokens: list[str], legal: list[str]) -> str:
        liked = [token for token in legal if token.startswith(wanted)]
        return rng.choice(liked or legal)

    return choose


IDEAS = ["-", "/6", "/8", "/16", "/32", "/18", "/30", "/42", "/192", "z", "up6", "up84", "[1", "17", "-10", "|:", "0"]


@pytest.mark.parametrize("wanted", IDEAS)
def test_a_model_with_one_idea_finds_no_dead_end(wanted):
    wishes = []
    for metre, mode in product(t.METRES, t.MODES):
        key = Key(random.Random(f"{wanted}{metre}{mode}").choice(TONICS[mode]), mode)
        wishes.append(wish(key, metre))
    grammar, tunes = walk(wishes, [always(wanted)] * len(wishes))
    for row, (wanted_of, tokens) in enumerate(zip(wishes, tunes, strict=True)):
        key, metre = wanted_of["keys"][0], wanted_of["metre"]
        score = t.decode(tokens, key, metre)
        assert illegal_bars(score) == []
        assert len({token for token in tokens if token.startswith("up")}) <= 1
        assert t.encode(score)[4:] == tokens[4:]
        moved = [pitch.midi + grammar.octave(row) for note in score.notes() for pitch in note.pitches]
        assert all(LOWEST <= midi <= HIGHEST for midi in moved)


def test_ties_are_used_by_a_model_that_likes_them():
    _, [tokens] = walk([wish(Key("D"), Metre(4, 4))], [always("-")])
    assert "-" in tokens
    for index, token in enumerate(tokens):
        if token == "-":
            before = tokens[index - 1]
            after = next(following for following in tokens[index + 1 :] if t.is_pitch(following))
            assert before == after != t.REST


@pytest.mark.parametrize("repeated", [True, False])
@pytest.mark.parametrize(("bars", "fewest", "most"), [(4, 1, 1), (16, 1, 2), (1, 2, 2), (2, 3, 3), (8, 4, 6)])
def test_other_forms_are_kept_too(bars, fewest, most, repeated):
    key = Key("A", Mode.DORIAN)
    wanted = wish(key, Metre(6, 8), form=Form(bars, fewest, most, repeated))
    _, tunes = walk([wanted] * 6, [by_chance(seed) for seed in range(6)], limit=9000)
    for tokens in tunes:
        score = t.decode(tokens, key, Metre(6, 8))
        layout = parts(score)
        assert fewest <= len(layout) <= most
        pick_up = any(token.startswith("up") for token in tokens)
        assert all(len(part.body) - pick_up + len(part.first) == bars for part in layout)
        assert all(part.repeated == repeated for part in layout)
        assert illegal_bars(score) == []


def test_parts_that_are_played_once_stand_between_plain_double_bars():
    key = Key("A", Mode.DORIAN)
    wanted = wish(key, Metre(6, 8), form=Form(repeated=False))
    choices = [by_chance(seed) for seed in range(8)] + [always("[1", "|:", ":|", seed=seed) for seed in range(8)]
    for tokens in walk([wanted] * 16, choices)[1]:
        marks = [token for token in tokens if token in (t.OPEN, t.OPEN_REPEATED, t.REPEAT, t.CLOSE, t.FIRST, t.SECOND, t.END)]
        assert marks == [t.OPEN, t.CLOSE, t.OPEN, t.CLOSE, t.END]


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_a_rhythm_alone_chooses_one_of_its_metres(rhythm):
    keys = [Key("D", mode) for mode in t.MODES]
    _, tunes = walk([{"form": Form(), "keys": keys, "rhythm": rhythm}] * 4, [by_chance(seed) for seed in range(4)])
    for tokens in tunes:
        assert tokens[1] == f"R:{rhythm}"
        assert Metre.parse(tokens[2][2:]).bar in {metre.bar for metre in RHYTHMS[rhythm].metres}
        assert t.ANY_MODE not in tokens


def test_every_key_has_room_for_a_tune_in_one_octave():
    keys = [(Key(transpose_tonic(pitch_class, mode), mode), pitch_class) for mode, pitch_class in product(t.MODES, range(12))]
    wishes = [wish(key, Metre(4, 4), form=Form(2, 1, 1)) for key, _ in keys]
    grammar, tunes = walk(wishes, [by_chance(pitch_class) for _, pitch_class in keys])
    for row, ((key, _), tokens) in enumerate(zip(keys, tunes, strict=True)):
        pitches = [pitch for note in t.decode(tokens, key, Metre(4, 4)).notes() for pitch in note.pitches]
        assert all(LOWEST <= pitch.midi + grammar.octave(row) <= HIGHEST for pitch in pitches)
        assert all(abs(pitch.alter) < 2 for pitch in pitches)  # nobody reads double sharps at a session


def test_a_tune_that_is_to_stay_where_it_is_lies_in_range_there():
    keys = [Key(transpose_tonic(pitch_class, Mode.MAJOR), Mode.MAJOR) for pitch_class in range(12)]
    wishes = [wish(key, Metre(4, 4), octaves=(0,)) for key in keys]
    choices = [always("-7", "-10", "10", "17", seed=seed) for seed in range(12)]
    grammar, tunes = walk(wishes, choices)
    for row, (key, tokens) in enumerate(zip(keys, tunes, strict=True)):
        assert grammar.octave(row) == 0
        pitches = [pitch for note in t.decode(tokens, key, Metre(4, 4)).notes() for pitch in note.pitches]
        assert all(LOWEST <= pitch.midi <= HIGHEST for pitch in pitches)


def test_the_tonic_that_is_told_is_that_of_the_mode_that_was_chosen():
    keys = [Key("D", Mode.MAJOR), Key("A", Mode.DORIAN)]
    for key in keys:
        grammar, _ = heard({"form": Form(), "keys": keys}, [t.START, "R:reel", "M:4/4", f"K:{key.mode}"])
        assert grammar.features.state["tonic"][0] == key.pitch_class + 1


# rows


def rows_of(count: int) -> tuple[list[dict[str, Any]], list[int]]:
    """Wishes of all kinds, and a seed for each."""
    rng, forms = random.Random(7), [Form(), FREE, Form(4, 1, 3), Form(repeated=False)]
    wishes = []
    for _ in range(count):
        mode = rng.choice(t.MODES)
        others: dict[str, Any] = {
            "form": rng.choice(forms),
            "cadence": rng.randrange(3),
        }
        wishes.append(wish(Key(rng.choice(TONICS[mode]), mode), rng.choice(t.METRES), **others))
    return wishes, [rng.randrange(10**6) for _ in range(count)]


def test_rows_do_not_influence_each_other():
    wishes, seeds = rows_of(12)
    grammar, tunes = walk(wishes, [by_chance(seed) for seed in seeds], limit=9000)
    order = random.Random(1).sample(range(12), 12)
    other, moved = walk([wishes[row] for row in order], [by_chance(seeds[row]) for row in order], limit=9000)
    assert [tunes[row] for row in order] == moved
    assert [grammar.octave(row) for row in order] == [other.octave(row) for row in range(12)]
    for row in range(3):
        assert walk([wishes[row]], [by_chance(seeds[row])], limit=9000)[1] == [tunes[row]]


def test_a_row_that_begins_anew_forgets_the_tune_before_and_the_others_go_on():
    wishes, seeds = rows_of(6)
    grammar = Grammar(2)
    grammar.begin(0, **wishes[0])
    grammar.begin(1, **wishes[1])
    going, tokens = by_chance(1), []
    number, choices, written = 1, by_chance(seeds[1]), []
    while number < 6:
        masks = grammar.mask()
        first, second = (NAMES[masks[row]].tolist() for row in range(2))
        taken = np.zeros(2, np.int64)
        if first:
            tokens.append(going(tokens, first))
            taken[0] = t.INDEX[tokens[-1]]
        written.append(choices(written, second))
        taken[1] = t.INDEX[written[-1]]
        grammar.advance(taken)
        if grammar.state["done"][1]:
            assert [written] == walk([wishes[number]], [by_chance(seeds[number])], limit=9000)[1]
            number, written = number + 1, []
            if number < 6:
                grammar.begin(1, **wishes[number])
                choices = by_chance(seeds[number])
    assert grammar.state["done"][0]
    assert [tokens] == walk([wishes[0]], [by_chance(1)], limit=9000)[1]


def test_a_row_without_a_token_stays_where_it_is():
    grammar = Grammar(2)
    for row in range(2):
        grammar.begin(row, **wish(Key("D"), Metre(6, 8)))
    for token in (t.START, "R:jig", "M:6/8"):
        grammar.advance(np.array([t.INDEX[token], 0]))
    assert [mask.nonzero()[0].tolist() for mask in grammar.mask()] == [[t.INDEX["K:major"]], [t.INDEX[t.START]]]


def test_bars_are_counted_as_they_are_written():
    grammar = Grammar(2)
    for row in range(2):
        grammar.begin(row, **wish(Key("D"), Metre(6, 8)))
    found = []
    for token in begun("|: up24 /24 0 | /72 0 0 | 0 0 | 0"):
        grammar.advance(np.array([t.INDEX[token], 0]))
        found.append([int(bars_written(grammar.state[row], grammar.features.state[row])) for row in range(2)])
    assert [bars for bars, _ in found] == [0] * 10 + [1, 1, 1, 2, 2, 2, 3]
    assert {bars for _, bars in found} == {0}


# free form


def freely(ideas: Sequence[Choice], metres: Sequence[Metre] = t.METRES, **others: Any) -> list[tuple[list[str], Score, int]]:
    """Tunes of free form, with the metre for each in turn: tokens, score, pick-up in ticks."""
    key = Key("A", Mode.DORIAN)
    wishes = [wish(key, metres[at % len(metres)], form=FREE, **others) for at in range(len(ideas))]
    _, tunes = walk(wishes, ideas, limit=9000)
    found = []
    for tokens, wanted in zip(tunes, wishes, strict=True):
        pick_up = next((int(token[2:]) for token in tokens if token.startswith("up")), 0)
        found.append((tokens, t.decode(tokens, key, wanted["metre"]), pick_up))
    return found


def check_free(tokens: list[str], score: Score, pick_up: int) -> None:
    """Everything that the grammar promises of a tune of free form."""
    assert illegal_bars(score) == []
    assert t.encode(score)[4:] == tokens[4:]
    layout, full = parts(score), score.metre.bar
    assert 2 <= len(layout) <= 4
    assert tokens[-1] == t.END
    assert tokens[-2] in (t.REPEAT, t.CLOSE)
    assert len({token for token in tokens if token.startswith("up")}) == bool(pick_up)
    for part in layout:
        body = part.body
        if pick_up:
            assert body[0].duration * t.TICKS == pick_up
            body = body[1:]
        for ending in (part.first, part.second) if part.first else ((),):
            bars = (*body, *ending)
            assert FREE_BARS[0] <= len(bars) <= FREE_BARS[1]
            assert {bar.duration for bar in bars[:-1]} == {full}
            assert bars[-1].duration * t.TICKS == full * t.TICKS - pick_up
        if part.first:
            assert part.repeated
            assert len(part.first) == len(part.second)
    for note, following in pairwise([*score.notes(), None]):
        assert not note.tie or (following and note.pitches == following.pitches)


def test_free_tunes_are_legal_and_of_many_shapes():
    tunes = freely([by_chance(seed) for seed in range(48)])
    for tune in tunes:
        check_free(*tune)
    layouts = [parts(score) for _, score, _ in tunes]
    assert {len(layout) for layout in layouts} == {2, 3, 4}
    shapes = [part for layout in layouts for part in layout]
    assert {part.repeated for part in shapes} == {True, False}
    assert {bool(part.first) for part in shapes} == {True, False}
    assert {bool(pick_up) for *_, pick_up in tunes} == {True, False}
    assert len({len(part.body) for part in shapes}) > 4


@pytest.mark.parametrize("wanted", IDEAS)
def test_a_free_model_with_one_idea_finds_no_dead_end(wanted):
    for tune in freely([always(wanted, seed=seed) for seed in range(8)]):
        check_free(*tune)


@pytest.mark.parametrize(("shy", "bars"), [((":|", "||"), 16), ((":|", "||", "[1"), 16), ((), 4)])
def test_a_free_part_is_as_long_as_the_model_likes_within_bounds(shy, bars):
    """Models that never close a part while they may go on, or that close it as soon as they may."""

    def choose(rng: random.Random) -> Choice:
        def choice(_: list[str], legal: list[str]) -> str:
            closing = [token for token in legal if token in (t.REPEAT, t.CLOSE)]
            if not shy:
                return rng.choice(closing or [token for token in legal if token != t.FIRST] or legal)
            return rng.choice([token for token in legal if token not in shy] or legal)

        return choice

    tunes = freely([choose(random.Random(seed)) for seed in range(16)])
    for tokens, score, pick_up in tunes:
        check_free(tokens, score, pick_up)
        lengths = {len(part.body) - bool(pick_up) for part in parts(score) if not part.first}
        assert lengths <= {bars} or (pick_up and not shy)  # where a note goes beyond what lacks the pick-up, a part may not end
    assert {bool(pick_up) for *_, pick_up in tunes} == {True, False}


def test_a_free_tune_with_a_pick_up_may_be_closed_before_the_last_bar_that_there_is_room_for():
    head = begun("|: up24 /24 4 | " + "/72 0 0 | " * 3)
    wanted = wish(Key("D"), Metre(6, 8), form=FREE)
    assert t.REPEAT not in heard(wanted, head)[1]
    assert t.REPEAT not in heard(wanted, [*head, "0"])[1]
    _, room = heard(wanted, [*head, "0", "/48", "0"])
    assert t.REPEAT in room
    assert "/24" in room  # or it goes on
    assert t.REPEAT not in heard(wanted, [*head, "0", "0"])[1]
    assert t.REPEAT not in heard(wanted, [*head[:-4], "/72", "0", "/48", "0"])[1]  # three bars are no part


# cadence


@pytest.mark.parametrize("form", [Form(), Form(4, 1, 1), Form(1, 2, 2), Form(repeated=False)])
def test_a_tune_that_is_to_end_on_its_tonic_does(form):
    wishes, choices = [], []
    for seed, (metre, mode) in enumerate(product(t.METRES, t.MODES)):
        key = Key(random.Random(seed).choice(TONICS[mode]), mode)
        wishes += [wish(key, metre, form=form, cadence=t.ON_TONIC)] * 2
        choices += [by_chance(seed), always("up", "[1", seed=seed)]
    for tokens in walk(wishes, choices)[1]:
        assert t.cadence_class(tokens) == t.ON_TONIC, tokens[-12:]
        last = [token for token in tokens if t.is_pitch(token)][-1]
        assert last != t.REST


@pytest.mark.parametrize("wanted", IDEAS)
def test_a_model_with_one_idea_ends_on_the_tonic_too(wanted):
    modes = [t.MODES[at % 4] for at in range(len(t.METRES))]
    wishes = [
        wish(Key(TONICS[mode][at % 12], mode), metre, cadence=t.ON_TONIC)
        for at, (metre, mode) in enumerate(zip(t.METRES, modes, strict=True))
    ]
    for tokens in walk(wishes, [always(wanted, seed=seed) for seed in range(len(wishes))])[1]:
        assert t.cadence_class(tokens) == t.ON_TONIC, tokens[-12:]


def test_a_tie_may_not_keep_a_tune_from_its_tonic():
    """A model that ties whatever it may and fills the last bar with the note that lasts on."""
    wishes = [wish(Key("D"), metre, cadence=t.ON_TONIC) for metre in t.METRES] * 6
    whole = {metre: f"/{int(metre.bar * t.TICKS)}" for metre in t.METRES}
    choices = [always("-", whole[wanted["metre"]], seed=seed) for seed, wanted in enumerate(wishes)]
    for tokens in walk(wishes, choices)[1]:
        assert t.cadence_class(tokens) == t.ON_TONIC, tokens[-12:]


def test_without_the_wish_tunes_end_on_other_notes_too():
    wanted = [wish(Key("D"), Metre(6, 8), cadence=cadence) for cadence in (0, t.ELSEWHERE) for _ in range(8)]
    found = [t.cadence_class(tokens) for tokens in walk(wanted, [by_chance(seed) for seed in range(16)])[1]]
    assert t.ELSEWHERE in found[:8]
    assert t.ELSEWHERE in found[8:]


# openings


def test_what_a_part_of_an_opening_lacked_is_the_pick_up_of_the_next():
    wanted = wish(Key("D"), Metre(6, 8), form=Form(2))
    short = begun("|: up24 /24 4 | /72 0 0 | 0")
    assert heard(wanted, [*short, "/48", "0", ":|", "|:"])[1] == {"up24"}
    assert heard(wanted, [*short, "/24", "0", ":|", "|:"])[1] == {"up48"}


def test_after_a_part_that_closed_full_though_it_had_a_pick_up_there_is_none():
    wanted = wish(Key("D"), Metre(6, 8), form=Form(2))
    grammar, legal = heard(wanted, begun("|: up24 /24 4 | /72 0 0 | 0 0 :| |:"))
    assert not any(token.startswith("up") for token in legal)
    assert "0" in legal
    rng = random.Random(3)
    tokens: list[str] = []
    while not grammar.state["done"][0]:
        tokens.append(rng.choice(NAMES[grammar.mask()[0]].tolist()))
        grammar.advance(np.array([t.INDEX[tokens[-1]]]))
    score = t.decode([*begun("|: /72"), *tokens], Key("D"), Metre(6, 8))
    [part] = parts(score)
    assert {bar.duration for bar in (*part.body, *part.first, *part.second)} == {Fraction(3, 4)}
    assert len(part.body) + len(part.first) == 2


@pytest.mark.parametrize("form", [Form(2), FREE])
def test_a_part_that_lacks_what_no_pick_up_fills_is_followed_by_a_full_one(form):
    head = begun("|: up24 /24 4 | " + "/72 0 0 | " * 3 + "/24 0 :| |:")  # 5/8 are missing
    _, legal = heard(wish(Key("D"), Metre(6, 8), form=form), head)
    assert not any(token.startswith("up") for token in legal)
    assert "0" in legal
