"""``refrain evaluate``: the command, and the engines that it measures."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service import __version__
from service.cli.running import read_and_log, told_plainly
from service.errors import ServiceError
from service.progress import progress, tell
from service.settings import Settings

if TYPE_CHECKING:  # numpy and its kin are imported late, so that `refrain --version` is quick
    from service.evaluation.report import Circumstances, Measured
    from service.evaluation.running import Bench, EngineFor
    from service.evaluation.sets import Documents, EvaluationSet

DEFAULT_SETS = Path(__file__).resolve().parents[2].parent / "shared" / "data"
"""Beside the repository; nothing is measured by default where that is not."""

ROWS_PER_COMMIT = 500

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(name="evaluate")
@click.option(
    "--sets",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with evaluation sets, or with folders of them. [default: ../shared/data beside "
    "the repository, where it is]",
)
@click.option(
    "--set",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only the sets of this name, such as 'dev/queries_en' or 'dev/*'; may be repeated.",
)
@click.option("--queries", type=_FILE, help="Your own queries: TSV (id, text) or JSON Lines.")
@click.option("--qrels", type=_FILE, help="Their judgements: lines 'query 0 claim relevance'.")
@click.option(
    "--claims",
    type=_FILE,
    help="Their claims: TSV (id, text, title) or JSON Lines. [default: the catalogue]",
)
@click.option("--neutral", type=_FILE, help="Sentences that are about no claim, like --queries.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--html", "html_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--details", is_flag=True, help="Print single languages and styles, too.")
@click.option(
    "--base-rate",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Weigh the calibration error to this share of sentences that have a claim behind them.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--limit-queries", type=click.IntRange(1), metavar="N", help="At most N queries of each set."
)
@told_plainly
def evaluate(
    folder: Path | None,
    names: tuple[str, ...],
    queries: Path | None,
    qrels: Path | None,
    claims: Path | None,
    neutral: Path | None,
    json_file: Path | None,
    html_file: Path | None,
    details: bool,
    base_rate: float | None,
    seed: int,
    limit_queries: int | None,
) -> None:
    """Measure how well claims are found, on the evaluation sets that are present."""
    if (queries is None) != (qrels is None):
        raise click.UsageError("--queries and --qrels belong together.")
    if queries is None and (claims or neutral):
        raise click.UsageError("--claims and --neutral go with --queries and --qrels.")
    from service.evaluation.figures import figures_of
    from service.evaluation.report import Circumstances, Measured, as_html, as_json
    from service.evaluation.running import run_sets

    began = datetime.now(UTC)
    sets, absent = _chosen(folder, names, queries, qrels, claims, neutral)
    if limit_queries is not None:
        sets = [one.thinned(limit_queries) for one in sets]
    for path in (json_file, html_file):
        _make_room(path)
    if not sets:
        tell("No evaluation set is present.")
    measured = []
    for run, seconds in run_sets(sets, _engines(), progress):
        figures = figures_of(run, seed=seed, base_rate=base_rate)
        measured.append(Measured(run, tuple(figures), seconds))
    place = {one.name: number for number, one in enumerate(sets)}
    measured.sort(key=lambda one: place[one.run.set.name])
    around = Circumstances(__version__, began, _machine(), seed, base_rate, absent)
    _print(measured, around, details)
    _write(json_file, lambda: as_json(measured, around))
    _write(html_file, lambda: as_html(measured, around))


def _chosen(
    folder: Path | None,
    names: tuple[str, ...],
    queries: Path | None,
    qrels: Path | None,
    claims: Path | None,
    neutral: Path | None,
) -> tuple[list[EvaluationSet], tuple[str, ...]]:
    """The sets to run, and the known ones that are absent. Raises ServiceError."""
    from service.evaluation.formats.folder import KNOWN, find_sets
    from service.evaluation.formats.trec import read_claims, read_set

    sets: list[EvaluationSet] = []
    absent: tuple[str, ...] = ()
    if folder or not queries:
        place = folder or DEFAULT_SETS
        if place.is_dir():
            found = find_sets(place)
            sets, absent = list(found.sets), found.absent
        else:
            absent = tuple(KNOWN)
        for name in absent:
            tell(f"Absent, skipped: {name} ({KNOWN[name]}).")
        if folder and not sets:
            raise ServiceError(f"{folder}: holds no evaluation set.")
    if queries and qrels:
        documents = read_claims(claims) if claims else None
        name = queries.name.split(".")[0]
        sets.append(read_set(name, queries, qrels, documents, neutral))
    known = [one.name for one in sets]
    for name in names:
        if not fnmatch.filter(known, name):
            present = ", ".join(known) or "none"
            raise ServiceError(f"There is no set {name!r}. Present: {present}.")
    return [
        one for one in sets if not names or any(fnmatch.fnmatch(one.name, name) for name in names)
    ], absent


def _engines() -> EngineFor:
    """Engines by the settings; the heavy parts are loaded when the first is opened."""

    def engine_for(documents: Documents | None) -> AbstractContextManager[Bench]:
        settings = read_and_log()
        return _bench(settings if documents is None else _apart(settings, documents), documents)

    return engine_for


def _apart(settings: Settings, documents: Documents) -> Settings:
    """Settings for a catalogue that holds these documents alone.

    It stays in the data folder, so that the next run need not encode them again.
    """
    digest = hashlib.sha256(repr(documents.claims).encode()).hexdigest()[:16]
    place = settings.data_dir / "evaluation" / digest
    return replace(settings, data_dir=place, catalogue_url=None, starter=False)


@contextmanager
def _bench(settings: Settings, documents: Documents | None) -> Iterator[Bench]:
    from service.catalogue.catalogue import Catalogue
    from service.evaluation.running import Bench
    from service.matching.scanning import scan
    from service.models import MatchQuery, ScanQuery
    from service.preparation import locked, prepare
    from service.wiring import load_engine

    with locked(settings.data_dir):
        catalogue = Catalogue(settings.database_url)
        try:
            catalogue.migrate()
            claims = documents.claims if documents else ()
            for start in range(0, len(claims), ROWS_PER_COMMIT):
                # what is there already is left alone
                batch = claims[start : start + ROWS_PER_COMMIT]
                catalogue.save(batch, who="evaluate", encoded=None)
        finally:
            catalogue.close()
    prepare(settings)
    catalogue = Catalogue(settings.database_url)
    try:
        engine = load_engine(settings, catalogue)
        yield Bench(
            engine,
            catalogue,
            lambda text: scan(engine, ScanQuery(text, MatchQuery("", limit=1))).findings,
        )
    finally:
        catalogue.close()


def _print(measured: list[Measured], around: Circumstances, details: bool) -> None:
    from rich.console import Console

    from service.evaluation.report import notices, table

    if not measured:
        return
    # a file or a pipe has no width of its own; the table must not be folded there
    Console(width=None if sys.stdout.isatty() else 120).print(table(measured, details=details))
    described = measured[0].run.engine
    click.echo(
        f"{described.encoder}, verifier {described.verifier or 'none'}, calibration "
        f"{described.calibration or 'none'}; {around.machine}; {around.began.date()}"
    )
    for notice in notices(measured):
        click.echo(notice)


def _make_room(path: Path | None) -> None:
    """Finds out before the work whether the report can be written after it."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    except OSError as error:
        raise ServiceError(f"{path}: cannot be written: {error.strerror or error}") from error


def _write(path: Path | None, content: Callable[[], str]) -> None:
    if path is None:
        return
    try:
        path.write_text(content(), encoding="utf-8")
    except OSError as error:
        raise ServiceError(f"{path}: cannot be written: {error.strerror or error}") from error
    tell(f"Wrote {path}.")


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
