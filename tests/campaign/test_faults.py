"""The faults of the campaign in short form: T-10, T-13, T-14, T-15, T-16, and a database that is stopped."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from app.runs import working
from tests.campaign import accepting, disk, kills, nights, outage, proxy
from tests.campaign.copies import copies
from tests.campaign.counts import Counts
from tests.support.postgres import Postgres


@pytest.fixture(autouse=True)
def _signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """The campaign takes them away, in its own process; here they come back."""
    monkeypatch.setattr(working, "BEAT_S", working.BEAT_S)


def _whole(counts: Counts) -> None:
    assert counts.failures == []
    assert counts.done >= counts.promised > 0


def test_killed_at_any_point(postgres: Postgres) -> None:
    """T-13, T-14: an accept and a run that are killed count wholly or not at all, and done again once."""
    _whole(kills.main(rounds=1, points=2, server=postgres))


def test_the_line_cut_around_commit(postgres: Postgres) -> None:
    """T-15: also where COMMIT was sent and its reply is lost, asking again gives one effect and one answer."""
    _whole(proxy.main(rounds=1, every=200, server=postgres))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_worker_stopped_past_its_lease(kind: str, postgres: Postgres) -> None:
    """T-10: of workers that look at once one makes the run; the one that slept too long is refused."""
    _whole(nights.main(rounds=1, most=1, server=postgres, kinds=[kind]))


def test_a_full_disk(postgres: Postgres) -> None:
    """T-16: an accept that does not fit is refused whole, and goes through with room again."""
    counts = Counts("disk", promised=0)
    with copies("sqlite", disk._fill_small_pages) as made:
        disk._sqlite("accept", accepting.accept, made, counts, broken=False)
    _whole(counts)


def test_a_disk_that_cannot_be_made_is_a_shortfall(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that was left out is not taken out of the promise as well."""
    monkeypatch.setattr(disk, "small_disk", lambda: nullcontext(None))
    counts = Counts("disk", promised=0)
    disk._postgresql(counts, None)
    assert (counts.promised, counts.done, counts.is_whole) == (len(disk.WORK), 0, False)


@pytest.mark.slow
def test_a_database_that_is_stopped() -> None:
    """503 while it is away, served again within seconds of its return, nothing that was acknowledged lost."""
    _whole(outage.main(rounds=1, seconds=1))


@pytest.mark.parametrize("part", ["proxy", "disk"])
def test_without_its_guard_each_turns_red(part: str, postgres: Postgres) -> None:
    """With another key, without a transaction: the same tests see it. The others are seen red by the campaign."""
    counts = Counts("disk", promised=0)
    if part == "proxy":
        counts = proxy.main(rounds=1, every=1_000, broken=True, server=postgres)
    else:
        with copies("sqlite", disk._fill_small_pages) as made:
            disk._sqlite("accept", accepting.accept, made, counts, broken=True)
    assert counts.failures
