"""Sealing what is personal in the audit trail, so that it can be destroyed without touching the trail.

The key is made of the secrets of all children whom an entry is about: once one of them is destroyed, what is said
of all of them together cannot be read any more.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

NONCE_BYTES = 12


def seal(secrets_of: Sequence[bytes], where: str, personal: str) -> bytes:
    """The text under the keys of all these children, in the order of their numbers; `where` binds it to its entry."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + ChaCha20Poly1305(_key(secrets_of, where)).encrypt(nonce, personal.encode(), where.encode())


def unseal(secrets_of: Sequence[bytes], where: str, sealed: bytes) -> str | None:
    """The text again; None where it was sealed under other keys, for another entry, or was changed."""
    nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return ChaCha20Poly1305(_key(secrets_of, where)).decrypt(nonce, rest, where.encode()).decode()
    except (InvalidTag, ValueError):
        return None


def commitment(secret: bytes, ref: str) -> str:
    """A digest that binds a number of the trail to a child, and says nothing without the secret."""
    return hmac.new(secret, b"subject\x00" + ref.encode(), hashlib.sha256).hexdigest()


def _key(secrets_of: Sequence[bytes], where: str) -> bytes:
    return hmac.new(b"".join(secrets_of), b"entry\x00" + where.encode(), hashlib.sha256).digest()
