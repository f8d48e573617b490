"""A pool that followed changes is the pool one would build anew."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.home import Resident
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef
from tests.support.builders import a_home

REFS = [HomeRef(f"H{n}") for n in range(6)]


def same(one: Pool, other: Pool) -> bool:
    """Equal in records, columns and indexes."""
    columns = all(
        np.array_equal(getattr(one.columns, f.name), getattr(other.columns, f.name)) for f in fields(one.columns)
    )
    indexes = all(
        getattr(one, name) == getattr(other, name)
        for name in ("row_of", "living_at", "kept_from", "named_for", "exempt_for")
    )
    return columns and indexes and one.records == other.records


def a_version(ref: HomeRef, places: int, resident: int) -> object:
    """A home that differs in a column and in who lives there."""
    people = (Resident(ChildRef(f"X{resident}"), None, live_apart_from=frozenset({ChildRef("Y")})),) if resident else ()
    return replace(a_home(ref=ref), places=places, residents=people)


versions = st.builds(a_version, st.sampled_from(REFS), st.integers(1, 4), st.integers(0, 3))
changes = st.lists(st.tuples(st.lists(versions, max_size=3), st.sets(st.sampled_from(REFS), max_size=2)), max_size=5)


@given(changes)
def test_following_changes_gives_what_building_anew_gives(steps: list) -> None:
    """Whatever was added, exchanged and taken away, in whatever order."""
    pool, homes = Pool.build(()), {}
    for upserts, removals in steps:
        latest = {home.ref: home for home in upserts}
        pool = pool.changed(list(latest.values()), removals)
        for ref in removals - set(latest):
            homes.pop(ref, None)
        homes |= latest
        assert same(pool, Pool.build(homes.values()))


@given(st.lists(versions, min_size=1, max_size=4), versions)
def test_another_record_is_found_by_who_lives_there_then(homes: list, other: object) -> None:
    """Who lives where is what a pool built anew would say; the columns stay."""
    first = {home.ref: home for home in homes}
    pool = Pool.build(first.values())
    changed = replace(other, ref=homes[0].ref)
    found, anew = pool.with_record(changed), Pool.build((first | {changed.ref: changed}).values())
    assert found.columns is pool.columns
    assert same(replace(found, columns=anew.columns), anew)


def test_an_old_pool_stays_as_it_was() -> None:
    """A match in progress keeps the pool it began with."""
    before = Pool.build([replace(a_home(ref=REFS[0]), places=2)])
    before.changed([replace(a_home(ref=REFS[0]), places=4)])
    assert before.columns.places.tolist() == [2]


def test_columns_cannot_be_written() -> None:
    """No kernel can change what it judges."""
    pool = Pool.build([a_home(ref=REFS[0])])
    with pytest.raises(ValueError, match="read-only"):
        pool.columns.places[0] = 9


def test_two_homes_of_one_reference_are_refused() -> None:
    """Which of them would be meant could not be told."""
    with pytest.raises(ValueError, match="share one reference"):
        Pool.build([a_home(ref=REFS[0]), a_home(ref=REFS[0])])
