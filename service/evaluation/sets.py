"""What an evaluation set is: queries with their judgements, and what they are asked of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.errors import ServiceError
from service.models import Claim, Relation


class SetError(ServiceError):
    """A file of an evaluation set is wrong; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class Query:
    """A sentence with its judgement; a neutral sentence has no ``gold``.

    ``gold`` holds the ids of all claims that are right. ``without`` holds those that are taken
    out of the answer before it is judged, such as the query's own record. ``relation`` is what the
    sentence does to its gold claim, where that was judged.
    """

    id: str
    text: str
    gold: frozenset[str] = frozenset()
    language: str | None = None
    style: str | None = None
    relation: Relation | None = None
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence of an article, in code points, and the claims it is about."""

    start: int
    end: int
    gold: frozenset[str]


@dataclass(frozen=True, slots=True)
class Article:
    """An article with the sentences that repeat a claim, and those that reject one."""

    id: str
    text: str
    claims: tuple[Span, ...]
    rejects: tuple[Span, ...] = ()


@dataclass(frozen=True, eq=False)
class Documents:
    """Claims of a set's own; sets that share one such object share its index."""

    name: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True, eq=False)
class EvaluationSet:
    """One set of queries, or of articles. ``documents`` None stands for the catalogue in use."""

    name: str
    queries: tuple[Query, ...] = ()
    neutral: tuple[Query, ...] = ()
    articles: tuple[Article, ...] = ()
    documents: Documents | None = None

    def thinned(self, most: int) -> EvaluationSet:
        """At most ``most`` queries, spread evenly over the set; all neutral sentences stay."""
        if len(self.queries) <= most:
            return self
        places = [place * len(self.queries) // most for place in range(most)]
        return replace(self, queries=tuple(self.queries[place] for place in places))


ENOUGH_NEUTRAL = 100
"""With fewer sentences, a false-alarm rate of 1 % is less than one sentence."""


def neutral_for(queries: Sequence[Query], neutral: Sequence[Query]) -> tuple[Query, ...]:
    """The neutral sentences in the queries' languages; all where those are too few."""
    languages = {query.language for query in queries}
    same = tuple(sentence for sentence in neutral if sentence.language in languages)
    return same if len(same) >= ENOUGH_NEUTRAL else tuple(neutral)
