"""Figures as JSON, as an HTML page, and as a table on the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.table import Table

from service.evaluation import calibration, charts
from service.evaluation.figures import WHOLE, Figure, is_headline
from service.evaluation.intervals import LEVEL, RESAMPLES
from service.evaluation.misses import worst
from service.evaluation.relations import SHOWN, confusion
from service.evaluation.running import Run

LOWER_IS_BETTER = ("calibration error", "rejects shown", "shown as")
"""Beginnings of the names of measures that count errors."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A run with its figures and the seconds that its answers took."""

    run: Run
    figures: tuple[Figure, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When and on what it was measured."""

    version: str
    began: datetime
    machine: str
    seed: int
    base_rate: float | None
    absent: tuple[str, ...]


def table(measured: Sequence[Measured], *, details: bool) -> Table:
    """One row per set, group and measure; ``details`` adds single languages and styles."""
    shown = Table(caption=f"With {LEVEL:.0%} bootstrap intervals.", caption_justify="left")
    shown.add_column("set", no_wrap=True)
    shown.add_column("of", no_wrap=True)
    shown.add_column("measure", no_wrap=True)
    for heading in ("figure", "interval", "n"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for one in measured:
        rows = [figure for figure in one.figures if details or is_headline(figure)]
        before = ("", "")
        for figure in rows:
            here = (figure.set, figure.group)
            shown.add_row(
                "" if figure.set == before[0] else figure.set,
                "" if here == before else figure.group,
                figure.measure + (" ↓" if figure.measure.startswith(LOWER_IS_BETTER) else ""),
                f"{figure.estimate.value:.3f}",
                f"{figure.estimate.low:.3f}–{figure.estimate.high:.3f}",
                str(figure.count),
            )
            before = here
        if rows:
            shown.add_section()
    return shown


def notices(measured: Sequence[Measured]) -> list[str]:
    """What a reader of the figures has to know besides."""
    found = []
    for one in measured:
        run = one.run
        if run.unknown:
            count, first = len(run.unknown), run.unknown[0]
            found.append(f"{run.set.name}: {count} gold claims are not known, such as {first!r}.")
        if run.set.articles and run.scanned is None:
            found.append(f"{run.set.name}: skipped; this engine cannot scan articles.")
    if measured and not measured[0].run.engine.calibrated:
        found.append("The scores are not calibrated: their calibration error is only a reference.")
    return found


def as_json(measured: Sequence[Measured], around: Circumstances) -> str:
    """The figures and what they were measured with; no text of any set."""
    content = {
        "version": around.version,
        "began": around.began.isoformat(timespec="seconds"),
        "machine": around.machine,
        "seed": around.seed,
        "resamples": RESAMPLES,
        "absent": list(around.absent),
        "notices": notices(measured),
        "sets": [_set_in_json(one, around) for one in measured],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def as_html(measured: Sequence[Measured], around: Circumstances) -> str:
    """A page that needs nothing else. It quotes the sets, so it stays where they may be."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        around=around,
        level=LEVEL,
        resamples=RESAMPLES,
        size=charts.SIZE,
        lower=LOWER_IS_BETTER,
        notices=notices(measured),
        sections=[_section(one, around) for one in measured if one.figures],
    )


def _section(one: Measured, around: Circumstances) -> dict[str, Any]:
    run = one.run
    measures = list(dict.fromkeys(figure.measure for figure in one.figures))
    names = list(dict.fromkeys(figure.group for figure in one.figures))
    by_place = {(figure.group, figure.measure): figure for figure in one.figures}
    whole = [figure for figure in one.figures if figure.group == WHOLE]
    return {
        "name": run.set.name,
        "run": run,
        "seconds": one.seconds,
        "whole": whole or list(one.figures),
        "measures": measures,
        "groups": [
            (name, [by_place.get((name, measure)) for measure in measures]) for name in names
        ],
        "curve": charts.precision_recall_chart(run),
        "reliability": charts.reliability_chart(run, around.base_rate),
        "confusion": confusion(run.answers),
        "shown": SHOWN,
        "misses": worst(run),
    }


def _set_in_json(one: Measured, around: Circumstances) -> dict[str, Any]:
    run = one.run
    engine = run.engine
    found: dict[str, Any] = {
        "name": run.set.name,
        "queries": len(run.answers),
        "neutral": len(run.neutral),
        "articles": len(run.set.articles),
        "claims": run.info.claims,
        "unknown": list(run.unknown),
        "seconds": round(one.seconds, 2),
        "engine": {
            "encoder": engine.encoder,
            "verifier": engine.verifier,
            "calibration": engine.calibration,
            "calibrated": engine.calibrated,
        },
        "figures": [
            {
                "group": figure.group,
                "measure": figure.measure,
                "value": round(figure.estimate.value, 4),
                "low": round(figure.estimate.low, 4),
                "high": round(figure.estimate.high, 4),
                "n": figure.count,
            }
            for figure in one.figures
        ],
        "confusion": confusion(run.answers),
    }
    if run.answers and run.neutral:
        candidates = calibration.Candidates.of(run.answers, run.neutral, around.base_rate)
        found["base_rate"] = round(candidates.base_rate(), 4)
    return found
