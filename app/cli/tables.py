"""A shortlist and a why-not as tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.cli.frames import NARROW, framed
from app.matching.approval import Approval, ApprovalNeeded, ApprovalReason
from app.matching.codes import KeepTogether
from app.matching.explain import Outcome, PairExplanation, Part
from app.matching.finding import FULL
from app.matching.home import Home
from app.matching.listed import NearMiss, Option, Shortlist
from app.matching.pool import Pool
from app.matching.referral import HomeRef, Referral
from app.matching.splits import Split
from app.matching.why_not import Counterfactual, WhyNot
from app.wording import (
    CONSIDERATION_WORDS,
    MET_WORDS,
    METRES_A_MILE,
    change_sentence,
    counted,
    day,
    joined,
    miles,
    part_sentence,
    points,
    pounds,
    rule_sentence,
    says,
    words,
)

APPROVAL_WORDS: Mapping[Approval, str] = {
    Approval.NONE: "none",
    Approval.NOMINATED_OFFICER: "nominated officer",
    Approval.DIRECTOR: "director",
}
TOGETHER_WORDS: Mapping[KeepTogether, str] = {
    KeepTogether.REQUIRED: "must stay together",
    KeepTogether.PREFERRED: "should stay together",
    KeepTogether.NOT_REQUIRED: "need not stay together",
}
REASON_WORDS: Mapping[ApprovalReason, str] = {
    ApprovalReason.OUTSIDE_AREA: "outside the area",
    ApprovalReason.AT_A_DISTANCE: "at a distance",
    ApprovalReason.AREA_NOT_KNOWN: "area not known",
    ApprovalReason.KEY_STAGE_4: "moves school in Key Stage 4",
}


def print_shortlist(console: Console, referral: Referral, found: Shortlist, pool: Pool, shown: int = 5) -> None:
    """Who needs a home, the best homes with reasons, and why the nearest others are out."""
    console.print(_about(referral, found))
    if found.options:
        console.print(_ranking(found, pool, shown, narrow=console.width < NARROW))
        console.print(_reasons(found.options[0], pool))
    else:
        console.print(Text("No home meets every rule.", style="bold red"))
        for relaxation in found.relaxations[:3]:
            kind = "law" if relaxation.statutory else "policy"
            first = ": " if relaxation.homes == 1 else ", best first: "
            console.print(
                f"  If only '{says(relaxation.rule)}' ({kind}) were met: {counted(relaxation.homes, 'home')}"
                f"{first}{', '.join(_name(pool, home) for home in relaxation.best_homes[:3])}"
            )
    _print_splits(console, found, pool)
    console.print(_left_out(found, pool))


def print_why_not(console: Console, referral: Referral, found: WhyNot, pool: Pool) -> None:
    """Every rule and criterion for one home, and what would have to be different."""
    explanation = found.explanation
    state = "allowed" if found.allowed else f"out by {counted(len(explanation.blocked_by), 'rule')}"
    console.print(
        Panel(
            f"{_name(pool, explanation.home)}: {state}. With every rule met it would be number "
            f"{found.rank_if_met} of {found.homes_allowed + (not found.allowed)}, "
            f"with {points(found.points_if_met)} points."
        )
    )
    console.print(_rules(explanation))
    console.print(_parts(explanation))
    several = [found.together] if found.together and len(found.counterfactuals) > 1 else []
    for counterfactual in (*found.counterfactuals, *several):
        console.print(_counterfactual(counterfactual, referral, pool.record(explanation.home)))


def _about(referral: Referral, found: Shortlist) -> RenderableType:
    listed = [child for child in referral.children if child.ref in found.children]
    ages, many = joined([_age(child.date_of_birth, found) for child in listed]), len(listed)
    who = f"{many} brothers and sisters aged {ages}" if many > 1 else f"one child aged {ages}"
    together = f", who {TOGETHER_WORDS[referral.keep_together]}" if many > 1 else ""
    when = "today" if found.moves_in == found.as_of else f"by {day(found.moves_in)}"
    return Panel(
        f"[bold]Referral {referral.ref}[/]: {who}{together}. Home needed {when}.\n"
        f"{found.allowed} of {counted(found.homes, 'home')} {'meets' if found.allowed == 1 else 'meet'} every rule. "
        f"Policy {found.policy_version}."
    )


def _age(born: object, found: Shortlist) -> str:
    if born is None:
        return "not known"
    on = found.moves_in
    return str(on.year - born.year - ((on.month, on.day) < (born.month, born.day)))  # type: ignore[attr-defined]


def _ranking(found: Shortlist, pool: Pool, shown: int, *, narrow: bool) -> Table:
    """Few columns of some lines, so that it reads well in a terminal of 80; fewer still in a narrow one."""
    title, figures = f"Best homes (of {points(found.most_points)} points)", ("Points", "Miles from", "A week")
    columns = (
        ("", "Home", "Points", "Miles, a week, local, approval")
        if narrow
        else ("", "Home", *figures, "Local, approval, to check")
    )
    table = framed(title, *columns, right=("", "Points", "A week"), whole=figures, show_lines=True)
    for option in found.options[:shown]:
        explanation, where = option.explanation, option.where
        low, high = explanation.points_low, explanation.points_high
        check = ", ".join(words(code) for code in explanation.to_check)
        home = pool.record(explanation.home)
        rest = (
            f"{_short(where.family_m)} family\n{_short(where.centre_m)} centre",
            pounds(option.weekly_fee_pence),
            f"{'local' if where.local else 'not local'}; approval: {_approval(option.approval)}"
            + (f"\n[yellow]check {check}[/]" if check else ""),
        )
        table.add_row(
            f"{option.rank}",
            f"{escape(home.name or home.ref)}\n[dim]{home.ref}, {words(home.kind)}, {words(home.route)}[/]",
            points(explanation.points) + (f"\n[dim]{points(low)}\nto {points(high)}[/]" if low != high else ""),
            *((_in_one(*rest),) if narrow else rest),
        )
    return table


def _in_one(miles_from: str, a_week: str, rest: str) -> str:
    family, centre = (line.strip() for line in miles_from.split("\n"))
    return f"miles from: {family}, {centre}\na week: {a_week}\n{rest}"


def _approval(needed: ApprovalNeeded) -> str:
    because = ", ".join(REASON_WORDS[reason] for reason in needed.because)
    return APPROVAL_WORDS[needed.level] + (f" ({because})" if because else "")


def _short(metres: int | None) -> str:
    return "  ?" if metres is None else f"{metres / METRES_A_MILE:4.1f}"


def _reasons(option: Option, pool: Pool) -> Group:
    explanation = option.explanation
    headings, figures = ("Criterion", "Points", "Most", "What was found"), ("Points", "Most")
    first = framed(f"Why {_name(pool, explanation.home)} is first", *headings, right=figures)
    for code, parts in _by_criterion(explanation).items():
        first.add_row(
            words(code),
            " + ".join(points(part.points) for part in parts),
            points(sum(part.weight * FULL for part in parts)),
            "; ".join(_each(parts, several=len(explanation.children) > 1)),
        )
    first.add_section()
    first.add_row("together", points(explanation.points), "", "the parts add up exactly")
    duties = "; ".join(
        f"{CONSIDERATION_WORDS[which]}: {MET_WORDS[met]}" for which, met in option.considerations.items()
    )
    lines: list[RenderableType] = [first, Text(f"Section 22C: {duties}")]
    if option.gaps:
        needed = sorted({f"{gap.support}{' (offered)' if gap.offered else ''}" for gap in option.gaps})
        lines.append(Text("Support that would close the gaps: " + ", ".join(needed)))
    return Group(*lines)


def _by_criterion(explanation: PairExplanation) -> dict[str, list[Part]]:
    """The parts that apply, under their criterion, one for each child."""
    found: dict[str, list[Part]] = {}
    for part in explanation.parts:
        if part.applies:
            found.setdefault(part.code, []).append(part)
    return found


def _each(parts: list[Part], *, several: bool) -> list[str]:
    """One sentence where all children have the same; otherwise each child's own."""
    sentences = [part_sentence(part) for part in parts]
    if not several or len(set(sentences)) == 1:
        return sentences[:1]
    return [f"{part.child}: {sentence}" for part, sentence in zip(parts, sentences, strict=True)]


