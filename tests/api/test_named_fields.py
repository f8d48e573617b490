"""A refusal names what is wrong: the field, the name in the query, the part of the address. And no value."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.documents.examples import A_HOME, A_REFERRAL
from app.documents.home_models import HomeIn, TermsIn
from app.documents.known_names import fields, names
from app.documents.problems import problems_of
from tests.api.service import send

HOME = f"/homes/{A_HOME['ref']}"
AN_ID = "0" * 32


def _only(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    found: dict[str, str] = error
    return found


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/homes?limit=x", "query.limit"),
        ("/homes?limt=3", "query"),
        ("/homes?jones=1&jones=2", "query"),
        ("/homes?cursor=x", "query.cursor"),
        ("/homes?limit=1&limit=1", "query.limit"),
        ("/placements?state=gone", "query.state"),
        ("/messages?state=gone", "query.state"),
        ("/referrals/R/shortlist?k=0", "query.k"),
        ("/referrals/R/shortlist?as_of=today", "query.as_of"),
        ("/referrals/R/why-not/-", "path.home"),
        ("/placements/abc", "path.id"),
        ("/runs/abc", "path.id"),
        ("/homes/-", "path.ref"),
    ],
)
def test_names_of_an_address_are_named(lite: TestClient, path: str, field: str) -> None:
    """Whatever of an address will not do stands in `field`."""
    assert _only(lite.get(path))["field"] == field


def test_what_an_address_reads_is_told(lite: TestClient) -> None:
    """Who misspells a name of the query is told the names that there are."""
    assert "cursor, limit" in _only(lite.get("/homes?limt=3"))["cure"]


def test_unknown_fields_are_found(lite: TestClient) -> None:
    """The object in which they stand, how many there are, what was meant, and all that may stand there."""
    body = A_HOME | {"plases": 1, "lots": 2, "terms": A_HOME["terms"] | {"age_mn": 3}}
    answer = send(lite, "PUT", HOME, body)
    told = {error["field"]: (error["problem"], error["cure"]) for error in answer.json()["errors"]}
    assert set(told) == {"body", "terms"}
    assert told["body"][0] == "This object has 2 fields that are not known here."
    assert told["body"][1].startswith("Did you mean places, lot? This object takes: ref, kind, place_code, ")
    assert told["terms"][0] == "This object has a field that is not known here."
    taken = ", ".join(TermsIn.model_fields)
    assert f"Did you mean age_min? This object takes: {taken}." in told["terms"][1]
    assert not [name for name in ("plases", "lots", "age_mn") if name in answer.text]


def test_a_field_of_ours_in_another_place_is_named(lite: TestClient) -> None:
    """It is our own word; where it stands it means nothing."""
    child = A_REFERRAL["children"][0] | {"needed_by": "2026-03-02"}
    error = _only(send(lite, "PUT", f"/referrals/{A_REFERRAL['ref']}", A_REFERRAL | {"children": [child]}))
    assert (error["field"], error["problem"]) == ("children[0].needed_by", "This field is not known here.")
    assert "date_of_birth" in error["cure"]


@pytest.mark.parametrize(
    "name", ["jamie", "Jane", "jane smith", "jane_smith", "2026", "_x", "x" * 41, "a.b", "a\nb", ""]
)
def test_an_unknown_name_is_not_repeated(lite: TestClient, name: str) -> None:
    """It may be a person's, however it is written: in a body, an import, an object within, a query."""
    child = A_REFERRAL["children"][0] | {name: 1}
    for answer, field in (
        (send(lite, "PUT", HOME, A_HOME | {name: 1}), "body"),
        (send(lite, "PUT", "/referrals/R", A_REFERRAL | {"ref": "R", "children": [child]}), "children[0]"),
        (send(lite, "POST", "/homes/import", {"homes": [A_HOME | {name: 1}]}), "homes[0]"),
        (send(lite, "POST", "/match", {name: 1, "referral": A_REFERRAL}), "body"),
        (lite.get("/homes", params={name: 1}), "query"),
        (lite.get("/homes", params={name: [1, 2]}), "query"),
    ):
        error = _only(answer)
        assert error["field"] == field
        assert name not in f"{error} {answer.headers}" or name in {"", "2026"}


@given(st.text(max_size=60))
def test_only_what_is_ours_is_repeated(name: str) -> None:
    """For any name, wherever it stands: what is told of it are words of ours."""

    def told(where: tuple[str, ...]) -> tuple[str, str, str, str]:
        (problem,) = problems_of([{"type": "extra_forbidden", "loc": where}], "homes[3].", document=HomeIn)
        meant, _, rest = problem.cure.rpartition("? ")
        return problem.field, problem.problem, rest, meant.removeprefix("Did you mean ")

    for inside in ((), ("terms",), ("query",)):
        *same, meant = told((*inside, name))
        assert meant in {"", *names()}
        assert same == list(told((*inside, "-"))[:3]) or name in fields()


def test_no_unknown_name_is_logged(lite: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody reads it in a log either, whatever the logger."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Everything())
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the client of the tests writes down what it asks
    logging.getLogger().addHandler(handler)
    try:
        with caplog.at_level(logging.DEBUG):
            assert _only(lite.get("/homes?zzyzx=1"))["field"] == "query"
            assert _only(send(lite, "PUT", HOME, A_HOME | {"zzyzx": 1}))["field"] == "body"
            assert "zzyzx" not in lite.get("/metrics").text
    finally:
        logging.getLogger().removeHandler(handler)
    assert "zzyzx" not in stream.getvalue()


class _Everything(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)} {record.__dict__}"


def test_a_cure_holds_no_python(lite: TestClient) -> None:
    """The words of an enumeration are told as they are sent."""
    answer = send(lite, "POST", f"/placements/{AN_ID}/approve", {"seen": AN_ID, "level": "boss"}, Idempotency_Key="k")
    assert _only(answer)["cure"] == "Send 'nominated_officer' or 'director_of_childrens_services'."


def test_null_is_offered_where_it_may_stand(lite: TestClient) -> None:
    """What must be sent and may be null is told so, and nothing else is."""
    child = {name: value for name, value in A_REFERRAL["children"][0].items() if name not in {"date_of_birth", "ref"}}
    answer = send(lite, "PUT", "/referrals/R", {"children": [child]})
    cures = {error["field"]: error["cure"] for error in answer.json()["errors"]}
    may = {field for field, cure in cures.items() if "null where it is not known" in cure}
    assert "children[0].date_of_birth" in may
    assert not {"ref", "children[0].ref", "needed_by", "waiting_since"} & may
    assert {"ref", "children[0].ref", "needed_by", "waiting_since"} <= set(cures)
    for field in may:  # and it is so
        assert not [e for e in send(lite, "PUT", "/referrals/R", _with(field)).json()["errors"] if e["field"] == field]


def _with(field: str) -> dict[str, Any]:
    """A referral with null in that field alone, and the reference of another, so that it is never stored."""
    name = field.rpartition(".")[2]
    child = A_REFERRAL["children"][0] | ({name: None} if field.startswith("children") else {})
    return A_REFERRAL | ({} if field.startswith("children") else {name: None}) | {"children": [child]}


def test_a_header_that_is_missing_is_to_be_sent(lite: TestClient) -> None:
    """A header cannot be null."""
    answer = send(lite, "POST", "/holds", {"referral": "R", "home": "H", "seen": AN_ID})
    assert _only(answer) == {
        "field": "header.Idempotency-Key",
        "problem": "This is missing.",
        "cure": "Send this header.",
    }
