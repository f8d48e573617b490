"""T-04, T-05: a snapshot holds all that a run works on, and gives the same bytes wherever and however it is read."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.demo.authority import Sizes, synthetic_authority
from app.documents.run_models import MOST_BUDGET_PENCE, MOST_PRICES
from app.errors import Invalid, JsonRefused
from app.matching.batch import Night, Proposed
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef
from app.rematch.limits import Strength
from app.rematch.process import SolverProcess
from app.rematch.reading import load_snapshot
from app.rematch.result import result_bytes
from app.rematch.run import RunStatus, rematch
from app.rematch.snapshot import Snapshot, snapshot_bytes, snapshot_of
from tests.rematch.nights import PROJECT, default_policy
from tests.support.builders import AS_OF
from tests.support.geo import baked_directory

POLICIES = PROJECT / "policies"
NOWHERE = Path("/nowhere")
Document = dict[str, Any]


@pytest.fixture(scope="module")
def night() -> Night:
    """A night of the synthetic authority with something in every field."""
    made = synthetic_authority(Sizes(10, 60, 90), 1, AS_OF, baked_directory())
    homes = [home.ref for home in made.homes]
    children = [frozenset({referral.children[0].ref}) for referral in made.referrals]
    return Night(
        made.referrals,
        Pool.build(made.homes),
        default_policy(),
        AS_OF,
        local_placed=79,
        total_placed=100,
        last=(Proposed(children[1], homes[3]), Proposed(children[0], homes[2])),
        excluded=(Proposed(children[2], homes[4]),),
        home_price={homes[5]: 700, homes[1]: 300},
        weekly_budget_pence=9_000_000,
    )


@pytest.fixture(scope="module")
def written(night: Night) -> bytes:
    """Its snapshot."""
    return snapshot_bytes(snapshot_of(night, POLICIES))


def example() -> Document:
    """The example of docs/snapshot.md."""
    text = (PROJECT / "docs" / "snapshot.md").read_text(encoding="utf-8")
    found = re.findall(r"```json snapshot\n(.*?)```", text, re.DOTALL)
    assert len(found) == 1
    document: Document = json.loads(found[0])
    return document


def as_bytes(document: Document) -> bytes:
    """A document as somebody might have written it."""
    return json.dumps(document, indent=3).encode()


def test_round_trip(night: Night, written: bytes) -> None:
    """What is read back is what was written, but for postcodes, and is written as the same bytes again."""
    read = load_snapshot(written, NOWHERE, NOWHERE)
    assert snapshot_bytes(read) == written
    assert read.sha256 == hashlib.sha256(written).hexdigest()
    assert read.night.pool.records == tuple(
        replace(
            home,
            location=home.location and replace(home.location, postcode=None),
            residents=tuple(sorted(home.residents, key=lambda resident: resident.ref)),
        )
        for home in night.pool.records
    )
    for name in ("policy", "as_of", "local_placed", "total_placed", "excluded", "home_price", "weekly_budget_pence"):
        assert getattr(read.night, name) == getattr(night, name), name
    assert set(read.night.last) == set(night.last)
    assert [referral.ref for referral in read.night.referrals] == sorted(referral.ref for referral in night.referrals)
    assert b"NG" not in re.sub(rb'"text":"(\\.|[^"\\])*"', b"", written)


def test_the_same_night_from_file_and_from_records(night: Night, written: bytes, solver: SolverProcess) -> None:
    """Neither postcodes nor the order of the records make a difference."""
    first = snapshot_of(night, POLICIES)
    again = load_snapshot(written, NOWHERE, NOWHERE)
    outcomes = [rematch(one.night, with_frontier=True, solver=solver) for one in (first, again)]
    assert outcomes[0].status in {RunStatus.PROVEN, RunStatus.FEASIBLE}
    assert outcomes[0].proposals
    assert result_bytes(first, outcomes[0]) == result_bytes(again, outcomes[1])


def shuffled(written: bytes, seed: int) -> bytes:
    """The same file with its lists in another order, and the keys of every object too."""
    rng = random.Random(seed)
    document = json.loads(written)
    for name in ("referrals", "homes", "last_proposals", "excluded"):
        rng.shuffle(document[name])
    for record in (*document["referrals"], *document["homes"]):
        rng.shuffle(record.get("children") or record.get("residents") or [])
    return as_bytes(_keys_shuffled(document, rng))


def _keys_shuffled(value: Any, rng: random.Random) -> Any:
    if isinstance(value, list):
        return [_keys_shuffled(item, rng) for item in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    rng.shuffle(keys)
    return {key: _keys_shuffled(value[key], rng) for key in keys}


def test_order_does_not_matter(written: bytes, solver: SolverProcess) -> None:
    """T-05: shuffled input is the same snapshot and gives the same result."""
    results = set()
    for seed in range(3):
        snapshot = load_snapshot(shuffled(written, seed), NOWHERE, NOWHERE)
        assert snapshot_bytes(snapshot) == written
        results.add(result_bytes(snapshot, rematch(snapshot.night, solver=solver)))
    assert len(results) == 1


def test_processes_agree(written: bytes, tmp_path: Path) -> None:
    """T-04: two processes with different hash seeds and differently ordered files write the same result."""
    results = []
    for seed in (1, 2):
        file, out = tmp_path / f"{seed}.json", tmp_path / f"{seed}.result"
        file.write_bytes(shuffled(written, seed))
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(PROJECT)}
        words = [sys.executable, "-m", "app.cli", "replay", str(file), "--out", str(out)]
        subprocess.run(words, env=environment, cwd=tmp_path, check=True, capture_output=True, timeout=120)
        results.append(out.read_bytes())
    assert results[0] == results[1]
    assert json.loads(results[0])["snapshot_sha256"] == hashlib.sha256(written).hexdigest()


def test_the_documented_example(solver: SolverProcess) -> None:
    """The example in the documentation is solved as the text beside it says."""
    snapshot = load_snapshot(as_bytes(example()), POLICIES, NOWHERE)
    outcome = rematch(snapshot.night, solver=solver)
    assert outcome.status is RunStatus.PROVEN
    assert set(outcome.proposals) == {
        Proposed(frozenset({ChildRef("C-1")}), HomeRef("H-2")),
        Proposed(frozenset({ChildRef("C-2"), ChildRef("C-3")}), HomeRef("H-1")),
    }
    assert outcome.report is not None
    assert outcome.report.proposals[0].first_home == HomeRef("H-1")
    assert [one.weekly_fee_pence for one in outcome.report.proposals] == [85_000, 85_000 + 112_000]
    assert outcome.report.assumed_weekly_cost_pence == 0
    assert not snapshot.notes


def test_postcodes_are_looked_up() -> None:
    """A place may be a postcode where there is a directory; the canonical form has its point."""
    baked_directory()
    document = example()
    document["referrals"][0]["family_home"] = "NG1 5DT"
    place = load_snapshot(as_bytes(document), POLICIES).night.referrals[0].family_home
    assert place is not None
    assert place.authority == "E06000018"


def test_as_many_prices_as_are_documented() -> None:
    """Each home may have its reserve price."""
    prices = {f"H-{n}": n for n in range(MOST_PRICES)}
    assert load_snapshot(as_bytes(example() | {"home_prices": prices}), POLICIES, NOWHERE).night.home_price == prices


def test_what_is_left_out_has_its_default(solver: SolverProcess) -> None:
    """Saying a default changes neither the snapshot nor its hash."""
    plain = example()
    full = plain | {
        "effort": "full",
        "limits": {"full": {"seconds": 300, "memory_mb": 2048}},
        "last_proposals": [],
        "records_of": "2026-03-02",
        "seed": "placement",
        "weekly_budget_pence": None,
    }
    one, other = (load_snapshot(as_bytes(document), POLICIES, NOWHERE) for document in (plain, full))
    assert one.sha256 == other.sha256
    light = load_snapshot(as_bytes(plain | {"effort": "light"}), POLICIES, NOWHERE)
    assert light.strength is Strength.LIGHT
    assert rematch(light.night, strength=light.strength, solver=solver).proposals


ODD = (POLICIES / "nottingham-2023.toml").read_text(encoding="utf-8").replace("pair = 80000", "pair = 80001")
"""A policy as an earlier version may have stored it with a run."""


def change(path: str, value: Any) -> Callable[[Document], None]:
    """Put a value at a path of the document."""

    def changed(document: Document) -> None:
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        holder: Any = document
        for step in steps:
            holder = holder[step]
        holder[last] = value

    return changed


def twice(document: Document) -> None:
    """One child in two referrals."""
    document["referrals"][1]["children"][0]["ref"] = "C-1"


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (change("format", "something"), "format"),
        (change("version", 2), "version"),
        (change("as_of", "2026-02-30"), "as_of"),
        (change("policy", "nottingham-1999"), "policy"),
        (change("policy", {"text": "version = 1"}), "policy.text, key version"),
        (change("policy", {"text": "floor ="}), "policy.text"),
        (change("policy", {"text": ODD}), "policy.text, key siblings.separated_pair"),
        (change("weekly_budget_pence", MOST_BUDGET_PENCE + 1), "weekly_budget_pence"),
        (change("caseload.local", 101), "caseload.local"),
        (change("caseload.total", -1), "caseload.total"),
        (change("seed", "other"), "seed"),
        (change("records_of", "2026-03-01"), "records_of"),
        (change("effort", "heroic"), "effort"),
        (change("homes.1.places", "many"), "homes[1].places"),
        (change("homes.1.ref", "H-1"), "homes[1].ref"),
        (change("referrals.1.children.0.sdq", 41), "referrals[1].children[0].sdq"),
        (change("referrals.0.waiting_since", "2026-03-03"), "referrals[0].waiting_since"),
        (change("referrals.1.ref", "R-1"), "referrals[1].ref"),
        (twice, "referrals[1].children[0].ref"),
        (change("pinned", [{"children": [], "home": "H-1"}]), "pinned[0].children"),
        (change("home_prices", {"H-1": -5}), "home_prices"),
        (change("limits", {"full": {"seconds": 0}}), "limits.full.seconds"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_cure(spoil: Callable[[Document], None], where: str) -> None:
    """Every problem names the field, says what to do, and repeats nothing that was sent."""
    document = example()
    spoil(document)
    with pytest.raises(Invalid) as found:
        load_snapshot(as_bytes(document), POLICIES, NOWHERE)
    fields = [problem.field for problem in found.value.problems]
    assert where in fields, fields
    assert all(problem.problem and problem.cure for problem in found.value.problems)
    assert "C-1" not in str([problem.problem + problem.cure for problem in found.value.problems])


def test_text_that_is_no_json() -> None:
    """Half a file is refused as such."""
    with pytest.raises(JsonRefused):
        load_snapshot(as_bytes(example())[:500], POLICIES, NOWHERE)


@pytest.mark.parametrize("named", ["sha256", "version"])
def test_a_policy_that_is_not_what_it_says(named: str, written: bytes) -> None:
    """Hash and version of a policy must be those of its text."""
    document = json.loads(written)
    document["policy"][named] = "0" * 64
    with pytest.raises(Invalid) as found:
        load_snapshot(as_bytes(document), NOWHERE, NOWHERE)
    assert found.value.problems[0].field == f"policy.{named}"


def test_strangers_are_noted() -> None:
    """A pair or price that names nobody here is allowed, and told."""
    document = example()
    document["excluded"] = [{"children": ["C-9"], "home": "H-1"}]
    document["home_prices"] = {"H-9": 5}
    assert [note.field for note in load_snapshot(as_bytes(document), POLICIES, NOWHERE).notes] == [
        "excluded[0]",
        "home_prices",
    ]


def test_a_past_day_can_be_judged_again(night: Night) -> None:
    """Records that speak of later days than the one judged are taken, as the file says up to when they speak."""
    past = replace(night, as_of=AS_OF - timedelta(days=40))
    data = snapshot_bytes(snapshot_of(past, POLICIES))
    assert load_snapshot(data, NOWHERE, NOWHERE).night.as_of == past.as_of


def test_a_policy_that_is_gone(night: Night, tmp_path: Path) -> None:
    """Without its document a run cannot be kept."""
    with pytest.raises(LookupError):
        snapshot_of(night, tmp_path)


def test_versions_stand_in_it(written: bytes) -> None:
    """What the result may depend on is said."""
    made_with = json.loads(written)["made_with"]
    assert {"placement", "code", "python", "numpy", "ortools"} <= set(made_with)
    assert isinstance(load_snapshot(written, NOWHERE, NOWHERE), Snapshot)
