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
from app.documents.problems import WRITTEN_AS_A_FIELD, problems_of
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
        ("/homes?limt=3", "query.limt"),
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


def test_unknown_fields_are_named(lite: TestClient) -> None:
    """One among forty is found by its name, wherever it stands."""
    body = A_HOME | {"plases": 1, "terms": A_HOME["terms"] | {"age_mn": 3}}
    answer = send(lite, "PUT", HOME, body)
    told = {error["field"]: error["cure"] for error in answer.json()["errors"]}
    assert set(told) == {"plases", "terms.age_mn"}
    assert "places" in told["plases"]


@pytest.mark.parametrize(
    "name", ["Jane", "jane smith", "Jane_Smith", "2026", "_x", "x" * 41, "jané", "a.b", "a\nb", ""]
)
def test_what_is_not_written_as_a_field_is_not_repeated(lite: TestClient, name: str) -> None:
    """A person's name, or anything that no field is called, is refused without saying it."""
    answer = send(lite, "PUT", HOME, A_HOME | {name: 1})
    assert _only(answer)["field"] == "body"
    assert name not in answer.text or name in {"", "2026"}


@given(st.text(max_size=60))
def test_only_what_is_written_as_a_field_is_repeated(name: str) -> None:
    """For any name: repeated exactly where it is written as our fields are, and never in what may be stored."""
    error = {"type": "extra_forbidden", "loc": (name,)}
    (told,) = problems_of([error], repeat=True)
    assert (told.field == name) == (WRITTEN_AS_A_FIELD.fullmatch(name) is not None) or name == "body"
    (kept,) = problems_of([error], "homes[3].")
    assert kept.field == "homes[3]"


def test_no_unknown_name_is_logged(lite: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """The sender reads the name in the answer; nobody reads it in a log, whatever the logger."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Everything())
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the client of the tests writes down what it asks
    logging.getLogger().addHandler(handler)
    try:
        with caplog.at_level(logging.DEBUG):
            assert _only(lite.get("/homes?zzyzx=1"))["field"] == "query.zzyzx"
            assert _only(send(lite, "PUT", HOME, A_HOME | {"zzyzx": 1}))["field"] == "zzyzx"
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
