"""Builds the container image, searches it for planted secrets, and composes a tune in it:

    .venv/bin/python -m tests.image [--where-possible] [OPTION]...

Options go to scripts/image. It builds a copy of the checkout with secrets in .env, data/, .git and elsewhere. The container has
read-only files, a user who is not root, and no network. Prints the size and the time to the first tune. Needs docker, podman or,
as root on Linux, buildah; takes minutes, and some GB of disk while it runs.

`--where-possible`, for continuous integration: if no image can be built here, says why and succeeds. Removes the image.
"""

from __future__ import annotations

import gzip
import json
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import click

ROOT = Path(__file__).parents[1]
SECRETS = (".env", ".env.local", "data/secret", ".git/config", "bot/.env", "generator/weights/.env", "tests/secret", "secret")
IMAGE = "tunesmith"
LOCAL_BASE = "localhost/local-python"  # CONTRIBUTING.md says how to make it
PROBE = "RUN apt-get update -qq && python -m venv /probe && /probe/bin/pip download --quiet --no-deps --dest /probe uv\n"
PROBE_S = 300
WHERE_POSSIBLE = "--where-possible"
# Arguments: the container's root folder, user, and command.
READ_ONLY = """
set -e
root=$1 user=$2; shift 2
mount --bind "$root" "$root"; mount -o remount,bind,ro "$root"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"; mount -t tmpfs -o uid="$user" data "$root/data"
mount -t proc proc "$root/proc"; mount --bind /dev "$root/dev"
exec chroot --userspec="$user:$user" "$root" "$@"
"""


class Failed(Exception):
    pass


class Impossible(Failed):
    """Here is nothing to build an image with."""


def working_builder() -> str:
    """The one that scripts/image takes. Raises Impossible."""
    for builder in ("docker", "podman", "buildah"):
        if shutil.which(builder) and subprocess.run([builder, "info"], capture_output=True).returncode == 0:
            return builder
    raise Impossible("no docker, podman or buildah that works")


def with_base(builder: str, options: list[str]) -> list[str]:
    """The options with a base image in which apt and pip reach their packages. Raises Impossible."""
    begin, _, _ = (ROOT / "Dockerfile").read_text("utf-8").partition("WORKDIR")  # ARG and FROM
    reasons = []
    for base in ([], ["--build-arg", f"BASE={LOCAL_BASE}"]):
        with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
            Path(folder, "Dockerfile").write_text(begin + PROBE, "utf-8")
            command = [builder, "build", "--tag", f"{IMAGE}-probe", *base, *options, folder]
            try:
                subprocess.run(command, check=True, capture_output=True, text=True, timeout=PROBE_S)
            except subprocess.TimeoutExpired:
                reasons.append(f"no answer within {PROBE_S} s")
            except subprocess.CalledProcessError as error:
                reasons.append(error.stderr.strip().rpartition("\n")[2])
            else:
                remove(builder, f"{IMAGE}-probe")
                return [*base, *options]
    raise Impossible(f"no base image in which apt and pip work ({'; '.join(reasons)})")


def remove(builder: str, image: str) -> None:
    subprocess.run([builder, "rmi", image], check=True, stdout=subprocess.DEVNULL)


def output(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def copy_checkout(folder: Path, secret: str) -> None:
    """Copies what Git knows, and plants the secret beside it."""
    for name in output("git", "-C", str(ROOT), "ls-files").splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    for name in SECRETS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"DISCORD_TOKEN={secret}\n", "utf-8")


def save(builder: str, archive: Path) -> None:
    if builder == "buildah":
        subprocess.run(["buildah", "push", "--quiet", IMAGE, f"docker-archive:{archive}"], check=True)
    else:
        subprocess.run([builder, "save", "--output", str(archive), IMAGE], check=True)


def parts(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """The layers and the configuration of a saved image, uncompressed."""
    with tarfile.open(archive) as saved:
        for member in saved:
            part = saved.extractfile(member)
            if part is not None:
                packed = part.read(2) == b"\x1f\x8b"
                part.seek(0)
                with cast(IO[bytes], gzip.open(part)) if packed else part as plain:
                    yield member.name, plain


def parts_with(text: bytes, archive: Path) -> list[str]:
    """The names of the parts that contain the text, which may be up to 1 kB."""
    found = []
    for name, part in parts(archive):
        end = b""
        while chunk := part.read(1 << 20):
            if text in end + chunk:
                found.append(name)
                break
            end = chunk[-1024:]
    return found


def compose(builder: str) -> tuple[str, float]:
    """Composes a tune in a new container. Returns what the command printed, and the seconds until it ended."""
    command = ["compose", "--out", "/tmp/tune"]
    if builder != "buildah":
        rights = [
            "--read-only",
            "--tmpfs",
            "/tmp",
            "--cap-drop",
            "ALL",
            "--security-opt",
            "no-new-privileges",
            "--network",
            "none",
        ]
        begun = time.monotonic()
        return output(builder, "run", "--rm", *rights, IMAGE, *command), time.monotonic() - begun
    container = output("buildah", "from", IMAGE)
    try:
        config: dict[str, Any] = json.loads(output("buildah", "inspect", container))["OCIv1"]["config"]
        inside = ["env", "-i", *config["Env"], *config["Entrypoint"], *command]
        private = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", READ_ONLY, "sh"]
        root = output("buildah", "mount", container)
        begun = time.monotonic()
        return output(*private, root, config["User"], *inside), time.monotonic() - begun
    finally:
        output("buildah", "rm", container)


def main(options: list[str]) -> None:
    builder = working_builder()
    os.environ.setdefault("BUILDAH_ISOLATION", "chroot")
    if where_possible := options[:1] == [WHERE_POSSIBLE]:
        options = with_base(builder, options[1:])
    secret = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        checkout, archive = Path(folder, "checkout"), Path(folder, "image.tar")
        copy_checkout(checkout, secret)
        begun = time.monotonic()
        subprocess.run([checkout / "scripts" / "image", *options], check=True)
        click.echo(f"{builder} built it in {time.monotonic() - begun:.0f} s")
        save(builder, archive)
        click.echo(f"{archive.stat().st_size / 1e6:,.0f} MB uncompressed")
        if not parts_with((ROOT / "LICENSE").read_bytes()[:1000], archive):
            raise Failed("the search did not find the license, which is in the image: it finds nothing")
        if found := parts_with(secret.encode(), archive):
            raise Failed(f"a planted secret is in {', '.join(found)}")
        click.echo(f"none of the secrets in {', '.join(SECRETS)} is in it")
    told, seconds = compose(builder)
    if "tune.mp3" not in told:
        raise Failed(f"no recording was made: {told}")
    click.echo(f"the first tune took {seconds:.1f} s: {told}")
    if where_possible:
        remove(builder, IMAGE)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Impossible as error:
        if WHERE_POSSIBLE not in sys.argv:
            sys.exit(f"tests.image: {error}")
        click.echo(f"tests.image: skipped, since there is {error}.")
    except (Failed, subprocess.CalledProcessError) as error:
        sys.exit(f"tests.image: {error}")
