"""Somebody who was erased is named anew: in whose lists they stand, and when they are told of again themselves.

Where a child must live apart from somebody who was erased, a word that means nothing stands in the list, and in the
home where that person lived (`app.store.erasure`). The records of the case system still name the person. What it
sends is read with that word again, or the rule would be met in silence; the log of erasures tells by its digests who
is meant, and keeps nothing more for it. Once the person is told of anew, as somebody who lives in a home or waits for
one, they are known by their own reference, and the word is exchanged for it everywhere: one person, one name.

Whoever stores a list of people to live apart from, or a home, or erases somebody, holds the inventory's clock from
before it is read who is who until the end: otherwise two of them at once would leave one person under two names, and
the rule between them unseen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from sqlalchemy import bindparam, select

from app.access.principal import Kind
from app.matching.home import Home
from app.matching.referral import Child, ChildRef, Referral
from app.store import save
from app.store.audit import AuditEntry, record_all, who_is_known
from app.store.audit_tables import audit_entries, erasures
from app.store.erasure import MARK, digest_of
from app.store.erasure_tables import RECORDS
from app.store.placement_tables import place_claims
from app.store.prepared import Prepared, rows_of_all
from app.store.run_tables import placed_children
from app.store.session import Database, Reading, Writing
from app.store.tables import children, residents

KNOWN_AGAIN = "personal_data.known_again"
"""The action by which records of others change that name the person: whose words were exchanged for the reference."""

ACTOR = "service"


def words_for(reading: Reading, authority: str, refs: Collection[str]) -> dict[str, list[str]]:
    """The words that stand for those of these people who were erased, each person's last one last."""
    return _words(authority, refs, _ERASED.rows(reading, authority=authority) if refs else ())


def as_kept(writing: Writing, authority: str, referral: Referral) -> tuple[Referral, Mapping[ChildRef, ChildRef]]:
    """The referral with its lists as they are kept, and whom these name by a word.

    Whoever is on record again by their own reference, in this referral too, is named by it. Before the referral is
    locked: where it names anybody, nobody is erased and no home is stored until the transaction ends.
    """
    named = _named(referral)
    if not named:
        return referral, {}
    save.next_seq(writing, authority)
    words = words_for(writing, authority, named)
    words = {ref: words[ref] for ref in words.keys() - {child.ref for child in referral.children}}
    there = _on_record(writing, authority, words)
    kept = {ChildRef(ref): ChildRef(found[-1]) for ref, found in words.items() if ref not in there}
    if not kept:
        return referral, kept
    return replace(referral, children=tuple(_by_words(child, kept) for child in referral.children)), kept


def _by_words(child: Child, kept: Mapping[ChildRef, ChildRef]) -> Child:
    """The child with these people by their words: whom to live apart from, and where they live as brother or sister."""
    placed = tuple(replace(one, child=kept.get(one.child, one.child)) for one in child.placed_siblings)
    apart = frozenset(kept.get(ref, ref) for ref in child.live_apart_from)
    return replace(child, live_apart_from=apart, placed_siblings=placed)


def under_every_name(
    database: Database, authority: str, referral: Referral, beside: Collection[ChildRef] = ()
) -> tuple[Referral, Collection[str]]:
    """The referral with everybody of its lists under each of their names, and who was erased: to be judged, not stored.

    `beside`: who lives in homes that are not stored, where those whom a list has by a word may go by their reference.
    """
    named = _named(referral)
    asked = named.union(beside) if any(ref.startswith(MARK) for ref in named) else named
    if not asked:
        return referral, ()
    with database.reading() as reading:
        words = words_for(reading, authority, asked)
    if not words:
        return referral, ()
    one_person = [frozenset(map(ChildRef, (ref, *found))) for ref, found in words.items()]
    people = tuple(
        replace(child, live_apart_from=_with_all(child.live_apart_from, one_person)) for child in referral.children
    )
    return replace(referral, children=people), words.keys() & named


def _with_all(named: frozenset[ChildRef], people: Iterable[frozenset[ChildRef]]) -> frozenset[ChildRef]:
    return named.union(*(names for names in people if names & named))


def one_each(reading: Reading, authority: str, home: Home) -> Home:
    """The home with nobody in it twice: whoever is listed by their own reference is not by a word as well.

    So it is sent where the home was read with the word, and the person it stands for is added.
    """
    words = {resident.ref for resident in home.residents if resident.ref.startswith(MARK)}
    if not words:
        return home
    listed = [resident.ref for resident in home.residents if resident.ref not in words]
    twice = words.intersection(chain.from_iterable(words_for(reading, authority, listed).values()))
    return replace(home, residents=tuple(one for one in home.residents if one.ref not in twice)) if twice else home


def told_again(writing: Writing, authority: str, refs: Collection[str]) -> None:
    """Somebody came on record by these references: whoever must live apart from one of them must do so again by it."""
    _exchange(writing, authority, words_for(writing, authority, refs))


def told_and_known(writing: Writing, authority: str, refs: Collection[str]) -> list[Mapping[Any, Any]]:
    """The same where the inventory's clock is not held; under which numbers and keys the trail knows them.

    That is asked first: whoever is erased after it is noticed when the change is recorded, and it is done again.
    """
    if not refs:
        return []
    asked = [*who_is_known(authority, sorted(refs)), (_ERASED, {"authority": authority})]
    *known, erased = rows_of_all(writing, asked)
    _exchange(writing, authority, _words(authority, refs, erased))
    return [row for rows in known for row in rows]


def _exchange(writing: Writing, authority: str, words: Mapping[str, Sequence[str]]) -> None:
    if not words:
        return
    save.next_seq(writing, authority)
    for ref, found in sorted(words.items()):
        for word in found:
            for exchange in RECORDS:
                exchange(writing, authority, word, {word: ref})
    told = [AuditEntry(ACTOR, str(Kind.SYSTEM), KNOWN_AGAIN, "child", ref, (ref,)) for ref in sorted(words)]
    record_all(writing, authority, told)


def living(reading: Reading, authority: str) -> set[str]:
    """Everybody who lives in a home as it is stored."""
    return set(reading.execute(select(residents.c.ref).where(residents.c.authority == authority)).scalars())


def _named(referral: Referral) -> frozenset[ChildRef]:
    return frozenset[ChildRef]().union(*(child.live_apart_from for child in referral.children))


def _on_record(reading: Reading, authority: str, refs: Iterable[str]) -> set[str]:
    """Those who live in a home, are in the caseload, wait for a home, or have a place."""
    named = sorted(refs)
    found: set[str] = set()
    columns = residents.c.ref, placed_children.c.ref, children.c.ref, place_claims.c.child_ref
    for column in columns if named else ():
        live = (place_claims.c.live,) if column.table is place_claims else ()
        mine = column.table.c.authority == authority, column.in_(named), *live
        found.update(reading.execute(select(column).where(*mine)).scalars())
    return found


def _words(authority: str, refs: Collection[str], erased: Iterable[Mapping[Any, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in erased:
        for ref in refs:
            if row["object_ref"] is not None and digest_of(authority, ref, row["salt"]) == row["digest"]:
                found[ref].append(row["object_ref"])
    return dict(found)


_ERASED = Prepared(
    select(erasures.c.salt, erasures.c.digest, audit_entries.c.object_ref)
    .join(
        audit_entries,
        (audit_entries.c.authority == erasures.c.authority) & (audit_entries.c.seq == erasures.c.audit_seq),
    )
    .where(erasures.c.authority == bindparam("authority"))
    .order_by(erasures.c.audit_seq)
)
"""Every erasure with the word that stands for whom it erased."""
