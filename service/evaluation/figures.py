"""All figures of a run, overall and by group, each with its interval."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from service.evaluation import alarms, articles, calibration, ranking, relations
from service.evaluation.intervals import Estimate, Floats, Rows, Sampling, Statistic
from service.evaluation.running import Answer, Run
from service.models import Relation

WHOLE = "all"
OTHERS = "other languages"
MEAN = "mean of "
NEUTRAL = "neutral sentences"
ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. ``count`` is how many sentences, or articles, it is over."""

    set: str
    group: str
    measure: str
    estimate: Estimate
    count: int


@dataclass(frozen=True, eq=False)
class Group:
    """Some queries of a set. With several ``strata`` a mean is that of the strata's means."""

    name: str
    strata: tuple[Rows, ...]

    def within(self, judged: Floats) -> Group:
        """The group without the queries that have no value in ``judged``."""
        kept = tuple(rows[~np.isnan(judged[rows])] for rows in self.strata)
        return Group(self.name, tuple(rows for rows in kept if len(rows)))

    def weights(self, size: int) -> Floats:
        """What each query adds to the mean, shape ``(size,)``."""
        weights = np.zeros(size)
        for rows in self.strata:
            weights[rows] = 1 / (len(rows) * len(self.strata))
        return weights

    def __len__(self) -> int:
        return sum(len(rows) for rows in self.strata)


def groups(answers: Sequence[Answer]) -> list[Group]:
    """All queries; by language; those in other languages than English, and the mean of these
    languages; by style. A group that would be all queries is left out."""
    everything = Group(WHOLE, (np.arange(len(answers)),))
    languages = _split([answer.query.language for answer in answers])
    others = {name: rows for name, rows in languages.items() if name != ENGLISH}
    found = [everything]
    if len(languages) > 1:
        found += [Group(f"language {name}", (rows,)) for name, rows in languages.items()]
        if ENGLISH in languages:
            found.append(Group(OTHERS, (np.concatenate(list(others.values())),)))
    if len(others) > 1:
        found.append(Group(f"{MEAN}{' '.join(others)}", tuple(others.values())))
    styles = _split([answer.query.style for answer in answers])
    if len(styles) > 1:
        found += [Group(f"style {name}", (rows,)) for name, rows in styles.items()]
    return found


def is_headline(figure: Figure) -> bool:
    """Whether the figure belongs into a short table: without single languages and styles, the
    mean of languages for rankings, the other languages together for the rest."""
    ranks = figure.measure in ranking.MEASURES
    if figure.group.startswith(MEAN):
        return ranks
    if figure.group == OTHERS:
        return not ranks
    return figure.group in {WHOLE, NEUTRAL, f"language {ENGLISH}"}


def figures_of(run: Run, *, seed: int, base_rate: float | None = None) -> list[Figure]:
    """Every figure that the run has the judgements for.

    ``base_rate`` is the share of sentences with a documented claim behind them that the
    calibration error is weighted to; None leaves the set's own mix.
    """
    found = [*_of_queries(run, seed, base_rate), *_of_neutral(run, seed)]
    if run.set.articles and run.scanned is not None:
        found += _of_articles(run, seed)
    return found


