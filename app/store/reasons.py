"""Why: the codes that go with a decision. Fixed, so that they can be counted; words for reading stand beside them.

`PlaceChange` is REASON_PLACE_CHANGE of the SSDA903 return, `CareEnd` its REC, letter for letter (2025-26 collection);
the codes of a refusal or withdrawal are our own in the same manner, as the return has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class ChoiceReason(StrEnum):
    """Why another home than the first was chosen, or a rule of the policy overridden.

    `PROPOSED_BY_RUN`: a run proposed it, for the reasons that its proposal tells; it is for nothing else.
    """

    CHILDS_WISHES = "childs_wishes"
    RELATIONSHIP_OR_CONTACT = "relationship_or_contact"
    SCHOOL = "school"
    LOCAL_INTELLIGENCE = "local_intelligence"
    PROVIDER_REFUSAL = "provider_refusal"
    DATA_WRONG = "data_wrong"
    CAPACITY_WRONG = "capacity_wrong"
    EMERGENCY = "emergency"
    PROPOSED_BY_RUN = "proposed_by_run"
    OTHER = "other"


class DeclineReason(StrEnum):
    """Why a home was declined, by the provider or by an officer."""

    NEEDS = "NEEDS"
    MATCH = "MATCH"
    NOCAP = "NOCAP"
    STAFF = "STAFF"
    REGIS = "REGIS"
    TERMS = "TERMS"
    NORES = "NORES"
    CHILD = "CHILD"
    FAMIL = "FAMIL"
    SCHOL = "SCHOL"
    LOCAL = "LOCAL"
    DATAW = "DATAW"
    BETTR = "BETTR"
    OTHER = "OTHER"


class WithdrawReason(StrEnum):
    """Why the authority gave a placement up before the children moved in."""

    NONEED = "NONEED"
    PLANS = "PLANS"
    BETTR = "BETTR"
    CHILD = "CHILD"
    PROVW = "PROVW"
    RELES = "RELES"
    MISTK = "MISTK"
    OTHER = "OTHER"


class PlaceChange(StrEnum):
    """Why a placement ended of a child who stays in care: REASON_PLACE_CHANGE."""

    CARPL = "CARPL"
    CLOSE = "CLOSE"
    ALLEG = "ALLEG"
    STAND = "STAND"
    APPRR = "APPRR"
    CREQB = "CREQB"
    CREQO = "CREQO"
    CHILD = "CHILD"
    LAREQ = "LAREQ"
    PLACE = "PLACE"
    CUSTOD = "CUSTOD"
    OTHER = "OTHER"


class CareEnd(StrEnum):
    """Why a placement ended with which the child's time in care did: REC, without X1, which is no end of care."""

    E11 = "E11"
    E12 = "E12"
    E2 = "E2"
    E3 = "E3"
    E4A = "E4A"
    E4B = "E4B"
    E13 = "E13"
    E41 = "E41"
    E45 = "E45"
    E46 = "E46"
    E47 = "E47"
    E48 = "E48"
    E5 = "E5"
    E6 = "E6"
    E7 = "E7"
    E8 = "E8"
    E9 = "E9"
    E14 = "E14"
    E15 = "E15"
    E16 = "E16"
    E17 = "E17"


class EndReason(StrEnum):
    """Why a placement ended: a code of `PlaceChange` or one of `CareEnd`. No code stands in both."""

    CARPL = "CARPL"
    CLOSE = "CLOSE"
    ALLEG = "ALLEG"
    STAND = "STAND"
    APPRR = "APPRR"
    CREQB = "CREQB"
    CREQO = "CREQO"
    CHILD = "CHILD"
    LAREQ = "LAREQ"
    PLACE = "PLACE"
    CUSTOD = "CUSTOD"
    OTHER = "OTHER"
    E11 = "E11"
    E12 = "E12"
    E2 = "E2"
    E3 = "E3"
    E4A = "E4A"
    E4B = "E4B"
    E13 = "E13"
    E41 = "E41"
    E45 = "E45"
    E46 = "E46"
    E47 = "E47"
    E48 = "E48"
    E5 = "E5"
    E6 = "E6"
    E7 = "E7"
    E8 = "E8"
    E9 = "E9"
    E14 = "E14"
    E15 = "E15"
    E16 = "E16"
    E17 = "E17"


class MoveReason(StrEnum):
    """Why children moved in before the day on which somebody accepted it."""

    OUT_OF_HOURS = "out_of_hours"


CHOICE_WORDS: Mapping[ChoiceReason, str] = {
    ChoiceReason.CHILDS_WISHES: "The child wishes it, or does not want the first home",
    ChoiceReason.RELATIONSHIP_OR_CONTACT: "A relationship, or contact with family or friends, speaks for it",
    ChoiceReason.SCHOOL: "Education speaks for it",
    ChoiceReason.LOCAL_INTELLIGENCE: "Something is known locally that the records do not say",
    ChoiceReason.PROVIDER_REFUSAL: "The providers of the homes before it refuse",
    ChoiceReason.DATA_WRONG: "The record of a child or a home is wrong",
    ChoiceReason.CAPACITY_WRONG: "What is recorded of free places is wrong",
    ChoiceReason.EMERGENCY: "It has to be now",
    ChoiceReason.PROPOSED_BY_RUN: "A run proposed it, for the reasons that its proposal tells; for nothing else",
    ChoiceReason.OTHER: "Another reason, given in words",
}

