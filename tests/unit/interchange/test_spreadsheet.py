"""Tables of any newsroom: by a mapping of columns, with the faults of real spreadsheets."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import ServiceError
from service.interchange import spreadsheet
from service.interchange.importing import Refused, Row
from service.interchange.mapping import Mapped, read_mapping
from service.interchange.ratings import Accepted
from service.models import Appearance, Rebuttal

COLUMNS = {"text": "Claim", "rebuttal": "Verdict"}
TABLE = "Claim,Verdict\nThe dam is a hologram.,It is made of concrete.\n"


def read(
    tmp_path: Path, text: str | bytes, mapped: Mapped | None = None, *accepted: str
) -> list[Row | Refused]:
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(spreadsheet.read(path, mapped or Mapped(COLUMNS), Accepted(accepted)))


def test_two_columns_are_enough(tmp_path: Path) -> None:
    (row,) = read(tmp_path, TABLE)
    assert isinstance(row, Row)
    claim = row.claim
    assert (claim.text, claim.rebuttal) == ("The dam is a hologram.", "It is made of concrete.")
    assert (claim.language, claim.rebuttals, row.line) == ("en", (), 2)
    assert claim.id.startswith("csv-")


def test_every_field_can_be_mapped(tmp_path: Path) -> None:
    names = (
        "id", "text", "title", "language", "rebuttal", "narrative", "first_seen", "keywords",
        "facts_as_of", "rating", "publisher", "url", "rebuttal_title", "rebuttal_date", "outlet",
        "appearance_url", "archived_url", "appearance_date", "appearance_language", "wording.ru",
    )  # fmt: skip
    cells = (
        "Dam 1", "The dam is a hologram.", "Hologram", "English", "It is concrete.",
        "Dams & rivers",
        "03.04.2016", "dam; hologram", "2020", "False", "Checkers", "https://c.example/1", "No.",
        "2016-04-05", "Zero", "https://z.example/1", "https://archive.org/1", "April 2016",
        "Russian", "Плотина — голограмма.",
    )  # fmt: skip
    header, row = "\t".join(names), "\t".join(cells)
    (found,) = read(tmp_path, f"{header}\n{row}\n", Mapped({name: name for name in names}))
    assert isinstance(found, Row), found
    claim = found.claim
    assert found.notes == ()
    assert claim.id == "csv-dam-1"
    assert claim.narrative is not None
    assert (claim.narrative.id, claim.narrative.title) == ("dams-rivers", "Dams & rivers")
    assert (claim.title, claim.first_seen, claim.facts_as_of) == ("Hologram", "2016-04-03", "2020")
    assert claim.keywords == ("dam", "hologram")
    assert claim.wordings == {"ru": ("Плотина — голограмма.",)}
    assert claim.rebuttals == (
        Rebuttal(
            "Checkers", "No.", "https://c.example/1", "2016-04-05", "en", "fact_check", "False"
        ),
    )
    assert claim.appearances == (
        Appearance("Zero", "https://z.example/1", "https://archive.org/1", "2016-04", "ru"),
    )


@pytest.mark.parametrize("text", [TABLE.replace(",", ";"), "sep=;\r\n" + TABLE.replace(",", ";"),
                                  "\n\n" + TABLE, TABLE.replace(",", "\t"), "\ufeff" + TABLE,
                                  TABLE.replace("\n", "\r\n"), TABLE + ",\n , \n"])  # fmt: skip
def test_the_habits_of_spreadsheets_are_known(tmp_path: Path, text: str) -> None:
    (row,) = read(tmp_path, text)
    assert isinstance(row, Row)
    assert row.claim.text == "The dam is a hologram."


def test_what_excel_calls_unicode_text_is_read(tmp_path: Path) -> None:
    (row,) = read(tmp_path, TABLE.replace(",", "\t").encode("utf-16"))
    assert isinstance(row, Row)


def test_faulty_rows_are_refused_by_line_and_the_others_come_in(tmp_path: Path) -> None:
    text = (
        "Claim,Verdict,Rating,Language\n"
        ",It is concrete.,False,\n"
        "A dam.,,False,\n"
        "A dam.,It is.,True,\n"
        "A dam.,It is.,,\n"
        "A dam.,It is.,False,Elvish\n"
        "A dam.,It is.\n"
        "A dam.,It is.,False,en,more\n"
        f"{'x' * 2001},It is.,False,\n"
        "A dam.,It is.,False,\n"
    )
    mapped = Mapped(COLUMNS | {"rating": "Rating", "language": "Language"})
    found = read(tmp_path, text, mapped)
    reasons = {row.line: row.reason for row in found if isinstance(row, Refused)}
    parts = ["no text", "no rebuttal", "Rated true", "Not rated", "'Elvish'", "2 cells", "5 cells",
             "2,000"]  # fmt: skip
    assert list(reasons) == list(range(2, 10))
    for reason, part in zip(reasons.values(), parts, strict=True):
        assert part in reason
    assert [row.line for row in found if isinstance(row, Row)] == [10]


def test_a_quotation_mark_that_is_not_closed_is_told(tmp_path: Path) -> None:
    text = TABLE + '"A dam.,It is.\n' + "x" * (1 << 20) + "\n"
    found = read(tmp_path, text)
    assert isinstance(found[0], Row)
    assert isinstance(found[1], Refused)
    assert "quotation mark" in found[1].reason
    assert found[1].line == 3


def test_an_ambiguous_date_is_left_out_unless_its_order_is_stated(tmp_path: Path) -> None:
    text = TABLE.replace("\n", ",03/04/2016\n").replace(",03/04/2016\n", ",Date\n", 1)
    columns = COLUMNS | {"first_seen": "Date"}
    (row,) = read(tmp_path, text, Mapped(columns))
    assert isinstance(row, Row)
    assert row.claim.first_seen is None
    assert "two different days" in row.notes[0]
    for order, date in (("dmy", "2016-04-03"), ("mdy", "2016-03-04")):
        (row,) = read(tmp_path, text, Mapped(columns, dates=order))  # type: ignore[arg-type]
        assert isinstance(row, Row)
        assert row.claim.first_seen == date


def test_a_constant_fills_empty_cells(tmp_path: Path) -> None:
    mapped = Mapped(COLUMNS | {"publisher": "By"}, {"publisher": "Our desk", "language": "uk"})
    text = "Claim,Verdict,By\nA dam.,It is.,\nB dam.,It is.,Theirs\n"
    found = [row.claim for row in read(tmp_path, text, mapped) if isinstance(row, Row)]
    assert [claim.rebuttals[0].publisher for claim in found] == ["Our desk", "Theirs"]
    assert {claim.language for claim in found} == {"uk"}


def test_links_of_the_rebuttal_become_sources(tmp_path: Path) -> None:
    text = (
        'Claim,Verdict\nA dam.,"See <a href=""https://a.example/1"">it</a>, https://b.example/2."\n'
    )
    (row,) = read(tmp_path, text)
    assert isinstance(row, Row)
    assert row.claim.rebuttal == "See it, https://b.example/2."
    assert [(r.url, r.kind) for r in row.claim.rebuttals] == [
        ("https://a.example/1", "source"),
        ("https://b.example/2", "source"),
    ]


@pytest.mark.parametrize(
    ("mapped", "part"),
    [
        (Mapped({"text": "Claim"}), "--map rebuttal=COLUMN"),
        (Mapped(COLUMNS | {"colour": "Claim"}), "no field 'colour'"),
        (Mapped(COLUMNS | {"wording.xx": "Claim"}), "no field 'wording.xx'"),
        (Mapped(COLUMNS | {"title": "Titel"}), "no column Titel. The columns are Claim, Verdict"),
        (Mapped(COLUMNS, delimiter="::"), "one character"),
    ],
)
def test_a_wrong_mapping_is_told_before_anything_is_read(
    tmp_path: Path, mapped: Mapped, part: str
) -> None:
    with pytest.raises(ServiceError, match=part.replace("(", r"\(")):
        read(tmp_path, TABLE, mapped)


@pytest.mark.parametrize("text", ["", "\n\n", "Claim,Claim\na,b\n"])
def test_a_table_without_a_clear_header_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ServiceError, match=r"header|two columns"):
        read(tmp_path, text)


def test_a_mapping_file_says_the_same_as_options(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("map: {text: Claim, rebuttal: Verdict}\nset: {language: de}\ndates: dmy\n")
    assert Mapped(**read_mapping(path)) == Mapped(COLUMNS, {"language": "de"}, dates="dmy")


@pytest.mark.parametrize("text", ["", "- a", "map: [a]", "colour: red", "dates: ymd", "{", "\x00"])
def test_a_wrong_mapping_file_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text)
    with pytest.raises(ServiceError, match=r"mapping\.yaml"):
        read_mapping(path)
