"""Reading request bodies and query strings: strict about JSON, media types and unknown names."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Request
from marshmallow import RAISE
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import HTTPException

from service.api.problems import PROBLEMS, Refusal


class StrictParser(FlaskParser):
    """webargs' parser with the manners of ``api.md``.

    webargs itself reads a body of another media type as an empty one, takes ``NaN`` for JSON, and
    passes over unknown names in a query string.
    """

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 - as in webargs
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
    }

    def _raw_load_json(self, req: Request) -> Any:
        if not is_json_request(req):
            raise Refusal(415, "Send the body as application/json.")
        if req.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
            raise Refusal(415, "Send the body without a content encoding.")
        return strict_json(whole_body(req))


def whole_body(req: Request) -> bytes:
    """The bytes of the body.

    Raises:
        RequestEntityTooLarge, Refusal: 413 over the limit, 400 where the transfer is broken.
    """
    try:
        body = req.get_data()
    except HTTPException:
        raise
    except Exception:  # each server has its own for a chunk that is none
        raise Refusal(400, "The body cannot be read.") from None
    limit = req.max_content_length
    if req.content_length is None and limit is not None and len(body) >= limit:
        # werkzeug cuts a chunked body off at the limit and does not say so
        raise Refusal(413, PROBLEMS[413][1])
    return body


def strict_json(body: bytes) -> Any:
    """The JSON document in ``body``.

    Raises:
        Refusal: 400, where it is not UTF-8, not JSON (RFC 8259), or nested too deeply.
    """
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise Refusal(400, "The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Refusal(
            400, f"The body is not JSON: {error.msg.removesuffix(' at')} at {place}."
        ) from None
    except RecursionError:
        raise Refusal(400, "The body is nested too deeply.") from None
    except ValueError:  # a number of more digits than Python converts
        raise Refusal(400, "The body holds a number that is too long.") from None


def _refuse_constant(name: str) -> NoReturn:
    raise Refusal(400, f"The body is not JSON: {name} is no number of JSON.")