def _left_out(found: Shortlist, pool: Pool) -> Group:
    counts = sorted(found.out_by_rule.items(), key=lambda item: -item[1])
    out = ", ".join(f"{words(code)} {count}" for code, count in counts)
    lines: list[RenderableType] = [Text(f"Left out, by rule (a home can fail several): {out or 'none'}")]
    if found.not_known_by_rule:
        unknown = ", ".join(f"{words(code)} {count}" for code, count in found.not_known_by_rule.items())
        lines.append(Text(f"Left out until something is known: {unknown}"))
    if found.near_misses:
        table = framed("Nearest misses", "Home", "Would be", "Why it is out")
        for miss in found.near_misses:
            table.add_row(_name(pool, miss.home), f"number {miss.rank_if_met}", _why(miss))
        lines.append(table)
    return Group(*lines)


def _why(miss: NearMiss) -> str:
    reasons = [rule_sentence(finding) + (" (law)" if finding.statutory else "") for finding in miss.findings]
    return "; ".join(dict.fromkeys(reasons))


def _print_splits(console: Console, found: Shortlist, pool: Pool) -> None:
    if found.splits_if_parted:
        console.print("They must stay together. Should a person decide otherwise, the best ways to part them:")
    elif found.splits:
        together = f" (together they have {points(found.options[0].explanation.points)})" if found.options else ""
        console.print(f"The best ways to part them{together}:")
    for split in (*found.splits, *found.splits_if_parted):
        console.print(_split(split, pool))


