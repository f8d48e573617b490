"""A small OpenID Connect provider on this machine, as strict as a real one: for tests of signing in and of keys.

It signs in one person at once, whom the test chooses, and can be told to misbehave.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "placement-web", "a-secret-of-tests"


@dataclass
class OidcProvider:
    """What the provider knows. Tests change it as they like."""

    issuer: str = ""
    redirect_uris: set[str] = field(default_factory=set)
    key: RSAKey = field(default_factory=lambda: new_key("first"))
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "ann", "roles": ["Placements Officers"]})
    id_token_changes: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    broken: Mapping[str, tuple[int, bytes]] = field(default_factory=dict)
    """Answers to give instead, by path."""
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        """What it says about itself."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def keys(self) -> dict[str, Any]:
        """Its public keys."""
        return {"keys": [dict(self.key.as_dict(private=False))]}

    def page(self, path: str, query: Mapping[str, str]) -> tuple[int, dict[str, Any], str]:
        """Status, body, and where to go next."""
        if path == "/authorize":
            status, where = self.authorize(query)
            return status, {}, where
        pages = {"/.well-known/openid-configuration": self.discovery, "/keys": self.keys}
        return (200, pages[path](), "") if path in pages else (404, {}, "")

    def authorize(self, asked: Mapping[str, str]) -> tuple[int, str]:
        """Status, and where the browser is sent back to. 400 where the request is not as the standard wants it."""
        wanted = {"response_type": "code", "client_id": CLIENT, "code_challenge_method": "S256"}
        right = all(asked.get(name) == value for name, value in wanted.items())
        full = all(asked.get(name) for name in ("state", "nonce", "code_challenge"))
        if not right or not full or asked.get("redirect_uri") not in self.redirect_uris:
            return 400, ""
        if "openid" not in asked.get("scope", "").split():
            return 400, ""
        code = secrets.token_urlsafe(16)
        self._codes[code] = dict(asked)
        return 302, f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def token(self, form: Mapping[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Status and answer: a code is good once, for its own verifier, address and client."""
        if authorization != "Basic " + _base64(f"{CLIENT}:{SECRET}"):
            return 401, {"error": "invalid_client"}
        begun = self._codes.pop(form.get("code", ""), None)
        challenge = _url_base64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            begun is None
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != begun["redirect_uri"]
            or challenge != begun["code_challenge"]
        ):
            return 400, {"error": "invalid_grant"}
        return 200, {"token_type": "Bearer", "access_token": "opaque", "id_token": self.id_token(begun["nonce"])}

    def id_token(self, nonce: str) -> str:
        """A signed ID token of the person."""
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        return self.signed(usual | self.person | self.id_token_changes)

    def access_token(self, **claims: Any) -> str:
        """A bearer token for the service."""
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": "placement", "iat": now, "exp": now + 300, "sub": "case-system"}
        return self.signed(usual | claims)

    def signed(self, claims: Mapping[str, Any]) -> str:
        """These claims under its key."""
        said = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.as_dict(private=False)["kid"]}
        return jwt.encode(header, said, self.key, ["RS256"])


@cache
def new_key(name: str) -> RSAKey:
    """A key of this name; the same whenever it is asked for, as making one takes long."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _url_base64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _handler(provider: OidcProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Discovery, keys, and the page on which somebody would type a password."""
            parts = urlsplit(self.path)
            self._answer(parts.path, lambda: provider.page(parts.path, _single(parts.query)))

        def do_POST(self) -> None:
            """The exchange of a code."""
            form = _single(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer(self.path, lambda: (*provider.token(form, self.headers.get("Authorization", "")), ""))

        def _answer(self, path: str, work: Callable[[], tuple[int, dict[str, Any], str]]) -> None:
            provider.asked.append(path)
            if path in provider.broken:
                self._send(*provider.broken[path])
                return
            status, said, where = work()
            self._send(status, json.dumps(said).encode(), {"Location": where} if where else {})

        def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Nothing: tests read what was asked."""

    return Handler


def _single(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}


@contextmanager
def running_provider() -> Iterator[OidcProvider]:
    """A provider that answers on a port of this machine until the block ends."""
    provider = OidcProvider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
