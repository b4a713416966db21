"""The pages: so far the interactive documentation. All that they load lies in ``static``."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from service import __version__

pages = Blueprint(
    "pages",
    __name__,
    static_folder="static",
    static_url_path="/static",
    template_folder="templates",
)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Swagger UI sets styles on elements
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


@pages.app_context_processor
def name_the_version() -> dict[str, str]:
    """Templates add the version to the addresses of assets, so that no stale copy is used."""
    return {"version": __version__}


@pages.after_app_request
def keep_out_strangers(response: Response) -> Response:
    """No page of ours loads anything from another host."""
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


@pages.get("/docs")
def docs() -> str:
    """The interface, to read and to try."""
    return render_template("docs.html")
