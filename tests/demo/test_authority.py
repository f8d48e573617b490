"""The authority as a whole: reproducible, complete, valid, and of the sizes asked for."""

import dataclasses
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from app.demo.authority import COUNTRY, REGION, Authority, Sizes, country, synthetic_authority
from app.demo.calibration import DAY
from app.demo.export import authority_bytes, authority_json
from app.demo.people import age_on
from app.documents.home_documents import read_homes
from app.documents.referral_documents import read_referral
from app.documents.referral_models import ReferralIn
from app.geo.postcodes import PostcodeDirectory
from app.matching import codes
from app.matching.codes import (
    FOSTERING_KINDS,
    PLACE_CODES_OF_KIND,
    Adaptation,
    Code,
    HomeKind,
    KeepTogether,
    Route,
    Sector,
    Suitability,
    Vulnerability,
)
from app.matching.home import Home
from app.matching.pool import Pool
from app.matching.referral import Child

ROOT = Path(__file__).parents[2]

SMALL = Sizes(referrals=12, homes=90, residents=130)


def test_the_default_sizes_are_those_of_nottingham(default: Authority) -> None:
    """40 searches for 55 children, 450 homes, 700 residents and as many children in the caseload."""
    assert len(default.referrals) == 40
    assert sum(len(referral.children) for referral in default.referrals) == 55 == default.sizes.children
    assert len(default.homes) == 450
    assert sum(len(home.residents) for home in default.homes) == 700
    assert len(default.caseload) == 700


def test_a_region_has_a_thousand_children_and_three_thousand_homes(midlands: Authority) -> None:
    """The benchmark's sizes, in ten authorities."""
    assert sum(len(referral.children) for referral in midlands.referrals) == 1_000
    assert len(midlands.homes) == 3_000
    families = {referral.family_home.authority for referral in midlands.referrals if referral.family_home}
    assert len(families & set(midlands.councils)) == 10


@pytest.mark.slow
@pytest.mark.long
def test_a_country_has_a_thousand_searches_and_sixteen_thousand_homes(directory: PostcodeDirectory, day: date) -> None:
    """The benchmark's sizes, all over England; how long it took is printed, and asserted nowhere."""
    began = time.perf_counter()
    made = country(1, day, directory)
    sys.stdout.write(f"16,000 homes in {time.perf_counter() - began:.1f} s\n")
    assert (len(made.referrals), len(made.homes)) == (COUNTRY.referrals, COUNTRY.homes) == (1_000, 16_000)
    assert len({home.location.authority for home in made.homes if home.location}) > 145
    assert _people_checked(made) > 0


@pytest.mark.parametrize("sizes", [Sizes(0, 0, 0), Sizes(1, 0, 0), Sizes(0, 5, 2), Sizes(80, 30, 20), SMALL])
def test_any_sizes_are_met(directory: PostcodeDirectory, day: date, sizes: Sizes) -> None:
    """None, few, or many searches for few homes."""
    made = synthetic_authority(sizes, 4, day, directory)
    assert len(made.referrals) == sizes.referrals
    assert len(made.homes) == sizes.homes
    assert sum(len(home.residents) for home in made.homes) == len(made.caseload) == sizes.residents
    assert _people_checked(made) >= sizes.homes


@pytest.mark.parametrize("name", ["referrals", "homes", "residents"])
def test_sizes_below_nought_are_refused(name: str) -> None:
    """Naming the size."""
    with pytest.raises(ValueError, match=name):
        Sizes(**{name: -1})


