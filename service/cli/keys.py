"""``refrain keys``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, cast

import click

from service.cli.running import read_and_log, told_plainly
from service.models import Key, Scope

if TYPE_CHECKING:
    from service.catalogue.catalogue import Catalogue


@click.group(name="keys")
def keys_group() -> None:
    """Make, list and revoke keys to the HTTP interface."""


@keys_group.command(name="create")
@click.option("--name", required=True, help="Who uses it; stands in the history of claims.")
@click.option(
    "--scope",
    type=click.Choice(["match", "edit"]),
    required=True,
    help="match: ask and judge. edit: change the catalogue as well.",
)
@told_plainly
def create_key(name: str, scope: str) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    with opened_catalogue() as catalogue:
        key, secret = catalogue.keys.create(name, cast(Scope, scope))
    click.echo(secret)
    click.echo(f"Key {key.id}. Keep it now: it cannot be shown again.", err=True)


@keys_group.command(name="list")
@told_plainly
def list_keys() -> None:
    """List all keys, without what they open with."""
    with opened_catalogue() as catalogue:
        found = catalogue.keys.all()
    rows = [("ID", "NAME", "SCOPE", "CREATED", "LAST USED", "REVOKED"), *map(_row, found)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


@keys_group.command(name="revoke")
@click.argument("name_or_id", metavar="NAME|ID")
@told_plainly
def revoke_key(name_or_id: str) -> None:
    """Put a key out of force, from its next request on."""
    with opened_catalogue() as catalogue:
        key = catalogue.keys.revoke(name_or_id)
    click.echo(f"Revoked key {key.id}, {key.name}.", err=True)


@contextmanager
def opened_catalogue() -> Iterator[Catalogue]:
    """The prepared catalogue of the settings. Raises CatalogueError."""
    from service.catalogue.catalogue import Catalogue

    catalogue = Catalogue(read_and_log().database_url)
    try:
        catalogue.check()
        yield catalogue
    finally:
        catalogue.close()


def _row(key: Key) -> tuple[str, ...]:
    times = (_shown(moment) for moment in (key.created, key.last_used, key.revoked))
    return (str(key.id), key.name, key.scope, *times)


def _shown(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z" if moment else "-"
