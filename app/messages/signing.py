"""Signatures of messages, and their keys.

A message carries `Placement-Signature: t=1764000000,v1=<hex>`: HMAC-SHA256 with the shared key over the time, a
full stop and the body as it was sent. While a key is changed there are two, and one signature for each: whoever
receives takes a message that one of its own keys fits.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import SecretStr

FEWEST_LETTERS = 32
MOST_KEYS = 2

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class KeyMissing(LookupError):
    """There is no usable key of this name; the text says what is wrong, without the key."""


def keys_of(name: str, folder: Path | None, given: Mapping[str, SecretStr]) -> list[bytes]:
    """The keys of a name, the one in force first: from its file, read anew each time, or from the settings.

    Raises `KeyMissing`.
    """
    if not _NAME.fullmatch(name):
        raise KeyMissing("The name of a key has letters, digits, - and _ alone.")
    words = _written(name, folder, given).replace(",", " ").split()
    if not 1 <= len(words) <= MOST_KEYS or any(len(word) < FEWEST_LETTERS for word in words):
        raise KeyMissing(f"A key has at least {FEWEST_LETTERS} letters, and there are at most {MOST_KEYS} of a name.")
    return [word.encode() for word in words]


def signature(keys: Sequence[bytes], at: int, body: bytes) -> str:
    """The header for a body that is sent at an instant (seconds since 1970)."""
    signed = str(at).encode() + b"." + body
    return ",".join([f"t={at}", *(f"v1={hmac.new(key, signed, hashlib.sha256).hexdigest()}" for key in keys)])


def is_signed(header: str, keys: Sequence[bytes], body: bytes, now: int, tolerance_s: int = 300) -> bool:
    """Whether a body was signed with one of these keys not long ago. What a receiver does: see docs/webhooks.md."""
    parts = [part.partition("=")[::2] for part in header.split(",")]
    times = [value for name, value in parts if name == "t"]
    given = [value for name, value in parts if name == "v1"]
    if len(times) != 1 or not re.fullmatch(r"[0-9]{1,12}", times[0]) or abs(now - int(times[0])) > tolerance_s:
        return False
    signed = times[0].encode() + b"." + body
    wanted = [hmac.new(key, signed, hashlib.sha256).hexdigest() for key in keys]
    return any(hmac.compare_digest(one.encode(), other.encode()) for one in given for other in wanted)


def _written(name: str, folder: Path | None, given: Mapping[str, SecretStr]) -> str:
    if folder is not None and (folder / name).is_file():
        try:
            return (folder / name).read_text(encoding="ascii")
        except (OSError, ValueError):
            raise KeyMissing("The file of the key cannot be read as plain letters.") from None
    if name not in given:
        raise KeyMissing("There is no key of this name. Put it into a file of that name in the folder of keys.")
    return given[name].get_secret_value()
