"""``refrain export``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from service.cli.running import read_and_log, told_plainly
from service.errors import ServiceError
from service.settings import Settings

if TYPE_CHECKING:
    from service.catalogue.catalogue import Catalogue
    from service.interchange.exporting import Step

Write = Callable[["Catalogue", IO[str], "Step"], int]

_out = click.option(
    "--out",
    default="-",
    show_default=True,
    metavar="FILE",
    help="File to write, replaced if it exists; - is standard output.",
)


@click.group(name="export")
def export_group() -> None:
    """Write the catalogue's claims to a file."""


@export_group.command(name="jsonl")
@_out
@told_plainly
def export_jsonl(out: str) -> None:
    """Write all claims in the interface's JSON, one per line."""
    from service.interchange.exporting import write_jsonl

    _run(
        read_and_log(),
        out,
        lambda catalogue, file, step: write_jsonl(catalogue.all_claims(), file, step),
    )


@export_group.command(name="claimreview")
@_out
@click.option("--publisher", metavar="NAME", help="The author. [default: REFRAIN_PUBLISHER]")
@click.option("--base-url", metavar="URL", help="Address of this service, for the claims' URLs.")
@told_plainly
def export_claimreview(out: str, publisher: str | None, base_url: str | None) -> None:
    """Write all claims as schema.org ClaimReview, in one JSON-LD document."""
    from service.interchange.exporting import write_claimreview
    from service.schemas.text import web_address

    settings = read_and_log()
    author = (publisher or settings.publisher).strip()
    if not author:
        raise ServiceError(
            "Say who publishes these reviews: set REFRAIN_PUBLISHER or give --publisher."
        )
    if base_url:
        try:
            web_address(base_url)
        except ValueError as error:
            raise click.UsageError(f"--base-url: {error}") from error
    _run(
        settings,
        out,
        lambda catalogue, file, step: write_claimreview(
            catalogue.all_claims(), file, step, publisher=author, base_url=base_url
        ),
    )


def _run(settings: Settings, out: str, write: Write) -> None:
    from service.catalogue.catalogue import Catalogue
    from service.interchange.exporting import written_aside
    from service.progress import progress, tell

    with closing(Catalogue(settings.database_url)) as catalogue:
        catalogue.check()
        path = None if out == "-" else Path(out)
        with written_aside(path) as file, progress("Exporting claims", None) as step:
            count = write(catalogue, file, step)
    claims = "1 claim" if count == 1 else f"{count:,} claims"
    tell(f"{claims} exported{'' if path is None else f' to {path}'}.")
