"""Language, religion and culture, where the child asks for them, and only ever as a plus.

Ethnicity is not read here or anywhere else.
"""

from __future__ import annotations

import numpy as np

from app.matching.codes import Answer, Code, CulturalNeeds, Religion
from app.matching.columns import BoolArray, IntArray
from app.matching.criteria.ranges import between
from app.matching.finding import FULL, Facts, Score, code_set
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion, NoParams


class Asked(Code):
    """What a child can ask for."""

    LANGUAGE = "language"
    RELIGION = "religion"
    CULTURE = "culture"


def judge(pairs: ChildPairs, _params: NoParams) -> Score:
    """The share that the home meets of what the child asks for.

    A child who asks for nothing is not judged by it. Where the home does not say, the share lies between
    what is known to be met and what could be; with a stand-in of 0 a home is never the worse for saying.
    """
    met, could_be, asked = _masks(pairs)
    count = np.maximum(np.bitwise_count(asked), 1).astype(np.int32)
    least = np.bitwise_count(met & asked).astype(np.int32) * FULL // count
    most = np.bitwise_count((met | could_be) & asked).astype(np.int32) * FULL // count

    def facts() -> Facts:
        return {
            "met": code_set(met & asked, Asked),
            "unmet": code_set(asked & ~met & ~could_be, Asked),
            "not_known": code_set(asked & could_be, Asked),
        }

    return between(least, most, applies=asked != 0, facts=facts)


def _masks(pairs: ChildPairs) -> tuple[IntArray, IntArray, IntArray]:
    """Bits over `Asked`: what the home meets, what it could meet for all that is known, what is asked for."""
    child, home = pairs.child, pairs.home
    culture = child.cultural_needs == CulturalNeeds.REQUIRED.position
    asked = (
        _bits(child.asks_for_language, Asked.LANGUAGE)
        | _bits(child.asks_for_religion, Asked.RELIGION)
        | _bits(culture, Asked.CULTURE)
    )
    nothing = np.zeros((1,) * len(pairs.shape), dtype=np.uint8)
    met, could_be = nothing, nothing
    if child.asks_for_language.any():
        said = home.languages_known & (child.language >= 0)
        met = met | _bits(said & _speaks(pairs), Asked.LANGUAGE)
        could_be = could_be | _bits(~said, Asked.LANGUAGE)
    if child.asks_for_religion.any():
        said = home.religions_known & (child.religion != Religion.NOT_KNOWN.position)
        supports = (home.religions >> child.religion & 1).astype(np.bool_)
        met = met | _bits(said & supports, Asked.RELIGION)
        could_be = could_be | _bits(~said, Asked.RELIGION)
    if culture.any():
        met = met | _bits(home.cultural_needs == Answer.YES.position, Asked.CULTURE)
        could_be = could_be | _bits(home.cultural_needs == Answer.NOT_KNOWN.position, Asked.CULTURE)
    return met, could_be, asked


def _bits(where: BoolArray, asked: Asked) -> IntArray:
    return np.multiply(where, np.uint8(asked.bit), dtype=np.uint8)


def _speaks(pairs: ChildPairs) -> BoolArray:
    """Homes where the child's first language is spoken: its bit, in the word of 64 that holds it."""
    first = pairs.children.language

    def spoken(row: int, homes: Homes) -> BoolArray:
        word, bit = divmod(max(int(first[row]), 0), 64)
        found: BoolArray = (homes.languages[word] >> np.uint64(bit) & np.uint64(1)).astype(np.bool_)
        return found

    return pairs.each_row(pairs.children.asks_for_language, spoken)


IDENTITY = Criterion(
    code="identity",
    says="Language, religion and culture, where the child asks for them",
    because="Of what the child asks for the home[ offers: {met:list};][ does not offer: {unmet:list};]"
    "[ may or may not offer, as too little is known: {not_known:list}]",
    source="Children Act 1989 s22(5)(c); Fostering National Minimum Standard 15; Equality Act 2010 s149",
    when_full="Offers everything the child asks for: {met:list}",
    judge=judge,
)
