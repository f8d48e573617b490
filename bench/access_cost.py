"""What it costs to find out who calls and whether they may: `python -m bench.access_cost`."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi.routing import iter_route_contexts
from starlette.types import Receive, Scope, Send

from app.access.local_issuer import LocalIssuer
from app.api.permitting import Permitting
from app.geo.bake import bake
from app.main import create_app
from app.settings import Settings

REQUESTS = 20_000
NEW_TOKENS = 500
ROUNDS = 3


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """What stands behind the wall."""


def _scope(method: str, path: str, token: str) -> dict[str, Any]:
    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())]
    address = ("127.0.0.1", 8000)
    return {"type": "http", "method": method, "path": path, "headers": headers, "server": address, "state": {}}


async def _best_us(wall: Permitting, count: int, scope: Callable[[int], dict[str, Any]]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        scopes = [scope(n) for n in range(count)]
        began = time.perf_counter()
        for each in scopes:
            await wall(each, None, None)  # type: ignore[arg-type]
        best = min(best, (time.perf_counter() - began) / count)
    return best * 1e6


async def _measure(wall: Permitting, issuer: LocalIssuer) -> None:
    token = issuer.token()
    for method, path in (("POST", "/match"), ("GET", "/homes/H-0001"), ("GET", "/me")):
        took = await _best_us(wall, REQUESTS, lambda _n, m=method, p=path: _scope(m, p, token))
        print(f"{method} {path}, a token seen before: {took:.0f} us a request")
    took = await _best_us(wall, NEW_TOKENS, lambda n: _scope("GET", "/me", issuer.token(f"s{n}-{time.monotonic_ns()}")))
    print(f"GET /me, a token for the first time (ES256): {took:.0f} us a request")


def main() -> None:
    """Measure the first wall alone, with nothing behind it."""
    with tempfile.TemporaryDirectory() as folder:
        budgets = dict.fromkeys(("reads_per_10_s", "writes_per_10_s", "matches_per_10_s"), 10_000_000)
        settings = Settings(
            database_url=f"sqlite:///{Path(folder) / 'cost.db'}", local_keys=Path(folder), nightly_at="", **budgets
        )
        bake(settings.postcodes, say=lambda _text: None)
        settings.migrate_database()
        app = create_app(settings)
        routes = [context.original_route for context in iter_route_contexts(app.routes)]
        access = app.state.access
        asyncio.run(_measure(Permitting(_nothing, access.entry, routes), access.issuer))
        app.state.service.database.close()


if __name__ == "__main__":
    main()
