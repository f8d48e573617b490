"""The child's own risks must not meet a vulnerability of somebody who lives there, or the home's animals."""

from __future__ import annotations

import numpy as np

from app.matching.codes import Risk
from app.matching.finding import Facts, Finding, code_set
from app.matching.pairs import ChildPairs
from app.matching.rules.harm import Params, reach, risks_that_harm
from app.matching.rules.masks import Bits, overlap
from app.matching.unit import Level, Rule


def judge(pairs: ChildPairs, params: Params) -> Finding:
    """A known risk and a known vulnerability fail; either of them not known is not known.

    The facts name all of the child's own risks that the table knows, whichever was met here: to name the one
    would tell a vulnerability of somebody who lives there.
    """
    child, home = pairs.child, pairs.home
    risks = Bits(child.risks, child.risks | child.risks_not_known)
    endangers = Bits(reach(params, risks.certain), reach(params, risks.possible))
    vulnerable = Bits(home.vulnerabilities, home.vulnerabilities | home.vulnerabilities_not_known)
    fails, not_known = overlap(endangers, vulnerable)

    def facts() -> Facts:
        table = np.uint16(risks_that_harm(params))
        return {
            "risks": code_set(risks.certain & table, Risk),
            "to_check": code_set(risks.possible & ~risks.certain & table, Risk),
        }

    return Finding(fails, not_known, facts)


SAFE_FOR_RESIDENTS = Rule(
    code="safe_for_residents",
    says="Those who live there are safe from the child's risks",
    because="Somebody who lives there could come to harm through the child's risks: {risks:list}",
    statutory=False,
    source="Children's Homes (England) Regulations 2015, regs 12 and 14; impact risk assessment; "
    "Placements Data Standard v2, Risks",
    level=Level.CHILD,
    judge=judge,
    params=Params,
)
