"""The policies: every weight, limit and target, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.api.documented import errors, json_response
from app.api.permitting import SECOND_WALL
from app.api.service import service_of
from app.api.strict import StrictRoute
from app.documents.fields import PolicyVersion
from app.errors import PolicyNotFound
from app.matching.policy import CriterionSetting, Policy, RuleSetting
from app.store.policies import PolicyBook

router = APIRouter(tags=["policies"], route_class=StrictRoute, dependencies=SECOND_WALL)


class PolicySummary(BaseModel):
    """A policy in a line. `sha256` is of the document, byte for byte."""

    version: str
    title: str
    series: str
    effective_from: date
    sha256: str
    is_default_today: bool


class RuleOut(BaseModel):
    """A rule and how the policy uses it. `params` is what the policy sets for it."""

    code: str
    says: str
    source: str
    statutory: bool
    enabled: bool
    when_not_known: str
    because: str
    params: dict[str, Any]


class CriterionOut(BaseModel):
    """A criterion and how the policy uses it. `when_not_known` is what stands in, of 1,000."""

    code: str
    says: str
    source: str
    enabled: bool
    weight: int
    when_not_known: int
    because: str
    params: dict[str, Any]


class PolicyOut(PolicySummary):
    """A whole policy."""

    local: dict[str, Any]
    target: dict[str, Any]
    placing: dict[str, Any]
    separated_pair: int
    changed_proposal: int
    arrivals: dict[str, Any]
    rules: list[RuleOut]
    criteria: list[CriterionOut]


class PoliciesOut(BaseModel):
    """Every policy that there is."""

    policies: list[PolicySummary]


@router.get("/policies", response_model=PoliciesOut)
def list_policies(request: Request) -> Response:
    """Every policy, in the order of their versions."""
    service = service_of(request)
    book, today = service.policies, service.today()
    every = [_summary(book.policies[version], book, today) for version in sorted(book.policies)]
    return json_response({"policies": every})


@router.get("/policies/{version}", response_model=PolicyOut, responses=errors(404))
def get_policy(request: Request, version: Annotated[PolicyVersion, Path()]) -> Response:
    """A policy with every rule and criterion, and why each is as it is."""
    service = service_of(request)
    policy = service.policies.policies.get(version)
    if policy is None:
        raise PolicyNotFound
    found = _summary(policy, service.policies, service.today())
    for name in ("local", "target", "placing", "separated_pair", "changed_proposal", "arrivals"):
        found[name] = _plain(getattr(policy, name))
    found["rules"] = [_rule(setting) for setting in policy.rules]
    found["criteria"] = [_criterion(setting) for setting in policy.criteria]
    return json_response(found)


def _summary(policy: Policy, book: PolicyBook, today: date) -> dict[str, Any]:
    try:
        in_effect = book.pick(None, today)
    except LookupError:
        in_effect = None
    return {
        "version": policy.version,
        "title": policy.title,
        "series": policy.series,
        "effective_from": policy.effective_from,
        "sha256": policy.sha256,
        "is_default_today": policy is in_effect,
    }


def _rule(setting: RuleSetting) -> dict[str, Any]:
    return {
        "code": setting.rule.code,
        "says": setting.rule.says,
        "source": setting.rule.source,
        "statutory": setting.rule.statutory,
        "enabled": setting.enabled,
        "when_not_known": "block" if setting.blocks else "flag",
        "because": setting.because,
        "params": _plain(setting.params) or {},
    }


def _criterion(setting: CriterionSetting) -> dict[str, Any]:
    return {
        "code": setting.criterion.code,
        "says": setting.criterion.says,
        "source": setting.criterion.source,
        "enabled": setting.enabled,
        "weight": setting.weight,
        "when_not_known": setting.stand_in,
        "because": setting.because,
        "params": _plain(setting.params) or {},
    }


def _plain(value: Any) -> Any:
    """Parameters as JSON: decimals as text, so that they stay exact; an outline by its presence alone."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.name != "shape"}
    if isinstance(value, Mapping):
        return {_key(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(_plain(each) for each in value)
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, (Decimal, str)) else value


def _key(key: object) -> str:
    return "/".join(str(part) for part in key) if isinstance(key, tuple) else str(key)
