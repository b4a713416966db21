"""Takes claims from an iterator into the catalogue, a transaction per few hundred rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from service.catalogue.catalogue import Catalogue, EncodedTexts
from service.catalogue.contents import same_content
from service.catalogue.planning import Expected
from service.encoding import encode_claims
from service.errors import ClaimChanged, ClaimExists, InvalidClaims, InvalidInput
from service.inference.protocol import Encoder
from service.models import Claim

ROWS_PER_COMMIT = 500


@dataclass(frozen=True, slots=True)
class Row:
    """A claim and the line it stood on, or the number of its record.

    ``notes`` tell what could not be taken over, ``copies`` how many further rows say the same and
    have been merged into this one, ``file`` where it comes from if there are several.
    """

    line: int
    claim: Claim
    notes: tuple[str, ...] = ()
    copies: int = 0
    file: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that holds no claim, and why. ``about`` helps to find it: a URL or its first words."""

    line: int
    reason: str
    about: str | None = None
    file: str = ""


_EDITED = "An editor worked on this claim: it is left as it is. --overwrite-edited replaces it."

Told = Callable[[Row | Refused], None]
"""Called with every row that is refused, or taken with notes."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How an import treats what the catalogue has.

    ``foreign`` rows come from others, who know nothing of an editor's work: a claim that was
    reviewed, or last changed by anyone but this import, is left as it is unless ``overwrite``; one
    that was deleted stays deleted unless ``restore``; and the narrative, the review and the date of
    the facts are kept. The project's own rows replace all of a claim.
    """

    foreign: bool = False
    restore: bool = False
    overwrite: bool = False


@dataclass(slots=True)
class ImportReport:
    """What an import did, in rows.

    ``read`` is the sum of the others but ``noted``: rows that were taken, but not with all that
    they held. ``merged`` rows repeat an earlier one; ``kept`` ones differ from a claim that is an
    editor's work.
    """

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    merged: int = 0
    kept: int = 0
    refused: int = 0
    noted: int = 0


def import_claims(
    catalogue: Catalogue,
    encoder: Encoder | None,
    rows: Iterable[Row | Refused],
    *,
    who: str,
    step: Callable[[int], None] | None = None,
    tell: Told | None = None,
    policy: Policy = Policy(),
    report: ImportReport | None = None,
) -> ImportReport:
    """Saves the claims of all rows; a row that is refused does not hold up the others.

    Of rows with the same id the last one counts. Vectors are computed before each transaction
    opens, and only for wordings that are new. Without an encoder it is a dry run: nothing is
    written, and the report is the same where no id comes twice (as in a ``Spool``).
    ``report`` is filled in as the import goes on, so that one that breaks off can still be told.
    """
    report = ImportReport() if report is None else report
    run = _Run(catalogue, encoder, who, policy, report, tell or (lambda _: None))
    for batch in _batches(rows):
        for row in batch:
            if isinstance(row, Refused):
                run.refuse(row)
        run.save([row for row in batch if isinstance(row, Row)])
        if step:
            step(len(batch))
    return report


def _same(one: Claim, other: Claim) -> bool:
    """Whether the claims say the same; most often they are equal, which is told in no time."""
    stamped = replace(one, revision=other.revision, updated=other.updated)
    return stamped == other or same_content(one, other)


def _batches(rows: Iterable[Row | Refused]) -> Iterator[list[Row | Refused]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, ROWS_PER_COMMIT)):
        yield batch


