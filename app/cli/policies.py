"""`placement policy check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.cli.desk import console, gently
from app.geo.authorities import adjoining
from app.matching.policy import Policy
from app.settings import Settings
from app.store.policies import load_policies


def check(
    folder: Annotated[Path | None, typer.Argument(help="Folder of policy documents; else the settings'")] = None,
) -> None:
    """Read every policy document and say whether it can be used, and what it weighs."""
    with gently():
        book = load_policies(folder or Settings.read().policies)
        for policy in book.policies.values():
            console.print(_weights(policy))
            if (derived := adjoining(policy.local.authority)) != policy.local.adjoining:
                console.print(
                    f"[yellow]{escape(policy.version)} names {_codes(policy.local.adjoining)} as adjoining; "
                    f"derived from postcodes are {_codes(derived)}. Check which is right.[/]"
                )
        console.print(f"{len(book.policies)} policies are complete and can be used.")


def _weights(policy: Policy) -> Table:
    table = Table(
        title=f"{escape(policy.version)}, from {policy.effective_from:%-d %B %Y} ({policy.sha256[:12]})",
        title_justify="left",
    )
    table.add_column("criterion")
    table.add_column("weight", justify="right")
    table.add_column("because")
    for setting in policy.criteria:
        weight = str(setting.weight) if setting.enabled else "off"
        table.add_row(setting.criterion.code, weight, escape(setting.because))
    off = [setting.rule.code for setting in policy.rules if not setting.enabled]
    table.caption = f"rules in use: {len(policy.rules) - len(off)}; off: {', '.join(off) or 'none'}"
    return table


def _codes(codes: frozenset[str]) -> str:
    return ", ".join(sorted(codes)) or "none"
