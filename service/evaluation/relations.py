"""Whether a denial is shown as one, judged by the gold claim's match."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from service.evaluation.intervals import Floats
from service.evaluation.running import Answer
from service.models import RELATIONS

ABSENT = "not found"
SHOWN = (*RELATIONS, ABSENT)


def shown_relation(answer: Answer) -> str:
    """The relation of the best gold match, or that there is none."""
    rank = answer.rank_of_gold()
    return ABSENT if rank is None else answer.shown[rank - 1].relation


def right_relation(answers: Sequence[Answer]) -> Floats:
    """1 where the relation is the judged one, else 0; NaN where none was judged."""
    return np.array(
        [
            np.nan
            if answer.query.relation is None
            else float(shown_relation(answer) == answer.query.relation)
            for answer in answers
        ]
    )


def denied_but_repeated(answers: Sequence[Answer]) -> Floats:
    """1 where a rejecting sentence is shown as a repeat, else 0; NaN for other sentences."""
    return _of_denials(answers, [shown_relation(answer) == "repeats" for answer in answers])


def denied_but_flagged(answers: Sequence[Answer]) -> Floats:
    """1 where a rejecting sentence has any match of the tier ``match``; NaN for others."""
    return _of_denials(
        answers, [any(match.tier == "match" for match in answer.shown) for answer in answers]
    )


def confusion(answers: Sequence[Answer]) -> dict[str, dict[str, int]]:
    """How often each judged relation was shown as which."""
    counted = Counter((answer.query.relation, shown_relation(answer)) for answer in answers)
    judged = [relation for relation in RELATIONS if any(counted[relation, s] for s in SHOWN)]
    return {relation: {shown: counted[relation, shown] for shown in SHOWN} for relation in judged}


def _of_denials(answers: Sequence[Answer], values: Sequence[bool]) -> Floats:
    return np.array(
        [
            float(value) if answer.query.relation == "rejects" else np.nan
            for answer, value in zip(answers, values, strict=True)
        ]
    )
