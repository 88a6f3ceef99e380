"""The files of tunes, in a folder or a bucket."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from obstore.store import MemoryStore

from storage import Storage, StorageError, TuneFile, open_storage
from storage.files.content_stores import Bucket, LocalFolder
from storage.files.files import Files, digest_of
from tests.storage.examples import COMPOSITION, origin, request

CONTENTS = {
    "tune.abc": ("text/vnd.abc; charset=utf-8", "T:Ó Súilleabháin\r\n\0".encode()),
    "tune.mp3": ("audio/mpeg", bytes(range(256)) * 4096),
    "empty": ("application/octet-stream", b""),
    "../../etc/passwd": ("text/plain", b"a name, not a path"),
    "ṫ ☘ '\"%": ("image/png", b"\xff" * 10),
}


async def test_files_are_read_back_unchanged(storage: Storage) -> None:
    tune = await storage.add(request(), origin())
    await storage.finish(tune.id, COMPOSITION, CONTENTS)
    assert {name: await storage.read(tune.id, name) for name in CONTENTS} == {
        name: content for name, (_, content) in CONTENTS.items()
    }
    listed = {file.name: file for file in await storage.files(tune.id)}
    assert listed == {
        name: TuneFile(name, media_type, len(content), digest_of(content)) for name, (media_type, content) in CONTENTS.items()
    }


async def test_the_files_of_several_tunes_are_listed_by_tune(storage: Storage) -> None:
    first, second = [(await storage.add(request(), origin(event))).id for event in "12"]
    await storage.finish(first, COMPOSITION, {name: CONTENTS[name] for name in ("tune.mp3", "tune.abc")})
    await storage.finish(second, COMPOSITION, {"tune.abc": CONTENTS["tune.abc"]})
    found = await storage.files_of([second, first, "0123456789ab", "\0"])
    names = {tune_id: [file.name for file in files] for tune_id, files in found.items()}
    assert names == {second: ["tune.abc"], first: ["tune.abc", "tune.mp3"], "0123456789ab": [], "\0": []}


async def test_files_are_written_only_inside_the_folder_and_equal_contents_once(storage: Storage, tmp_path: Path) -> None:
    for event in "12":
        tune = await storage.add(request(), origin(event))
        await storage.finish(tune.id, COMPOSITION, CONTENTS)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == len(CONTENTS)
    assert all(path.is_relative_to(tmp_path / "files") for path in written)


@pytest.mark.parametrize("name", ["tune.wav", "", "\0", "\ud800", "../files", "TUNE.ABC"])
async def test_an_unknown_file_name_raises_a_key_error(storage: Storage, name: str) -> None:
    tune = await storage.add(request(), origin())
    await storage.finish(tune.id, COMPOSITION, {"tune.abc": CONTENTS["tune.abc"]})
    with pytest.raises(KeyError):
        await storage.read(tune.id, name)


async def test_a_tune_is_not_finished_if_its_files_cannot_be_written(url: str, tmp_path: Path) -> None:
    async with open_storage(data_dir=tmp_path, database_url=url, files_url=None) as storage:
        tune = await storage.add(request(), origin())
        (tmp_path / "files").rmdir()
        (tmp_path / "files").write_bytes(b"in the way")
        with pytest.raises(StorageError, match="cannot be written"):
            await storage.finish(tune.id, COMPOSITION, CONTENTS)
        assert await storage.tune(tune.id) == tune
        assert await storage.files(tune.id) == []


async def test_files_url_can_name_another_folder(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "another folder"
    async with open_storage(data_dir=tmp_path, database_url=url, files_url=folder.as_uri()) as storage:
        tune = await storage.add(request(), origin())
        await storage.finish(tune.id, COMPOSITION, CONTENTS)
        assert await storage.read(tune.id, "tune.mp3") == CONTENTS["tune.mp3"][1]
    assert len([path for path in folder.rglob("*") if path.is_file()]) == len(CONTENTS)


@pytest.mark.parametrize("kind", [LocalFolder, Bucket])
async def test_contents_are_marked_for_removal_and_unmarked(tmp_path: Path, kind: type[LocalFolder | Bucket]) -> None:
    files = Files(LocalFolder(tmp_path) if kind is LocalFolder else Bucket(MemoryStore()))
    assert await files.marked_for_removal() == []
    for digest in ("0" * 64, "1" * 64, "0" * 64):
        await files.mark_for_removal(digest)
    assert sorted(await files.marked_for_removal()) == ["0" * 64, "1" * 64]
    await files.unmark("0" * 64)
    assert await files.marked_for_removal() == ["1" * 64]


@pytest.mark.parametrize("files_url", ["ftp://host/folder", "folder", "", "file://host/folder", "s3://", "https://bucket"])
def test_an_invalid_files_url_raises_a_storage_error(tmp_path: Path, files_url: str) -> None:
    with pytest.raises(StorageError, match="FILES_URL"):
        Files.open(tmp_path, files_url)


async def test_files_are_stored_in_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a stand-in on loopback, which stores what it gets by PUT: a test cannot run S3."""
    stored: dict[str, bytes] = {}

    async def bucket(http_request: web.Request) -> web.Response:
        if http_request.method == "PUT":
            stored[http_request.path] = await http_request.read()
            return web.Response(headers={"ETag": '"1"'})
        if http_request.path not in stored:
            return web.Response(status=404)
        return web.Response(
            body=stored[http_request.path], headers={"ETag": '"1"', "Last-Modified": "Mon, 23 Nov 2026 03:00:00 GMT"}
        )

    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{key:.*}", bucket)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        files = Files.open(tmp_path, "s3://tunes/some/prefix")
        contents = [content for _, content in CONTENTS.values()]
        await files.write(contents)
        assert await asyncio.gather(*(files.read(digest_of(content)) for content in contents)) == contents
        assert all(path.startswith("/tunes/some/prefix/") for path in stored) and len(stored) == len(contents)
        assert await files.read("0" * 64) is None
    finally:
        await runner.cleanup()
