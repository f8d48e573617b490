"""The documentation is complete, comes from this machine alone, and its examples work as they stand."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.service import send
from tests.support.access import client_of


def _schema(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def _operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation) for path, methods in schema["paths"].items() for method, operation in methods.items()
    ]


def test_every_address_is_described(lite: TestClient) -> None:
    """Every route that serves data is in the description, with words."""
    found = {f"{method.upper()} {path}" for method, path, _ in _operations(_schema(lite))}
    assert found == {
        "POST /match",
        "GET /referrals",
        "GET /referrals/{ref}",
        "PUT /referrals/{ref}",
        "DELETE /referrals/{ref}",
        "GET /referrals/{ref}/shortlist",
        "GET /referrals/{ref}/why-not/{home}",
        "GET /homes",
        "GET /homes/{ref}",
        "PUT /homes/{ref}",
        "DELETE /homes/{ref}",
        "POST /homes/import",
        "GET /imports/{id}",
        "GET /caseload",
        "GET /caseload/{ref}",
        "PUT /caseload/{ref}",
        "DELETE /caseload/{ref}",
        "POST /caseload/import",
        "POST /runs",
        "GET /runs",
        "GET /runs/{id}",
        "DELETE /runs/{id}",
        "GET /runs/{id}/proposals",
        "GET /runs/{id}/unplaced",
        "GET /runs/{id}/snapshot",
        "GET /proposals",
        "GET /proposals/{id}",
        "POST /proposals/{id}/accept",
        "POST /proposals/{id}/decline",
        "POST /holds",
        "DELETE /holds/{id}",
        "GET /placements",
        "GET /placements/{id}",
        "GET /placements/{id}/history",
        "POST /placements/{id}/send",
        "POST /placements/{id}/second",
        "POST /placements/{id}/approve",
        "POST /placements/{id}/accept",
        "POST /placements/{id}/decline",
        "POST /placements/{id}/withdraw",
        "POST /placements/{id}/place",
        "POST /placements/{id}/end",
        "GET /policies",
        "GET /policies/{version}",
        "GET /health/live",
        "GET /health/ready",
        "GET /me",
        "GET /metrics",
        "GET /audit",
        "GET /audit/head",
        "GET /children/{ref}/personal-data",
        "DELETE /children/{ref}/personal-data",
        "GET /webhooks",
        "GET /webhooks/{id}",
        "PUT /webhooks/{id}",
        "DELETE /webhooks/{id}",
        "GET /messages",
        "GET /messages/{id}",
        "POST /messages/{id}/retry",
    }
    assert all(operation["description"] for _, _, operation in _operations(_schema(lite)))


def test_every_error_is_described_as_a_problem(lite: TestClient) -> None:
    """Each answer from 400 on is problem+json in the description, and FastAPI's own form is nowhere."""
    schema = _schema(lite)
    for method, path, operation in _operations(schema):
        errors = {status: said for status, said in operation["responses"].items() if status >= "400"}
        assert {"422", "500", "503"} <= set(errors), (method, path)
        assert all(list(said["content"]) == ["application/problem+json"] for said in errors.values())
    assert "HTTPValidationError" not in schema["components"]["schemas"]


def test_what_needs_a_version_says_how_that_is_refused(lite: TestClient) -> None:
    """Whatever takes `If-Match` can be refused for want of it, or for another version."""
    for method, path, operation in _operations(_schema(lite)):
        names = {parameter.get("name", "") for parameter in operation.get("parameters", ())}
        if "If-Match" in names:
            assert "412" in operation["responses"], (method, path)


def test_versions_are_described(lite: TestClient) -> None:
    """Who reads or stores one record is told of the ETag that a change must bring along."""
    for method, path, operation in _operations(_schema(lite)):
        if path.split("/")[1] in {"referrals", "homes", "caseload"} and path.endswith("/{ref}") and method != "delete":
            for status in {"get": ("200", "304"), "put": ("200", "201")}[method]:
                assert "ETag" in operation["responses"][status]["headers"], (method, path, status)
                assert "description" in operation["responses"][status]


def test_the_examples_work(lite: TestClient) -> None:
    """What the documentation shows can be sent as it stands: stored, imported, matched."""
    schemas = _schema(lite)["components"]["schemas"]
    (home,) = schemas["HomeIn"]["examples"]
    (referral,) = schemas["ReferralIn"]["examples"]
    (inventory,) = schemas["ImportIn"]["examples"]
    assert send(lite, "PUT", f"/referrals/{referral['ref']}", referral).status_code == 201
    assert send(lite, "POST", "/homes/import", inventory).status_code == 200
    assert send(lite, "PUT", f"/homes/{home['ref']}", home, If_Match="*").status_code == 200
    (child,), (placed,) = schemas["PlacedIn"]["examples"], schemas["CaseloadIn"]["examples"]
    assert send(lite, "PUT", f"/caseload/{child['ref']}", child).status_code == 201
    assert send(lite, "POST", "/caseload/import", placed).json()["unchanged"] == 1
    for wanted in schemas["RunIn"]["examples"]:
        answer = send(lite, "POST", "/runs", wanted)
        assert answer.status_code == 202, answer.text
        assert lite.delete(answer.headers["Location"]).status_code in {204, 409}
    of_the_demo = referral | {"ref": "R-0002", "children": [referral["children"][0] | {"ref": "C-0003"}]}
    assert send(lite, "PUT", "/referrals/R-0002", of_the_demo).status_code == 201
    for question in schemas["MatchIn"]["examples"]:
        answer = send(lite, "POST", "/match", question)
        assert answer.status_code == 200, answer.text
        assert answer.json()["options"], "an example should find a home"


def test_the_page_loads_nothing_from_elsewhere(lite: TestClient) -> None:
    """The page and its own script name no other host, and the browser is told to allow none."""
    page = lite.get("/docs")
    assert page.status_code == 200
    assert re.findall(r"https?://", page.text + lite.get("/docs/start.js").text) == []
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    for name in re.findall(r'(?:href|src)="([^"]+)"', page.text):
        answer = lite.get(name)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(("text/", "application/json"))


def test_the_page_can_be_switched_off(lite: TestClient, settings: Any) -> None:
    """Without docs neither page nor description is served, and all else is."""
    from app.main import create_app  # noqa: PLC0415 - only here

    with client_of(create_app(settings.model_copy(update={"docs": False}))) as client:
        assert [client.get(path).status_code for path in ("/docs", "/openapi.json")] == [404, 404]
        assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize("name", ["FrontierPointOut", "OneMoreOut"])
def test_figures_of_the_target_are_explained(lite: TestClient, name: str) -> None:
    """Nobody can guess from its name what such a number counts, or when it is null."""
    fields = lite.get("/openapi.json").json()["components"]["schemas"][name]["properties"]
    assert fields
    assert all(field.get("description") for field in fields.values()), fields


@pytest.mark.parametrize(
    ("schema", "field"), [("RunReportOut", "most_local_proven"), ("LocalShareOut", "price_points")]
)
def test_what_a_report_tells_of_the_target_is_explained(lite: TestClient, schema: str, field: str) -> None:
    """So are those that stand by themselves."""
    schemas = lite.get("/openapi.json").json()["components"]["schemas"]
    assert schemas[schema]["properties"][field]["description"]
