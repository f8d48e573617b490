"""Tokens for tests, from the service's own issuer, and clients that carry one."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from app.access.local_issuer import LocalIssuer
from app.access.principal import Kind, Role

AUTHORITY = "E06000018"
EVERY_ROLE = tuple(Role)

GENEROUS: dict[str, int] = dict.fromkeys(
    ("reads_per_10_s", "writes_per_10_s", "matches_per_10_s", "open_per_10_s"), 1_000_000
)
"""Budgets that no test uses up unless it wants to."""


@cache
def keys_folder() -> Path:
    """The folder of the key with which the services of this test process sign; gone at its end."""
    folder = Path(tempfile.mkdtemp(prefix="placement-access-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def access_settings() -> dict[str, Any]:
    """Settings of a test's own: keys that nobody else uses, budgets without end."""
    return {"local_keys": keys_folder(), **GENEROUS}


@cache
def local_issuer(authority: str = AUTHORITY) -> LocalIssuer:
    """The issuer that the services of this test process trust."""
    return LocalIssuer.open(keys_folder(), authority)


def bearer(
    roles: Iterable[Role] = EVERY_ROLE,
    *,
    kind: Kind = Kind.PERSON,
    subject: str = "local-officer",
    authority: str = AUTHORITY,
    **claims: Any,
) -> dict[str, str]:
    """The header of a caller: a person with every role unless told otherwise."""
    token = local_issuer().token(subject, roles, kind, authority=authority, **claims)
    return {"Authorization": f"Bearer {token}"}


def client_of(app: FastAPI, headers: dict[str, str] | None = None, **more: Any) -> TestClient:
    """A client of a service on this machine, signed in as a person with every role unless told otherwise."""
    carried = bearer() if headers is None else headers
    return TestClient(app, base_url="http://127.0.0.1", headers=carried, **more)
