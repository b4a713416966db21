"""The Propaganda Diary: its languages are joined, its debunks become plain text and links."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.catalogue.catalogue import Catalogue
from service.errors import ServiceError
from service.interchange import vox_diary
from service.interchange.importing import Policy, Refused, Row, import_claims
from service.interchange.spooling import merged, spool
from tests.fakes import FakeEncoder

ENGLISH = {
    "id": 1,
    "Narrative": "Dams are not real",
    "Fakes": "The dam is a hologram",
    "Disinfo_cases_en": "The army projects the dam onto the river.",
    "Date": "09/12/2021",
    "Countries": "Italy",
    "Media": "Zero",
    "Link": "https://zero.example/The-River",
    "Debunking": '<p>It is <a href="https://dams.example/en">made of concrete</a>.</p>\n'
    "<p>Two.</p>",
}
RUSSIAN = {
    "Narrative": "Плотин нет",
    "Fakes": "Плотина — голограмма",
    "Disinfo_cases_ru": "Армия проецирует плотину на реку.",
    "Date": "09/12/2021",
    "Countries": "Италия",
    "Media": "Zero",
    "Link": "https://zero.example/the-river",
    "Debunking": '<p>Она <a href="https://dams.example/ru">из бетона</a>.</p>',
}
UKRAINIAN = {
    "Disinfo_cases _ua": "Армія проєктує дамбу на річку.",
    "Date": "09/12/2021",
    "Media": "Zero",
    "Link": "https://zero.example/the-river",
    "Debunking": "<p>Вона з бетону.</p>",
}
REAL = Path(__file__).parents[3] / ".." / "shared/data/vox_diary"


def write(tmp_path: Path, **cases: list[Any]) -> list[Path]:
    paths = []
    for language, held in cases.items():
        paths.append(tmp_path / f"cases.{language}.json")
        paths[-1].write_text(json.dumps(held), "utf-8")
    return paths


def test_a_case_in_three_languages_becomes_one_claim(tmp_path: Path) -> None:
    paths = write(tmp_path, ru=[RUSSIAN], en=[ENGLISH], uk=[UKRAINIAN])
    (row,) = vox_diary.read(paths)
    assert isinstance(row, Row)
    claim = row.claim
    assert (claim.text, claim.title) == (ENGLISH["Disinfo_cases_en"], "The dam is a hologram")
    assert claim.wordings == {
        "uk": ("Армія проєктує дамбу на річку.",),
        "ru": ("Армия проецирует плотину на реку.",),
    }
    assert claim.rebuttal == "It is made of concrete.\n\nTwo."
    assert claim.narrative is not None
    assert (claim.narrative.id, claim.narrative.title) == (
        "vox-dams-are-not-real",
        "Dams are not real",
    )
    assert claim.first_seen == "2021-12-09"
    assert claim.keywords == ("Italy",)
    assert [r.url for r in claim.rebuttals] == [
        None,
        "https://dams.example/en",
        "https://dams.example/ru",
    ]
    assert claim.rebuttals[0].publisher == "VoxUkraine"
    assert claim.rebuttals[1].title == "made of concrete"
    assert claim.appearances[0].url == "https://zero.example/the-river"


def test_the_order_of_the_files_does_not_matter(tmp_path: Path) -> None:
    paths = write(tmp_path, ru=[RUSSIAN], en=[ENGLISH], uk=[UKRAINIAN])
    assert list(vox_diary.read(paths)) == list(vox_diary.read(paths[::-1]))


def test_a_language_that_lacks_the_case_gives_no_wording(tmp_path: Path) -> None:
    empty = RUSSIAN | {"Disinfo_cases_ru": ""}
    (row,) = vox_diary.read(write(tmp_path, en=[ENGLISH], ru=[empty]))
    assert isinstance(row, Row)
    assert row.claim.wordings == {}


def test_empty_and_unmatched_cases_are_refused_by_number(tmp_path: Path) -> None:
    empty = dict.fromkeys(ENGLISH, "")
    no_debunk = ENGLISH | {"Debunking": "<p> </p>"}
    paths = write(
        tmp_path,
        en=[ENGLISH, empty, ENGLISH, no_debunk, "no case"],
        ru=[RUSSIAN, dict.fromkeys(RUSSIAN, ""), RUSSIAN | {"Media": "Other"}, RUSSIAN],
    )
    found = list(vox_diary.read(paths))
    assert isinstance(found[0], Row)
    reasons = {row.line: row.reason for row in found if isinstance(row, Refused)}
    assert set(reasons) == {2, 3, 4, 5}
    assert "empty" in reasons[2]
    assert "do not match" in reasons[3]
    assert "no debunk" in reasons[4]


@pytest.mark.parametrize("text", ['{"a": 1}', "[1]", "[]", "nothing"])
def test_what_is_no_list_of_cases_is_refused_as_a_whole(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ServiceError):
        list(vox_diary.read([path]))


def test_two_files_in_one_language_are_refused(tmp_path: Path) -> None:
    paths = write(tmp_path, en=[ENGLISH], copy=[ENGLISH])
    with pytest.raises(ServiceError, match="another file is in this language"):
        list(vox_diary.read(paths))


@pytest.mark.skipif(not REAL.exists(), reason="the diary is not here")
def test_the_real_diary_comes_in_once(catalogue: Catalogue) -> None:
    reports = []
    for _ in "ab":
        with spool() as rows:
            rows.fill(vox_diary.read(sorted(REAL.glob("cases.*.json"))), merged)
            reports.append(
                import_claims(
                    catalogue, FakeEncoder(), rows, who="import", policy=Policy(foreign=True)
                )
            )
    first, second = reports
    assert (first.read, first.refused) == (623, 12)
    assert first.added + first.merged == 611
    assert (second.unchanged, second.added, second.changed) == (first.added, 0, 0)
    languages = [set(claim.wordings) | {claim.language} for claim in catalogue.all_claims()]
    assert sum(found == {"en", "ru", "uk"} for found in languages) > 500
    assert not any("<" in claim.rebuttal for claim in catalogue.all_claims())
