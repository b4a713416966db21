"""Which language a text is in, by py3langid's model: loaded once, for queries and imports alike."""

from __future__ import annotations

import threading
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_LOADING = threading.Lock()


def load() -> None:
    """Loads the model, which takes half a second, so that nobody waits for it later."""
    with _LOADING:  # or each of many first requests would load one
        _identifier()


def ranked_languages(text: str) -> list[tuple[str, float]]:
    """All languages of the model (ISO 639-1) with their probabilities, the likeliest first."""
    load()
    found: list[tuple[str, float]] = _identifier().rank(text)
    return found


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
