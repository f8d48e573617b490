"""Nothing that somebody else may have changed is overwritten or taken away unseen, or the contract says why it is."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

NONE = "There is no `If-Match`:"


def _changes(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Operations that change what exists: all but readings, and POST to a list, which makes something new."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in ("put", "delete") or (method == "post" and ("{" in path or path.endswith("/import")))
    }


def test_every_change_takes_the_version_or_says_why_not(lite: TestClient) -> None:
    """In the description that programs are written by; never both."""
    found = _changes(lite.get("/openapi.json").json())
    assert len(found) >= 20
    for address, operation in found.items():
        takes = "If-Match" in {parameter["name"] for parameter in operation.get("parameters", ())}
        assert takes != (NONE in operation["description"]), address


def test_what_has_no_version_is_little(lite: TestClient) -> None:
    """A new address without one is noticed here, and has to be argued."""
    found = _changes(lite.get("/openapi.json").json())
    assert {address for address, operation in found.items() if NONE in operation["description"]} == {
        "POST /homes/import",
        "POST /caseload/import",
        "DELETE /runs/{id}",
        "POST /messages/{id}/retry",
        "DELETE /children/{ref}/personal-data",
        "POST /proposals/{id}/accept",
        "POST /proposals/{id}/decline",
    }
