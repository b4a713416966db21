"""``refrain match``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.cli.running import loaded_engine, told_plainly
from service.errors import ServiceError
from service.models import MatchQuery, MatchResult


@click.command()
@click.argument("text")
@click.option("--limit", type=click.IntRange(1, 50), default=5, show_default=True)
@click.option("--min-score", type=click.FloatRange(0, 1), help="Lowest score to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer of POST /match.")
@told_plainly
def match(text: str, limit: int, min_score: float | None, as_json: bool) -> None:
    """Find the documented claims behind TEXT."""
    from service.schemas.match import MatchAnswer, MatchAnswerSchema, MatchQuerySchema

    asked = {"text": text, "limit": limit} | ({} if min_score is None else {"min_score": min_score})
    query: MatchQuery = _checked(MatchQuerySchema().load, asked)
    with loaded_engine() as engine:
        result = engine.find_matches([query])[0]
        if as_json:
            answer = MatchAnswerSchema().dump(MatchAnswer(result, engine.describe()))
            click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        else:
            _show(result)


def _checked(load: Callable[[dict[str, Any]], Any], asked: dict[str, Any]) -> Any:
    from marshmallow import ValidationError

    from service.schemas.faults import told

    try:
        return load(asked)
    except ValidationError as error:
        raise ServiceError(told(error.messages)) from error


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
