"""Asking the provider over HTTPS: a short answer as JSON, in a short time, from the very address that was named."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

MOST_BYTES = 262_144
MOST_S = 5.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class NotAnswered(OSError):
    """The provider did not answer, or not with what was asked for."""


def is_trusted_address(address: str) -> bool:
    """Whether an address may be asked: HTTPS, or this machine."""
    parts = urlsplit(address)
    has_user = parts.username is not None or parts.password is not None
    return not has_user and (
        (parts.scheme == "https" and bool(parts.hostname)) or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    )


def fetch(address: str, form: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None) -> dict[str, Any]:
    """What is answered to a GET, or to a POST where there is a form. Raises `NotAnswered`."""
    if not is_trusted_address(address):
        raise NotAnswered("not an address to ask")
    until = time.monotonic() + MOST_S
    method = "GET" if form is None else "POST"
    on_this_machine = urlsplit(address).hostname in LOOPBACK
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    try:
        with (
            httpx.Client(timeout=MOST_S, follow_redirects=False, trust_env=not on_this_machine) as client,
            client.stream(method, address, data=form, auth=auth, headers=headers) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise NotAnswered(f"status {answer.status_code}")
            body = _read(answer, until)
        found = json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
        raise NotAnswered(type(error).__name__) from None
    if not isinstance(found, dict):
        raise NotAnswered("no object")
    return found


def _read(answer: httpx.Response, until: float) -> bytes:
    body = bytearray()
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > MOST_BYTES or time.monotonic() > until:
            raise NotAnswered("too much or too slow")
    return bytes(body)
