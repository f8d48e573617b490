"""The JSON form of what is asked of a run."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from app.documents.fields import MOST_CHILDREN, Day, Document, PolicyVersion, Ref, Truth, Unique
from app.documents.strict_json import MOST_MEMBERS_OF

MOST_PAIRS = 1_000
MOST_PRICES = MOST_MEMBERS_OF["home_prices"]
MOST_BUDGET_PENCE = 10_000_000_000
"""A hundred million pounds a week: far above the fees of any night, so a larger one would never bind."""

EXAMPLES: list[Any] = [
    {},
    {"policy": "nottingham-2023", "weekly_budget_pence": 250_000_00, "frontier": True},
]

Budget = Annotated[
    int,
    Field(
        strict=True,
        ge=0,
        le=MOST_BUDGET_PENCE,
        description="Pence a week for all proposals together. One above all their fees never binds: leave it out",
    ),
]
Price = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class PairIn(Document):
    """These children of one referral, to this home."""

    children: Annotated[Unique[Ref], Field(min_length=1, max_length=MOST_CHILDREN)]
    home: Ref


class RunIn(Document):
    """What a run is to keep to. Everything may be left out.

    `pinned` children go to that home and no other. An `excluded` home is ruled out for each of the children named,
    alone and with any brother or sister. `home_prices`: points that a place in a
    home must be worth before the run gives it away. `frontier`: work out what 70 % to 95 % local would cost.
    """

    model_config = ConfigDict(json_schema_extra={"examples": EXAMPLES})

    policy: Annotated[PolicyVersion | None, Field(description="Left out: the one in effect")] = None
    as_of: Annotated[Day | None, Field(description="The day to judge as of: today, or one of the next 14")] = None
    weekly_budget_pence: Budget | None = None
    pinned: Annotated[list[PairIn], Field(max_length=MOST_PAIRS)] = []
    excluded: Annotated[list[PairIn], Field(max_length=MOST_PAIRS)] = []
    home_prices: Annotated[dict[Ref, Price], Field(max_length=MOST_PRICES)] = {}
    frontier: Truth = False
