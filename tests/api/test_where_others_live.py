"""Where others live: list, match, why-not and hold give one answer, whoever told it, and in whatever order."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.documents.examples import A_CHILD, A_REFERRAL, A_RESIDENT
from tests.api.desk import CASE_SYSTEM, OTHER_HOME, R1, REASON, posted, shortlist_of, store_anew, take_step
from tests.api.service import TODAY, send

CHILD = A_CHILD["ref"]
OTHER, BEFORE = "ZQ-OTHER", "2026-02-20"
HG, HI = ({**OTHER_HOME, "ref": f"EXAMPLE-{name}", "places": 4} for name in ("HG", "HI"))
MOVED = {"moved_in_on": TODAY.isoformat()}


def _homes(client: TestClient, *residents: str) -> None:
    """Two homes alike; these live in the second by its own record."""
    store_anew(client, "homes", HG)
    store_anew(client, "homes", {**HI, "residents": [{**A_RESIDENT, "ref": ref} for ref in residents]})


def _waits(client: TestClient, **child: Any) -> None:
    """The child of whom lists are asked, alone; its record says this of others."""
    required = {"keep_together": "required"} if "placed_siblings" in child else {}
    store_anew(client, "referrals", {**A_REFERRAL, **required, "children": [{**A_CHILD, **child}]})


def _other(client: TestClient, **child: Any) -> None:
    body = {**A_REFERRAL, "ref": "R-OTHER", "waiting_since": BEFORE, "children": [{**A_CHILD, "ref": OTHER, **child}]}
    store_anew(client, "referrals", body)


def _caseload(client: TestClient, home: str) -> Any:
    body = {"ref": OTHER, "home": home, "kind": "foster"}
    answer = send(client, "PUT", f"/caseload/{OTHER}", body, **CASE_SYSTEM)
    if answer.status_code != 201:
        answer = send(client, "PUT", f"/caseload/{OTHER}", body, If_Match="*", **CASE_SYSTEM)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def _moves(client: TestClient, home: str) -> None:
    """The other child moves into this home by a placement."""
    seen = client.get(f"/referrals/R-OTHER/why-not/{home}").json()["seen"]
    held = posted(client, "/holds", {"referral": "R-OTHER", "home": home, "seen": seen, "reason": REASON})
    assert held.status_code == 201, held.text
    accepted = take_step(client, held.json(), "accept", {})
    assert accepted.status_code == 200, accepted.text
    placed = take_step(client, accepted.json(), "place", MOVED)
    assert placed.status_code == 200, placed.text


def _kept_out(client: TestClient, rule: str) -> tuple[bool, bool]:
    """Whether this rule keeps the child out of the two homes: whoever is asked says the same."""
    return _out_of(client, HG["ref"], rule), _out_of(client, HI["ref"], rule)


def _out_of(client: TestClient, home: str, rule: str) -> bool:
    shown = client.get(f"/referrals/{R1}/why-not/{home}").json()
    (is_out,) = {one["blocks"] for one in shown["rules"] if one["code"] == rule}
    listed = home in [option["home"] for option in shortlist_of(client)["options"]]
    matched = send(client, "POST", "/match", {"referral_ref": R1}).json()
    # What is sent along is said now, so of brothers and sisters it may say another thing than what is stored.
    along = {"referral_ref": R1} if rule == "siblings_together" else {"referral": client.get(f"/referrals/{R1}").json()}
    sent = send(client, "POST", "/match", along).json()
    seen = shown["seen"] or shortlist_of(client)["seen"]
    held = posted(client, "/holds", {"referral": R1, "home": home, "seen": seen, "reason": REASON})
    if held.status_code == 201:
        gone = client.get(f"/placements/{held.json()['id']}").json()
        assert rule not in [one["code"] for one in gone["now"]["in_the_way"]]
        assert take_step(client, held.json(), "withdraw", {"reason": {"code": "PLANS"}}).status_code == 200
    else:
        assert OTHER not in held.text
    told = [listed, *(home in [one["home"] for one in found["options"]] for found in (matched, sent))]
    assert {not is_out} == {*told, held.status_code == 201}, (home, is_out, told, held.text)
    return bool(is_out)


AT_HG, AT_HI, AT_BOTH = (True, False), (False, True), (True, True)
TO_HG, TO_HI, NOWHERE, ANYWHERE = AT_HI, AT_HG, AT_BOTH, (False, False)


def test_one_who_must_live_apart_from_the_child(served: TestClient) -> None:
    """The child's own record names nobody: by where the other waits, is in the caseload, is listed, or is a sibling."""
    _homes(served)
    _waits(served)
    feared = {"live_apart_from": [CHILD]}
    _other(served)
    assert _kept_out(served, "live_apart") == ANYWHERE
    _other(served, **feared, current_home=HI["ref"])
    assert _kept_out(served, "live_apart") == AT_HI
    _other(served, **feared)
    assert _kept_out(served, "live_apart") == ANYWHERE
    _homes(served, OTHER)
    assert _kept_out(served, "live_apart") == AT_HI
    _homes(served)
    _caseload(served, HG["ref"])
    assert _kept_out(served, "live_apart") == AT_HG
    third = {**A_CHILD, "ref": "THIRD", "placed_siblings": [{"child": OTHER, "home": HI["ref"]}]}
    store_anew(served, "referrals", {**A_REFERRAL, "ref": "R-THIRD", "children": [third]})
    assert _kept_out(served, "live_apart") == AT_BOTH
    _other(served)
    assert _kept_out(served, "live_apart") == ANYWHERE


