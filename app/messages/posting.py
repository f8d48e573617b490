"""One request to one number: sent whole, answered with a status, and nothing else is believed of the answer.

No redirect is followed, no proxy asked, no more than a small head of the answer read, and all of it ends in time.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from app.messages.addresses import Target

MOST_REPLY_BYTES = 16_384
TIMEOUT_S = 10.0

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: |\r\n)")


class PostFailed(Exception):
    """Nothing is known to have arrived. `code` says what went wrong."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@cache
def tls() -> ssl.SSLContext:
    """What the system trusts, TLS 1.2 or newer, and the certificate must name the host. Read once in a process."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@dataclass(frozen=True, slots=True)
class Poster:
    """How requests are sent. `timeout_s`: for the whole of one, from the connection to the answer."""

    timeout_s: float = TIMEOUT_S
    context: ssl.SSLContext = field(default_factory=tls)

    def post(self, target: Target, number: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send a body to the host at this number; the status of the answer. Raises `PostFailed`."""
        until = time.monotonic() + self.timeout_s
        try:
            with socket.create_connection((number, target.port), timeout=self.timeout_s) as plain:
                plain.settimeout(_left(until))
                if not target.secure:
                    return _exchange(plain, target, headers, body, until)
                with self.context.wrap_socket(plain, server_hostname=target.host) as wrapped:
                    return _exchange(wrapped, target, headers, body, until)
        except TimeoutError:
            raise PostFailed("timeout") from None
        except ssl.SSLError:
            raise PostFailed("tls") from None
        except OSError:
            raise PostFailed("connection") from None


def _exchange(connection: socket.socket, target: Target, headers: Mapping[str, str], body: bytes, until: float) -> int:
    all_headers = {"Host": target.authority, "Content-Length": str(len(body)), "Connection": "close", **headers}
    lines = [f"POST {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in all_headers.items())]
    connection.settimeout(_left(until))
    connection.sendall("\r\n".join([*lines, "", ""]).encode("ascii") + body)
    got = b""
    while b"\r\n\r\n" not in got and len(got) < MOST_REPLY_BYTES:
        connection.settimeout(_left(until))
        more = connection.recv(4_096)
        if not more:
            break
        got += more
    found = _STATUS.match(got)
    if found is None:
        raise PostFailed("reply")
    return int(found[1])


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