class _Run:
    """One import: what it writes with, and what it has done so far."""

    def __init__(
        self,
        catalogue: Catalogue,
        encoder: Encoder | None,
        who: str,
        policy: Policy,
        report: ImportReport,
        tell: Told,
    ) -> None:
        self.catalogue = catalogue
        self.encoder = encoder
        self.who = who
        self.policy = policy
        self.report = report
        self.tell = tell
        self.number: int | None = None
        # the titles matter where they are not left to the catalogue's own check
        needed = policy.foreign or encoder is None
        self.titles = {
            found.narrative.id: found.narrative.title
            for found in (catalogue.narratives() if needed else ())
        }

    def refuse(self, fault: Refused) -> None:
        self.report.read += 1
        self.report.refused += 1
        self.tell(fault)

    def _refuse(self, row: Row, reason: str) -> None:
        self.refuse(Refused(row.line, reason, row.claim.id, row.file))

    def save(self, rows: list[Row]) -> None:
        """Saves a batch, and again what others changed while its texts were encoded."""
        last = {row.claim.id: row for row in rows}
        copies = len(rows) - len(last) + sum(row.copies for row in last.values())
        self.report.read += copies
        self.report.merged += copies
        left = list(last.values())
        while left:
            left = self._save(left)

    def _save(self, rows: list[Row]) -> list[Row]:
        """Saves rows and returns those whose claims have changed meanwhile."""
        known = self.catalogue.claims_by_id([row.claim.id for row in rows])
        wanted = self._without_deleted(rows, known)
        new = [row for row in map(self._fitted(known), wanted) if self._is_new(row, known)]
        if not new:
            return []
        if self.encoder is None:
            self._rehearse(new, known)
            return []
        encoded = self._encoded([row.claim for row in new], known, self.encoder)
        absent = [row for row in new if row.claim.id not in known]
        present = [row for row in new if row.claim.id in known]
        revisions = frozenset(known[row.claim.id].revision for row in present)
        return [
            *self._write(absent, encoded, "absent"),
            *self._write(present, encoded, revisions),
        ]

    def _without_deleted(self, rows: list[Row], known: Mapping[str, Claim]) -> list[Row]:
        if not self.policy.foreign or self.policy.restore:
            return rows
        gone = self.catalogue.ever_seen({row.claim.id for row in rows} - known.keys())
        for row in rows:
            if row.claim.id in gone:
                reason = "An editor deleted this claim; --restore-deleted brings it back."
                self._refuse(row, reason)
        return [row for row in rows if row.claim.id not in gone]

    def _fitted(self, known: Mapping[str, Claim]) -> Callable[[Row], Row]:
        """Gives a foreign row what only editors know of its claim."""

        def fit(row: Row) -> Row:
            claim = row.claim
            if not self.policy.foreign:
                return row
            if named := claim.narrative:
                title = self.titles.setdefault(named.id, named.title)
                claim = replace(claim, narrative=replace(named, title=title))
            if before := known.get(claim.id):
                claim = replace(
                    claim,
                    narrative=before.narrative or claim.narrative,
                    facts_as_of=claim.facts_as_of or before.facts_as_of,
                    reviewed=before.reviewed,
                )
            return replace(row, claim=claim)

        return fit

    def _is_new(self, row: Row, known: Mapping[str, Claim]) -> bool:
        before = known.get(row.claim.id)
        if before is None:
            return True
        if _same(row.claim, before):
            self._count("unchanged", row)
            return False
        if self.policy.foreign and not self.policy.overwrite and self._is_edited(before):
            self._count("kept", replace(row, notes=(*row.notes, _EDITED)))
            return False
        return True

    def _is_edited(self, claim: Claim) -> bool:
        if claim.reviewed:
            return True
        last = self.catalogue.history(claim.id, before=None, limit=1)
        return bool(last) and last[0].who != self.who

    def _count(self, outcome: str, row: Row) -> None:
        self.report.read += 1
        setattr(self.report, outcome, getattr(self.report, outcome) + 1)
        if row.notes:
            self.report.noted += outcome != "kept"
            self.tell(row)

    def _rehearse(self, rows: list[Row], known: Mapping[str, Claim]) -> None:
        for row in rows:
            narrative = row.claim.narrative
            if narrative and (fault := self._wrong_title(narrative.id, narrative.title)):
                self._refuse(row, f"/narrative/title: {fault}")
                continue
            if narrative:
                self.titles.setdefault(narrative.id, narrative.title)
            self._count("changed" if row.claim.id in known else "added", row)

    def _wrong_title(self, narrative_id: str, title: str) -> str | None:
        has = self.titles.get(narrative_id)
        if has is None:
            missing = f"Give a title: there is no narrative {narrative_id!r} yet."
            return None if title else missing
        differs = title and title != has
        return f"The narrative {narrative_id!r} has the title {has!r}." if differs else None

    def _write(self, rows: list[Row], encoded: EncodedTexts, expected: Expected) -> list[Row]:
        """Writes rows in one transaction; returns those whose claims are not as ``expected``."""
        conflicts: list[Row] = []
        while rows:
            claims = [row.claim for row in rows]
            try:
                self.catalogue.save(claims, who=self.who, encoded=encoded, expected=expected)
            except InvalidClaims as error:
                for row in rows:
                    if row.claim.id in error.by_claim:
                        self._refuse(row, str(InvalidInput(error.by_claim[row.claim.id])))
                faulty = set(error.by_claim)
            except (ClaimExists, ClaimChanged) as error:
                faulty = set(error.claim_ids)
                conflicts += [row for row in rows if row.claim.id in faulty]
            else:
                for row in rows:
                    self._count("added" if expected == "absent" else "changed", row)
                break
            rows = [row for row in rows if row.claim.id not in faulty]
        return conflicts

    def _encoded(
        self, claims: list[Claim], known: Mapping[str, Claim], encoder: Encoder
    ) -> EncodedTexts:
        if self.number is None:
            self.number = self.catalogue.encoder_id(
                encoder.fingerprint, encoder.name, encoder.dimension
            )
        return encode_claims(encoder, self.number, claims, known)
