"""Every code that the service sends or takes is explained: in the API's description and on a page, from the code."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app import errors
from app.api import codes
from app.errors import PlacementError
from app.store import reasons

PAGE = Path(__file__).parents[2] / "docs" / "codes.md"
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PlacementError)]


def _schemas(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()["components"]["schemas"]
    return found


def test_the_page_is_what_the_code_says() -> None:
    """`python -m app.api.codes > docs/codes.md` makes it anew."""
    assert PAGE.read_text(encoding="utf-8") == codes.page()


def test_every_problem_is_listed_once_with_meaning_and_cure() -> None:
    """Whatever class an error is of, its code, status, what it means and what to do stand in the list."""
    listed = {told.code: told for told in codes.problems()}
    assert len(listed) == len(codes.problems())
    assert set(listed) == {kind.code for kind in KINDS}
    for kind in KINDS:
        if kind is not PlacementError:
            told = listed[kind.code]
            assert (told.status, told.title) == (kind.status, kind.title)
            assert f"{told.meaning} {told.cure}" == kind.message()
            assert told.cure, f"{kind.code} says what is wrong and not what to do"
            assert f"| {kind.status} | `{kind.code}` |" in codes.page()


def test_whoever_is_to_come_back_is_told_when() -> None:
    """Every 429 and 503 says after how long."""
    for kind in KINDS:
        if kind.status in {429, 503}:
            assert kind().retry_after_s, kind


def test_problems_are_in_the_description(lite: TestClient) -> None:
    """`code` of a problem is one of a list, each with its words."""
    schemas = _schemas(lite)
    assert schemas["Problem"]["properties"]["code"]["$ref"].endswith("/ProblemCode")
    found = schemas["ProblemCode"]
    assert set(found["enum"]) == {kind.code for kind in KINDS}
    assert len(found["x-enum-descriptions"]) == len(found["enum"])
    for code, said in zip(found["enum"], found["x-enum-descriptions"], strict=True):
        assert f"* `{code}`: (" in found["description"]
        assert said in found["description"]
    answer = lite.get("/homes/NONE").json()
    assert answer["code"] in found["enum"]


REASONS = [one for one in vars(reasons).values() if isinstance(one, type) and issubclass(one, StrEnum)]
REASONS = [one for one in REASONS if one is not StrEnum]


@pytest.mark.parametrize("kind", REASONS, ids=lambda kind: kind.__name__)
def test_every_reason_has_words(kind: type[StrEnum]) -> None:
    """No list of reasons is without its meanings, and no code of it."""
    said = codes.meanings()[kind]
    assert set(said) == {str(code) for code in kind}
    assert all(words[0].isupper() and len(words) > 5 for words in said.values())
    if kind is not reasons.EndReason:  # which is the other two lists of ends together
        assert f"### {kind.__name__}" in codes.page()
        assert all(f"| `{code}` | {words} |" in codes.page() for code, words in said.items())


@pytest.mark.parametrize("name", ["ChoiceReason", "DeclineReason", "WithdrawReason", "PlaceChange", "CareEnd"])
def test_reasons_are_in_the_description(lite: TestClient, name: str) -> None:
    """Who reads the API's description, or makes a client from it, finds what each code means."""
    found = _schemas(lite)[name]
    words = codes.meanings()[getattr(reasons, name)]
    assert found["x-enum-descriptions"] == [words[code] for code in found["enum"]]
    assert all(f"* `{code}`: {said}" in found["description"] for code, said in words.items())


@pytest.mark.parametrize("name", ["ChoiceWhyIn", "DeclineWhyIn", "WithdrawWhyIn"])
def test_how_many_letters_are_needed_is_told(lite: TestClient, name: str) -> None:
    """Beside `other`, and beside any code."""
    said = _schemas(lite)[name]["properties"]["text"]
    told = said.get("description") or next(part["description"] for part in said["anyOf"] if "description" in part)
    assert re.findall(r"at least (\d+)", told) == [str(reasons.LEAST_LETTERS), str(reasons.LEAST_WORDS_OF_OTHER)]


def test_headers_are_in_the_description(lite: TestClient) -> None:
    """When to come back, and that an answer is the first one again, with what 422 means for a key."""
    for path, methods in lite.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            takes_a_key = any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ()))
            for status, said in operation["responses"].items():
                headers = set(said.get("headers", ()))
                where = (method, path, status)
                assert ("Retry-After" in headers) == (status in {"429", "503"}), where
                assert ("Idempotency-Replayed" in headers) == (takes_a_key and status.startswith("2")), where
                assert ("WWW-Authenticate" in headers) == (status == "401"), where
            assert ("idempotency_key_reused" in operation["responses"]["422"]["description"]) == takes_a_key
