"""The notebook as a file; `tests.notebook` runs it, which takes minutes."""

from pathlib import Path

import nbformat
import pytest

import training

PATH = Path(training.__path__[0]) / "walkthrough.ipynb"


@pytest.fixture(scope="module")
def notebook() -> nbformat.NotebookNode:
    return nbformat.read(PATH, as_version=nbformat.NO_CONVERT)  # type: ignore[no-any-return,no-untyped-call]


def test_the_notebook_is_valid_and_in_the_current_format(notebook: nbformat.NotebookNode) -> None:
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)


def test_the_notebook_is_stored_without_outputs(notebook: nbformat.NotebookNode) -> None:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert not [cell.id for cell in code if cell.outputs or cell.execution_count is not None]


def test_the_notebook_contains_no_traces_of_a_machine(notebook: nbformat.NotebookNode) -> None:
    assert not [cell.id for cell in notebook.cells if cell.metadata]
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert not [word for word in ("/home/", "/root/", "/Users/", "C:\\") if word in PATH.read_text(encoding="utf-8")]


def test_the_notebook_has_its_chapters_in_order(notebook: nbformat.NotebookNode) -> None:
    headings = [line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    numbered = [line.removeprefix("## ") for line in headings if line.startswith("## ")]
    assert [heading.split(". ", 1)[0] for heading in numbered] == [str(number) for number in range(1, len(numbered) + 1)]
    chapters = [
        "Set-up",
        "Tracking",
        "tunes",
        "tokens",
        "Batches",
        "model",
        "Training",
        "compos",
        "Listening",
        "metrics",
        "What now",
    ]
    assert len(numbered) == len(chapters)
    assert not [(heading, chapter) for heading, chapter in zip(numbered, chapters, strict=True) if chapter not in heading]
