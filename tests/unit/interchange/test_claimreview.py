"""ClaimReview in: the shapes it comes in, what is taken of it, what is refused."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.interchange import claimreview, claimreview_feed
from service.interchange.claimreview import Selection
from service.interchange.importing import Refused, Row
from service.interchange.ratings import Accepted
from service.models import Appearance, Claim

REVIEW: dict[str, Any] = {
    "@context": "http://schema.org",
    "@type": "ClaimReview",
    "url": "https://www.checkers.example/reviews/7?utm_source=feed",
    "author": {"@type": "Organization", "name": "The Checkers", "url": "https://checkers.example/"},
    "datePublished": "2024-05-03T10:00:00Z",
    "headline": "No, the dam is not a hologram",
    "claimReviewed": "The dam on the river is a hologram made by the army.",
    "reviewBody": "<p>The dam stands &amp; was inspected.</p>",
    "inLanguage": "en-GB",
    "keywords": "dam, hologram",
    "itemReviewed": {
        "@type": "Claim",
        "author": {"@type": "Person", "name": "A Blogger"},
        "datePublished": "2024-05-02",
        "firstAppearance": {"@type": "CreativeWork", "url": "https://blog.example/1"},
        "appearance": ["https://blog.example/2", {"url": "https://tv.example/3",
                       "publisher": {"name": "TV"}, "datePublished": "2024-05-01"}],
    },
    "reviewRating": {
        "@type": "Rating", "ratingValue": "1", "bestRating": "5", "worstRating": 1,
        "alternateName": "False",
    },
}  # fmt: skip

ALL = Selection()


def rows(
    path: Path, selection: Selection = ALL, accepted: tuple[str, ...] = (), **options: str
) -> list[Row | Refused]:
    return list(claimreview.read(path, selection, Accepted(accepted), **options))


def file(tmp_path: Path, held: Any, name: str = "feed.json") -> Path:
    path = tmp_path / name
    path.write_text(held if isinstance(held, str) else json.dumps(held), "utf-8")
    return path


def only(tmp_path: Path, **changes: Any) -> Row | Refused:
    review = {key: value for key, value in (REVIEW | changes).items() if value is not None}
    found = rows(file(tmp_path, review))
    assert len(found) == 1
    return found[0]


def claim(tmp_path: Path, **changes: Any) -> Claim:
    row = only(tmp_path, **changes)
    assert isinstance(row, Row), row
    return row.claim


def reason(tmp_path: Path, **changes: Any) -> str:
    row = only(tmp_path, **changes)
    assert isinstance(row, Refused), row
    return row.reason


def page(*scripts: Any) -> str:
    tags = "".join(
        f'<script type="application/ld+json">{s if isinstance(s, str) else json.dumps(s)}</script>'
        for s in scripts
    )
    return f"<!doctype html><html><head><title>t</title>{tags}</head><body><p>x</p></body></html>"


def test_what_is_taken_of_a_review(tmp_path: Path) -> None:
    taken = claim(tmp_path)
    assert taken.text == "The dam on the river is a hologram made by the army."
    assert taken.title is None
    assert taken.rebuttal == "The dam stands & was inspected."
    assert taken.language == "en"
    assert taken.keywords == ("dam", "hologram")
    assert taken.first_seen == "2024-05-01"
    assert taken.reviewed is False
    (rebuttal,) = taken.rebuttals
    assert (rebuttal.publisher, rebuttal.kind, rebuttal.rating, rebuttal.date) == (
        "The Checkers", "fact_check", "False", "2024-05-03",
    )  # fmt: skip
    assert rebuttal.title == "No, the dam is not a hologram"
    assert taken.appearances == (
        Appearance("A Blogger", "https://blog.example/1"),
        Appearance("A Blogger", "https://blog.example/2"),
        Appearance("TV", "https://tv.example/3", date="2024-05-01"),
    )


@pytest.mark.parametrize(
    "held",
    [
        REVIEW,
        [REVIEW],
        {"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, REVIEW]},
        {"@type": "DataFeed", "dateModified": "x", "dataFeedElement": [
            {"@type": "DataFeedItem", "dateCreated": "x", "item": [REVIEW], "url": "u"}]},
        {"@type": "DataFeed", "dataFeedElement": [{"@type": "DataFeedItem", "item": REVIEW}]},
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": REVIEW}]},
        {"@type": "WebPage", "mainEntity": REVIEW},
        REVIEW | {"@type": ["Review", "ClaimReview"]},
        REVIEW | {"@type": "http://schema.org/ClaimReview"},
        {(k if k.startswith("@") else f"schema:{k}"): v for k, v in REVIEW.items()}
        | {"@type": "schema:ClaimReview"},
        REVIEW | {"claimReviewed": {"@value": REVIEW["claimReviewed"], "@language": "en"}},
    ],
)  # fmt: skip
@pytest.mark.parametrize("wrapped", [False, True])
def test_every_shape_gives_the_same_claim(tmp_path: Path, held: Any, wrapped: bool) -> None:
    found = rows(file(tmp_path, page({"@type": "NewsArticle"}, held) if wrapped else held))
    assert [row.claim for row in found if isinstance(row, Row)] == [claim(tmp_path)]
    assert len(found) == 1


def test_objects_one_after_the_other_are_read(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(REVIEW | {"claimReviewed": f"Claim {n} about it."}) for n in "abc")
    assert [row.line for row in rows(file(tmp_path, lines))] == [1, 2, 3]


def test_a_file_with_one_script_per_line_is_read(tmp_path: Path) -> None:
    lines = "\n".join(
        f'<script type="application/ld+json">{json.dumps(REVIEW)}</script>' for _ in "ab"
    )
    assert len(rows(file(tmp_path, lines, "reviews.txt"))) == 2


@pytest.mark.parametrize(
    "script",
    [
        f"<!-- {json.dumps(REVIEW)} -->",
        f"//<![CDATA[\n{json.dumps(REVIEW)}\n//]]>",
        json.dumps(REVIEW) + ";",
        json.dumps(REVIEW).replace("The dam stands", "The dam\n\tstands"),
        json.dumps(REVIEW).replace('"', "&quot;"),
    ],
)
def test_json_ld_of_real_pages_is_read(tmp_path: Path, script: str) -> None:
    (row,) = rows(file(tmp_path, page(script), "page.html"))
    assert isinstance(row, Row)


def test_a_broken_script_is_refused_and_the_next_one_is_read(tmp_path: Path) -> None:
    first, second = rows(file(tmp_path, page('{"@type": "ClaimReview",', REVIEW), "page.html"))
    assert isinstance(first, Refused)
    assert "JSON-LD that cannot be read" in first.reason
    assert isinstance(second, Row)


def test_a_broken_feed_is_read_up_to_the_fault(tmp_path: Path) -> None:
    text = json.dumps([REVIEW, REVIEW])[:-20]
    first, second = rows(file(tmp_path, text))
    assert isinstance(first, Row)
    assert isinstance(second, Refused)
    assert second.line == 2
    assert "Not JSON from here on" in second.reason


def test_json_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    (row,) = rows(file(tmp_path, "[" * 100_000))
    assert isinstance(row, Refused)
    assert "Nested too deeply" in row.reason
    (row,) = rows(file(tmp_path, page('{"a":' * 100_000), "page.html"))
    assert isinstance(row, Refused)


def test_a_feed_is_read_one_review_at_a_time(tmp_path: Path) -> None:
    elements = [{"@type": "DataFeedItem", "item": [REVIEW]}] * 300
    path = file(tmp_path, json.dumps({"@type": "DataFeed", "dataFeedElement": elements})[:-9])
    first = list(islice(claimreview_feed.find_reviews(path), 2))
    assert [found[0] for found in first if not isinstance(found, Refused)] == [1, 2]


@pytest.mark.parametrize("last", [True, False])
def test_an_author_named_elsewhere_in_the_graph_is_found(tmp_path: Path, last: bool) -> None:
    nodes = [
        REVIEW | {"author": {"@id": "#us"}},
        {"@type": "Organization", "@id": "#us", "name": "The Checkers"},
    ]
    (row,) = rows(file(tmp_path, {"@graph": nodes if last else nodes[::-1]}))
    assert isinstance(row, Row)
    assert row.claim.rebuttals[0].publisher == "The Checkers"


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (Selection(("checkers.example",)), True),
        (Selection(("www.Checkers.example",)), True),
        (Selection(("the checkers",)), True),
        (Selection(("kers.example",)), False),
        (Selection(("example",)), False),
        (Selection(("others.example", "checkers.example")), True),
        (Selection((), ("HOLOGRAM",)), True),
        (Selection((), ("inspected",)), False),
        (Selection(("checkers.example",), ("nothing",)), False),
        (Selection(("checkers.example",), ("nothing", "dam")), True),
    ],
)
def test_a_selection_narrows(tmp_path: Path, selection: Selection, taken: bool) -> None:
    assert bool(rows(file(tmp_path, REVIEW), selection)) is taken


def test_an_author_cannot_pass_for_another_publisher_by_a_link(tmp_path: Path) -> None:
    forged = REVIEW | {"url": "https://forged.example/1"}
    assert not rows(file(tmp_path, forged), Selection(("checkers.example",)))


@pytest.mark.parametrize(
    ("rating", "part"),
    [
        ({"alternateName": "True"}, "Rated true"),
        ({"alternateName": "Правда", "ratingValue": 1, "bestRating": 5, "worstRating": 1}, "true"),
        ({"ratingValue": 5, "bestRating": 5, "worstRating": 1}, "Rated true"),
        ({"alternateName": "Half true"}, "neither true nor false"),
        ({"ratingValue": "1"}, "Not rated"),
        ({"alternateName": ""}, "Not rated"),
        ({"alternateName": "Three Nails"}, "not one that is known"),
        (None, "Not rated"),
        ({"alternateName": "False", "ratingValue": 5, "bestRating": 5, "worstRating": 1}, "contra"),
        ({"alternateName": "x" * 301}, "not one that is known"),
    ],
)
def test_a_review_not_rated_false_is_refused(tmp_path: Path, rating: Any, part: str) -> None:
    assert part in reason(tmp_path, reviewRating=rating)


def test_a_named_rating_is_taken_to_the_letter(tmp_path: Path) -> None:
    path = file(
        tmp_path, REVIEW | {"reviewRating": {"alternateName": " Three  NAILS &amp; a half"}}
    )
    (row,) = rows(path, accepted=("three nails & a half",))
    assert isinstance(row, Row)
    assert row.claim.rebuttals[0].rating == "Three  NAILS & a half"


def test_a_rating_too_long_to_keep_is_refused_rather_than_cut(tmp_path: Path) -> None:
    assert "not to be cut" in reason(
        tmp_path, reviewRating={"alternateName": "False. " + "x" * 300}
    )


def test_without_a_body_the_description_and_the_rating_are_the_rebuttal(tmp_path: Path) -> None:
    taken = claim(tmp_path, reviewBody=None, description="The dam is made of concrete.")
    assert taken.rebuttal == (
        "The dam is made of concrete. The Checkers rates this “False”. "
        "https://www.checkers.example/reviews/7?utm_source=feed"
    )
    taken = claim(tmp_path, reviewBody=REVIEW["claimReviewed"], url=None)
    assert taken.rebuttal == "No, the dam is not a hologram The Checkers rates this “False”."


def test_the_made_rebuttal_is_in_the_language_of_the_claim(tmp_path: Path) -> None:
    taken = claim(
        tmp_path, reviewBody=None, headline=None, inLanguage="uk",
        claimReviewed="Дамба — голограма.", reviewRating={"alternateName": "Неправда"},
    )  # fmt: skip
    assert taken.rebuttal.startswith("Оцінка The Checkers: «Неправда».")


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"claimReviewed": None}, "no claimReviewed"),
        ({"claimReviewed": "x" * 2001}, "2,000"),
        ({"claimReviewed": "lost \ufffd letters"}, "Letters are lost"),
        ({"author": None, "url": None}, "no author, publisher or address"),
        ({"inLanguage": None, "claimReviewed": "NATO 2014"}, "language"),
    ],
)
def test_what_cannot_be_a_claim_is_refused(
    tmp_path: Path, changes: dict[str, Any], part: str
) -> None:
    assert part in reason(tmp_path, **changes)


def test_the_language_is_guessed_where_it_is_certain(tmp_path: Path) -> None:
    text = "Украинские власти скрывают от своих граждан, что плотина давно разрушена."
    assert claim(tmp_path, inLanguage=None, claimReviewed=text).language == "ru"
    (row,) = rows(file(tmp_path, REVIEW | {"inLanguage": None, "claimReviewed": "NATO 2014"}),
                  language="de")  # fmt: skip
    assert isinstance(row, Row)
    assert row.claim.language == "de"


def test_what_cannot_be_read_is_left_out_and_noted(tmp_path: Path) -> None:
    row = only(tmp_path, datePublished="03/04/2024", url="ftp://checkers.example/1",
               itemReviewed={"appearance": "not an address"})  # fmt: skip
    assert isinstance(row, Row)
    assert row.claim.rebuttals[0].date is None
    assert row.claim.rebuttals[0].url is None
    assert row.claim.appearances == ()
    told = " ".join(row.notes)
    assert "two different days" in told
    assert "ftp://checkers.example/1" in told
    assert "not an address" in told


def test_a_long_body_is_cut_at_a_sentence_and_noted(tmp_path: Path) -> None:
    row = only(tmp_path, reviewBody="The dam stands. " * 400)
    assert isinstance(row, Row)
    assert row.claim.rebuttal.endswith("The dam stands. […]")
    assert len(row.claim.rebuttal) <= 5_000
    assert "cut after" in row.notes[0]
    assert "5,000" in reason(tmp_path, reviewBody="The dam stands. " * 400, url=None)


def test_a_news_source_that_is_cited_is_not_made_a_reviewer(tmp_path: Path) -> None:
    taken = claim(
        tmp_path,
        citation=[
            {"@type": "NewsArticle", "url": "https://news.example/1", "publisher": {"name": "News"},
             "reviewRating": {"alternateName": "False"}},
            {"@type": "ClaimReview", "url": "https://other.example/1", "author": {"name": "Other"},
             "reviewRating": {"alternateName": "Fake"}},
        ],
    )  # fmt: skip
    assert [(r.publisher, r.kind, r.rating) for r in taken.rebuttals[1:]] == [
        ("News", "source", None),
        ("Other", "fact_check", "Fake"),
    ]


def test_the_id_depends_on_address_and_text_alone(tmp_path: Path) -> None:
    first = claim(tmp_path)
    same = claim(
        tmp_path, url="http://checkers.example/reviews/7/#top", datePublished="2025-01-01",
        claimReviewed="  The dam on the river is a\n hologram made by the army.",
    )  # fmt: skip
    assert same.id == first.id
    assert claim(tmp_path, claimReviewed="The dam is a hologram.").id != first.id
    assert claim(tmp_path, url="https://checkers.example/reviews/8").id != first.id


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251"])
def test_other_encodings_are_found_out(tmp_path: Path, encoding: str) -> None:
    text = "Украинские власти скрывают от своих граждан, что плотина давно разрушена."
    held = REVIEW | {"claimReviewed": text, "inLanguage": "ru", "headline": text + " Нет.",
                     "reviewBody": "Плотина стоит на месте, её осмотрели инженеры."}  # fmt: skip
    path = tmp_path / "feed.json"
    path.write_bytes(json.dumps(held, ensure_ascii=False).encode(encoding))
    (row,) = rows(path)
    assert isinstance(row, Row)
    assert row.claim.text == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20) | st.sampled_from(["https://a.example/1", "False", "2024-01-01", "en"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["name", "url", "@id", "@value", "alternateName", "@type",
                                       "appearance", "author", "datePublished", "ratingValue",
                                       "bestRating", "worstRating", "inLanguage"]), inner),
    max_leaves=8,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(REVIEW)), JSON))
def test_no_review_however_odd_stops_an_import(tmp_path: Path, changes: dict[str, Any]) -> None:
    review = REVIEW | changes | {"@type": "ClaimReview"}
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(review), "utf-8")
    for selection in (ALL, Selection(("a.example",), ("x",))):
        for accepted in ((), ("unrated",)):
            rows(path, selection, accepted)
    path.write_text(page(review), "utf-8")
    rows(path)
