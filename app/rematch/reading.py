"""A snapshot file read strictly: what is wrong is named with its place and its cure, and nothing is guessed.

Files written by hand may leave out what has a default, name a policy of this checkout by its version, and give
places as postcodes; what comes out is the same as from a file that says everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from app.documents.home_documents import read_homes
from app.documents.places import Note
from app.documents.problems import problems_of
from app.documents.referral_documents import read_referral
from app.documents.run_models import PairIn
from app.documents.snapshot_models import PolicyIn, ShareIn, SnapshotIn
from app.documents.strict_json import parse_json
from app.errors import FieldProblem, Invalid
from app.geo.grid import Location
from app.geo.postcodes import DEFAULT_FOLDER, PostcodeDirectory, PostcodeError
from app.matching.batch import Night, Proposed, in_order
from app.matching.home import Home
from app.matching.living_apart import with_known
from app.matching.policy import Policy, parse_policy
from app.matching.policy_values import PolicyError
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef, Referral
from app.matching.under_way import rest_of
from app.rematch.limits import Limits, Share, Strength
from app.rematch.snapshot import SEED, Snapshot, policy_text

POLICIES = Path(__file__).parents[2] / "policies"


class WhenNeeded(PostcodeDirectory):
    """A postcode directory that is opened when the first postcode is looked up: a file of grid points needs none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def locate_many(self, texts: Sequence[str]) -> list[Location | PostcodeError]:
        """As the directory itself. Raises `DirectoryError` where there is none."""
        return PostcodeDirectory.open(self._folder).locate_many(texts)


def load_snapshot(data: bytes, policies: Path = POLICIES, postcodes: Path = DEFAULT_FOLDER) -> Snapshot:
    """The snapshot that the bytes say.

    Raises `JsonRefused` where they are no JSON, `Invalid` naming every field that will not do, and `DirectoryError`
    where there are postcodes but no directory to look them up.
    """
    try:
        document = SnapshotIn.model_validate(parse_json(data))
    except ValidationError as error:
        raise Invalid(problems_of(error.errors(include_input=False), document=SnapshotIn)) from None
    problems: list[FieldProblem] = []
    notes: list[Note] = []
    text, policy = _policy(document, policies)
    directory = WhenNeeded(postcodes)
    seen = document.records_of or document.as_of
    referrals = _referrals(document, directory, seen, (problems, notes))
    homes = _homes(document, directory, seen, (problems, notes))
    _check(document, problems)
    if problems:
        raise Invalid(problems)
    notes += _strangers(document, referrals, homes)
    return Snapshot(
        night=_night(document, referrals, homes, policy),
        policy_text=text,
        strength=Strength(document.effort),
        limits=Limits(_share(document.limits.full), _share(document.limits.light)),
        made_with=dict(document.made_with),
        notes=tuple(notes),
    )


def _night(document: SnapshotIn, referrals: Sequence[Referral], homes: Sequence[Home], policy: Policy) -> Night:
    return Night(
        referrals=tuple(referrals),
        pool=Pool.build(homes),
        policy=policy,
        as_of=document.as_of,
        local_placed=document.caseload.local,
        total_placed=document.caseload.total,
        last=_pairs(document.last_proposals),
        pinned=_pairs(document.pinned),
        excluded=_pairs(document.excluded),
        declined=_pairs(document.declined),
        home_price={HomeRef(home): price for home, price in document.home_prices.items()},
        weekly_budget_pence=document.weekly_budget_pence,
        under_way=frozenset(map(ChildRef, document.under_way)),
    )


def _policy(document: SnapshotIn, folder: Path) -> tuple[str, Policy]:
    given = document.policy
    if not isinstance(given, PolicyIn):
        return _policy_named(given, folder)
    try:
        policy = parse_policy(given.text.encode(), "of the snapshot")
    except PolicyError as error:
        where = f"policy.text, key {error.key}" if error.key else "policy.text"
        raise Invalid([FieldProblem(where, "The policy cannot be used.", f"It {error.problem}.")]) from None
    cure = "Leave it out, or put in the text that belongs to it."
    if given.sha256 not in (None, policy.sha256):
        raise Invalid([FieldProblem("policy.sha256", "The hash is not that of the text.", cure)])
    if given.version not in (None, policy.version):
        raise Invalid([FieldProblem("policy.version", "The text says another version.", cure)])
    return given.text, policy


def _policy_named(version: str, folder: Path) -> tuple[str, Policy]:
    known = {}
    for path in sorted(folder.glob("*.toml")):
        policy = parse_policy(path.read_bytes(), path.name)
        known[policy.version] = policy
    if version not in known:
        cure = f"Give its whole text, or one of: {', '.join(sorted(known))}."
        raise Invalid([FieldProblem("policy", "There is no policy of this version here.", cure)])
    return policy_text(folder, known[version].sha256), known[version]


