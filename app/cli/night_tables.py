"""A run's outcome in the terminal: proposals with why, who stays without a home and why, the target, what is scarce."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.cli.frames import NARROW, framed
from app.cli.price_tables import frontier_table, price_line, share
from app.matching.batch import Night
from app.matching.home import Home
from app.matching.night_report import LocalShare, NightReport, Proposal, Siblings, Unplaced
from app.matching.pool import Pool
from app.matching.recheck import Verdict
from app.matching.referral import ChildRef
from app.night_wording import Chosen, label, why_here
from app.rematch.run import Outcome, RunStatus
from app.unplaced_wording import Waiting, why_none
from app.wording import children, counted, day, points, pounds, words

STATUS_WORDS = {
    RunStatus.PROVEN: "[green]proven: nothing better exists[/]",
    RunStatus.FEASIBLE: "[green]checked[/]",
    RunStatus.FALLBACK: "[yellow]checked, made with less work: the solver failed[/]",
    RunStatus.FAILED: "[bold red]no proposals: the solver failed. The last good ones stand[/]",
    RunStatus.INFEASIBLE: "[bold red]no proposals: what is pinned cannot be[/]",
}
LEGEND = "In brackets: how many points the better home has above the one proposed"
SCARCE_SHOWN = 8
SCARCE_MEANS = (
    "Full homes. Wanted by others: so many children or groups go elsewhere and would have more points here, or have no "
    "home. Price: the points at which the proof of the night values a place; the higher, the more contested. Other "
    "prices could prove the same: compare them within this night, not with another. It is no forecast: one more place "
    "would often add less, as there are next best homes."
)
KINDS_MEAN = "Mean: of the prices of a place in all scarce homes of the kind"


def print_night(console: Console, outcome: Outcome, shown: int | None = None) -> None:
    """Everything that a run found, in 80 columns; `shown`: so many proposals, None for all."""
    console.print(_head(outcome))
    for pin in outcome.pins_left_out:
        who = ", ".join(sorted(pin.children))
        console.print(Text(f"Left out: {who} cannot be pinned to {pin.home}; one of them is not there any more."))
    report = outcome.report
    if report is None:
        for line in _without(outcome):
            console.print(line)
        return
    for part in _parts(outcome, report, shown, narrow=console.width < NARROW):
        console.print(part)


def _parts(outcome: Outcome, report: NightReport, shown: int | None, *, narrow: bool) -> list[RenderableType]:
    pool = outcome.night.pool
    parts: list[RenderableType] = [_figures(outcome, report)]
    if report.proposals:
        parts.append(_proposals(report.proposals[:shown], outcome.night, len(report.proposals), narrow=narrow))
    if report.unplaced:
        parts.append(_unplaced(report.unplaced, outcome.night))
    if report.scarce:
        parts.append(_scarce(report, pool))
    if outcome.price is not None:
        parts.append(price_line(outcome.price))
    if outcome.frontier:
        parts.append(frontier_table(outcome.frontier))
    return parts


def _head(outcome: Outcome) -> Panel:
    night = outcome.night
    waiting = sum(len(referral.children) for referral in night.referrals)
    return Panel(
        f"[bold]{children(waiting)}[/] in {counted(len(night.referrals), 'referral')}, "
        f"{counted(len(night.pool), 'home')}. {day(night.as_of)}, policy {night.policy.version}.\n"
        f"{STATUS_WORDS[outcome.status]}"
    )


def _without(outcome: Outcome) -> list[RenderableType]:
    """What a run without proposals has to say."""
    lines: list[RenderableType] = [Text(f"The solver: {fault.message}") for fault in outcome.faults]
    lines += [Text(f"It cannot be: {reason}.") for reason in outcome.contradictions]
    keep = "still keeps" if len(outcome.standing) == 1 else "still keep"
    if outcome.standing or outcome.fallen:
        lines.append(Text(f"Of the last proposals {len(outcome.standing)} {keep} every rule."))
    lines += [Text(_fallen(verdict)) for verdict in outcome.fallen]
    return lines


def _fallen(verdict: Verdict) -> str:
    rules = f" ({', '.join(words(rule) for rule in verdict.rules)})" if verdict.rules else ""
    who = ", ".join(sorted(verdict.proposed.children))
    return f"Fallen: {who} to {verdict.proposed.home}: {words(verdict.fallen)}{rules}."


def _figures(outcome: Outcome, report: NightReport) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]Children placed[/]", f"{report.children_placed} of {report.children}")
    table.add_row("[bold]Local share[/]", _local(outcome, report.local))
    table.add_row("[bold]Brothers and sisters[/]", _siblings(report.siblings))
    table.add_row("[bold]Weekly cost[/]", _cost(report))
    table.add_row("[bold]Gap[/]", _gap(outcome, report))
    for fault in outcome.faults:
        table.add_row("[bold yellow]Solver[/]", escape(fault.message))
    return table


def _cost(report: NightReport) -> str:
    assumed = report.assumed_weekly_cost_pence
    said = f"\n{pounds(assumed)} of it is assumed: not every fee is known" if assumed else ""
    return f"{pounds(report.weekly_cost_pence)}{said}"


def _fee(one: Proposal) -> str:
    """What a week costs; where that is not known, what the night counts instead."""
    if one.assumed_weekly_fee_pence is None:
        return pounds(one.weekly_fee_pence)
    return f"not known,\n{pounds(one.assumed_weekly_fee_pence)} assumed"


def _local(outcome: Outcome, local: LocalShare) -> str:
    before = share(local.local_before, local.total_before)
    lines = [f"{before} before, [bold]{share(local.local_after, local.total_after)}[/] after"]
    if outcome.night.policy.target.counts == "batch":
        new = share(local.local_after - local.local_before, local.total_after - local.total_before)
        lines.append(f"The policy counts the children of the night alone: {new}")
    for name, permille, short in (
        ("floor", local.floor_permille, local.short_of_floor),
        ("ambition", local.ambition_permille, local.short_of_ambition),
    ):
        met = f"[red]{children(short)} short[/]" if short else "[green]met[/]"
        lines.append(f"{name} {permille / 10:g} %: {met}")
    if outcome.most_local_proven is not None:
        certain = "No choice comes nearer." if outcome.most_local_proven else "No nearer choice was found."
        lines.append(f"The floor cannot be reached tonight. {certain}")
    return "\n".join(lines)


def _siblings(siblings: Siblings) -> str:
    return (
        f"{counted(siblings.together, 'group')} together, {siblings.apart} apart,\n"
        f"{siblings.partly_placed} placed in part, {siblings.not_placed} not placed"
    )


def _gap(outcome: Outcome, report: NightReport) -> str:
    if not report.gap:
        return "[green]0 points. Proven: nothing better exists[/]"
    millionths = report.gap * 1_000_000 // max(1, abs(report.bound))
    line = f"{counted(report.gap, 'point')} ({millionths / 10_000:.4f} %): a better choice could gain no more"
    if outcome.claimed_bound == report.objective:
        line += "\nThe solver searched the rest and found nothing; the certificate does not show that"
    return line


def _proposals(proposals: Sequence[Proposal], night: Night, of: int, *, narrow: bool) -> Table:
    title = "Proposals" if len(proposals) == of else f"The first {len(proposals)} of {of} proposals"
    columns = ("Who", "Home", "Points,\na week") if narrow else ("Who", "Home", "Points", "A week")
    figures = columns[2:]
    how = {"show_lines": True, "caption": LEGEND, "caption_justify": "left"}
    table = framed(title, *columns, "Why this home", right=figures, whole=("Who", *figures), **how)
    groups = {referral.ref: len(referral.children) for referral in night.referrals}
    for one in proposals:
        home = night.pool.record(one.home)
        local = "local" if one.local else "[yellow]not local[/]"
        worth = (points(one.points), _fee(one))
        table.add_row(
            f"{one.referral}\n[dim]{_who(one.children, groups.get(one.referral, 0))}[/]",
            f"{_name(home)}[dim]{one.home}, {words(home.kind)}, [/]{local}",
            *(("\n".join(worth),) if narrow else worth),
            escape(why_here(Chosen.of(one))),
        )
    return table


def _who(party: Sequence[ChildRef], of: int) -> str:
    """How many children; by reference where brothers and sisters are parted."""
    return children(of) if len(party) == of else "\n".join(party)


def _unplaced(unplaced: Sequence[Unplaced], night: Night) -> Table:
    headings = ("Who", "Why, and what would help")
    table = framed("Without a proposal", *headings, whole=("Who",), show_lines=True)
    groups = {referral.ref: len(referral.children) for referral in night.referrals}
    for one in unplaced:
        who = f"{one.referral}\n[dim]{_who(one.children, groups.get(one.referral, 0))}[/]"
        told = why_none(Waiting.of(one), partial(label, night.pool))
        table.add_row(who, escape("\n".join(told)))
    return table


def _scarce(report: NightReport, pool: Pool) -> Group:
    headings = ("Home", "Kind", "Wanted\nby others", "Price of\na place")
    table = framed("Scarce tonight", *headings, right=headings[2:])
    for one in report.scarce[:SCARCE_SHOWN]:
        table.add_row(escape(label(pool, one.home)), words(one.kind), f"{one.wanted_by:,}", points(one.price_points))
    return Group(table, Text(SCARCE_MEANS), _scarce_kinds(report))


def _scarce_kinds(report: NightReport) -> Table:
    headings = ("Kind of home", "Scarce\nhomes", "Dearest\nplace", "Mean\nprice")
    table = framed("Scarce tonight by kind", *headings, right=headings[1:])
    table.caption, table.caption_justify = KINDS_MEAN, "left"
    for one in report.scarce_kinds:
        table.add_row(words(one.kind), f"{one.homes:,}", points(one.dearest_points), points(one.mean_points))
    return table


def _name(home: Home) -> str:
    """On a line of its own, if it has one."""
    return f"{escape(home.name)}\n" if home.name else ""
