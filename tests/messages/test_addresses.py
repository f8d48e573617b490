from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import pytest

from app.messages.addresses import AddressRefused, Target, is_public, pin, target_of
from tests.messages.attacks import LEADS_INSIDE, NOT_TARGETS

HOSTS = ("cases.example.org", "cases.example.org:8443")


def test_a_listed_host_is_a_target() -> None:
    """With its usual port, or one that is listed; path and query go along."""
    assert target_of("https://cases.example.org", HOSTS) == Target(True, "cases.example.org", 443, "/")
    found = target_of("https://cases.example.org:8443/hooks/a?b=c", HOSTS)
    assert (found.port, found.path, found.authority) == (8443, "/hooks/a?b=c", "cases.example.org:8443")


@pytest.mark.parametrize("url", NOT_TARGETS)
def test_nothing_else_is_a_target(url: str) -> None:
    """Other hosts, other schemes, numbers, users, and whatever one parser could read otherwise than another."""
    asked: list[str] = []

    def resolver(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["93.184.215.14"]

    with pytest.raises(AddressRefused):
        pin(target_of(url, HOSTS), resolver)
    assert asked == []


@pytest.mark.parametrize("url", NOT_TARGETS)
def test_listing_a_number_does_not_make_it_a_host(url: str) -> None:
    """Even if somebody put what is attacked onto the list, a number or a user is no host."""
    host = url.partition("://")[2].partition("/")[0]
    with pytest.raises(AddressRefused):
        pin(target_of(url, (*HOSTS, host)), lambda _h, _p: ["127.0.0.1"])


@pytest.mark.parametrize("number", LEADS_INSIDE)
def test_a_listed_host_that_leads_inside_is_refused(number: str) -> None:
    """Whatever the name server says, alone or among good answers, before and behind them."""
    target = target_of("https://cases.example.org/", HOSTS)
    for answers in ([number], ["93.184.215.14", number], [number, "93.184.215.14"]):
        with pytest.raises(AddressRefused) as refused:
            pin(target, lambda _h, _p, answers=answers: answers)  # type: ignore[misc]
        assert refused.value.code in {"address_not_public", "not_resolved"}


@pytest.mark.parametrize("answers", [[], ["not a number"], ["999.1.1.1"]])
def test_no_usable_answer_is_refused(answers: list[str]) -> None:
    """Gently: the name cannot be looked up just now."""
    with pytest.raises(AddressRefused, match="not_resolved"):
        pin(target_of("https://cases.example.org/", HOSTS), lambda _h, _p: answers)


def test_public_numbers_are_public() -> None:
    """The guard does not refuse everything."""
    for number in ("93.184.215.14", "1.1.1.1", "193.62.157.66", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"):
        assert is_public(ipaddress.ip_address(number)), number
        assert pin(target_of("https://cases.example.org/", HOSTS), lambda _h, _p, n=number: [n]) == number  # type: ignore[misc]


def test_this_machine_only_where_the_settings_say_so() -> None:
    """For demo and tests: without TLS, to this machine and nothing else."""
    url = "http://127.0.0.1:9000/hook"
    assert pin(target_of(url, (), loopback=True), lambda h, _p: [h], loopback=True) == "127.0.0.1"
    for hosts in ((), ("127.0.0.1:9000",)):
        with pytest.raises(AddressRefused):
            target_of(url, hosts)
    with pytest.raises(AddressRefused, match="scheme"):
        target_of("http://cases.example.org/", HOSTS, loopback=True)
    with pytest.raises(AddressRefused, match="address_not_public"):
        pin(target_of("http://localhost/", (), loopback=True), lambda _h, _p: ["10.0.0.1"], loopback=True)
    with pytest.raises(AddressRefused, match="address_not_public"):
        pin(target_of("https://cases.example.org/", HOSTS, loopback=True), lambda _h, _p: ["127.0.0.1"], loopback=True)


def test_there_are_enough_attacks() -> None:
    """A list that somebody shortened would prove less than it says."""
    assert len(set(NOT_TARGETS)) >= 60
    assert len(set(LEADS_INSIDE)) >= 40
