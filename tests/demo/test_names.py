"""Names of homes come out of the demo's own word lists, and each home has its own."""

from itertools import product

from app.demo.authority import LARGEST, Authority
from app.demo.names import COLOURS, ENDINGS, MOST_NAMES, STEMS, SUFFIXES, home_name
from app.matching.codes import HomeKind


def test_each_number_has_a_name_of_its_own() -> None:
    """As many different names as there are, which is more than the largest demo has homes."""
    assert len({home_name(number, HomeKind.FOSTER) for number in range(MOST_NAMES)}) == MOST_NAMES
    assert LARGEST.homes <= MOST_NAMES


def test_every_home_has_a_name_made_of_the_lists_alone(midlands: Authority) -> None:
    """Colour, invented word, kind of home: nothing else can get into a name."""
    words = {f"{stem}{ending}" for stem, ending in product(STEMS, ENDINGS)}
    for home in midlands.homes:
        colour, word, suffix = home.name.split(" ", 2)
        assert colour in COLOURS
        assert word in words
        assert suffix == SUFFIXES[home.kind]


def test_every_kind_of_home_has_a_word_for_it() -> None:
    """A new kind cannot be forgotten."""
    assert set(SUFFIXES) == set(HomeKind)
