"""Claims from schema.org ClaimReview: JSON-LD files, feeds, and web pages that carry it."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from service.interchange.building import build
from service.interchange.claimreview_feed import Node, find_reviews, is_review
from service.interchange.cleaning import one_line, paragraphs
from service.interchange.dates import date_or_note
from service.interchange.encodings import marked
from service.interchange.identity import stable_id
from service.interchange.importing import Refused, Row
from service.interchange.languages import guessed_language, language_code
from service.interchange.ratings import Accepted, Rating
from service.interchange.sources import publisher_of
from service.models import date_span
from service.schemas.claim import LONGEST_TITLE

_RATED = {
    "de": "{publisher} bewertet das als „{rating}“.",
    "en": "{publisher} rates this “{rating}”.",
    "fr": "Évaluation de {publisher} : « {rating} ».",
    "pl": "Ocena {publisher}: „{rating}”.",
    "ru": "Оценка {publisher}: «{rating}».",
    "uk": "Оцінка {publisher}: «{rating}».",
}
"""How a rating is put into a sentence where a review has no text of its own."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which reviews are taken: all, or those by one of the publishers with one of the keywords.

    A publisher is a host name (subdomains match) or a name; where a review has an address, its
    host decides, whatever its author is called. A keyword is any part of the claim, of the review's
    title or of its keywords. What is left empty does not narrow.
    """

    publishers: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()

    def takes(self, review: Node) -> bool:
        """Whether the review is one of the selection."""
        return self._by_publisher(review) and self._by_keyword(review)

    def _by_publisher(self, review: Node) -> bool:
        if not self.publishers:
            return True
        url = _address(review.get("url"))
        host = _host(url or _site(review))
        names = {name.casefold() for name in _publishers(review)}
        for wanted in self.publishers:
            folded = wanted.strip().casefold().removeprefix("www.")
            if "." in folded and " " not in folded:
                if host == folded or host.endswith(f".{folded}"):
                    return True
            elif folded in names:
                return True
        return False

    def _by_keyword(self, review: Node) -> bool:
        if not self.keywords:
            return True
        item = _node(review.get("itemReviewed"))
        held = [review.get(name) for name in ("claimReviewed", "headline", "name", "keywords")]
        texts = [text for value in (*held, item.get("name")) for text in _texts(value)]
        searched = one_line(" \n ".join(texts)).casefold()
        return any(keyword.strip().casefold() in searched for keyword in self.keywords)


def read(
    path: Path,
    selection: Selection,
    accepted: Accepted,
    *,
    language: str | None = None,
    encoding: str | None = None,
) -> Iterator[Row | Refused]:
    """The claims of the selected reviews; ``line`` is the number of the review in the file.

    ``language`` is that of reviews that do not tell theirs; without it, it is guessed.

    Raises:
        OSError: the file cannot be read.
        ServiceError: its encoding cannot be told.
    """
    for found in find_reviews(path, encoding):
        if isinstance(found, Refused):
            yield found
        elif selection.takes(found[1]):
            yield _row(*found, accepted, language)


def rating_of(review: Node) -> Rating:
    """The rating of a review; a scale that is not given is not assumed."""
    ratings = _list(review.get("reviewRating"))
    nodes = [value for value in ratings if isinstance(value, dict)]
    texts = [value for value in ratings if isinstance(value, str)]
    for node in nodes:
        texts += _texts(node.get("alternateName")) or _texts(node.get("name"))
        if not texts and _number(node.get("ratingValue")) is None:
            texts += _texts(node.get("ratingValue"))
    first: Node = nodes[0] if nodes else {}
    return Rating(
        tuple(dict.fromkeys(text for text in map(_letters, texts) if text)),
        *(_number(first.get(name)) for name in ("ratingValue", "worstRating", "bestRating")),
    )


def _row(number: int, review: Node, accepted: Accepted, language: str | None) -> Row | Refused:
    url = _address(review.get("url"))
    text = one_line(_text(review.get("claimReviewed")))
    about = url or text or None
    if not text:
        return Refused(number, "It has no claimReviewed.", about)
    rating = rating_of(review)
    if refusal := accepted.refusal(rating):
        return Refused(number, refusal, about)
    spoken = _language(review, text, language)
    if spoken is None:
        reason = "Its language is neither stated nor certain; name it with --language."
        return Refused(number, reason, about)
    publisher = next(iter(_publishers(review)), None) or publisher_of(url or _site(review))
    if not publisher:
        return Refused(number, "It names no author, publisher or address.", about)
    written = rating.written()
    if written and len(written) > LONGEST_TITLE:
        reason = f"The rating is longer than {LONGEST_TITLE} characters and is not to be cut."
        return Refused(number, reason, about)
    notes: list[str] = []
    title = one_line(_text(review.get("headline")) or _text(review.get("name")))
    rebuttal = _rebuttal(review, text, title, publisher, written, url, spoken)
    if not rebuttal:
        return Refused(number, "It has no text, no rating and no address: no rebuttal.", about)
    own = {
        "publisher": publisher,
        "title": None if title == text else title[:500],
        "url": url,
        "date": _date(review.get("datePublished"), "datePublished", notes),
        "language": spoken,
        "kind": "fact_check",
        "rating": written,
    }
    appearances = _appearances(review, notes)
    raw = {
        "id": stable_id("claimreview", f"{_source(url) or publisher}\n{text}"),
        "text": text,
        "language": spoken,
        "rebuttal": rebuttal,
        "rebuttals": [own, *_cited(review, notes)],
        "appearances": appearances,
        "first_seen": _first(appearances, review, notes),
        "keywords": _keywords(review.get("keywords")),
    }
    return build(number, raw, notes=notes, about=about)


def _rebuttal(
    review: Node,
    text: str,
    title: str,
    publisher: str,
    rating: str | None,
    url: str | None,
    language: str,
) -> str:
    """The review's own words; else its description or title with the rating and the address.

    A description often repeats the claim, so it does not stand alone.
    """
    body = paragraphs(_text(review.get("reviewBody")))
    if body and one_line(body) != text:
        return body
    described = one_line(_text(review.get("description")))
    parts = [part for part in (described or title,) if part and part != text]
    if rating:
        parts.append(_RATED.get(language, _RATED["en"]).format(publisher=publisher, rating=rating))
    if url and parts:
        parts.append(url)
    return " ".join(parts)


def _language(review: Node, text: str, default: str | None) -> str | None:
    for value in _list(review.get("inLanguage")):
        name = (
            _text(value.get("alternateName") or value.get("name"))
            if isinstance(value, dict)
            else _text(value)
        )
        if code := language_code(name):
            return code
    return default or guessed_language(text)


def _appearances(review: Node, notes: list[str]) -> list[dict[str, Any]]:
    item = _node(review.get("itemReviewed"))
    author = next(iter(_names(item.get("author"))), None)
    day = _date(item.get("datePublished"), "itemReviewed.datePublished", notes)
    found = []
    for name in ("firstAppearance", "appearance"):
        for work in _list(item.get(name)):
            held: Node = work if isinstance(work, dict) else {"url": work}
            url = _address(held.get("url"))
            by = [
                *_names(held.get("publisher")),
                *_names(held.get("author")),
                *([author] * bool(author)),
            ]
            outlet = next(iter(by), None) or publisher_of(url or "")
            if outlet:
                entry = {
                    "outlet": outlet,
                    "url": url,
                    "archived_url": _address(held.get("archivedAt")),
                    "date": _date(held.get("datePublished"), f"{name}.datePublished", notes),
                    "language": language_code(_text(held.get("inLanguage"))),
                }
                found.append({key: value for key, value in entry.items() if value})
            elif url:
                notes.append(f"/itemReviewed/{name}: not a web address ({url[:120]})")
    if not found and author:
        found.append({"outlet": author, **({"date": day} if day else {})})
    return found


def _first(appearances: list[dict[str, Any]], review: Node, notes: list[str]) -> str | None:
    """The earliest known date of the claim itself; that of the review is not one."""
    item = _node(review.get("itemReviewed"))
    days = [entry["date"] for entry in appearances if "date" in entry]
    own = _date(item.get("datePublished"), "itemReviewed.datePublished", [])
    known = [*days, *([own] if own else [])]
    return min(known, key=lambda day: (date_span(day)[0], -len(day)), default=None)


def _cited(review: Node, notes: list[str]) -> list[dict[str, Any]]:
    """What the review cites. Only another ClaimReview is a fact-check; all else is a source."""
    found = []
    for work in _list(review.get("citation")):
        held: Node = work if isinstance(work, dict) else {"url": work}
        url = _address(held.get("url"))
        publisher = next(iter(_publishers(held)), None) or publisher_of(url or "")
        if not publisher or not url:
            continue
        reviews = is_review(held)
        found.append(
            {
                "publisher": publisher,
                "title": one_line(_text(held.get("headline")) or _text(held.get("name")))[:500],
                "url": url,
                "date": _date(held.get("datePublished"), "citation.datePublished", notes),
                "language": language_code(_text(held.get("inLanguage"))),
                "kind": "fact_check" if reviews else "source",
                "rating": rating_of(held).written() if reviews else None,
            }
        )
    return [{key: value for key, value in entry.items() if value} for entry in found]


def _publishers(review: Node) -> list[str]:
    return [*_names(review.get("author")), *_names(review.get("publisher"))]


def _names(value: Any) -> list[str]:
    found = [
        one_line(_text(entry.get("name")) if isinstance(entry, dict) else _text(entry))
        for entry in _list(value)
    ]
    return [name for name in found if name]


def _site(review: Node) -> str:
    for role in ("author", "publisher"):
        for entry in _list(review.get(role)):
            if isinstance(entry, dict) and (url := _address(entry.get("url"))):
                return url
    return ""


def _keywords(value: Any) -> list[str]:
    found = [one_line(part) for text in _texts(value) for part in text.split(",")]
    return [keyword for keyword in found if keyword]


def _date(value: Any, name: str, notes: list[str]) -> str | None:
    return date_or_note(_text(value), name, notes)


def _source(url: str | None) -> str | None:
    """The address without what varies: scheme, ``www.``, fragment and campaign parameters."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        query = "&".join(p for p in parts.query.split("&") if not p.startswith(("utm_", "fbclid")))
        host = (parts.hostname or "").removeprefix("www.")
        return urlunsplit(("", host, parts.path.rstrip("/"), query, ""))
    except ValueError:
        return url


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _address(value: Any) -> str | None:
    for entry in _list(value):
        found = entry.get("url") or entry.get("@id") if isinstance(entry, dict) else entry
        if isinstance(found, str) and found.strip():
            return found.strip().replace(" ", "%20") if "://" in found else found.strip()
    return None


def _letters(text: str) -> str:
    """A rating to the letter: only entities and surrounding white space are no part of it."""
    return marked(html.unescape(text)).strip()


def _number(value: Any) -> float | None:
    entries = _list(value)
    if not entries or isinstance(entries[0], bool):
        return None
    try:
        number = float(str(entries[0]).strip().replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) < 1e6 else None


def _list(value: Any) -> list[Any]:
    if isinstance(value, dict) and set(value) >= {"@list"}:
        value = value["@list"]
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _node(value: Any) -> Node:
    return next((entry for entry in _list(value) if isinstance(entry, dict)), {})


def _texts(value: Any) -> list[str]:
    found = []
    for entry in _list(value):
        if isinstance(entry, dict):
            entry = entry.get("@value")
        if isinstance(entry, str) or (
            isinstance(entry, int | float) and not isinstance(entry, bool)
        ):
            found.append(str(entry))
    return [text for text in found if text.strip()]


def _text(value: Any) -> str:
    return next(iter(_texts(value)), "")
