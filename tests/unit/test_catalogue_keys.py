"""Keys and feedback in the catalogue, and their commands."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text, update

from service.catalogue.catalogue import Catalogue
from service.catalogue.database import sqlite_url
from service.catalogue.schema import keys as table
from service.cli.feedback import feedback_group
from service.cli.keys import keys_group
from service.errors import KeyNameError
from service.models import EditorJudgement, EngineDescription, Key, Scope


def test_a_key_is_found_by_its_secret_alone(catalogue: Catalogue) -> None:
    key, secret = catalogue.keys.create("desk", "edit")
    found = catalogue.keys.find(secret)
    assert found is not None
    assert (found.id, found.name, found.scope) == (key.id, "desk", "edit")
    for wrong in ("", "rfr_", secret[:-1], secret + "A", secret.swapcase(), " " + secret):
        assert catalogue.keys.find(wrong) is None


def test_a_secret_has_256_random_bits_and_is_stored_as_a_hash_only(catalogue: Catalogue) -> None:
    secrets = {catalogue.keys.create(f"desk {at}", "match")[1] for at in range(20)}
    assert len(secrets) == 20
    for secret in secrets:
        assert secret.startswith("rfr_")
        assert len(secret) == 4 + 43  # 32 bytes in base64url
    with catalogue.database.reading() as connection:
        stored = [list(row) for row in connection.execute(text("SELECT * FROM keys"))]
        digests = set(connection.execute(text("SELECT digest FROM keys")).scalars())
    assert digests == {hashlib.sha256(secret.encode()).hexdigest() for secret in secrets}
    assert not [secret for secret in secrets if secret in str(stored)]


@pytest.mark.parametrize(("scope", "opens"), [("match", {"match"}), ("edit", {"match", "edit"})])
def test_edit_opens_what_match_opens(catalogue: Catalogue, scope: Scope, opens: set[str]) -> None:
    key, _ = catalogue.keys.create("desk", scope)
    scopes: tuple[Scope, ...] = ("match", "edit")
    assert {one for one in scopes if key.opens(one)} == opens


@pytest.mark.parametrize("by_id", [True, False])
def test_a_revoked_key_is_not_found(catalogue: Catalogue, by_id: bool) -> None:
    key, secret = catalogue.keys.create("desk", "edit")
    revoked = catalogue.keys.revoke(str(key.id) if by_id else "desk")
    assert revoked.revoked is not None
    assert not revoked.opens("match")
    assert catalogue.keys.find(secret) is None
    with pytest.raises(KeyNameError):
        catalogue.keys.revoke("desk")


def test_a_name_may_be_used_again_after_revoking(catalogue: Catalogue) -> None:
    first, old = catalogue.keys.create("desk", "edit")
    with pytest.raises(KeyNameError, match="already"):
        catalogue.keys.create("desk", "match")
    catalogue.keys.revoke("desk")
    second, new = catalogue.keys.create("desk", "match")
    assert second.id > first.id
    assert catalogue.keys.find(old) is None
    assert catalogue.keys.find(new) is not None


@pytest.mark.parametrize(
    "name", ["", " ", "5", "a\nb", "-a", "a" * 65, "starter", "Starter", "import jsonl", "a/b"]
)
def test_a_name_that_would_mislead_is_refused(catalogue: Catalogue, name: str) -> None:
    with pytest.raises(KeyNameError):
        catalogue.keys.create(name, "edit")
    assert catalogue.keys.all() == []


def last_used(catalogue: Catalogue) -> datetime | None:
    return catalogue.keys.all()[0].last_used


def test_use_is_recorded_at_most_once_a_minute(catalogue: Catalogue) -> None:
    _, secret = catalogue.keys.create("desk", "edit")
    catalogue.keys.find(secret)
    first = last_used(catalogue)
    assert first is not None
    catalogue.keys.find(secret)
    assert last_used(catalogue) == first
    with catalogue.database.writing() as connection:
        connection.execute(update(table).values(last_used=first - timedelta(seconds=61)))
    catalogue.keys.find(secret)
    again = last_used(catalogue)
    assert again is not None
    assert again >= first


def test_a_key_is_good_while_another_process_writes(catalogue: Catalogue) -> None:
    _, secret = catalogue.keys.create("desk", "edit")
    other = Catalogue(str(catalogue.database.engine.url))
    with other.database.writing():
        began = time.monotonic()
        assert catalogue.keys.find(secret) is not None
        assert time.monotonic() - began < 1  # does not wait for its turn to note the use
    assert last_used(catalogue) is None
    catalogue.keys.find(secret)
    assert last_used(catalogue) is not None
    other.close()


def test_keys_are_compared_in_constant_time(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, secret = catalogue.keys.create("desk", "edit")
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return False

    monkeypatch.setattr("service.catalogue.keys.hmac.compare_digest", compare)
    assert catalogue.keys.find(secret) is None
    assert len(compared) == 1


# Feedback

ENGINE = EngineDescription("fake@0000", None, None, False, 3)


def judgement(day: int) -> EditorJudgement:
    return EditorJudgement(
        text=f"Text {day}",
        claim_id="grain",
        verdict="related",
        relation="rejects",
        claim_revision=2,
        score=0.5,
        engine=ENGINE,
        who="desk",
        at=datetime(2026, 11, day, 12, tzinfo=UTC),
    )


def test_judgements_come_back_as_they_were_given(catalogue: Catalogue) -> None:
    given = [judgement(day) for day in range(1, 8)]
    bare = EditorJudgement("Text", "grain", "wrong", at=given[0].at)
    for one in (*given, bare):
        catalogue.feedback.add(one)
    assert list(catalogue.feedback.all(batch=3)) == [*given, bare]


def test_a_purge_takes_what_is_older_and_nothing_else(catalogue: Catalogue) -> None:
    for day in (1, 2, 3):
        catalogue.feedback.add(judgement(day))
    assert catalogue.feedback.purge(datetime(2026, 11, 2, 12, tzinfo=UTC)) == 1
    assert [one.text for one in catalogue.feedback.all()] == ["Text 2", "Text 3"]


# Commands


@pytest.fixture(name="prepared_folder")
def _prepared_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalogue]:
    monkeypatch.setenv("REFRAIN_DATA_DIR", str(tmp_path))
    opened = Catalogue(sqlite_url(tmp_path / "catalogue.sqlite"))
    opened.migrate()
    yield opened
    opened.close()


def keys(*arguments: str) -> Result:
    return CliRunner().invoke(keys_group, arguments)


def test_creating_a_key_prints_it_alone(prepared_folder: Catalogue) -> None:
    result = keys("create", "--name", "night desk", "--scope", "edit")
    assert result.exit_code == 0
    secret = result.stdout.removesuffix("\n")
    found = prepared_folder.keys.find(secret)
    assert found is not None
    assert (found.name, found.scope) == ("night desk", "edit")
    assert secret not in result.stderr


def test_keys_are_listed_without_what_they_open_with(prepared_folder: Catalogue) -> None:
    secret = prepared_folder.keys.create("desk", "edit")[1]
    prepared_folder.keys.create("plugin", "match")
    assert keys("revoke", "desk").exit_code == 0
    listed = keys("list").stdout
    assert [line.split()[:3] for line in listed.splitlines()[1:]] == [
        ["1", "desk", "edit"],
        ["2", "plugin", "match"],
    ]
    assert secret[4:] not in listed
    assert hashlib.sha256(secret.encode()).hexdigest() not in listed


@pytest.mark.parametrize(
    "arguments",
    [("revoke", "nobody"), ("revoke", "9" * 30), ("create", "--name", "5", "--scope", "edit")],
)
def test_what_cannot_be_is_one_line_and_a_status(
    prepared_folder: Catalogue, arguments: tuple[str, ...]
) -> None:
    result = keys(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_key_needs_a_prepared_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFRAIN_DATA_DIR", str(tmp_path))
    result = keys("create", "--name", "desk", "--scope", "edit")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "refrain prepare" in result.stderr


def test_feedback_is_exported_as_json_lines_and_purged(prepared_folder: Catalogue) -> None:
    for day in (1, 3):
        prepared_folder.feedback.add(judgement(day))
    exported = CliRunner().invoke(feedback_group, ["export"])
    lines = [json.loads(line) for line in exported.stdout.splitlines()]
    assert [line["text"] for line in lines] == ["Text 1", "Text 3"]
    assert lines[0] == {
        "text": "Text 1",
        "claim_id": "grain",
        "claim_revision": 2,
        "verdict": "related",
        "relation": "rejects",
        "score": 0.5,
        "engine": {
            "encoder": "fake@0000",
            "verifier": None,
            "calibration": None,
            "calibrated": False,
            "catalogue_revision": 3,
        },
        "who": "desk",
        "at": "2026-11-01T12:00:00Z",
    }
    purged = CliRunner().invoke(feedback_group, ["purge", "--before", "2026-11-03"])
    assert (purged.exit_code, purged.stderr) == (0, "Purged 1 judgements.\n")
    assert [one.text for one in prepared_folder.feedback.all()] == ["Text 3"]
    wrong = CliRunner().invoke(feedback_group, ["purge", "--before", "yesterday"])
    assert wrong.exit_code == 1


def test_a_key_in_force_has_no_time_of_revocation(catalogue: Catalogue) -> None:
    key, _ = catalogue.keys.create("desk", "match")
    assert catalogue.keys.all() == [
        Key(key.id, "desk", "match", key.created, last_used=None, revoked=None)
    ]
