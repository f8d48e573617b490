"""A policy document is read strictly: what is wrong is refused, by file and key."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from app.matching.criteria import CRITERIA
from app.matching.policy import parse_policy, policy_on
from app.matching.policy_values import PolicyError
from app.matching.rules import RULES
from app.store.policies import load_policies

FOLDER = Path(__file__).parents[2] / "policies"
DEFAULT = (FOLDER / "nottingham-2023.toml").read_text(encoding="utf-8")


def read(text: str) -> object:
    """Parse a document under a name of its own."""
    return parse_policy(text.encode(), "test.toml")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_policy_of_the_project_is_complete(path: Path) -> None:
    """Each names every rule and criterion once, in their order, and its weights add up to 100."""
    policy = parse_policy(path.read_bytes(), path.name)
    assert [setting.rule.code for setting in policy.rules] == [rule.code for rule in RULES]
    assert [setting.criterion.code for setting in policy.criteria] == [c.code for c in CRITERIA]
    assert sum(setting.weight for setting in policy.criteria) == 100
    assert policy.version == path.stem


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('version = "nottingham-2023"', 'version = ""', "version"),
        ("effective_from = 2023-11-01", 'effective_from = "2023-11-01"', "effective_from"),
        ("radius_miles = 20", "radius_miles = 0", "local.radius_miles"),
        ("radius_miles = 20", "radius_miles = nan", "local.radius_miles"),
        ("centre = [457300, 339900]", "centre = [457300]", "local.centre"),
        ('authority = "E06000018"', 'authority = "Nottingham"', "local.authority"),
        ('measure = "centre"', 'measure = "near"', "local.measure"),
        ("floor = 0.80", "floor = 0.90", "target.floor"),
        ("floor = 0.80", "floor = 1.2", "target.floor"),
        ('counts = "caseload"', 'counts = "all"', "target.counts"),
        ("floor_price = 30000", "floor_price = -1", "target.floor_price"),
        ("later = 500000", "later = 5000000", "placing.today"),
        ("separated_pair = 80000", "separated_pair = 80000.5", "siblings.separated_pair"),
        ("foster = 1", "foster = 0", "arrivals.foster"),
        ("[rules.sex]\nwhen_not_known", "[rules.sex]\nnew_key = 1\nwhen_not_known", "rules.sex.new_key"),
        ('[rules.sex]\nwhen_not_known = "block"', '[rules.sex]\nwhen_not_known = "flag"', "rules.sex.when_not_known"),
        ("[rules.sex]\n", "[rules.sex]\nenabled = false\n", "rules.sex.enabled"),
        ("[rules.pets]\n", "[rules.cats]\n", "rules.pets"),
        ("[criteria.in_area]\n", "[criteria.in_area]\nenabled = false\n", "criteria.in_area.enabled"),
        ("[criteria.fee]\nweight = 4", "[criteria.fee]\nweight = -4", "criteria.fee.weight"),
        ("[criteria.fee]\nweight = 4", "[criteria.fee]\nweight = true", "criteria.fee.weight"),
        ("full_at_percent = 80", "full_at_percent = 300", "criteria.fee"),
        ("outstanding = 1000\n", "", "criteria.quality.outstanding"),
        ("[local]\n", "[local]\n[", ""),
    ],
)
def test_a_mistake_is_refused_by_its_key(old: str, new: str, key: str) -> None:
    """The error names the document and the key, so that it can be mended without reading code."""
    assert DEFAULT.count(old) >= 1
    with pytest.raises(PolicyError, match=r"test\.toml") as caught:
        read(DEFAULT.replace(old, new, 1))
    assert caught.value.key.startswith(key)


def test_weights_that_are_all_nothing_are_refused() -> None:
    """A policy that weighs nothing would rank by chance."""
    with pytest.raises(PolicyError, match="add up"):
        read(re.sub(r"(?m)^weight = \d+$", "weight = 0", DEFAULT))


def test_an_unknown_rule_is_refused_and_the_known_ones_named() -> None:
    """A misspelt rule must not be dropped in silence."""
    with pytest.raises(PolicyError, match=r"known are:.*age_range"):
        read(DEFAULT + '\n[rules.age_rage]\nwhen_not_known = "block"\nbecause = "typo"\n')


def test_the_hash_is_that_of_the_document() -> None:
    """One changed byte is another policy."""
    assert parse_policy(DEFAULT.encode(), "a").sha256 != parse_policy(DEFAULT.encode() + b"\n", "a").sha256


def test_the_policy_of_a_day_is_the_latest_that_has_begun() -> None:
    """The day before it takes effect, the older one still stands."""
    policies = load_policies(FOLDER).policies
    assert policy_on(policies, "nottingham", date(2023, 10, 31)).version == "nottingham-2016"
    assert policy_on(policies, "nottingham", date(2023, 11, 1)).version == "nottingham-2023"
    with pytest.raises(LookupError):
        policy_on(policies, "nottingham", date(2016, 3, 31))


def test_an_empty_folder_and_a_doubled_version_are_refused(tmp_path: Path) -> None:
    """The service must not start without a policy, or with two of one name."""
    with pytest.raises(PolicyError, match="no policy document"):
        load_policies(tmp_path)
    (tmp_path / "a.toml").write_text(DEFAULT, encoding="utf-8")
    (tmp_path / "b.toml").write_text(DEFAULT, encoding="utf-8")
    with pytest.raises(PolicyError, match="taken"):
        load_policies(tmp_path)