def test_what_is_sent_along_says_itself_who_must_live_apart(here: TestClient) -> None:
    """Of two brothers of whom nothing is stored: where the one lives, the other may not, whoever says where that is."""
    _homes(here)
    _caseload(here, HG["ref"])
    for feared, open_to in (([], {HG["ref"], HI["ref"]}), (["ZQ-ALONG"], set())):
        afraid = {**A_CHILD, "ref": OTHER, "live_apart_from": feared, "current_home": HI["ref"]}
        both = {"keep_together": "not_required", "children": [{**A_CHILD, "ref": "ZQ-ALONG"}, afraid]}
        body = {"referral": {**A_REFERRAL, "ref": "R-ALONG", **both}, "children": ["ZQ-ALONG"]}
        found = send(here, "POST", "/match", body).json()["options"]
        assert {one["home"] for one in found} & {HG["ref"], HI["ref"]} == open_to


def test_a_sister_whose_own_place_is_not_her_home_yet(served: TestClient) -> None:
    """Brothers and sisters of one referral: where she lives until she moves is no home for who must live apart."""
    _homes(served)
    sister = {**A_CHILD, "ref": OTHER, "live_apart_from": [CHILD], "current_home": HI["ref"]}
    body = {**A_REFERRAL, "keep_together": "not_required", "children": [A_CHILD, sister]}
    store_anew(served, "referrals", body)
    shown = served.get(f"/referrals/{R1}/shortlist", params={"children": OTHER}).json()
    held = posted(served, "/holds", {"referral": R1, "home": HG["ref"], "seen": shown["seen"], "reason": REASON})
    assert held.status_code == 201, held.text
    assert shortlist_of(served)["children"] == [CHILD]
    assert _kept_out(served, "live_apart") == AT_BOTH


@pytest.mark.parametrize("waits", [True, False])
def test_what_is_told_after_a_move_counts_too(served: TestClient, waits: bool) -> None:
    """What was stored before it is over; what is stored after it is newer, and so both homes are kept from."""
    _homes(served)
    feared = {} if waits else {"live_apart_from": [OTHER]}
    fears = {"live_apart_from": [CHILD]} if waits else {}
    _waits(served, **feared)
    _caseload(served, HI["ref"])
    _other(served, **fears)
    _moves(served, HG["ref"])
    assert _kept_out(served, "live_apart") == AT_HG
    if waits:
        _other(served, **fears, current_home=HI["ref"])
    else:
        _caseload(served, HI["ref"])
    assert _kept_out(served, "live_apart") == AT_BOTH


def test_a_stay_that_is_over_silences_nothing(served: TestClient) -> None:
    """Whoever moved out again lives where the records say, as if there had been no placement."""
    _homes(served)
    _waits(served, live_apart_from=[OTHER])
    _caseload(served, HI["ref"])
    _other(served)
    _moves(served, HG["ref"])
    assert _kept_out(served, "live_apart") == AT_HG
    (placed,) = [one for one in served.get("/placements").json()["placements"] if one["state"] == "placed"]
    over = {"ended_on": TODAY.isoformat(), "planned": True, "reason": {"code": "CARPL"}}
    assert take_step(served, placed, "end", over).status_code == 200
    assert _kept_out(served, "live_apart") == AT_HI


@pytest.mark.parametrize("listed", [False, True])
def test_a_sister_who_moved_by_a_placement(served: TestClient, listed: bool) -> None:
    """With her means where she lives now, whatever a home that she left still lists."""
    _homes(served, *([OTHER] if listed else []))
    _waits(served, placed_siblings=[{"child": OTHER}])
    assert _kept_out(served, "siblings_together") == (TO_HI if listed else ANYWHERE)
    _other(served)
    _moves(served, HG["ref"])
    assert _kept_out(served, "siblings_together") == TO_HG


