"""Importing: what is right comes in, what is wrong is named, again changes nothing."""

from __future__ import annotations

import json
import resource
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from service.catalogue.catalogue import Catalogue
from service.errors import ServiceError
from service.interchange import importing, jsonl, spreadsheet
from service.interchange.importing import ImportReport, Policy, Refused, Row, import_claims
from service.interchange.mapping import Mapped
from service.interchange.merging import merge
from service.interchange.ratings import Accepted
from service.interchange.refusals import RefusalFile
from service.interchange.spooling import last_counts, spool
from service.models import Claim, Narrative
from tests.fakes import FakeEncoder

GRAIN = {"id": "grain", "text": "Grain goes to the rich.", "rebuttal": "It does not."}
FOREIGN = Policy(foreign=True)


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


def row(**changes: object) -> Row:
    claim = Claim("grain", "Grain goes to the rich.", "It does not.")
    return Row(1, replace(claim, **changes))  # type: ignore[arg-type]


def run(catalogue: Catalogue, *rows: Row, policy: Policy = FOREIGN) -> ImportReport:
    return import_claims(catalogue, FakeEncoder(), rows, who="import test", policy=policy)


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
    told: list[Row | Refused] = []
    report = import_claims(catalogue, FakeEncoder(), jsonl.read(path), who="test", tell=told.append)
    assert (report.read, report.added, report.changed, report.unchanged) == (6, 2, 0, 0)
    assert report.refused == 4
    reasons = {fault.line: fault.reason for fault in told if isinstance(fault, Refused)}
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


def test_a_changed_claim_is_encoded_only_where_its_wordings_are_new(catalogue: Catalogue) -> None:
    encoder = CountingEncoder()
    import_claims(catalogue, encoder, [row(title="Grain")], who="test")
    assert encoder.encoded == 2
    import_claims(catalogue, encoder, [row(title="Grain", rebuttal="No.")], who="test")
    assert encoder.encoded == 2
    import_claims(catalogue, encoder, [row(title="Bread", rebuttal="No.")], who="test")
    assert encoder.encoded == 3
    number = catalogue.encoder_id(FakeEncoder.fingerprint, "fake", 256)
    assert catalogue.count_without_vector(number, None) == 0


def test_the_last_row_of_an_id_counts(catalogue: Catalogue, tmp_path: Path) -> None:
    path = write(tmp_path / "claims.jsonl", GRAIN, GRAIN | {"text": "Corrected."})
    report = import_claims(catalogue, FakeEncoder(), jsonl.read(path), who="test")
    assert (report.read, report.added, report.merged) == (2, 1, 1)
    assert catalogue.claim("grain").text == "Corrected."


