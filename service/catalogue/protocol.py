"""What the rest of the house knows of the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.catalogue.planning import Expected
from service.catalogue.writing import Saved
from service.models import (
    Change,
    ChangedClaims,
    Claim,
    ClaimFilter,
    EditorJudgement,
    Key,
    NarrativeSummary,
)


@dataclass(frozen=True, slots=True)
class EncodedTexts:
    """Vectors computed for texts before they are saved. ``encoder`` is the catalogue's number."""

    encoder: int
    by_text: Mapping[str, NDArray[np.float32]]


class CatalogueReader(Protocol):
    """Reading access to the records."""

    def revision(self) -> int:
        """The number of the latest change; it only grows."""
        ...

    def claim(self, claim_id: str) -> Claim:
        """One claim. Raises ClaimNotFound."""
        ...

    def claims_by_id(self, claim_ids: Collection[str]) -> dict[str, Claim]:
        """The claims among ``claim_ids`` that exist, by id."""
        ...

    def claims(
        self, filter: ClaimFilter, *, words: str | None, after: str | None, limit: int
    ) -> list[Claim]:
        """At most ``limit`` claims, ordered by id, beginning behind the id ``after``.

        ``words``: every word must occur in the claim's text, title, keywords or wordings,
        whatever its case.
        """
        ...

    def narratives(self) -> list[NarrativeSummary]:
        """All narratives, ordered by id."""
        ...

    def narrative(self, narrative_id: str) -> NarrativeSummary:
        """One narrative. Raises NarrativeNotFound."""
        ...


class KeyFinder(Protocol):
    """Recognises keys."""

    def find(self, secret: str) -> Key | None:
        """The key in force with this secret, if there is one."""
        ...


class FeedbackBox(Protocol):
    """Takes judgements."""

    def add(self, judgement: EditorJudgement) -> None:
        """Keeps a judgement."""
        ...


class EditedCatalogue(CatalogueReader, Protocol):
    """What editors work with, over HTTP."""

    @property
    def keys(self) -> KeyFinder: ...
    @property
    def feedback(self) -> FeedbackBox: ...

    def changes_since(
        self,
        revision: int,
        filter: ClaimFilter,
        *,
        words: str | None,
        after: str | None,
        limit: int,
    ) -> ChangedClaims:
        """What has changed after ``revision``: at most ``limit`` ids behind the id ``after``."""
        ...

    def history(self, claim_id: str, *, before: int | None, limit: int) -> list[Change]:
        """At most ``limit`` changes of a claim, the latest first, older than ``before``.

        Raises ClaimNotFound where there has never been such a claim.
        """
        ...

    def unchanged(self, incoming: Sequence[Claim], *, expected: Expected) -> Saved | None:
        """The answer of ``save`` where there is nothing to write; None where there is.

        Raises what ``save`` would raise.
        """
        ...

    def save(
        self,
        incoming: Sequence[Claim],
        *,
        who: str,
        encoded: EncodedTexts | None,
        expected: Expected = "anything",
    ) -> Saved:
        """Creates or replaces claims, all or nothing.

        Raises:
            ClaimExists, ClaimChanged: a claim is not as ``expected``.
            InvalidClaims: a claim cannot be taken.
        """
        ...

    def remove(self, claim_id: str, *, who: str, expected: Expected = "anything") -> int:
        """Deletes a claim; the revision of that. Raises ClaimNotFound, ClaimChanged."""
        ...


class WordingEncoder(Protocol):
    """Encodes what is about to be saved."""

    def encode_wordings(self, claims: Sequence[Claim]) -> EncodedTexts:
        """Vectors for all wordings of the claims in languages that the encoder speaks.

        Raises:
            NotReady: the encoder is still loading.
        """
        ...
