"""What a refusal has to add for whoever may read it: with what a change is in conflict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from app.api.service import service_of
from app.errors import ChildAlreadyWaiting, FieldProblem
from app.matching.referral import Referral
from app.store import conflicts


@contextmanager
def saying_who_waits(request: Request, referral: Referral) -> Iterator[None]:
    """Tell which children of a referral wait already, and in which other one: whoever stores referrals may read them.

    Looked up after the change was refused, as the transaction that was refused can ask nothing more.
    """
    try:
        yield
    except ChildAlreadyWaiting:
        service = service_of(request)
        with service.database.reading() as reading:
            people = [child.ref for child in referral.children]
            found = conflicts.waiting_in(reading, service.authority, people, referral.ref)
        cure = "Change that referral, or withdraw it first."
        raise ChildAlreadyWaiting(
            [
                FieldProblem(f"children[{n}]", f"This child waits already in the referral {found[child]}.", cure)
                for n, child in enumerate(people)
                if child in found
            ]
        ) from None
