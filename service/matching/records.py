"""Claims with their wordings, kept in memory while they do not change."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cachetools import LRUCache

from service.index.roster import Roster
from service.models import Claim, Wording

MOST_RECORDS = 20_000
"""About 10 KB each with wordings in six languages."""


@dataclass(frozen=True, slots=True)
class Record:
    """A claim and its wordings, ordered by id."""

    claim: Claim
    wordings: tuple[Wording, ...]


class RecordSource(Protocol):
    """Where claims and wordings are read."""

    def claims_by_id(self, claim_ids: Collection[str]) -> dict[str, Claim]: ...
    def wordings_by_id(self, wording_ids: Sequence[int]) -> dict[int, Wording]: ...


class RecordCache:
    """Reads records through a cache of those used last. Safe to use from several threads."""

    def __init__(self, source: RecordSource, most: int = MOST_RECORDS) -> None:
        self._source = source
        self._cache: LRUCache[str, Record] = LRUCache(most)
        self._lock = threading.Lock()
        self._generation = 0

    def read(self, claim_ids: Iterable[str], roster: Roster) -> dict[str, Record]:
        """The records of those claims that still exist, by id."""
        wanted = list(dict.fromkeys(claim_ids))
        with self._lock:
            generation = self._generation
            found = {key: self._cache[key] for key in wanted if key in self._cache}
        missing = [key for key in wanted if key not in found]
        if missing:
            fresh = self._fetch(missing, roster)
            found |= fresh
            with self._lock:
                # what changed while it was being read is not kept
                if generation == self._generation:
                    self._cache.update(fresh)
        return found

    def forget(self, claim_ids: Iterable[str]) -> None:
        """Reads these anew the next time."""
        with self._lock:
            self._generation += 1
            for key in claim_ids:
                self._cache.pop(key, None)

    def _fetch(self, claim_ids: Sequence[str], roster: Roster) -> dict[str, Record]:
        claims = self._source.claims_by_id(claim_ids)
        ids = [number for key in claims for number in roster.wordings_of(key).tolist()]
        grouped: dict[str, list[Wording]] = {key: [] for key in claims}
        for wording in sorted(self._source.wordings_by_id(ids).values(), key=lambda row: row.id):
            if wording.claim_id in grouped:
                grouped[wording.claim_id].append(wording)
        return {
            key: Record(claim, tuple(grouped[key])) for key, claim in claims.items() if grouped[key]
        }
