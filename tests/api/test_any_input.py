"""POST /match: nothing that anybody sends answers a 500."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import assert_problem, make_app, post_json

CLIENT = make_app().test_client()


@given(st.text(st.characters(exclude_categories=()), max_size=200) | st.text())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_at_all_breaks_the_service(text: str) -> None:
    response = post_json(CLIENT, {"text": text})
    if response.status_code == 200:
        assert response.get_json()["query"]["text"] == text.strip()
    else:
        assert_problem(response, 422, "/text")


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "text",
        "language",
        "limit",
        "min_score",
        "relations",
        "narratives",
        "rebuttal_languages",
        "rebuttal_publishers",
        "since",
        "until",
    ]
)


@given(st.dictionaries(NAMES | st.text(), JSON_VALUES, max_size=6) | JSON_VALUES)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_json_at_all_breaks_the_service(body: Any) -> None:
    response = post_json(CLIENT, body)
    assert response.status_code in (200, 422), response.text


@given(st.binary(max_size=100))
@settings(max_examples=200, deadline=None)
def test_no_bytes_at_all_break_the_service(body: bytes) -> None:
    response = CLIENT.post("/match", data=body, content_type="application/json")
    assert response.status_code in (400, 422), response.text
