"""What Prometheus reads: figures of the process and of the database, and nobody's name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from app.api.metrics import router
from app.documents.examples import A_HOME, A_REFERRAL
from app.errors import DatabaseUnavailable
from app.main import create_app
from app.store import counting
from tests.api.service import TODAY, send, settings_for
from tests.support.access import client_of

CANARY = "Zzyzx-Quetzal"
ROOT = Path(__file__).parents[2]


def _figures(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_what_there_is(client: TestClient) -> None:
    """On both databases: what waits, what stands, and what was asked."""
    assert send(client, "PUT", f"/homes/{A_HOME['ref']}", A_HOME).status_code == 201
    assert send(client, "PUT", f"/referrals/{A_REFERRAL['ref']}", A_REFERRAL).status_code == 201
    client.get(f"/homes/{CANARY}")
    client.get("/health/ready")
    found = _figures(client)
    assert found["placement_database_up", ()] == 1
    assert found["placement_referrals_waiting", ()] == 1
    assert found["placement_children_waiting", ()] == len(A_REFERRAL["children"])
    assert found["placement_inventory_homes", ()] == 1
    assert found["placement_inventory_age_seconds", ()] >= 0
    assert found["placement_audit_entries", ()] >= 2
    assert found["placement_placements", (("state", "held"),)] == 0
    assert found["placement_messages_unsent", (("state", "dead"),)] == 0
    assert found["placement_imports", (("status", "queued"),)] == 0
    assert found["placement_requests_in_work", ()] == 1
    asked = (("method", "GET"), ("route", "/homes/{ref}"), ("status", "404"))
    assert found["placement_requests_total", asked] >= 1
    assert CANARY not in client.get("/metrics").text
    assert A_REFERRAL["ref"] not in client.get("/metrics").text


def test_without_a_database_the_process_still_tells(lite: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """That it does not answer is a figure, not an error."""

    def away(*_arguments: object) -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr("app.api.metrics.counted", away)
    found = _figures(lite)
    assert found["placement_database_up", ()] == 0
    assert ("placement_referrals_waiting", ()) not in found
    assert ("placement_inventory_homes", ()) in found


def test_served_only_if_wanted(tmp_path: Path) -> None:
    """Off means that there is no such address, and the description does not name it."""
    settings = settings_for(f"sqlite:///{tmp_path / 'off.db'}", metrics=False)
    with client_of(create_app(settings, lambda: TODAY)) as client:
        assert client.get("/metrics").status_code == 404
        assert "/metrics" not in client.get("/openapi.json").json()["paths"]
    assert [route.path for route in router.routes] == ["/metrics"]  # type: ignore[attr-defined]


def test_several_processes_have_one_sum(tmp_path: Path) -> None:
    """What two processes counted is added up, whichever of them is asked; the dead leave their counts."""
    program = (
        "from app.observing import metrics\n"
        "metrics.REQUESTS.labels('GET', '/homes', '200').inc(3)\n"
        "metrics.HOMES.set(7)\n"
        "metrics.IN_WORK.inc()\n"
        "print(metrics.written(lambda: ()).decode())\n"
    )
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    told = [
        subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert 'placement_requests_total{method="GET",route="/homes",status="200"} 6.0' in told[1].stdout
    assert "placement_inventory_homes 7.0" in told[1].stdout
    assert "placement_requests_in_work 1.0" in told[1].stdout, "what a dead process had in work is over"


def test_counts_are_of_one_authority(client: TestClient) -> None:
    """What another authority has in the same database is not counted."""
    assert send(client, "PUT", f"/referrals/{A_REFERRAL['ref']}", A_REFERRAL).status_code == 201
    database = client.app.state.service.database  # type: ignore[attr-defined]
    with database.reading() as reading:
        assert counting.counted(reading, "E06000018").referrals == 1
        assert counting.counted(reading, "E10000018").referrals == 0
