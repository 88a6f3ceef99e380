"""Composing: the same seed the same tune, whoever else is being served; openings and variations; ends and failures."""

import os
import re
import shutil
import subprocess
import threading
from concurrent.futures import CancelledError, wait
from dataclasses import replace
from itertools import pairwise

import pytest

from generator.composer import batch
from generator.composer.composer import CANDIDATES, ROUNDS, Composer, ComposingError
from generator.composer.plan import make_plan
from generator.composer.runtime import LANES
from generator.composer.titles import title_for
from generator.notation.errors import NotationError
from generator.notation.opening import encoded, free_to_vary, pieces, read_opening
from generator.notation.playback import playback
from generator.notation.reader import read
from generator.notation.structure import illegal_bars, parts
from generator.notation.tokens import layout
from generator.notation.writer import write
from generator.request import RequestError, TuneRequest
from tests.generator.notation.midi import played

REQUEST = TuneRequest.check(rhythm="reel", key="Ador", seed=41, temperature=1.3)
OTHERS = [
    TuneRequest.check(rhythm=rhythm, key=key, seed=seed, temperature=temperature)
    for seed, (rhythm, key, temperature) in enumerate(
        [("jig", "D", 0.5), ("waltz", None, 2.0), (None, "Gmix", 1.0), ("hornpipe", "Bb", 0.1), ("slip jig", "Em", 1.0)] * 3
    )
]
OPENINGS = [
    "M:6/8\nK:{key}\n~D{{g}}FA .dfa|",
    "M:6/8\nL:1/8\nK:{key}\nA|DFA !trill!d2f|(gfe) ded|c",
    "M:4/4\nK:{key}\n|:A>BA>F [DF]2 \"G\"(3ABc|d2",
    "M:C|\nK:{key}\n|:A2Bc dcBA|B2cB A4:|\n|:f4 e4|",
    "R:slip jig\nM:9/8\nK:{key}\n|:G3 GAB {{d}}c2A|1 GFG A2B c3:|2 GFG A2B c2d||",
    "M:2/4\nL:1/8\nK:{key}\nA2 z=c|^d2-d_B|",
    "M:3/4\nK:{key}\nd2|g4 f2|e4-e2|d6",
    "M:6/8\nK:{key}\n|:A|B3 c3|d2e fga:|\nB2",
    "M:6/8\nK:{key}\nA|:B3 c3|d2e fg",
    "M:6/8\nK:{key}\n" + "|:" + "DFA dfa|" * 7 + "afd AFD",
    "M:6/8\nK:{key}\n" + "DFA dfa|" * 11,
    "M:6/8\nK:{key}\nA|" + "DFA dfa|" * 8,
    "M:4/4\nK:{key}\nA2A2A2A2|A2A2A2A2-|",
    "M:6/8\nK:{key}\n|:A|" + "DFA dfa|" * 7 + "1 afd AF:|2 afd AFD||\n|:" + "DFA dfa|" * 9,
]  # fmt: skip
KEYS = ["D", "G", "Ador", "Em", "Bb", "Amix"]


ONE = replace(REQUEST, candidates=1)


@pytest.fixture
def small(weights):
    """Makes composers of a few slots, and closes them."""
    made: list[Composer] = []

    def make(slots: int, *, lanes: int = LANES) -> Composer:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("generator.composer.runtime.LANES", lanes)
            made.append(Composer(weights, slots=slots))
        return made[-1]

    yield make
    for composer in made:
        composer.close()


def abc(composed) -> str:
    return write(composed.score)


def test_a_seed_gives_the_same_tune_alone_and_in_company(composer):
    alone = abc(composer.compose([REQUEST])[0])
    assert abc(composer.compose([REQUEST])[0]) == alone
    for place in (0, 15):
        company = [*OTHERS[:place], REQUEST, *OTHERS[place:]]
        assert abc(composer.compose(company)[place]) == alone
    crowd = composer.compose([*OTHERS, REQUEST, *OTHERS])  # more than there are slots
    assert abc(crowd[15]) == alone
    assert [abc(tune) for tune in crowd[:15]] == [abc(tune) for tune in crowd[16:]]


