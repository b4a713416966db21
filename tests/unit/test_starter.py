"""The starter catalogue: every entry, and what the loader says of a wrong one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from service.models import CLAIM_ID, Claim, date_span
from service.starter import STARTER_DIRECTORY, StarterError, load_starter

CLAIMS = list(load_starter())
EACH = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)

ENTRY = """\
id: moon
title: The Moon
claims:
  - id: moon-is-cheese
    text: The Moon is made of cheese.
    rebuttal: It is made of rock.
    reviewed: true
    first_seen: 2024-11-29
"""


def _load(directory: Path, content: str, name: str = "moon.yaml") -> list[Claim]:
    (directory / name).write_text(content, encoding="utf-8")
    return list(load_starter(directory))


def test_catalogue_has_all_its_claims_and_narratives() -> None:
    assert len(CLAIMS) == 242
    assert len({claim.narrative for claim in CLAIMS}) == 34


def test_ids_are_unique() -> None:
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)


def test_no_wording_occurs_twice() -> None:
    counts = Counter(
        " ".join(text.split()).casefold() for claim in CLAIMS for *_, text in claim.phrasings()
    )
    assert [text for text, count in counts.items() if count > 1] == []


@EACH
def test_entry_has_what_an_answer_needs(claim: Claim) -> None:
    assert CLAIM_ID.match(claim.id)
    assert claim.text.strip()
    assert claim.title
    assert claim.rebuttal.strip()
    assert claim.narrative
    assert claim.wordings.get("en"), "an English wording"
    assert all(text.strip() for texts in claim.wordings.values() for text in texts)


@EACH
def test_reviewed_entry_has_a_source(claim: Claim) -> None:
    if claim.reviewed:
        assert any(rebuttal.url for rebuttal in claim.rebuttals)


@EACH
def test_urls_are_well_formed(claim: Claim) -> None:
    urls = [rebuttal.url for rebuttal in claim.rebuttals]
    for appearance in claim.appearances:
        urls += [appearance.url, appearance.archived_url]
    for url in filter(None, urls):
        parts = urlsplit(url)
        assert parts.scheme in {"http", "https"}, url
        assert "." in (parts.hostname or ""), url
        assert not set(url) & set(" \t\n<>\"'"), url


@EACH
def test_dates_are_real(claim: Claim) -> None:
    dates = [claim.first_seen, claim.facts_as_of]
    dates += [rebuttal.date for rebuttal in claim.rebuttals]
    dates += [appearance.date for appearance in claim.appearances]
    for value in filter(None, dates):
        first, last = date_span(value)
        assert first <= last


@EACH
def test_rebuttal_is_not_where_the_claim_was_spread(claim: Claim) -> None:
    spread = {appearance.url for appearance in claim.appearances}
    spread |= {appearance.archived_url for appearance in claim.appearances}
    assert not {rebuttal.url for rebuttal in claim.rebuttals} & spread - {None}


def test_files_have_no_carriage_returns_and_end_with_a_line_break() -> None:
    for path in STARTER_DIRECTORY.glob("*.yaml"):
        content = path.read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")


def test_plain_dates_years_and_codes_stay_text(tmp_path: Path) -> None:
    wordings = "    wordings:\n      no:\n        - Månen er laget av ost.\n"
    appearance = "    appearances:\n      - outlet: The Daily Cheese\n        date: 2024\n"
    (claim,) = _load(tmp_path, ENTRY + appearance + wordings)
    assert claim.first_seen == "2024-11-29"
    assert claim.appearances[0].date == "2024"
    assert claim.wordings == {"no": ("Månen er laget av ost.",)}
    assert claim.reviewed is True


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("rebuttal: It", "rebutal: It", "claim 'moon-is-cheese': .*rebutal"),
        ("    rebuttal: It is made of rock.\n", "", "claim 'moon-is-cheese': .*/rebuttal"),
        ("2024-11-29", "2024-13-01", "claim 'moon-is-cheese': .*/first_seen"),
        ("moon-is-cheese", "Moon is cheese", "claim 'Moon is cheese': .*/id"),
        ("  - id: moon-is-cheese\n    text", "  - text", "claim number 1 has no id"),
        ("id: moon\n", "id: mars\n", "must be the file's name"),
        ("title: The Moon\n", "", "exactly id, title and claims"),
        ("reviewed: true", "text: It is.", "written twice: text"),
        ("reviewed: true", "narrative: {id: mars}", "drop the field"),
        ("claims:", "claims: [", "did not find expected node"),
    ],
)
def test_wrong_entry_is_named_with_file_and_fault(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    assert old in ENTRY
    with pytest.raises(StarterError, match=rf"(?s)^moon\.yaml: .*{fault}"):
        _load(tmp_path, ENTRY.replace(old, new, 1))


def test_id_in_two_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mars.yaml").write_text(ENTRY.replace("id: moon\n", "id: mars\n"), "utf-8")
    with pytest.raises(StarterError, match=r"also in mars\.yaml"):
        _load(tmp_path, ENTRY)


def test_right_entry_is_loaded(tmp_path: Path) -> None:
    (claim,) = _load(tmp_path, ENTRY)
    assert (claim.id, claim.narrative and claim.narrative.title) == ("moon-is-cheese", "The Moon")
