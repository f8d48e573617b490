"""`placement match` and `placement why-not`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

import typer
from rich.text import Text

from app import placing
from app.api import moving_notes
from app.api.sibling_notes import sibling_notes
from app.api.waiting_notes import notes_of, parted_notes
from app.cli.demo import settings_or_demo
from app.cli.desk import Desk, console, gently, meant, open_desk, today
from app.cli.tables import print_shortlist, print_why_not
from app.errors import HomeNotFound
from app.matching.listed import Parted
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef
from app.store.policies import DEFAULT_SERIES
from app.store.under_way import Waiting

Ref = Annotated[str, typer.Argument(help="Reference of the referral, such as R-0001")]
HomeArgument = Annotated[str, typer.Argument(help="Reference of the home, such as H-0001")]
Version = Annotated[str | None, typer.Option("--policy", help="Version of the policy; else the one in effect")]
Children = Annotated[
    str | None,
    typer.Option(
        "--children",
        metavar="REFERENCES",
        help="Look for these children alone, such as C-0002,C-0003; else for all who wait",
    ),
]
FAR_DAYS = 366
"""A day further away than this is most likely mistyped; it is answered all the same."""


def a_day(text: str) -> date:
    """The day that somebody typed. Raises `typer.BadParameter`."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        raise typer.BadParameter("this must be a day such as 2026-11-22.") from None


AsOf = Annotated[
    date | None,
    typer.Option("--as-of", parser=a_day, metavar="DAY", help="Judge as of this day, such as 2026-11-22; else today"),
]


def day_to_judge(desk: Desk, as_of: date | None, version: str | None, now: date) -> date:
    """The day that was asked for, or today. A day far away is remarked on; before the first policy is `LookupError`."""
    day = as_of or now
    begins = min((p.effective_from for p in desk.policies.policies.values() if p.series == DEFAULT_SERIES), default=day)
    if version is None and day < begins:
        raise LookupError(
            f"The first policy of the series {DEFAULT_SERIES} begins on {begins:%-d %B %Y}: no earlier day."
        )
    if abs(day - now) > timedelta(days=FAR_DAYS):
        console.print(f"[yellow]Judged as of {day:%-d %B %Y}: ages, vacancies and dates are taken as on that day.[/]")
    return day


def match(
    referral: Ref,
    policy: Version = None,
    as_of: AsOf = None,
    children: Children = None,
    shown: Annotated[int, typer.Option("--shown", min=1, max=100, help="How many homes to show")] = 10,
) -> None:
    """The best homes for a stored referral, with reasons, and why the nearest others are out.

    Without a configured database: of the synthetic authority of the demo.
    """
    with gently(), open_desk(settings_or_demo()) as desk:
        wanted = _wanted(children)
        waiting, pool = desk.waiting(referral, wanted), desk.pool()
        record, named = waiting.referral.record, _named(waiting, wanted)
        day = day_to_judge(desk, as_of, policy, today())
        found = placing.match(record, pool, desk.policies, day, policy_version=policy, k=shown, named=named)
        _print_notes(waiting, found.parted, pool)
        _print_leaving(desk, waiting)
        print_shortlist(console, record, found, pool, shown)


def why_not(
    referral: Ref, home: HomeArgument, policy: Version = None, as_of: AsOf = None, children: Children = None
) -> None:
    """Every rule and criterion for one home, and what would have to be different.

    Without a configured database: in the synthetic authority of the demo.
    """
    with gently(), open_desk(settings_or_demo()) as desk:
        wanted = _wanted(children)
        waiting, pool = desk.waiting(referral, wanted), desk.pool()
        record, named = waiting.referral.record, _named(waiting, wanted)
        if HomeRef(home) not in pool.row_of:
            raise HomeNotFound(meant(home, pool.row_of))
        day = day_to_judge(desk, as_of, policy, today())
        found = placing.why_not(record, HomeRef(home), pool, desk.policies, day, policy_version=policy, named=named)
        _print_notes(waiting, found.parted, pool)
        _print_leaving(desk, waiting)
        print_why_not(console, record, found, pool)


def _wanted(children: str | None) -> list[str]:
    return [] if children is None else [one.strip() for one in children.split(",")]


def _named(waiting: Waiting, wanted: list[str]) -> frozenset[ChildRef] | None:
    """The children for whom to look, where not for all who wait. Raises `Invalid`."""
    return placing.named_children(waiting.referral.record, wanted, "--children")


def _print_leaving(desk: Desk, waiting: Waiting) -> None:
    for note in moving_notes.of_siblings(desk.database, desk.settings.authority, waiting):
        console.print(Text(note.note, style="yellow"))


def _print_notes(waiting: Waiting, parted: Parted | None, pool: Pool) -> None:
    """What is said beside a list over HTTP: who has a place, whose placement has ended, that some are parted."""
    of_siblings = sibling_notes(waiting.referral.record, pool)
    for note in (*notes_of(waiting), *parted_notes(parted, "--children"), *of_siblings):
        console.print(Text(note.note, style="yellow"))