@pytest.mark.parametrize("slots", [1, 3, 20])
def test_another_composer_of_any_size_gives_the_same_tune_and_another_seed_another(composer, small, slots):
    assert abc(small(slots).compose([REQUEST])[0]) == abc(composer.compose([REQUEST])[0])
    assert abc(composer.compose([replace(REQUEST, seed=42)])[0]) != abc(composer.compose([REQUEST])[0])


def test_title_and_tempo(composer):
    named, unnamed = composer.compose([replace(REQUEST, title="100% Mine"), REQUEST])
    assert read(abc(named)).title == "100% Mine"
    assert unnamed.score.title == title_for("reel", REQUEST.seed, unnamed.tokens)
    assert list(unnamed.score.notes()) == list(named.score.notes())
    assert "Q:1/2=104" in abc(unnamed)


def test_the_listener_hears_rising_numbers_of_bars(composer):
    for request in (REQUEST, ONE, *OTHERS[:5], TuneRequest.check(opening="M:6/8\nK:D\n" + "DFA dfa|" * 10, seed=1)):
        heard: list[int] = []
        score = composer.submit(request, heard.append).result(30).score
        assert heard
        assert all(low < high for low, high in pairwise(heard)), heard
        if request.candidates == 1:
            assert 16 <= heard[-1] <= len(score.bars)
        assert 14 <= heard[-1] <= 30  # of the slowest candidate


def test_the_listener_hears_nothing_before_every_candidate_is_under_way(small):
    """Four candidates in three rows: the last one begins when another is finished."""
    composer, heard = small(3, lanes=1), []
    written = composer._lanes[0]._batch

    def listen(bars: int) -> None:
        heard.append((bars, max(written.bars(row) for row in range(3))))

    composer.submit(replace(REQUEST, candidates=4), listen).result(30)
    assert heard[0][0] == 1
    assert heard[0][1] > 8  # of another candidate


@pytest.mark.parametrize("key", KEYS)
def test_an_opening_stands_unchanged_at_the_beginning(composer, key):
    requests = [
        TuneRequest.check(opening=text.format(key=key), seed=seed, temperature=1.5, candidates=1 + seed % 3)
        for seed, text in enumerate(OPENINGS)
    ]
    for request, composed in zip(requests, composer.compose(requests), strict=True):
        opening = read_opening(request.opening)
        given, score = list(opening.notes()), read(abc(composed))
        begun = list(score.notes())[: len(given)]
        if given[-1].tie:
            given[-1] = replace(given[-1], tie=begun[-1].tie)
        assert begun == given
        assert (score.key, score.metre) == (opening.key, opening.metre)
        assert illegal_bars(score) == []
        assert len(list(score.notes())) > len(given) + 8
        assert len(parts(score)) >= 2
        notes = list(score.notes())
        for note, following in pairwise(notes):
            assert not note.tie or note.melody == following.melody


@pytest.mark.parametrize(("mode", "structure"), [("continue", "free"), ("answer", "parts"), ("second part", "parts")])
def test_what_is_made_of_an_opening_is_legal_and_as_long_as_planned(composer, mode, structure):
    requests = []
    for seed, text in enumerate(OPENINGS):
        try:
            wanted = TuneRequest.check(opening=text.format(key="Ador"), mode=mode, structure=structure, seed=seed, candidates=2)
        except RequestError:
            continue
        requests.append(wanted)
    assert len(requests) >= (4 if mode == "second part" else 8)
    for request, composed in zip(requests, composer.compose(requests), strict=True):
        opening, score = read_opening(request.opening, mode=mode), read(abc(composed))
        given = [note.pitches for note in opening.notes()]
        assert [note.pitches for note in score.notes()][: len(given)] == given
        assert illegal_bars(score) == []
        form = make_plan(request).form
        assert form.fewest_parts <= len(parts(score)) <= form.most_parts
        if planned := make_plan(request).layout:
            assert tuple(layout(composed.tokens)) == planned


