"""No import cycles: modules import each other in one direction only."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

TOP = Path(__file__).parents[1]
PACKAGES = ("bot", "generator", "storage", "training")


def modules() -> dict[str, str]:
    """Module name → source, of all packages."""
    found = {}
    for file in (file for package in PACKAGES for file in (TOP / package).rglob("*.py")):
        parts = file.relative_to(TOP).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file.read_text("utf-8")
    return found


def imports(name: str, source: str, known: Mapping[str, str]) -> Iterator[str]:
    """The known modules that a module imports anywhere: at the top, inside functions, and for type checking.

    `from package import name` imports the module `package.name` if there is one, and else the package.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                imported = submodule if submodule in known else node.module
                if imported in known and imported != name:
                    yield imported


def cycle(sources: Mapping[str, str]) -> list[str]:
    """The modules of one import cycle, empty if there is none."""
    graph = {name: set(imports(name, source, sources)) for name, source in sources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_is_part_of_an_import_cycle() -> None:
    assert cycle(modules()) == []


def test_no_import_is_relative() -> None:
    """`imports` does not resolve relative imports."""
    relative = [
        name
        for name, source in modules().items()
        if any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(ast.parse(source)))
    ]
    assert relative == []


def test_a_cycle_through_a_function_and_type_checking_is_found() -> None:
    sources = {
        "a": "from b import name",
        "b": "def load() -> None:\n    import c.d",
        "c": "",
        "c.d": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import Name",
    }
    assert set(cycle(sources)) == {"a", "b", "c.d"}


def test_modules_without_a_cycle_pass() -> None:
    assert cycle({"a": "from b import c", "b": "", "b.c": "import d", "d": "import json"}) == []
