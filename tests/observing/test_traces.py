"""Traces: only where somebody wants them, and nothing in them but what is listed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from app.documents.examples import A_HOME, A_REFERRAL
from app.main import create_app
from app.observing import traces
from app.observing.traces import ATTRIBUTES, operation
from app.settings import Settings
from app.store import load
from tests.api.service import TODAY, send, settings_for
from tests.support.access import client_of

CANARY = "Zzyzx-Quetzal"
ROOT = Path(__file__).parents[2]
OURS = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TestClient, InMemorySpanExporter]]:
    """A traced service, and the spans as they would leave the process."""
    kept = InMemorySpanExporter()
    monkeypatch.setattr(traces, "begin", lambda _endpoint: traces.provider(SimpleSpanProcessor(kept)))
    settings = settings_for(f"sqlite:///{tmp_path / 'traced.db'}", otlp_endpoint="http://127.0.0.1:4318/v1/traces")
    with client_of(create_app(settings, lambda: TODAY)) as client:
        kept.clear()
        yield client, kept


def _everything(kept: InMemorySpanExporter) -> str:
    return "".join(span.to_json() for span in kept.get_finished_spans())


def test_a_request_is_a_span_with_its_statements(traced: tuple[TestClient, InMemorySpanExporter]) -> None:
    """Template, method and status; below it the first words of its statements; the number joins it to the log."""
    client, kept = traced
    client.get(f"/homes/{CANARY}?x={CANARY}", headers={"X-Correlation-Id": OURS, "User-Agent": CANARY})
    client.get(f"/homes/{CANARY}", headers={"X-Correlation-Id": OURS})
    spans = [span for span in kept.get_finished_spans() if span.name == "GET /homes/{ref}"]
    assert [span.kind.name for span in spans] == ["SERVER", "SERVER"]
    about: Any = spans[1].attributes
    assert about["http.route"] == "/homes/{ref}"
    assert 404 in (about.get("http.status_code"), about.get("http.response.status_code"))
    statements = [span for span in kept.get_finished_spans() if span.name == "SELECT"]
    own = [span for span in statements if span.parent and span.parent.span_id == spans[1].context.span_id]
    assert own
    assert own[0].attributes is not None
    assert own[0].attributes["placement.correlation"] == OURS
    assert own[0].attributes["db.system.name"] == "sqlite"


def test_nothing_personal_leaves(
    traced: tuple[TestClient, InMemorySpanExporter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names in paths, queries, headers, bodies, statements and errors: not one of them is in any span."""
    client, kept = traced
    child = A_REFERRAL["children"][0] | {"ref": CANARY}
    send(client, "PUT", f"/homes/{CANARY}", A_HOME | {"ref": CANARY, "name": CANARY})
    send(client, "PUT", f"/referrals/{CANARY}", A_REFERRAL | {"ref": CANARY, "children": [child]})
    send(client, "POST", "/match", {"referral_ref": CANARY, CANARY: CANARY})
    send(client, "POST", "/match", {"referral_ref": CANARY})
    client.get(f"/{CANARY}/{CANARY}")
    client.get(f"/referrals/{CANARY}/shortlist", headers={"baggage": f"child={CANARY}", "tracestate": f"a={CANARY}"})

    def broken(*_arguments: Any) -> Any:
        raise ValueError(CANARY)

    monkeypatch.setattr(load, "home_document", broken)
    assert client.get(f"/homes/{CANARY}").status_code == 500
    assert len(kept.get_finished_spans()) > 10
    assert "zzyzx" not in _everything(kept).lower()
    assert {name for span in kept.get_finished_spans() for name in span.attributes or ()} <= set(ATTRIBUTES)


def test_a_request_of_ours_tells_no_address(traced: tuple[TestClient, InMemorySpanExporter]) -> None:
    """What the service sends itself is a span with method and status, without where it went."""
    _, kept = traced
    transport = httpx.MockTransport(lambda _request: httpx.Response(204))
    with httpx.Client(transport=transport) as client:
        traces_client = client
        traces_client.post(f"https://{CANARY.lower()}.example/{CANARY}?x={CANARY}", json={"child": CANARY})
    assert "zzyzx" not in _everything(kept).lower()


def test_the_framework_sends_nothing_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own telemetry, with texts of exceptions, stays off whatever the environment says."""
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'own.db'}"), lambda: TODAY)
    app.state.service.database.close()
    assert app._native_telemetry.enabled() is False
    assert not any(value for value in app._telemetry.values() if isinstance(value, bool))


def test_health_is_not_traced(traced: tuple[TestClient, InMemorySpanExporter]) -> None:
    """Probes come every few seconds and say nothing."""
    client, kept = traced
    client.get("/health/live")
    assert [span.name for span in kept.get_finished_spans() if span.kind.name == "SERVER"] == []


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("SELECT 1", "SELECT"),
        ("\n  insert into x", "INSERT"),
        ("COMMIT;", "COMMIT"),
        ("PRAGMA foreign_keys = ON", "PRAGMA"),
        ("Zzyzx Quetzal", "OTHER"),
        ("", "OTHER"),
    ],
)
def test_of_a_statement_its_first_word(statement: str, word: str) -> None:
    """A word that is none of SQL's is not told."""
    assert operation(statement) == word


def test_nothing_is_loaded_where_nobody_wants_it(tmp_path: Path) -> None:
    """Without an address neither SDK nor exporter nor instrumentation is imported: they would slow down each start.

    The interface alone is, by the web framework.
    """
    settings_for(f"sqlite:///{tmp_path / 'plain.db'}")
    program = (
        "import sys\n"
        "from app.main import create_app\n"
        "from app.settings import Settings\n"
        f"create_app(Settings(database_url='sqlite:///{tmp_path / 'plain.db'}', local_keys='{tmp_path}/keys'))\n"
        "parts = ('opentelemetry.sdk', 'opentelemetry.exporter', 'opentelemetry.instrumentation')\n"
        "print([name for name in sys.modules if name.startswith(parts)])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("wrong", ["collector:4318", "http://user:secret@collector", "file:///x", "http:// x"])
def test_an_address_that_is_none_is_refused(wrong: str) -> None:
    """A password in it would stand in the open."""
    with pytest.raises(ValueError, match="otlp_endpoint"):
        Settings(otlp_endpoint=wrong)
