"""POST /match: a body that cannot be read answers a problem, never a 500."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import assert_problem


def post_raw(client: FlaskClient, body: bytes | str, kind: str | None = "application/json") -> Any:
    return client.post("/match", data=body, content_type=kind)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"text=hello",
        b'{"text": "a",}',
        b'{"text": "a"} trailing',
        b"{'text': 'a'}",
        b'{"text": "caf\xe9"}',
        b'{"text": "\xed\xa0\x80"}',
        '{"text": "a"}'.encode("utf-16"),
        b'{"text": "a\x00b"}',
        b'{"text": "a", "min_score": NaN}',
        b'{"text": "a", "min_score": Infinity}',
        b'{"text": "a", "min_score": -Infinity}',
        b"[" * 100_000,
        b'{"text":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"text": "a", "limit": ' + b"9" * 5000 + b"}",
    ],
)
def test_malformed_json_answers_400_problem(client: FlaskClient, body: bytes) -> None:
    assert_problem(post_raw(client, body), 400)


@pytest.mark.parametrize("body", ["[]", '"text"', "1", "null", "true", '[{"text": "a"}]'])
def test_json_that_is_no_object_answers_422_for_the_whole(client: FlaskClient, body: str) -> None:
    assert_problem(post_raw(client, body), 422, "")


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json"]
)
def test_other_content_type_answers_415_problem(client: FlaskClient, kind: str | None) -> None:
    assert_problem(post_raw(client, '{"text": "a"}', kind), 415)


def test_compressed_body_answers_415_problem(client: FlaskClient) -> None:
    response = client.post(
        "/match", data=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}, content_type="text/json"
    )
    assert_problem(response, 415)


def test_utf8_bom_is_passed_over(client: FlaskClient) -> None:
    assert post_raw(client, b'\xef\xbb\xbf{"text": "a"}').status_code == 200


def test_body_over_the_limit_answers_413_problem(client: FlaskClient) -> None:
    body = json.dumps({"text": "a", "x": "b" * 2 * 1024 * 1024})
    assert_problem(post_raw(client, body), 413)


@pytest.mark.parametrize(
    "body",
    [
        b" " * 2 * 1024 * 1024 + b'{"text": "a"}',
        b'{"text": "a"}' + b" " * 2 * 1024 * 1024,
    ],
)
def test_chunked_body_over_the_limit_answers_413_problem(client: FlaskClient, body: bytes) -> None:
    response = client.post(
        "/match",
        input_stream=io.BytesIO(body),
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert_problem(response, 413)


def test_query_text_is_in_no_error_and_no_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for body in (
        '{"text": "SECRET\\u0000"}',
        '{"text": ["SECRET"]}',
        '{"text": "SECRET", "since": "SECRET", "narratives": ["SECRET"], "limit": "SECRET"}',
        '{"text": "SECRET"',
        '{"text": SECRET}',
    ):
        assert "SECRET" not in post_raw(client, body).text
    assert "SECRET" not in caplog.text


def test_chunked_body_under_the_limit_is_read(client: FlaskClient) -> None:
    response = client.post(
        "/match",
        input_stream=io.BytesIO(b'{"text": "a"}'),
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == 200


class BrokenChunk(io.RawIOBase):
    """A stream as a server gives it whose client sends a chunk that is none."""

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return 0

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0

    def readinto(self, buffer: Any) -> int:
        raise RuntimeError("Invalid chunk size")


def test_broken_transfer_answers_400_problem(client: FlaskClient) -> None:
    response = client.post(
        "/match",
        input_stream=BrokenChunk(),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert_problem(response, 400)
