"""What the doctor says of the models."""

from pathlib import Path

from bot.doctor import _model
from bot.settings import Settings
from generator.composer.weights import amend_card
from tests.generator.composer.untrained import untrained


def test_it_names_the_models_that_can_be_chosen_and_what_keeps_one_from_it(tmp_path: Path) -> None:
    untrained(tmp_path / "mine")
    amend_card(tmp_path / "mine", {"name": "Mine"})
    settings = Settings(_env_file=None, models=tmp_path)
    assert _model(settings).ok
    assert _model(settings).finding.endswith(" bits a note on test tunes; also aird-1, mine")
    (tmp_path / "mine" / "card.json").write_text("{}", encoding="utf-8")
    check = _model(settings)
    assert not check.ok
    assert str(tmp_path / "mine") in check.finding and str(tmp_path) in check.remedy


def test_a_model_whose_weights_are_missing_is_found(tmp_path: Path) -> None:
    untrained(tmp_path / "mine")
    (tmp_path / "mine" / "weights.npz").unlink()
    check = _model(Settings(_env_file=None, models=tmp_path))
    assert not check.ok and str(tmp_path / "mine") in check.finding
