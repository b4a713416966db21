"""A claim as schema.org ClaimReview.

The newsroom is the author of the review. What the catalogue cites stays a citation: a news source
is never made a reviewer, and a fact-checker's rating goes out only where it came in as one.
"""

from __future__ import annotations

from typing import Any

from service.models import Appearance, Claim, Rebuttal

CONTEXT = "https://schema.org"


def claim_review(claim: Claim, publisher: str, base_url: str | None = None) -> dict[str, Any]:
    """One ClaimReview (https://schema.org/ClaimReview) as JSON-LD.

    ``publisher`` is the newsroom; an empty one leaves the author out. ``base_url`` is the address
    of this service, without which the review has no ``url``. There is no ``reviewRating``: the
    catalogue keeps rebuttals, not marks.
    """
    address = f"{base_url.rstrip('/')}/claims/{claim.id}" if base_url else None
    return _filled(
        {
            "@context": CONTEXT,
            "@type": "ClaimReview",
            "@id": address,
            "url": address,
            "identifier": claim.id,
            "name": claim.title,
            "inLanguage": claim.language,
            "dateModified": f"{claim.updated:%Y-%m-%dT%H:%M:%SZ}" if claim.revision else None,
            "author": {"@type": "Organization", "name": publisher} if publisher else None,
            "claimReviewed": claim.text,
            "reviewBody": claim.rebuttal,
            "keywords": list(claim.keywords),
            "about": {"@type": "Thing", "name": claim.narrative.title} if claim.narrative else None,
            "itemReviewed": _filled(
                {
                    "@type": "Claim",
                    "text": claim.text,
                    "inLanguage": claim.language,
                    "datePublished": claim.first_seen,
                    "appearance": [_appearance(found) for found in claim.appearances],
                }
            ),
            "citation": [_citation(found) for found in claim.rebuttals],
        }
    )


def _appearance(appearance: Appearance) -> dict[str, Any]:
    return _filled(
        {
            "@type": "CreativeWork",
            "url": appearance.url,
            "archivedAt": appearance.archived_url,
            "datePublished": appearance.date,
            "inLanguage": appearance.language,
            "publisher": {"@type": "Organization", "name": appearance.outlet},
        }
    )


def _citation(rebuttal: Rebuttal) -> dict[str, Any]:
    """A plain work, or the fact-checker's own review where its rating and address came with it."""
    publisher = {"@type": "Organization", "name": rebuttal.publisher}
    work: dict[str, Any] = {
        "name": rebuttal.title,
        "url": rebuttal.url,
        "datePublished": rebuttal.date,
        "inLanguage": rebuttal.language,
    }
    if rebuttal.kind == "fact_check" and rebuttal.rating and rebuttal.url:
        rating = {"@type": "Rating", "alternateName": rebuttal.rating}
        return _filled(
            {"@type": "ClaimReview", **work, "author": publisher, "reviewRating": rating}
        )
    return _filled({"@type": "CreativeWork", **work, "publisher": publisher})


def _filled(node: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in node.items() if value not in (None, [], {})}
