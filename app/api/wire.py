"""HTTP as it comes over the wire: heads that are too large or never end are given up before they are requests.

The server itself has no limit for either, so that a caller could fill its memory with one header, or hold
connections for ever without asking anything. What is in the body is limited by `app.api.guard`.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 * 1_024
"""Bytes of a request that are no body, so many for its head and trailers, and more for what frames chunks."""

FRAME_BYTES = 8
"""Bytes that a chunk takes beside its body, which may be a single byte."""

HEAD_TIMEOUT_S = 30.0
"""A head that is not complete after this long is given up, and a connection on which none begins."""


class BoundedHttp(HttpToolsProtocol):
    """The server's own protocol, with an end to what is not a body."""

    _timer: asyncio.TimerHandle | None = None
    _has_begun = False
    _in_head = True
    _body_bytes = 0
    _other_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection: its first head must come in time."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._has_head()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._has_begun = self._in_head = True
        self._wait_for_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header. Those behind a body (trailers) mean nothing here and are not kept."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._has_head()
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        """Bytes of any kind; those of a request's first piece are few enough not to count."""
        self._has_begun, before = False, self._body_bytes
        super().data_received(data)
        if self._has_begun:
            self._body_bytes = self._other_bytes = 0
        else:
            self._other_bytes += len(data) - (self._body_bytes - before)
        if self._other_bytes > MOST_HEAD_BYTES + FRAME_BYTES * self._body_bytes and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def _wait_for_head(self) -> None:
        self._has_head()
        self._timer = self.loop.call_later(HEAD_TIMEOUT_S, self.transport.close)

    def _has_head(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
