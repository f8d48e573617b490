"""What is said of somebody who was erased and is named in a referral that is sent along to be matched."""

from __future__ import annotations

from collections.abc import Collection

from app.api.referrals import named_at
from app.documents.places import Note
from app.documents.referral_models import ReferralIn

JUDGED = (
    "The personal data of somebody who is named here was erased. The rule is asked of whoever was left in a home in"
    " their place, and of whoever is on record by this reference. Where they live now under another name nobody here"
    " can tell: ask who knows."
)


def of_a_match(body: ReferralIn, erased: Collection[str], within: str) -> list[Note]:
    """Beside each of these people where a body names them; `within`: how its paths begin."""
    return [Note(f"{within}{path}", JUDGED) for path in named_at(body, erased)]
