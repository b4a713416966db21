"""``refrain match`` and ``refrain scan``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import IO, Any

import click

from service.cli.display import show_result, show_scan
from service.cli.running import loaded_engine, told_plainly
from service.errors import ServiceError
from service.models import MatchQuery, ScanQuery


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
            show_result(result)


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--limit", type=click.IntRange(1, 50), default=1, show_default=True)
@click.option("--min-score", type=click.FloatRange(0, 1), help="Lowest score to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer of POST /scan.")
@told_plainly
def scan(file: IO[str], limit: int, min_score: float | None, as_json: bool) -> None:
    """Find the sentences of FILE (`-` for standard input) that are about a known claim."""
    from service.matching.scanning import scan as scan_article
    from service.schemas.scan import ScanAnswer, ScanAnswerSchema, ScanQuerySchema

    try:
        text = file.read()
    except UnicodeDecodeError as error:
        raise ServiceError(f"{file.name} is not UTF-8: {error.reason}.") from error
    asked = {"text": text, "limit": limit} | ({} if min_score is None else {"min_score": min_score})
    article: ScanQuery = _checked(ScanQuerySchema().load, asked)
    with loaded_engine() as engine:
        result = scan_article(engine, article)
        if as_json:
            answer = ScanAnswerSchema().dump(ScanAnswer(result, engine.describe()))
            click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        else:
            show_scan(result)


def _checked(load: Callable[[dict[str, Any]], Any], asked: dict[str, Any]) -> Any:
    from marshmallow import ValidationError

    from service.schemas.faults import told

    try:
        return load(asked)
    except ValidationError as error:
        raise ServiceError(told(error.messages)) from error
