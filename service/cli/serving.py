"""``refrain prepare``, ``serve``, ``reindex`` and ``openapi``."""

from __future__ import annotations

import click

from service.cli.running import read_and_log, told_plainly


@click.command()
@told_plainly
def prepare() -> None:
    """Make everything ready to serve: schema, starter catalogue, vectors, index."""
    from service.preparation import prepare as run  # brings torch in, which takes seconds

    run(read_and_log())


@click.command()
@told_plainly
def serve() -> None:
    """Prepare, then serve over HTTP."""
    settings = read_and_log()
    from service.serving import serve as run

    run(settings)


@click.command()
@told_plainly
def reindex() -> None:
    """Write the index anew from the catalogue and its stored vectors."""
    from service.preparation import prepare as run

    run(read_and_log(), rebuild=True)


@click.command(hidden=True)
@told_plainly
def fold() -> None:
    """Fold what has changed into a new base of the index; a worker starts this when it is due."""
    from service.folding import fold as run

    run(read_and_log())


@click.command()
@told_plainly
def openapi() -> None:
    """Print the interface as OpenAPI, in YAML."""
    from service.app import openapi_yaml

    click.echo(openapi_yaml(), nl=False)
