"""A run's outcome in the terminal: proposals with why, who stays without a home and why, the target, what is scarce."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.cli.price_tables import frontier_table, price_line, share
from app.matching.home import Home
from app.matching.night_report import LocalShare, NightReport, Proposal, Scarce, Siblings, Unplaced, WhyHere
from app.matching.pool import Pool
from app.matching.recheck import Verdict
from app.matching.referral import HomeRef
from app.rematch.run import Outcome, RunStatus
from app.wording import day, points, pounds, says, words

STATUS_WORDS = {
    RunStatus.PROVEN: "[green]proven: nothing better exists[/]",
    RunStatus.FEASIBLE: "[green]checked[/]",
    RunStatus.FALLBACK: "[yellow]checked, made with less work: the solver failed[/]",
    RunStatus.FAILED: "[bold red]no proposals: the solver failed. The last good ones stand[/]",
    RunStatus.INFEASIBLE: "[bold red]no proposals: what is pinned cannot be[/]",
}
WHY = {
    WhyHere.FIRST_CHOICE: "Its own first choice",
    WhyHere.PLACES: "{first} ({behind} points more) goes to {others}, {stake}",
    WhyHere.ARRIVALS: "{first} ({behind} points more) welcomes {others}, {stake}, and no more tonight",
    WhyHere.MAY_NOT_SHARE: "{first} ({behind} points more) goes to {others}, {stake}; they may not share it",
    WhyHere.SIBLINGS: "{first} ({behind} points more) goes to brothers and sisters",
    WhyHere.BUDGET: "{first} ({behind} points more) is beyond the weekly budget",
    WhyHere.LOCAL_TARGET: "{first} ({behind} points more) is not local",
    WhyHere.RESERVED: "{first} ({behind} points more) is kept back by its reserve price",
    WhyHere.UNCHANGED: "As last night; {first} has {behind} points more",
    WhyHere.TRADE_OFF: "Best for all together; {first} has {behind} points more",
}
SCARCE_SHOWN = 8


def print_night(console: Console, outcome: Outcome, shown: int | None = None) -> None:
    """Everything that a run found, in 80 columns; `shown`: so many proposals, None for all."""
    console.print(_head(outcome))
    report = outcome.report
    if report is None:
        for line in _without(outcome):
            console.print(line)
        return
    for part in _parts(outcome, report, shown):
        console.print(part)


def _parts(outcome: Outcome, report: NightReport, shown: int | None) -> list[RenderableType]:
    pool = outcome.night.pool
    parts: list[RenderableType] = [_figures(outcome, report)]
    if report.proposals:
        parts.append(_proposals(report.proposals[:shown], pool, len(report.proposals)))
    if report.unplaced:
        parts.append(_unplaced(report.unplaced, pool))
    if report.scarce:
        parts.append(_scarce(report.scarce, pool))
    if outcome.price is not None:
        parts.append(price_line(outcome.price))
    if outcome.frontier:
        parts.append(frontier_table(outcome.frontier))
    return parts


def _head(outcome: Outcome) -> Panel:
    night = outcome.night
    children = sum(len(referral.children) for referral in night.referrals)
    return Panel(
        f"[bold]{_children(children)}[/] in {len(night.referrals)} referrals, {_homes(len(night.pool))}. "
        f"{day(night.as_of)}, policy {night.policy.version}.\n{STATUS_WORDS[outcome.status]}"
    )


def _without(outcome: Outcome) -> list[RenderableType]:
    """What a run without proposals has to say."""
    lines: list[RenderableType] = [Text(f"The solver: {fault.message}") for fault in outcome.faults]
    lines += [Text(f"It cannot be: {reason}.") for reason in outcome.contradictions]
    lines.append(Text(f"Of the last proposals {len(outcome.standing)} still keep every rule."))
    lines += [Text(_fallen(verdict)) for verdict in outcome.fallen]
    return lines


def _fallen(verdict: Verdict) -> str:
    rules = f" ({', '.join(words(rule) for rule in verdict.rules)})" if verdict.rules else ""
    children = ", ".join(sorted(verdict.proposed.children))
    return f"Fallen: {children} to {verdict.proposed.home}: {words(verdict.fallen)}{rules}."


def _figures(outcome: Outcome, report: NightReport) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]Children placed[/]", f"{report.children_placed} of {report.children}")
    table.add_row("[bold]Local share[/]", _local(outcome, report.local))
    table.add_row("[bold]Brothers and sisters[/]", _siblings(report.siblings))
    table.add_row("[bold]Weekly cost[/]", pounds(report.weekly_cost_pence))
    table.add_row("[bold]Gap[/]", _gap(outcome, report))
    for fault in outcome.faults:
        table.add_row("[bold yellow]Solver[/]", escape(fault.message))
    return table


def _local(outcome: Outcome, local: LocalShare) -> str:
    before = share(local.local_before, local.total_before)
    lines = [f"{before} before, [bold]{share(local.local_after, local.total_after)}[/] after"]
    for name, permille, short in (
        ("floor", local.floor_permille, local.short_of_floor),
        ("ambition", local.ambition_permille, local.short_of_ambition),
    ):
        met = f"[red]{short} children short[/]" if short else "[green]met[/]"
        lines.append(f"{name} {permille / 10:g} %: {met}")
    if outcome.most_local_proven is not None:
        certain = "No choice comes nearer." if outcome.most_local_proven else "No nearer choice was found."
        lines.append(f"The floor cannot be reached tonight. {certain}")
    if outcome.night.policy.target.counts == "batch":
        lines.append("The policy counts the children of the night alone.")
    return "\n".join(lines)


def _siblings(siblings: Siblings) -> str:
    return (
        f"{siblings.together} groups together, {siblings.apart} apart,\n"
        f"{siblings.partly_placed} placed in part, {siblings.not_placed} not placed"
    )


def _gap(outcome: Outcome, report: NightReport) -> str:
    if not report.gap:
        return "[green]0 points. Proven: nothing better exists[/]"
    millionths = report.gap * 1_000_000 // max(1, abs(report.bound))
    line = f"{points(report.gap)} points ({millionths / 10_000:.4f} %): a better choice could gain no more"
    if outcome.claimed_bound == report.objective:
        line += "\nThe solver searched the rest and found nothing; the certificate does not show that"
    return line


def _proposals(proposals: Sequence[Proposal], pool: Pool, of: int) -> Table:
    title = "Proposals" if len(proposals) == of else f"The first {len(proposals)} of {of} proposals"
    table = Table(title=title, title_justify="left", show_lines=True)
    table.add_column("Who", no_wrap=True)
    table.add_column("Home")
    table.add_column("Points", justify="right", no_wrap=True)
    table.add_column("A week", justify="right", no_wrap=True)
    table.add_column("Why this home")
    for one in proposals:
        local = "local" if one.local else "[yellow]not local[/]"
        table.add_row(
            f"{one.referral}\n[dim]{_children(len(one.children))}[/]",
            f"{escape(_name(pool.record(one.home)))}\n[dim]{one.home}, {words(pool.record(one.home).kind)}, [/]{local}",
            points(one.points),
            pounds(one.weekly_fee_pence),
            escape(why_here(one)),
        )
    return table


def why_here(one: Proposal) -> str:
    """Why this home, and not the one that suits these children best by itself."""
    facts = {
        "first": one.first_home,
        "behind": points(one.behind_first),
        "others": ", ".join(one.because_of),
        "stake": _stake(one.others_would_lose),
    }
    again = "; as last night" if one.unchanged and one.why is not WhyHere.UNCHANGED else ""
    return WHY[one.why].format_map(facts) + again


def _stake(loss: int | None) -> str:
    """What the others would give up by making room."""
    if loss is None:
        return "who has no other home"
    return f"who would lose {points(loss)} elsewhere" if loss else "who gave way to others already"


def _unplaced(unplaced: Sequence[Unplaced], pool: Pool) -> Table:
    table = Table(title="Without a proposal", title_justify="left", show_lines=True)
    table.add_column("Who", no_wrap=True)
    table.add_column("Why, and what would help")
    for one in unplaced:
        who = f"{one.referral}\n[dim]{_children(len(one.children))}[/]"
        table.add_row(who, escape("\n".join(why_none(one, pool))))
    return table


def why_none(one: Unplaced, pool: Pool) -> list[str]:
    """Why nobody could be proposed: no home at all, or to whom the homes went."""
    if one.homes_allowed:
        best = f"the best, {_label(pool, one.best_home)}" if one.best_home else "none was free"
        to = f" goes to {', '.join(one.lost_to)}" if one.lost_to else " is not worth its price to the others tonight"
        return [f"{_homes(one.homes_allowed)} would do; {best},{to}."]
    lines = ["No home meets every rule."]
    for miss in one.near_misses[:2]:
        rules = ", ".join(dict.fromkeys(words(finding.code) for finding in miss.findings))
        lines.append(f"Nearest: {_label(pool, miss.home)}, out by {rules}.")
    for relaxation in one.relaxations[:2]:
        kind = "law" if relaxation.statutory else "policy"
        lines.append(
            f"If only '{says(relaxation.rule)}' ({kind}) were met: {_homes(relaxation.homes)}, "
            f"first {_label(pool, relaxation.best_home)}."
        )
    return lines


def _scarce(scarce: Sequence[Scarce], pool: Pool) -> Table:
    kinds = Counter(words(one.kind) for one in scarce)
    caption = "Kinds among the scarcest: " + ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    table = Table(title="Scarce tonight", title_justify="left", caption=caption, caption_justify="left")
    table.add_column("Home")
    table.add_column("Kind")
    table.add_column("One more place is worth", justify="right")
    for one in scarce[:SCARCE_SHOWN]:
        table.add_row(escape(_label(pool, one.home)), words(one.kind), f"{points(one.price_points)} points")
    return table


def _children(count: int) -> str:
    return "1 child" if count == 1 else f"{count} children"


def _homes(count: int) -> str:
    return "1 home" if count == 1 else f"{count} homes"


def _name(home: Home) -> str:
    return home.name or home.ref


def _label(pool: Pool, ref: HomeRef) -> str:
    home = pool.record(ref)
    return f"{home.name} ({ref})" if home.name else ref
