"""The children must be among those whom the home's approval is for: the children named, or siblings only."""

from __future__ import annotations

from app.matching.codes import Answer, HomeKind
from app.matching.finding import Facts, Finding, code, flag, number
from app.matching.pairs import PartyPairs
from app.matching.unit import Case, Change, Level, NoParams, Rule, Subject


def judge(pairs: PartyPairs, _params: NoParams) -> Finding:
    """An approval that names children is for them alone; one for siblings needs two, or one living there.

    A connected person is approved for particular children: where the record names nobody, for whom is not
    known. Any other approval that names nobody is for any child.
    """
    home, party, lists = pairs.home, pairs.party, pairs.lists
    named = pairs.among(lambda row: lists[row].named_rows)
    siblings = (party.size > 1) | pairs.among(lambda row: lists[row].family_rows)
    nobody_named = (home.kind == HomeKind.CONNECTED_PERSON.position) & ~home.has_named_children
    fails = (home.has_named_children & ~named) | ((home.siblings_only == Answer.YES.position) & ~siblings)
    not_known = nobody_named | ((home.siblings_only == Answer.NOT_KNOWN.position) & ~siblings)

    def facts() -> Facts:
        return {
            "children": number(party.size),
            "names_children": flag(home.has_named_children),
            "all_named": flag(named),
            "siblings_only": code(home.siblings_only, Answer),
        }

    return Finding(fails, not_known & ~fails, facts)


def remedies(case: Case, _params: NoParams) -> tuple[Change, ...]:
    """Vary the approval: name these children too, or open it to a child without siblings."""
    terms, children = case.home.terms, {child.ref for child in case.children}
    connected = case.home.kind is HomeKind.CONNECTED_PERSON
    changes = []
    if (terms.named_children or connected) and not children <= terms.named_children:
        changes.append(Change(Subject.HOME, "terms.named_children", terms.named_children | children))
    if terms.siblings_only is not Answer.NO and len(children) < 2:
        changes.append(Change(Subject.HOME, "terms.siblings_only", Answer.NO))
    return tuple(changes)


APPROVAL_TERMS = Rule(
    code="approval_terms",
    says="The home's approval covers these children",
    because="The approval does not cover {children:children} of this referral"
    "[{names_children:when}; it names the children it is for]"
    "[; it is for brothers and sisters only: {siblings_only:answer}]",
    statutory=True,
    source="Fostering Services (England) Regulations 2011, reg 27 (terms of approval); "
    "Care Planning, Placement and Case Review (England) Regulations 2010, reg 24 (connected persons)",
    level=Level.PARTY,
    judge=judge,
    remedies=remedies,
)
