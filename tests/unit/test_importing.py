"""Importing JSON Lines: what is right comes in, what is wrong is named, again changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from service.catalogue.catalogue import Catalogue
from service.interchange import importing, jsonl
from service.interchange.importing import Refused, Row, import_claims
from tests.fakes import FakeEncoder

GRAIN = {"id": "grain", "text": "Grain goes to the rich.", "rebuttal": "It does not."}


def write(path: Path, *lines: object) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), "utf-8")
    return path


class CountingEncoder(FakeEncoder):
    """Knows how many texts it has encoded."""

    encoded = 0

    def encode_passages(self, texts, progress=None):  # type: ignore[no-untyped-def]
        self.encoded += len(texts)
        return super().encode_passages(texts, progress)


def test_good_lines_come_in_and_bad_ones_are_named_by_line(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "claims.jsonl",
        "\ufeff" + json.dumps(GRAIN),
        "",
        "{not json",
        {"id": "half", "text": "No rebuttal."},
        "[" * 100_000,
        GRAIN | {"id": "other", "narrative": {"id": "unknown"}},
        GRAIN | {"id": "third"},
    )
    report = import_claims(catalogue, FakeEncoder(), jsonl.read(path), who="test")
    assert (report.read, report.added, report.changed, report.unchanged) == (6, 2, 0, 0)
    reasons = {fault.line: fault.reason for fault in report.refused}
    assert set(reasons) == {3, 4, 5, 6}
    assert "not JSON" in reasons[3]
    assert "/rebuttal" in reasons[4]
    assert "/narrative/title" in reasons[6]
    assert set(catalogue.claims_by_id(["grain", "other", "third"])) == {"grain", "third"}


def test_bytes_that_are_not_utf8_are_refused_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "claims.jsonl").write_bytes(b'{"id": "\xe9"}\n')
    refused = list(jsonl.read(tmp_path / "claims.jsonl"))
    assert refused == [Refused(1, "not UTF-8: invalid continuation byte at byte 9")]


def test_a_second_import_changes_and_encodes_nothing(catalogue: Catalogue, tmp_path: Path) -> None:
    rows = [GRAIN | {"id": f"grain-{number}", "text": f"Grain {number}."} for number in range(20)]
    path = write(tmp_path / "claims.jsonl", *rows)
    encoder = CountingEncoder()
    assert import_claims(catalogue, encoder, jsonl.read(path), who="test").added == 20
    encoded, revision = encoder.encoded, catalogue.revision()
    again = import_claims(catalogue, encoder, jsonl.read(path), who="test")
    assert (again.read, again.unchanged, again.added, again.changed) == (20, 20, 0, 0)
    assert (encoder.encoded, catalogue.revision()) == (encoded, revision)


def test_the_last_row_of_an_id_counts(catalogue: Catalogue, tmp_path: Path) -> None:
    path = write(tmp_path / "claims.jsonl", GRAIN, GRAIN | {"text": "Corrected."})
    report = import_claims(catalogue, FakeEncoder(), jsonl.read(path), who="test")
    assert (report.read, report.added, report.unchanged) == (2, 1, 1)
    assert catalogue.claim("grain").text == "Corrected."


def test_an_import_that_breaks_off_keeps_what_was_committed(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ROWS_PER_COMMIT", 2)
    rows = [GRAIN | {"id": f"grain-{number}"} for number in range(4)]
    path = write(tmp_path / "claims.jsonl", *rows)

    def broken() -> Iterator[Row | Refused]:
        yield from islice(jsonl.read(path), 3)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        import_claims(catalogue, FakeEncoder(), broken(), who="test")
    assert catalogue.revision() == 2
    number = catalogue.encoder_id(FakeEncoder.fingerprint, "fake", 256)
    assert catalogue.count_without_vector(number, None) == 0
