"""A sample of the texts of tests/benchmarks/fuzz_reader.py, which is run in full by hand."""

from __future__ import annotations

from tests.benchmarks.fuzz_reader import LIMIT_S, run


def test_random_texts_are_read_or_refused_with_a_message_and_quickly() -> None:
    outcome = run(1500, seed=7)
    assert outcome.faults == []
    assert outcome.slowest_s < 4 * LIMIT_S  # on a machine that may be busy with other tests
    assert min(outcome.counts["read"], outcome.counts["refused"]) > 150