def test_free_tunes_are_of_many_shapes(composer):
    tunes = composer.compose([TuneRequest.check(structure="free", seed=seed, candidates=1) for seed in range(24)])
    shapes = set()
    for composed in tunes:
        score = read(abc(composed))
        assert illegal_bars(score) == []
        assert 2 <= len(parts(score)) <= 4
        assert all(4 <= bars <= 16 for bars in layout(composed.tokens))
        shapes.add(tuple(layout(composed.tokens)))
    assert len(shapes) > 12


def test_the_length_of_an_opening_does_not_count_against_the_tune(small, monkeypatch):
    monkeypatch.setattr(batch, "LONGEST", 700)
    music = "|".join(["A2B" * 10 + "A2"] * 40)  # some 1,600 tokens
    request = TuneRequest.check(opening="M:4/4\nL:1/32\nK:D\n" + music, seed=1)
    assert illegal_bars(small(8).compose([request])[0].score) == []


@pytest.mark.parametrize("seed", range(13))
def test_a_variation_keeps_form_and_edges_and_changes_something(composer, seed):
    first = composer.compose([replace(OTHERS[seed % 5], seed=seed, temperature=1.0)])[0].score
    request = replace(TuneRequest.check(seed=seed + 100), opening=write(first), mode="vary")
    # The untrained model ties some tunes over nearly every bar line: those leave nothing to change.
    if not free_to_vary(pieces(encoded(read_opening(request.opening)))):
        with pytest.raises(NotationError, match="nothing to vary"):
            composer.submit(request)
        return
    varied = read(abc(composer.compose([request])[0]))
    before = read(write(first))
    assert (varied.key, varied.metre, varied.rhythm) == (before.key, before.metre, before.rhythm)
    assert illegal_bars(varied) == []
    old, new = parts(before), parts(varied)
    assert [(len(p.body), len(p.first), len(p.second), p.repeated) for p in old] == [
        (len(p.body), len(p.first), len(p.second), p.repeated) for p in new
    ]
    for was, now in zip(old, new, strict=True):
        pick_up = int(was.body[0].duration < before.metre.bar)
        for bars, edge in ((lambda p: p.body, pick_up), (lambda p: p.body, 0), (lambda p: p.second or p.body, -1)):
            assert [n.pitches for n in bars(was)[edge].notes] == [n.pitches for n in bars(now)[edge].notes]
    changed = sum(a.notes != b.notes for a, b in zip(before.bars, varied.bars, strict=True))
    assert 0 < changed < len(before.bars)


def test_a_failing_tune_leaves_the_others_alone(composer):
    def complain(bars: int) -> None:
        if bars >= 3:
            raise ZeroDivisionError("the listener went home")

    alone = abc(composer.compose([REQUEST])[0])
    futures = [composer.submit(request) for request in OTHERS[:6]]
    bad, good = composer.submit(REQUEST, complain), composer.submit(REQUEST)
    with pytest.raises(ZeroDivisionError):
        bad.result(30)
    assert abc(good.result(30)) == alone
    assert all(future.result(30).tokens for future in futures)


def test_an_opening_that_cannot_be_gone_on_from_is_refused_at_once(composer):
    with pytest.raises(NotationError):
        composer.submit(TuneRequest(seed=1, opening="M:5/4\nK:D\nD10|"))


def test_a_tune_without_end_fails_with_a_sentence(small, monkeypatch):
    monkeypatch.setattr(batch, "LONGEST", 50)
    composer = small(8)
    for request in (REQUEST, ONE):
        with pytest.raises(RuntimeError, match="did not come to an end"):
            composer.submit(request).result(30)
    assert rows_taken(composer) == 0