MOVE_WORDS: Mapping[MoveReason, str] = {
    MoveReason.OUT_OF_HOURS: "The children moved in before the day on which somebody accepted it",
}

DECLINE_WORDS: Mapping[DeclineReason, str] = {
    DeclineReason.NEEDS: "The home cannot meet the children's needs",
    DeclineReason.MATCH: "The children would not be well matched with those who live there",
    DeclineReason.NOCAP: "There is no place after all",
    DeclineReason.STAFF: "There are not enough staff or carers",
    DeclineReason.REGIS: "The registration or approval does not allow it",
    DeclineReason.TERMS: "Fee or terms were not agreed",
    DeclineReason.NORES: "The provider did not answer in time",
    DeclineReason.CHILD: "The child does not want to live there",
    DeclineReason.FAMIL: "Contact with family or friends would suffer",
    DeclineReason.SCHOL: "Education would suffer",
    DeclineReason.LOCAL: "Something is known locally that speaks against it",
    DeclineReason.DATAW: "The record that it rests on is wrong",
    DeclineReason.BETTR: "Another home suits better",
    DeclineReason.OTHER: "Another reason, given in words",
}

WITHDRAW_WORDS: Mapping[WithdrawReason, str] = {
    WithdrawReason.NONEED: "A home is no longer needed",
    WithdrawReason.PLANS: "The care plan changed",
    WithdrawReason.BETTR: "Another home suits better",
    WithdrawReason.CHILD: "The child does not want to live there",
    WithdrawReason.PROVW: "The provider withdrew",
    WithdrawReason.RELES: "The hold was released",
    WithdrawReason.MISTK: "It was entered by mistake",
    WithdrawReason.OTHER: "Another reason, given in words",
}

END_WORDS: Mapping[EndReason, str] = {
    EndReason.CARPL: "Change to or implementation of the care plan",
    EndReason.CLOSE: "The carer resigned or the home closed",
    EndReason.ALLEG: "Allegation (section 47)",
    EndReason.STAND: "Concern about standards of care",
    EndReason.APPRR: "Approval was removed",
    EndReason.CREQB: "The carer asked, because of the child's behaviour",
    EndReason.CREQO: "The carer asked, for another reason",
    EndReason.CHILD: "The child asked",
    EndReason.LAREQ: "The responsible or area authority asked",
    EndReason.PLACE: "Only the status of the placement changed",
    EndReason.CUSTOD: "Custody",
    EndReason.OTHER: "Another reason",
    EndReason.E11: "Left care: adopted, unopposed",
    EndReason.E12: "Left care: adopted, consent dispensed with",
    EndReason.E2: "Left care: died",
    EndReason.E3: "Left the care of this authority: another one in the United Kingdom took it over",
    EndReason.E4A: "Left care: planned return home",
    EndReason.E4B: "Left care: unplanned return home",
    EndReason.E13: "Left care: lives with parents or relatives without parental responsibility",
    EndReason.E41: "Left care: child arrangements order",
    EndReason.E45: "Left care: special guardianship of former foster carers who are relatives or friends",
    EndReason.E46: "Left care: special guardianship of former foster carers who are not",
    EndReason.E47: "Left care: special guardianship of other relatives or friends",
    EndReason.E48: "Left care: special guardianship of others",
    EndReason.E5: "Left care: independent living with formal support",
    EndReason.E6: "Left care: independent living without formal support",
    EndReason.E7: "Left care: residential care for adults",
    EndReason.E8: "Left care: another reason",
    EndReason.E9: "Left care: custody",
    EndReason.E14: "Left care: the remand ended",
    EndReason.E15: "Left care: was found to be 18 or older",
    EndReason.E16: "Left care: moved abroad",
    EndReason.E17: "Left care: 18 or older, stayed with the carers",
}

LEAST_WORDS_OF_OTHER = 20
"""Letters that the code `other` needs beside it: alone it says nothing."""

LEAST_LETTERS = 3
"""Letters of any reason that is given in words."""


def letters_of(words: str | None) -> int:
    """How many letters and digits there are: white space and dots say nothing."""
    return sum(map(str.isalnum, words or ""))


def letters_needed(code: StrEnum) -> int:
    """How many letters a code needs beside it, where words are given or needed."""
    is_other = code.value.lower() == "other" and not isinstance(code, EndReason)
    return LEAST_WORDS_OF_OTHER if is_other else LEAST_LETTERS


def words_will_do(code: StrEnum | None, words: str | None) -> bool:
    """Whether a reason's words are enough. A choice takes words, unless a run's proposal has them.

    Words that are given say something, whatever the code; beside `other` they say more.
    """
    if code is None:
        return not (words or "").strip()
    needed = letters_needed(code)
    takes_none = not isinstance(code, ChoiceReason) or code is ChoiceReason.PROPOSED_BY_RUN
    if not words and takes_none and needed == LEAST_LETTERS:
        return True
    return letters_of(words) >= needed
