"""Builds the container image, searches it for planted secrets, and composes a tune in it:

    .venv/bin/python -m tests.image [OPTION]...

Options go to scripts/image. It builds a copy of the checkout with secrets in .env, data/, .git and elsewhere. The container has
read-only files, a user who is not root, and no network. Prints the size and the time to the first tune. Needs docker, podman or,
as root on Linux, buildah; takes minutes, and some GB of disk while it runs.
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


def working_builder() -> str:
    """The one that scripts/image takes. Raises Failed."""
    for builder in ("docker", "podman", "buildah"):
        if shutil.which(builder) and subprocess.run([builder, "info"], capture_output=True).returncode == 0:
            return builder
    raise Failed("no docker, podman or buildah works here")


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


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (Failed, subprocess.CalledProcessError) as error:
        sys.exit(f"tests.image: {error}")
