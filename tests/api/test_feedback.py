"""POST /feedback: an editor's judgement is kept with what was judged."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from service.models import EditorJudgement
from tests.api.conftest import Desk, assert_problem

JUDGED = {"text": "Grain goes to the rich", "claim_id": "grain", "verdict": "same"}


@pytest.fixture(name="judge")
def _judge(desk: Desk) -> FlaskClient:
    claim = {"id": "grain", "text": "Grain goes to the rich.", "rebuttal": "No."}
    assert desk.client(desk.key("edit")).post("/claims", json=claim).status_code == 201
    return desk.client(desk.key("match", "web desk"))


def kept(desk: Desk) -> list[EditorJudgement]:
    return list(desk.catalogue.feedback.all())


def test_a_judgement_is_kept_with_engine_and_score(judge: FlaskClient, desk: Desk) -> None:
    response = judge.post("/feedback", json=JUDGED | {"relation": "repeats"})
    assert (response.status_code, response.get_json()) == (202, {"status": "accepted"})
    [found] = kept(desk)
    assert (found.text, found.claim_id, found.verdict) == (JUDGED["text"], "grain", "same")
    assert (found.relation, found.claim_revision, found.who) == ("repeats", 1, "web desk")
    assert found.score == pytest.approx(1.0)
    assert found.engine == desk.engine.describe()


def test_a_claim_that_was_not_found_for_the_text_has_no_score(
    judge: FlaskClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.engine, "find_matches", lambda queries: [_nothing(queries[0])])
    assert judge.post("/feedback", json=JUDGED | {"verdict": "wrong"}).status_code == 202
    assert kept(desk)[0].score is None


def _nothing(query: Any) -> Any:
    from service.models import MatchResult

    return MatchResult(query.text, "en", False, (), None)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"claim_id": "nobody"}, "/claim_id"),
        ({"claim_id": "A"}, "/claim_id"),
        ({"verdict": "yes"}, "/verdict"),
        ({"verdict": None}, "/verdict"),
        ({"relation": "unclear"}, "/relation"),
        ({"text": " "}, "/text"),
        ({"text": "a" * 2001}, "/text"),
        ({"score": 1}, "/score"),
    ],
)
def test_a_wrong_judgement_is_refused_and_not_kept(
    judge: FlaskClient, desk: Desk, fields: dict[str, Any], pointer: str
) -> None:
    assert_problem(judge.post("/feedback", json=JUDGED | fields), 422, pointer)
    assert kept(desk) == []
