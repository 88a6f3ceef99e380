"""Runs the long tests of faults and prints a table of what was measured:

    .venv/bin/python -m tests.faults --list
    .venv/bin/python -m tests.faults                          # all: about an hour and a half on two cores
    .venv/bin/python -m tests.faults crash-points poison      # those whose names begin so
    .venv/bin/python -m tests.faults soak --minutes 5

Everything is real except Discord, which is the stand-in on loopback. Exits with 1 if a promise was broken. Run it on an idle
machine.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import pkgutil
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from bot.logs import configure
from tests import faults
from tests.faults.report import FAULTS, Fault, Options, Report


def load() -> dict[str, Fault]:
    """All faults by name, from all modules of this folder."""
    for module in pkgutil.iter_modules(faults.__path__):
        if not module.name.startswith(("_", "test_", "conftest")):
            importlib.import_module(f"{faults.__name__}.{module.name}")
    return FAULTS


def run(fault: Fault, options: Options, *, keep: bool = False) -> Report:
    """Runs one fault in a new folder. Its exceptions are broken promises. `keep`: leaves the folder if a promise is broken."""
    report = Report(fault.name, Path(tempfile.mkdtemp(prefix=f"tunes-{fault.name}-")), options)
    started = time.monotonic()
    try:
        asyncio.run(_limited(fault, report))
    except Exception:
        report.broken.append(traceback.format_exc().strip())
    report.figure("seconds", round(time.monotonic() - started))
    if keep and report.broken:
        report.figure("folder", report.folder)
    else:
        shutil.rmtree(report.folder, ignore_errors=True)
    return report


async def _limited(fault: Fault, report: Report) -> None:
    async with asyncio.timeout(fault.limit_s):
        await fault.run(report)


def table(reports: list[Report]) -> str:
    """A table in Markdown, one row per fault."""
    rows = ["| fault | promise | measured | kept |", "|---|---|---|---|"]
    for report in reports:
        figures = "; ".join(f"{name}: {value}" for name, value in report.figures.items())
        rows.append(f"| {report.name} | {FAULTS[report.name].promise} | {figures} | {'no' if report.broken else 'yes'} |")
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginning of a fault's name (default: all)")
    parser.add_argument("--list", action="store_true", help="list the faults and what is promised")
    parser.add_argument("--seed", type=int, default=Options.seed, help="of everything random")
    parser.add_argument("--minutes", type=float, default=Options.minutes, help="length of the soak")
    parser.add_argument("--parallel", type=int, default=Options.parallel, help="crash points at the same time")
    parser.add_argument("--only", default=Options.only, help="a part of the names of crash points")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a fault whose promise was broken")
    parser.add_argument("--json", type=Path, help="write what was measured into this file as well")
    given = parser.parse_args(arguments)
    known = load()
    if given.list:
        for fault in known.values():
            print(f"{fault.name:28} {fault.promise}")
        return 0
    if unknown := [name for name in given.names if not any(each.startswith(name) for each in known)]:
        parser.error(f"no fault begins with {', '.join(unknown)}; see --list")
    chosen = [fault for fault in known.values() if not given.names or fault.name.startswith(tuple(given.names))]
    configure(json=False, level="ERROR")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that what was started is stopped
    options = Options(given.seed, given.minutes, given.parallel, given.only)
    reports = []
    for number, fault in enumerate(chosen, start=1):
        print(f"{number}/{len(chosen)} {fault.name}: {fault.promise}", file=sys.stderr, flush=True)
        report = run(fault, options, keep=given.keep)
        reports.append(report)
        print("\n".join(f"  broken: {text}" for text in report.broken) or "  kept", file=sys.stderr, flush=True)
        if given.json:
            measured = [{"name": each.name, "figures": each.figures, "broken": each.broken} for each in reports]
            given.json.write_text(json.dumps(measured, indent=1, default=str), encoding="utf-8")
    print(table(reports))
    return int(any(report.broken for report in reports))


if __name__ == "__main__":
    sys.exit(main())
