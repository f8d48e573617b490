"""Records go out as JSON and come back the same; what is missing is not known; what is wrong is named."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.documents.examples import A_CHILD, A_HOME, A_REFERRAL
from app.documents.fields import Document
from app.documents.home_documents import read_home, read_homes, write_home
from app.documents.home_models import HomeIn, ResidentIn, TermsIn
from app.documents.problems import problems_of
from app.documents.referral_documents import read_referral, write_referral
from app.documents.referral_models import ChildIn, ContactPlaceIn, PlacedSiblingIn, ReferralIn
from app.errors import FieldProblem, Invalid
from app.geo.grid import Location
from app.geo.postcodes import PostcodeDirectory
from app.geo.zones import Circle
from app.matching.codes import PLACE_CODES_OF_KIND, Code, HomeKind
from app.matching.home import Home, Resident, Terms
from app.matching.referral import Child, ContactPlace, PlacedSibling, Referral
from tests.support.geo import baked_directory
from tests.support.records import homes, referrals

TODAY = date(2026, 3, 2)
REAL_PLACES = [baked_directory().locate(text) for text in ("NG1 5NH", "NG7 2RD", "DE1 1AA")]
places = st.sampled_from(REAL_PLACES) | st.builds(
    Location, st.integers(0, 700_000), st.integers(0, 700_000), st.sampled_from([None, "E06000018"])
)

NOT_SAID = {"Not known", "Not Known", "Not specified", "U"}
"""How the lists say that something is not known."""

PAIRS: list[tuple[type[Document], type[Any]]] = [
    (ReferralIn, Referral),
    (ChildIn, Child),
    (ContactPlaceIn, ContactPlace),
    (PlacedSiblingIn, PlacedSibling),
    (HomeIn, Home),
    (ResidentIn, Resident),
    (TermsIn, Terms),
]


def read(document: dict[str, Any]) -> Referral:
    """A referral from its JSON, as it comes in."""
    return read_referral(ReferralIn.model_validate(document), baked_directory(), TODAY).record


def problems(document: dict[str, Any]) -> list[FieldProblem]:
    """What is wrong with a referral or home, whether the shape or the sense of it."""
    try:
        if "children" in document:
            read(document)
        else:
            read_home(HomeIn.model_validate(document), baked_directory(), TODAY)
    except ValidationError as error:
        return problems_of(error.errors(include_input=False))
    except Invalid as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize(("model", "record"), PAIRS)
def test_documents_have_the_fields_of_the_records(model: type[Document], record: type[Any]) -> None:
    """No field of a record is missing from its document, none is more, and the order is the same."""
    assert list(model.model_fields) == [field.name for field in fields(record)]


@settings(max_examples=60)
@given(homes(places))
def test_a_home_goes_out_and_comes_back(home: Home) -> None:
    """Any home survives the way through its JSON form."""
    written = json.loads(json.dumps(write_home(home)))
    assert read_home(HomeIn.model_validate(written), baked_directory(), TODAY).record == home


@settings(max_examples=60)
@given(referrals(places))
def test_a_referral_goes_out_and_comes_back(referral: Referral) -> None:
    """Any referral survives the way through its JSON form, zones and all."""
    assert read(json.loads(json.dumps(write_referral(referral)))) == referral


def test_the_examples_can_be_read_and_survive(directory: PostcodeDirectory) -> None:
    """What the documentation shows is taken without a note, and comes back the same."""
    document = ReferralIn.model_validate(A_REFERRAL)
    referral = read_referral(document, directory, date(2026, 3, 2))
    assert referral.notes == ()
    assert read(write_referral(referral.record)) == referral.record
    home = read_home(HomeIn.model_validate(A_HOME), directory, TODAY)
    assert home.notes == ()
    assert read_home(HomeIn.model_validate(write_home(home.record)), directory, TODAY) == home


@pytest.mark.parametrize("model", [ChildIn, ResidentIn, HomeIn, TermsIn])
def test_silence_is_not_known(model: type[Document]) -> None:
    """Every field that has a way to say "not known" says so when it is left out."""
    for name, field in model.model_fields.items():
        if field.is_required():
            continue
        default = field.get_default(call_default_factory=True)
        if type(None) in get_args(field.annotation):
            assert default is None, name
        elif isinstance(default, Code):
            assert default in NOT_SAID or name == "keep_together", name


def test_places_are_found_and_written_as_postcodes(directory: PostcodeDirectory) -> None:
    """A postcode becomes its place however it is written, and goes out in its usual form."""
    home = read_home(HomeIn.model_validate(A_HOME | {"location": "ng15nh"}), directory, TODAY).record
    assert home.location == REAL_PLACES[0]
    assert write_home(home)["location"] == "NG1 5NH"
    point = {"easting": 457_300, "northing": 339_900, "authority": "E06000018"}
    home = read_home(HomeIn.model_validate(A_HOME | {"location": point}), directory, TODAY).record
    assert home.location == Location(457_300, 339_900, "E06000018")
    assert write_home(home)["location"] == point


def test_a_postcode_without_a_place_is_noted(directory: PostcodeDirectory) -> None:
    """A home in Belfast has no place on the grid: it is taken as not known, and its sender is told."""
    found = read_home(HomeIn.model_validate(A_HOME | {"location": "BT1 1AA"}), directory, TODAY)
    assert found.record.location is None
    (note,) = found.notes
    assert note.field == "location"
    assert "BT1" not in note.note


def test_a_zone_never_falls_away() -> None:
    """The centre of a zone that cannot be placed refuses the referral; it is not merely noted."""
    zone = {"circle": {"postcode": "BT1 1AA", "radius_miles": 1}}
    (problem,) = problems(A_REFERRAL | {"children": [A_CHILD | {"zones_to_avoid": [zone]}]})
    assert problem.field == "children[0].zones_to_avoid[0].circle.postcode"
    assert problem.cure


def test_miles_become_metres_exactly() -> None:
    """Half a mile is 804 whole metres round the very postcode."""
    zone = {"circle": {"postcode": "NG1 5NH", "radius_miles": 0.5}}
    child = read(A_REFERRAL | {"children": [A_CHILD | {"zones_to_avoid": [zone]}]}).children[0]
    assert child.zones_to_avoid == (Circle(REAL_PLACES[0].easting, REAL_PLACES[0].northing, 804),)


def _child(**changes: Any) -> dict[str, Any]:
    return A_REFERRAL | {"children": [A_CHILD | changes]}


def _pair(first: dict[str, Any], second: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return A_REFERRAL | {"children": [A_CHILD | {"ref": "A"} | first, A_CHILD | {"ref": "B"} | second]} | changes


def _home(**changes: Any) -> dict[str, Any]:
    return A_HOME | changes


WRONG: list[tuple[dict[str, Any], str]] = [
    (_child(date_of_birth="2026-03-03"), "children[0].date_of_birth"),
    (_child(date_of_birth="2004-03-02"), "children[0].date_of_birth"),
    (_child(date_of_birth="2013-02-30"), "children[0].date_of_birth"),
    (_child(date_of_birth=20130510), "children[0].date_of_birth"),
    (_child(date_of_birth="2013-05-10T00:00:00"), "children[0].date_of_birth"),
    (_child(date_of_birth=True), "children[0].date_of_birth"),
    (_child(sdq=41), "children[0].sdq"),
    (_child(sdq=-1), "children[0].sdq"),
    (_child(sdq=1.0), "children[0].sdq"),
    (_child(sdq="12"), "children[0].sdq"),
    (_child(sdq=True), "children[0].sdq"),
    (_child(needs={"education": 4}), "children[0].needs.education"),
    (_child(needs={"made-up": 1}), "children[0].needs"),
    (_child(risks={"riskMissing": "perhaps"}), "children[0].risks.riskMissing"),
    (_child(sex="X"), "children[0].sex"),
    (_child(sex=None), "children[0].sex"),
    (_child(ref="Jane Doe"), "children[0].ref"),
    (_child(ref="a/b"), "children[0].ref"),
    (_child(ref=""), "children[0].ref"),
    (_child(ref="x" * 65), "children[0].ref"),
    (_child(languages=["xx"]), "children[0].languages[0]"),
    (_child(languages=["en", "en"]), "children[0].languages"),
    (_child(wishes=["live_with_pets"] * 2), "children[0].wishes"),
    (_child(wishes="live_with_pets"), "children[0].wishes"),
    (_child(asks_for_same_language=1), "children[0].asks_for_same_language"),
    (_child(made_up=1), "children[0]"),
    (_child(live_apart_from=["EXAMPLE-C1"]), "children[0].live_apart_from"),
    (_child(school="NG1"), "children[0].school"),
    (_child(school="NGI SNH"), "children[0].school"),
    (_child(school="NG1 9ZZ"), "children[0].school"),
    (_child(school={"easting": 1.5, "northing": 2}), "children[0].school.easting"),
    (_child(school={"easting": -1, "northing": 2}), "children[0].school.easting"),
    (_child(school=5), "children[0].school"),
    (_child(zones_to_avoid=[{}]), "children[0].zones_to_avoid[0]"),
    (_child(zones_to_avoid=[{"polygon": {"type": "Point"}}]), "children[0].zones_to_avoid[0]"),
    (
        _child(zones_to_avoid=[{"circle": {"postcode": "NG1 5NH"}}]),
        "children[0].zones_to_avoid[0].circle",
    ),
    (
        _child(zones_to_avoid=[{"circle": {"easting": 1, "radius_m": 5}}]),
        "children[0].zones_to_avoid[0].circle",
    ),
    (
        _child(zones_to_avoid=[{"circle": {"easting": 1, "northing": 2, "postcode": "NG1 5NH", "radius_m": 5}}]),
        "children[0].zones_to_avoid[0].circle",
    ),
    (
        _child(zones_to_avoid=[{"circle": {"postcode": "NG1 5NH", "radius_miles": -1}}]),
        "children[0].zones_to_avoid[0].circle.radius_miles",
    ),
    (
        _child(zones_to_avoid=[{"circle": {"postcode": "NG1 5NH", "radius_miles": 0.0001}}]),
        "children[0].zones_to_avoid[0].circle",
    ),
    (
        _child(placed_siblings=[{"child": "EXAMPLE-C1", "home": "H"}]),
        "children[0].placed_siblings",
    ),
    (_pair({"live_apart_from": ["B"]}, {}, keep_together="required"), "children[0].live_apart_from"),
    (_pair({}, {"live_apart_from": ["A"]}, keep_together="required"), "children[1].live_apart_from"),
    (
        _pair({}, {"living_companions": "Solo placement recommended"}, keep_together="required"),
        "children[1].living_companions",
    ),
    (_pair({"ref": "B"}, {}), "children[1].ref"),
    (A_REFERRAL | {"children": []}, "children"),
    (A_REFERRAL | {"children": [A_CHILD | {"ref": f"C{n}"} for n in range(13)]}, "children"),
    (A_REFERRAL | {"needed_by": "1926-03-02"}, "needed_by"),
    (A_REFERRAL | {"needed_by": "2126-03-02"}, "needed_by"),
    (A_REFERRAL | {"needed_by": None}, "needed_by"),
    (A_REFERRAL | {"waiting_since": "2026-03-03"}, "waiting_since"),
    ({name: value for name, value in A_REFERRAL.items() if name != "needed_by"}, "needed_by"),
    (_home(place_code="K3"), "place_code"),
    (_home(unplanned_endings=13), "unplanned_endings"),
    (_home(weekly_fee_pence={"Core": -1}), "weekly_fee_pence.Core"),
    (_home(weekly_fee_pence={"Core": 10_000_001}), "weekly_fee_pence.Core"),
    (_home(weekly_fee_pence={"Core": 850.5}), "weekly_fee_pence.Core"),
    (_home(void_fee_pence=-1), "void_fee_pence"),
    (_home(places=-1), "places"),
    (_home(places=10**9), "places"),
    (_home(terms={"age_min": 12, "age_max": 5}), "terms.age_max"),
    (_home(terms={"age_max": 22}), "terms.age_max"),
    (_home(confirmed_on="2026-03-03"), "confirmed_on"),
    (_home(judged_on="2026-03-03"), "judged_on"),
    (_home(judged_on="1026-03-03"), "judged_on"),
    (_home(registered_from="2020-01-01", registered_to="2019-01-01"), "registered_to"),
    (_home(residents=[{"ref": "A", "date_of_birth": "2027-01-01"}]), "residents[0].date_of_birth"),
    (_home(residents=[{"ref": "A", "date_of_birth": None}] * 2), "residents[1].ref"),
    (_home(residents=[{"ref": f"R{n}", "date_of_birth": None} for n in range(31)]), "residents"),
    (_home(name="two\nlines"), "name"),
    (_home(name="\u202eevil"), "name"),
    (_home(name="x" * 121), "name"),
    (_home(location="NG1 9ZZ"), "location"),
    (_home(judgement="Excellent"), "judgement"),
    (_home(judgement="Not yet inspected"), "judged_on"),
]


@pytest.mark.parametrize(("document", "field"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_wrong_is_named_with_its_cure(document: dict[str, Any], field: str) -> None:
    """Each mistake gives one problem, at its field, with a cure."""
    (problem,) = problems(document)
    assert problem.field == field
    assert problem.problem
    assert problem.cure


@pytest.mark.parametrize("day", ["0001-01-01", "0999-12-31", "3000-01-01", "9999-12-31"])
@pytest.mark.parametrize("field", ["needed_by", "waiting_since"])
def test_a_date_too_far_away_is_still_a_date(field: str, day: str) -> None:
    """A date that is one is not called none: it is out of range, and the range is told."""
    (problem,) = problems(A_REFERRAL | {field: day})
    assert problem.field == field
    assert "1000-01-01 to 2999-12-31" in problem.problem
    (problem,) = problems(A_REFERRAL | {field: day.replace("-01-01", "-02-30").replace("-12-31", "-13-01")})
    assert problem.problem == "This is not a date."


def _judged(kind: HomeKind, judgement: str, judged_on: str | None) -> list[FieldProblem]:
    """What is wrong with a home of this kind that has this judgement."""
    code = min(PLACE_CODES_OF_KIND[kind])
    return problems(_home(kind=kind, place_code=code, judgement=judgement, judged_on=judged_on))


OUTCOMES = {"Consistently strong", "Inconsistent quality", "Serious or widespread weaknesses"}
GRADES = {"Outstanding", "Good", "Requires improvement to be good", "Inadequate"}


@pytest.mark.parametrize("kind", HomeKind)
def test_a_judgement_is_of_the_scale_of_the_kind_of_home(kind: HomeKind) -> None:
    """Supported accommodation has the three outcomes, every other kind the four grades; the other scale is refused.

    The refusal names the words that may stand there, and no other.
    """
    own, other = (OUTCOMES, GRADES) if kind.startswith("supported") else (GRADES, OUTCOMES)
    for judgement in own | {"Not judged", "Not known"}:
        assert _judged(kind, judgement, "2025-06-01") == []
    assert _judged(kind, "Not yet inspected", None) == []
    for judgement in other:
        (problem,) = _judged(kind, judgement, "2025-06-01")
        assert problem.field == "judgement"
        assert {word for word in own | other if word in problem.cure} == own


@pytest.mark.parametrize(
    "good",
    [
        _child(date_of_birth="2026-03-02"),
        _child(date_of_birth="2004-03-03"),
        _child(date_of_birth=None),
        _child(sdq=40, needs={}, risks={}),
        _pair({"live_apart_from": ["B"]}, {}, keep_together="preferred"),
        _home(unplanned_endings=12, terms={"age_min": 21, "age_max": 21}),
        _home(weekly_fee_pence={"Core": 10_000_000}, places=0),
    ],
)
def test_what_is_just_right_is_taken(good: dict[str, Any]) -> None:
    """On each boundary the document is taken."""
    assert problems(good) == []


CANARY = "Zyxwvut-Qrstuv"


@pytest.mark.parametrize(
    "value", [CANARY, f"{CANARY} 'x\"", [CANARY], {CANARY: CANARY}, {CANARY: {CANARY: 1}}, [[{CANARY: 1}]]]
)
def test_nothing_that_was_sent_is_repeated(value: object) -> None:
    """A name that nobody else has, put anywhere as value or as key, stands in no problem."""
    for name in sorted({*A_REFERRAL, *A_CHILD, *A_HOME, CANARY, "circle", "polygon"}):
        for document in (
            A_REFERRAL | {name: value},
            A_REFERRAL | {"children": [A_CHILD | {name: value}]},
            A_REFERRAL | {"children": [A_CHILD | {"zones_to_avoid": [{name: value}]}]},
            A_HOME | {name: value},
            A_HOME | {"terms": {name: value}, "residents": [{name: value}]},
        ):
            assert CANARY not in str(problems(document))


def test_an_inventory_names_its_rows(directory: PostcodeDirectory) -> None:
    """Good rows are read, each bad one is named by number and field, and a home sent twice is refused."""
    rows: list[Any] = [
        A_HOME,
        A_HOME | {"ref": "H2", "places": -1},
        A_HOME | {"ref": "H3", "location": "NG1 9ZZ", "places": 1},
        A_HOME,
        CANARY,
        A_HOME | {"ref": "H5", "location": "BT1 1AA"},
    ]
    found = read_homes(rows, directory, TODAY)
    assert [home.ref for home in found.records] == ["EXAMPLE-H1", "H5"]
    assert sorted(problem.field for problem in found.problems) == [
        "homes[1].places",
        "homes[2].location",
        "homes[3].ref",
        "homes[4]",
    ]
    assert found.rows_refused == 4
    assert [note.field for note in found.notes] == ["homes[5].location"]
    assert CANARY not in str(found.problems)
