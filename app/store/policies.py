"""The policy documents, read once at start from a folder of TOML files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from app.matching.policy import Policy, parse_policy, policy_on
from app.matching.policy_values import PolicyError

DEFAULT_SERIES = "nottingham"

MOST_BYTES = 10_000_000
"""Largest policy document: one with a detailed outline of its authority has a few million."""


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """Every policy by its version. Read-only."""

    policies: Mapping[str, Policy]

    def pick(self, version: str | None, on: date) -> Policy:
        """The policy of that version, or the default series' policy in effect on a day.

        Raises `LookupError` where there is none.
        """
        if version is None:
            return policy_on(self.policies, DEFAULT_SERIES, on)
        try:
            return self.policies[version]
        except KeyError:
            known = ", ".join(sorted(self.policies))
            raise LookupError(f"there is no policy of that version; there are: {known}") from None

    def measures(self, on: date) -> tuple[Policy, ...]:
        """By what it is measured which approval law asks for, whatever policy homes are ranked by.

        That is the policy in effect on the day; where there is none nobody knows by which, so each of them.
        """
        try:
            return (self.pick(None, on),)
        except LookupError:
            return tuple(self.policies.values())


@lru_cache(maxsize=64)
def _parsed(document: bytes, name: str) -> Policy:
    """A policy never changes, so the same document is read once: a rematch looks at the folder each time."""
    return parse_policy(document, name)


def load_policies(folder: Path) -> PolicyBook:
    """Read and check every `*.toml` of the folder.

    Raises `PolicyError` for the first wrong document, for two of one version, and for an empty folder.
    """
    policies: dict[str, Policy] = {}
    for path in sorted(folder.glob("*.toml")):
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise PolicyError(path.name, "", f"is no file, or larger than {MOST_BYTES} bytes")
        policy = _parsed(path.read_bytes(), path.name)
        if policy.version in policies:
            raise PolicyError(path.name, "version", f"{policy.version} is taken by another document")
        policies[policy.version] = policy
    if not policies:
        raise PolicyError(str(folder), "", "the folder holds no policy document (*.toml)")
    return PolicyBook(policies)
