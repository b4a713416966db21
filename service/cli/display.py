"""Matches on a terminal: coloured there, plain text elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from service.models import Match, MatchResult, ScanResult

_COLOURS = {"repeats": "bold red", "rejects": "bold green", "unclear": "yellow"}


def show_result(result: MatchResult) -> None:
    """The matches of one query, best first."""
    console = Console()
    if result.no_match:
        console.print(f"No match. {result.no_match.reason}", highlight=False, markup=False)
    for match in result.matches:
        _show_match(console, match, 0)


def show_scan(result: ScanResult) -> None:
    """Each sentence that matched, with its matches, then the narratives."""
    console = Console()
    found = len(result.findings)
    console.print(
        f"{found} of {result.sentences} sentences are about a known claim.", highlight=False
    )
    for finding in result.findings:
        console.print()
        console.print(Text(f"“{finding.text}”", "italic"))
        for match in finding.matches:
            _show_match(console, match, 2)
    if result.narratives:
        console.print()
    for counted in result.narratives:
        console.print(f"{counted.findings} × {counted.narrative.title}", highlight=False)


def _show_match(console: Console, match: Match, indent: int) -> None:
    claim = match.claim
    head = Text()
    head.append(f"{match.score:.2f} ")
    head.append(match.relation, _COLOURS[match.relation])
    head.append(f" ({match.tier})  ")
    head.append(claim.title or claim.text, "bold")
    body = Text()
    body.append(f"{claim.id}", "dim")
    body.append("" if claim.reviewed else "  not reviewed", "yellow")
    body.append(f"\nmatched: {match.matched.text}", "dim")
    if match.terms:
        body.append(f"\nterms: {', '.join(match.terms)}", "dim")
    body.append(f"\n{claim.rebuttal}")
    for rebuttal in claim.rebuttals:
        if rebuttal.url:
            body.append(f"\n{rebuttal.publisher}: ")
            body.append(rebuttal.url, "blue underline")
    console.print(Padding(head, (0, 0, 0, indent)))
    console.print(Padding(body, (0, 0, 0, indent + 5)))
