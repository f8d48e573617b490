"""Names that are nobody's, sent everywhere, and looked for where none may be: `python -m tests.campaign.canary`.

Every address is asked, rightly and wrongly, while all goes well, while the code fails with a name in its error,
while the database refuses with a name in its message, and while its tables are gone. Then all that came out besides
the answers to those who may see them is searched: logs, errors, headers, metrics, traces, webhooks, the terminal.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr
from starlette.testclient import TestClient
from starlette.types import Scope

from app.api import watching
from app.main import create_app
from app.messages.delivering import Sender
from app.observing import traces
from app.observing.logs import watch_for_the_unexpected
from app.settings import Settings
from app.store.outbox import TOPICS
from tests.api.service import TODAY, settings_for
from tests.campaign.canary_requests import NAME, REF, Sent, everything, whole_life
from tests.campaign.canary_starts import starts
from tests.campaign.canary_trouble import TROUBLES, Trouble
from tests.campaign.counts import Counts, run
from tests.messages.receiver import receiving, status
from tests.support.access import bearer, client_of
from tests.support.logs import logs_as_in_production
from tests.support.postgres import running_postgres

WEBHOOKS: dict[str, Any] = {
    "webhook_hosts": ("127.0.0.1",),
    "webhook_keys": {"cases": SecretStr("a-key-of-the-campaign-that-is-long-enough")},
    "webhook_loopback": True,
}

ENDPOINT = "http://127.0.0.1:4318/v1/traces"


LEAST = 2_000
"""Requests, messages and starts of one round that are looked through."""


def main(rounds: int = 1, *, broken: bool = False) -> Counts:
    """Everything, so many times, on both databases. `broken`: the access line names the path instead of the route."""
    counts = Counts("canary: names in no log, URL, error, header, metric, trace or webhook", LEAST * rounds)
    for _ in range(rounds):
        for url, trouble in zip(_databases(), TROUBLES * 2, strict=True):
            _in_trouble(counts, url, trouble, broken)
    for name, said in starts():
        counts.done += 1
        _clean(counts, f"start: {name}", said)
    counts.notes["asked"] = counts.done
    return counts


def _in_trouble(counts: Counts, url: str, trouble: Trouble, broken: bool) -> None:
    kept = InMemorySpanExporter()
    name = getattr(trouble, "__name__", "trouble")
    provider = traces.provider(SimpleSpanProcessor(kept))
    with (
        mock.patch.object(traces, "begin", return_value=provider),
        mock.patch.object(watching, "route_of", _path if broken else watching.route_of),
        logs_as_in_production("DEBUG") as written,
    ):
        watch_for_the_unexpected()
        settings = settings_for(url, otlp_endpoint=ENDPOINT, **WEBHOOKS)
        app = create_app(settings, lambda: TODAY)
        with client_of(app, bearer(subject=NAME), raise_server_exceptions=False) as client:
            _hear(counts, client, settings)
            _ask(counts, client, name, trouble)
            metrics = client.get("/metrics").text
    spans = "".join(span.to_json() for span in kept.get_finished_spans())
    counts.check(len(kept.get_finished_spans()) > 0, f"{name}: nothing was traced")
    counts.check(len(written.getvalue().splitlines()) > 100, f"{name}: nothing was logged")
    for where, text in (("log", written.getvalue()), ("metrics", metrics), ("traces", spans)):
        _clean(counts, f"{name}: {where}", text)
    counts.notes["lines_of_log"] = counts.notes.get("lines_of_log", 0) + len(written.getvalue().splitlines())
    counts.notes["spans"] = counts.notes.get("spans", 0) + len(kept.get_finished_spans())


def _path(scope: Scope) -> str:
    """What must not be: the address as it was asked for."""
    return str(scope["path"])


def _hear(counts: Counts, client: TestClient, settings: Settings) -> None:
    """What webhooks are told of a placement holds ids and codes: one listens and is then gone, one refuses."""
    for hook, behave in (("listens", None), ("refuses", status(500))):
        with receiving(behave) as receiver:
            about = {"url": receiver.url, "topics": list(TOPICS), "secret": "cases", "active": True}
            answer = client.put(f"/webhooks/{hook}", json=about)
            counts.check(answer.status_code == 201, f"webhook: {answer.status_code}")
            for sent in whole_life(client):
                _look(counts, "webhook", sent)
            Sender(client.app.state.service.database, settings.authority, settings).deliver_due()  # type: ignore[attr-defined]
        counts.check(bool(receiver.got), "webhook: nothing was sent")
        for request in receiver.got:
            counts.done += 1
            told = "\n".join(request.head).lower() + request.body.decode().lower()
            counts.check(NAME not in told, "webhook: a name was sent")


def _ask(counts: Counts, client: TestClient, name: str, trouble: Trouble) -> None:
    for sent in whole_life(client):
        _look(counts, name, sent)
    with trouble(client):
        for sent in everything(client):
            _look(counts, name, sent)


def _look(counts: Counts, trouble: str, sent: Sent) -> None:
    """An error repeats neither names nor references; an answer's headers hold no names, wherever it comes from."""
    counts.done += 1
    where = f"{trouble}: {sent.what}"
    headers = "\n".join(f"{key}: {value}" for key, value in sent.answer.headers.items()).lower()
    counts.check(NAME not in headers, f"{where}: a name in a header")
    counts.check(NAME not in sent.outgoing.lower(), f"{where}: a name was sent elsewhere")
    if sent.answer.status_code >= 400:
        _clean(counts, where, sent.answer.text + headers)


def _clean(counts: Counts, where: str, text: str) -> None:
    found = [canary for canary in (NAME, REF) if canary in text.lower()]
    counts.check(not found, f"{where}: {', '.join(found)}")


def _databases() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="placement-canary-") as folder:
        for number in range(len(TROUBLES)):
            yield f"sqlite:///{Path(folder) / f'canary-{number}.db'}"
    with running_postgres() as server:
        for _ in TROUBLES:
            yield server.url(server.create())


if __name__ == "__main__":
    sys.exit(0 if run(main, 1)["is_whole"] else 1)
