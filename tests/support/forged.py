"""Tokens that must never be taken, each named by what is wrong with it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from app.access.local_issuer import AUDIENCE, ISSUER, LocalIssuer
from app.access.principal import Kind, Role
from app.access.tokens import MOST_BYTES


def claims(**changes: Any) -> dict[str, Any]:
    """Claims that would be good, were they signed; None takes one out."""
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "forger",
        "iat": now,
        "exp": now + 600,
        "authority": "E06000018",
        "kind": Kind.PERSON.value,
        "roles": [role.value for role in Role],
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(issuer: LocalIssuer, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A token that the issuer itself signed, with other claims or another header."""
    usual = {"alg": "ES256", "kid": issuer.key.thumbprint()}
    head = {name: value for name, value in (usual | (header or {})).items() if value is not None}
    return sign(head, claims(**changes), issuer.key)


def sign(header: dict[str, Any], said: dict[str, Any], key: ECKey) -> str:
    """A signature by ES256 over whatever header, which the library would refuse to write."""
    body = f"{_part(header)}.{_part(said)}"
    r, s = decode_dss_signature(key.get_op_key("sign").sign(body.encode(), ECDSA(SHA256())))
    return f"{body}.{urlsafe_b64encode(r.to_bytes(32) + s.to_bytes(32)).rstrip(b'=').decode()}"


def _part(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _by_hand(header: dict[str, Any], secret: bytes | None = None) -> str:
    body = f"{_part(header)}.{_part(claims())}"
    signature = hmac.new(secret, body.encode(), hashlib.sha256).digest() if secret is not None else b""
    return f"{body}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def forged(issuer: LocalIssuer) -> dict[str, str]:
    """Everything that somebody might try, for an issuer whose public key is known to all."""
    now, kid = int(time.time()), issuer.key.thumbprint()
    public = issuer.key.as_pem(private=False)
    foreign = ECKey.generate_key("P-256")
    rsa = RSAKey.generate_key(2048)
    good = signed(issuer)
    head, body, signature = good.split(".")
    other = _part(claims(sub="somebody-else"))
    return {
        "expired": signed(issuer, exp=now - 60, iat=now - 600),
        "not yet": signed(issuer, nbf=now + 600),
        "from the future": signed(issuer, iat=now + 600),
        "good for years": signed(issuer, exp=now + 10**8),
        "without an end": signed(issuer, exp=None),
        "an end in words": signed(issuer, exp="never"),
        "a true end": signed(issuer, exp=True),
        "an infinite end": signed(issuer, exp=1e400),
        "wrong audience": signed(issuer, aud="another-service"),
        "no audience": signed(issuer, aud=None),
        "many wrong audiences": signed(issuer, aud=["a", "b"]),
        "wrong issuer": signed(issuer, iss="https://evil.example"),
        "no issuer": signed(issuer, iss=None),
        "no subject": signed(issuer, sub=None),
        "empty subject": signed(issuer, sub=""),
        "odd subject": signed(issuer, sub="a\nb"),
        "long subject": signed(issuer, sub="x" * 256),
        "subject of a number": signed(issuer, sub=7),
        "no authority": signed(issuer, authority=None),
        "odd authority": signed(issuer, authority="E06000018' OR 1=1"),
        "an ID token": signed(issuer, nonce="n"),
        "a logout token": signed(issuer, {"typ": "logout+jwt"}),
        "critical header": signed(issuer, {"crit": ["exp"], "exp": 1}),
        "alg none": _by_hand({"alg": "none", "kid": kid}),
        "alg None": _by_hand({"alg": "None", "kid": kid}),
        "no alg": _by_hand({"kid": kid}),
        "alg of a list": _by_hand({"alg": ["ES256"], "kid": kid}),
        "HS256 with the public key": _by_hand({"alg": "HS256", "kid": kid}, public),
        "HS256 with the public key as JSON": _by_hand(
            {"alg": "HS256", "kid": kid}, json.dumps(issuer.public_keys()).encode()
        ),
        "HS256 with nothing": _by_hand({"alg": "HS256", "kid": kid}, b""),
        "a stranger's key": sign({"alg": "ES256", "kid": kid}, claims(), foreign),
        "a stranger's key, sent along": sign(
            {"alg": "ES256", "jwk": dict(foreign.as_dict(private=False))}, claims(), foreign
        ),
        "a stranger's key, to be fetched": sign({"alg": "ES256", "jku": "http://127.0.0.1:1/keys"}, claims(), foreign),
        "an unknown key": sign({"alg": "ES256", "kid": "x"}, claims(), foreign),
        "a key by path": sign({"alg": "ES256", "kid": "../../../etc/passwd"}, claims(), foreign),
        "another algorithm": jwt.encode({"alg": "RS256", "kid": kid}, claims(), rsa, ["RS256"]),
        "an algorithm that is not allowed": jwt.encode({"alg": "RS512", "kid": kid}, claims(), rsa, ["RS512"]),
        "no signature": f"{head}.{body}.",
        "another signature": f"{head}.{body}.{signature[:-4]}AAAA",
        "another body": f"{head}.{other}.{signature}",
        "a dot more": f"{good}.x",
        "a dot less": f"{head}.{body}",
        "encrypted": f"{head}.a.b.c.d",
        "garbage": "garbage",
        "binary": "\xff\xfe.\xff.\xff",
        "dots": "..",
        "no header": f".{body}.{signature}",
        "a header of a list": f"{_part([])}.{body}.{signature}",
        "a deep header": f"{urlsafe_b64encode(b'[' * 5_000).decode()}.{body}.{signature}",
        "oversized": signed(issuer, more="x" * MOST_BYTES),
        "quotes": "' OR '1'='1",
        "a script": "<script>alert(1)</script>",
    }
