"""Takes claims from an iterator into the catalogue, a transaction per few hundred rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from service.catalogue.catalogue import Catalogue, EncodedTexts
from service.catalogue.writing import same_content
from service.errors import InvalidInput
from service.inference.protocol import Encoder, speaks
from service.models import Claim

ROWS_PER_COMMIT = 500


@dataclass(frozen=True, slots=True)
class Row:
    """A claim and the line it stood on."""

    line: int
    claim: Claim


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that holds no claim, and why."""

    line: int
    reason: str


@dataclass(slots=True)
class ImportReport:
    """What an import did, in rows."""

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)


def import_claims(
    catalogue: Catalogue,
    encoder: Encoder,
    rows: Iterable[Row | Refused],
    *,
    who: str,
    step: Callable[[int], None] | None = None,
) -> ImportReport:
    """Saves the claims of all rows; a row that is refused does not hold up the others.

    Of rows with the same id the last one counts. Vectors are computed before each transaction
    opens, and only for claims that are new or changed.
    """
    report = ImportReport()
    number = catalogue.encoder_id(encoder.fingerprint, encoder.name, encoder.dimension)
    for batch in _batches(rows):
        report.read += len(batch)
        report.refused += [row for row in batch if isinstance(row, Refused)]
        _save(
            catalogue, encoder, number, [row for row in batch if isinstance(row, Row)], who, report
        )
        if step:
            step(len(batch))
    return report


def _batches(rows: Iterable[Row | Refused]) -> Iterator[list[Row | Refused]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, ROWS_PER_COMMIT)):
        yield batch


def _save(
    catalogue: Catalogue,
    encoder: Encoder,
    number: int,
    rows: list[Row],
    who: str,
    report: ImportReport,
) -> None:
    last = {row.claim.id: row for row in rows}
    report.unchanged += len(rows) - len(last)
    known = catalogue.claims_by_id(list(last))
    new = [
        row
        for row in last.values()
        if row.claim.id not in known or not same_content(row.claim, known[row.claim.id])
    ]
    report.unchanged += len(last) - len(new)
    if not new:
        return
    encoded = _encode(encoder, number, [row.claim for row in new])
    try:
        saved = catalogue.save([row.claim for row in new], who=who, encoded=encoded)
        report.added += len(saved.added)
        report.changed += len(saved.changed)
        report.unchanged += len(saved.unchanged)
        return
    except InvalidInput:
        pass  # one row is at fault and none was saved: find it by saving them one by one
    for row in new:
        try:
            saved = catalogue.save([row.claim], who=who, encoded=encoded)
            report.added += len(saved.added)
            report.changed += len(saved.changed)
            report.unchanged += len(saved.unchanged)
        except InvalidInput as error:
            report.refused.append(Refused(row.line, str(error)))


def _encode(encoder: Encoder, number: int, claims: list[Claim]) -> EncodedTexts:
    texts = sorted(
        {
            text
            for claim in claims
            for language, _, text in claim.phrasings()
            if speaks(encoder, language)
        }
    )
    rows = encoder.encode_passages(texts)
    return EncodedTexts(number, dict(zip(texts, rows, strict=True)))
