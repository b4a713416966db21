"""The errors that are worth reading, worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.evaluation import articles, relations
from service.evaluation.running import Answer, Run, Shown, Sighting

MOST = 15
FIRST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold claim, and where it stood. ``rank`` and ``score`` None: not among the judged."""

    claim_id: str
    text: str
    rank: int | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Miss:
    """A query that went wrong. ``what`` says how, where that is not plain."""

    answer: Answer
    gold: tuple[Gold, ...]
    first: tuple[Shown, ...]
    what: str = ""


@dataclass(frozen=True, slots=True)
class ArticleMiss:
    """A sentence of an article that went wrong; ``sighting`` None where nothing was found."""

    article: str
    text: str
    gold: tuple[str, ...]
    sighting: Sighting | None
    what: str


@dataclass(frozen=True, slots=True)
class Misses:
    """The worst of each kind; each list is cut, its total is what there was."""

    ranking: tuple[Miss, ...]
    ranking_total: int
    neutral: tuple[Answer, ...]
    relations: tuple[Miss, ...]
    relations_total: int
    articles: tuple[ArticleMiss, ...]


def worst(run: Run) -> Misses:
    """What to read of a run: the surest wrong answers, the loudest neutral sentences, the
    relations that are wrong (denials shown as repeats first), and the errors in articles."""
    wrong = sorted(
        (answer for answer in run.answers if not answer.right),
        key=lambda answer: (-answer.score, answer.query.id),
    )
    loud = sorted(
        (answer for answer in run.neutral if answer.shown),
        key=lambda answer: (-answer.score, answer.query.id),
    )
    misread = _misread(run.answers)
    return Misses(
        ranking=tuple(_miss(run, answer) for answer in wrong[:MOST]),
        ranking_total=len(wrong),
        neutral=tuple(loud[:MOST]),
        relations=tuple(
            _miss(run, answer, f"{answer.query.relation}, shown as {shown}")
            for answer, shown in misread[:MOST]
        ),
        relations_total=len(misread),
        articles=tuple(_in_articles(run)),
    )


def _misread(answers: Sequence[Answer]) -> list[tuple[Answer, str]]:
    found = [
        (answer, relations.shown_relation(answer)) for answer in answers if answer.query.relation
    ]
    wrong = [(answer, shown) for answer, shown in found if shown != answer.query.relation]

    def badness(pair: tuple[Answer, str]) -> tuple[bool, bool, str]:
        answer, shown = pair
        repeated = answer.query.relation == "rejects" and shown == "repeats"
        return not repeated, shown in ("unclear", relations.ABSENT), answer.query.id

    return sorted(wrong, key=badness)


def _miss(run: Run, answer: Answer, what: str = "") -> Miss:
    places = {match.claim_id: (rank, match) for rank, match in enumerate(answer.shown, start=1)}
    gold = []
    for claim_id in answer.query.gold:
        rank, match = places.get(claim_id, (None, None))
        claim = run.gold.get(claim_id)
        text = claim.text if claim else "(not in the catalogue)"
        gold.append(Gold(claim_id, text, rank, match.score if match else None))
    gold.sort(key=lambda one: (one.rank is None, one.rank or 0, one.claim_id))
    return Miss(answer, tuple(gold[:FIRST_SHOWN]), answer.shown[:FIRST_SHOWN], what)


def _in_articles(run: Run) -> list[ArticleMiss]:
    """By article, in the order of the text."""
    counted = articles.SHOWN_AS_CLAIM
    errors: list[tuple[int, int, ArticleMiss]] = []
    for place, scanned in enumerate(run.scanned or ()):
        article = scanned.article
        for sighting in scanned.sightings:
            if articles.verdict(scanned, sighting, counted) == "false alarm":
                text = article.text[sighting.start : sighting.end]
                miss = ArticleMiss(article.id, text, (), sighting, "false alarm")
                errors.append((place, sighting.start, miss))
        for span in article.claims:
            if not articles.found(scanned, span, counted):
                text = article.text[span.start : span.end]
                miss = ArticleMiss(article.id, text, tuple(sorted(span.gold)), None, "not found")
                errors.append((place, span.start, miss))
    return [miss for *_, miss in sorted(errors, key=lambda error: error[:2])]
