"""flask-smorest's blueprint with our parser, our errors and types: all that is untyped is here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

from flask import Response, request
from flask_smorest import Blueprint  # type: ignore[import-untyped]
from marshmallow import Schema

from service.api.arguments import StrictParser

View = TypeVar("View", bound=Callable[..., Any])


class Decorator(Protocol):
    """Takes a view and gives one of the same type."""

    def __call__(self, view: View, /) -> View: ...


PROBLEM_NAMES = {
    400: "Malformed",
    401: "KeyNeeded",
    403: "NotAllowed",
    404: "NotFound",
    409: "Exists",
    412: "Changed",
    413: "TooLarge",
    415: "UnsupportedMediaType",
    422: "Invalid",
    428: "ConditionNeeded",
    503: "NotReady",
}
"""The documented response of each status, by its name among the components of OpenAPI."""


class ResourceBlueprint(Blueprint):  # type: ignore[misc]
    """The views of one resource; a view's docstring is its documentation."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, __name__, description=description)

    def get(self, rule: str, **options: Any) -> Decorator:
        """A view that reads."""
        return self._route("GET", rule, **options)

    def post(self, rule: str, **options: Any) -> Decorator:
        """A view that takes a body."""
        return self._route("POST", rule, **options)

    def put(self, rule: str, **options: Any) -> Decorator:
        """A view that creates or replaces."""
        return self._route("PUT", rule, **options)

    def delete(self, rule: str, **options: Any) -> Decorator:
        """A view that deletes."""
        return self._route("DELETE", rule, **options)

    def takes(self, schema: type[Schema], location: str = "json", **doc: Any) -> Decorator:
        """The view's argument, loaded by ``schema`` from the body or the ``query`` string."""
        decorator: Decorator = self.arguments(schema, location=location, **doc)
        return decorator

    def takes_up_to(self, most_bytes: int) -> Decorator:
        """A larger body than other views take. Stands above ``takes``."""

        def decorate(view: View) -> View:
            @wraps(view)
            def inner(*args: Any, **kwargs: Any) -> Any:
                request.max_content_length = most_bytes
                return view(*args, **kwargs)

            return cast(View, inner)

        return decorate

    def answers(self, schema: type[Schema] | None, status: int = 200, **doc: Any) -> Decorator:
        """What the view returns, dumped by ``schema`` with this status."""
        decorator: Decorator = self.response(status, schema, **doc)
        return decorator

    def shows(self, media_type: str) -> Decorator:
        """A text of this type, which the view returns as a response of its own."""
        decorator: Decorator = self.response(200, {"type": "string"}, content_type=media_type)
        return decorator

    def refuses(self, *statuses: int) -> Decorator:
        """The errors that the view may answer with, beside the ones that any may."""

        def decorate(view: View) -> View:
            for status in statuses:
                view = self.alt_response(status, PROBLEM_NAMES[status])(view)
            return view

        return decorate

    def documents(self, **doc: Any) -> Decorator:
        """What OpenAPI says of the view beside that."""
        decorator: Decorator = self.doc(**doc)
        return decorator

    def keep_no_copies(self) -> None:
        """Let nobody store an answer of this resource."""
        self.after_request(_keep_no_copy)

    def _route(self, method: str, rule: str, **options: Any) -> Decorator:
        decorator: Decorator = self.route(rule, methods=[method], **options)
        return decorator

    def _prepare_arguments_doc(self, doc: Any, doc_info: Any, **context: Any) -> Any:
        # flask-smorest adds a 422 of its own, under a name that differs between Python versions
        doc_info.get("arguments", {}).pop("responses", None)
        return super()._prepare_arguments_doc(doc, doc_info, **context)


def _keep_no_copy(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
