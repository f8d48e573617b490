"""What is told of a run reads the same from the API as in the terminal, whatever was erased or stored long ago."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from typing import Any

import pytest

from app.api.proposal_models import ProposalOut, UnplacedOut
from app.api.run_answers import proposal_answer, unplaced_answer
from app.matching.batch import Night, Proposed, batch
from app.matching.night_explained import report
from app.matching.night_report import NightReport, Proposal, Unplaced, WhyHere, WhyNone
from app.matching.recheck import Verdict
from app.matching.referral import HomeRef
from app.matching.solve import solve
from app.night_wording import Chosen, label, label_before_brackets, why_here
from app.rematch.run import Outcome, RunStatus
from app.runs.telling import new_proposal, told
from app.store.erasure_forgetting import NOT_UNPLACED, NOTHING_SAID
from app.store.run_records import ProposalStatus, StoredProposal
from app.unplaced_wording import Waiting, why_none
from tests.rematch.nights import a_random_night

A_RUN = "0" * 32


def a_told_night(seed: int) -> tuple[Night, NightReport]:
    """A random night, solved and explained."""
    posed = batch(a_random_night(seed))
    return posed.night, report(posed, solve(posed.problem))


def stored_unplaced(night: Night, summary: NightReport) -> list[dict[str, Any]]:
    """Everybody without a proposal, as the run's report is stored."""
    kept: list[dict[str, Any]] = told(Outcome(night, RunStatus.FEASIBLE, summary))["unplaced"]
    return kept


def stored_proposal(one: Proposal) -> StoredProposal:
    """A proposal as it is stored."""
    verdict = Verdict(Proposed(frozenset(one.children), one.home), weekly_fee_pence=one.weekly_fee_pence)
    return StoredProposal(A_RUN, A_RUN, 0, ProposalStatus.PROPOSED, new_proposal(one, verdict, []))


def somebody_waits() -> tuple[Night, NightReport, Unplaced]:
    """A night on which somebody has no proposal."""
    for seed in range(20):
        night, summary = a_told_night(seed)
        if summary.unplaced:
            return night, summary, summary.unplaced[0]
    raise AssertionError("everybody has a home")


@pytest.mark.parametrize("seed", range(12))
def test_the_api_says_what_the_terminal_says(seed: int) -> None:
    """Of everybody who has a proposal, and of everybody who waits."""
    night, summary = a_told_night(seed)
    for one, kept in zip(summary.unplaced, stored_unplaced(night, summary), strict=True):
        answer = UnplacedOut.model_validate(unplaced_answer(kept, night.pool))
        assert answer.sentence == " ".join(why_none(Waiting.of(one), partial(label, night.pool)))
        assert answer.out_by_rule == dict(one.out_by_rule)
    for proposal in summary.proposals:
        told_so = ProposalOut.model_validate(proposal_answer(stored_proposal(proposal), night.pool))
        assert told_so.sentence == why_here(Chosen.of(proposal), partial(label_before_brackets, night.pool))


@pytest.mark.parametrize("why", WhyNone)
def test_every_reason_has_a_sentence(why: WhyNone) -> None:
    """With homes that are gone today, too."""
    night, summary, one = somebody_waits()
    changed = replace(one, why=why, homes_allowed=1, best_home=HomeRef("H-gone"), free_home=None)
    (kept,) = stored_unplaced(night, replace(summary, unplaced=(changed,)))
    said = unplaced_answer(kept, night.pool)["sentence"]
    assert said.endswith(".")
    assert "{" not in said


def test_nothing_is_said_of_who_was_erased_or_told_before_reasons_were() -> None:
    """The code is null, and so is the sentence; a report of an earlier version is read all the same."""
    night, summary, _ = somebody_waits()
    kept = stored_unplaced(night, summary)[0]
    erased = unplaced_answer({**kept, **NOT_UNPLACED}, night.pool)
    early = {name: value for name, value in kept.items() if name not in ("why", "out_by_rule", "not_known_by_rule")}
    for answer in (erased, unplaced_answer(early, night.pool)):
        assert UnplacedOut.model_validate(answer).sentence is None
    assert not any(erased[name] for name in NOT_UNPLACED)
    uncounted = {name: value for name, value in kept.items() if name not in ("out_by_rule", "not_known_by_rule")}
    assert unplaced_answer(uncounted, night.pool)["sentence"]


def test_the_sentences_are_described_with_an_example() -> None:
    """Whoever reads the description of the API sees what an officer will read."""
    for model in (UnplacedOut, ProposalOut):
        described = model.model_json_schema()["properties"]["sentence"]
        assert described["examples"], model
        assert described["description"], model


def test_an_erasure_knows_everything_that_is_told_of_who_waits() -> None:
    """All but who it is about, who is erased by name."""
    assert set(NOT_UNPLACED) == {each.name for each in fields(Unplaced)} - {"referral", "children"}


@pytest.mark.parametrize("why", WhyHere)
def test_a_proposal_of_which_the_reason_was_erased_names_nothing(why: WhyHere) -> None:
    """Only in general is it said why: no home, no points, nobody."""
    night, summary = a_told_night(0)
    kept = stored_proposal(replace(summary.proposals[0], why=why))
    explanation = {**kept.proposal.explanation, **NOTHING_SAID}
    answer = proposal_answer(replace(kept, proposal=replace(kept.proposal, explanation=explanation)), night.pool)
    assert answer["sentence"]
    assert "erased" not in answer["sentence"]
    assert "points more" not in answer["sentence"]