def _split(split: Split, pool: Pool) -> RenderableType:
    lines = [
        f"  {', '.join(part.children)} to {_label(pool.record(part.home))}, {points(part.points)} points"
        for part in split.parts
    ]
    who = {part.home: ", ".join(part.children) for part in split.parts}
    lines += [f"    {who[one.home]} and {who[one.other_home]}: {miles(one.distance_m)} apart" for one in split.apart]
    parted = f"{counted(split.pairs_apart, 'pair')} of brothers and sisters parted"
    cost = split.points - split.value
    less = f", less {points(cost)} for {parted}: {points(split.value)}" if cost else f", {parted}"
    return Text("\n".join((f"- {points(split.points)} points{less}", *lines)))


def _rules(explanation: PairExplanation) -> Table:
    several = len(explanation.children) > 1
    table = framed("Rules", "Rule", *(("Child",) if several else ()), "Answer", "By", "What was found")
    styles = {Outcome.NOT_MET: "red", Outcome.NOT_KNOWN: "yellow", Outcome.MET: "green", Outcome.OFF: "dim"}
    for finding in explanation.rules:
        table.add_row(
            words(finding.code),
            *((finding.child or "",) if several else ()),
            Text(words(finding.outcome), style=styles[finding.outcome]),
            "law" if finding.statutory else "policy",
            rule_sentence(finding),
        )
    return table


def _parts(explanation: PairExplanation) -> Table:
    several = len(explanation.children) > 1
    headings = ("Criterion", *(("Child",) if several else ()), "Points", "Could be", "What was found")
    table = framed("Criteria", *headings, right=("Points",))
    for part in explanation.parts:
        could = f"{points(part.points_low)} to {points(part.points_high)}" if not part.known else ""
        who = (part.child,) if several else ()
        table.add_row(words(part.code), *who, points(part.points), could, part_sentence(part))
    return table


def _counterfactual(found: Counterfactual, referral: Referral, home: Home) -> RenderableType:
    changes = ", and ".join(change_sentence(needed, referral, home) for needed in found.changes)
    then = f"this home would be number {found.rank}" if found.allowed else "that rule would be met, others would not"
    return Text(f"If {changes}: {then}.")


def _name(pool: Pool, ref: HomeRef) -> str:
    """As Rich is to print it: brackets in a name are no markup."""
    return escape(_label(pool.record(ref)))


def _label(home: Home) -> str:
    return f"{home.name} ({home.ref})" if home.name else home.ref
