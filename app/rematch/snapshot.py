"""A run's whole input as one file, from which the same run can be made again anywhere. See docs/snapshot.md.

The bytes are canonical: equal inputs give equal bytes, and their SHA-256 is the name of the run's input. Places are
points of the grid, so that neither a database nor a postcode directory is needed to read them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from app.documents.home_documents import write_home
from app.documents.places import Note
from app.documents.referral_documents import write_referral
from app.documents.snapshot_models import FORMAT, FORMAT_VERSION
from app.geo.grid import Location
from app.matching.batch import KEY, Night, Proposed, in_order
from app.matching.home import Home
from app.matching.referral import Child, ChildAsKnown, Referral, Rest
from app.rematch.limits import Limits, Strength
from app.rematch.versions import versions

SEED = KEY.decode()
"""Decides between equals; see `app.matching.batch`."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The input of a run. `made_with`: versions of what it was made with. `notes`: what its reader should know.

    `records_of`: the day up to which the records speak; later than `as_of` where a past day is judged again.
    """

    night: Night
    policy_text: str
    strength: Strength = Strength.FULL
    limits: Limits = field(default_factory=Limits)
    made_with: Mapping[str, str] = field(default_factory=versions)
    notes: tuple[Note, ...] = ()

    @property
    def sha256(self) -> str:
        """Hash of the canonical bytes."""
        return hashlib.sha256(snapshot_bytes(self)).hexdigest()


def snapshot_of(night: Night, policies: Path, limits: Limits | None = None) -> Snapshot:
    """The input of a run whose policy stands in this folder. Raises `LookupError` where it does not (any more)."""
    return Snapshot(night, policy_text(policies, night.policy.sha256), limits=limits or Limits())


def policy_text(policies: Path, sha256: str) -> str:
    """The policy document with this hash. Raises `LookupError`."""
    for path in sorted(policies.glob("*.toml")):
        document = path.read_bytes()
        if hashlib.sha256(document).hexdigest() == sha256:
            return document.decode("utf-8")
    raise LookupError("the policy's document is not in the folder of policies any more; put it back")


def snapshot_bytes(snapshot: Snapshot) -> bytes:
    """The canonical bytes; `app.rematch.reading.load_snapshot` gives the same snapshot back."""
    night = snapshot.night
    return canonical_bytes(
        {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "as_of": night.as_of.isoformat(),
            "records_of": _latest(night).isoformat(),
            "policy": {
                "text": snapshot.policy_text,
                "version": night.policy.version,
                "sha256": night.policy.sha256,
            },
            "referrals": [
                write_referral(_on_the_grid(referral))
                for referral in sorted(night.referrals, key=lambda referral: referral.ref)
            ],
            "homes": [write_home(_home_on_the_grid(home)) for home in night.pool.records],
            "caseload": {"local": night.local_placed, "total": night.total_placed},
            "last_proposals": _pairs(night.last),
            "pinned": _pairs(night.pinned),
            "excluded": _pairs(night.excluded),
            "declined": _pairs(night.declined),
            "home_prices": {home: price for home, price in night.home_price.items() if price},
            "weekly_budget_pence": night.weekly_budget_pence,
            "under_way": sorted(night.under_way),
            "effort": snapshot.strength.value,
            "limits": {"full": asdict(snapshot.limits.full), "light": asdict(snapshot.limits.light)},
            "seed": SEED,
            "made_with": dict(snapshot.made_with),
            **_siblings_at(night.referrals),
            **_live_apart_at(night.referrals),
            **_siblings_live_at(night.referrals),
        }
    )


def _siblings_at(referrals: Sequence[Referral]) -> dict[str, Any]:
    """Where others of a referral have places; nothing where none has, so that most files are as they always were."""
    found = {referral.ref: sorted(referral.siblings_at) for referral in referrals if isinstance(referral, Rest)}
    return {"siblings_at": found} if found else {}


def _live_apart_at(referrals: Sequence[Referral]) -> dict[str, Any]:
    """Where children may not live, as no record of this file says; nothing where all do."""
    found = {child.ref: sorted(child.live_apart_at) for child in _as_known(referrals) if child.live_apart_at}
    return {"live_apart_at": found} if found else {}


def _siblings_live_at(referrals: Sequence[Referral]) -> dict[str, Any]:
    """Where brothers and sisters live who moved since the records of this file were written; nothing of others."""
    found = {
        child.ref: {sibling: sorted(homes) for sibling, homes in child.siblings_live_at.items()}
        for child in _as_known(referrals)
        if child.siblings_live_at
    }
    return {"siblings_live_at": found} if found else {}


def _as_known(referrals: Sequence[Referral]) -> list[ChildAsKnown]:
    children = (child for referral in referrals for child in referral.children)
    return [child for child in children if isinstance(child, ChildAsKnown)]


def canonical_bytes(document: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8, and a line end."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def _pairs(pairs: Sequence[Proposed]) -> list[dict[str, Any]]:
    return [{"children": sorted(pair.children), "home": pair.home} for pair in in_order(pairs)]


def _point(place: Location | None) -> Location | None:
    """The place without its postcode."""
    return None if place is None else replace(place, postcode=None)


def _on_the_grid(referral: Referral) -> Referral:
    return replace(
        referral,
        family_home=_point(referral.family_home),
        contact_places=tuple(replace(one, location=_point(one.location)) for one in referral.contact_places),
        children=tuple(_child_on_the_grid(child) for child in sorted(referral.children, key=lambda child: child.ref)),
    )


def _home_on_the_grid(home: Home) -> Home:
    residents = tuple(sorted(home.residents, key=lambda resident: resident.ref))
    return replace(home, location=_point(home.location), residents=residents)


def _child_on_the_grid(child: Child) -> Child:
    siblings = tuple(replace(sibling, location=_point(sibling.location)) for sibling in child.placed_siblings)
    return replace(child, school=_point(child.school), placed_siblings=siblings)


def _latest(night: Night) -> date:
    """The latest day that any record speaks of as past; at least the day that is judged."""
    return max([night.as_of, *_past_of_referrals(night.referrals), *_past_of_homes(night.pool.records)])


def _past_of_referrals(referrals: Sequence[Referral]) -> list[date]:
    born = [child.date_of_birth for referral in referrals for child in referral.children]
    return [referral.waiting_since for referral in referrals] + [day for day in born if day is not None]


def _past_of_homes(homes: Sequence[Home]) -> list[date]:
    days = [day for home in homes for day in (home.judged_on, home.confirmed_on)]
    days += [resident.date_of_birth for home in homes for resident in home.residents]
    return [day for day in days if day is not None]
