"""The catalogue as the rest of the house sees it; each method is one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from service.catalogue import (
    checking,
    history,
    migrate,
    narratives,
    origins,
    records,
    vectors,
    writing,
)
from service.catalogue.contents import content_hash
from service.catalogue.database import Database
from service.catalogue.feedback import Feedback
from service.catalogue.filters import conditions, has_words
from service.catalogue.keys import Keyring
from service.catalogue.planning import Expected, make_plan
from service.catalogue.protocol import EncodedTexts
from service.catalogue.schema import changes, claims, state, wordings
from service.catalogue.writing import Saved
from service.errors import CatalogueError, ClaimNotFound, NarrativeNotFound
from service.models import Change, ChangedClaims, Claim, ClaimFilter, NarrativeSummary, Wording

__all__ = ["Catalogue", "EncodedTexts"]


class Catalogue:
    """The records in a database, its keys and its feedback. Safe to use from several threads."""

    def __init__(self, url: str) -> None:
        """Opens the database but does not look into it; see ``migrate`` and ``check``.

        Raises:
            CatalogueError: the URL cannot be opened.
        """
        self.database = Database(url)
        self.keys = Keyring(self.database)
        self.feedback = Feedback(self.database)
        self._reading = self.database.reading
        self._writing = self.database.writing

    def close(self) -> None:
        """Closes all connections."""
        self.database.engine.dispose()

    def migrate(self) -> None:
        """Creates or upgrades the schema. Raises CatalogueError."""
        migrate.migrate(self.database.engine)

    def check(self) -> None:
        """Raises CatalogueError unless the database answers and has this program's schema."""
        try:
            version = migrate.schema_version(self.database.engine)
        except DatabaseError as error:
            raise CatalogueError(f"The catalogue cannot be read: {error.orig}") from error
        if version != migrate.expected_version():
            raise CatalogueError("The catalogue is not prepared. Run: refrain prepare")

    def faults(self) -> list[str]:
        """What is wrong with the records, one sentence each. Raises CatalogueError."""
        with self._reading() as connection:
            return list(checking.faults(connection))

    # Reading

    def revision(self) -> int:
        """The number of the latest change; it only grows."""
        with self._reading() as connection:
            return writing.read_revision(connection)

    def identity(self) -> str:
        """A name that no other catalogue has."""
        with self._reading() as connection:
            return str(connection.execute(select(state.c.identity)).scalar_one())

    def claim(self, claim_id: str) -> Claim:
        """One claim. Raises ClaimNotFound."""
        found = self.claims_by_id([claim_id])
        if claim_id not in found:
            raise ClaimNotFound(claim_id)
        return found[claim_id]

    def claims_by_id(self, claim_ids: Collection[str]) -> dict[str, Claim]:
        """The claims among ``claim_ids`` that exist, by id, in that order."""
        if not claim_ids:
            return {}
        with self._reading() as connection:
            return records.read_claims(connection, claim_ids)

    def claims(
        self, filter: ClaimFilter, *, words: str | None, after: str | None, limit: int
    ) -> list[Claim]:
        """At most ``limit`` claims, ordered by id, beginning behind the id ``after``."""
        query = select(claims.c.id).where(*conditions(filter), *has_words(words))
        if after is not None:
            query = query.where(claims.c.id > after)
        with self._reading() as connection:
            ids = connection.execute(query.order_by(claims.c.id).limit(limit)).scalars().all()
            return list(records.read_claims(connection, ids).values())

    def all_claims(self, batch: int = 500) -> Iterator[Claim]:
        """Every claim, ordered by id, read a batch at a time."""
        after: str | None = None
        while found := self.claims(ClaimFilter(), words=None, after=after, limit=batch):
            yield from found
            after = found[-1].id

    def changes_since(
        self,
        revision: int,
        filter: ClaimFilter,
        *,
        words: str | None,
        after: str | None,
        limit: int,
    ) -> ChangedClaims:
        """What has changed after ``revision``: at most ``limit`` ids behind the id ``after``.

        A changed claim that does not pass (any more) is told as a deleted one.
        """
        with self._reading() as connection:
            return history.since(connection, revision, filter, words, after, limit)

    def history(self, claim_id: str, *, before: int | None, limit: int) -> list[Change]:
        """At most ``limit`` changes of a claim, the latest first, older than ``before``.

        Raises:
            ClaimNotFound: there has never been such a claim.
        """
        with self._reading() as connection:
            found = history.of_claim(connection, claim_id, before, limit)
        if not found and not self.ever_seen([claim_id]):
            raise ClaimNotFound(claim_id)
        return found

    def narratives(self) -> list[NarrativeSummary]:
        """All narratives, ordered by id."""
        with self._reading() as connection:
            return narratives.summaries(connection)

    def narrative(self, narrative_id: str) -> NarrativeSummary:
        """One narrative. Raises NarrativeNotFound."""
        with self._reading() as connection:
            found = narratives.summaries(connection, narrative_id)
        if not found:
            raise NarrativeNotFound(narrative_id)
        return found[0]

    def ever_seen(self, claim_ids: Collection[str]) -> set[str]:
        """Which of these ids the history knows, deleted ones included."""
        found: set[str] = set()
        with self._reading() as connection:
            for chunk in records.in_chunks(claim_ids):
                query = select(changes.c.claim_id).where(changes.c.claim_id.in_(chunk))
                found.update(connection.execute(query.distinct()).scalars())
        return found

    def origin_hashes(self, origin: str) -> dict[str, str]:
        """What is kept of the claims that came from ``origin``: the hash of what it said, by id."""
        with self._reading() as connection:
            return origins.read(connection, origin)

    # What the indexes are made of

    def wordings_by_id(self, wording_ids: Collection[int]) -> dict[int, Wording]:
        """The wordings among these that exist, by id."""
        found: dict[int, Wording] = {}
        with self._reading() as connection:
            for chunk in records.in_chunks(wording_ids):
                query = wordings.select().where(wordings.c.id.in_(chunk))
                for row in connection.execute(query):
                    found[row.id] = records.wording_from_row(row)
        return found

    def passing(self, filter: ClaimFilter) -> NDArray[np.int64]:
        """The ids of the wordings whose claims pass, in order."""
        query = (
            select(wordings.c.id)
            .join(claims, claims.c.id == wordings.c.claim_id)
            .where(*conditions(filter))
            .order_by(wordings.c.id)
        )
        with self._reading() as connection:
            return np.array(connection.execute(query).scalars().all(), np.int64)

    def wordings_at_revision(self) -> tuple[int, list[Wording]]:
        """The revision and all wordings of that very revision, ordered by id."""
        with self._reading() as connection:
            revision = writing.read_revision(connection)
            rows = connection.execute(wordings.select().order_by(wordings.c.id))
            return revision, [records.wording_from_row(row) for row in rows]

    def changed_wordings(self, since: int) -> tuple[int, dict[str, list[Wording]]]:
        """The revision, and the present wordings of every claim changed after ``since``.

        A deleted claim has none.
        """
        with self._reading() as connection:
            revision = writing.read_revision(connection)
            ids = select(changes.c.claim_id).where(changes.c.revision > since).distinct()
            changed: dict[str, list[Wording]] = {
                claim_id: [] for claim_id in connection.execute(ids).scalars()
            }
            for chunk in records.in_chunks(changed):
                query = wordings.select().where(wordings.c.claim_id.in_(chunk))
                for row in connection.execute(query.order_by(wordings.c.id)):
                    changed[row.claim_id].append(records.wording_from_row(row))
            return revision, changed

    # Writing

    def unchanged(self, incoming: Sequence[Claim], *, expected: Expected) -> Saved | None:
        """The answer of ``save`` where there is nothing to write; None where there is.

        Tells before anything is encoded whether that is worth while.

        Raises:
            ServiceError: what ``save`` would raise.
        """
        with self._reading() as connection:
            plan = make_plan(connection, incoming, expected)
        if plan.changed:
            return None
        ids = [claim.id for claim in incoming]
        return Saved(unchanged=tuple(ids), claims=tuple(plan.known[one] for one in ids))

    def save(
        self,
        incoming: Sequence[Claim],
        *,
        who: str,
        encoded: EncodedTexts | None,
        expected: Expected = "anything",
        origin: str | None = None,
    ) -> Saved:
        """Creates or replaces claims, with the vectors of their wordings, all or nothing.

        ``expected`` is checked in the same transaction, so that no change by others is lost.
        ``origin`` is kept with the claims, and a hash of what they say.

        Raises:
            ClaimExists, ClaimChanged: a claim is not as ``expected``.
            InvalidClaims: a narrative's title is missing or is not the one it has.
            CatalogueUnwritable: the disk is full, or another process is writing.
        """
        with self._writing() as connection:
            saved = writing.save(connection, incoming, who, expected)
            if encoded:
                touched = [*saved.added, *saved.changed]
                vectors.store_by_text(connection, encoded.encoder, touched, encoded.by_text)
            if origin:
                said = {claim.id: content_hash(claim) for claim in saved.claims}
                origins.note(connection, origin, said)
            return saved

    def note_origin(self, origin: str, hashes: Mapping[str, str]) -> None:
        """Keeps with claims that they are of ``origin``, and the hash of what that says of them."""
        with self._writing() as connection:
            origins.note(connection, origin, hashes)

    def remove(self, claim_id: str, *, who: str, expected: Expected = "anything") -> int:
        """Deletes a claim and returns the revision of that.

        Raises:
            ClaimNotFound: there is none.
            ClaimChanged: it is not as ``expected``.
            CatalogueUnwritable: as for ``save``.
        """
        with self._writing() as connection:
            writing.take_turn(connection)
            known = records.read_claims(connection, [claim_id])
            if claim_id not in known:
                raise ClaimNotFound(claim_id)
            return writing.remove(connection, known[claim_id], who, expected)

    # Vectors

    def encoder_id(self, fingerprint: str, name: str, dimension: int) -> int:
        """The catalogue's number for an encoder, which is entered if it is new."""
        if (known := self.known_encoder(fingerprint)) is not None:
            return known
        with self._writing() as connection:
            return vectors.encoder_id(connection, fingerprint, name, dimension)

    def known_encoder(self, fingerprint: str) -> int | None:
        """The catalogue's number for an encoder, None if it has none yet."""
        with self._reading() as connection:
            return vectors.known_encoder(connection, fingerprint)

    def count_without_vector(self, encoder: int, languages: frozenset[str] | None) -> int:
        """How many wordings in these languages have no vector of this encoder."""
        with self._reading() as connection:
            return vectors.count_missing(connection, encoder, languages)

    def wordings_without_vector(
        self, encoder: int, languages: frozenset[str] | None, limit: int
    ) -> list[Wording]:
        """At most ``limit`` of them, ordered by id."""
        with self._reading() as connection:
            return vectors.missing(connection, encoder, languages, limit)

    def store_vectors(
        self, encoder: int, wording_ids: Sequence[int], rows: NDArray[np.float32]
    ) -> None:
        """Stores one vector per wording, shape ``(len(wording_ids), dimension)``."""
        with self._writing() as connection:
            vectors.store(connection, encoder, wording_ids, rows)

    def vectors(
        self, encoder: int, dimension: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """All vectors of an encoder: wording ids ``(n,)`` in order, vectors ``(n, dimension)``."""
        with self._reading() as connection:
            batches = list(vectors.read_all(connection, encoder, dimension))
        ids = [np.empty(0, np.int64), *(batch[0] for batch in batches)]
        rows = [np.empty((0, dimension), np.float32), *(batch[1] for batch in batches)]
        return np.concatenate(ids), np.concatenate(rows)

    def vectors_of(
        self, encoder: int, wording_ids: Sequence[int]
    ) -> dict[int, NDArray[np.float32]]:
        """The vectors of some wordings by wording id; those without one are left out."""
        with self._reading() as connection:
            return vectors.read_some(connection, encoder, wording_ids)
