"""Export: what goes out comes in again, and a file is whole or not there."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from service.catalogue.catalogue import Catalogue
from service.catalogue.database import sqlite_url
from service.errors import ServiceError
from service.interchange import jsonl
from service.interchange.exporting import write_claimreview, write_jsonl, written_aside
from service.interchange.importing import import_claims
from service.models import Claim
from service.starter import load_starter
from tests.fakes import CLAIMS, FakeEncoder


def export(catalogue: Catalogue, path: Path) -> Path:
    with written_aside(path) as file:
        write_jsonl(catalogue.all_claims(), file, lambda _: None)
    return path


def test_the_starter_catalogue_goes_out_and_in_unchanged(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    claims = list(load_starter())
    catalogue.save(claims, who="starter", encoded=None)
    revision = catalogue.revision()
    path = export(catalogue, tmp_path / "out.jsonl")
    report = import_claims(catalogue, FakeEncoder(), jsonl.read(path), who="import jsonl")
    assert (report.read, report.unchanged) == (len(claims), len(claims))
    assert catalogue.revision() == revision
    fresh = Catalogue(sqlite_url(tmp_path / "fresh.sqlite"))
    fresh.migrate()
    assert import_claims(fresh, FakeEncoder(), jsonl.read(path), who="x").added == len(claims)

    def without_stamps(found: Path) -> list[dict[str, object]]:
        rows = [json.loads(line) for line in found.read_text("utf-8").splitlines()]
        return [{k: v for k, v in row.items() if k not in ("revision", "updated")} for row in rows]

    assert without_stamps(export(fresh, tmp_path / "again.jsonl")) == without_stamps(path)
    fresh.close()


def test_claimreview_goes_out_as_one_document() -> None:
    file = StringIO()
    count = write_claimreview(
        iter(CLAIMS), file, lambda _: None, publisher="Our Desk", base_url=None
    )
    document = json.loads(file.getvalue())
    assert count == len(document["@graph"]) == len(CLAIMS)
    assert document["@context"] == "https://schema.org"
    assert {node["@type"] for node in document["@graph"]} == {"ClaimReview"}
    empty = StringIO()
    write_claimreview(iter(()), empty, lambda _: None, publisher="Our Desk", base_url=None)
    assert json.loads(empty.getvalue())["@graph"] == []


def test_a_file_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("before")

    def broken() -> Iterator[Claim]:
        yield CLAIMS[0]
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError), written_aside(path) as file:
        write_jsonl(broken(), file, lambda _: None)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    with written_aside(path) as file:
        assert write_jsonl(iter(CLAIMS), file, lambda _: None) == len(CLAIMS)
    assert len(path.read_text("utf-8").splitlines()) == len(CLAIMS)
    assert path.stat().st_mode & 0o400


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="cannot be written"), written_aside(tmp_path / "a/b"):
        pass


def test_no_path_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    with written_aside(None) as file:
        assert file is sys.stdout
        file.write("x")
    assert capsys.readouterr().out == "x"
