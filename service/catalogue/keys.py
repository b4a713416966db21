"""The keys to the HTTP interface: made, listed, revoked, recognised."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, or_, select, update

from service.catalogue.database import Database
from service.catalogue.schema import keys
from service.errors import CatalogueError, KeyNameError
from service.models import Key, Scope

PREFIX = "rfr_"
"""Tells a key of ours from other secrets, to people and to those who scan for leaked ones."""

USE_RECORDED_EVERY = timedelta(minutes=1)

_SECRET = re.compile(r"rfr_[A-Za-z0-9_-]{43}\Z")  # 256 bits in base64url
_NAME = re.compile(r"[^\W\d_][\w .@-]{0,63}\Z")
_TAKEN = ("starter", "import")
"""What the history calls those who write without a key; a key's name stands there too."""

log = logging.getLogger(__name__)


class Keyring:
    """The keys in a database. A revoked key is refused from the next request on: none is cached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, scope: Scope) -> tuple[Key, str]:
        """A new key and its secret, which is told this once and kept nowhere.

        Raises:
            KeyNameError: the name is malformed, or a key that is in force has it.
        """
        if not _NAME.match(name) or name.casefold().split()[0] in _TAKEN:
            raise KeyNameError(
                "A key's name begins with a letter and has at most 64 letters, digits, spaces "
                f"and . @ - _; {' and '.join(_TAKEN)} are taken."
            )
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._database.writing() as connection:
            same = select(keys.c.id).where(keys.c.name == name, keys.c.revoked.is_(None))
            if connection.execute(same).first():
                raise KeyNameError(
                    f"There is a key with the name {name!r} already; revoke it first."
                )
            row = connection.execute(
                insert(keys)
                .values(name=name, scope=scope, digest=_digest(secret), created=datetime.now(UTC))
                .returning(keys)
            ).one()
        return _key(row), secret

    def all(self) -> list[Key]:
        """All keys, revoked ones included, in the order in which they were made."""
        with self._database.reading() as connection:
            return [_key(row) for row in connection.execute(keys.select().order_by(keys.c.id))]

    def revoke(self, name_or_id: str) -> Key:
        """Puts the key that has this name, or this id, out of force. Raises KeyNameError."""
        wanted = keys.c.name == name_or_id
        if re.fullmatch("[0-9]{1,9}", name_or_id):
            wanted = keys.c.id == int(name_or_id)
        with self._database.writing() as connection:
            row = connection.execute(
                update(keys)
                .where(wanted, keys.c.revoked.is_(None))
                .values(revoked=datetime.now(UTC))
                .returning(keys)
            ).one_or_none()
        if row is None:
            raise KeyNameError(f"No key in force has the name or id {name_or_id!r}.")
        return _key(row)

    def find(self, secret: str) -> Key | None:
        """The key in force with this secret, if there is one; its use is recorded."""
        if not _SECRET.match(secret):
            return None
        digest = _digest(secret)
        with self._database.reading() as connection:
            row = connection.execute(keys.select().where(keys.c.digest == digest)).one_or_none()
        # The database looks up a hash, from which the time that it takes tells nothing of a key;
        # that it is this very hash is decided here, in constant time.
        if row is None or not hmac.compare_digest(row.digest, digest) or row.revoked:
            return None
        self._record_use(_key(row))
        return _key(row)

    def _record_use(self, key: Key) -> None:
        now = datetime.now(UTC)
        due = now - USE_RECORDED_EVERY
        if key.last_used and key.last_used > due:
            return
        stale = or_(keys.c.last_used.is_(None), keys.c.last_used <= due)
        try:
            with self._database.writing(patience_ms=0) as connection:
                connection.execute(
                    update(keys).where(keys.c.id == key.id, stale).values(last_used=now)
                )
        except CatalogueError:  # another is writing, or the disk is full: no reason to refuse
            log.debug("The use of key %s was not recorded.", key.id)


def _digest(secret: str) -> str:
    # 256 random bits need neither salt nor a slow hash
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()


def _key(row: Row[Any]) -> Key:
    return Key(row.id, row.name, row.scope, row.created, row.last_used, row.revoked)
