"""``refrain import`` and ``refrain export`` as an editor calls them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, event

from service import preparation
from service.catalogue import database
from service.catalogue.catalogue import Catalogue
from service.catalogue.database import open_database
from service.cli.exporting import export_group
from service.cli.importing import import_group
from service.interchange import importing
from service.interchange.spooling import Spool
from service.settings import Settings
from tests.fakes import FakeEncoder
from tests.unit.interchange.test_claimreview import REVIEW

TABLE = "Claim,Verdict\nThe dam is a hologram.,It is made of concrete.\nNo verdict.,\n"
CSV = ("csv", "table.csv", "--map", "text=Claim", "--map", "rebuttal=Verdict")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current directory with a catalogue, and the fake encoder for the real one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REFRAIN_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setattr(preparation, "load_encoder", lambda _: FakeEncoder())
    (tmp_path / "var").mkdir()
    opened = catalogue(tmp_path)
    opened.migrate()
    opened.close()
    (tmp_path / "table.csv").write_text(TABLE, "utf-8")
    return tmp_path


def catalogue(folder: Path) -> Catalogue:
    return Catalogue(Settings(data_dir=folder / "var").database_url)


def texts(folder: Path) -> list[str]:
    opened = catalogue(folder)
    try:
        return [claim.text for claim in opened.all_claims()]
    finally:
        opened.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(import_group, arguments)


def test_refused_rows_are_named_in_a_file_and_end_with_1(here: Path) -> None:
    result = run(*CSV)
    assert result.exit_code == 1
    assert "2 read, 1 added, 0 changed, 0 unchanged, 1 refused" in result.stdout
    assert "table.csv.refused.jsonl" in result.stdout
    (line,) = (here / "table.csv.refused.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line) == {
        "file": "table.csv", "line": 3, "outcome": "refused", "reason": "It has no rebuttal.",
        "about": "No verdict.",
    }  # fmt: skip
    assert texts(here) == ["The dam is a hologram."]


def full_after(monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
    """Lets every catalogue that is opened from now on grow to so many pages."""

    def opened(url: str) -> Engine:
        engine = open_database(url)
        event.listen(
            engine, "connect", lambda raw, _: raw.execute(f"PRAGMA max_page_count={pages}")
        )
        return engine

    monkeypatch.setattr(database, "open_database", opened)


def test_an_import_on_a_full_disk_keeps_its_commits_and_is_completed_by_another(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"id": f"dam-{at}", "text": f"Dam {at} is a hologram.", "rebuttal": "No. " * 250}
        for at in range(1_200)
    ]
    (here / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    with monkeypatch.context() as patch:
        full_after(patch, 1_000)
        result = run("jsonl", "rows.jsonl")
    kept = len(texts(here))
    assert result.exit_code == 1
    assert kept == importing.ROWS_PER_COMMIT
    assert f"{kept} read, {kept} added" in result.stdout
    assert "The disk of the catalogue is full." in result.stderr
    assert "Run the import again" in result.stderr
    again = run("jsonl", "rows.jsonl")
    assert again.exit_code == 0
    assert f"{1_200 - kept} added, 0 changed, {kept} unchanged" in again.stdout
    assert len(texts(here)) == 1_200


def test_no_room_for_the_rows_meanwhile_is_told_plainly(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Spool.__init__

    def narrow(self: Spool, rows: sqlite3.Connection) -> None:
        keep(self, rows)
        rows.execute("PRAGMA max_page_count=4")

    monkeypatch.setattr(Spool, "__init__", narrow)
    (here / "table.csv").write_text(
        "Claim,Verdict\n" + "".join(f"Dam {at}.,{'No. ' * 200}\n" for at in range(50)), "utf-8"
    )
    result = run(*CSV)
    assert result.exit_code == 1
    assert "TMPDIR" in result.stderr
    assert isinstance(result.exception, SystemExit)
    assert texts(here) == []


def test_the_default_file_never_replaces_an_older_one(here: Path) -> None:
    assert run(*CSV).exit_code == 1
    first = (here / "table.csv.refused.jsonl").read_text("utf-8")
    assert "table.csv.refused.2.jsonl" in run(*CSV, "--allow-refused").stdout
    assert (here / "table.csv.refused.jsonl").read_text("utf-8") == first
    assert (here / "table.csv.refused.2.jsonl").exists()


def test_a_named_file_for_refused_rows_must_be_new(here: Path) -> None:
    (here / "taken").write_text("mine")
    result = run(*CSV, "--refused", "taken")
    assert result.exit_code == 1
    assert "exists already" in result.stderr
    assert (here / "taken").read_text() == "mine"
    assert texts(here) == []
    assert run(*CSV, "--refused", "new", "--allow-refused").exit_code == 0
    assert (here / "new").exists()


def test_without_faults_no_file_is_left(here: Path) -> None:
    (here / "table.csv").write_text(TABLE.rsplit("No", 1)[0], "utf-8")
    result = run(*CSV)
    assert result.exit_code == 0
    assert not list(here.glob("*.refused*"))


def test_a_dry_run_tells_the_same_and_changes_nothing(here: Path) -> None:
    dry = run(*CSV, "--dry-run", "--allow-refused")
    assert "a dry run: nothing was changed" in dry.stdout
    assert texts(here) == []
    wet = run(*CSV, "--allow-refused")
    assert dry.stdout.splitlines()[0].startswith(wet.stdout.splitlines()[0])


def test_the_second_import_does_not_load_the_encoder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*CSV)

    def fail(_: Settings) -> FakeEncoder:
        raise AssertionError("it was loaded")

    monkeypatch.setattr(preparation, "load_encoder", fail)
    result = run(*CSV, "--allow-refused")
    assert "1 unchanged" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((), "--publisher"),
        (("--all", "--publisher", "a.example"), "--publisher"),
        (("--publisher", " "), "must not be empty"),
        (("--all", "--language", "English"), "ISO 639-1"),
    ],
)
def test_claimreview_needs_a_selection(here: Path, arguments: tuple[str, ...], part: str) -> None:
    (here / "feed.json").write_text(json.dumps(REVIEW), "utf-8")
    result = run("claimreview", "feed.json", *arguments)
    assert result.exit_code == 2
    assert part in result.stderr
    assert texts(here) == []


def test_claimreview_takes_the_selection_from_several_files(here: Path) -> None:
    for name in ("a", "b"):
        review = REVIEW | {"url": f"https://{name}.example/1"}
        (here / f"{name}.json").write_text(json.dumps(review), "utf-8")
    result = run("claimreview", "a.json", "b.json", "--publisher", "a.example")
    assert result.exit_code == 0, result.output
    assert "2 files: 1 read, 1 added" in result.stdout
    result = run("claimreview", "a.json", "--publisher", "other.example")
    assert "No review in these files" in result.stderr


def test_jsonl_is_refused_by_line_and_goes_out_again(here: Path) -> None:
    rows = [{"id": "a", "text": "A.", "rebuttal": "No."}, {"id": "b", "text": "B."}]
    (here / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    assert run("jsonl", "in.jsonl").exit_code == 1
    result = CliRunner().invoke(export_group, ["jsonl"])
    assert json.loads(result.stdout)["id"] == "a"
    assert "1 claim exported" in result.stderr
    assert CliRunner().invoke(export_group, ["jsonl", "--out", "o.jsonl"]).exit_code == 0
    assert "1 unchanged, 0 refused" in run("jsonl", "o.jsonl").stdout


def test_export_claimreview_needs_a_publisher(here: Path) -> None:
    result = CliRunner().invoke(export_group, ["claimreview"])
    assert result.exit_code == 1
    assert "REFRAIN_PUBLISHER" in result.stderr
    result = CliRunner().invoke(export_group, ["claimreview", "--publisher", "Our Desk"])
    assert json.loads(result.stdout)["@graph"] == []
    result = CliRunner().invoke(
        export_group, ["claimreview", "--publisher", "D", "--base-url", "here"]
    )
    assert result.exit_code == 2


@pytest.mark.parametrize("arguments", [CSV[:2], (*CSV, "--map", "text"), (*CSV, "--encoding", "x")])
def test_wrong_options_are_told_without_a_traceback(here: Path, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    assert texts(here) == []


def test_nothing_is_written_where_one_of_the_files_cannot_be_read(here: Path) -> None:
    (here / "other.csv").write_text("a,b\n1,2\n", "utf-8")
    result = run("csv", "table.csv", "other.csv", *CSV[2:])
    assert result.exit_code == 1
    assert "there is no column" in result.stderr
    assert texts(here) == []
