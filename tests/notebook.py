"""Executes training/walkthrough.ipynb from top to bottom, in a fresh kernel and a folder of its own:

    .venv/bin/python -m tests.notebook [--out FILE.ipynb] [--cell-limit SECONDS]

It ends with the first cell that fails or takes too long, and says how many seconds each cell took, waiting and computing.
The kernel's data folder is new as well; irish.abc is copied into it from `data/corpus` where that has it, not fetched again.
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
    """Runs all cells and puts their outputs into the notebook; returns the processor's seconds. Raises nbclient's errors."""
    os.environ |= {"DATA_DIR": str(folder / "data"), "IPYTHONDIR": str(folder / "ipython")}
    os.environ.pop("COMET_API_KEY", None)
    known = ROOT / "data" / "corpus" / "irish.abc"
    if known.exists():
        (folder / "data" / "corpus").mkdir(parents=True)
        shutil.copy(known, folder / "data" / "corpus")
    where = {"metadata": {"path": folder}}
    client = NotebookClient(notebook, timeout=cell_limit_s, startup_timeout=300, kernel_name="python3", resources=where)
    with client.setup_kernel():
        kernel = psutil.Process(client.km.provisioner.pid)
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            waited, computed = time.monotonic(), _processor_s(kernel)
            client.execute_cell(cell, index)
            waited, computed = time.monotonic() - waited, _processor_s(kernel) - computed
            say(f"{cell.id:<16} {waited:7.1f} s, {computed:7.1f} s of a processor")
        client.set_widgets_metadata()
        return _processor_s(kernel)


def _processor_s(process: psutil.Process) -> float:
    """With the programs that it has started and that have ended."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description="Executes the notebook.")
    parser.add_argument("--out", type=Path, help="where the notebook goes with its outputs, also when it fails")
    parser.add_argument("--cell-limit", type=int, default=600, help="seconds that one cell may take (default 600)")
    asked = parser.parse_args()
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True) as folder:
        try:
            computed = execute(notebook, Path(folder), cell_limit_s=asked.cell_limit)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            sys.exit(f"The notebook fails: {error}")
        finally:
            if asked.out:
                nbformat.write(notebook, asked.out)
    say(f"The notebook runs: {time.monotonic() - started:.0f} s, {computed:.0f} s of a processor.")


if __name__ == "__main__":
    main()
