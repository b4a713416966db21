"""The indexes of one catalogue revision on disk: written aside, renamed into place, mapped."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from service.errors import SnapshotError
from service.index.dense import DenseIndex
from service.index.dense_base import DenseBase
from service.index.documents import ClaimDocument, document_of
from service.index.lexical import LexicalIndex
from service.index.postings import mapped
from service.index.protocol import Ids
from service.index.roster import Roster
from service.models import Claim, Wording

FORMAT = 4
"""Raised whenever the files change their meaning, or the terms are made in another way. 1: flat
FAISS vectors and the roster; 2: the lexical indexes; 3: the dense index may be a graph; 4: the
lexical indexes by document too."""

_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot was made from. All of it must fit, or the snapshot is rebuilt."""

    format: int
    catalogue: str
    revision: int
    encoder: str
    dimension: int
    vectors: int
    wordings: int
    stems: list[str]
    files: dict[str, dict[str, str | int]]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All that is searched, at one revision of the catalogue; never changed once built.

    ``dense`` numbers wordings; ``grams`` and ``stems`` (by language) number claims by their
    places in the roster.
    """

    revision: int
    roster: Roster
    dense: DenseIndex
    grams: LexicalIndex
    stems: Mapping[str, LexicalIndex]

    @property
    def drift(self) -> int:
        """How many claims were added, changed or deleted since the base was written."""
        return len(np.union1d(self.grams.delta_ids, self.grams.dead))

    def changed(
        self,
        revision: int,
        changed: Mapping[str, Sequence[Wording]],
        claims: Mapping[str, Claim],
        vectors: Mapping[int, NDArray[np.float32]],
    ) -> Snapshot:
        """A new snapshot at a later revision.

        ``changed`` maps every claim that changed to the wordings that it has now, ``claims`` to
        the claim unless it was deleted, ``vectors`` those wordings that are new and that the
        encoder speaks to their vectors.
        """
        known = [self.roster.wordings_of(claim_id) for claim_id in changed]
        old = np.concatenate([np.empty(0, np.int64), *known])
        present = {found.id: found for wordings in changed.values() for found in wordings}
        gone = np.setdiff1d(old, np.fromiter(present, np.int64, len(present)))
        added = [present[key] for key in sorted(set(present) - set(old.tolist()))]
        roster = self.roster.without(gone).with_added(added)
        dense = self.dense.without(gone)
        if vectors:
            ids = np.array(sorted(vectors), np.int64)
            dense = dense.with_added(ids, np.stack([vectors[int(key)] for key in ids]))
        documents: dict[int, ClaimDocument | None] = {}
        for claim_id in changed:
            place = roster.place_of(claim_id)
            if place is not None:
                claim = claims.get(claim_id) if changed[claim_id] else None
                documents[place] = document_of(claim) if claim else None
        grams, stems = _replaced(self.grams, self.stems, dict(sorted(documents.items())))
        return Snapshot(revision, roster, dense, grams, stems)


def _replaced(
    grams: LexicalIndex,
    stems: Mapping[str, LexicalIndex],
    documents: Mapping[int, ClaimDocument | None],
) -> tuple[LexicalIndex, dict[str, LexicalIndex]]:
    """Both lexical indexes with the documents at these places replaced, or taken out."""
    places = np.fromiter(documents, np.int64, len(documents))
    present = {place: found for place, found in documents.items() if found is not None}
    new_grams = grams.without(places).with_added(
        {place: found.grams for place, found in present.items()}
    )
    languages = {*stems, *(language for found in present.values() for language in found.stems)}
    new_stems = {}
    for language in sorted(languages):
        index = stems.get(language) or LexicalIndex.of({})
        texts = {
            place: found.stems[language]
            for place, found in present.items()
            if language in found.stems
        }
        new_stems[language] = index.without(places).with_added(texts)
    return new_grams, new_stems


def write_snapshot(
    folder: Path,
    *,
    catalogue: str,
    revision: int,
    encoder: str,
    wordings: Sequence[Wording],
    claims: Iterable[Claim],
    vector_ids: Ids,
    rows: NDArray[np.float32],
) -> Path:
    """Writes a snapshot beside the others in ``folder`` and removes the older ones.

    ``claims`` are those that the wordings belong to, ``rows`` the vectors, shape
    ``(n, dimension)``, of the wordings ``vector_ids``. A crash
    at any moment leaves the older snapshot in place. Returns the new snapshot's folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{uuid4().hex}"
    aside.mkdir()
    try:
        roster = Roster.of(wordings)
        names = roster.write(aside) + _write_lexical(aside, roster, claims)
        names += DenseBase.of(rows).write(aside)
        np.save(aside / "dense_ids.npy", vector_ids.astype("<i8"))
        names.append("dense_ids.npy")
        manifest = Manifest(
            format=FORMAT,
            catalogue=catalogue,
            revision=revision,
            encoder=encoder,
            dimension=rows.shape[1],
            vectors=len(rows),
            wordings=len(wordings),
            stems=sorted(roster.language_codes),
            files={name: _describe(aside / name) for name in names},
        )
        (aside / _MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), "utf-8")
        for name in (*names, _MANIFEST):
            _flush(aside / name)
        place = folder / f"{revision:012d}-{aside.name[1:9]}"
        aside.rename(place)
        _flush(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    for other in folder.iterdir():
        # workers that still map an older snapshot keep its pages until they let go
        if other != place and other.is_dir():
            shutil.rmtree(other, ignore_errors=True)
    return place


def newest(folder: Path) -> Path | None:
    """Where the newest snapshot in ``folder`` lies; None where there is none."""
    return max((path for path in folder.glob("[0-9]*") if path.is_dir()), default=None)


def open_snapshot(
    folder: Path, *, catalogue: str, encoder: str, dimension: int, verify: bool
) -> Snapshot:
    """The newest snapshot in ``folder``; ``verify`` reads every byte and compares checksums.

    Raises:
        SnapshotError: there is none, or it is damaged, of another format, catalogue or encoder.
    """
    place = newest(folder)
    if place is None:
        raise SnapshotError("There is no snapshot yet.")
    manifest = _read_manifest(place)
    facts = (manifest.format, manifest.catalogue, manifest.encoder, manifest.dimension)
    if facts != (FORMAT, catalogue, encoder, dimension):
        raise SnapshotError("The snapshot is of another format, catalogue or encoder.")
    for name, description in manifest.files.items():
        _check(place / name, description, verify)
    try:
        ids = mapped(place / "dense_ids.npy")
        dense = DenseIndex.from_base(DenseBase.read(place), ids)
        roster = Roster.read(place)
        grams = LexicalIndex.read(place, "grams")
        stems = {code: LexicalIndex.read(place, f"stems-{code}") for code in manifest.stems}
    except (OSError, ValueError, KeyError) as error:
        raise SnapshotError(f"The snapshot is damaged: {error}") from error
    if (len(dense), len(roster)) != (manifest.vectors, manifest.wordings):
        raise SnapshotError("The snapshot is damaged: its manifest does not fit its files.")
    return Snapshot(manifest.revision, roster, dense, grams, stems)


def _write_lexical(folder: Path, roster: Roster, claims: Iterable[Claim]) -> list[str]:
    documents = {
        place: document_of(claim)
        for claim in claims
        if (place := roster.place_of(claim.id)) is not None
    }
    documents = dict(sorted(documents.items()))
    index = LexicalIndex.of({place: found.grams for place, found in documents.items()})
    names = index.write(folder, "grams")
    for language in roster.language_codes:
        texts = {
            place: found.stems[language]
            for place, found in documents.items()
            if language in found.stems
        }
        names += LexicalIndex.of(texts).write(folder, f"stems-{language}")
    return names


def _read_manifest(place: Path) -> Manifest:
    try:
        return Manifest(**json.loads((place / _MANIFEST).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise SnapshotError(f"The snapshot's manifest cannot be read: {error}") from error


def _describe(path: Path) -> dict[str, str | int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest}


def _check(path: Path, description: dict[str, str | int], verify: bool) -> None:
    try:
        right = path.stat().st_size == description["size"]
        if right and verify:
            right = _describe(path) == description
    except OSError as error:
        raise SnapshotError(f"The snapshot is damaged: {error}") from error
    if not right:
        raise SnapshotError(f"The snapshot is damaged: {path.name} has changed.")


def _flush(path: Path) -> None:
    """Makes a file or folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
