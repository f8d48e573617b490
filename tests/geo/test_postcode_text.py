import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.geo.postcode_text import compact, fixed_width, pack, unpack, written
from app.geo.postcodes import PostcodeMalformed, normalise

letter = st.sampled_from(string.ascii_uppercase)
digit = st.sampled_from(string.digits)
area = st.one_of(letter, st.builds(str.__add__, letter, letter))
district = st.one_of(digit, st.builds(str.__add__, digit, st.one_of(digit, letter)))
outward = st.one_of(st.builds(str.__add__, area, district), st.sampled_from(["NPT", "GIR"]))
inward = st.builds(lambda number, one, two: number + one + two, digit, letter, letter)
postcodes = st.builds(lambda out, into: f"{out} {into}", outward, inward)


@given(postcodes)
def test_packing_can_be_undone(postcode: str) -> None:
    """Every form of postcode comes back from its number, so no two share one."""
    numbers, valid = pack(fixed_width([compact(postcode)]))
    assert valid.all()
    assert unpack(int(numbers[0])) == postcode


def test_numbers_stay_below_the_mark_for_absent() -> None:
    """The greatest number fits in 31 bits: it can never be mistaken for "not known"."""
    numbers, valid = pack(fixed_width(["ZZ9Z9ZZ", "ZZ999ZZ", "A00AA", "A11AA"]))
    assert valid.all()
    assert numbers.max() < 2**31
    assert len(set(numbers.tolist())) == 4


@given(postcodes, st.integers(0, 2**32 - 1))
def test_any_spacing_and_case_reads_alike(postcode: str, chance: int) -> None:
    """Missing, odd and doubled spaces, tabs, non-breaking spaces and small letters make no difference."""
    random = np.random.default_rng(chance)
    spaces = ["", "", " ", "  ", "\t", "\u00a0", "\n"]
    loose = "".join(
        str(random.choice(spaces)) + (each.lower() if random.random() < 0.5 else each)
        for each in postcode.replace(" ", "")
    )
    assert normalise(loose) == postcode
    assert normalise(normalise(loose)) == postcode


def test_written_form() -> None:
    """The example of the specification."""
    assert normalise("ng1 5dt") == "NG1 5DT"
    assert written("SW1A0AA") == "SW1A 0AA"


MALFORMED = [
    "", " ", "NG1", "5DT", "NG1 5D", "NG1 5DTT", "NG1-5DT", "NG1.5DT", "N61 SDT", "NG1 SDT", "NGI 5DT",
    "NGO 1AA", "SWIA OAA", "SW1A OAA", "1NG 5DT", "NGG1 5DT", "NG123 5DT", "NG1AA 5DT", "ABC 1DE", "NPTA 1AA",
    "N123 5DT", "N1AA 5DT", "NG1 55T", "NG1 5D7",
    "\uff2e\uff27\uff11 \uff15\uff24\uff34", "NG1 5D\u00df", "NG1 5D\u0167T",
    "ng1 5d\u0131", "\u017fw1a 0aa", "NG1\u200b5DT", "\ud800NG15DT", "NG1 5DT\x00", "' OR 1=1--",
    "NG1 5DT; NG1 5DT", "null", "99999", "\U0001f3e0", "A" * 100_000, " " * 100_000,
    "NG1 5DT" + " " * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("text", MALFORMED, ids=lambda text: ascii(text[:12]))
def test_what_is_not_written_like_a_postcode_is_refused(text: str) -> None:
    """A letter for a digit, foreign letters, junk, too little, far too much: never guessed or echoed."""
    with pytest.raises(PostcodeMalformed) as caught:
        normalise(text)
    assert str(caught.value) == PostcodeMalformed.message


@pytest.mark.parametrize("value", [None, 5, b"NG1 5DT", ["NG1 5DT"]])
def test_what_is_not_text_is_refused(value: object) -> None:
    """A blank cell or a number is malformed, not a crash."""
    with pytest.raises(PostcodeMalformed):
        normalise(value)  # type: ignore[arg-type]
