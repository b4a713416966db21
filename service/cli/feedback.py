"""``refrain feedback``."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time

import click

from service.cli.keys import opened_catalogue
from service.cli.running import told_plainly
from service.errors import ServiceError
from service.models import date_span


@click.group(name="feedback")
def feedback_group() -> None:
    """Export or purge what editors said of the answers."""


@feedback_group.command(name="export")
@told_plainly
def export_feedback() -> None:
    """Print every judgement as a line of JSON."""
    from service.schemas.feedback import JudgementSchema

    schema = JudgementSchema()
    with opened_catalogue() as catalogue:
        for judgement in catalogue.feedback.all():
            click.echo(json.dumps(schema.dump(judgement), ensure_ascii=False))


@feedback_group.command(name="purge")
@click.option("--before", required=True, metavar="DATE", help="2026, 2026-11 or 2026-11-29; UTC.")
@told_plainly
def purge_feedback(before: str) -> None:
    """Delete every judgement made before DATE."""
    try:
        day = date_span(before)[0]
    except ValueError as error:
        raise ServiceError(f"--before: {error}") from error
    with opened_catalogue() as catalogue:
        count = catalogue.feedback.purge(datetime.combine(day, time.min, UTC))
    click.echo(f"Purged {count} judgements.", err=True)
