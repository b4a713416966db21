"""An immutable piece of a lexical index: for each term, the documents and what it tells of them.

BM25 as in Lucene (Robertson and Zaragoza 2009; bm25s calls it ``method="lucene"``): a term counts
``idf * tf / (tf + k1 * (1 - b + b * length / mean length))``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.index.protocol import Ids
from service.index.terms import number_of

K1, B = 1.2, 0.75

Terms = Iterable[str]

Numbers = NDArray[np.uint64]
"""Distinct terms as numbers, in increasing order."""

_ARRAYS = {"terms": "<u8", "starts": "<i8", "documents": "<i4", "impacts": "<f4"}
_FORWARD = {"starts": "<i8", "places": "<i4", "impacts": "<f4"}


@dataclass(frozen=True, eq=False)
class Statistics:
    """What BM25 knows of a collection. The base's serve the delta as well.

    ``terms`` are sorted term numbers, ``frequencies`` in how many documents each occurs.
    """

    documents: int
    mean_length: float
    terms: NDArray[np.uint64]
    frequencies: NDArray[np.int64]

    def frequency(self, numbers: NDArray[np.uint64]) -> NDArray[np.int64]:
        """In how many documents each term occurs, shape ``(n,)``; 0 for an unknown one."""
        if not len(self.terms):
            return np.zeros(len(numbers), np.int64)
        places = self.terms.searchsorted(numbers)
        places[places == len(self.terms)] = 0
        found: NDArray[np.int64] = np.where(
            self.terms[places] == numbers, self.frequencies[places], 0
        )
        return found

    def idf(self, numbers: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Inverse document frequencies, shape ``(n,)``; an unknown term has the highest."""
        return self.idf_of(self.frequency(numbers))

    def idf_of(self, frequencies: NDArray[np.int64]) -> NDArray[np.float64]:
        """The same by what ``frequency`` has told."""
        idf: NDArray[np.float64] = np.log1p(
            (self.documents - frequencies + 0.5) / (frequencies + 0.5)
        )
        return idf


def numbers_of(terms: Terms) -> Numbers:
    """The distinct terms as sorted numbers."""
    return np.array(sorted(set(map(number_of, terms))), np.uint64)


@dataclass(frozen=True, eq=False)
class Postings:
    """Terms (sorted numbers), where each one's postings start, and the postings by document."""

    terms: NDArray[np.uint64]
    starts: NDArray[np.int64]
    documents: NDArray[np.int32]
    impacts: NDArray[np.float32]

    def __len__(self) -> int:
        """How many postings there are."""
        return len(self.documents)

    @classmethod
    def of(
        cls, triples: tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.float32]]
    ) -> Postings:
        """The postings of unsorted ``(term, document, impact)`` columns."""
        terms, documents, impacts = triples
        order = np.lexsort((documents, terms))
        terms, documents, impacts = terms[order], documents[order], impacts[order]
        distinct, starts = np.unique(terms, return_index=True)
        return cls(distinct, np.append(starts, len(terms)).astype(np.int64), documents, impacts)

    def merged(self, other: Postings) -> Postings:
        """The postings of both."""
        parts = [part.columns() for part in (self, other)]
        return Postings.of(tuple(np.concatenate(column) for column in zip(*parts, strict=True)))  # type: ignore[arg-type]

    def columns(self) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.float32]]:
        """As unsorted columns again."""
        return np.repeat(self.terms, np.diff(self.starts)), self.documents, self.impacts

    def without(self, documents: Ids) -> Postings:
        """The postings of all other documents."""
        kept = ~np.isin(self.documents, documents)
        terms, owners, impacts = self.columns()
        return Postings.of((terms[kept], owners[kept], impacts[kept]))

    def ranges(self, numbers: NDArray[np.uint64]) -> list[tuple[int, int]]:
        """Where the postings of those terms lie that occur here."""
        found = self.places(numbers)
        return list(zip(self.starts[found].tolist(), self.starts[found + 1].tolist(), strict=True))

    def places(self, numbers: NDArray[np.uint64]) -> NDArray[np.intp]:
        """The places in ``terms`` of those that occur here."""
        if not len(self.terms):
            return np.empty(0, np.intp)
        places = self.terms.searchsorted(numbers)
        places[places == len(self.terms)] = 0
        found: NDArray[np.intp] = places[self.terms[places] == numbers]
        return found

    def write(self, folder: Path, prefix: str) -> list[str]:
        """Writes the arrays into files of this folder and returns their names."""
        return _write(self, folder, prefix, _ARRAYS)

    @classmethod
    def read(cls, folder: Path, prefix: str) -> Postings:
        """Maps what ``write`` wrote. Raises OSError or ValueError where it cannot."""
        return cls(**_read(folder, prefix, _ARRAYS))