def _referrals(
    document: SnapshotIn, directory: PostcodeDirectory, seen: date, told: tuple[list[FieldProblem], list[Note]]
) -> list[Referral]:
    problems, notes = told
    found = []
    for n, referral in enumerate(document.referrals):
        try:
            read = read_referral(referral, directory, seen, f"referrals[{n}].")
        except Invalid as error:
            problems += error.problems
            continue
        notes += read.notes
        found.append(_rest(read.record, document))
    apart = {ChildRef(child): [HomeRef(home) for home in at] for child, at in document.live_apart_at.items()}
    siblings = {
        ChildRef(child): {ChildRef(sibling): [HomeRef(home) for home in at] for sibling, at in theirs.items()}
        for child, theirs in document.siblings_live_at.items()
    }
    return list(with_known(found, apart, siblings))


def _rest(referral: Referral, document: SnapshotIn) -> Referral:
    """The referral; what is left of it, where brothers and sisters of it have a place."""
    homes = frozenset(map(HomeRef, document.siblings_at.get(referral.ref, ())))
    return rest_of(referral, homes) if homes else referral


def _homes(
    document: SnapshotIn, directory: PostcodeDirectory, seen: date, told: tuple[list[FieldProblem], list[Note]]
) -> Sequence[Home]:
    read = read_homes(document.homes, directory, seen)
    told[0].extend(read.problems)
    told[1].extend(read.notes)
    return read.records


def _check(document: SnapshotIn, problems: list[FieldProblem]) -> None:
    """What no single part of the file shows."""
    if document.caseload.local > document.caseload.total:
        problems.append(
            FieldProblem("caseload.local", "More children are local than there are.", "Check both numbers.")
        )
    if document.seed not in (None, SEED):
        cure = "Leave it out, or replay the file with the version of the code that made it."
        problems.append(FieldProblem("seed", "This version breaks ties by another seed.", cure))
    if document.records_of is not None and document.records_of < document.as_of:
        problems.append(FieldProblem("records_of", "This lies before as_of.", "Leave it out, or give a later day."))
    once: dict[str, str] = {}
    for n, referral in enumerate(document.referrals):
        _first(once, f"referral {referral.ref}", f"referrals[{n}].ref", problems)
        for c, child in enumerate(referral.children):
            _first(once, f"child {child.ref}", f"referrals[{n}].children[{c}].ref", problems)


def _first(once: dict[str, str], name: str, path: str, problems: list[FieldProblem]) -> None:
    """A child waits in one referral; inside one referral that is checked where it is read."""
    if name not in once:
        once[name] = path
    elif once[name].partition(".")[0] != path.partition(".")[0]:
        problem = f"The same reference stands at {once[name]}."
        problems.append(FieldProblem(path, problem, "Give each referral and each child a reference of its own."))


def _strangers(document: SnapshotIn, referrals: Sequence[Referral], homes: Sequence[Home]) -> list[Note]:
    """Pairs and prices that name somebody or something that is not in the file."""
    children = {child.ref for referral in referrals for child in referral.children}
    here = {home.ref for home in homes}
    notes = []
    for name in ("last_proposals", "pinned", "excluded", "declined"):
        for n, pair in enumerate(getattr(document, name)):
            if pair.home not in here or not children.issuperset(pair.children):
                left = " The night is made without it." if name == "pinned" else ""
                notes.append(Note(f"{name}[{n}]", f"It names a home or a child that is not in this file.{left}"))
    waiting = {referral.ref for referral in referrals}
    if any(ref not in waiting or not here.issuperset(at) for ref, at in document.siblings_at.items()):
        notes.append(Note("siblings_at", "It names a referral or a home that is not in this file."))
    if not children.issuperset(document.live_apart_at):
        notes.append(Note("live_apart_at", "It names a child that is not in this file."))
    if not children.issuperset(document.siblings_live_at):
        notes.append(Note("siblings_live_at", "It names a child that is not in this file."))
    if any(home not in here for home in document.home_prices):
        notes.append(Note("home_prices", "It names a home that is not in this file."))
    return notes


def _pairs(pairs: Sequence[PairIn]) -> tuple[Proposed, ...]:
    return in_order(Proposed(frozenset(map(ChildRef, pair.children)), HomeRef(pair.home)) for pair in pairs)


def _share(share: ShareIn) -> Share:
    return Share(share.seconds, share.memory_mb)
