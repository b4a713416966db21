"""The immutable part of the dense index: flat while that is fast enough, a graph beyond.

Below ``EXACT_UP_TO`` vectors every one is compared: at 30,000 of 384 numbers that takes about as
long as encoding the query. Beyond, HNSW (Malkov and Yashunin 2018) finds them in a time that hardly
grows. It was taken and not IVF, which at a million vectors took three times as long for a recall of
0.978; the price is memory, 0.3 kB a vector for its links, which workers share as they share the
vectors. How much of the exact answer it finds is measured whenever one is built.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]

EXACT_UP_TO = 30_000
LINKS, BUILD_EFFORT = 32, 80
EFFORTS = (64, 128, 256, 512)
"""How many candidates a search of the graph keeps; the least is taken that finds enough."""
ENOUGH, LEAST = 0.995, 0.99
"""The share of the exact ten nearest that the probes have to find; and what is taken for want of
more: at a million vectors the probes find 0.992 from 512 on, however great the effort, in 1 ms
where comparing all takes 90."""

_PROBES, _NEAREST, _NOISE, _SEED = 200, 10, 0.75, 1
_faiss: Any = faiss
"""What SWIG makes is typed otherwise than it is."""

_FILE, _FACTS = "dense.faiss", "dense.json"

# The process that searches decides how many threads it has; FAISS would take every core.
faiss.omp_set_num_threads(1)


@dataclass(frozen=True, eq=False)
class DenseBase:
    """Normalised vectors. ``effort`` is that of a search in the graph, None for a flat index."""

    index: Any
    effort: int | None = None
    recall: float = 1.0

    @classmethod
    def flat(cls, rows: Rows) -> DenseBase:
        """All of them compared at each search. ``rows`` has the shape ``(n, dimension)``."""
        index = faiss.IndexFlatIP(rows.shape[1])
        index.add(np.ascontiguousarray(rows))
        return cls(index)

    @classmethod
    def graph(cls, rows: Rows, efforts: Sequence[int] = EFFORTS) -> DenseBase:
        """Linked to their neighbours, and searched with the least effort that finds enough.

        Flat, where none does: random vectors, for one, have no neighbourhoods.
        """
        index = faiss.IndexHNSWFlat(rows.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = BUILD_EFFORT
        index.add(np.ascontiguousarray(rows))
        flat = cls.flat(rows)
        probes = _probes(rows)
        exact = flat.search(probes, _NEAREST)[1]
        best = cls(index, efforts[0], 0.0)
        for effort in efforts:
            found = cls(index, effort).search(probes, _NEAREST)[1]
            shares = [len(np.intersect1d(*pair)) for pair in zip(found, exact, strict=True)]
            recall = float(np.mean(shares)) / min(_NEAREST, len(rows))
            if recall > best.recall:
                best = cls(index, effort, round(recall, 4))
            if recall >= ENOUGH:
                break
        return best if best.recall >= LEAST else flat

    @classmethod
    def of(cls, rows: Rows) -> DenseBase:
        """The kind that suits so many vectors."""
        return cls.flat(rows) if len(rows) <= EXACT_UP_TO else cls.graph(rows)

    def __len__(self) -> int:
        """How many vectors there are."""
        return int(self.index.ntotal)

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self.index.d)

    def rows(self) -> Rows:
        """The vectors without a copy, shape ``(n, dimension)``."""
        if not len(self):
            return np.empty((0, self.dimension), np.float32)
        store: Any = self.index if self.effort is None else faiss.downcast_index(self.index.storage)
        found: Rows = faiss.rev_swig_ptr(store.get_xb(), len(self) * self.dimension)
        return found.reshape(len(self), self.dimension)

    def search(
        self,
        queries: Rows,
        limit: int,
        usable: NDArray[np.bool_] | None = None,
        *,
        exact: bool = False,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Cosines and row numbers, shape ``(queries, limit)``; row -1 fills up.

        Only among the ``usable`` rows, None for all. ``exact`` compares every vector.
        """
        index = self.index
        selector = None
        if usable is not None:
            selector = _faiss.IDSelectorBitmap(np.packbits(usable, bitorder="little"))
        parameters = None
        if self.effort is None or exact:
            index = index if self.effort is None else faiss.downcast_index(index.storage)
            if selector:
                parameters = _faiss.SearchParameters(sel=selector)
        else:
            effort = max(self.effort, limit)
            parameters = _faiss.SearchParametersHNSW(efSearch=effort, sel=selector)
        scores, rows = index.search(queries, limit, params=parameters)
        return scores, rows

    def write(self, folder: Path) -> list[str]:
        """Writes it into files of this folder and returns their names."""
        faiss.write_index(self.index, str(folder / _FILE))
        facts = {"effort": self.effort, "recall": self.recall}
        (folder / _FACTS).write_text(json.dumps(facts), "ascii")
        return [_FILE, _FACTS]

    @classmethod
    def read(cls, folder: Path) -> DenseBase:
        """Maps what ``write`` wrote: workers share its pages, and opening it reads little.

        Raises:
            OSError, ValueError: the files are not such an index.
        """
        facts = json.loads((folder / _FACTS).read_text("ascii"))
        effort = facts["effort"]
        try:
            index = faiss.read_index(str(folder / _FILE), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise ValueError(f"{_FILE} is not a FAISS index") from error
        kind = faiss.IndexFlatIP if effort is None else faiss.IndexHNSWFlat
        if not isinstance(index, kind):
            raise ValueError(f"{_FILE} is not an index of the kind that {_FACTS} says")
        return cls(index, effort, facts["recall"])


def _probes(rows: Rows) -> Rows:
    """Like queries: near some of the vectors, at a cosine of 0.8."""
    chance = np.random.default_rng(_SEED)
    chosen = rows[chance.choice(len(rows), min(_PROBES, len(rows)), replace=False)]
    noise = chance.standard_normal(chosen.shape).astype(np.float32)
    noise *= _NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
    mixed = chosen + noise
    probes: Rows = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return probes