def test_where_the_record_says_that_the_sister_lives(served: TestClient) -> None:
    """Before she moved it is over; said again after the move, nobody knows which is right: so neither is with her."""
    _homes(served)
    stale = [{"child": OTHER, "home": HI["ref"]}]
    _waits(served, placed_siblings=stale)
    third = {**A_CHILD, "ref": "THIRD", "placed_siblings": stale}  # what another's record said before is not said here
    store_anew(served, "referrals", {**A_REFERRAL, "ref": "R-THIRD", "children": [third]})
    _other(served)
    _moves(served, HG["ref"])
    assert _kept_out(served, "siblings_together") == TO_HG
    said_now = {"referral": served.get(f"/referrals/{R1}").json()}  # the same words, sent along
    assert send(served, "POST", "/match", said_now).json()["options"] == []
    _waits(served, placed_siblings=stale)
    assert _kept_out(served, "siblings_together") == NOWHERE
    _waits(served, placed_siblings=[{"child": OTHER}])
    assert _kept_out(served, "siblings_together") == TO_HG
    _caseload(served, HI["ref"])
    assert _kept_out(served, "siblings_together") == NOWHERE


def test_a_sister_of_whom_the_caseload_alone_tells(served: TestClient) -> None:
    """It is where she lives, as for anybody else of whom it is asked."""
    _homes(served)
    _waits(served, placed_siblings=[{"child": OTHER}])
    _caseload(served, HI["ref"])
    assert _kept_out(served, "siblings_together") == TO_HI


def _said(client: TestClient, **asked: str) -> str:
    """The notes of the list and of a home, which are the same."""
    shown = client.get(f"/referrals/{R1}/shortlist", params=asked).json()
    one = client.get(f"/referrals/{R1}/why-not/{HG['ref']}", params=asked).json()
    told = [" ".join(note["note"] for note in found["notes"]) for found in (shown, one)]
    assert told[0] == told[1]
    return told[0]


def test_sisters_of_whom_it_is_not_known_where_they_live(here: TestClient) -> None:
    """The rule cannot speak of them, and is not met in silence; of several homes the list says that it is in none."""
    _homes(here, OTHER)
    there, nowhere = {"child": OTHER}, {"child": "ZQ-FAR", "location": "NG1 5DT"}
    for siblings, told in (
        ([there], ()),
        ([nowhere], ("1 of them nobody knows",)),
        ([there, nowhere, {"child": "ZQ-GONE", "home": "NO-SUCH"}], ("2 of them nobody knows",)),
        ([there, {"child": "ZQ-TWO", "home": HG["ref"]}], ("met in none",)),
    ):
        _waits(here, placed_siblings=siblings)
        said = _said(here)
        assert [("nobody knows" in said), ("met in none" in said)] == [
            any(word in one for one in told) for word in ("nobody knows", "met in none")
        ]
        assert all(one in said for one in told)
    found = here.get(f"/referrals/{R1}/why-not/{HG['ref']}").json()
    (rule,) = [one for one in found["rules"] if one["code"] == "siblings_together"]
    assert ("only a part" in rule["sentence"], "elsewhere" in rule["sentence"]) == (False, True)


def test_some_of_them_are_held_with_the_others(served: TestClient) -> None:
    """In the home where the others live already nobody is parted: it takes no second person, and the note says so."""
    _homes(served, OTHER)
    both = [{**A_CHILD, "ref": OTHER}, A_CHILD]
    store_anew(served, "referrals", {**A_REFERRAL, "keep_together": "required", "children": both})
    shown = served.get(f"/referrals/{R1}/shortlist", params={"children": CHILD}).json()
    assert [option["home"] for option in shown["options"]] == [HI["ref"]]
    assert f"In home {HI['ref']} all the others live" in _said(served, children=CHILD)

    def hold(home: str) -> Any:
        seen = served.get(f"/referrals/{R1}/why-not/{home}", params={"children": CHILD}).json()["seen"]
        return posted(served, "/holds", {"referral": R1, "home": home, "seen": seen, "reason": REASON})

    refused, held = hold(HG["ref"]), hold(HI["ref"])
    assert (refused.status_code, held.status_code) == (409, 201), (refused.text, held.text)
    assert held.json()["second_needed"] is False
    accepted = take_step(served, held.json(), "accept", {})
    assert accepted.status_code == 200, accepted.text
    placed = take_step(served, accepted.json(), "place", MOVED)
    assert placed.status_code == 200, placed.text
