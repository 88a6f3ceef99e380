"""The documentation names every option of `/tune`, in the words of the command itself."""

from pathlib import Path

from generator.parameters import Parameter
from generator.request import PARAMETERS

ROOT = Path(__file__).parents[1]


def row(parameter: Parameter) -> str:
    choices = ", ".join(f"`{choice}`" for choice in parameter.choices if parameter.kind is str)
    return f"| `{parameter.name}` | {parameter.help}{f' One of {choices}.' if choices else ''} |"


def test_the_table_of_options_follows_the_parameters() -> None:
    rows = [row(parameter) for parameter in PARAMETERS.values()]
    documents = [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
    assert any("\n".join(rows) in document.read_text("utf-8") for document in documents), "\n".join(["expected:", *rows])
