"""The collections of tunes, from the pinned packages that contain them.

| collection | package | rights |
|---|---|---|
| irish.abc, the data of MIT's course 6.S191 | mitdeeplearning 0.7.5 | MIT |
| O'Neill's Music of Ireland (1903) | music21 | public-domain book, encodings by permission |
| Ryan's Mammoth Collection (1883) | music21 | same |
| Aird's Airs (18th century) | music21 | same |
| miscellaneous folk | music21 | same |

Not used: music21's Essen collection (non-commercial use only) and anything scraped from The Session.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from generator.notation.reader import split_tunes

IRISH_SHA256 = "df3782d5f7b5a2f4c66aa7c13f13008d5f48757b3f5f51620cd6c1ceb2c53023"
# SHA-256 of all files of a collection, in the order of their names.
MUSIC21_SHA256 = {
    "oneills1850": "c45fbfa139a40a00dd465badff3f99dc9177877d00cb7cb7b696e9cdf4fd942e",
    "ryansMammoth": "3ea75e2db64cdbb5c57a0953097c13646ba9a670d3d1cdfc0d6a91f2fe7f50fc",
    "airdsAirs": "bb7b8af608f400e9af30e9b27931ac8d5f48d01bd0457c65407f6f4cd03024d2",
    "miscFolk": "a1c672c52f5391f3a8d67b97e0c8c14583e81d64768a129d61982c9bcab51982",
}
SHA256 = {"irish.abc": IRISH_SHA256, **MUSIC21_SHA256}
MAX_FILE_BYTES = 32 * 2**20  # per file of your own; larger files are no collections of tunes


class SourceError(RuntimeError):
    """A collection is missing or differs from the pinned version; the message says what to do."""


@dataclass(frozen=True, slots=True)
class RawTune:
    collection: str
    text: str
    id: str = ""  # for your own tunes; the tunes of the collections are numbered instead


def _ignore(_: str) -> None:
    pass


def tunes(cache: Path, extra: Path | None = None, echo: Callable[[str], None] = _ignore) -> Iterator[RawTune]:
    """Yields every tune of every collection, always in the same order.

    cache: folder for irish.abc. extra: optional folder of your own .abc files; `echo` reports files that are skipped.
    Raises SourceError.
    """
    own_tunes = (
        list(read_folder(extra, echo)) if extra is not None else []
    )  # first, so that errors in the folder are reported at once
    for text in split_tunes(irish_abc(cache).read_text(encoding="utf-8")):
        yield RawTune("irish.abc", text)
    for name in MUSIC21_SHA256:
        for path in _music21_files(name):
            for text in split_tunes(path.read_text(encoding="utf-8", errors="replace")):
                yield RawTune(name, text)
    yield from own_tunes


def read_folder(folder: Path, echo: Callable[[str], None]) -> Iterator[RawTune]:
    """Yields the tunes of all `.abc` files below a folder; raises SourceError if there are none.

    Their ids contain the file name and the number in the file, so that they stay the same when files are added. Symbolic links
    to folders are not followed, since they may form a loop.
    """
    collection, found = f"{folder.resolve().name}/", False
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(root) / name
            if path.suffix.lower() != ".abc":
                continue
            shown = str(path.relative_to(folder)).encode(errors="replace").decode()  # file names may be invalid Unicode
            try:
                texts = split_tunes(_read_text(path))
                if not texts:
                    raise ValueError("it contains no tune that begins with X:")
            except (OSError, ValueError) as error:
                echo(f"Skipped {shown}: {getattr(error, 'strerror', None) or error}.")
                continue
            found = True
            for number, text in enumerate(texts, 1):
                yield RawTune(collection, text, f"{collection}{shown}:{number}")
    if not found:
        raise SourceError(f"{folder} contains no tunes. Choose a folder with .abc files in it or below it.")


def _read_text(path: Path) -> str:
    """Reads a text file in UTF-8 or, like old collections, Latin-1; raises OSError, or ValueError if it is not text."""
    if not path.is_file():
        raise ValueError("it is not a file")
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"it is larger than {MAX_FILE_BYTES // 2**20} MB")
    if b"\0" in content:
        raise ValueError("it is not text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _music21_files(name: str) -> list[Path]:
    spec = importlib.util.find_spec("music21")  # without importing it, which takes seconds
    if spec is None or spec.origin is None:
        raise SourceError("music21 is not installed. Run scripts/install.")
    files = sorted((Path(spec.origin).parent / "corpus" / name).glob("*.abc"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    if digest != MUSIC21_SHA256[name]:
        raise SourceError(
            f"music21's collection {name} differs from the pinned version. Run scripts/install to get the locked version."
        )
    return files


def irish_abc(cache: Path) -> Path:
    """Path of irish.abc. On first use it is extracted from the pinned source package and checked by its hash.

    The package itself is not a dependency: it builds only with an old setuptools and has many requirements.
    """
    path = cache / "irish.abc"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            constraint = Path(folder) / "build.txt"
            constraint.write_text("setuptools<80\n", encoding="utf-8")
            lock = Path(__file__).with_name("irish-abc.lock")
            uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
            command = [uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--requirement", str(lock)]
            command += ["--build-constraints", str(constraint), "--python", sys.executable, "--target", folder]
            try:
                subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
            except (OSError, subprocess.SubprocessError) as error:
                detail = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
                raise SourceError(
                    f"irish.abc could not be fetched ({detail[-1] if detail else error}). "
                    f"Check the network, or put the file at {path} yourself."
                ) from error
            shutil.copyfile(Path(folder) / "mitdeeplearning" / "data" / "irish.abc", path)
    if hashlib.sha256(path.read_bytes()).hexdigest() != IRISH_SHA256:
        raise SourceError(f"{path} differs from the pinned irish.abc. Delete it and try again.")
    return path
