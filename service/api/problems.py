"""Every error as application/problem+json (RFC 9457), or as a page where a browser asks."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, json, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from service.errors import (
    CatalogueError,
    CatalogueUnwritable,
    ClaimChanged,
    ClaimExists,
    EncoderError,
    InvalidInput,
    NotFound,
    NotReady,
    Overloaded,
    ServiceError,
    SnapshotError,
)
from service.schemas.faults import faults

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2
MOST_FAULTS = 100

_LOG = logging.getLogger("service.api")

PROBLEMS: dict[int, tuple[str, str]] = {
    400: ("Malformed request", "The request cannot be read."),
    401: ("Key needed", "Send a key that is in force, as Authorization: Bearer rfr_…"),
    403: ("Not allowed", "The key has not the scope that this takes."),
    404: ("Not found", "There is nothing at this address."),
    405: ("Method not allowed", "This address does not take this method; see Allow."),
    409: ("Exists already", "There is already a claim with this id."),
    412: ("Changed meanwhile", "The claim is not as the request expects it; read it again."),
    413: ("Body too large", "The body is larger than this address takes."),
    415: ("Unsupported media type", "Send the body as application/json."),
    422: ("Invalid field", "The request names what it wants, but not well; see errors."),
    428: ("Condition needed", "Send If-Match with the ETag of the claim that you have read."),
    500: ("Internal error", "Something went wrong here. It has been logged."),
    503: ("Not ready", "The service cannot answer now. Try again shortly."),
}
"""Title and usual detail of the statuses that the interface documents."""

STATUS_OF: dict[type[ServiceError], int] = {
    NotFound: 404,
    ClaimExists: 409,
    ClaimChanged: 412,
    InvalidInput: 422,
    NotReady: 503,
    Overloaded: 503,
    CatalogueError: 503,
    EncoderError: 503,
    SnapshotError: 503,
    ServiceError: 500,
}
"""The status of an error is that of the nearest of its classes in this table."""

_SHOWN = (
    NotFound,
    ClaimExists,
    ClaimChanged,
    InvalidInput,
    NotReady,
    Overloaded,
    CatalogueUnwritable,
)
_MESSAGE_IS_SAFE = (ServiceError, OSError, ImportError, MemoryError)


class Refusal(HTTPException):
    """A request refused with a status and a detail that are fit to be shown."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = status
        self.errors = errors
        self._headers = dict(headers or {})

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        """Those of every refusal, and our own."""
        return [*super().get_headers(*args, **kwargs), *self._headers.items()]


def register_problems(app: Flask) -> None:
    """Answer every error of ``app`` with a problem."""
    app.register_error_handler(HTTPException, on_http_exception)
    app.register_error_handler(ServiceError, on_service_error)
    app.register_error_handler(Exception, on_fault)


def on_http_exception(error: HTTPException) -> Response:
    """A refusal by Flask, by webargs or by us."""
    status = error.code or 500
    # webargs hangs what marshmallow said onto the exception, below the place that it read from
    said: Mapping[str, Any] = getattr(error, "data", None) or {}
    found = [fault for tree in said.get("messages", {}).values() for fault in faults(tree)]
    detail = None
    if isinstance(error, Refusal):
        detail = error.description
        found += error.errors
    response = problem(status, detail, errors=found)
    for name, value in error.get_headers(request.environ):
        if name.lower() != "content-type":
            response.headers[name] = value
    return response


def on_service_error(error: ServiceError) -> Response:
    """An error of ours. What is not fit for a caller goes to the log only."""
    status = next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)
    if isinstance(error, CatalogueUnwritable):
        log_fault(error)
    if not isinstance(error, _SHOWN):
        log_fault(error)
        return problem(status)
    if isinstance(error, InvalidInput):
        return problem(status, errors=list(error.faults.items()))
    if isinstance(error, NotReady):
        return problem(status, str(error), failing=list(error.failing))
    return problem(status, str(error))


def on_fault(error: Exception) -> Response:
    """A mistake of ours: told to the log, not to the caller."""
    log_fault(error)
    return problem(500)


def log_fault(error: Exception) -> None:
    """Log where ``error`` came from, and its message only where that cannot quote a query."""
    message = str(error) if isinstance(error, _MESSAGE_IS_SAFE) else "(message withheld)"
    if isinstance(error, CatalogueUnwritable):
        message += f" ({error.cause})"
    frames = "".join(traceback.format_tb(error.__traceback__))
    _LOG.error("%s: %s\n%s", type(error).__qualname__, message, frames)


def problem(
    status: int, detail: str | None = None, errors: Sequence[tuple[str, str]] = (), **more: Any
) -> Response:
    """The response for ``status``: a page for a browser, problem+json for all others."""
    title, usual = PROBLEMS.get(status, (f"Error {status}", "The request cannot be answered."))
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail or usual,
        "instance": quote("/" + (request.script_root + request.path).lstrip("/")),
        "errors": [{"pointer": at, "detail": fault} for at, fault in errors[:MOST_FAULTS]],
        **more,
    }
    if _wants_page():
        response = make_response(render_template("problem.html", problem=body), status)
    else:
        response = make_response(json.dumps(body), status)
        response.mimetype = MEDIA_TYPE
    response.headers["Vary"] = "Accept"
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _wants_page() -> bool:
    """Whether the caller likes HTML better than JSON, as browsers say that they do."""
    accepted = request.accept_mimetypes
    return accepted["text/html"] > max(accepted[MEDIA_TYPE], accepted["application/json"])
