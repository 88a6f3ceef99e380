import traceback
from pathlib import Path

import pytest

from storage import StorageError, open_storage
from tests.storage.examples import execute, origin, request


async def opening(data_dir: Path, url: str) -> StorageError:
    with pytest.raises(StorageError) as raised:
        async with open_storage(data_dir=data_dir, database_url=url, files_url=None):
            pass
    return raised.value


@pytest.mark.parametrize("host", ["127.0.0.1:1", "does-not-exist.invalid"])
async def test_a_server_that_is_not_there_is_said_in_a_sentence(tmp_path: Path, host: str) -> None:
    error = await opening(tmp_path, f"postgresql://ann:hunter2@{host}/tunes")
    assert str(error).startswith(f"The database tunes on {host.split(':')[0]} cannot be reached: check DATABASE_URL")


async def test_a_database_that_is_not_there_is_said_in_a_sentence(url: str, tmp_path: Path) -> None:
    error = await opening(tmp_path, url.replace("/test_", "/missing_"))
    assert "cannot be reached" in str(error)


@pytest.mark.parametrize("text", ["", "mysql://ann:hunter2@host/tunes", "postgresql://", "sqlite:///tunes.db", "host=hunter2"])
async def test_another_database_is_said_in_a_sentence(tmp_path: Path, text: str) -> None:
    error = await opening(tmp_path, text)
    assert "postgresql://user:password@host/name" in str(error) and "hunter2" not in str(error)


@pytest.mark.parametrize("text", ["postgresql://ann:hunter2%zz@host/tunes", "postgresql://ann:hunter2@[host/tunes"])
async def test_a_url_that_cannot_be_read_does_not_give_the_password_away(tmp_path: Path, text: str) -> None:
    error = await opening(tmp_path, text)
    assert "DATABASE_URL cannot be read" in str(error)
    assert "hunter2" not in "".join(traceback.format_exception(error)).replace(text, "")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
async def test_the_usual_schemes_are_taken(url: str, tmp_path: Path, scheme: str) -> None:
    async with open_storage(data_dir=tmp_path, database_url=url.replace("postgresql", scheme, 1), files_url=None) as storage:
        await storage.add(request(), origin())
    assert execute(url, "SELECT count(*) FROM tunes") == [(1,)]
