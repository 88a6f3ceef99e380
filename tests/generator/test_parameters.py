"""Each parameter of a request is declared once, completely and consistently."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli.main import main
from generator.parameters import Parameter
from generator.request import PARAMETERS, TuneRequest
from storage import Defaults

MAX_DESCRIPTION = 100  # characters of an option's description in Discord
each_parameter = pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=list(PARAMETERS))


def test_every_field_of_a_request_is_a_parameter() -> None:
    assert list(PARAMETERS) == [field.name for field in fields(TuneRequest)]
    assert all(parameter.name == name for name, parameter in PARAMETERS.items())


@each_parameter
def test_a_parameter_has_a_help_text_that_discord_can_show(parameter: Parameter) -> None:
    assert 0 < len(parameter.help) <= MAX_DESCRIPTION
    for limit in (parameter.least, parameter.most):
        if parameter.kind is float and limit is not None:
            assert f"{limit:g}" in parameter.help


@each_parameter
def test_every_choice_and_limit_is_read_and_written_back(parameter: Parameter) -> None:
    limits = [limit for limit in (parameter.least, parameter.most) if limit is not None]
    for value in (*parameter.choices, *limits):
        checked = parameter.check(value)
        assert parameter.check(str(value)) == checked
        assert parameter.check(parameter.as_text(checked)) == checked


@each_parameter
@pytest.mark.parametrize("empty", [None, "", "  ", ()])
def test_empty_input_means_the_default(parameter: Parameter, empty: Any) -> None:
    assert parameter.check(empty) == parameter.default
    assert parameter.as_text(parameter.default) == ""


def test_the_command_line_has_an_option_for_every_parameter(tmp_path: Path) -> None:
    help_text = CliRunner().invoke(main, ["compose", "--help"]).output
    for name in PARAMETERS:
        assert f"--{name}" in help_text
    result = CliRunner().invoke(main, ["compose", "--tempo", "fast", "--out", str(tmp_path)])
    assert (result.exit_code, result.output) == (2, "tunesmith: Tempo must be from 0.5 (slow) to 1.5 (fast), not fast.\n")


def test_users_can_save_defaults_of_the_personal_parameters() -> None:
    personal = {name for name, parameter in PARAMETERS.items() if parameter.personal}
    assert {field.name for field in fields(Defaults)} == personal | {"language"}, (
        "the fields of Defaults in storage/preferences.py must be the parameters with personal=True; see CONTRIBUTING.md"
    )
