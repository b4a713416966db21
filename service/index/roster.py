"""Which claim, language and field each indexed wording belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.index.postings import mapped
from service.index.protocol import Ids
from service.models import Wording

_COLUMNS = {"wording_ids": "<i8", "claims": "<i4", "languages": "<i4"}


@dataclass(frozen=True, eq=False)
class Roster:
    """One row per wording, in increasing order of id; never changed once built.

    ``claims`` and ``languages`` are places in ``claim_ids`` and ``language_codes``.
    """

    wording_ids: Ids
    claims: NDArray[np.int32]
    languages: NDArray[np.int32]
    claim_ids: tuple[str, ...]
    language_codes: tuple[str, ...]

    @classmethod
    def of(cls, wordings: Sequence[Wording]) -> Roster:
        """The roster of these wordings."""
        empty = np.empty(0, np.int32)
        return cls(np.empty(0, np.int64), empty, empty, (), ()).with_added(wordings)

    def __len__(self) -> int:
        """How many wordings there are."""
        return len(self.wording_ids)

    @cached_property
    def claim_count(self) -> int:
        """How many claims have a wording."""
        return len(np.unique(self.claims))

    @cached_property
    def present_languages(self) -> frozenset[str]:
        """The languages of all wordings."""
        return frozenset(self.language_codes[place] for place in np.unique(self.languages))

    @cached_property
    def _claim_places(self) -> dict[str, int]:
        return {claim_id: place for place, claim_id in enumerate(self.claim_ids)}

    @cached_property
    def _by_claim(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows ordered by claim, and where each claim's rows begin."""
        order = np.argsort(self.claims, kind="stable")
        starts = np.searchsorted(self.claims[order], np.arange(len(self.claim_ids) + 1))
        return order, starts

    def place_of(self, claim_id: str) -> int | None:
        """The place of a claim in ``claim_ids``; it never changes. None for an unknown claim."""
        return self._claim_places.get(claim_id)

    def places_of(self, wording_ids: Ids) -> NDArray[np.int32]:
        """The places of the wordings' claims, in the same order; -1 for an unknown wording."""
        if not len(self):
            return np.full(len(wording_ids), -1, np.int32)
        rows = np.minimum(np.searchsorted(self.wording_ids, wording_ids), len(self) - 1)
        return np.where(self.wording_ids[rows] == wording_ids, self.claims[rows], -1)

    def wordings_at(self, place: int) -> Ids:
        """The wordings of the claim at a place, in order of id."""
        order, starts = self._by_claim
        return self.wording_ids[order[starts[place] : starts[place + 1]]]

    def wordings_at_all(self, places: Ids) -> tuple[Ids, Ids]:
        """The wordings of the claims at several places, and the row in ``places`` of each."""
        order, starts = self._by_claim
        first, counts = starts[places], starts[places + 1] - starts[places]
        owners = np.repeat(np.arange(len(places)), counts)
        within = np.arange(len(owners)) - np.repeat(counts.cumsum() - counts, counts)
        return self.wording_ids[order[first[owners] + within]], owners

    def claim_of(self, wording_id: int) -> str | None:
        """The claim that a wording belongs to; None where the roster has it not."""
        row = int(np.searchsorted(self.wording_ids, wording_id))
        if row == len(self) or self.wording_ids[row] != wording_id:
            return None
        return self.claim_ids[int(self.claims[row])]

    def wordings_of(self, claim_id: str) -> Ids:
        """The wordings of a claim, in order of id; none where the roster has it not."""
        place = self._claim_places.get(claim_id)
        if place is None:
            return np.empty(0, np.int64)
        return self.wordings_at(place)

    def without(self, wording_ids: Ids) -> Roster:
        """A new roster without these wordings."""
        kept = ~np.isin(self.wording_ids, wording_ids)
        return Roster(
            self.wording_ids[kept],
            self.claims[kept],
            self.languages[kept],
            self.claim_ids,
            self.language_codes,
        )

    def with_added(self, wordings: Iterable[Wording]) -> Roster:
        """A new roster with further wordings; their ids must be new."""
        added = list(wordings)
        claim_places = dict(self._claim_places)
        language_places = {code: place for place, code in enumerate(self.language_codes)}
        claims = [claim_places.setdefault(found.claim_id, len(claim_places)) for found in added]
        languages = [
            language_places.setdefault(found.language, len(language_places)) for found in added
        ]
        ids = np.concatenate([self.wording_ids, np.array([found.id for found in added], np.int64)])
        order = np.argsort(ids)
        return Roster(
            ids[order],
            np.concatenate([self.claims, np.array(claims, np.int32)])[order],
            np.concatenate([self.languages, np.array(languages, np.int32)])[order],
            tuple(claim_places),
            tuple(language_places),
        )

    def write(self, folder: Path) -> list[str]:
        """Writes the roster into files of this folder and returns their names."""
        for column, kind in _COLUMNS.items():
            np.save(folder / f"{column}.npy", getattr(self, column).astype(kind))
        (folder / "claim_ids.txt").write_text("\n".join(self.claim_ids), "ascii")
        (folder / "languages.txt").write_text("\n".join(self.language_codes), "ascii")
        return [*(f"{column}.npy" for column in _COLUMNS), "claim_ids.txt", "languages.txt"]

    @classmethod
    def read(cls, folder: Path) -> Roster:
        """Maps what ``write`` wrote. Raises OSError or ValueError where it cannot."""
        columns = {column: mapped(folder / f"{column}.npy") for column in _COLUMNS}
        return cls(
            **columns,
            claim_ids=tuple((folder / "claim_ids.txt").read_text("ascii").split()),
            language_codes=tuple((folder / "languages.txt").read_text("ascii").split()),
        )