def rows_taken(composer: Composer) -> int:
    return sum(int(lane._active.sum()) for lane in composer._lanes)


def test_when_a_step_fails_everybody_who_waits_hears_of_it_and_work_goes_on(small, monkeypatch):
    composer = small(4)
    runtime = composer._lanes[-1]._runtime
    step = runtime.step

    def broken(*_):
        monkeypatch.setattr(runtime, "step", step)
        raise MemoryError("no room")

    monkeypatch.setattr(runtime, "step", broken)
    with pytest.raises(MemoryError):
        composer.submit(REQUEST).result(30)
    assert composer.submit(REQUEST).result(30).tokens


def test_a_request_is_written_in_all_lanes_and_is_the_same_as_in_one(small):
    several, one = small(8), small(8, lanes=1)
    taken: list[set[int]] = []
    for lane in several._lanes:
        step = lane._runtime.step
        lane._runtime.step = lambda *told, lane=lane, step=step: taken.append({id(lane)}) or step(*told)
    assert abc(several.submit(REQUEST).result(30)) == abc(one.submit(REQUEST).result(30))
    assert len(several._lanes) == min(LANES, os.cpu_count() or 1)
    assert len(set().union(*taken)) == len(several._lanes)


def test_requests_of_one_candidate_are_spread_over_the_lanes(small):
    composer, held = small(8), Held()
    futures = [composer.submit(ONE, held)]
    assert held.entered.wait(30)
    futures += [composer.submit(replace(ONE, seed=seed)) for seed in range(7)]
    loads = [lane._put for lane in composer._lanes]
    held.going.set()
    assert all(future.result(30).tokens for future in futures)
    assert sum(loads) == 8
    assert min(loads) > 0
    assert [lane.load for lane in composer._lanes] == [0] * len(composer._lanes)


def test_when_choosing_fails_the_request_does_and_work_goes_on(small, monkeypatch):
    composer = small(4)

    def broken(*_):
        monkeypatch.undo()
        raise ZeroDivisionError("no taste")

    monkeypatch.setattr("generator.composer.composer.Choice.best", broken)
    with pytest.raises(ZeroDivisionError):
        composer.submit(ONE).result(30)
    assert composer.submit(ONE).result(30).tokens


def test_a_request_asks_for_as_many_candidates_as_it_says(small, monkeypatch):
    composer, chosen = small(8), []
    best = composer._choice.best
    monkeypatch.setattr(
        "generator.composer.composer.Choice.best", lambda _, plan, found: chosen.append(found) or best(plan, found)
    )
    tunes = composer.compose([ONE, replace(REQUEST, candidates=3), REQUEST])
    by_number = sorted(chosen, key=len)
    assert [len(found) for found in by_number] == [1, 3, CANDIDATES]
    assert by_number[2][:3] == by_number[1]  # the same ones, and more
    assert by_number[1][:1] == by_number[0]
    assert len({written.tokens for written in by_number[2]}) == CANDIDATES
    assert all(tune.tokens in {written.tokens for written in by_number[2]} for tune in tunes)


def test_where_all_candidates_are_copies_others_are_composed(small, monkeypatch):
    composer, chosen = small(4), []
    best = composer._choice.best
    copies = 2

    def choose(_, plan, found):
        chosen.append(found)
        return None if len(chosen) <= copies else best(plan, found)

    monkeypatch.setattr("generator.composer.composer.Choice.best", choose)
    tune = composer.submit(replace(REQUEST, candidates=2)).result(30)
    assert len(chosen) == copies + 1
    assert len({written.tokens for found in chosen for written in found}) == 2 * (copies + 1)
    assert tune.tokens in {written.tokens for written in chosen[-1]}


