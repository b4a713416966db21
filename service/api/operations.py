"""What those who run the service ask it."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from service import __version__
from service.api.blueprint import ResourceBlueprint
from service.api.editing import LARGEST_BATCH
from service.api.parts import parts
from service.errors import NotReady
from service.schemas.claim_batch import MOST_IN_BATCH
from service.schemas.claim_query import MOST_CLAIMS
from service.schemas.match import LONGEST_QUERY, MOST_MATCHES
from service.schemas.operations import HealthSchema, InfoSchema, ReadySchema

blueprint = ResourceBlueprint("operations", "For those who run the service.")


blueprint.keep_no_copies()  # the answers hold for the moment only


@blueprint.get("/health")
@blueprint.answers(HealthSchema, example={"status": "ok", "version": __version__})
def health() -> dict[str, str]:
    """Tell that the process is alive.

    Touches nothing else; whether queries can be answered, `/ready` tells.
    """
    return {"status": "ok", "version": __version__}


@blueprint.get("/ready")
@blueprint.answers(ReadySchema, example={"status": "ready"})
@blueprint.refuses(503)
def ready() -> dict[str, str]:
    """Tell whether queries can be answered.

    `503` names the failing ones among `encoder`, `index` and `catalogue`.
    """
    failing = parts().engine.failing()
    if failing:
        raise NotReady(failing, f"Not ready: {', '.join(failing)}.")
    return {"status": "ready"}


@blueprint.get("/info")
@blueprint.answers(InfoSchema)
@blueprint.refuses(503)
def info() -> dict[str, Any]:
    """Describe the engine, the index and the limits."""
    return {
        "version": __version__,
        "info": parts().engine.info(),
        "limits": {
            "body_bytes": request.max_content_length,
            "text_characters": LONGEST_QUERY,
            "matches": MOST_MATCHES,
            "claims_per_page": MOST_CLAIMS,
            "batch_bytes": LARGEST_BATCH,
            "batch_claims": MOST_IN_BATCH,
            "batch_wordings": MOST_IN_BATCH,
        },
    }


@blueprint.get("/metrics")
@blueprint.shows("text/plain")
def metrics() -> Response:
    """Show what Prometheus collects.

    Figures are those of all workers together, and never hold a text.
    """
    text, media_type = parts().metrics()
    return Response(text, content_type=media_type)
