"""Words beside a code say something, whatever the code; beside `other` they say more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.store.reasons import (
    LEAST_LETTERS,
    LEAST_WORDS_OF_OTHER,
    ChoiceReason,
    DeclineReason,
    EndReason,
    WithdrawReason,
    letters_of,
    words_will_do,
)

EVERY = [*ChoiceReason, *DeclineReason, *WithdrawReason, *EndReason]
WHITE_AND_DOTS = st.text("  \t\n.,-!?\u00a0\u2003", min_size=1, max_size=60)

CODES = st.sampled_from(EVERY)


@given(code=CODES, words=WHITE_AND_DOTS)
def test_white_space_is_no_reason(code: ChoiceReason, words: str) -> None:
    """However much of it, with dots or without."""
    assert not words_will_do(code, words)


@given(code=CODES, padding=st.tuples(WHITE_AND_DOTS, WHITE_AND_DOTS), letter=st.sampled_from("axé7"))
def test_one_letter_is_no_reason(code: ChoiceReason, padding: tuple[str, str], letter: str) -> None:
    """However much stands around it."""
    assert not words_will_do(code, padding[0] + letter + padding[1])


@given(code=CODES, words=st.text(max_size=40))
def test_letters_count(code: ChoiceReason, words: str) -> None:
    """Enough is enough: three letters, or twenty beside `other`. Nothing at all is for those that need nothing."""
    is_other = code.lower() == "other" and not isinstance(code, EndReason)
    needed = LEAST_WORDS_OF_OTHER if is_other else LEAST_LETTERS
    may_be_silent = not is_other and (not isinstance(code, ChoiceReason) or code == ChoiceReason.PROPOSED_BY_RUN)
    assert words_will_do(code, words) == (letters_of(words) >= needed or (not words and may_be_silent))
    assert words_will_do(code, None) == may_be_silent


def test_words_without_a_code_are_no_reason() -> None:
    """Nor is a code needed where nothing is said."""
    assert words_will_do(None, None)
    assert words_will_do(None, "  ")
    assert not words_will_do(None, "The child can walk to school.")
