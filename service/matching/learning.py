"""Makes examples for a calibration of what editors said of the answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from service.matching.engine import CatalogueEngine
from service.matching.fitting import Example
from service.matching.judging import Case
from service.models import EditorJudgement, MatchQuery

FEWEST_TEXTS = 200
FEWEST_ORDINARY = 100
FEWEST_ON_A_SIDE = 20
FEWEST_CLAIMS = 10
"""What a calibration from feedback alone takes: fewer could not be told from chance, and examples
of fewer claims would not be in every part of the cross-validation."""

_SIDES = ("repeats", "rejects")
_SLICE = 64


@dataclass(slots=True)
class Learned:
    """The examples of a feedback, and how many texts gave none.

    ``gone``: the claims judged are no longer in the catalogue. ``elsewhere``: only claims that are
    not shown first were judged, so that nothing is known of the one that is.
    """

    examples: list[Example] = field(default_factory=list)
    gone: int = 0
    elsewhere: int = 0


def learn(
    engine: CatalogueEngine, judgements: Iterable[EditorJudgement], *, wrong_is_ordinary: bool
) -> Learned:
    """One example per text that was judged; the last judgement of a text and a claim counts.

    ``same`` makes a text about the claim, with the relation that was sent, or ``unclear``.
    ``related`` and ``wrong`` make it about nothing, where the claim judged is the one that the
    engine shows first. ``wrong_is_ordinary``: those called wrong stand for the ordinary sentences,
    for want of others. They came close to a claim, so tiers come out stricter.
    """
    by_text: dict[str, dict[str, EditorJudgement]] = defaultdict(dict)
    for judgement in judgements:
        said = by_text[judgement.text]
        said.pop(judgement.claim_id, None)  # so that the last one stands last
        said[judgement.claim_id] = judgement
    learned = Learned()
    texts = list(by_text)
    for start in range(0, len(texts), _SLICE):
        part = texts[start : start + _SLICE]
        snapshot, cases = engine.cases([MatchQuery(text, min_score=0.0) for text in part])
        shown = engine.find_matches([MatchQuery(text, limit=1, min_score=0.0) for text in part])
        there = set(snapshot.roster.claim_ids)
        for text, case, result in zip(part, cases, shown, strict=True):
            present = {one: said for one, said in by_text[text].items() if one in there}
            first = result.matches[0].claim.id if result.matches else None
            example = _example(text, case, first, present, wrong_is_ordinary) if present else None
            if example:
                learned.examples.append(example)
            elif present:
                learned.elsewhere += 1
            else:
                learned.gone += 1
    return learned


def refuse_too_few(examples: Sequence[Example], *, sides: bool) -> None:
    """Raises ValueError, with what there is and what is needed, unless a fit can stand on these.

    ``sides``: a verifier is in use, whose answers are fitted on both relations.
    """
    about = [each for each in examples if each.claim_id]
    needs = [
        ("sentences", len(examples), FEWEST_TEXTS),
        ("ordinary or wrong ones", sum(each.ordinary for each in examples), FEWEST_ORDINARY),
    ]
    for what, own in (
        [(f"`{side}`", [each for each in about if each.label == side]) for side in _SIDES]
        if sides
        else [("`same`", about)]
    ):
        needs.append((f"texts judged {what}", len(own), FEWEST_ON_A_SIDE))
        needs.append((f"claims judged {what}", len({each.claim_id for each in own}), FEWEST_CLAIMS))
    if any(there < needed for _, there, needed in needs):
        told = "; ".join(f"{there} of {needed} {what}" for what, there, needed in needs)
        raise ValueError(
            f"There is too little feedback for a calibration. There are {told}. Collect more, or "
            "add --groups and --ordinary."
        )


def _example(
    text: str,
    case: Case | None,
    first: str | None,
    said: Mapping[str, EditorJudgement],
    wrong_is_ordinary: bool,
) -> Example | None:
    found = [claim.id for claim in case.claims] if case else []
    language = (case.language if case else None) or "en"
    same = [one for one, judgement in said.items() if judgement.verdict == "same"]
    if same:
        about = next((one for one in found if one in same), same[-1])
        return Example(text, language, about, said[about].relation or "unclear", about)
    if first is None or first not in said:
        return None
    ordinary = wrong_is_ordinary and said[first].verdict == "wrong"
    return Example(text, language, None, "neither", first, ordinary, judged=first)
