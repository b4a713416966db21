"""``refrain import``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from service.cli.running import read_and_log, told_plainly


@click.group(name="import")
def import_group() -> None:
    """Bring claims into the catalogue."""


@import_group.command(name="jsonl")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@told_plainly
def import_jsonl(files: tuple[Path, ...]) -> None:
    """Import claims in the interface's JSON, one per line."""
    from service.catalogue.catalogue import Catalogue
    from service.interchange import jsonl
    from service.interchange.importing import import_claims
    from service.preparation import load_encoder
    from service.progress import progress

    settings = read_and_log()
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
