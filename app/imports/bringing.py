"""What an import does, the same whether its sender waits for it or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from app.documents.home_documents import read_homes
from app.documents.placed_documents import read_caseload
from app.documents.places import Note
from app.documents.strict_json import parse_json
from app.errors import FieldProblem, Invalid
from app.geo.postcodes import PostcodeDirectory
from app.imports import listing
from app.imports.promised import notes_of
from app.imports.same_home import notes_of as twins_of
from app.matching.home import Home
from app.store import audit_whom, caseload, erased_named, promised, same_home, save
from app.store.audit import AuditEntry
from app.store.bulk import keeping_all
from app.store.import_records import ImportKind
from app.store.save import Imported
from app.store.session import Writing

REFUSE_ALL = "refuse_all"


@dataclass(frozen=True, slots=True)
class Brought:
    """What was stored. `told`: the answer to the sender. `children`: whom the entry of the audit trail is about."""

    told: dict[str, Any]
    action: str
    object_kind: str
    children: frozenset[str]
    facts: Mapping[str, int]

    def entry(self, actor: str, actor_kind: str) -> AuditEntry:
        """For the audit trail, last of all in the transaction."""
        subjects = tuple(sorted(self.children))
        return AuditEntry(actor, actor_kind, self.action, self.object_kind, "import", subjects, self.facts)


Store: TypeAlias = Callable[[Writing, str], Brought]
"""Stores what was read and found good, for an authority, in the caller's transaction."""


def homes(rows: Sequence[Any], on_problem: str, directory: PostcodeDirectory, today: date) -> Store:
    """An inventory. Raises `Invalid` where a row is wrong and `on_problem` does not say to skip it."""
    with keeping_all():
        read = read_homes(rows, directory, today)
    if read.problems and on_problem == REFUSE_ALL:
        raise Invalid(read.problems)

    whom = frozenset(str(resident.ref) for home in read.records for resident in home.residents)

    def store(writing: Writing, authority: str) -> Brought:
        with keeping_all():
            paths = paths_of(rows)
            done, twins = save_all(writing, authority, read.records, paths)
            short = notes_of(read.records, promised.everywhere(writing, authority), paths)
        counts = {"created": done.created, "changed": done.changed}
        told = {
            **counts,
            "unchanged": done.unchanged,
            "refused": read.rows_refused,
            "errors": errors_of(read.problems),
            "notes": _notes([*read.notes, *short, *twins]),
        }
        return Brought(told, "homes.import", "homes", whom, {**counts, "refused": read.rows_refused})

    return store


def save_all(
    writing: Writing, authority: str, records: Sequence[Home], paths: Mapping[str, str]
) -> tuple[Imported, list[Note]]:
    """Store homes as an inventory has them; whoever was erased and lives in one of them is known again.

    With what is to be said of homes that seem to be stored twice by it. `paths`: where each stands in what was sent.
    """
    save.next_seq(writing, authority)
    stored = {home.ref: home for home in same_home.everywhere(writing, authority)}
    before = erased_named.living(writing, authority)
    once = [erased_named.one_each(writing, authority, home) for home in records]
    done = save.import_homes(writing, authority, once)
    now = {str(resident.ref) for home in once for resident in home.residents}
    erased_named.told_again(writing, authority, now - before)
    new = [home.ref for home in once if home.ref not in stored]
    homes_now = stored | {home.ref: same_home.of_home(home) for home in once}
    return done, twins_of(new, homes_now.values(), paths)


def children(rows: Sequence[Any], directory: PostcodeDirectory, *, replace: bool) -> Store:
    """A caseload. Raises `Invalid` where a row is wrong."""
    read = read_caseload(rows, directory)
    if read.problems:
        raise Invalid(read.problems)

    def store(writing: Writing, authority: str) -> Brought:
        before = audit_whom.of_caseload(writing, authority)
        done = caseload.import_caseload(writing, authority, read.records, replace=replace)
        erased_named.told_again(writing, authority, {str(child.ref) for child in read.records} - before)
        counts = {"created": done.created, "changed": done.changed}
        doubts = caseload.doubts(writing, authority)
        notes = [*read.notes, *listing.notes_of(doubts, paths_of(rows, "children"))]
        told = {**counts, "unchanged": done.unchanged, "removed": done.removed, "notes": _notes(notes)}
        whom = frozenset((before if replace else set()) | {str(child.ref) for child in read.records})
        return Brought(told, "caseload.import", "caseload", whom, {**counts, "removed": done.removed})

    return store


def read_body(kind: ImportKind, body: bytes, directory: PostcodeDirectory, today: date) -> Store:
    """The import that a stored body asks for; its shape was looked at when it came. Raises `Invalid`."""
    with keeping_all():
        asked = parse_json(body)
    if kind is ImportKind.HOMES:
        return homes(asked["homes"], asked.get("on_problem", REFUSE_ALL), directory, today)
    return children(asked["children"], directory, replace=asked.get("replace", False))


def errors_of(problems: Iterable[FieldProblem]) -> list[dict[str, str]]:
    """Problems as they are told."""
    return [{"field": each.field, "problem": each.problem, "cure": each.cure} for each in problems]


def paths_of(rows: Sequence[Any], name: str = "homes") -> dict[str, str]:
    """How the path of each row begins, by its reference."""
    refs = (row.get("ref") if isinstance(row, dict) else None for row in rows)
    return {ref: f"{name}[{n}]." for n, ref in enumerate(refs) if isinstance(ref, str)}


def _notes(notes: Iterable[Note]) -> list[dict[str, str]]:
    return [{"field": note.field, "note": note.note} for note in notes]
