"""The tables of the catalogue, for SQLite and PostgreSQL alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.types import JSON


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC; SQLite keeps no time zone, so it is taken off on the way in and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Back, with the zone."""
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

state = Table(
    "catalogue_state",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="single_row"), primary_key=True),
    # The number of the latest change. Writers update this row first: it serialises them, so
    # that a reader who has seen revision n has seen every smaller one.
    Column("revision", Integer, nullable=False),
    # Tells this catalogue from every other: a snapshot of another one is never searched.
    Column("identity", String(36), nullable=False),
)

narratives = Table(
    "narratives",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("title", Text, nullable=False),
)

claims = Table(
    "claims",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("text", Text, nullable=False),
    Column("title", Text),
    Column("language", String(2), nullable=False),
    Column("narrative_id", ForeignKey("narratives.id"), index=True),
    Column("rebuttal", Text, nullable=False),
    Column("first_seen", String(10)),
    Column("facts_as_of", String(10)),
    Column("keywords", JSON, nullable=False),
    Column("reviewed", Boolean, nullable=False),
    Column("revision", Integer, nullable=False, unique=True),
    Column("updated", UtcDateTime, nullable=False),
    # Derived on writing, for filters: the days from first to last seen, and the words.
    Column("first_day", Date),
    Column("last_day", Date),
    Column("folded_words", Text, nullable=False),
    # Where a claim came from, such as the starter catalogue, and a hash of what is last said there:
    # a claim that says it too has been touched by no editor and may be corrected from there.
    Column("origin", String(64)),
    Column("origin_hash", String(64)),
)

wordings = Table(
    "wordings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("claim_id", ForeignKey("claims.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("language", String(2), nullable=False),
    Column("field", String(8), nullable=False),
    Column("position", Integer, nullable=False),
    Column("text", Text, nullable=False),
    sqlite_autoincrement=True,  # an id is never given twice: indexes may still hold an old one
)

rebuttals = Table(
    "rebuttals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("claim_id", ForeignKey("claims.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("publisher", Text, nullable=False),
    Column("title", Text),
    Column("url", Text),
    Column("host", Text, index=True),  # derived from the URL, for the filter by publisher
    Column("date", String(10)),
    Column("language", String(2)),
    Column("kind", String(16), nullable=False),
    Column("rating", Text),
)

appearances = Table(
    "appearances",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("claim_id", ForeignKey("claims.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("url", Text),
    Column("archived_url", Text),
    Column("date", String(10)),
    Column("language", String(2)),
    Column("first_day", Date),
    Column("last_day", Date),
)

changes = Table(
    "changes",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("claim_id", String(128), nullable=False),
    Column("action", String(8), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Index("ix_changes_claim_id_revision", "claim_id", "revision"),
)

encoders = Table(
    "encoders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("dimension", Integer, nullable=False),
    UniqueConstraint("fingerprint"),
)

vectors = Table(
    "vectors",
    metadata,
    Column("wording_id", ForeignKey("wordings.id", ondelete="CASCADE"), primary_key=True),
    Column("encoder_id", ForeignKey("encoders.id", ondelete="CASCADE"), primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian, L2-normalised
)

keys = Table(
    "keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("scope", String(8), nullable=False),
    Column("digest", String(64), nullable=False),  # hex SHA-256; the key itself is kept nowhere
    Column("created", UtcDateTime, nullable=False),
    Column("last_used", UtcDateTime),
    Column("revoked", UtcDateTime),
    UniqueConstraint("digest"),
    sqlite_autoincrement=True,
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("who", Text, nullable=False),
    Column("text", Text, nullable=False),
    # no foreign key: a judgement outlives its claim
    Column("claim_id", String(128), nullable=False),
    Column("claim_revision", Integer, nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("relation", String(8)),
    Column("score", Float),
    Column("engine", JSON(none_as_null=True)),
    sqlite_autoincrement=True,
)
