"""`placement match` and `placement why-not`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from app import placing
from app.cli.demo import settings_or_demo
from app.cli.desk import console, gently, open_desk, today
from app.cli.tables import print_shortlist, print_why_not
from app.errors import HomeNotFound
from app.matching.referral import HomeRef

Ref = Annotated[str, typer.Argument(help="Reference of the referral, such as R-0001")]
HomeArgument = Annotated[str, typer.Argument(help="Reference of the home, such as H-0001")]
Version = Annotated[str | None, typer.Option("--policy", help="Version of the policy; else the one in effect")]
AsOf = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Judge as of this day; else today")
]


def match(
    referral: Ref,
    policy: Version = None,
    as_of: AsOf = None,
    shown: Annotated[int, typer.Option("--shown", min=1, max=100, help="How many homes to show")] = 10,
) -> None:
    """The best homes for a stored referral, with reasons, and why the nearest others are out.

    Without a configured database: of the synthetic authority of the demo.
    """
    with gently(), open_desk(settings_or_demo()) as desk:
        record, pool = desk.referral(referral), desk.pool()
        found = placing.match(
            record, pool, desk.policies, as_of.date() if as_of else today(), policy_version=policy, k=shown
        )
        print_shortlist(console, record, found, pool, shown)


def why_not(referral: Ref, home: HomeArgument, policy: Version = None, as_of: AsOf = None) -> None:
    """Every rule and criterion for one home, and what would have to be different.

    Without a configured database: in the synthetic authority of the demo.
    """
    with gently(), open_desk(settings_or_demo()) as desk:
        record, pool = desk.referral(referral), desk.pool()
        if HomeRef(home) not in pool.row_of:
            raise HomeNotFound
        day = as_of.date() if as_of else today()
        found = placing.why_not(record, HomeRef(home), pool, desk.policies, day, policy_version=policy)
        print_why_not(console, record, found, pool)
