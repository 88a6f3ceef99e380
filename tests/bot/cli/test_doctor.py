"""`tunesmith doctor`: its checks of the models and of the database."""

from pathlib import Path

from bot.cli.doctor import _database, _model
from bot.settings import Settings
from generator.composer.weights import amend_card
from tests.generator.composer.untrained import untrained


def test_it_names_the_available_models_and_the_folder_of_a_broken_one(tmp_path: Path) -> None:
    untrained(tmp_path / "mine")
    amend_card(tmp_path / "mine", {"name": "Mine"})
    settings = Settings(_env_file=None, models=tmp_path)
    assert _model(settings).ok
    assert _model(settings).finding.endswith(" bits per note on test tunes; also aird-1, mine")
    (tmp_path / "mine" / "card.json").write_text("{}", encoding="utf-8")
    check = _model(settings)
    assert not check.ok
    assert str(tmp_path / "mine") in check.finding and str(tmp_path) in check.remedy


def test_it_reports_a_model_without_weights(tmp_path: Path) -> None:
    untrained(tmp_path / "mine")
    (tmp_path / "mine" / "weights.npz").unlink()
    check = _model(Settings(_env_file=None, models=tmp_path))
    assert not check.ok and str(tmp_path / "mine") in check.finding


def test_for_an_unusable_data_folder_it_advises_to_change_what_is_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check = _database(Settings(_env_file=None, database_url=None, data_dir=tmp_path / "file"))
    assert not check.ok
    assert str(tmp_path / "file") in check.finding and check.remedy.startswith("Set DATA_DIR")
