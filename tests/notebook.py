"""Runs training/walkthrough.ipynb from top to bottom in a new kernel and a temporary folder:

    .venv/bin/python -m tests.notebook [--out FILE.ipynb] [--cell-limit SECONDS]

It stops at the first cell that fails or exceeds the limit, and prints the elapsed and the processor seconds of each cell.
The kernel's data folder is new as well. If `data/corpus` has irish.abc, it is copied instead of downloaded again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "training" / "walkthrough.ipynb"


def execute(notebook: nbformat.NotebookNode, folder: Path, *, cell_limit_s: int) -> float:
    """Runs all cells, stores their outputs in the notebook and returns the processor seconds. Raises nbclient's errors."""
    os.environ |= {"DATA_DIR": str(folder / "data"), "IPYTHONDIR": str(folder / "ipython")}
    os.environ.pop("COMET_API_KEY", None)
    known = ROOT / "data" / "corpus" / "irish.abc"
    if known.exists():
        (folder / "data" / "corpus").mkdir(parents=True)
        shutil.copy(known, folder / "data" / "corpus")
    where = {"metadata": {"path": folder}}
    client = NotebookClient(notebook, timeout=cell_limit_s, startup_timeout=300, kernel_name="python3", resources=where)
    with client.setup_kernel():
        kernel = psutil.Process(_kernel_pid(client))
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            started, processor_before = time.monotonic(), _processor_s(kernel)
            client.execute_cell(cell, index)
            elapsed, processor = time.monotonic() - started, _processor_s(kernel) - processor_before
            echo(f"{cell.id:<16} {elapsed:7.1f} s, {processor:7.1f} s of processor time")
        client.set_widgets_metadata()
        return _processor_s(kernel)


def _kernel_pid(client: NotebookClient) -> int:
    assert client.km is not None
    return int(client.km.provisioner.pid)  # type: ignore[union-attr] # a local kernel's provisioner has one


def _processor_s(process: psutil.Process) -> float:
    """The processor seconds of a process and of the child processes that have ended."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def echo(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description="Runs the walkthrough notebook.")
    parser.add_argument("--out", type=Path, help="file for the notebook with its outputs, written even if a cell fails")
    parser.add_argument("--cell-limit", type=int, default=3600, help="seconds that one cell may take (default 3600)")
    options = parser.parse_args()
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True) as folder:
        try:
            computed = execute(notebook, Path(folder), cell_limit_s=options.cell_limit)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            sys.exit(f"The notebook fails: {error}")
        finally:
            if options.out:
                nbformat.write(notebook, options.out)  # type: ignore[no-untyped-call]
    echo(f"The notebook runs: {time.monotonic() - started:.0f} s, {computed:.0f} s of processor time.")


if __name__ == "__main__":
    main()
