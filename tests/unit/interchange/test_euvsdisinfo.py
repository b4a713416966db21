"""EUvsDisinfo cases: what is taken, what is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from service.catalogue.catalogue import Catalogue
from service.errors import ServiceError
from service.interchange import euvsdisinfo
from service.interchange.importing import ImportReport, Policy, Refused, Row, import_claims
from service.interchange.spooling import merged, spool
from tests.fakes import FakeEncoder

COLUMNS = ["issue", "date", "outlet", "language", "origin", "reported by", "keywords", "source",
           "title", "summary", "disproof"]  # fmt: skip
CASE = {
    "issue": "7",
    "date": "03.04.2016",
    "outlet": "Channel Zero, 21:30",
    "language": "Russian",
    "origin": "Nowhere",
    "reported by": "A Desk",
    "keywords": "dam, hologram",
    "source": "https://zero.example/1",
    "title": "The dam is a hologram",
    "summary": "The dam on the river is a hologram made by the army.",
    "disproof": "It is made of concrete https://dams.example/a. See (https://dams.example/b).",
}
REAL = Path(__file__).parents[3] / ".." / "shared/data/euvsdisinfo_2015_2017/full_dataset.csv"


def write(path: Path, *cases: dict[str, str], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter=";", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(cases)
    return path


def read(tmp_path: Path, *cases: dict[str, str]) -> list[Row | Refused]:
    return list(euvsdisinfo.read(write(tmp_path / "cases.csv", *cases)))


def one(tmp_path: Path, **changes: str) -> Row:
    (row,) = read(tmp_path, CASE | changes)
    assert isinstance(row, Row), row
    return row


def run(catalogue: Catalogue, path: Path, encoder: FakeEncoder | None) -> ImportReport:
    with spool() as rows:
        rows.fill(euvsdisinfo.read(path), merged)
        return import_claims(catalogue, encoder, rows, who="import", policy=Policy(foreign=True))


def test_what_is_taken_of_a_case(tmp_path: Path) -> None:
    claim = one(tmp_path).claim
    assert (claim.text, claim.title) == (CASE["summary"], CASE["title"])
    assert claim.language == "en"
    assert claim.rebuttal == CASE["disproof"]
    assert claim.first_seen == "2016-04-03"
    assert claim.keywords == ("dam", "hologram")
    (appearance,) = claim.appearances
    assert (appearance.outlet, appearance.url) == ("Channel Zero, 21:30", "https://zero.example/1")
    assert (appearance.date, appearance.language) == ("2016-04-03", "ru")
    assert [(r.publisher, r.kind, r.url) for r in claim.rebuttals] == [
        ("EUvsDisinfo", "fact_check", None),
        ("dams.example", "source", "https://dams.example/a"),
        ("dams.example", "source", "https://dams.example/b"),
    ]


@pytest.mark.parametrize("disproof", ["", "  ", "No", "<p></p>", "—"])
def test_a_case_without_a_disproof_is_refused(tmp_path: Path, disproof: str) -> None:
    (row,) = read(tmp_path, CASE | {"disproof": disproof})
    assert isinstance(row, Refused)
    assert "no disproof" in row.reason
    assert row.line == 2


def test_the_line_of_a_row_is_that_on_which_it_begins(tmp_path: Path) -> None:
    found = read(tmp_path, CASE | {"disproof": "One\ntwo\nthree"}, CASE | {"summary": "b"})
    assert [row.line for row in found] == [2, 5]


def test_a_long_title_becomes_a_wording(tmp_path: Path) -> None:
    claim = one(tmp_path, title="long " * 70).claim
    assert claim.title is None
    assert claim.wordings == {"en": (("long " * 70).strip(),)}


def test_a_case_without_a_summary_is_known_by_its_title(tmp_path: Path) -> None:
    claim = one(tmp_path, summary="").claim
    assert (claim.text, claim.title) == (CASE["title"], None)


def test_the_name_of_a_country_is_no_language(tmp_path: Path) -> None:
    assert one(tmp_path, language="Moldova").claim.appearances[0].language is None
    assert one(tmp_path, language="Moldavian").claim.appearances[0].language == "ro"


def test_a_faulty_address_or_date_is_left_out_and_noted(tmp_path: Path) -> None:
    row = one(tmp_path, source="zero.example/1", date="31.02.2016")
    assert row.claim.appearances[0].url is None
    assert row.claim.first_seen is None
    assert any("zero.example/1" in note for note in row.notes)
    assert any("no day of the calendar" in note for note in row.notes)


def test_state_outlets_are_no_rebuttals(tmp_path: Path) -> None:
    disproof = (
        "They said so https://www.rt.com/1, https://de.news-front.info/2, https://a.example/3"
    )
    claim = one(tmp_path, disproof=disproof).claim
    assert [r.url for r in claim.rebuttals if r.url] == ["https://a.example/3"]


def test_cases_with_the_same_summary_become_one_claim(catalogue: Catalogue, tmp_path: Path) -> None:
    path = write(
        tmp_path / "cases.csv",
        CASE,
        CASE | {"date": "01.02.2016", "outlet": "Radio Nil", "disproof": "An engineer saw it."},
        CASE,
    )
    report = run(catalogue, path, FakeEncoder())
    assert (report.read, report.added, report.merged) == (3, 1, 2)
    (claim,) = catalogue.all_claims()
    assert [appearance.outlet for appearance in claim.appearances] == [
        "Channel Zero, 21:30",
        "Radio Nil",
    ]
    assert claim.first_seen == "2016-02-01"
    assert claim.rebuttal == f"{CASE['disproof']}\n\nAn engineer saw it."
    again = run(catalogue, path, FakeEncoder())
    assert (again.unchanged, again.merged, again.changed) == (1, 2, 0)


def test_a_file_without_the_columns_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("title;summary\na;b\n", "utf-8")
    with pytest.raises(ServiceError, match="columns are missing: issue"):
        list(euvsdisinfo.read(path))


def test_broken_rows_are_refused_by_line(tmp_path: Path) -> None:
    path = write(tmp_path / "cases.csv", CASE)
    with path.open("ab") as file:
        file.write(b"a;b;c\r\n")
        row = ";".join(f'"{value}"' for value in (CASE | {"summary": "Cut \xe9"}).values())
        file.write(row.encode("latin-1") + b"\r\n")
    first, short, undecodable = euvsdisinfo.read(path)
    assert isinstance(first, Row)
    assert isinstance(short, Refused)
    assert short.reason == "It has 3 cells, the header 11."
    assert isinstance(undecodable, Refused)
    assert "bytes do not fit" in undecodable.reason


def test_a_whole_file_in_windows_1251_is_read(tmp_path: Path) -> None:
    summary = "Плотина на реке — это голограмма, которую показывают военные."
    case = CASE | {"summary": summary, "disproof": "Плотина построена из бетона, её осмотрели."}
    path = write(tmp_path / "cases.csv", case, case, encoding="cp1251")
    row = next(iter(euvsdisinfo.read(path)))
    assert isinstance(row, Row)
    assert row.claim.text == summary


@pytest.mark.skipif(not REAL.exists(), reason="the cases are not here")
def test_the_real_file_comes_in_once(catalogue: Catalogue) -> None:
    dry = run(catalogue, REAL, None)
    assert catalogue.revision() == 0
    report = run(catalogue, REAL, FakeEncoder())
    assert report == dry
    assert report.read == 3071
    assert report.refused <= 2
    assert report.added + report.merged + report.refused == 3071
    revision = catalogue.revision()
    again = run(catalogue, REAL, FakeEncoder())
    assert (again.unchanged, again.changed, again.added) == (report.added, 0, 0)
    assert catalogue.revision() == revision
