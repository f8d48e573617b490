"""What every command needs: settings, an open database, the homes, the policies. And gentle endings."""

from __future__ import annotations

import difflib
import getpass
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape

from app.access.principal import Kind
from app.errors import (
    DatabaseUnavailable,
    FieldProblem,
    Invalid,
    JsonRefused,
    PlacementError,
    ReadOnly,
    ReferralNotFound,
)
from app.geo.postcodes import DirectoryError
from app.matching.policy_values import PolicyError
from app.matching.pool import Pool
from app.matching.referral import ReferralRef
from app.settings import Settings
from app.store import living_apart, load
from app.store.audit import JSON, AuditEntry
from app.store.audit_trail import Trail
from app.store.migrate import require_current
from app.store.policies import PolicyBook, load_policies
from app.store.roles import require_walls
from app.store.session import Database
from app.store.under_way import Waiting, waiting_referral

LONDON = ZoneInfo("Europe/London")

console = Console()
errors = Console(stderr=True)


def today() -> date:
    """The day in England."""
    return datetime.now(LONDON).date()


def operator() -> str:
    """Who works at this terminal, as the audit trail names them."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container knows its user by a number alone
        return "cli"


@dataclass(frozen=True, slots=True)
class Desk:
    """An open service without HTTP."""

    settings: Settings
    database: Database
    policies: PolicyBook

    def pool(self) -> Pool:
        """All homes of the authority."""
        with self.database.reading() as reading:
            return Pool.build(load.inventory_changes(reading, self.settings.authority, 0).changed)

    def waiting(self, ref: str, named: Sequence[str] = ()) -> Waiting:
        """A stored referral as it waits, to be judged; that it was looked at goes into the audit trail.

        `named`: children who are asked for by name. Raises `ReferralNotFound`.
        """
        with self.database.reading() as reading:
            found = waiting_referral(reading, self.settings.authority, ReferralRef(ref), named)
            if found is None:
                known = (one.record.ref for one in load.all_referrals(reading, self.settings.authority))
                raise ReferralNotFound(meant(ref, known))
            (record,) = living_apart.as_judged(reading, self.settings.authority, [found.referral.record])
        self.saw("referral.read", "referral", ref, found.told_of)
        return found._replace(referral=replace(found.referral, record=record))

    def saw(self, action: str, object_kind: str, object_ref: str, children: Iterable[str], **facts: JSON) -> None:
        """Record what is about to be shown, or written to a file, at this terminal."""
        entry = AuditEntry(
            operator(), str(Kind.PERSON), action, object_kind, object_ref, tuple(sorted(children)), facts
        )
        with suppress(ReadOnly):
            Trail(self.database, self.settings.authority).record(entry)


@contextmanager
def open_desk(settings: Settings | None = None) -> Iterator[Desk]:
    """Open what the settings name, and close it again; the database must be laid out already."""
    settings = settings or Settings.read()
    database = settings.open_database()
    try:
        with database.reading() as reading:
            require_current(reading)
            require_walls(reading)
        yield Desk(settings, database, load_policies(settings.policies))
    finally:
        database.close()


@contextmanager
def gently() -> Iterator[None]:
    """Turn what can go wrong into a message and exit code 1 instead of a stack trace."""
    try:
        yield
    except PlacementError as error:
        errors.print(f"[bold red]{error.title}.[/] {escape(str(error))}")
        if isinstance(error, DatabaseUnavailable):
            errors.print("Does the database run, and does PLACEMENT_DATABASE_URL name its host and port?")
        for problem in error.problems[:20]:
            errors.print(f"  {problem.field}: {problem.problem} {problem.cure}", markup=False)
        raise typer.Exit(1) from None
    except (PolicyError, DirectoryError, LookupError, OSError, ValueError, json.JSONDecodeError) as error:
        errors.print(f"[bold red]That did not work.[/] {escape(_told(error))}")
        raise typer.Exit(1) from None


def _told(error: Exception) -> str:
    """What an error says: of one of the file system its words and the file, not its number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error.args[0] if error.args else error)


def meant(given: str, known: Iterable[str]) -> list[FieldProblem]:
    """The reference that was most likely meant, where there is one: as what to do about the one that is not there."""
    by_folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(given.casefold(), by_folded, 1, 0.8)
    return [FieldProblem("reference", "Nothing has it.", f"Did you mean {by_folded[near[0]]}?")] if near else []


def read_file(path: Path, most_bytes: int, cure: str = "import it in several parts.") -> bytes:
    """What a file holds. Raises `ValueError` where there is none, or a pipe, and, with the cure, where it is larger."""
    if not path.exists():
        raise ValueError(f"There is no file {path}.")
    if not path.is_file():
        raise ValueError(f"{path} is not a file that can be read as a whole: copy it to one first.")
    with path.open("rb") as file:
        found = file.read(most_bytes + 1)
    if len(found) > most_bytes:
        raise ValueError(f"{path} has more than {most_bytes} bytes: {cure}")
    return found


@contextmanager
def reading_from(path: Path) -> Iterator[None]:
    """What is wrong with the content of a file is told as that, by its name: there is no request here, and no body."""
    try:
        yield
    except JsonRefused as error:
        told = " ".join(f"{problem.problem} {problem.cure}" for problem in error.problems)
        raise ValueError(f"{path} is not JSON as this command reads it. {told}") from None
    except Invalid as error:
        told = "\n".join(f"  {problem.field}: {problem.problem} {problem.cure}" for problem in error.problems[:20])
        raise ValueError(f"{path} cannot be used as it stands:\n{told}") from None


def require_keys_of_messages(settings: Settings) -> None:
    """Raise `ValueError` where the folder of keys that sign messages is not there: else it shows with the first one."""
    folder = settings.webhook_secrets
    if folder is not None and not folder.is_dir():
        raise ValueError(
            f"PLACEMENT_WEBHOOK_SECRETS: there is no folder {folder}. It holds the keys that sign messages."
        )
