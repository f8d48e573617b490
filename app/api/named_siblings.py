"""What is said to whoever sends a referral in which one child names a placed brother or sister and another does not.

Each child is judged by its own record. Not all children of a referral need have the same brothers and sisters; but a
reference that was left out would be a rule of law that keeps them apart, or a way to each other that nobody counts.
"""

from __future__ import annotations

from app.documents.places import Note
from app.documents.referral_models import ReferralIn

LACKS = (
    "Others of this referral name brothers or sisters who are placed, and this child does not name all of them. Each "
    "child is judged by its own record: if they are brothers or sisters of this child too, name them here, or the "
    "limit of a foster home counts them as strangers to each other."
)


def notes_of(body: ReferralIn) -> list[Note]:
    """A note for each child who lacks one of them."""
    named = [{sibling.child for sibling in child.placed_siblings} for child in body.children]
    every = set[str]().union(*named)
    return [Note(f"children[{n}].placed_siblings", LACKS) for n, some in enumerate(named) if some != every]
