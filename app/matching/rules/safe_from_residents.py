"""The risks of those who live there must not meet the child's own vulnerabilities."""

from __future__ import annotations

import numpy as np

from app.matching.codes import Vulnerability
from app.matching.finding import Facts, Finding, code_set
from app.matching.home_columns import ALL_VULNERABILITIES
from app.matching.pairs import ChildPairs
from app.matching.rules.harm import Params, every_harm, reach
from app.matching.rules.masks import Bits, overlap
from app.matching.unit import Level, Rule


def judge(pairs: ChildPairs, params: Params) -> Finding:
    """A known risk and a known vulnerability fail; either of them not known is not known.

    The facts name all of the child's own vulnerabilities that the table knows, whichever was met here: to name
    the one would tell a risk of somebody who lives there. Nobody lives in an empty home, so it is safe.
    """
    child, home = pairs.child, pairs.home
    everything = np.uint16(ALL_VULNERABILITIES)
    certain = child.vulnerabilities & everything  # animals are the home's, never a child's
    vulnerable = Bits(certain, np.where(child.vulnerabilities_known, certain, everything))
    risks = Bits(home.resident_risks, home.resident_risks | home.resident_risks_not_known)
    endangers = Bits(reach(params, risks.certain), reach(params, risks.possible))
    fails, not_known = overlap(vulnerable, endangers)

    def facts() -> Facts:
        table = np.uint16(every_harm(params))
        return {
            "vulnerabilities": code_set(vulnerable.certain & table, Vulnerability),
            "to_check": code_set(vulnerable.possible & ~vulnerable.certain & table, Vulnerability),
        }

    return Finding(fails, not_known, facts)


SAFE_FROM_RESIDENTS = Rule(
    code="safe_from_residents",
    says="The child is safe from the risks of those who live there",
    because="The child could come to harm from somebody who lives there; the child is vulnerable to: "
    "{vulnerabilities:list}",
    statutory=False,
    source="Children's Homes (England) Regulations 2015, regs 12 and 14; impact risk assessment; "
    "Placements Data Standard v2, Risks",
    level=Level.CHILD,
    judge=judge,
    params=Params,
)
