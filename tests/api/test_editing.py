"""POST, PUT and DELETE /claims: what editors write, and that none of it is lost."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from service.errors import CatalogueUnwritable, NotReady
from service.schemas.claim import ClaimSchema
from tests.api.conftest import Desk, assert_problem
from tests.fakes import CLAIMS

GRAIN: dict[str, Any] = {
    "id": "grain",
    "text": "Grain goes to rich countries only.",
    "title": "Grain for the rich",
    "rebuttal": "Half of it went to poorer ones.",
    "wordings": {"ru": ["Зерно идёт богатым."], "en": ["The rich eat it.", "The rich eat it."]},
}
AT = "/claims/grain"


def without_id(**changed: Any) -> dict[str, Any]:
    return {name: value for name, value in (GRAIN | changed).items() if name != "id"}


def put(client: FlaskClient, if_match: str | None = None, **changed: Any) -> Any:
    headers = {} if if_match is None else {"If-Match": if_match}
    return client.put(AT, json=without_id(**changed), headers=headers)


def test_a_new_claim_answers_201_with_its_address_and_its_etag(editor: FlaskClient) -> None:
    response = editor.post("/claims", json=GRAIN)
    assert response.status_code == 201
    assert response.headers["Location"] == AT
    again = editor.get(AT)
    assert again.get_json() == response.get_json()
    assert again.headers["ETag"] == response.headers["ETag"] == '"1"'


def test_the_address_of_a_claim_stays_below_the_prefix_of_a_proxy(editor: FlaskClient) -> None:
    response = editor.post("/claims", json=GRAIN, environ_overrides={"SCRIPT_NAME": "/refrain"})
    assert response.headers["Location"] == "/refrain/claims/grain"


def test_what_is_written_can_be_matched_at_once(editor: FlaskClient, desk: Desk) -> None:
    editor.post("/claims", json=GRAIN)
    assert desk.engine.refreshed == 1
    found = editor.post("/match", json={"text": "grain goes to rich countries"}).get_json()
    assert found["matches"][0]["claim"]["id"] == "grain"


def test_the_vectors_of_a_claim_are_stored_with_it(editor: FlaskClient, desk: Desk) -> None:
    editor.post("/claims", json=GRAIN)
    assert len(desk.catalogue.wordings_at_revision()[1]) == 4
    assert desk.catalogue.count_without_vector(desk.engine.encoder_id, None) == 0


def test_a_claim_whose_id_is_taken_answers_409(editor: FlaskClient) -> None:
    editor.post("/claims", json=GRAIN)
    for body in (GRAIN, GRAIN | {"text": "Something else."}):
        assert "grain" in assert_problem(editor.post("/claims", json=body), 409)["detail"]
    assert editor.get(AT).get_json()["text"] == GRAIN["text"]


@pytest.mark.parametrize(
    ("text", "title", "begin"),
    [
        ("A claim.", "Grain for the rich!", "grain-for-the-rich-"),
        ("Łódź is ours.", None, "odz-is-ours-"),
        ("Зерно идёт богатым.", None, "claim-"),
        ("a" * 300, None, "a" * 60 + "-"),
    ],
)
def test_a_claim_without_an_id_gets_one_that_can_be_read(
    editor: FlaskClient, text: str, title: str | None, begin: str
) -> None:
    body = {"text": text, "title": title, "rebuttal": "No."}
    first, second = (editor.post("/claims", json=body) for _ in range(2))
    assert first.status_code == second.status_code == 201
    ids = [response.get_json()["id"] for response in (first, second)]
    assert all(claim_id.startswith(begin) for claim_id in ids)
    assert ids[0] != ids[1]


def test_what_was_read_can_be_sent_back_as_it_is(editor: FlaskClient) -> None:
    for claim in CLAIMS:
        assert editor.post("/claims", json=ClaimSchema().dump(claim)).status_code == 201
    read = editor.get("/claims/peacekeepers-occupy-west-ukraine")
    sent = editor.put(
        "/claims/peacekeepers-occupy-west-ukraine",
        json=read.get_json(),
        headers={"If-Match": read.headers["ETag"]},
    )
    assert (sent.status_code, sent.get_json()) == (200, read.get_json())
    assert sent.headers["ETag"] == read.headers["ETag"]


def test_put_creates_what_is_not_there(editor: FlaskClient) -> None:
    response = put(editor)
    assert (response.status_code, response.headers["Location"]) == (201, AT)
    assert editor.get(AT).get_json() == response.get_json()


def test_put_replaces_what_has_the_etag(editor: FlaskClient) -> None:
    tag = put(editor).headers["ETag"]
    response = put(editor, tag, text="Corrected.", title=None, wordings={})
    assert response.status_code == 200
    assert "Location" not in response.headers
    assert response.headers["ETag"] != tag
    read = editor.get(AT)
    assert read.get_json() == response.get_json()
    assert (read.get_json()["text"], read.get_json()["wordings"]) == ("Corrected.", {})


def test_of_two_editors_with_one_etag_the_second_gets_412(editor: FlaskClient) -> None:
    tag = put(editor).headers["ETag"]
    assert put(editor, tag, text="The first correction.").status_code == 200
    assert_problem(put(editor, tag, text="The second correction."), 412)
    assert_problem(editor.delete(AT, headers={"If-Match": tag}), 412)
    assert editor.get(AT).get_json()["text"] == "The first correction."


def test_a_change_without_a_condition_answers_428(editor: FlaskClient) -> None:
    put(editor)
    assert_problem(put(editor, text="Corrected."), 428)
    assert_problem(editor.delete(AT), 428)
    assert editor.get(AT).get_json()["text"] == GRAIN["text"]


@pytest.mark.parametrize("tag", ["*", '"9", "1"', '"1"'])
def test_a_condition_that_holds_lets_the_change_through(editor: FlaskClient, tag: str) -> None:
    put(editor)
    assert put(editor, tag, text="Corrected.").status_code == 200


@pytest.mark.parametrize("tag", ['"9"', 'W/"1"', "", '"', '"x"', '"٣"', '"' + "9" * 50 + '"'])
def test_a_condition_that_does_not_hold_answers_412(editor: FlaskClient, tag: str) -> None:
    put(editor)
    sent = tag.encode().decode("latin-1")
    assert_problem(put(editor, sent, text="Corrected."), 412)
    assert_problem(editor.delete(AT, headers={"If-Match": sent}), 412)
    assert editor.get(AT).get_json()["text"] == GRAIN["text"]


@pytest.mark.parametrize("tag", ["*", '"1"', ""])
def test_a_condition_on_what_is_not_there_creates_nothing(editor: FlaskClient, tag: str) -> None:
    assert_problem(put(editor, tag), 412)
    assert_problem(editor.get(AT), 404)


def test_if_none_match_creates_only(editor: FlaskClient) -> None:
    for status in (201, 412):
        sent = editor.put(AT, json=without_id(), headers={"If-None-Match": "*"})
        assert sent.status_code == status


def test_the_id_in_the_body_must_be_that_of_the_address(editor: FlaskClient) -> None:
    assert editor.put(AT, json=GRAIN).status_code == 201
    assert_problem(editor.put("/claims/wheat", json=GRAIN), 422, "/id")


@pytest.mark.parametrize("claim_id", ["batch", "A", "-a", "a%20b", "a" * 129])
def test_an_address_that_cannot_be_an_id_answers_422(editor: FlaskClient, claim_id: str) -> None:
    assert_problem(editor.put(f"/claims/{claim_id}", json=without_id()), 422, "/id")
    assert_problem(editor.delete(f"/claims/{claim_id}", headers={"If-Match": "*"}), 404)


def test_a_deleted_claim_is_gone(editor: FlaskClient, desk: Desk) -> None:
    tag = put(editor).headers["ETag"]
    response = editor.delete(AT, headers={"If-Match": tag})
    assert (response.status_code, response.data) == (204, b"")
    assert desk.engine.refreshed == 2
    assert_problem(editor.get(AT), 404)
    for headers in ({}, {"If-Match": tag}, {"If-Match": "*"}):
        assert_problem(editor.delete(AT, headers=headers), 404)


def test_an_id_that_is_used_again_never_repeats_an_etag(editor: FlaskClient) -> None:
    tags = []
    for _ in range(3):
        tags.append(put(editor).headers["ETag"])
        editor.delete(AT, headers={"If-Match": tags[-1]})
    assert len(set(tags)) == 3
    put(editor)
    assert_problem(put(editor, tags[0], text="For the first of them."), 412)
    history = editor.get(f"{AT}/history").get_json()["changes"]
    assert [change["action"] for change in history] == ["create", *["delete", "create"] * 3]


def test_a_wrong_field_is_named_and_nothing_is_written(editor: FlaskClient, desk: Desk) -> None:
    wrong = GRAIN | {"text": " ", "wordings": {"ru": [5]}, "first_seen": "soon"}
    pointers = ("/text", "/wordings/ru/0", "/first_seen")
    assert_problem(editor.post("/claims", json=wrong), 422, *pointers)
    assert_problem(editor.put(AT, json=wrong), 422, *pointers)
    assert desk.catalogue.revision() == 0


def test_a_narrative_without_a_title_must_exist(editor: FlaskClient) -> None:
    untitled = GRAIN | {"narrative": {"id": "food"}}
    assert_problem(editor.post("/claims", json=untitled), 422, "/narrative/title")
    titled = GRAIN | {"narrative": {"id": "food", "title": "Food"}}
    assert editor.post("/claims", json=titled).status_code == 201
    answer = put(editor, "*", text="Corrected.", narrative={"id": "food"})
    assert answer.get_json()["narrative"] == {"id": "food", "title": "Food"}


def test_nothing_is_encoded_for_a_write_that_cannot_be(editor: FlaskClient, desk: Desk) -> None:
    put(editor)
    desk.engine.encoded.clear()
    for response in (editor.post("/claims", json=GRAIN), put(editor), put(editor, '"9"')):
        assert response.status_code in (409, 412, 428)
    assert put(editor, '"1"').status_code == 200  # it says so already
    assert desk.engine.encoded == []


def test_a_claim_is_not_written_while_its_wordings_cannot_be_encoded(
    editor: FlaskClient, desk: Desk
) -> None:
    desk.engine.fault = NotReady(("encoder",))
    response = editor.post("/claims", json=GRAIN)
    assert_problem(response, 503)
    assert int(response.headers["Retry-After"]) > 0
    assert desk.catalogue.revision() == 0


def test_a_write_stands_where_the_worker_cannot_catch_up(
    editor: FlaskClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise NotReady(("index",))

    monkeypatch.setattr(desk.engine, "refresh", fail)
    assert editor.post("/claims", json=GRAIN).status_code == 201


def test_a_catalogue_that_cannot_be_written_answers_503_with_the_reason(
    editor: FlaskClient,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise CatalogueUnwritable("The disk of the catalogue is full.", "SQLITE_FULL")

    monkeypatch.setattr(desk.catalogue, "save", fail)
    response = editor.post("/claims", json=GRAIN)
    assert assert_problem(response, 503)["detail"] == "The disk of the catalogue is full."
    assert int(response.headers["Retry-After"]) > 0
    assert "SQLITE_FULL" in caplog.text


# Batches


def some(count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"c{at}", "text": f"Claim {at}.", "rebuttal": "No."} | more for at in range(count)
    ]


def test_a_batch_is_added_and_each_claim_told_about(editor: FlaskClient, desk: Desk) -> None:
    response = editor.post("/claims/batch", json={"claims": [*some(2), without_id()]})
    assert response.status_code == 200
    told = response.get_json()["claims"]
    assert [claim["outcome"] for claim in told] == ["added"] * 3
    for claim in told:
        assert editor.get(f"/claims/{claim['id']}").headers["ETag"] == f'"{claim["revision"]}"'
    assert desk.engine.refreshed == 1
    assert desk.catalogue.count_without_vector(desk.engine.encoder_id, None) == 0


def test_a_batch_may_be_sent_again(editor: FlaskClient) -> None:
    first = editor.post("/claims/batch", json={"claims": some(3)}).get_json()["claims"]
    again = editor.post("/claims/batch", json={"claims": some(4)}).get_json()["claims"]
    assert [claim["outcome"] for claim in again] == ["unchanged"] * 3 + ["added"]
    assert [claim["revision"] for claim in again[:3]] == [claim["revision"] for claim in first]


def test_a_batch_changes_no_claim_that_is_there(editor: FlaskClient, desk: Desk) -> None:
    editor.post("/claims", json=some(2)[1] | {"text": "An editor's own words."})
    response = editor.post("/claims/batch", json={"claims": some(3)})
    assert_problem(response, 409, "/claims/1/id")
    assert desk.catalogue.revision() == 1


@pytest.mark.parametrize(
    ("claims", "pointer"),
    [
        ([*some(3), {"id": "x", "rebuttal": "No."}], "/claims/3/text"),
        ([*some(2), some(1)[0]], "/claims/2/id"),
        ([*some(1), GRAIN | {"narrative": {"id": "none"}}], "/claims/1/narrative/title"),
        ([], "/claims"),
        ({}, "/claims"),
        (some(1001), "/claims"),
        (some(501, title="A title"), "/claims"),
        (["x"], "/claims/0"),
    ],
)
def test_a_fault_in_a_batch_is_named_and_nothing_is_written(
    editor: FlaskClient, desk: Desk, claims: Any, pointer: str
) -> None:
    assert_problem(editor.post("/claims/batch", json={"claims": claims}), 422, pointer)
    assert desk.catalogue.revision() == 0


def test_a_batch_takes_a_thousand_claims(editor: FlaskClient, desk: Desk) -> None:
    assert editor.post("/claims/batch", json={"claims": some(1000)}).status_code == 200
    assert desk.catalogue.revision() == 1000


def test_a_batch_may_be_larger_than_other_bodies(editor: FlaskClient) -> None:
    large = some(600, rebuttal="x" * 5000)
    assert editor.post("/claims/batch", json={"claims": large}).status_code == 200
    body = b'{"claims": [' + b" " * (16 * 1024 * 1024) + b"]}"
    for address, sent in (("/claims/batch", body), ("/claims", body[: 3 * 1024 * 1024])):
        response = editor.post(address, data=sent, content_type="application/json")
        assert_problem(response, 413)


# What has been changed


def test_the_history_shows_who_changed_what(editor: FlaskClient, desk: Desk) -> None:
    tag = put(editor).headers["ETag"]
    other = desk.client(desk.key("edit", "night desk"))
    tag = put(other, tag, text="Corrected.").headers["ETag"]
    other.delete(AT, headers={"If-Match": tag})
    page = editor.get(f"{AT}/history").get_json()
    assert page["next_cursor"] is None
    deleted, changed, created = page["changes"]
    assert [one["who"] for one in page["changes"]] == ["night desk", "night desk", "the edit desk"]
    assert [one["revision"] for one in page["changes"]] == [3, 2, 1]
    assert (created["action"], created["before"]) == ("create", None)
    assert created["after"] == changed["before"]
    assert changed["before"]["text"] == GRAIN["text"]
    assert changed["before"]["wordings"] == {"en": ["The rich eat it."]} | {
        "ru": GRAIN["wordings"]["ru"]
    }
    assert changed["after"]["text"] == "Corrected."
    assert (deleted["action"], deleted["after"]) == ("delete", None)
    assert deleted["before"] == changed["after"]
    assert deleted["at"].endswith("Z")


def test_a_history_comes_page_by_page(editor: FlaskClient) -> None:
    tag = put(editor).headers["ETag"]
    for number in range(4):
        tag = put(editor, tag, text=f"Correction {number}.").headers["ETag"]
    found, cursor = [], None
    for _ in range(3):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = editor.get(f"{AT}/history", query_string=query).get_json()
        found += [change["revision"] for change in page["changes"]]
        cursor = page["next_cursor"]
    assert (found, cursor) == ([5, 4, 3, 2, 1], None)


@pytest.mark.parametrize("query", ["cursor=x", "cursor=aWQ6YQ==", "limit=0", "limit=201", "x=1"])
def test_a_bad_question_about_a_history_answers_422(editor: FlaskClient, query: str) -> None:
    put(editor)
    assert_problem(editor.get(f"{AT}/history?{query}"), 422, "/" + query.partition("=")[0])


@pytest.mark.parametrize("claim_id", ["nobody", "A", "a%00"])
def test_what_never_was_has_no_history(editor: FlaskClient, claim_id: str) -> None:
    assert_problem(editor.get(f"/claims/{claim_id}/history"), 404)


def test_a_mirror_is_told_of_changes_and_deletions(editor: FlaskClient) -> None:
    editor.post("/claims/batch", json={"claims": some(4)})
    editor.put("/claims/c1", json=some(2)[1] | {"text": "New."}, headers={"If-Match": "*"})
    editor.delete("/claims/c3", headers={"If-Match": "*"})
    page = editor.get("/claims?changed_since=4").get_json()
    assert [claim["id"] for claim in page["claims"]] == ["c1"]
    assert (page["deleted"], page["revision"], page["next_cursor"]) == (["c3"], 6, None)
    assert editor.get("/claims?changed_since=6").get_json()["claims"] == []


def test_a_mirror_misses_nothing_that_changes_between_its_pages(editor: FlaskClient) -> None:
    editor.post("/claims/batch", json={"claims": some(5)})
    first = editor.get("/claims?changed_since=0&limit=2").get_json()
    editor.put("/claims/c0", json=some(1)[0] | {"text": "New."}, headers={"If-Match": "*"})
    mirrored, page = [claim["id"] for claim in first["claims"]], first
    while page["next_cursor"]:
        query = {"changed_since": 0, "limit": 2, "cursor": page["next_cursor"]}
        page = editor.get("/claims", query_string=query).get_json()
        mirrored += [claim["id"] for claim in page["claims"]]
    assert mirrored == [f"c{number}" for number in range(5)]
    later = editor.get(f"/claims?changed_since={page['revision']}").get_json()
    assert [claim["text"] for claim in later["claims"]] == ["New."]


def test_a_mirror_drops_what_its_filter_no_longer_lets_pass(editor: FlaskClient) -> None:
    food = {"narrative": {"id": "food", "title": "Food"}}
    editor.post("/claims", json=GRAIN | food)
    put(editor, "*")
    page = editor.get("/claims?changed_since=1&narratives=food").get_json()
    assert (page["claims"], page["deleted"]) == ([], ["grain"])
