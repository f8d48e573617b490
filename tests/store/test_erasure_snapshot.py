"""Who has a place already stands by reference in a run's input: told as seen, and erased with the rest."""

from __future__ import annotations

import zlib

from app.matching.referral import ChildRef
from app.rematch.snapshot import snapshot_bytes, snapshot_of
from app.store.audit_whom import of_snapshot
from app.store.erasure_forgetting import snapshot_without
from tests.rematch.nights import PROJECT, a_night

GONE, STAYS = ChildRef("C-moved-in"), ChildRef("C-held")


def test_who_has_a_place_is_seen_and_forgotten() -> None:
    """The reference of the one is erased, that of the other stays."""
    written = snapshot_bytes(snapshot_of(a_night(under_way=frozenset({GONE, STAYS})), PROJECT / "policies"))
    assert {GONE, STAYS} <= of_snapshot(written)
    left = snapshot_without(zlib.compress(written), {GONE: "erased-1"})
    assert left is not None
    text = zlib.decompress(left)
    assert STAYS in of_snapshot(text)
    assert GONE.encode() not in text
    assert b"erased-1" not in text
