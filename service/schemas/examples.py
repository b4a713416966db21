"""The worked example of the documentation: one query and its answer."""

from __future__ import annotations

from typing import Any

MATCH_REQUEST: dict[str, Any] = {
    "text": ("Peskov said European peacekeepers would amount to an occupation of western Ukraine."),
    "limit": 5,
}

CLAIM: dict[str, Any] = {
    "id": "peacekeepers-occupy-west-ukraine",
    "text": "Western peacekeepers are a cover for the occupation of western Ukraine.",
    "title": "Peacekeepers to occupy western Ukraine",
    "language": "en",
    "wordings": {"ru": ["Под видом миротворцев Запад оккупирует Украину."]},
    "narrative": {
        "id": "western-troops-peacekeepers",
        "title": "Western troops, peacekeepers and occupation",
    },
    "first_seen": "2024-11-29",
    "last_seen": "2025-04-30",
    "keywords": ["peacekeepers", "occupation"],
    "appearances": [
        {
            "outlet": "TASS",
            "url": None,
            "archived_url": None,
            "date": "2025-04-30",
            "language": "ru",
        }
    ],
    "rebuttal": (
        "No country has announced an occupation. The published plans foresee a small force after "
        "a ceasefire, with the consent of Ukraine's government."
    ),
    "rebuttals": [
        {
            "publisher": "EUvsDisinfo",
            "title": "The West prepares to occupy Ukraine",
            "url": "https://euvsdisinfo.eu/report/",
            "date": "2025-04",
            "language": "en",
            "kind": "fact_check",
            "rating": None,
        }
    ],
    "facts_as_of": None,
    "reviewed": True,
    "revision": 17,
    "updated": "2026-11-22T09:00:00Z",
}

NEW_CLAIM: dict[str, Any] = {
    name: value
    for name, value in CLAIM.items()
    if name not in ("last_seen", "revision", "updated", "facts_as_of")
}

CLAIM_BATCH_ANSWER: dict[str, Any] = {
    "claims": [{"id": CLAIM["id"], "revision": 17, "outcome": "added"}]
}

HISTORY: dict[str, Any] = {
    "changes": [
        {
            "revision": 17,
            "action": "create",
            "at": "2026-11-22T09:00:00Z",
            "who": "desk",
            "before": None,
            "after": {
                name: value for name, value in CLAIM.items() if name not in ("revision", "updated")
            },
        }
    ],
    "next_cursor": None,
}

FEEDBACK: dict[str, Any] = {
    "text": MATCH_REQUEST["text"],
    "claim_id": CLAIM["id"],
    "verdict": "same",
    "relation": "repeats",
}

MATCH_ANSWER: dict[str, Any] = {
    "query": {"text": MATCH_REQUEST["text"], "language": "en", "truncated": False},
    "matches": [
        {
            "score": 0.94,
            "tier": "match",
            "relation": "repeats",
            "probabilities": {"repeats": 0.91, "rejects": 0.03, "neither": 0.06},
            "matched": {"text": CLAIM["text"], "language": "en", "field": "text"},
            "terms": ["peacekeepers", "occupation", "western"],
            "claim": {name: value for name, value in CLAIM.items() if name != "wordings"},
        }
    ],
    "no_match": None,
    "engine": {
        "encoder": "all-MiniLM-L6-v2@53aa5117",
        "verifier": None,
        "calibration": None,
        "calibrated": True,
        "catalogue_revision": 242,
    },
}

NO_MATCH_ANSWER: dict[str, Any] = {
    "query": {"text": "The cat sat on the mat.", "language": "en", "truncated": False},
    "matches": [],
    "no_match": {
        "code": "below_min_score",
        "best_score": 0.21,
        "considered": 50,
        "reason": "The nearest claim scores 0.21, below the threshold.",
    },
    "engine": MATCH_ANSWER["engine"],
}
