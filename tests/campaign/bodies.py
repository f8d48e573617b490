"""Bodies that nobody should send, on both databases: `python -m tests.campaign.bodies`.

Each is refused with a 4xx and a cure, within two seconds; nothing of it is repeated, logged or stored.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from app.main import create_app
from app.store.tables import children, homes, referrals
from tests.api.hostile import CANARY, bodies
from tests.api.service import TODAY, settings_for
from tests.campaign.counts import Counts, run
from tests.support.access import client_of
from tests.support.logs import logs_as_in_production
from tests.support.postgres import running_postgres

LONGEST_S = 2.0


def main(rounds: int = 1, *, broken: bool = False) -> Counts:
    """Every body, so many times, on both databases. `broken`: errors repeat what was sent, as they do by default."""
    corpus = bodies()
    counts = Counts("bodies: hostile JSON, refused and not repeated", rounds * len(corpus) * 2)
    counts.check(len(corpus) >= 300, f"there are only {len(corpus)} bodies")
    slowest = 0.0
    for url in _databases():
        with logs_as_in_production("DEBUG") as written, _client(url, broken) as client:
            for _ in range(rounds):
                for name, (path, body) in corpus.items():
                    began = time.perf_counter()
                    answer = _send(client, path, body)
                    took = time.perf_counter() - began
                    slowest = max(slowest, took)
                    counts.done += 1
                    told = answer.text + str(answer.headers)
                    counts.check(400 <= answer.status_code < 500, f"{name}: {answer.status_code}")
                    counts.check(CANARY not in told, f"{name}: repeated")
                    counts.check(took < LONGEST_S, f"{name}: took {took:.1f} s")
            counts.check(_stored(client) == 0, "something was stored")
        counts.check(CANARY not in written.getvalue(), "something was logged")
    counts.notes["slowest_ms"] = round(slowest * 1000)
    return counts


def _send(client: TestClient, path: str, body: bytes) -> Response:
    method = "PUT" if path.count("/") == 2 and not path.endswith("import") else "POST"
    answer: Response = client.request(method, path, content=body, headers={"Content-Type": "application/json"})  # type: ignore[assignment]
    return answer


@contextmanager
def _client(url: str, broken: bool) -> Iterator[TestClient]:
    app = create_app(settings_for(url), lambda: TODAY)
    if broken:

        async def repeats(request: Request, error: Exception) -> Response:
            return Response(str(request.scope["state"].get("body", b"")) + str(error), 422)

        for kind in list(app.exception_handlers):
            app.add_exception_handler(kind, repeats)  # type: ignore[arg-type]
    with client_of(app) as client:
        yield client


def _databases() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="placement-bodies-") as folder:
        yield f"sqlite:///{Path(folder) / 'bodies.db'}"
    with running_postgres() as server:
        yield server.url(server.create())


def _stored(client: TestClient) -> int:
    with client.app.state.service.database.reading() as reading:  # type: ignore[attr-defined]
        return sum(
            reading.execute(select(func.count()).select_from(t)).scalar_one() for t in (homes, referrals, children)
        )


if __name__ == "__main__":
    sys.exit(0 if run(main, 1)["is_whole"] else 1)
