import pytest

from app.matching.codes import Risk, Vulnerability
from app.matching.rules.harm import Params
from tests.support.params import HARM


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({}, "missing: riskSelfHarm"),
        ({risk: () for risk in Risk if risk is not Risk.MISSING}, "missing: riskMissing$"),
        (dict(HARM.table) | {"riskOfRain": ()}, "riskOfRain"),
        (dict(HARM.table) | {Risk.MISSING: ("thunder",)}, "thunder"),
    ],
)
def test_a_table_is_complete_and_in_known_words(table: dict[Risk, tuple[Vulnerability, ...]], problem: str) -> None:
    """Each risk must be named, if only to say that it harms nobody; strange words are refused by name."""
    with pytest.raises(ValueError, match=problem):
        Params(table)
