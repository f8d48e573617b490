"""The service as it is run: `placement serve` with several processes, on a PostgreSQL that keeps what it commits."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import httpx

from app.access.local_issuer import LocalIssuer
from app.access.principal import Kind, Role
from app.demo.authority import Authority
from app.store import migrate, save
from app.store.session import Database, login_of
from app.store.versions import Precondition
from tests.support.postgres import Postgres, running_postgres

AUTHORITY = "E06000018"
ROOT = Path(__file__).parents[1]
START_S = 60

DURABLE = """
shared_buffers = 128MB
max_connections = 120
max_wal_size = 1GB
"""
"""As a server comes: every commit waits for the disk."""

GENEROUS = {f"PLACEMENT_{name}_PER_10_S": "1000000" for name in ("READS", "WRITES", "MATCHES", "OPEN")}
"""One caller sends all of the load; its budgets are not what is measured."""


@dataclass(slots=True)
class Running:
    """A service and its database, which can be stopped and started while somebody asks."""

    postgres: Postgres
    address: str
    owner_address: str
    keys: Path
    log: Path
    workers: int
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start the service; does not wait for it."""
        ours = {
            "PLACEMENT_DATABASE_URL": self.address,
            "PLACEMENT_LOCAL_KEYS": str(self.keys),
            "PLACEMENT_PORT": str(self.port),
            "PLACEMENT_NIGHTLY_AT": "",
            "PLACEMENT_WORKERS": str(self.workers),
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve", "--no-demo"],
                env={**os.environ, **GENEROUS, **ours},
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop the service: asked to, or (SIGKILL) all its processes at once without being asked."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            if number is signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
        self.process.wait(timeout=60)
        self.process = None

    def wait(self, seconds: float = START_S) -> float:
        """Wait until it is ready; how long that took."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            with suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=2).status_code == httpx.codes.OK:
                    return time.monotonic() - began
            time.sleep(0.02)
        raise TimeoutError(f"the service was not ready within {seconds} s:\n{self.log.read_text()[-2_000:]}")

    def officer(self) -> dict[str, str]:
        """The header of an officer."""
        return self._bearer("load-officer", (Role.OFFICER,), Kind.PERSON)

    def case_system(self) -> dict[str, str]:
        """The header of the case management system, which asks for matches."""
        return self._bearer("load-case-system", (Role.CASE_SYSTEM,), Kind.SYSTEM)

    def _bearer(self, subject: str, roles: tuple[Role, ...], kind: Kind) -> dict[str, str]:
        token = LocalIssuer.open(self.keys, AUTHORITY).token(subject, roles, kind)
        return {"Authorization": f"Bearer {token}"}

    def open_database(self) -> Database:
        """The database as its owner."""
        return Database.open(self.owner_address)


@contextmanager
def running(made: Authority, workers: int) -> Iterator[Running]:
    """The service with an authority's homes and referrals, ready."""
    with running_postgres(DURABLE) as postgres, tempfile.TemporaryDirectory(prefix="placement-load-") as name:
        folder = Path(name)
        owner = postgres.url(postgres.create())
        ours = owner.replace("postgres@", "placement_service:load@", 1)
        _fill(owner, ours, made)
        service = Running(postgres, ours, owner, folder / "keys", folder / "service.log", workers, _free_port())
        service.start()
        try:
            service.wait()
            yield service
        finally:
            service.stop()


def _fill(owner_address: str, service_address: str, made: Authority) -> None:
    database = Database.open(owner_address)
    try:
        migrate.upgrade(database, login=login_of(service_address, owner_address))
    finally:
        database.close()
    database = Database.open(owner_address, AUTHORITY)
    try:
        with database.writing() as writing:
            save.import_homes(writing, AUTHORITY, made.homes)
            for referral in made.referrals:
                save.save_referral(writing, AUTHORITY, referral, Precondition())
    finally:
        database.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


TODAY = date.today()  # noqa: DTZ011 - the service's own day
