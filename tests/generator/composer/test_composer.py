"""Composing: the same seed gives the same tune whatever else is composed; openings and variations."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest

from generator.composer import batch
from generator.composer.candidates import Draft
from generator.composer.composer import Composer
from generator.composer.plan import make_plan
from generator.composer.titles import title_for
from generator.notation.errors import NotationError
from generator.notation.opening import opening_tokens, read_opening
from generator.notation.reader import read
from generator.notation.structure import illegal_bars, parts
from generator.notation.tokens import bars_per_part
from generator.notation.variation import split_bars, variable_bars
from generator.notation.writer import write
from generator.request import RequestError, TuneRequest
from tests.generator.composer.examples import ONE, OTHERS, REQUEST, MakeComposer, abc
from tests.generator.notation.midi import played
from tests.generator.notation.played_notes import played_notes
from tests.patience import HANG_S

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


def test_a_seed_gives_the_same_tune_alone_and_among_others(composer: Composer) -> None:
    alone = abc(composer.compose([REQUEST])[0])
    assert abc(composer.compose([REQUEST])[0]) == alone
    for place in (0, 15):
        company = [*OTHERS[:place], REQUEST, *OTHERS[place:]]
        assert abc(composer.compose(company)[place]) == alone
    crowd = composer.compose([*OTHERS, REQUEST, *OTHERS])  # more than there are slots
    assert abc(crowd[15]) == alone
    assert [abc(tune) for tune in crowd[:15]] == [abc(tune) for tune in crowd[16:]]


@pytest.mark.parametrize("slots", [1, 3, 20])
def test_the_number_of_slots_does_not_change_a_tune_but_the_seed_does(
    composer: Composer, small: MakeComposer, slots: int
) -> None:
    assert abc(small(slots).compose([REQUEST])[0]) == abc(composer.compose([REQUEST])[0])
    assert abc(composer.compose([replace(REQUEST, seed=42)])[0]) != abc(composer.compose([REQUEST])[0])


def test_a_tune_has_the_requested_or_a_default_title_and_tempo(composer: Composer) -> None:
    named, unnamed = composer.compose([replace(REQUEST, title="100% Mine"), REQUEST])
    assert read(abc(named)).title == "100% Mine"
    assert unnamed.score.title == title_for("reel", REQUEST.seed, unnamed.tokens)
    assert list(unnamed.score.notes()) == list(named.score.notes())
    assert "Q:1/2=104" in abc(unnamed)


def test_the_listener_gets_rising_numbers_of_bars(composer: Composer) -> None:
    for request in (REQUEST, ONE, *OTHERS[:5], TuneRequest.check(opening="M:6/8\nK:D\n" + "DFA dfa|" * 10, seed=1)):
        drafts: list[Draft] = []
        composed = composer.submit(request, drafts.append).result(HANG_S)
        score, heard = composed.score, [draft.bars for draft in drafts]
        assert heard
        assert all(low < high for low, high in pairwise(heard)), heard
        bars = sum(make_plan(request).layout or ())
        if request.candidates == 1:
            assert bars <= heard[-1] <= len(score.bars)
        assert bars - 2 <= heard[-1] <= bars  # of the slowest candidate


def test_the_listener_gets_nothing_before_all_candidates_have_begun(small: MakeComposer) -> None:
    """Four candidates in three rows: the last one begins when another one is finished."""
    composer, heard = small(3, lanes=1), []
    written = composer._lanes[0]._batch

    def listen(draft: Draft) -> None:
        heard.append((draft.bars, max(written.bars(row) for row in range(3))))

    composer.submit(replace(REQUEST, candidates=4), listen).result(HANG_S)
    assert heard[0][0] < 8
    assert heard[0][1] > 8  # of another candidate


def test_the_drafts_are_the_first_candidate_as_it_grows(composer: Composer) -> None:
    drafts: list[Draft] = []
    score = composer.submit(ONE, drafts.append).result(HANG_S).score
    written = [draft.score() for draft in drafts]
    assert len(written) > 8
    for draft, sheet in zip(drafts, written, strict=True):
        assert sheet is not None and len(sheet.bars) >= draft.bars
        music = write(replace(sheet, title="")).split("K:")[1].splitlines()[1:]
        assert write(score).split("K:")[1].splitlines()[1:][: len(music) - 1] == music[:-1]  # its whole lines are the tune's
        assert (sheet.key, sheet.metre, sheet.rhythm) == (score.key, score.metre, score.rhythm)


@pytest.mark.parametrize("key", KEYS)
def test_a_tune_begins_with_the_unchanged_opening(composer: Composer, key: str) -> None:
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
def test_tunes_from_an_opening_are_legal_and_have_the_planned_layout(
    composer: Composer, mode: Literal["continue", "answer", "second part"], structure: str
) -> None:
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
            assert tuple(bars_per_part(composed.tokens)) == planned


def test_free_forms_have_many_layouts(composer: Composer) -> None:
    tunes = composer.compose([TuneRequest.check(structure="free", seed=seed, candidates=1) for seed in range(24)])
    shapes = set()
    for composed in tunes:
        score = read(abc(composed))
        assert illegal_bars(score) == []
        assert 2 <= len(parts(score)) <= 4
        assert all(4 <= bars <= 16 for bars in bars_per_part(composed.tokens))
        shapes.add(tuple(bars_per_part(composed.tokens)))
    assert len(shapes) > 12


def test_a_long_opening_leaves_room_for_the_rest_of_the_tune(small: MakeComposer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "LONGEST", 700)
    music = "|".join(["A2B" * 10 + "A2"] * 40)  # some 1,600 tokens
    request = TuneRequest.check(opening="M:4/4\nL:1/32\nK:D\n" + music, seed=1)
    assert illegal_bars(small(8).compose([request])[0].score) == []


@pytest.mark.parametrize("seed", range(13))
def test_a_variation_keeps_the_form_and_the_edges_of_parts_and_changes_bars(composer: Composer, seed: int) -> None:
    first = composer.compose([replace(OTHERS[seed % 5], seed=seed, temperature=1.0)])[0].score
    request = replace(TuneRequest.check(seed=seed + 100), opening=write(first), mode="vary")
    # The untrained model ties some tunes over nearly every bar line: those leave nothing to change.
    if not variable_bars(split_bars(opening_tokens(read_opening(request.opening)))):
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
        assert before.metre
        pick_up = int(was.body[0].duration < before.metre.bar)
        edges = ((was.body, now.body, pick_up), (was.body, now.body, 0), (was.second or was.body, now.second or now.body, -1))
        for old_bars, new_bars, edge in edges:
            assert [n.pitches for n in old_bars[edge].notes] == [n.pitches for n in new_bars[edge].notes]
    changed = sum(a.notes != b.notes for a, b in zip(before.bars, varied.bars, strict=True))
    assert 0 < changed < len(before.bars)


def test_an_opening_that_cannot_be_continued_is_refused_at_once(composer: Composer) -> None:
    with pytest.raises(NotationError):
        composer.submit(TuneRequest(seed=1, opening="M:5/4\nK:D\nD10|"))


@pytest.mark.skipif(
    shutil.which("abc2midi") is None, reason="abc2midi is not installed: composed tunes are checked by our reader alone"
)
def test_abc2midi_plays_the_notes_of_composed_tunes(composer: Composer, tmp_path: Path) -> None:
    for composed in composer.compose([REQUEST, *OTHERS]):
        (tmp_path / "tune.abc").write_text(abc(composed), encoding="utf-8")
        said = subprocess.run(
            ["abc2midi", "tune.abc", "-o", "tune.mid"], cwd=tmp_path, capture_output=True, text=True, timeout=HANG_S
        )
        assert not re.search("error", said.stdout + said.stderr, re.IGNORECASE), said.stdout
        heard = played((tmp_path / "tune.mid").read_bytes())
        assert [pitch for _, pitch, _ in heard] == [note.pitch for note in played_notes(composed.score)]
