"""The shortlist is what one gets by judging every home, sorting, and looking at every possibility."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import lru_cache
from random import Random

from app.matching.approval import Approval, ApprovalReason
from app.matching.referral import HomeRef
from tests.reference.listing import (
    approval,
    counts_as_local,
    how_far_out,
    in_the_way,
    is_too_small,
    judge_all,
    rank_of,
    where,
)
from tests.reference.provision import package_of, weekly_fee
from tests.support.asked import Asked
from tests.support.policies import random_policy, real_policies, without_rule
from tests.support.worlds import World, open_world, random_world

K = 5
MISSES = 4


@lru_cache(maxsize=1)
def asked() -> tuple[Asked, ...]:
    """Many shortlists: of worlds where much is open, where little is, and where homes are much alike."""
    found = []
    for seed in range(600, 616):
        rng = Random(seed)
        world = (open_world if seed % 2 else random_world)(rng, 4, 18)
        policy = rng.choice((random_policy(rng), random_policy(rng), *real_policies()))
        if seed % 4 == 1:
            world = _with_twins(world)
        found += [Asked.of(world, policy, referral, k=K, misses=MISSES) for referral in world.referrals]
    return tuple(found)


def _with_twins(world: World) -> World:
    """Every home a second time under another name: the same points, so that there are ties."""
    twins = tuple(replace(home, ref=HomeRef(f"{home.ref}-twin"), residents=()) for home in world.homes)
    return replace(world, homes=(*(replace(home, residents=()) for home in world.homes), *twins))


def test_the_best_homes_are_listed_best_first() -> None:
    """The k allowed homes with the most points, with these points and ranks; equal points share a rank."""
    told = Counter[str]()
    for one in asked():
        allowed = sorted((r.points for r in one.results.values() if r.allowed), reverse=True)
        options = one.found.options
        assert [option.explanation.points for option in options] == allowed[:K]
        assert len({option.explanation.home for option in options}) == len(options)
        for option in options:
            plain = one.results[option.explanation.home]
            assert plain.allowed
            assert option.explanation.points == plain.points
            assert option.rank == rank_of(plain.points, one.results)
            assert set(option.explanation.to_check) == plain.not_known
        last = allowed[K - 1] if len(allowed) > K else None
        assert one.found.ties_not_shown == allowed[K:].count(last)
        told["options"] += len(options)
        told["ties"] += len(options) - len({option.rank for option in options})
        told["not shown"] += one.found.ties_not_shown
    assert told["options"] > 100
    assert told["ties"] > 10
    assert told["not shown"]


def test_every_home_is_listed_or_counted() -> None:
    """Homes left out are counted under each rule that keeps them out, none is forgotten."""
    for one in asked():
        out = [result for result in one.results.values() if not result.allowed]
        failed = Counter(code for result in one.results.values() for code in result.failed)
        unknown = Counter(
            code for r in one.results.values() for code in r.not_known if one.policy.setting_of(code).blocks
        )
        assert one.found.homes == len(one.world.homes) == one.found.allowed + len(out)
        assert one.found.out_by_rule == failed
        assert one.found.not_known_by_rule == unknown
        assert all(in_the_way(result, one.policy) for result in out)


def test_near_misses_are_the_nearest() -> None:
    """The homes out by the fewest rules and missing places, overridable ones first, then those with the most points.

    A home where somebody lives from whom the child must live apart is never named.
    """
    seen = short = 0
    for one in asked():
        homes = {home.ref: home for home in one.world.homes}
        out = {
            ref: result
            for ref, result in one.results.items()
            if not result.allowed and "live_apart" not in in_the_way(result, one.policy)
        }
        far = {ref: how_far_out(result, one.policy, one.referral, homes[ref]) for ref, result in out.items()}
        misses = one.found.near_misses
        assert [far[miss.home] for miss in misses] == sorted(far.values())[:MISSES]
        short += sum(far[ref][0] > len(in_the_way(result, one.policy)) for ref, result in out.items())
        assert len({miss.home for miss in misses}) == len(misses)
        for miss in misses:
            result = one.results[miss.home]
            codes = in_the_way(result, one.policy)
            assert {finding.code for finding in miss.findings} == codes
            assert all(finding.blocks for finding in miss.findings)
            assert miss.overridable != any(one.policy.setting_of(code).rule.statutory for code in codes)
            assert miss.points_if_met == result.points
            assert miss.rank_if_met == rank_of(result.points, one.results)
            seen += 1
    assert seen > 100
    assert short > 50


def test_relaxations_open_what_they_say() -> None:
    """When nothing fits: without that one rule just so many homes are allowed, and the best is the one named.

    Homes registered for fewer children than there are cannot be opened by relaxing the rule about free places.
    """
    seen = nothing = 0
    for one in asked():
        if one.found.allowed:
            assert not one.found.relaxations
            continue
        nothing += 1
        small = {home.ref for home in one.world.homes if is_too_small(one.referral, home)}
        alone = Counter(
            code
            for ref, r in one.results.items()
            if len(in_the_way(r, one.policy)) == 1
            for code in in_the_way(r, one.policy)
            if code != "usable_places" or ref not in small
        )
        alone.pop("live_apart", None)
        assert {(each.rule, each.homes) for each in one.found.relaxations} == set(alone.items())
        counts = [each.homes for each in one.found.relaxations]
        assert counts == sorted(counts, reverse=True)
        for each in one.found.relaxations:
            without = without_rule(one.policy, each.rule)
            results = judge_all(one.referral, one.referral.children, one.world.homes, without, one.world.as_of)
            never = small if each.rule == "usable_places" else set()
            opened = {ref: r.points for ref, r in results.items() if r.allowed and ref not in never}
            assert len(opened) == each.homes
            best = [opened[home] for home in each.best_homes]
            assert best == sorted(opened.values(), reverse=True)[:5]
            assert len(set(each.best_homes)) == len(best)
            assert each.statutory == one.policy.setting_of(each.rule).rule.statutory
            seen += 1
    assert nothing > 3
    assert seen > 5


def test_where_a_home_is_by_all_three_definitions() -> None:
    """Distances, area, approval, and what the target counts."""
    for one in asked():
        homes = {home.ref: home for home in one.world.homes}
        for option in one.found.options:
            home, found = homes[option.explanation.home], option.where
            plain = where(one.referral, home, one.policy.local)
            assert (found.centre_m, found.family_m) == (plain.centre_m, plain.family_m)
            assert found.local_to_council == plain.local_to_council
            tenths = found.pl_distance_tenths
            assert (None if tenths is None else tenths / 10) == plain.pl_distance
            assert found.area.value == plain.area
            assert found.local == counts_as_local(one.referral, home, one.policy.local)


def test_who_must_approve() -> None:
    """By where the home is and whose carer it is, and where a move disturbs education in Key Stage 4."""
    told = Counter[str]()
    for one in asked():
        homes = {home.ref: home for home in one.world.homes}
        for option in one.found.options:
            expected = approval(one.referral, homes[option.explanation.home], one.policy, one.world.as_of)
            assert option.approval.level == expected
            assert bool(option.approval.because) == (expected != "none")
            told[expected] += 1
            told.update(option.approval.because)
    assert set(told) == {*Approval, *ApprovalReason}


def test_fees_are_those_of_the_package_each_child_needs() -> None:
    """The package needed, or the next dearer that the home prices; a void at its marginal cost."""
    priced = 0
    for one in asked():
        homes = {home.ref: home for home in one.world.homes}
        for option in one.found.options:
            home = homes[option.explanation.home]
            for child, fee in zip(one.referral.children, option.fees, strict=True):
                package = package_of(child)
                assert fee.child == child.ref
                if package is not None:
                    assert fee.weekly_fee_pence == weekly_fee(home, package)
                    priced += fee.weekly_fee_pence is not None
            known = [fee.weekly_fee_pence for fee in option.fees]
            assert option.weekly_fee_pence == (None if None in known else sum(p for p in known if p is not None))
    assert priced > 50


# -------------------------------------------------------------------------------------- the five considerations

CRITERION_OF = {
    "near_home": "near_family",
    "education_undisturbed": "education",
    "with_siblings": "with_siblings",
    "suitable_if_disabled": "disability",
    "in_area": "in_area",
}

LEAST_FIRST = ("not_met", "not_known", "partly_met", "met")


def test_each_statutory_consideration_is_answered_for_the_child_worst_off() -> None:
    """Read off the criteria: full is met, nothing is not met; a group placed whole is with its siblings.

    Only a disabled child must be placed suitably for that; a home is in the area or not in it.
    """
    told = Counter[str]()
    for one in asked():
        for option in one.found.options:
            plain = one.results[option.explanation.home]
            disabled = {child.ref for child in one.referral.children if child.disabilities != frozenset()}
            for name, code in CRITERION_OF.items():
                answers = [
                    "not_known" if not part.known else {0: "not_met", 1000: "met"}.get(part.value, "partly_met")
                    for part in plain.parts
                    if part.code == code and part.applies and (name != "suitable_if_disabled" or part.child in disabled)
                ]
                if name == "in_area":
                    answers = [{"partly_met": "not_met"}.get(answer, answer) for answer in answers]
                if name == "with_siblings" and len(one.referral.children) > 1:
                    answers = ["met", *({"not_met": "partly_met"}.get(answer, answer) for answer in answers)]
                expected = min(answers, key=LEAST_FIRST.index, default="does_not_apply")
                assert {str(key): str(met) for key, met in option.considerations.items()}[name] == expected
                told[expected] += 1
    assert set(told) == {*LEAST_FIRST, "does_not_apply"}
