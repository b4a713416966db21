"""The command line."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service import __version__
from service.errors import CatalogueError, ServiceError, SnapshotError
from service.models import MatchQuery, MatchResult
from service.settings import Settings, read_settings

P = ParamSpec("P")
R = TypeVar("R")


def _told(command: Callable[P, R]) -> Callable[P, R]:
    """Turns the house's errors into one line on standard error and exit status 1."""

    @wraps(command)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ServiceError as error:
            raise click.ClickException(str(error)) from error

    return inner


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="refrain")
def main() -> None:
    """Has this Kremlin claim been made before, and what is the known rebuttal?"""


def _settings() -> Settings:
    settings = read_settings(os.environ)
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("alembic", "sentence_transformers", "huggingface_hub", "faiss"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.root.level))
    return settings


@main.command()
@_told
def prepare() -> None:
    """Make everything ready to serve: schema, starter catalogue, vectors, index."""
    from service.preparation import prepare as run  # brings torch in, which takes seconds

    run(_settings())


@main.command()
@_told
def serve() -> None:
    """Prepare, then serve over HTTP."""
    settings = _settings()
    from service.serving import serve as run

    run(settings)


@main.command()
@_told
def reindex() -> None:
    """Write the index anew from the catalogue and its stored vectors."""
    from service.preparation import prepare as run

    run(_settings(), rebuild=True)


@main.command()
@click.argument("text")
@click.option("--limit", type=click.IntRange(1, 50), default=5, show_default=True)
@click.option("--min-score", type=click.FloatRange(0, 1), help="Lowest score to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer of POST /match.")
@_told
def match(text: str, limit: int, min_score: float | None, as_json: bool) -> None:
    """Find the documented claims behind TEXT."""
    from service.schemas.match import MatchAnswer, MatchAnswerSchema, MatchQuerySchema

    asked = {"text": text, "limit": limit} | ({} if min_score is None else {"min_score": min_score})
    query: MatchQuery = _checked(MatchQuerySchema().load, asked)
    with _engine() as engine:
        result = engine.find_matches([query])[0]
        if as_json:
            answer = MatchAnswerSchema().dump(MatchAnswer(result, engine.describe()))
            click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        else:
            _show(result)


@main.group(name="import")
def import_group() -> None:
    """Bring claims into the catalogue."""


@import_group.command(name="jsonl")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@_told
def import_jsonl(files: tuple[Path, ...]) -> None:
    """Import claims in the interface's JSON, one per line."""
    from service.catalogue.catalogue import Catalogue
    from service.interchange import jsonl
    from service.interchange.importing import import_claims
    from service.preparation import load_encoder
    from service.progress import progress

    settings = _settings()
    catalogue = Catalogue(settings.database_url)
    catalogue.check()
    encoder = load_encoder(settings)
    refused = 0
    for path in files:
        with progress(f"Importing {path.name}", None) as step:
            report = import_claims(
                catalogue, encoder, jsonl.read(path), who="import jsonl", step=step
            )
        for fault in report.refused:
            click.echo(f"{path}:{fault.line}: refused: {fault.reason}", err=True)
        refused += len(report.refused)
        click.echo(
            f"{path}: {report.read} read, {report.added} added, {report.changed} changed, "
            f"{report.unchanged} unchanged, {len(report.refused)} refused"
        )
    if refused:
        sys.exit(1)


@main.command()
@_told
def openapi() -> None:
    """Print the interface as OpenAPI, in YAML."""
    from service.app import openapi_yaml

    click.echo(openapi_yaml(), nl=False)


def _checked(load: Callable[[dict[str, Any]], Any], asked: dict[str, Any]) -> Any:
    from marshmallow import ValidationError

    from service.schemas.faults import told

    try:
        return load(asked)
    except ValidationError as error:
        raise ServiceError(told(error.messages)) from error


@contextmanager
def _engine() -> Iterator[Any]:
    """A loaded engine over the catalogue, which is prepared first where that is needed."""
    from service.catalogue.catalogue import Catalogue
    from service.preparation import prepare as run
    from service.wiring import load_engine

    settings = _settings()
    catalogue = Catalogue(settings.database_url)
    try:
        try:
            engine = load_engine(settings, catalogue)
        except (CatalogueError, SnapshotError):  # not prepared yet, or for another encoder
            run(settings)
            engine = load_engine(settings, catalogue)
        yield engine
    finally:
        catalogue.close()


def _show(result: MatchResult) -> None:
    console = Console()
    if result.no_match:
        console.print(f"No match. {result.no_match.reason}", highlight=False)
        return
    table = Table(show_lines=True)
    for heading in ("Score", "Claim", "Rebuttal"):
        table.add_column(heading, overflow="fold")
    for match in result.matches:
        claim = match.claim
        table.add_row(
            f"{match.score:.2f}\n{match.relation}",
            f"[bold]{escape(claim.title or claim.text)}[/bold]\n{escape(match.matched.text)}"
            f"\n[dim]{claim.id}[/dim]",
            escape(
                "\n".join([claim.rebuttal, *(link.url for link in claim.rebuttals if link.url)])
            ),
        )
    console.print(table)
