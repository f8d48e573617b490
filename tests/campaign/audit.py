"""Tampering with every record of an audit trail, on both databases: `python -m tests.campaign.audit [--rounds N]`.

`rounds` is the number of records. Each is changed, taken out and moved; the trail is cut off and rewritten at many
places. Every single tampering must be found, by its number. Every twentieth record is tampered with at once, and all
of it undone again. `--broken`: the verifier believes what an entry says of its own hash.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

from app.store import audit_verify, migrate
from app.store.audit import GENESIS, Head
from app.store.audit_verify import Flaw, verify
from app.store.session import Database
from tests.campaign.counts import Counts, run
from tests.support.postgres import running_postgres
from tests.support.tampering import (
    AUTHORITY,
    COLUMNS,
    change,
    cut_off,
    fill,
    head_of,
    open_to_all,
    rewrite,
    rows,
    swap,
    take_out,
    undone,
)

RECORDS = 10_000
APART = 20
CUTS, REWRITES = 100, 20

Row = dict[Any, Any]


def main(rounds: int = RECORDS, *, broken: bool = False) -> Counts:
    """Every record of a trail of so many, changed, taken out and moved; the trail cut off and rewritten."""
    cuts, rewrites = min(CUTS, rounds), min(REWRITES, rounds)
    counts = Counts("audit: every record tampered with", 2 * (3 * rounds - 1 + cuts + rewrites))
    believing = mock.patch.object(audit_verify, "hashed", lambda _previous, row: row["hash"])
    with believing if broken else nullcontext():
        for name, database in _databases():
            _on_one(counts, name, database, rounds)
    return counts


def _on_one(counts: Counts, name: str, database: Database, records: int) -> None:
    fill(database, records)
    with undone(database) as writing:
        before, head = rows(writing), head_of(writing)
    with database.reading() as reading:
        began = time.perf_counter()
        counts.check(verify(reading, AUTHORITY, [head]).is_whole, f"{name}: not whole before anything was done")
        counts.notes[f"verified_entries_a_second_{name}"] = round(records / (time.perf_counter() - began))
    open_to_all(database)
    for step in range(APART):
        some = before[step::APART]
        _together(counts, database, head, some, lambda w, row: change(w, row, _column(row)), _changed)
        _together(counts, database, head, some, lambda w, row: take_out(w, row["seq"]), _gone(head))
        movable = [row for row in some if row["seq"] < head.seq]
        _together(counts, database, head, movable, lambda w, row: swap(w, row["seq"]), _changed)
    for seq in _spread(records, CUTS):
        kept = before[seq - 2] if seq > 1 else {"hash": GENESIS}
        with undone(database) as writing:
            cut_off(writing, seq, kept)
            found = {(one.flaw, one.number) for one in verify(writing, AUTHORITY, [head]).findings}
        counts.check((Flaw.HEAD_BEYOND, head.seq) in found, f"{name}: cut off at {seq} and not found")
        counts.done += 1
    for seq in _spread(records, REWRITES):
        with undone(database) as writing:
            rewrite(writing, before, seq)
            found = {(one.flaw, one.number) for one in verify(writing, AUTHORITY, [head]).findings}
        counts.check((Flaw.HEAD_DIFFERS, head.seq) in found, f"{name}: rewritten from {seq} and not found")
        counts.done += 1


def _together(
    counts: Counts,
    database: Database,
    head: Head,
    some: Sequence[Row],
    tamper: Callable[[Any, Row], None],
    expected: Callable[[Row], set[tuple[Flaw, int]]],
) -> None:
    """Tamper with all of these in one transaction, look, and undo it."""
    if not some:
        return
    with undone(database) as writing:
        for row in some:
            tamper(writing, row)
        verdict = verify(writing, AUTHORITY, [head], most_told=10 * len(some) + 10)
    found = {(one.flaw, one.number) for one in verdict.findings}
    for row in some:
        counts.check(not expected(row).isdisjoint(found), f"entry {row['seq']}: not found")
        counts.done += 1


def _column(row: Row) -> str:
    """Another column for each record, in turn."""
    return COLUMNS[row["seq"] % len(COLUMNS)]


def _changed(row: Row) -> set[tuple[Flaw, int]]:
    return {(Flaw.CHANGED, row["seq"])}


def _gone(head: Head) -> Callable[[Row], set[tuple[Flaw, int]]]:
    return lambda row: {(Flaw.MISSING if row["seq"] < head.seq else Flaw.CUT_OFF, row["seq"])}


def _spread(records: int, count: int) -> list[int]:
    """So many numbers from the first record to the last."""
    count = min(count, records)
    return [1 + n * (records - 1) // max(count - 1, 1) for n in range(count)]


def _databases() -> Iterator[tuple[str, Database]]:
    with tempfile.TemporaryDirectory(prefix="placement-audit-") as folder, running_postgres() as server:
        urls = {"sqlite": f"sqlite:///{Path(folder) / 'audit.db'}", "postgresql": server.url(server.create())}
        for name, url in urls.items():
            database = Database.open(url)
            migrate.upgrade(database)
            yield name, database
            database.close()


if __name__ == "__main__":
    sys.exit(0 if run(main, RECORDS)["is_whole"] else 1)