def _hash(made: Authority) -> str:
    return hashlib.sha256(authority_bytes(made)).hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_another_process(directory: PostcodeDirectory, day: date) -> None:
    """With another order of sets and dictionaries there; and again in this one."""
    program = (
        "import sys; from tests.demo import test_authority as t; from tests.support.geo import baked_directory; "
        "sys.stdout.write(t._hash(t.synthetic_authority(t.SMALL, 11, t.DAY, baked_directory())))"
    )
    made = synthetic_authority(SMALL, 11, day, directory)
    assert made == synthetic_authority(SMALL, 11, day, directory)
    for salt in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": salt}
        elsewhere = subprocess.run(
            [sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert elsewhere.stdout == _hash(made)


def test_another_seed_gives_another_authority(directory: PostcodeDirectory, day: date) -> None:
    """People, homes and places all differ."""
    one, other = (synthetic_authority(SMALL, seed, day, directory) for seed in (11, 12))
    assert one.referrals != other.referrals
    assert [home.location for home in one.homes] != [home.location for home in other.homes]
    assert [row.date_of_birth for row in one.caseload] != [row.date_of_birth for row in other.caseload]


def test_a_larger_authority_holds_the_smaller(directory: PostcodeDirectory, day: date) -> None:
    """More homes and searches leave the first ones as they were, people and ties apart."""
    few = synthetic_authority(Sizes(12, 90, 130), 11, day, directory)
    many = synthetic_authority(Sizes(60, 300, 440), 11, day, directory)
    people = {"residents", "terms", "registration", "location", "weekly_fee_pence", "void_fee_pence"}
    for one, other in zip(few.homes, many.homes, strict=False):
        for field in dataclasses.fields(one):
            if field.name not in people:
                assert getattr(one, field.name) == getattr(other, field.name), field.name
    assert sum(one.location == other.location for one, other in zip(few.homes, many.homes, strict=False)) > 85
    ties = {"current_home", "placed_siblings", "live_apart_from"}
    for first, second in zip(few.referrals, many.referrals, strict=False):
        assert (first.needed_by, first.family_home) == (second.needed_by, second.family_home)
        for child, same in zip(first.children, second.children, strict=True):
            for field in dataclasses.fields(child):
                if field.name not in ties:
                    assert getattr(child, field.name) == getattr(same, field.name), field.name


def test_another_day_moves_everything_with_it(directory: PostcodeDirectory, default: Authority) -> None:
    """A year later the same searches are as urgent and the children as old: nothing is tied to a date."""
    later = synthetic_authority(default.sizes, default.seed, DAY + timedelta(days=365), directory)
    for one, other in zip(default.referrals, later.referrals, strict=True):
        assert other.needed_by - later.as_of == one.needed_by - default.as_of
        for child, same in zip(one.children, other.children, strict=True):
            if child.date_of_birth and same.date_of_birth:
                assert age_on(DAY, child.date_of_birth) == age_on(later.as_of, same.date_of_birth)


def test_it_can_be_made_on_a_leap_day(directory: PostcodeDirectory) -> None:
    """The one day that other years do not have."""
    made = synthetic_authority(SMALL, 1, date(2028, 2, 29), directory)
    assert _people_checked(made) > 0


def test_every_record_goes_through_the_documents_and_comes_back(
    default: Authority, midlands: Authority, directory: PostcodeDirectory, day: date
) -> None:
    """Every check on incoming referrals and homes accepts them, without a note, and reads the same record."""
    for made in (default, midlands):
        document = json.loads(json.dumps(authority_json(made)))
        read = read_homes(document["homes"], directory, day)
        assert (read.problems, read.notes) == ((), ())
        assert read.records == made.homes
        for written, referral in zip(document["referrals"], made.referrals, strict=True):
            found = read_referral(ReferralIn.model_validate(written), directory, day)
            assert found.record == referral
            assert found.notes == ()


def test_codes_of_homes_belong_together(midlands: Authority) -> None:
    """Place code with kind, sector with route, URN in a format of Ofsted's or absent where the return takes none."""
    for home in midlands.homes:
        assert home.place_code in PLACE_CODES_OF_KIND[home.kind]
        assert (home.sector is Sector.OWN_AUTHORITY) == (home.route is Route.IN_HOUSE)
        assert (home.tier is None) == (home.lot is None) == (home.route is not Route.FRAMEWORK)
        assert (home.void_fee_pence is None) == (home.route is not Route.BLOCK)
        if home.place_code in {"R1", "R2", "R5"}:
            assert home.urn is None
        else:
            assert re.fullmatch(r"SC99\d{4}|9[89]\d{5}|XXXXXXX", home.urn or "")
        assert all(fee > 0 and fee % 500 == 0 for fee in home.weekly_fee_pence.values())


def _people_checked(made: Authority) -> int:
    """Assert that references are unique, homes not over-full, and everybody lives where the terms allow.

    How many homes and children were looked at.
    """
    pool = Pool.build(made.homes)
    residents = Counter(resident.ref for home in made.homes for resident in home.residents)
    assert set(residents.values()) <= {1}
    assert len({referral.ref for referral in made.referrals}) == len(made.referrals)
    children = [child for referral in made.referrals for child in referral.children]
    assert len({child.ref for child in children}) == len(children)
    assert len({row.child for row in made.caseload}) == len(made.caseload)
    for home in made.homes:
        _check_home(home, made.as_of)
    for child in children:
        _check_ties(child, pool)
    return len(made.homes) + len(children)


def _check_home(home: Home, as_of: date) -> None:
    assert len(home.residents) + home.places_held <= home.places
    low, high = home.terms.age_min, home.terms.age_max
    for resident in home.residents:
        if resident.date_of_birth is not None and low is not None and high is not None:
            assert low <= age_on(as_of, resident.date_of_birth) <= high
        if home.terms.sex in {"M", "F"} and resident.sex != "U":
            assert resident.sex == home.terms.sex
    if home.kind in FOSTERING_KINDS and len(home.residents) > 3:
        assert {resident.ref for resident in home.residents} == home.terms.exempt_children


def _check_ties(child: Child, pool: Pool) -> None:
    assert pool.living_at.get(child.ref, set()) == ({child.current_home} if child.current_home else set())
    for sibling in child.placed_siblings:
        assert sibling.child in pool.living_at
        assert sibling.home is None or pool.living_at[sibling.child] == {sibling.home}
    assert child.live_apart_from <= set(pool.living_at)


def test_people_fit_into_their_homes(default: Authority, midlands: Authority) -> None:
    """At both sizes. `_people_checked` asserts it of each home and child."""
    assert _people_checked(midlands) > _people_checked(default) > 450


def test_the_caseload_tells_the_truth_about_the_homes(default: Authority) -> None:
    """Who lives in a home is there at its place and for one of its prices; siblings know of each other."""
    pool = Pool.build(default.homes)
    rows = {row.child: row for row in default.caseload}
    families = {child.ref: referral.family_home for referral in default.referrals for child in referral.children}
    for row in default.caseload:
        if row.home is None:
            assert (row.kind, row.route, row.weekly_fee_pence) == (None, None, 0)
        else:
            home = pool.record(row.home)
            assert pool.living_at[row.child] == {row.home}
            assert (row.kind, row.route, row.place_code) == (home.kind, home.route, home.place_code)
            assert row.location == home.location
            assert row.weekly_fee_pence in home.weekly_fee_pence.values()
        if row.child in families:
            assert row.family_home == families[row.child]
        assert all(row.child in rows[other].siblings for other in row.siblings)


def test_children_who_move_live_somewhere_and_are_in_the_caseload(default: Authority) -> None:
    """The local target counts them where they live now."""
    counted = {row.child: row.home for row in default.caseload}
    movers = [child for referral in default.referrals for child in referral.children if child.current_home]
    assert len(movers) > 20
    assert all(counted[child.ref] == child.current_home for child in movers)


def _codes_in(value: Any) -> Iterator[Code]:
    if isinstance(value, Code):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _codes_in(getattr(value, field.name))
    elif isinstance(value, Mapping):
        yield from chain.from_iterable(map(_codes_in, chain(value, value.values())))
    elif isinstance(value, (tuple, frozenset)):
        yield from chain.from_iterable(map(_codes_in, value))


def test_every_code_of_every_list_occurs(midlands: Authority) -> None:
    """In a region; but for the one vulnerability that is worked out and never written down."""
    every = {
        (kind.__name__, member.name)
        for kind in Code.__subclasses__()
        if kind.__module__ == codes.__name__
        for member in kind
    }
    seen = {(type(code).__name__, code.name) for code in _codes_in((midlands.referrals, midlands.homes))}
    assert every - seen == {("Vulnerability", Vulnerability.ANIMALS_IN_HOME.name)}


def test_what_is_not_known_occurs_everywhere_it_may(midlands: Authority) -> None:
    """Every field that may be None is, for some, and known for more."""
    homes = midlands.homes
    for name in (
        "location",
        "registered_from",
        "judged_on",
        "adaptations",
        "disabilities_supported",
        "languages",
        "religions_supported",
        "available_from",
        "confirmed_on",
        "ended_placements",
        "urn",
    ):
        unknown = sum(getattr(home, name) is None for home in homes)
        assert 0 < unknown < len(homes) * 0.65, name
    children = [child for referral in midlands.referrals for child in referral.children]
    for name in ("date_of_birth", "disabilities", "adaptations", "vulnerabilities", "sdq", "school"):
        assert 0 < sum(getattr(child, name) is None for child in children) < len(children) * 0.65, name
    assert any(not home.weekly_fee_pence for home in homes)
    assert any(home.terms.age_min is None for home in homes)
    assert any(len(child.risks) < len(codes.Risk) for child in children)
    assert any(len(child.needs) < len(codes.NeedDomain) for child in children)
    assert any(len(home.capability) < len(codes.NeedDomain) for home in homes)
    assert any(referral.family_home is None for referral in midlands.referrals)


def test_one_search_is_for_today_and_two_cannot_be_met(default: Authority) -> None:
    """One forbidden by law whatever home there is, one that no home on the list has the places for."""
    assert [referral.needed_by for referral in default.referrals].count(default.as_of) == 1
    by_law = [
        child
        for referral in default.referrals
        for child in referral.children
        if child.foster_suitability is child.residential_suitability is Suitability.UNSUITABLE
        and child.date_of_birth is not None
        and age_on(referral.needed_by, child.date_of_birth) < 16
    ]
    assert len(by_law) == 1
    groups = [r for r in default.referrals if len(r.children) == 4 and r.keep_together is KeepTogether.REQUIRED]
    assert len(groups) == 1
    assert not [
        home
        for home in default.homes
        if home.places - home.places_held - len(home.residents) >= 4
        and home.kind is not HomeKind.SECURE_HOME
        and Adaptation.HOIST in (home.adaptations or ())
    ]


def test_no_child_has_a_name(default: Authority) -> None:
    """Privacy by design: a reference is all there is."""
    for referral in default.referrals:
        assert re.fullmatch(r"R-\d{4}", referral.ref)
        assert all(re.fullmatch(r"C-\d{4}", child.ref) for child in referral.children)
    for row in default.caseload:
        assert re.fullmatch(r"C-\d{4}|P-\d{4}-\d+|E-\d{4}", row.child)


def test_the_region_is_what_its_sizes_say() -> None:
    """728 searches are for exactly 1,000 children."""
    assert REGION.children == 1_000
