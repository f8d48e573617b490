"""Records survive being made plain and read again."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given

from app.matching.home import Home
from app.matching.referral import Referral
from app.store.codec import decoder, encoder, hints
from tests.support.records import homes, referrals


@given(homes())
def test_a_home_survives(home: Home) -> None:
    """Every field of a home comes back as it was, through real JSON."""
    assert decoder(Home)(json.loads(json.dumps(encoder(Home)(home)))) == home


@given(referrals())
def test_a_referral_survives(referral: Referral) -> None:
    """Every field of a referral and its children comes back as it was, zones too."""
    assert decoder(Referral)(json.loads(json.dumps(encoder(Referral)(referral)))) == referral


def test_every_field_is_written() -> None:
    """Fields that stand at their default are written too, as a default may change later."""
    assert set(hints(Home)) == set(Home.__dataclass_fields__)


def test_a_field_of_an_unheard_type_is_refused() -> None:
    """A record with a field that JSON cannot hold exactly fails at once, not when it is first stored."""

    @dataclass(frozen=True)
    class Weighed:
        weight: float

    with pytest.raises(TypeError, match="cannot store"):
        encoder(float)
    with pytest.raises(TypeError, match="cannot store"):
        decoder(Weighed)
