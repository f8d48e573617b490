from pathlib import Path

import pytest
from pydantic import SecretStr

from app.messages.signing import KeyMissing, is_signed, keys_of, signature

NEW, OLD, OTHER = (letter.encode() * 32 for letter in "abc")
BODY, NOW = b'{"id":"1"}', 1_764_000_000


def test_a_signature_fits_its_key_body_and_time() -> None:
    """And no other key, body or time."""
    header = signature([NEW], NOW, BODY)
    assert is_signed(header, [NEW], BODY, NOW + 299)
    assert not is_signed(header, [OTHER], BODY, NOW)
    assert not is_signed(header, [NEW], BODY + b" ", NOW)
    assert not is_signed(header, [NEW], BODY, NOW + 301)
    assert not is_signed(header.replace(f"t={NOW}", f"t={NOW + 1}"), [NEW], BODY, NOW)


def test_while_a_key_is_changed_either_side_may_be_first() -> None:
    """Sent with both, a message is taken by whoever has the old one, the new one, or both."""
    header = signature([NEW, OLD], NOW, BODY)
    for keys in ([NEW], [OLD], [OLD, NEW]):
        assert is_signed(header, keys, BODY, NOW)
    assert not is_signed(header, [OTHER], BODY, NOW)


@pytest.mark.parametrize("header", ["", "t=1", "v1=00", "t=x,v1=00", "t=1,t=2,v1=00", "t=,v1=", "é", f"t={NOW},v1=é"])
def test_what_is_no_signature_is_refused(header: str) -> None:
    """Quietly, whatever it is."""
    assert not is_signed(header, [NEW], BODY, NOW)


def test_keys_come_from_a_file_or_the_settings(tmp_path: Path) -> None:
    """One or two of at least 32 letters; the file is read anew each time and comes first."""
    given = {"cases": SecretStr(f"{NEW.decode()},{OLD.decode()}")}
    assert keys_of("cases", tmp_path, given) == [NEW, OLD]
    (tmp_path / "cases").write_text(f"{OTHER.decode()}\n")
    assert keys_of("cases", tmp_path, given) == [OTHER]


@pytest.mark.parametrize("name", ["none", "../cases", "short", "three", "", "a/b"])
def test_an_unusable_key_is_named_without_what_it_holds(tmp_path: Path, name: str) -> None:
    """None of this name, a way out of the folder, too short, too many."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "cases").write_text(NEW.decode())
    (tmp_path / "keys" / "short").write_text("tooshort")
    (tmp_path / "keys" / "three").write_text(" ".join(["d" * 32] * 3))
    with pytest.raises(KeyMissing) as missing:
        keys_of(name, tmp_path / "keys", {})
    assert "tooshort" not in str(missing.value)
    assert "ddd" not in str(missing.value)
