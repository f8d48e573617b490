"""What every command needs: settings, an open database, the homes, the policies. And gentle endings."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape

from app.access.principal import Kind
from app.errors import PlacementError, ReadOnly, ReferralNotFound
from app.geo.postcodes import DirectoryError
from app.matching.policy_values import PolicyError
from app.matching.pool import Pool
from app.matching.referral import Referral, ReferralRef
from app.settings import Settings
from app.store import load
from app.store.audit import JSON, AuditEntry
from app.store.audit_trail import Trail
from app.store.migrate import require_current
from app.store.policies import PolicyBook, load_policies
from app.store.roles import require_walls
from app.store.session import Database

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

    def referral(self, ref: str) -> Referral:
        """A stored referral; that it was looked at goes into the audit trail. Raises `ReferralNotFound`."""
        with self.database.reading() as reading:
            stored = load.referral(reading, self.settings.authority, ReferralRef(ref))
        if stored is None:
            raise ReferralNotFound
        self.saw("referral.read", "referral", ref, {child.ref for child in stored.record.children})
        return stored.record

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


def read_file(path: Path, most_bytes: int, cure: str = "import it in several parts.") -> bytes:
    """What a file holds. Raises `ValueError` for a pipe or a device, and, with the cure, for one that is larger."""
    if not path.is_file():
        raise ValueError("That is not a file that can be read as a whole: copy it to one first.")
    with path.open("rb") as file:
        found = file.read(most_bytes + 1)
    if len(found) > most_bytes:
        raise ValueError(f"The file has more than {most_bytes} bytes: {cure}")
    return found
