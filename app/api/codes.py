"""What every code means that this service sends or takes: for the description of the API, and as a page.

The page is `docs/codes.md`. It is made by `python -m app.api.codes`, and a test is red where it is not up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app import errors
from app.errors import PlacementError
from app.store.reasons import (
    CHOICE_WORDS,
    DECLINE_WORDS,
    END_WORDS,
    LEAST_LETTERS,
    LEAST_WORDS_OF_OTHER,
    MOVE_WORDS,
    WITHDRAW_WORDS,
    CareEnd,
    ChoiceReason,
    DeclineReason,
    EndReason,
    MoveReason,
    PlaceChange,
    WithdrawReason,
)

ABOUT_PROBLEMS = (
    "`code` of every answer that is `application/problem+json`. Later versions may have more: where a code is new to "
    "you, go by the status. 429 and 503 come with `Retry-After`."
)
ABOUT_REASONS = (
    f"Words beside a code hold no names. White space is no reason, nor are fewer than {LEAST_LETTERS} letters or "
    f"digits, whatever the code. `other` for a choice, and `OTHER` for declining or withdrawing, take at least "
    f"{LEAST_WORDS_OF_OTHER}."
)

PROBLEM_CODE = "ProblemCode"
"""The name of the schema that lists the codes of all problems."""

WHERE: Mapping[type[StrEnum], str] = {
    ChoiceReason: (
        "`POST /holds`, `POST /proposals/{id}/accept`: why another home than the first was chosen, or a rule "
        "overridden. Always with words beside it, but for `proposed_by_run`."
    ),
    DeclineReason: (
        "`POST /placements/{id}/decline`, `POST /proposals/{id}/decline`: why a home was declined, by its provider or "
        "by an officer."
    ),
    WithdrawReason: "`POST /placements/{id}/withdraw`: why the authority gave a placement up.",
    PlaceChange: (
        "`POST /placements/{id}/end`, of a child who stays in care: REASON_PLACE_CHANGE of the SSDA903 return."
    ),
    CareEnd: (
        "`POST /placements/{id}/end`, of a child whose time in care ends with the placement: REC of the SSDA903 return."
    ),
    MoveReason: "`reason_code` in a placement's history, set by the service.",
}
"""Every list of reasons, with where its codes stand."""


def meanings() -> dict[type[StrEnum], dict[str, str]]:
    """What each code of a reason means, list by list."""
    of_ends = {str(code): words for code, words in END_WORDS.items()}
    words: dict[type[StrEnum], Mapping[Any, str]] = {
        ChoiceReason: CHOICE_WORDS,
        DeclineReason: DECLINE_WORDS,
        WithdrawReason: WITHDRAW_WORDS,
        PlaceChange: of_ends,
        CareEnd: of_ends,
        MoveReason: MOVE_WORDS,
        EndReason: of_ends,
    }
    return {codes: {str(code): said[code] for code in codes} for codes, said in words.items()}


@dataclass(frozen=True, slots=True)
class ProblemTold:
    """One kind of problem: what it means, and what to do about it."""

    status: int
    code: str
    title: str
    meaning: str
    cure: str


def problems() -> list[ProblemTold]:
    """Every problem that this service may answer with, by status and code."""
    kinds = {kind for kind in _kinds(PlacementError) if kind.__module__ == errors.__name__}
    return sorted((_told(kind) for kind in kinds), key=lambda told: (told.status, told.code))


def _kinds(kind: type[PlacementError]) -> Iterator[type[PlacementError]]:
    for leaf in kind.__subclasses__():
        yield leaf
        yield from _kinds(leaf)


def _told(kind: type[PlacementError]) -> ProblemTold:
    """A docstring says what is wrong in its first sentence, and what to do in the others."""
    meaning, _, cure = kind.message().partition(". ")
    return ProblemTold(kind.status, kind.code, kind.title, meaning.removesuffix(".") + ".", cure)


def described(schemas: dict[str, Any]) -> None:
    """Put the meaning of every code into the schemas of the API's description, for people and for generators."""
    for codes, words in meanings().items():
        if codes.__name__ in schemas:
            schema = schemas[codes.__name__]
            schema["description"] = f"{schema['description']}\n\n{_listed(words)}"
            schema["x-enum-descriptions"] = [words[code] for code in schema["enum"]]
    found = problems()
    schemas["Problem"]["properties"]["code"] = {"$ref": f"#/components/schemas/{PROBLEM_CODE}"}
    schemas[PROBLEM_CODE] = {
        "type": "string",
        "title": PROBLEM_CODE,
        "enum": [told.code for told in found],
        "x-enum-descriptions": [f"{told.meaning} {told.cure}" for told in found],
        "description": "Which problem it is. A later version may have more: go by the status where a code is new.\n\n"
        + _listed({told.code: f"({told.status}) {told.meaning} {told.cure}" for told in found}),
    }


def _listed(words: Mapping[str, str]) -> str:
    return "\n".join(f"* `{code}`: {said}" for code, said in words.items())


def page() -> str:
    """The page of all codes, as Markdown."""
    lines = [
        "# Codes",
        "",
        "Made from the code by `python -m app.api.codes`; the same stands in the API's description.",
        "",
        "## Problems",
        "",
        ABOUT_PROBLEMS,
        "",
        "| status | code | what it means | what to do |",
        "|---|---|---|---|",
        *(f"| {told.status} | `{told.code}` | {told.meaning} | {told.cure} |" for told in problems()),
        "",
        "## Reasons",
        "",
        ABOUT_REASONS,
    ]
    for codes, where in WHERE.items():
        lines += ["", f"### {codes.__name__}", "", where, "", "| code | meaning |", "|---|---|"]
        lines += [f"| `{code}` | {said} |" for code, said in meanings()[codes].items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