def test_an_import_that_breaks_off_keeps_what_was_committed(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ROWS_PER_COMMIT", 2)
    rows = [GRAIN | {"id": f"grain-{number}"} for number in range(4)]
    path = write(tmp_path / "claims.jsonl", *rows)
    report = ImportReport()

    def broken() -> Iterator[Row | Refused]:
        yield from islice(jsonl.read(path), 3)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        import_claims(catalogue, FakeEncoder(), broken(), who="test", report=report)
    assert catalogue.revision() == 2
    assert (report.read, report.added) == (2, 2)
    number = catalogue.encoder_id(FakeEncoder.fingerprint, "fake", 256)
    assert catalogue.count_without_vector(number, None) == 0


def test_a_dry_run_reports_the_same_and_changes_nothing(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ROWS_PER_COMMIT", 2)
    import_claims(catalogue, FakeEncoder(), [row(narrative=Narrative("n", "N"))], who="test")
    path = write(
        tmp_path / "claims.jsonl",
        GRAIN | {"text": "Changed."},
        GRAIN | {"id": "new", "narrative": {"id": "m", "title": "M"}},
        GRAIN | {"id": "named-otherwise", "narrative": {"id": "m", "title": "Other"}},
        GRAIN | {"id": "without-title", "narrative": {"id": "m"}},
        GRAIN | {"id": "unknown", "narrative": {"id": "x"}},
        "{",
        GRAIN | {"id": "new", "narrative": {"id": "m"}, "rebuttal": "Again."},
    )
    revision = catalogue.revision()
    with spool() as rows:
        rows.fill(jsonl.read(path), last_counts)
        dry = import_claims(catalogue, None, rows, who="test")
        assert catalogue.revision() == revision
        wet = import_claims(catalogue, FakeEncoder(), rows, who="test")
    assert dry == wet
    assert (wet.read, wet.added, wet.changed, wet.merged, wet.refused) == (7, 2, 1, 1, 3)


def test_a_foreign_row_leaves_alone_what_an_editor_reviewed(catalogue: Catalogue) -> None:
    run(catalogue, row(reviewed=True, rebuttal="An editor's words."), policy=Policy())
    told: list[Row | Refused] = []
    report = import_claims(
        catalogue, FakeEncoder(), [row()], who="test", policy=FOREIGN, tell=told.append
    )
    assert (report.read, report.kept, report.changed) == (1, 1, 0)
    assert catalogue.claim("grain").rebuttal == "An editor's words."
    assert isinstance(told[0], Row)
    assert "An editor worked on this claim" in told[0].notes[0]
    overwriting = Policy(foreign=True, overwrite=True)
    assert run(catalogue, row(), policy=overwriting).changed == 1
    assert catalogue.claim("grain").rebuttal == "It does not."


def test_a_foreign_row_leaves_alone_what_others_changed_last(catalogue: Catalogue) -> None:
    run(catalogue, row())
    assert run(catalogue, row(rebuttal="From the feed.")).changed == 1
    edited = row(rebuttal="An editor's.").claim
    catalogue.save([edited], who="editor", encoded=None)
    assert run(catalogue, row()).kept == 1
    assert catalogue.claim("grain").rebuttal == "An editor's."


class EditorAtWork(FakeEncoder):
    """Stands for an editor who changes or adds a claim while an import encodes its texts."""

    def __init__(self, catalogue: Catalogue, claim: Claim) -> None:
        super().__init__()
        self.catalogue = catalogue
        self.claim: Claim | None = claim

    def encode_passages(self, texts, progress=None):  # type: ignore[no-untyped-def]
        if self.claim:
            self.catalogue.save([self.claim], who="editor", encoded=None)
            self.claim = None
        return super().encode_passages(texts, progress)


@pytest.mark.parametrize("there_before", [True, False])
def test_a_change_made_while_the_import_encodes_is_not_lost(
    catalogue: Catalogue, there_before: bool
) -> None:
    if there_before:
        run(catalogue, row())
    encoder = EditorAtWork(catalogue, row(rebuttal="An editor's.").claim)
    report = import_claims(
        catalogue,
        encoder,
        [row(text="From the feed."), row(id="other")],
        who="import test",
        policy=FOREIGN,
    )
    assert (report.read, report.kept, report.added) == (2, 1, 1)
    assert catalogue.claim("grain").rebuttal == "An editor's."


def test_a_foreign_row_keeps_the_narrative_and_the_review_that_editors_gave(
    catalogue: Catalogue,
) -> None:
    filed = row(narrative=Narrative("famine", "Famine"), facts_as_of="2024", reviewed=True)
    run(catalogue, filed, policy=Policy())
    report = run(catalogue, row())
    assert (report.unchanged, report.kept) == (1, 0)
    assert catalogue.claim("grain").narrative == Narrative("famine", "Famine")


def test_a_foreign_row_takes_a_narrative_by_the_title_it_has_here(catalogue: Catalogue) -> None:
    run(catalogue, row(narrative=Narrative("famine", "Famine, as we call it")), policy=Policy())
    report = run(catalogue, row(id="second", narrative=Narrative("famine", "FAMINE")))
    assert (report.added, report.refused) == (1, 0)
    assert catalogue.claim("second").narrative == Narrative("famine", "Famine, as we call it")


@pytest.mark.parametrize("rows_per_commit", [1, 2])
def test_foreign_rows_that_name_a_narrative_differently_take_the_first_title(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, rows_per_commit: int
) -> None:
    monkeypatch.setattr(importing, "ROWS_PER_COMMIT", rows_per_commit)
    rows = [row(narrative=Narrative("n", "N")), row(id="b", narrative=Narrative("n", "n!"))]
    dry = import_claims(catalogue, None, rows, who="import test", policy=FOREIGN)
    assert dry == run(catalogue, *rows)
    assert dry.added == 2


def test_a_foreign_row_does_not_bring_back_what_an_editor_deleted(catalogue: Catalogue) -> None:
    run(catalogue, row())
    catalogue.remove("grain", who="editor")
    assert run(catalogue, row()).refused == 1
    assert not catalogue.claims_by_id(["grain"])
    assert run(catalogue, row(), policy=Policy(foreign=True, restore=True)).added == 1


def test_the_counts_of_a_report_add_up(catalogue: Catalogue) -> None:
    rows = [row(), row(id="b"), row(id="b"), replace(row(id="c"), copies=2)]
    report = import_claims(catalogue, FakeEncoder(), [*rows, Refused(9, "no")], who="test")
    assert report.read == 7
    assert report.read == report.added + report.merged + report.refused


def test_memory_does_not_grow_with_the_file(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ROWS_PER_COMMIT", 50)

    def peak(count: int) -> int:
        path = tmp_path / f"{count}.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write("Claim;Verdict\n")
            for number in range(count):
                file.write(f"Claim {number} of {count}: {'grain ' * 20};{'It does not. ' * 20}\n")
        mapped = Mapped({"text": "Claim", "rebuttal": "Verdict"})
        tracemalloc.start()
        with spool() as rows:
            rows.fill(spreadsheet.read(path, mapped, Accepted()), merge)
            report = import_claims(catalogue, FakeEncoder(), rows, who="test", policy=FOREIGN)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert report.added == count
        return most

    peak(60)  # what is loaded once is loaded
    assert peak(600) < 1.25 * peak(150)


def test_refused_rows_that_cannot_be_written_are_an_error_and_no_crash(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))  # as a full disk
    try:
        with (
            pytest.raises(ServiceError, match=r"refused\.jsonl cannot be written: File too large"),
            RefusalFile(tmp_path / "refused.jsonl", "claims") as refusals,
        ):
            refusals.add(Refused(1, "No text.", "x", "claims.jsonl"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