def _of_queries(run: Run, seed: int, base_rate: float | None) -> Iterator[Figure]:
    answers = run.answers
    if not answers:
        return
    simple: dict[str, Floats] = dict(ranking.by_query(answers))
    if any(answer.query.relation for answer in answers):
        simple["relation right"] = relations.right_relation(answers)
        simple["rejects shown as repeats"] = relations.denied_but_repeated(answers)
        if run.engine.calibrated:
            simple["rejects shown as match"] = relations.denied_but_flagged(answers)
    if run.engine.calibrated:
        simple["found as match"] = np.array(
            [float(answer.right and answer.shown[0].tier == "match") for answer in answers]
        )
    heard = np.array([answer.score for answer in run.neutral])
    told = np.array([answer.score if answer.right else -np.inf for answer in answers])
    candidates = calibration.Candidates.of(answers, run.neutral, base_rate)
    for group in groups(answers):
        for name, values in simple.items():
            judged = group.within(values)
            if len(judged):
                yield _figure(run, judged, name, seed, _mean(judged, values))
        if not len(heard):
            continue
        for rate in alarms.RATES:
            statistic = _recall(group, told, heard, rate)
            yield _figure(run, group, f"recall at {rate:.0%} alarms", seed, statistic)
        if group.name in {WHOLE, f"language {ENGLISH}"}:
            error = _error(candidates, len(answers))
            over = len(group) + len(heard)
            yield _figure(run, group, "calibration error", seed, error, over)


def _of_neutral(run: Run, seed: int) -> Iterator[Figure]:
    """False alarms at the tiers as they are shipped."""
    if not run.neutral or not run.engine.calibrated:
        return
    tiers = run.info.tiers or {}
    flagged = [any(match.tier == "match" for match in answer.shown) for answer in run.neutral]
    related = [answer.score >= tiers.get("related", np.inf) for answer in run.neutral]
    everything = Group(NEUTRAL, (np.arange(len(run.neutral)),))
    for name, raised in (("shown as match", flagged), ("shown as related", related)):
        values = np.array(raised, np.float64)
        yield _figure(run, everything, name, seed, _mean(everything, values))


def _of_articles(run: Run, seed: int) -> Iterator[Figure]:
    kinds: list[tuple[str, Collection[Relation]]] = [
        ("findings", articles.SHOWN_AS_CLAIM),
        ("findings that repeat", articles.ONLY_REPEATS),
    ]
    group = Group(WHOLE, (np.arange(len(run.scanned or ())),))
    for name, counted in kinds:
        tallies = np.array(
            [
                (one.right, one.alarms, one.found, one.gold)
                for one in (articles.tally(scanned, counted) for scanned in run.scanned or ())
            ],
            np.float64,
        )
        for measure, of in (
            ("precision", articles.precision),
            ("recall", articles.recall),
            ("F1", articles.f1),
        ):
            yield _figure(run, group, f"{name}: {measure}", seed, _summed(of, tallies))


def _figure(
    run: Run,
    group: Group,
    measure: str,
    seed: int,
    statistic: Statistic,
    count: int | None = None,
) -> Figure:
    # seeded by name, so that a further set or group leaves the other intervals as they were
    named = zlib.crc32(f"{run.set.name}\n{group.name}".encode())
    sampling = Sampling.of(group.strata, len(run.neutral), (seed, named))
    return Figure(
        run.set.name, group.name, measure, sampling.estimate(statistic), count or len(group)
    )


def _mean(group: Group, values: Floats) -> Statistic:
    weighted = np.nan_to_num(values) * group.weights(len(values))
    return lambda queries, _: weighted[queries].sum(axis=1)


def _recall(group: Group, told: Floats, heard: Floats, rate: float) -> Statistic:
    weights = group.weights(len(told))

    def statistic(queries: Rows, neutral: Rows) -> Floats:
        over = told[queries] > alarms.bars(heard[neutral], rate)[:, None]
        shares: Floats = (weights[queries] * over).sum(axis=1)
        return shares

    return statistic


def _error(candidates: calibration.Candidates, answers: int) -> Statistic:
    return lambda queries, neutral: calibration.expected_error(
        candidates, np.concatenate([queries, neutral + answers], axis=1)
    )


def _summed(of: Callable[[Floats, Rows], Floats], tallies: Floats) -> Statistic:
    return lambda queries, _: of(tallies, queries)


def _split(names: Sequence[str | None]) -> dict[str, Rows]:
    """The rows of each name, by name; those without one belong nowhere."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        if name is not None:
            places[name].append(place)
    return {name: np.array(rows, np.int64) for name, rows in sorted(places.items())}