def test_where_nothing_but_copies_comes_the_request_fails_in_a_sentence(small, monkeypatch):
    composer, rounds = small(4), []
    monkeypatch.setattr("generator.composer.composer.Choice.best", lambda *_: rounds.append(1))
    with pytest.raises(ComposingError, match="too close to a known tune"):
        composer.submit(ONE).result(30)
    assert len(rounds) == ROUNDS
    assert rows_taken(composer) == 0


class Held:
    """A listener that stops the composer at the first bar until it is let go."""

    def __init__(self) -> None:
        self.entered, self.going = threading.Event(), threading.Event()

    def __call__(self, _: int) -> None:
        self.entered.set()
        self.going.wait(30)


def test_cancelling_waiting_tunes_or_tunes_in_the_making_harms_nobody(composer, small):
    single, held = small(1), Held()
    making, waiting, last = single.submit(ONE, held), single.submit(ONE), single.submit(ONE)
    assert held.entered.wait(30)
    assert making.cancel()
    assert waiting.cancel()
    held.going.set()
    assert abc(last.result(30)) == abc(composer.compose([ONE])[0])
    for cancelled in (making, waiting):
        with pytest.raises(CancelledError):
            cancelled.result(0)


def test_cancelling_frees_all_rows_of_a_request_at_once(small):
    """The next request need not wait for the end of the candidates that fill the composer."""
    composer, held = small(CANDIDATES, lanes=1), Held()
    steps: list[int] = []
    runtime = composer._lanes[0]._runtime
    step = runtime.step
    runtime.step = lambda *told: steps.append(rows_taken(composer)) or step(*told)
    making, after = composer.submit(REQUEST, held), composer.submit(ONE)
    assert held.entered.wait(30)
    assert steps[-1] == CANDIDATES
    before = len(steps)
    making.cancel()
    held.going.set()
    tune = after.result(30)
    assert set(steps[before:]) == {1}
    assert len(steps) - before == len(tune.tokens) - 1


def test_a_tune_that_is_ready_cannot_be_cancelled(composer):
    future = composer.submit(ONE)
    tune = future.result(30)
    assert not future.cancel()
    assert future.result(0) is tune


def test_those_who_wait_for_several_hear_of_one_that_was_cancelled(small):
    composer, held = small(1), Held()
    futures = [composer.submit(ONE, held), composer.submit(ONE)]
    assert held.entered.wait(30)
    futures[0].cancel()
    held.going.set()
    assert not wait(futures, timeout=10).not_done


def test_closing_fails_what_is_unfinished_and_refuses_what_comes_later(weights):
    composer = Composer(weights, slots=1)
    entered = threading.Event()
    futures = [composer.submit(REQUEST, lambda _: entered.set()), *(composer.submit(REQUEST) for _ in range(30))]
    assert entered.wait(30)
    composer.close()
    assert not any(lane._thread.is_alive() for lane in composer._lanes)
    assert all(future.done() for future in futures)
    assert isinstance(futures[-1].exception(0), RuntimeError)
    with pytest.raises(RuntimeError, match="closed"):
        composer.submit(REQUEST)


@pytest.mark.skipif(
    shutil.which("abc2midi") is None, reason="abc2midi is not installed: composed tunes are checked by our reader alone"
)
def test_abc2midi_plays_composed_tunes_as_they_are_written(composer, tmp_path):
    for composed in composer.compose([REQUEST, *OTHERS]):
        (tmp_path / "tune.abc").write_text(abc(composed), encoding="utf-8")
        said = subprocess.run(
            ["abc2midi", "tune.abc", "-o", "tune.mid"], cwd=tmp_path, capture_output=True, text=True, timeout=20
        )
        assert not re.search("error", said.stdout + said.stderr, re.IGNORECASE), said.stdout
        heard = played((tmp_path / "tune.mid").read_bytes())
        assert [pitch for _, pitch, _ in heard] == [note.pitch for note in playback(composed.score)]
