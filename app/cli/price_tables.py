"""What the local target costs, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from app.cli.frames import framed
from app.rematch.target import FrontierPoint, TargetPrice
from app.wording import children, counted, points, pounds, words


def share(local: int, total: int) -> str:
    """A share to one decimal, with what it is made of."""
    return f"{1000 * local // total / 10:.1f} % ({local} of {total})" if total else "none placed"


def price_line(price: TargetPrice) -> Text:
    """What one more local child would cost, in a sentence."""
    if price.fault is not None:
        return Text(f"What one more local child would cost was not worked out ({words(price.fault)}).")
    if price.then_local is None or price.points is None or price.weekly_cost_pence is None:
        certain = "exists" if price.most_proven else "was found"
        some = counted(price.local, "local child", "local children")
        return Text(f"One more local child is out of reach tonight: no choice with more than {some} {certain}.")
    gap = f" (perhaps up to {points(price.gap)} fewer)" if price.gap else ""
    return Text(
        f"One more local child ({share(price.then_local, price.then_total or 0)}) would cost "
        f"{_signed(price.points)} points{gap} and {_money(price.weekly_cost_pence)} a week, "
        f"{_placed(price.children or 0)}."
    )


def frontier_table(frontier: Sequence[FrontierPoint]) -> Table:
    """What each share would cost."""
    headings = ("Asked", "Reached", "Points", "A week", "Placed", "Gap")
    table = framed(
        "What other shares of local children would cost", *headings, right=headings, whole=("Points", "A week")
    )
    for point in frontier:
        table.add_row(*_row(point))
    return table


def _row(point: FrontierPoint) -> tuple[str, ...]:
    asked = f"{point.asked_permille / 10:g} %"
    if point.fault is not None or point.points is None:
        return (asked, words(point.fault or "no choice"), "", "", "", "")
    reached = share(point.local or 0, point.total or 0)
    return (
        asked,
        reached if point.reached else f"[yellow]{reached}[/]\nout of reach: {_certain(point)}",
        points(point.points),
        pounds(point.weekly_cost_pence),
        str(point.children_placed),
        points(point.gap or 0),
    )


def _certain(point: FrontierPoint) -> str:
    """Of a share that the choice does not reach: whether another choice could come nearer."""
    return "proven, nothing comes nearer" if point.most_proven else "not proven, nothing nearer was found"


def _signed(value: int) -> str:
    return points(value) if value >= 0 else f"minus {points(-value)}"


def _money(pence: int) -> str:
    return f"{pounds(pence)} more" if pence >= 0 else f"{pounds(-pence)} less"


def _placed(more: int) -> str:
    if not more:
        return "with as many children placed"
    return f"with {children(abs(more))} {'more' if more > 0 else 'fewer'} placed"
