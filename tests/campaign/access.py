"""Access, at length: the whole matrix on both databases, every bad token on every route, and what can be measured.

The random requests with and without a token are `tests.campaign.fuzz`.

`python -m tests.campaign.access [--rounds N] [--broken]`: `rounds` are pairs of requests that are timed. `--broken`
takes the first wall's judgement away, and the part must fail.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

from starlette.testclient import TestClient

from app.api import permitting
from app.api.permitting import addresses
from app.main import create_app
from tests.api.service import TODAY, settings_for
from tests.campaign.counts import Counts, run
from tests.support.access import bearer, client_of, local_issuer
from tests.support.access_matrix import askers, both, implied, of_every_kind, table, tried
from tests.support.access_world import PERSON
from tests.support.forged import forged
from tests.support.postgres import running_postgres

PAIRS = 10_000
MOST_APART = 0.05


def the_matrix(counts: Counts, url: str) -> None:
    """Every route by every caller, as a person and as a system, by every ownership."""
    app, objects = both(settings_for(url))
    callers = askers()
    with client_of(app, {}) as client:
        cells = tried(app, client, objects, callers, callers)
        client.headers.update(bearer(subject=PERSON))
        for address, of_another, of_nobody in of_every_kind(client, objects, app):
            same = of_another.status_code == of_nobody.status_code and len(of_another.text) == len(of_nobody.text)
            counts.check(same, f"{address}: another's object is told from none")
    counts.done += cells.done
    counts.promised += implied(app, len(callers), len(callers))
    counts.failures += cells.wrong
    counts.notes.setdefault("matrix", []).append(dict(cells.counts))


def every_bad_token(counts: Counts, url: str) -> None:
    """Every route that is not open by every token that is no good."""
    app, lines = create_app(settings_for(url), lambda: TODAY), table()
    corpus, closed = forged(local_issuer()), [each for each in addresses(app.routes) if not lines[each].is_open]
    counts.promised += len(corpus) * len(closed)
    with client_of(app, {}) as client:
        for method, template in closed:
            for name, token in corpus.items():
                headers = {b"Authorization": b"Bearer " + token.encode("latin-1")}
                answer = client.request(method, template.replace("{", "").replace("}", ""), headers=headers)
                counts.check(answer.status_code == 401, f"{method} {template}, {name}: {answer.status_code}")
                counts.done += 1


def what_can_be_measured(counts: Counts, url: str, pairs: int) -> None:
    """Another's referral takes as long as none: whoever measures learns nothing."""
    app, objects = both(settings_for(url))
    counts.promised += pairs
    took: dict[str, list[float]] = {"other": [], "missing": []}
    with client_of(app) as client:
        for _ in range(pairs):
            for whose, times in took.items():
                times.append(_timed(client, objects.asked("GET", "/referrals/{ref}", whose).path))
            counts.done += 1
    medians = {whose: statistics.median(times) for whose, times in took.items()}
    apart = abs(medians["other"] / medians["missing"] - 1)
    counts.notes["medians_apart"] = round(apart, 4)
    counts.check(apart < MOST_APART, f"the medians are {apart:.1%} apart")


def _timed(client: TestClient, path: str) -> float:
    began = time.perf_counter()
    client.get(path)
    return time.perf_counter() - began


def main(rounds: int = PAIRS, *, broken: bool = False) -> Counts:
    """All of it."""
    counts = Counts("access: every route by every caller, and every bad token", 0)
    guard: Any = mock.patch.object(permitting, "_check", return_value=None) if broken else nullcontext()
    with guard, tempfile.TemporaryDirectory() as name, running_postgres() as postgres:
        folder = Path(name)
        parts: list[Callable[[], None]] = [
            lambda: the_matrix(counts, f"sqlite:///{folder / 'matrix.db'}"),
            lambda: the_matrix(counts, postgres.url(postgres.create())),
            lambda: every_bad_token(counts, f"sqlite:///{folder / 'tokens.db'}"),
            lambda: what_can_be_measured(counts, f"sqlite:///{folder / 'measured.db'}", rounds),
        ]
        for part in parts[:1] if broken else parts:
            part()
    return counts


if __name__ == "__main__":
    sys.exit(0 if run(main, PAIRS)["is_whole"] else 1)
