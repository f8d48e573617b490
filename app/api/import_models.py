"""The JSON form of what an import did, told at once or asked for later."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.api.problems import FieldError
from app.api.run_models import AN_ID, Hex32
from app.api.writes import NoteOut
from app.store.import_records import Import, ImportKind, ImportStatus

_DONE: dict[str, Any] = {
    "id": AN_ID,
    "kind": "homes",
    "status": "done",
    "requested_at": "2026-03-02T09:00:00Z",
    "started_at": "2026-03-02T09:00:01Z",
    "finished_at": "2026-03-02T09:00:08Z",
    "tries": 0,
    "result": {"created": 450, "changed": 0, "unchanged": 0, "refused": 0, "errors": [], "notes": []},
    "problem": None,
}
_WRONG_ROW = {
    "field": "homes[3].places",
    "problem": "This must be at least 0.",
    "cure": "Check the value and its unit.",
}
_FAILED = _DONE | {
    "status": "failed",
    "result": None,
    "problem": {"code": "invalid", "errors": [_WRONG_ROW], "more_errors": 0},
}


class ImportOut(BaseModel):
    """What an import did. `refused` rows were skipped; each is named in `errors`."""

    created: int
    changed: int
    unchanged: int
    refused: int
    errors: list[FieldError]
    notes: list[NoteOut]


class CaseloadImportOut(BaseModel):
    """What an import did."""

    created: int
    changed: int
    unchanged: int
    removed: int
    notes: list[NoteOut]


class ImportProblemOut(BaseModel):
    """Why an import failed. `errors` is empty unless rows are to blame; nothing was stored either way."""

    code: Annotated[str, Field(examples=["invalid"])]
    errors: list[FieldError] = []
    more_errors: Annotated[int, Field(ge=0, description="Errors beyond those that are told")] = 0


class ImportStateOut(BaseModel):
    """An import that was asked for with `Prefer: respond-async`, as it stands.

    `result` is what the answer would have been without that header, once it is `done`; `problem` says what is wrong
    where it `failed`. `tries`: how often it did not work and was put off.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_DONE, _FAILED]})

    id: Hex32
    kind: ImportKind
    status: ImportStatus
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    tries: int
    result: ImportOut | CaseloadImportOut | None
    problem: ImportProblemOut | None


def state_of(found: Import) -> ImportStateOut:
    """An import as it is told."""
    is_done, told = found.status is ImportStatus.DONE, dict(found.told or {})
    model = ImportOut if found.kind is ImportKind.HOMES else CaseloadImportOut
    return ImportStateOut(
        id=found.id,
        kind=found.kind,
        status=found.status,
        requested_at=found.requested_at,
        started_at=found.started_at,
        finished_at=found.finished_at,
        tries=found.tries,
        result=model.model_validate(told) if is_done else None,
        problem=None if found.failure is None else ImportProblemOut(code=found.failure, **told),
    )
