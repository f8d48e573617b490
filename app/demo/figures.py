"""The published figures that the synthetic authority is calibrated on, each with where it stands.

`STRATEGY_2023` is Nottingham's Placements Commissioning and Sufficiency Strategy 2023-28 (November 2023),
`STRATEGY_2016` its predecessor for 2016-18. Shares are per mille, so that they are whole numbers; money is
pounds a week. What is not published is an assumption of the generator, and stands there as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What a figure counts."""

    PER_MILLE = "per mille"
    POUNDS = "pounds a week"
    COUNT = "count"
    TENTHS = "tenths"
    MILLION_POUNDS = "million pounds a year"


@dataclass(frozen=True, slots=True)
class Published:
    """One figure: what it says, its value, and its source."""

    says: str
    value: int
    unit: Unit
    source: str


STRATEGY_2023 = "Nottingham strategy 2023-28"
STRATEGY_2016 = "Nottingham strategy 2016-18"
CMA = "CMA children's social care market study, interim report 2021"
NAO = "NAO, children's residential care 2025"
LINCOLNSHIRE = "Lincolnshire FOI answer 75675, November 2023"
OFSTED_FOSTERING = "Ofsted, fostering in England, March 2024"
OFSTED_HOMES = "Ofsted, children's homes, March 2025"
LGA = "LGA survey of high-cost placements, 2022/23"
DFE_2025 = "DfE, children looked after in England, 2025"
SIBLINGS = "Siblings in care, 2023 (as quoted by the press)"


def _share(says: str, value: int, source: str = STRATEGY_2023) -> Published:
    return Published(says, value, Unit.PER_MILLE, source)


# where children live
LOOKED_AFTER = Published("Looked-after children, 31 March 2023", 721, Unit.COUNT, STRATEGY_2023)
FOSTERED = _share("Children who live with foster carers", 600)
FOSTERED_EXTERNAL = _share("Of fostered children: with external carers", 500)
RESIDENTIAL_SHARE = _share("Children in children's homes (24 more are 22 % more: 133 of 721)", 184)
SUPPORTED_SHARE = _share("Children in supported accommodation (25 more are 40 % more: 87 of 721)", 121)
RESIDENTIAL_EXTERNAL = _share("Of children in children's homes: external", 880)
SUPPORTED_EXTERNAL = _share("Of children in supported accommodation: external", 900)
OFF_FRAMEWORK = _share("Of external children's homes outside the block contract: off framework, about", 400)

# how far away
LOCAL_TO_HOME = _share("Children within 20 miles of their home", 790)
IN_BOUNDARY = _share("Children within the council's boundary", 400)
IN_HOUSE_FOSTER_IN_BOUNDARY = _share("In-house foster placements within the boundary", 400)
IN_HOUSE_HOMES_IN_BOUNDARY = _share("In-house children's homes within the boundary", 1000)
FOSTER_EXTERNAL_IN_BOUNDARY = _share("External foster placements within the boundary", 210)
FOSTER_EXTERNAL_LOCAL = _share("External foster placements within 20 miles of the city", 720)
RESIDENTIAL_EXTERNAL_LOCAL = _share("External residential placements within 20 miles of the city", 510)
SUPPORTED_EXTERNAL_IN_BOUNDARY = _share("External supported accommodation within the boundary", 740)
SUPPORTED_EXTERNAL_LOCAL = _share("External supported accommodation within 20 miles of the city", 870)

# what the council has and buys
IN_HOUSE_HOMES = Published("In-house children's homes, without short breaks", 7, Unit.COUNT, STRATEGY_2023)
IN_HOUSE_PLACES = Published("Places in them", 17, Unit.COUNT, STRATEGY_2023)
SHORT_BREAK_PLACES = Published("Places in the short-breaks home", 11, Unit.COUNT, STRATEGY_2023)
IN_HOUSE_SUPPORTED_HOMES = Published("In-house supported accommodation: homes", 5, Unit.COUNT, STRATEGY_2023)
IN_HOUSE_SUPPORTED_PLACES = Published("Places in them", 20, Unit.COUNT, STRATEGY_2023)
BLOCK_HOMES = Published("Homes in the residential block contract", 8, Unit.COUNT, STRATEGY_2023)
BLOCK_BEDS = Published("Beds in them", 23, Unit.COUNT, STRATEGY_2023)
SPEND = Published("Spend on placements in 2022/23, about", 57, Unit.MILLION_POUNDS, STRATEGY_2023)

# Ofsted and the market
GOOD_IN_CITY = _share("Children's homes in the city that are good or better", 790)
GOOD_NATIONALLY = _share("Children's homes in England that are good or better", 820, OFSTED_HOMES)
PRIVATE_HOMES = _share("Children's homes in England that are private", 840, OFSTED_HOMES)
PLACES_A_HOME = Published("Places in a children's home, on average", 40, Unit.TENTHS, OFSTED_HOMES)
PLACES_A_HOUSEHOLD = Published("Places in a fostering household, on average", 17, Unit.TENTHS, OFSTED_FOSTERING)
FOSTER_FILLED = _share("Approved foster places that are filled, about", 610, OFSTED_FOSTERING)
FOSTER_VACANT = _share("Approved foster places that are vacant", 160, OFSTED_FOSTERING)

# fees
FEE_FOSTER_EXTERNAL = Published("External fostering, average", 820, Unit.POUNDS, CMA)
FEE_RESIDENTIAL = Published("A place in a children's home, average (318,400 a year, 2023-24)", 6100, Unit.POUNDS, NAO)
FEE_SUPPORTED = Published("Supported accommodation at 16 and 17, average", 621, Unit.POUNDS, LINCOLNSHIRE)
FEE_SUPPORTED_LOWEST = Published("The same, lowest", 260, Unit.POUNDS, LINCOLNSHIRE)
FEE_SUPPORTED_HIGHEST = Published("The same, highest", 6776, Unit.POUNDS, LINCOLNSHIRE)
VERY_HIGH_COST = _share("Placements of 10,000 pounds a week or more (1,510 of 83,750)", 18, LGA)

# who the children are
AGED_11_OR_MORE = _share("Children aged 11 or more", 640)
WAITING_11_OR_MORE = _share("Waiting children aged 11 or more", 640)
MALE_AND_11_OR_MORE = _share("Children who are male and aged 11 or more", 380)
MALE = _share("Children who are male (England)", 560, DFE_2025)
WHITE_BRITISH = _share("Children who are White British", 530)
SDQ_CONCERN = _share("Of children with an SDQ score: 17 or more, a cause for concern", 560)
EHCP = _share("Children with an education, health and care plan", 210)
SEN_SUPPORT = _share("Children with SEN support", 390)
DISABLED = _share("Children with a disability", 160)
THREE_PLACEMENTS = _share("Children with three or more placements in the year", 120)
MOVES = _share("Searches for a child who moves, not enters care (over 600, less 250 to 300)", 550, STRATEGY_2016)
UASC = _share("Unaccompanied asylum-seeking children (17 in May 2016, of 598)", 28, STRATEGY_2016)
REMAND = _share("Searches for a child on remand (18 of over 600)", 29, STRATEGY_2016)

# brothers and sisters, of children with any in care
SEPARATED = _share("Children with siblings in care who live apart from some", 370, SIBLINGS)
SEPARATED_OF_TWO = _share("The same: with one sibling in care", 260, SIBLINGS)
SEPARATED_OF_THREE = _share("The same: with two", 430, SIBLINGS)
SEPARATED_OF_FOUR = _share("The same: with three", 570, SIBLINGS)
