import csv
import json

import pytest

from app.geo.authorities import (
    ADJOINING,
    TABLE,
    Authority,
    AuthorityUnknown,
    adjoining,
    authorities,
    authority,
    upper_tier,
)
from app.geo.postcodes import PostcodeDirectory

NOTTINGHAM, NOTTINGHAMSHIRE, DERBYSHIRE = "E06000018", "E10000024", "E10000007"


def _names(codes: frozenset[str]) -> set[str]:
    return {authority(code).name for code in codes}


def test_england_has_its_153_childrens_services_authorities() -> None:
    """The published number: 63 unitaries with Scilly, 36 metropolitan, 33 London, 21 counties."""
    england = authorities("England")
    assert len(england) == len({each.name for each in england}) == 153
    kinds = [each.code[:3] for each in england]
    assert [kinds.count(kind) for kind in ("E06", "E08", "E09", "E10")] == [63, 36, 33, 21]
    numbers = {nation: len(authorities(nation)) for nation in ("Wales", "Scotland", "Northern Ireland")}
    assert numbers == {"Wales": 22, "Scotland": 32, "Northern Ireland": 11}
    assert len(authorities()) == 153 + 22 + 32 + 11


def test_known_authorities() -> None:
    """Names and nations as the ONS writes them, the latest reorganisations among them."""
    assert authority(NOTTINGHAM) == Authority(NOTTINGHAM, "Nottingham", "England")
    recent = ("E06000063", "E06000064", "E06000065", "E06000066", "E08000038", "E08000039")
    assert [authority(code).name for code in recent] == [
        "Cumberland", "Westmorland and Furness", "North Yorkshire", "Somerset", "Barnsley", "Sheffield",
    ]  # fmt: skip
    assert authority("W06000015") == Authority("W06000015", "Cardiff", "Wales")
    assert authority("N09000003").nation == "Northern Ireland"


def test_districts_lead_to_their_county() -> None:
    """The seven districts of Nottinghamshire and the county itself; a unitary leads to itself."""
    districts = [f"E0700017{number}" for number in range(7)]
    assert {upper_tier(code) for code in districts} == {NOTTINGHAMSHIRE}
    assert upper_tier(NOTTINGHAMSHIRE) == NOTTINGHAMSHIRE
    assert upper_tier(NOTTINGHAM) == NOTTINGHAM


def test_table_is_consistent() -> None:
    """Each code once; each upper tier is in the table and its own; a county has districts."""
    with TABLE.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    upper = {row["code"]: row["upper_tier"] for row in rows}
    assert len(upper) == len(rows)
    for row in rows:
        assert upper[row["upper_tier"]] == row["upper_tier"]
        assert (row["tier"] == "district") == (row["code"] != row["upper_tier"])
        assert row["code"][0] == row["upper_tier"][0]
    counties = {row["code"] for row in rows if row["tier"] == "county"}
    assert counties == {row["upper_tier"] for row in rows if row["tier"] == "district"}


@pytest.mark.parametrize("code", ["", "E10000006", "E07000174", "E06000018 ", "e06000018", "L99999999"])
def test_unknown_codes_are_errors(code: str) -> None:
    """An abolished county, a district, a slip: never a silent None."""
    with pytest.raises(AuthorityUnknown):
        authority(code)
    with pytest.raises(AuthorityUnknown):
        adjoining(code)


def test_every_authority_of_the_directory_is_an_upper_tier_one(directory: PostcodeDirectory) -> None:
    """Each has postcodes, and the directory knows no other."""
    _, _, codes = directory.every_point()
    expected = {each.code for each in authorities() if each.nation != "Northern Ireland"}
    assert set(codes.tolist()) == expected


def test_nottingham_adjoins_only_its_county() -> None:
    """So a home in Derby or Leicester, however near, is at a distance and needs the director's approval."""
    assert adjoining(NOTTINGHAM) == {NOTTINGHAMSHIRE}


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("E06000015", {"Derbyshire"}),
        ("E06000016", {"Leicestershire"}),
        ("E06000017", {"Leicestershire", "Lincolnshire", "North Northamptonshire"}),
        (
            NOTTINGHAMSHIRE,
            {
                "Derbyshire", "Leicestershire", "Lincolnshire", "Doncaster", "Rotherham",
                "North Lincolnshire", "Nottingham",
            },
        ),
        (
            DERBYSHIRE,
            {
                "Derby", "Nottinghamshire", "Leicestershire", "Staffordshire", "Cheshire East", "Stockport",
                "Tameside", "Oldham", "Kirklees", "Barnsley", "Sheffield", "Rotherham",
            },
        ),
        ("E06000046", set()),
        ("E06000053", set()),
        ("E06000010", {"East Riding of Yorkshire"}),
        ("E06000043", {"East Sussex", "West Sussex"}),
        ("E06000057", {"Cumberland", "Westmorland and Furness", "County Durham", "Gateshead",
                       "Newcastle upon Tyne", "North Tyneside"}),
        ("E06000019", {"Shropshire", "Worcestershire", "Gloucestershire", "Powys", "Monmouthshire"}),
        ("E06000052", {"Devon", "Plymouth"}),
        (
            "E09000001",
            {"Camden", "Hackney", "Islington", "Lambeth", "Southwark", "Tower Hamlets", "Westminster"},
        ),
    ],
)  # fmt: skip
def test_adjoining_authorities_known_from_the_map(code: str, names: set[str]) -> None:
    """Checked by hand: enclaves, islands, estuaries, and the borders with Wales and Scotland."""
    assert _names(adjoining(code)) == names


def test_adjoining_is_mutual_and_complete() -> None:
    """Every English authority has a line; in England each pair stands in both; nobody adjoins itself."""
    england = {each.code for each in authorities("England")}
    lines = json.loads(ADJOINING.read_text(encoding="utf-8"))["adjoining"]
    assert set(lines) == england
    for code in england:
        near = adjoining(code)
        assert code not in near
        assert {authority(each).nation for each in near} <= {"England", "Wales"}
        assert all(code in adjoining(each) for each in near & england)


def test_council_can_give_its_own_list() -> None:
    """Its list replaces ours, whole, for the codes it names and for no other; its codes must exist."""
    overrides = {NOTTINGHAM: ["E06000015", NOTTINGHAMSHIRE]}
    assert adjoining(NOTTINGHAM, overrides) == {"E06000015", NOTTINGHAMSHIRE}
    assert adjoining(DERBYSHIRE, overrides) == adjoining(DERBYSHIRE)
    assert adjoining(NOTTINGHAM, {NOTTINGHAM: []}) == frozenset()
    with pytest.raises(AuthorityUnknown):
        adjoining(NOTTINGHAM, {NOTTINGHAM: ["Derby"]})


def test_adjoining_is_not_guessed_outside_england() -> None:
    """The list is only whole for England."""
    with pytest.raises(AuthorityUnknown, match="England only"):
        adjoining("W06000015")
