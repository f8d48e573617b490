"""A signed end of the audit trail, as a small text file to be kept where nobody can change it who could the trail."""

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.store.audit import Head

TITLE = "placement audit head 1"

_FORM = re.compile(
    rf"{TITLE}\nauthority: (?P<authority>[ENSW]\d{{8}})\nentries: (?P<seq>\d{{1,18}})\nhash: (?P<hash>[0-9a-f]{{64}})\n"
    r"made: (?P<made>[0-9T:+.-]{20,40})\nsignature: (?P<signature>[A-Za-z0-9+/=]{88})\n"
)


class HeadRefused(ValueError):
    """A head that was not signed with this key, or is none."""


class KeyRefused(ValueError):
    """A file that holds no key of the kind that is wanted."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """An end of a trail, whose it is and when it was taken."""

    authority: str
    head: Head
    made: datetime


def make_key(private: Path) -> Path:
    """Write a new private key, readable by its owner alone, and the public one beside it; where that is.

    Raises `FileExistsError`: a key is never overwritten, for what it signed could not be checked any more.
    """
    public = private.with_name(private.name + ".pub")
    key = Ed25519PrivateKey.generate()
    how = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    for path, mode, pem in (
        (private, 0o600, key.private_bytes(*how)),
        (public, 0o644, key.public_key().public_bytes(how[0], serialization.PublicFormat.SubjectPublicKeyInfo)),
    ):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(pem)
    return public


def read_private(path: Path) -> Ed25519PrivateKey:
    """The private key of a file. Raises `KeyRefused`."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused("That file holds no private key of ours. Make one: placement audit keygen FILE.")
    return key


def read_public(path: Path) -> Ed25519PublicKey:
    """The public key of a file, which may also hold the private one. Raises `KeyRefused`."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except ValueError:
        return read_private(path).public_key()
    if not isinstance(key, Ed25519PublicKey):
        raise KeyRefused("That file holds no public key of ours: it ends in .pub and was made with the private one.")
    return key


def write_head(signed: SignedHead, key: Ed25519PrivateKey) -> str:
    """The text of a head, signed."""
    body = _body(signed)
    return f"{body}signature: {base64.b64encode(key.sign(body.encode())).decode()}\n"


def read_head(text: str, key: Ed25519PublicKey) -> SignedHead:
    """The head that a text holds. Raises `HeadRefused`."""
    found = _FORM.fullmatch(text.replace("\r\n", "\n"))
    if found is None:
        raise HeadRefused("That is no head of an audit trail. Use the file as `placement audit head` wrote it.")
    try:
        made = datetime.fromisoformat(found["made"])
        signed = SignedHead(found["authority"], Head(int(found["seq"]), bytes.fromhex(found["hash"])), made)
        key.verify(base64.b64decode(found["signature"], validate=True), _body(signed).encode())
    except (InvalidSignature, ValueError, binascii.Error):
        raise HeadRefused("The head was not signed with this key, or was changed. Check which key it was.") from None
    return signed


def _body(signed: SignedHead) -> str:
    return (
        f"{TITLE}\nauthority: {signed.authority}\nentries: {signed.head.seq}\nhash: {signed.head.hash.hex()}\n"
        f"made: {signed.made.isoformat()}\n"
    )
