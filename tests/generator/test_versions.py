"""The versions of a tune to practise with."""

import pytest

from generator.notation.reader import read
from generator.versions import Version


def test_a_version_is_found_by_its_name_and_has_a_sheet_only_in_another_key() -> None:
    version = Version.check("flute", -2, "melody")
    assert version.name == "version.flute.-2.melody" and Version.named(version.name) == version
    assert {name.removeprefix(version.name) for name in version.files} == {
        ".mp3", ".timemap.json", ".abc", ".svg", ".narrow.svg"}  # fmt: skip
    assert {name.removeprefix("version..0.all") for name in Version().files} == {".mp3", ".timemap.json"}


@pytest.mark.parametrize("name", ["version.kazoo.0.all", "version..12.all", "version..0.drums", "version", "version..1.all.mp3"])
def test_other_names_are_no_versions(name: str) -> None:
    with pytest.raises(ValueError, match="no such version"):
        Version.named(name)


def test_a_version_moves_every_note_and_the_key() -> None:
    moved = Version("", -2).score(read("X:1\nM:4/4\nL:1/4\nK:Dmix\nd f a =c'|\n"))
    assert moved.key.abc == "Cmix"
    assert [note.pitches[0].midi for note in moved.notes()] == [72, 76, 79, 82]
