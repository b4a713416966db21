"""``refrain backup``, ``restore`` and ``check``."""

from __future__ import annotations

from pathlib import Path

import click

from service.cli.running import read_and_log, told_plainly

File = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=File)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@told_plainly
def backup(file: Path, force: bool) -> None:
    """Copy the catalogue into FILE, also while it is in use, and check the copy.

    Claims, history, vectors, feedback and the hashes of keys are in it. Indexes are not: they are
    made anew from it.
    """
    from service.catalogue.backup import back_up

    revision, claims = back_up(read_and_log().database_url, file, replace=force)
    click.echo(f"{file}: {claims:,} claims at revision {revision}, checked.", err=True)


@click.command()
@click.argument("file", type=File)
@told_plainly
def restore(file: Path) -> None:
    """Make the catalogue what the backup FILE says. The present one is kept beside it.

    The service must be stopped. Nothing is encoded again when it starts.
    """
    from service.catalogue.backup import restore as run
    from service.preparation import locked
    from service.serving import hold

    settings = read_and_log()
    with hold(settings.data_dir, alone=True), locked(settings.data_dir):
        kept = run(file, settings.database_url)
    if kept:
        click.echo(f"The catalogue as it was before is kept in {kept}.", err=True)
    click.echo(f"Restored {file}. Now run: refrain serve", err=True)


@click.command()
@told_plainly
def check() -> None:
    """Tell whether catalogue, vectors and index are whole and agree. Changes nothing.

    Exit status 1, and a line for everything that is wrong, where they do not.
    """
    from service.checking import findings

    found = 0
    for fault in findings(read_and_log()):
        click.echo(fault)
        found += 1
    if found:
        raise SystemExit(1)
    click.echo("Catalogue, vectors and index agree.", err=True)
