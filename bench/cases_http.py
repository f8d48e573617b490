"""The same over real HTTP: a warm service in a process of its own on the loopback interface."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from app.access.local_issuer import LocalIssuer
from app.access.principal import Kind, Role
from app.demo.authority import Authority
from app.settings import Settings
from app.store import migrate, save
from app.store.session import Database
from app.store.versions import Precondition
from bench.cases_matching import DAY, made_country, nottingham
from bench.report import Result, at_most, percentile

AUTHORITY = "E06000018"
ROUNDS = 3
START_S = 60


def over_http_20000(command: str) -> list[Result]:
    """One referral against 20,000 homes over HTTP from a warm service."""
    return _measured(made_country(100, 20_000), "one referral against 20,000 homes over HTTP", 50, command)


def over_http_450(command: str) -> list[Result]:
    """One referral against the 450 homes of a Nottingham over HTTP."""
    return _measured(nottingham(), "one referral against 450 homes over HTTP", 15, command)


def _measured(made: Authority, case: str, limit_ms: float, command: str) -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{Path(folder) / 'bench.db'}"
        _fill(address, made)
        with _serving(address) as base, httpx.Client(base_url=base, timeout=30, headers=_signed()) as client:
            for referral in made.referrals[:10]:
                _ask(client, referral.ref)
            times = [_ask(client, r.ref) for _ in range(ROUNDS) for r in made.referrals]
    return [
        at_most(f"{case}, p95", percentile(times, 0.95), "ms", limit_ms, command),
        Result(f"{case}, p50", round(percentile(times, 0.5), 3), "ms", "", None, command),
    ]


def _ask(client: httpx.Client, ref: str) -> float:
    began = time.perf_counter()
    answer = client.post("/match", json={"referral_ref": ref, "as_of": DAY.isoformat()})
    took = (time.perf_counter() - began) * 1000
    answer.raise_for_status()
    return took


def _signed() -> dict[str, str]:
    """The header of the calling system, with a token of the issuer that the service has where there is no other."""
    issuer = LocalIssuer.open(Settings().local_keys, AUTHORITY)
    return {"Authorization": f"Bearer {issuer.token('bench', [Role.CASE_SYSTEM], Kind.SYSTEM)}"}


def _fill(address: str, made: Authority) -> None:
    database = Database.open(address)
    try:
        migrate.upgrade(database)
        with database.writing() as writing:
            save.import_homes(writing, AUTHORITY, made.homes)
            for referral in made.referrals:
                save.save_referral(writing, AUTHORITY, referral, Precondition())
    finally:
        database.close()


@contextmanager
def _serving(address: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "app.cli", "serve", "--no-demo"]
    ours = {
        "PLACEMENT_DATABASE_URL": address,
        "PLACEMENT_PORT": str(port),
        "PLACEMENT_NIGHTLY_AT": "",
        "PLACEMENT_MATCHES_PER_10_S": "1000000",
    }
    service = subprocess.Popen(  # noqa: S603  # our own interpreter and arguments
        command, env={**os.environ, **ours}, cwd=Path(__file__).parents[1], stdout=subprocess.DEVNULL
    )
    try:
        base = f"http://127.0.0.1:{port}"
        _wait_until_ready(base)
        yield base
    finally:
        service.terminate()
        service.wait(timeout=20)


def _wait_until_ready(base: str) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        try:
            if httpx.get(f"{base}/health/ready", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(f"the service was not ready within {START_S} s")
