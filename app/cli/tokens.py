"""`placement token` and `placement end-sessions`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.access.local_issuer import LIFE_S, LocalIssuer
from app.access.principal import Kind, Role
from app.cli.demo import configured_or_asked
from app.cli.desk import console, gently, open_desk, operator
from app.errors import TokenRefused
from app.settings import Settings
from app.store import audit, sessions
from app.store.audit import AuditEntry
from app.store.session import Writing


class NotOurs(ValueError):
    """There is a provider, so tokens are its business."""


def token(
    role: Annotated[list[Role] | None, typer.Option(help="A role; more than once for several. Left out: all")] = None,
    *,
    system: Annotated[bool, typer.Option("--system", help="A token of a system, which decides nothing")] = False,
    subject: Annotated[str, typer.Option(help="Who it is for, as the audit trail will have it")] = "local-officer",
    minutes: Annotated[int, typer.Option(min=1, max=LIFE_S // 60, help="How long it is good")] = LIFE_S // 60,
) -> None:
    """Print a bearer token for the service of this machine: for the demo and for tests, where there is no provider."""
    with gently():
        settings = Settings.read()
        if settings.oidc_issuer is not None:
            raise NotOurs("PLACEMENT_OIDC_ISSUER is set, so this service takes tokens of that provider alone.")
        issuer = LocalIssuer.open(settings.local_keys, settings.authority)
        kind = Kind.SYSTEM if system else Kind.PERSON
        _require_taken(issuer, subject, kind)
        typer.echo(issuer.token(subject, role or tuple(Role), kind, life_s=minutes * 60))


def _require_taken(issuer: LocalIssuer, subject: str, kind: Kind) -> None:
    """Raise `typer.BadParameter` for a subject whose token the service would refuse."""
    try:
        issuer.claims().holder({"sub": subject, "authority": issuer.authority}, kind)
    except TokenRefused:
        wanted = "this must be one word: 1 to 255 letters, digits and signs of ASCII, no spaces."
        raise typer.BadParameter(wanted, param_hint="--subject") from None


def end_sessions(
    subject: Annotated[list[str] | None, typer.Option(help="Whose: `sub` at the provider; may be repeated")] = None,
    *,
    everybody: Annotated[bool, typer.Option("--everybody", help="All of them")] = False,
) -> None:
    """End sessions of browsers at once: of somebody who left, or whose roles have changed, or everybody's."""
    if bool(subject) == everybody:
        raise typer.BadParameter("say whose: either --subject or --everybody, one of the two.")
    with gently():
        with open_desk(configured_or_asked(demo=False)) as desk:
            authority = desk.settings.authority
            ended = desk.database.transact(lambda writing: _end(writing, authority, subject or None))
        console.print(f"{ended} sessions ended.")


def _end(writing: Writing, authority: str, subjects: list[str] | None) -> int:
    """End them, and say so in the audit trail: of each person by name, or of all."""
    ended = sessions.end_all(writing, authority, subjects)
    for whose in subjects or ["everybody"]:
        audit.record(writing, authority, AuditEntry(operator(), str(Kind.PERSON), "session.revoke", "person", whose))
    return ended
