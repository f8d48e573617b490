"""One home that a person asked about by name: shown with every rule, it can be chosen as one of a list can.

A list ends somewhere; the carer whom a child knows may stand behind its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.access.principal import Kind, Principal
from app.deciding.desk import Desk
from app.matching.listed import ranks_behind
from app.matching.policy import Policy
from app.matching.why_not import WhyNot
from app.store import seen
from app.store.load import StoredReferral
from app.store.placement_records import Seen, SeenKind, SeenOption
from app.store.session import Writing


@dataclass(frozen=True, slots=True)
class OneHome:
    """What was found about one home, by which policy, as of which day, and at which version of the home.

    `inventory_seq`: how often the inventory had changed when the homes were read.
    """

    found: WhyNot
    policy: Policy
    as_of: date
    home_version: int
    inventory_seq: int

    @property
    def may_be_chosen(self) -> bool:
        """Whether overriding would open this home, where anything keeps it out at all: no rule of law does."""
        return not any(self.policy.setting_of(code).rule.statutory for code in self.found.explanation.blocked_by)

    @property
    def option(self) -> SeenOption:
        """The home as one of a list, with its rank and the rules that are in the way.

        For some of the children alone it stands behind every home that could take all of them.
        """
        told = self.found.explanation
        return SeenOption(
            home=told.home,
            home_version=self.home_version,
            children=told.children,
            rank=ranks_behind(self.found.parted) + self.found.rank_if_met,
            points=self.found.points_if_met,
            rules=tuple(told.blocked_by),
        )


def show_one(writing: Writing, desk: Desk, who: Principal, referral: StoredReferral, home: OneHome) -> str | None:
    """Store that this person is shown one home with every rule; the id to decide with.

    None for a system, which decides nothing, and for a home that nobody may choose.
    """
    if who.kind is not Kind.PERSON or not home.may_be_chosen:
        return None
    shown = Seen(
        id=seen.new_id(),
        subject=who.subject,
        kind=SeenKind.SHORTLIST,
        referral=referral.record.ref,
        referral_version=referral.version,
        policy_version=home.policy.version,
        policy_sha256=home.policy.sha256,
        as_of=home.as_of,
        options=(home.option,),
        inventory_seq=home.inventory_seq,
    )
    seen.add(writing, desk.authority, shown)
    return shown.id
