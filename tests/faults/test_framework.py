"""The command that runs the long tests of faults."""

from __future__ import annotations

import signal

import pytest

from tests.faults import __main__ as command
from tests.faults.report import FAULTS, Fault, Options, Report


def fault_of(*, holds: bool = True, raises: bool = False) -> Fault:
    async def run(report: Report) -> None:
        (report.folder / "file").touch()
        report.figure("tunes", 3)
        report.check(holds, "a tune was lost")
        if raises:
            raise ValueError("the machine burned")

    return Fault("example", "nothing is lost", 60, run)


def test_a_kept_promise_has_its_figures_and_leaves_nothing_behind() -> None:
    report = command.run(fault_of(), Options())
    assert (report.figures["tunes"], report.broken) == (3, [])
    assert not report.folder.exists()


def test_a_broken_promise_and_an_exception_are_reported() -> None:
    assert command.run(fault_of(holds=False), Options()).broken == ["a tune was lost"]
    [broken] = command.run(fault_of(raises=True), Options()).broken
    assert "the machine burned" in broken


@pytest.mark.parametrize(("holds", "status"), [(True, 0), (False, 1)])
def test_the_exit_status_tells_whether_all_promises_were_kept(
    holds: bool, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command.load()
    monkeypatch.setitem(FAULTS, "example", fault_of(holds=holds))
    monkeypatch.setattr(command, "configure", lambda **_: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert command.main(["example"]) == status
    assert f"| example | nothing is lost | tunes: 3; seconds: 0 | {'yes' if holds else 'no'} |" in capsys.readouterr().out


def test_every_fault_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    printed = capsys.readouterr().out
    assert [name for name in command.load() if name not in printed] == []
