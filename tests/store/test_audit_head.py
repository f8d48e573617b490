from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.store.audit import Head
from app.store.audit_head import HeadRefused, KeyRefused, SignedHead, make_key, read_head, read_private, read_public
from app.store.audit_head import write_head as write

SIGNED = SignedHead("E06000018", Head(12, b"h" * 32), datetime(2026, 3, 2, 9, tzinfo=UTC))


def test_a_head_is_read_as_it_was_signed(tmp_path: Path) -> None:
    """With the public key alone, and with line ends of another system."""
    public = make_key(tmp_path / "audit.key")
    text = write(SIGNED, read_private(tmp_path / "audit.key"))
    assert read_head(text, read_public(public)) == SIGNED
    assert read_head(text.replace("\n", "\r\n"), read_public(tmp_path / "audit.key")) == SIGNED


def test_the_private_key_is_its_owners_and_never_overwritten(tmp_path: Path) -> None:
    """Mode 600; a second key beside the first is refused."""
    make_key(tmp_path / "audit.key")
    assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        make_key(tmp_path / "audit.key")


def test_every_changed_character_is_refused(tmp_path: Path) -> None:
    """No letter of a head can be changed, and no other key will do."""
    public = read_public(make_key(tmp_path / "audit.key"))
    text = write(SIGNED, read_private(tmp_path / "audit.key"))
    refused = 0
    for at in range(len(text)):
        changed = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        with pytest.raises(HeadRefused):
            read_head(changed, public)
        refused += 1
    assert refused == len(text)
    with pytest.raises(HeadRefused, match="this key"):
        read_head(text, read_public(make_key(tmp_path / "other.key")))


def test_a_file_that_is_no_key_is_named_as_such(tmp_path: Path) -> None:
    """Gently, and without its contents."""
    (tmp_path / "x").write_text("secret")
    for read in (read_private, read_public):
        with pytest.raises(KeyRefused, match="key of ours"):
            read(tmp_path / "x")
