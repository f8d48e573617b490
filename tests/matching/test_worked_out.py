"""What is worked out once for the parameters of a rule."""

from __future__ import annotations

from dataclasses import dataclass

from app.matching.worked_out import KEPT, once_for_each


@dataclass(frozen=True, slots=True)
class Params:
    """Some parameters, which cannot be looked up by what they say."""

    table: dict[str, int]


def test_it_is_done_once_for_the_same_and_again_for_others() -> None:
    """Parameters that say the same are others: they are known by what they are."""
    done = []

    @once_for_each
    def work(params: Params) -> int:
        done.append(params)
        return params.table["n"] * 2

    first, like_it, other = Params({"n": 1}), Params({"n": 1}), Params({"n": 5})
    assert [work(one) for one in (first, other, first, like_it, other)] == [2, 10, 2, 2, 10]
    assert [id(one) for one in done] == [id(first), id(other), id(like_it)]


def test_no_answer_is_ever_that_of_others() -> None:
    """However many come and go: an object that is gone leaves its identity to the next, but never its answer."""

    @once_for_each
    def work(params: Params) -> int:
        return params.table["n"]

    assert [work(Params({"n": n})) for n in range(KEPT * 5)] == list(range(KEPT * 5))
