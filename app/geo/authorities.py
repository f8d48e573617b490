"""The local authorities of the United Kingdom, which one answers for children, and which adjoin.

Codes are the GSS codes of the Office for National Statistics. An authority here is always an upper-tier one:
a county, unitary, metropolitan district, London borough, or a council of Wales, Scotland or Northern
Ireland. The table is `authorities.csv`, the list of adjoining authorities `adjoining.json`; both name their
source and are small enough to read by eye.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

TABLE = Path(__file__).with_name("authorities.csv")
ADJOINING = Path(__file__).with_name("adjoining.json")

NATIONS = MappingProxyType({"E": "England", "N": "Northern Ireland", "S": "Scotland", "W": "Wales"})
"""Nation by the first letter of a GSS code."""


class AuthorityUnknown(LookupError):
    """The code is not one of an authority in the table, or (for adjoining) not of an English one."""


@dataclass(frozen=True, slots=True)
class Authority:
    """One upper-tier authority: GSS code, the name the ONS gives it, and its nation."""

    code: str
    name: str
    nation: str


@dataclass(frozen=True, slots=True)
class _Tables:
    authorities: Mapping[str, Authority]
    upper_tier: Mapping[str, str]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    """Both directions of `authorities.csv`, read once."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    upper = {row["code"]: row["upper_tier"] for row in rows}
    found = {
        row["code"]: Authority(row["code"], row["name"], NATIONS[row["code"][0]])
        for row in rows
        if row["code"] == row["upper_tier"]
    }
    return _Tables(MappingProxyType(found), MappingProxyType(upper))


@lru_cache(maxsize=1)
def _adjoining() -> Mapping[str, frozenset[str]]:
    document = json.loads(ADJOINING.read_text(encoding="utf-8"))
    return MappingProxyType({code: frozenset(near) for code, near in document["adjoining"].items()})


def authority(code: str) -> Authority:
    """The upper-tier authority of this code. Raises `AuthorityUnknown`, also for the code of a district."""
    found = _tables().authorities.get(code)
    if found is None:
        raise AuthorityUnknown("No upper-tier authority has this GSS code: Nottingham, say, is E06000018.")
    return found


def authorities(nation: str | None = None) -> tuple[Authority, ...]:
    """Every upper-tier authority in order of code; of one nation ("England") where it is named."""
    every = sorted(_tables().authorities.values(), key=lambda each: each.code)
    return tuple(each for each in every if nation is None or each.nation == nation)


def upper_tier(code: str) -> str:
    """The code of the upper-tier authority for a code of either tier: the county for a district.

    Gedling (E07000173) gives Nottinghamshire (E10000024); an upper-tier code gives itself.
    Raises `AuthorityUnknown`.
    """
    found = _tables().upper_tier.get(code)
    if found is None:
        raise AuthorityUnknown("No local authority has this GSS code.")
    return found


def adjoining(code: str, overrides: Mapping[str, Collection[str]] | None = None) -> frozenset[str]:
    """The codes of the English and Welsh authorities whose areas touch this English authority's.

    Where a placement lies neither in the responsible authority's area nor in one of these, it is "at a
    distance" and the director of children's services must approve it (Care Planning, Placement and Case
    Review (England) Regulations 2010, regulation 11). "Local authority" there covers England and Wales
    (Children Act 1989, section 105(1)), so authorities of Scotland are never among them.

    `overrides` gives the council's own list for the codes it names, whole: it replaces, and does not add
    to, the list here. `adjoining.json` says how that list was made. Raises `AuthorityUnknown`.
    """
    if overrides is not None and code in overrides:
        return frozenset(authority(near).code for near in overrides[code])
    if authority(code).nation != NATIONS["E"]:
        raise AuthorityUnknown("Adjoining authorities are listed for authorities of England only.")
    return _adjoining()[code]
