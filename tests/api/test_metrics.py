"""GET /metrics."""

from __future__ import annotations

import json
import re
from pathlib import Path

from flask.testing import FlaskClient

from service.settings import Settings
from service.telemetry import Telemetry
from tests.api.conftest import make_app

ROOT = Path(__file__).resolve().parents[2]


def test_requests_are_counted_by_route_and_status(client: FlaskClient) -> None:
    client.get("/claims/nobody-said-this")
    client.get("/claims/nor-this")
    shown = client.get("/metrics")
    assert shown.mimetype == "text/plain"
    assert shown.headers["Cache-Control"] == "no-store"
    counted = [
        line
        for line in shown.text.splitlines()
        if line.startswith("refrain_request_seconds_count") and 'status="404"' in line
    ]
    assert len(counted) == 1
    assert 'method="GET"' in counted[0]
    assert 'route="/claims/<' in counted[0]
    assert counted[0].endswith(" 2.0")


def test_no_caller_makes_labels_or_leaves_a_text(client: FlaskClient) -> None:
    client.open("/nowhere-at-all", method="BREW")
    client.post("/match", json={"text": "secretsentence"})
    shown = client.get("/metrics").text
    assert 'method="other",route="other",status="404"' in shown
    assert not any(text in shown for text in ("BREW", "nowhere", "secretsentence"))


def test_metrics_need_a_key_where_keys_are_required() -> None:
    client = make_app(settings=Settings(require_key=True)).test_client()
    assert client.get("/metrics").status_code == 401


def test_what_the_parts_tell_is_shown() -> None:
    telemetry = Telemetry()
    telemetry.batch(3, (0.1, 0.2, 0.3), waiting=7)
    telemetry.looked_up(hits=2, misses=5)
    telemetry.spent("verify", 0.5, processor_s=0.25)
    telemetry.ran("verifier", 0.125)
    telemetry.took_up(revision=11, wordings=40, claims=9)
    lines = telemetry.shown()[0].decode().splitlines()
    for line in (
        "refrain_batch_items_sum 3.0",
        "refrain_queue_wait_seconds_count 3.0",
        "refrain_queue_depth 7.0",
        'refrain_query_cache_total{result="hit"} 2.0',
        'refrain_query_cache_total{result="miss"} 5.0',
        'refrain_stage_seconds_sum{stage="verify"} 0.5',
        'refrain_stage_processor_seconds_total{stage="verify"} 0.25',
        'refrain_model_processor_seconds_total{model="verifier"} 0.125',
        "refrain_catalogue_revision 11.0",
        "refrain_index_wordings 40.0",
        "refrain_index_claims 9.0",
    ):
        assert line in lines


def test_the_dashboard_asks_for_metrics_that_there_are() -> None:
    telemetry = Telemetry()
    telemetry.batch(1, (0.1,), waiting=0)
    telemetry.looked_up(hits=1, misses=1)
    telemetry.spent("search", 0.1, processor_s=0.1)
    telemetry.ran("encoder", 0.1)
    telemetry.took_up(revision=1, wordings=1, claims=1)
    telemetry.answered("POST", "/match", 200, 0.1)
    shown = telemetry.shown()[0].decode()
    there = {re.split(r"[{ ]", line)[0] for line in shown.splitlines() if line[0] != "#"}
    dashboard = json.loads((ROOT / "grafana-dashboard.json").read_text("utf-8"))
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"refrain_\w+", target["expr"])
    }
    assert len(asked) > 8
    assert asked <= there
