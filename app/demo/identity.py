"""Who a waiting child is: ethnicity, religion, languages, what it asks for and wishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from app.demo.cases import Case, Special
from app.demo.draws import Draws
from app.matching.codes import Communication, CulturalNeeds, Ethnicity, Religion, Wish

E, R = Ethnicity, Religion

# 53 % White British (WHITE_BRITISH), a little more as nobody who seeks asylum is; the others are assumed.
ETHNICITIES: Mapping[Ethnicity, int] = {
    E.WBRI: 550, E.WIRI: 6, E.WOTH: 45, E.WIRT: 5, E.WROM: 10, E.MWBC: 105, E.MWBA: 24, E.MWAS: 26, E.MOTH: 42,
    E.AIND: 9, E.APKN: 38, E.ABAN: 6, E.AOTH: 15, E.CHNE: 3, E.BCRB: 38, E.BAFR: 38, E.BOTH: 18, E.OOTH: 24,
    E.REFU: 4, E.NOBT: 14,
}  # fmt: skip
ASYLUM: Mapping[Ethnicity, int] = {E.OOTH: 40, E.AOTH: 25, E.BAFR: 35}

RELIGIONS: Mapping[Religion, int] = {
    R.NONE: 510, R.CHRISTIAN: 300, R.MUSLIM: 20, R.BUDDHIST: 6, R.HINDU: 4, R.JEWISH: 4, R.SIKH: 4, R.OTHER: 12,
    R.NOT_KNOWN: 140,
}  # fmt: skip
RELIGIONS_BY_ETHNICITY: Mapping[Ethnicity, Mapping[Religion, int]] = {
    E.APKN: {R.MUSLIM: 90, R.NONE: 4, R.NOT_KNOWN: 6},
    E.ABAN: {R.MUSLIM: 92, R.NOT_KNOWN: 8},
    E.AIND: {R.SIKH: 40, R.HINDU: 38, R.MUSLIM: 12, R.NOT_KNOWN: 10},
    E.AOTH: {R.MUSLIM: 62, R.CHRISTIAN: 12, R.NONE: 8, R.NOT_KNOWN: 18},
    E.BAFR: {R.CHRISTIAN: 52, R.MUSLIM: 34, R.NONE: 4, R.NOT_KNOWN: 10},
    E.OOTH: {R.MUSLIM: 70, R.CHRISTIAN: 12, R.NONE: 6, R.NOT_KNOWN: 12},
}
LANGUAGES: Mapping[Ethnicity, Mapping[tuple[str, ...], int]] = {
    E.WOTH: {("pl", "en"): 45, ("ro", "en"): 30, ("en",): 25},
    E.WROM: {("ro", "en"): 60, ("en",): 40},
    E.APKN: {("ur", "en"): 35, ("pa", "en"): 15, ("en",): 50},
    E.ABAN: {("bn", "en"): 40, ("en",): 60},
    E.AIND: {("pa", "en"): 35, ("hi", "en"): 15, ("en",): 50},
    E.BAFR: {("so", "en"): 20, ("fr", "en"): 12, ("sn", "en"): 8, ("en",): 60},
    E.OOTH: {("ar", "en"): 40, ("ku", "en"): 25, ("en",): 35},
    E.CHNE: {("zh", "en"): 60, ("en",): 40},
}
ASYLUM_LANGUAGES: Mapping[tuple[str, ...], int] = {
    ("ku",): 26, ("ar",): 22, ("ps",): 12, ("fa",): 12, ("ti",): 10, ("am",): 8, ("vi",): 5, ("sq", "en"): 5,
}  # fmt: skip

CULTURAL_NEEDS: Mapping[CulturalNeeds, int] = {
    CulturalNeeds.NOT_REQUIRED: 76, CulturalNeeds.NOT_KNOWN: 18, CulturalNeeds.REQUIRED: 4, CulturalNeeds.OTHER: 2,
}  # fmt: skip
MINORITY_CULTURAL_NEEDS: Mapping[CulturalNeeds, int] = {
    CulturalNeeds.NOT_REQUIRED: 48, CulturalNeeds.NOT_KNOWN: 20, CulturalNeeds.REQUIRED: 28, CulturalNeeds.OTHER: 4,
}  # fmt: skip

WISHES: Mapping[Wish, int] = {
    Wish.LIVE_WITH_A_FAMILY: 330, Wish.LIVE_IN_A_CHILDRENS_HOME: 60, Wish.MORE_INDEPENDENCE: 90,
    Wish.STAY_AT_MY_SCHOOL: 460, Wish.STAY_IN_MY_AREA: 360, Wish.BE_WITH_OTHER_CHILDREN: 130,
    Wish.BE_THE_ONLY_CHILD: 110, Wish.LIVE_WITH_PETS: 140, Wish.LIVE_WITHOUT_PETS: 40,
}  # fmt: skip
AT_ODDS = (
    (Wish.LIVE_WITH_A_FAMILY, Wish.LIVE_IN_A_CHILDRENS_HOME),
    (Wish.BE_WITH_OTHER_CHILDREN, Wish.BE_THE_ONLY_CHILD),
    (Wish.LIVE_WITH_PETS, Wish.LIVE_WITHOUT_PETS),
)
"""Of two wishes that contradict each other the first is kept."""

SPEAKS_FOR_ITSELF_FROM = 4
WANTS_INDEPENDENCE_FROM = 15


class Identity(TypedDict):
    """Fields of `Child`."""

    ethnicity: Ethnicity
    religion: Religion
    languages: tuple[str, ...]
    cultural_needs: CulturalNeeds
    asks_for_same_language: bool
    asks_for_same_religion: bool
    wishes: frozenset[Wish]


def identity_of(case: Case, draws: Draws, index: int, family: int, age: int) -> Identity:
    """`index` is the child, `family` its referral: brothers and sisters share what families share."""
    asylum = case.special is Special.UASC
    ethnicity = draws.pick("ethnicity", family, ASYLUM if asylum else ETHNICITIES)
    religion = draws.pick("religion", family, RELIGIONS_BY_ETHNICITY.get(ethnicity, RELIGIONS))
    spoken = ASYLUM_LANGUAGES if asylum else LANGUAGES.get(ethnicity, {("en",): 1})
    languages = draws.pick("languages", family, spoken)
    believes = religion not in {Religion.NONE, Religion.NOT_KNOWN}
    needs = CULTURAL_NEEDS if ethnicity is Ethnicity.WBRI else MINORITY_CULTURAL_NEEDS
    return Identity(
        ethnicity=ethnicity,
        religion=religion,
        languages=languages,
        cultural_needs=draws.pick("cultural needs", family, needs),
        asks_for_same_language=languages[0] != "en" and draws.chance("asks for language", index, 500),
        asks_for_same_religion=believes and draws.chance("asks for religion", index, 220),
        wishes=_wishes(draws, index, age),
    )


def communication_of(languages: tuple[str, ...], draws: Draws, index: int) -> frozenset[Communication]:
    """Who has no English yet needs ESOL; the rest follows from disability elsewhere."""
    learns = "en" not in languages or (languages[0] != "en" and draws.chance("learns English", index, 200))
    other = draws.chance("other communication", index, 8)
    found = frozenset({Communication.ESOL}) if learns else frozenset()
    return found | {Communication.OTHER} if other else found


def _wishes(draws: Draws, index: int, age: int) -> frozenset[Wish]:
    if age < SPEAKS_FOR_ITSELF_FROM:
        return frozenset()
    found = draws.some("wishes", index, WISHES)
    if age < WANTS_INDEPENDENCE_FROM:
        found -= {Wish.MORE_INDEPENDENCE}
    for first, second in AT_ODDS:
        if first in found:
            found -= {second}
    return found
