"""What is kept of the notebook; `tests.notebook` executes it, which takes minutes."""

from pathlib import Path

import nbformat
import pytest

import training

PATH = Path(training.__path__[0]) / "walkthrough.ipynb"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(PATH, as_version=nbformat.NO_CONVERT)


def test_is_a_valid_notebook_of_the_present_format(notebook):
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)


def test_is_kept_without_outputs(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert not [cell.id for cell in code if cell.outputs or cell.execution_count is not None]


def test_says_nothing_of_the_machine_it_was_written_on(notebook):
    assert not [cell.id for cell in notebook.cells if cell.metadata]
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert not [word for word in ("/home/", "/root/", "/Users/", "C:\\") if word in PATH.read_text(encoding="utf-8")]


def test_leads_through_the_stations_of_the_lab_in_their_order(notebook):
    headings = [line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    numbered = [line.removeprefix("## ") for line in headings if line.startswith("## ")]
    assert [heading.split(". ", 1)[0] for heading in numbered] == [str(number) for number in range(1, len(numbered) + 1)]
    stations = [
        "Set-up",
        "Tracking",
        "tunes",
        "tokens",
        "Batches",
        "model",
        "Training",
        "compos",
        "Listening",
        "measures",
        "What now",
    ]
    assert len(numbered) == len(stations)
    assert not [(h, s) for h, s in zip(numbered, stations, strict=True) if s not in h]
