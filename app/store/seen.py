"""What persons were shown: stored when it is shown, named when they decide, never changed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select

from app.matching.referral import ReferralRef
from app.store.codec import decoder, encoder
from app.store.placement_records import Seen, SeenKind, SeenOption
from app.store.placement_tables import decisions
from app.store.placement_tables import seen as table
from app.store.prepared import Prepared
from app.store.session import Reading, Writing

OF_A_PLACEMENT = "was_so"

_COLUMNS = [column.name for column in table.columns if column.name not in ("seen_at", OF_A_PLACEMENT)]
_ADD = Prepared(table.insert(), _COLUMNS)
_ADD_PLACEMENT = Prepared(table.insert(), [*_COLUMNS, OF_A_PLACEMENT])

_write = encoder(tuple[SeenOption, ...])
_read = decoder(tuple[SeenOption, ...])


def new_id() -> str:
    """An id that nobody can guess: it shows that its bearer was shown something."""
    return secrets.token_hex(16)


def add(writing: Writing, authority: str, shown: Seen) -> None:
    """Store what is about to be shown, with the next statement: the entry that tells of it comes right behind."""
    row: dict[str, Any] = {
        "authority": authority,
        "id": shown.id,
        "subject": shown.subject,
        "kind": str(shown.kind),
        "referral_ref": shown.referral,
        "referral_version": shown.referral_version,
        "proposal_id": shown.proposal_id,
        "placement_id": shown.placement_id,
        "policy_version": shown.policy_version,
        "policy_sha256": shown.policy_sha256,
        "as_of": shown.as_of,
        "options": _write(shown.options),
        "inventory_seq": shown.inventory_seq,
    }
    if shown.was_so is None:
        _ADD.put_off(writing, row)
    else:
        _ADD_PLACEMENT.put_off(writing, row | {OF_A_PLACEMENT: dict(shown.was_so)})


def unused(reading: Reading, authority: str, before: datetime, most: int) -> list[str]:
    """Ids of so much of what was shown before this instant and was never decided on."""
    used = exists().where(decisions.c.authority == table.c.authority, decisions.c.seen_id == table.c.id)
    old = table.c.authority == authority, table.c.seen_at < before, ~used
    return list(reading.execute(select(table.c.id).where(*old).limit(most)).scalars())


def forget(writing: Writing, authority: str, ids: Sequence[str]) -> None:
    """Delete what was shown. The database refuses where a decision rests on it."""
    writing.execute(delete(table).where(table.c.authority == authority, table.c.id.in_(ids)))


def get(reading: Reading, authority: str, seen_id: str) -> Seen | None:
    """What was shown, or None where nothing of this id was."""
    wanted = select(table).where(table.c.authority == authority, table.c.id == seen_id)
    row = reading.execute(wanted).mappings().one_or_none()
    if row is None:
        return None
    return Seen(
        id=row["id"],
        subject=row["subject"],
        kind=SeenKind(row["kind"]),
        referral=ReferralRef(row["referral_ref"]),
        referral_version=row["referral_version"],
        policy_version=row["policy_version"],
        policy_sha256=row["policy_sha256"],
        as_of=row["as_of"],
        options=_read(row["options"]),
        proposal_id=row["proposal_id"],
        placement_id=row["placement_id"],
        inventory_seq=row["inventory_seq"],
        was_so=row["was_so"],
    )
