"""Which homes there are, how many places each has, and which of those are lived in, held or free.

Decided before anything else is known of a home, place by place: the places of a kind are filled in an order
of their own until as many children live there as the size asks for. With more residents, more places are
filled, and none that was filled before is emptied.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from app.demo.draws import Draws, shared_out
from app.demo.segments import DEFAULT_HOMES, SEGMENTS, AgeBand, Segment, order_of_homes


@dataclass(frozen=True, slots=True)
class Frame:
    """A home before it has a face: `number` is its place among all homes, `index` among those of its segment.

    `ours` and `others` are the numbers of the places (0, 1, ...) where children of the council and of others
    live; `held` counts places that cannot be used.
    """

    number: int
    segment: Segment
    index: int
    ages: AgeBand
    places: int
    held: int
    ours: tuple[int, ...]
    others: tuple[int, ...]

    @property
    def residents(self) -> tuple[int, ...]:
        """The places where anybody lives."""
        return tuple(sorted(self.ours + self.others))

    @property
    def free(self) -> int:
        """Places that a child could have."""
        return self.places - self.held - len(self.ours) - len(self.others)


@dataclass(frozen=True, slots=True)
class _Stock:
    """One segment's homes; `slots` are its usable places as (home, place) in the order of filling."""

    segment: Segment
    ages: tuple[AgeBand, ...]
    places: tuple[int, ...]
    slots: tuple[tuple[int, int], ...]
    draws: Draws


def place_id(segment: Segment, index: int, place: int) -> int:
    """The number of a place among all that homes of its segment could have."""
    return index * segment.most_places + place


def frames(homes: int, residents: int, seed: int) -> list[Frame]:
    """So many homes with so many children in them. Raises `ValueError` where they have not so many places."""
    order = order_of_homes()
    numbered = [
        (segment, index + lap * segment.homes) for lap in range(-(-homes // DEFAULT_HOMES)) for segment, index in order
    ][:homes]
    counts = Counter(segment.key for segment, _ in numbered)
    stocks = {segment.key: _stock(segment, counts[segment.key], seed) for segment in SEGMENTS}
    filled = dict(zip(stocks, _quotas(residents, list(stocks.values())), strict=True))
    inside = {key: _sorted_in(stock, filled[key]) for key, stock in stocks.items()}
    usable = {key: Counter(index for index, _ in stock.slots) for key, stock in stocks.items()}
    return [
        Frame(
            number,
            segment,
            index,
            stocks[segment.key].ages[index],
            stocks[segment.key].places[index],
            stocks[segment.key].places[index] - usable[segment.key][index],
            *inside[segment.key].get(index, ((), ())),
        )
        for number, (segment, index) in enumerate(numbered)
    ]


def _stock(segment: Segment, count: int, seed: int) -> _Stock:
    homes = Draws(seed, f"frames/{segment.key}", count)
    draws = Draws(seed, f"places/{segment.key}", count * segment.most_places)
    cycle = segment.places_cycle
    places = [
        cycle[index % len(cycle)] if cycle else homes.pick("places", index, segment.places) for index in range(count)
    ]
    ages = [homes.pick("ages", index, segment.ages) for index in range(count)]
    slots = [
        (index, place)
        for index in range(count)
        for place in range(places[index])
        if not draws.chance("held", place_id(segment, index, place), segment.held)
    ]
    # The places of scarce homes are taken first.
    slots.sort(
        key=lambda slot: (
            draws.draw("filled", place_id(segment, *slot)) * (1000 - ages[slot[0]].scarce),
            slot,
        )
    )
    return _Stock(segment, tuple(ages), tuple(places), tuple(slots), draws)


def _quotas(residents: int, stocks: list[_Stock]) -> list[int]:
    """How many children live in each segment: in proportion, and what does not fit elsewhere."""
    room = [len(stock.slots) for stock in stocks]
    if residents > sum(room):
        raise ValueError(f"So many homes have room for {sum(room)} residents: ask for fewer, or for more homes.")
    wanted = shared_out(residents, [stock.segment.ours + stock.segment.others for stock in stocks])
    given = [min(pair) for pair in zip(wanted, room, strict=True)]
    while missing := residents - sum(given):
        spare = [has - used for has, used in zip(room, given, strict=True)]
        more = shared_out(min(missing, sum(spare)), spare)
        given = [used + extra for used, extra in zip(given, more, strict=True)]
    return given


def _sorted_in(stock: _Stock, filled: int) -> dict[int, tuple[tuple[int, ...], tuple[int, ...]]]:
    """For each home the places where children of the council live, and those where children of others do."""
    segment = stock.segment
    per_mille = 1000 * segment.others // (segment.ours + segment.others)
    found: dict[int, tuple[list[int], list[int]]] = {}
    for index, place in stock.slots[:filled]:
        of_others = stock.draws.chance("of others", place_id(segment, index, place), per_mille)
        found.setdefault(index, ([], []))[of_others].append(place)
    return {index: (tuple(sorted(ours)), tuple(sorted(others))) for index, (ours, others) in found.items()}
