"""How high the right claim stands: the measures of ``ir-measures``, query by query."""

from __future__ import annotations

from collections.abc import Sequence

import ir_measures
import numpy as np
from ir_measures import AP, P, Qrel, R, ScoredDoc, Success

from service.evaluation.intervals import Floats
from service.evaluation.running import Answer

MEASURES = {"MAP@5": AP @ 5, "P@1": P @ 1, "S@5": Success @ 5, "R@20": R @ 20}
"""Named as in print. The mean of AP@5 is MAP@5; it divides by all relevant claims, as trec_eval's
``map_cut`` does."""


def by_query(answers: Sequence[Answer]) -> dict[str, Floats]:
    """Each measure's value for each answer, shape ``(answers,)``.

    Ranks decide, not scores: trec_eval would otherwise order equal scores by the claims' ids.
    """
    # numbers stand for the queries, whose ids need only be unique within their files
    qrels = [
        Qrel(str(place), claim_id, 1)
        for place, answer in enumerate(answers)
        for claim_id in answer.query.gold
    ]
    run = [
        ScoredDoc(str(place), match.claim_id, -float(rank))
        for place, answer in enumerate(answers)
        for rank, match in enumerate(answer.shown)
    ]
    values = {name: np.zeros(len(answers)) for name in MEASURES}
    names = {measure: name for name, measure in MEASURES.items()}
    if qrels:
        for metric in ir_measures.iter_calc(list(names), qrels, run):
            values[names[metric.measure]][int(metric.query_id)] = metric.value
    return values
