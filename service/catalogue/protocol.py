"""What the rest of the house reads from the catalogue."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from service.models import Claim, ClaimFilter, NarrativeSummary


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
