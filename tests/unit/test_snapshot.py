"""Snapshots on disk: what fits is mapped, what does not is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.errors import SnapshotError
from service.index import snapshot as snapshots
from service.index.dense_base import DenseBase
from service.index.postings import numbers_of
from service.index.roster import Roster
from service.index.snapshot import open_snapshot, write_snapshot
from service.index.terms import grams
from service.models import Claim, Wording

WORDINGS = [
    Wording(1, "one", "en", "text", "One."),
    Wording(2, "one", "ru", "wording", "Один."),
    Wording(5, "two", "en", "text", "Two."),
]
CLAIMS = [
    Claim("one", "One.", "No.", wordings={"ru": ("Один.",)}),
    Claim("two", "Two.", "No."),
    Claim("unknown", "Saved meanwhile.", "No."),
]
VECTORS = np.array([[1, 0], [0, 1]], np.float32)
FACTS: dict[str, Any] = {"catalogue": "this", "encoder": "e" * 64}


def write(folder: Path, revision: int = 7) -> Path:
    return write_snapshot(
        folder,
        revision=revision,
        wordings=WORDINGS,
        claims=CLAIMS,
        vector_ids=np.array([1, 5], np.int64),
        rows=VECTORS,
        **FACTS,
    )


def reopen(folder: Path, **other: Any) -> snapshots.Snapshot:
    return open_snapshot(folder, **({"dimension": 2, "verify": True} | FACTS | other))


def test_what_was_written_is_found_again(tmp_path: Path) -> None:
    write(tmp_path)
    found = reopen(tmp_path)
    assert found.revision == 7
    assert (len(found.roster), found.roster.claim_count, len(found.dense)) == (3, 2, 2)
    assert found.roster.claim_of(2) == "one"
    assert found.roster.claim_of(3) is None
    assert found.roster.wordings_of("one").tolist() == [1, 2]
    assert found.roster.present_languages == {"en", "ru"}
    assert found.dense.search([VECTORS[1]], 1)[0][0].id == 5


def test_a_newer_snapshot_takes_the_place_of_the_older(tmp_path: Path) -> None:
    write(tmp_path, 7)
    write(tmp_path, 8)
    assert reopen(tmp_path).revision == 8
    assert len(list(tmp_path.iterdir())) == 1


def test_a_mapped_snapshot_outlives_its_files(tmp_path: Path) -> None:
    write(tmp_path, 7)
    found = reopen(tmp_path)
    write(tmp_path, 8)
    assert found.dense.search([VECTORS[1]], 1)[0][0].id == 5
    assert found.roster.claim_of(5) == "two"


@pytest.mark.parametrize("other", [{"catalogue": "that"}, {"encoder": "f" * 64}, {"dimension": 3}])
def test_a_snapshot_of_something_else_is_refused(tmp_path: Path, other: dict[str, Any]) -> None:
    write(tmp_path)
    with pytest.raises(SnapshotError, match="of another"):
        reopen(tmp_path, **other)


def test_a_snapshot_of_another_format_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    monkeypatch.setattr(snapshots, "FORMAT", snapshots.FORMAT + 1)
    with pytest.raises(SnapshotError, match="of another"):
        reopen(tmp_path)


def test_no_snapshot_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="no snapshot"):
        reopen(tmp_path / "nowhere")


def test_a_flipped_bit_in_any_file_is_noticed(tmp_path: Path) -> None:
    place = write(tmp_path)
    names = list(json.loads((place / "manifest.json").read_text())["files"])
    assert len(names) == 8 + 3 * 9
    for name in names:
        whole = (place / name).read_bytes()
        (place / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(SnapshotError, match="damaged"):
            reopen(tmp_path)
        (place / name).write_bytes(whole)
    reopen(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}', b"\xff"])
def test_a_damaged_manifest_is_noticed(tmp_path: Path, content: bytes) -> None:
    (write(tmp_path) / "manifest.json").write_bytes(content)
    with pytest.raises(SnapshotError, match="manifest"):
        reopen(tmp_path)


def test_a_missing_file_is_noticed_without_reading_the_rest(tmp_path: Path) -> None:
    (write(tmp_path) / "dense.faiss").unlink()
    with pytest.raises(SnapshotError, match="damaged"):
        reopen(tmp_path, verify=False)


def test_a_failed_write_leaves_the_older_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 7)

    def no_room(path: Path, rows: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(DenseBase, "write", no_room)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path, 8)
    assert reopen(tmp_path).revision == 7
    assert len(list(tmp_path.iterdir())) == 1


def test_a_changed_snapshot_forgets_and_learns(tmp_path: Path) -> None:
    write(tmp_path)
    before = reopen(tmp_path)
    added = Wording(9, "three", "uk", "text", "Три.")
    claim = Claim("three", "Три.", "Ні.", language="uk")
    after = before.changed(
        8,
        {"one": [], "three": [added]},
        {"three": claim},
        {9: np.array([0.6, 0.8], np.float32)},
    )
    assert after.revision == 8
    assert after.roster.claim_of(9) == "three"
    assert after.roster.wordings_of("one").tolist() == []
    assert after.roster.present_languages == {"en", "uk"}
    assert after.roster.claim_count == 2
    assert len(after.dense) == len(after.grams) == 2
    assert (len(before.roster), len(before.dense), len(before.grams)) == (3, 2, 2)
    [found] = after.grams.search([numbers_of(grams("три"))], 5)
    assert [after.roster.claim_ids[hit.id] for hit in found] == ["three"]
    assert after.grams.search([numbers_of(grams("один"))], 5) == [[]]
    assert len(after.stems["uk"]) == 1
    assert len(after.stems["ru"]) == 0


def test_a_changed_claim_is_found_by_its_new_words_only(tmp_path: Path) -> None:
    write(tmp_path)
    kept = WORDINGS[:2]
    new = Wording(9, "one", "en", "wording", "Elephants.")
    claim = Claim("one", "One.", "No.", wordings={"ru": ("Один.",), "en": ("Elephants.",)})
    vectors = {9: np.array([0.6, 0.8], np.float32)}
    after = reopen(tmp_path).changed(8, {"one": [*kept, new]}, {"one": claim}, vectors)
    again = after.changed(9, {"one": list(kept)}, {"one": CLAIMS[0]}, {})
    assert [hit.id for hit in after.grams.search([numbers_of(grams("elephants"))], 5)[0]] == [0]
    assert again.grams.search([numbers_of(grams("elephants"))], 5) == [[]]
    assert [hit.id for hit in again.grams.search([numbers_of(grams("один"))], 5)[0]] == [0]
    assert len(again.dense) == 2


def test_an_empty_roster_knows_nobody() -> None:
    empty = Roster.of([])
    assert (len(empty), empty.claim_count, empty.claim_of(1)) == (0, 0, None)
    assert empty.present_languages == frozenset()
