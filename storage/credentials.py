"""Secrets that platforms need, such as the tokens of a workspace. The database holds them encrypted.

The keys come from the setting SECRET_KEY. The first one encrypts, all decrypt: a key is changed by putting a new one before it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import ColumnElement, and_, delete, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from storage import tables
from storage.database import Database
from storage.errors import SecretKeyError

SALT = b"tunesmith credentials"  # the same in all processes

credentials = tables.credentials
valid = or_(credentials.c.expires_at.is_(None), credentials.c.expires_at > func.now())


class Credentials:
    """Secrets by platform and key. All methods that read or write a secret raise SecretKeyError without the right key."""

    def __init__(self, database: Database, secret_keys: Sequence[str] = ()) -> None:
        self._database, self._secret_keys = database, secret_keys

    @property
    def has_old_keys(self) -> bool:
        return len(self._secret_keys) > 1

    async def get(self, platform: str, key: str) -> str | None:
        """The secret, unless it has expired."""
        query = select(credentials.c.secret).where(_this(platform, key), valid)
        async with self._database.begin() as connection:
            secret = (await connection.execute(query)).scalar_one_or_none()
            return self._decrypted(platform, secret)

    async def put(self, platform: str, key: str, secret: str, *, lifetime: timedelta | None = None) -> None:
        """Stores the secret in place of the one that has the same key."""
        values: dict[str, Any] = {"secret": self._fernets[0].encrypt(secret.encode()), "updated_at": func.now()}
        values["expires_at"] = null() if lifetime is None else func.now() + lifetime
        row = insert(credentials).values(platform=platform, key=key, **values)
        async with self._database.begin() as connection:
            await connection.execute(row.on_conflict_do_update(constraint="credentials_pkey", set_=values))

    async def take(self, platform: str, key: str) -> str | None:
        """The secret, which is deleted: of several who take it at the same time, one gets it. None if it has expired."""
        this = delete(credentials).where(_this(platform, key), valid).returning(credentials.c.secret)
        async with self._database.begin() as connection:
            secret = (await connection.execute(this)).scalar_one_or_none()
            return self._decrypted(platform, secret)

    async def keys(self, platform: str, prefix: str = "") -> list[str]:
        """The keys that begin so, sorted."""
        these = and_(credentials.c.platform == platform, credentials.c.key.startswith(prefix, autoescape=True), valid)
        async with self._database.begin() as connection:
            return sorted((await connection.execute(select(credentials.c.key).where(these))).scalars())

    async def delete(self, platform: str, *keys: str) -> None:
        these = and_(credentials.c.platform == platform, credentials.c.key.in_(keys))
        async with self._database.begin() as connection:
            await connection.execute(delete(credentials).where(these))

    async def forget_expired(self) -> None:
        async with self._database.begin() as connection:
            await connection.execute(delete(credentials).where(credentials.c.expires_at <= func.now()))

    async def check(self, platform: str) -> None:
        """Raises SecretKeyError unless secrets can be stored, and all of the platform can be decrypted."""
        async with self._database.begin() as connection:
            rows = await connection.execute(select(credentials.c.secret).where(credentials.c.platform == platform))
            for secret in [None, *rows.scalars()]:
                self._decrypted(platform, secret)

    async def reencrypt(self) -> int:
        """Encrypts all secrets with the first key, so that the others are no longer needed. Returns how many needed that."""
        first, count = self._fernets[0], 0
        async with self._database.begin() as connection:
            # In one order, so that two processes cannot deadlock.
            rows = select(credentials).order_by(credentials.c.platform, credentials.c.key).with_for_update()
            for row in (await connection.execute(rows)).mappings().all():
                try:
                    first.decrypt(row["secret"])
                except InvalidToken:
                    secret = self._decrypted(row["platform"], row["secret"])
                    assert secret is not None
                    this = update(credentials).where(_this(row["platform"], row["key"]))
                    await connection.execute(this.values(secret=first.encrypt(secret.encode())))
                    count += 1
        return count

    def _decrypted(self, platform: str, secret: bytes | None) -> str | None:
        cipher = MultiFernet(self._fernets)
        if secret is None:
            return None
        try:
            return cipher.decrypt(secret).decode()
        except InvalidToken:
            raise SecretKeyError(
                f"A stored secret of {platform} cannot be decrypted: SECRET_KEY lacks the key that encrypted it. "
                "Put that key after the new one, with a space between them."
            ) from None

    @cached_property
    def _fernets(self) -> list[Fernet]:
        if not self._secret_keys:
            raise SecretKeyError("Secrets are stored only encrypted: set SECRET_KEY to what `openssl rand -hex 32` prints.")
        return [Fernet(_fernet_key(key)) for key in self._secret_keys]


def _this(platform: str, key: str) -> ColumnElement[bool]:
    return and_(credentials.c.platform == platform, credentials.c.key == key)


def _fernet_key(secret_key: str) -> bytes:
    # A guess costs some 50 ms and 16 MB: an attacker who has the database many times, and a process once for each key.
    return base64.urlsafe_b64encode(hashlib.scrypt(secret_key.encode(), salt=SALT, n=2**14, r=8, p=1, dklen=32))
