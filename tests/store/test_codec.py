"""Records survive being made plain and read again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given

from app.matching.home import Home
from app.matching.referral import Referral
from app.store.codec import decoder, default_of, encoder, hints, rewriters
from tests.support.builders import a_home
from tests.support.records import homes, referrals


@given(homes())
def test_a_home_survives(home: Home) -> None:
    """Every field of a home comes back as it was, through real JSON."""
    assert decoder(Home)(json.loads(json.dumps(encoder(Home)(home)))) == home


@given(referrals())
def test_a_referral_survives(referral: Referral) -> None:
    """Every field of a referral and its children comes back as it was, zones too."""
    assert decoder(Referral)(json.loads(json.dumps(encoder(Referral)(referral)))) == referral


def _stored(written: Any) -> Any:
    """As a database may give it back: the names of every object in another order."""
    return json.loads(json.dumps(written, sort_keys=True))


def _again(record: type, written: Mapping[str, Any]) -> str:
    found = {
        name: written[name] if again is None else again(written[name]) for name, again in rewriters(record).items()
    }
    return json.dumps(found)


@given(homes())
def test_a_home_is_written_again_as_its_record_would_be(home: Home) -> None:
    """What is stored becomes, without a record, letter by letter what its record is written as."""
    stored = _stored(encoder(Home)(home))
    assert _again(Home, stored) == json.dumps(encoder(Home)(decoder(Home)(stored)))


@given(referrals())
def test_a_referral_is_written_again_as_its_record_would_be(referral: Referral) -> None:
    """The same for referrals with all that stands in them in any number."""
    stored = _stored(encoder(Referral)(referral))
    assert _again(Referral, stored) == json.dumps(encoder(Referral)(decoder(Referral)(stored)))


def test_what_was_stored_before_a_field_existed_is_written_with_its_default() -> None:
    """A field that lacks inside what is stored has the record's default; without one that is an error."""
    written = encoder(Home)(a_home())
    whole, older = rewriters(Home)["terms"], {k: v for k, v in written["terms"].items() if k != "siblings_only"}
    assert whole is not None
    assert whole(older) == written["terms"]
    assert list(whole(older)) == list(written["terms"])
    with pytest.raises(LookupError, match=r"Home\.kind"):
        default_of(Home, "kind")


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
