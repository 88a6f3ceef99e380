"""Versions of a tune to practise with: another key or instrument, the melody or the backing alone."""

from __future__ import annotations

from aiohttp import web

from bot.web import form
from bot.web.language import translate
from bot.web.limits import Limits
from bot.web.visitor import requested_tune
from generator.user_messages import UserError, UserMessage
from generator.versions import Version
from storage.errors import NoRoom
from storage.files.versions import TooManyWaiting
from storage.storage import Storage

OWN = Version()  # the tune as it is
NO_STORE = {"Cache-Control": "no-store"}


class VersionPages:
    def __init__(self, storage: Storage, limits: Limits) -> None:
        self._storage, self._limits = storage, limits

    async def make(self, request: web.Request) -> web.Response:
        """Answers when a worker has made the version, with the addresses of its files; 202 if that takes long: ask again."""
        tune = await requested_tune(self._storage, request)
        body = await form.body(request)
        try:
            version = Version.check(
                str(body.get("instrument", "")), int(str(body.get("semitones", "0"))), str(body.get("heard", "all"))
            )
        except ValueError:
            return _refuse(422, UserMessage("There is no such version of a tune."))
        if tune.composition is None:
            raise web.HTTPNotFound
        prefix = version.name if version != OWN else "tune"
        if version != OWN:
            self._limits.versions.take(self._limits.network(request))
            try:
                made = await self._storage.versions.make(tune.id, version.name, version.files)
            except UserError as error:
                return _refuse(503 if isinstance(error, NoRoom | TooManyWaiting) else 422, error.message)
            if not made:
                return web.json_response({"status": "queued"}, status=202, headers=NO_STORE)
        kinds = [name.removeprefix(f"{version.name}.") for name in version.files]
        addresses = {kind: f"/tunes/{tune.id}/files/{prefix}.{kind}" for kind in kinds}
        return web.json_response({"status": "finished", "files": addresses}, headers=NO_STORE)


def _refuse(status: int, message: str) -> web.Response:
    return web.json_response({"error": translate(message)}, status=status, headers=NO_STORE)