@dataclass(frozen=True, eq=False)
class Forward:
    """The same postings by document: for each, the places of its terms, and the impacts.

    ``starts`` has a row per document number and one more. So a few documents are scored in a time
    that hangs on how long they are, and not on how many others there are.
    """

    starts: NDArray[np.int64]
    places: NDArray[np.int32]
    impacts: NDArray[np.float32]

    @classmethod
    def of(cls, postings: Postings, documents: int) -> Forward:
        """The postings turned round; ``documents`` is one more than the highest number."""
        order = np.argsort(postings.documents, kind="stable")
        places = np.repeat(
            np.arange(len(postings.terms), dtype=np.int32), np.diff(postings.starts)
        )[order]
        numbers = np.arange(documents + 1)
        starts = np.searchsorted(postings.documents[order], numbers).astype(np.int64)
        return cls(starts, places, postings.impacts[order])

    def of_documents(
        self, documents: Ids
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
        """All postings of chosen documents, which must be here: the row of each one's document
        among them, the place of its term, and its impact."""
        ranges = list(
            zip(self.starts[documents].tolist(), self.starts[documents + 1].tolist(), strict=True)
        )
        lengths = [end - start for start, end in ranges]
        return (
            np.repeat(np.arange(len(documents)), lengths),
            np.concatenate(
                [np.empty(0, np.int32), *(self.places[start:end] for start, end in ranges)]
            ),
            np.concatenate(
                [np.empty(0, np.float32), *(self.impacts[start:end] for start, end in ranges)]
            ),
        )

    def write(self, folder: Path, prefix: str) -> list[str]:
        """Writes the arrays into files of this folder and returns their names."""
        return _write(self, folder, f"{prefix}-forward", _FORWARD)

    @classmethod
    def read(cls, folder: Path, prefix: str) -> Forward:
        """Maps what ``write`` wrote. Raises OSError or ValueError where it cannot."""
        return cls(**_read(folder, f"{prefix}-forward", _FORWARD))


def _write(
    owner: Postings | Forward, folder: Path, prefix: str, kinds: Mapping[str, str]
) -> list[str]:
    for name, kind in kinds.items():
        np.save(folder / f"{prefix}-{name}.npy", getattr(owner, name).astype(kind))
    return [f"{prefix}-{name}.npy" for name in kinds]


def _read(folder: Path, prefix: str, kinds: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    return {name: mapped(folder / f"{prefix}-{name}.npy") for name in kinds}


def mapped(path: Path) -> NDArray[Any]:
    """Maps an array that ``numpy.save`` wrote. Raises OSError or ValueError where it cannot.

    As a plain array: slicing a ``numpy.memmap`` costs several times as much.
    """
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array.view(np.ndarray)


def count(documents: Mapping[int, Terms]) -> tuple[Statistics, list[Counter[int]]]:
    """The statistics of a collection, and the counted term numbers of each document, in order."""
    counted = [Counter(map(number_of, terms)) for terms in documents.values()]
    lengths = [found.total() for found in counted]
    every = [np.fromiter(found, np.uint64, len(found)) for found in counted]
    terms, frequencies = np.unique(
        np.concatenate([np.empty(0, np.uint64), *every]), return_counts=True
    )
    mean = float(np.mean(lengths)) if lengths else 0.0
    return Statistics(len(counted), mean, terms, frequencies.astype(np.int64)), counted


def weigh(ids: Sequence[int], counted: Sequence[Counter[int]], statistics: Statistics) -> Postings:
    """The postings of documents, with the impacts that BM25 gives them under ``statistics``."""
    terms, owners, impacts = [], [], []
    for document, found in zip(ids, counted, strict=True):
        numbers = np.fromiter(found, np.uint64, len(found))
        frequency = np.fromiter(found.values(), np.float64, len(found))
        norm = K1 * (1 - B + B * found.total() / (statistics.mean_length or 1.0))
        terms.append(numbers)
        owners.append(np.full(len(found), document, np.int32))
        impacts.append(
            (statistics.idf(numbers) * frequency / (frequency + norm)).astype(np.float32)
        )
    return Postings.of(
        (
            np.concatenate([np.empty(0, np.uint64), *terms]),
            np.concatenate([np.empty(0, np.int32), *owners]),
            np.concatenate([np.empty(0, np.float32), *impacts]),
        )
    )
