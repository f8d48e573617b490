"""What was declined before is told wherever it is offered again, and no run proposes it on unchanged records."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from starlette.testclient import TestClient

from app.api.proposal_models import SeenProposalOut, StandingOut
from app.documents.examples import A_REFERRAL
from tests.api.desk import CASE_SYSTEM, CHILD, H1, R1, hold_first, posted, run_to_its_end, take_step
from tests.api.service import send

WISH = {"code": "CHILD", "text": "The child has been there and does not want to live there."}


def _standing(client: TestClient) -> list[dict[str, Any]]:
    found = client.get("/proposals").json()
    TypeAdapter(StandingOut).validate_python(found)
    proposals: list[dict[str, Any]] = found["proposals"]
    return proposals


def test_what_an_officer_declined_is_not_proposed_again(served: TestClient) -> None:
    """The child's wish is remembered: the next run proposes another home, and then nobody has one, by name."""
    run_to_its_end(served)
    (first,) = _standing(served)
    assert first["declined_before"] == []
    refused = []
    for _ in range(2):
        (proposal,) = _standing(served)
        seen = served.get(f"/proposals/{proposal['id']}").json()["seen"]
        declined = posted(served, f"/proposals/{proposal['id']}/decline", {"seen": seen, "reason": WISH})
        assert declined.status_code == 201, declined.text
        refused.append(proposal["home"])
        run = run_to_its_end(served)
    assert len(set(refused)) == 2
    assert _standing(served) == []
    (unplaced,) = served.get(f"/runs/{run['id']}/unplaced").json()["unplaced"]
    assert (unplaced["why"], unplaced["homes_declined"]) == ("declined_before", sorted(refused))
    assert all(home in unplaced["sentence"] for home in refused)
    assert "declined for them" in unplaced["sentence"]


def test_what_a_provider_refused_comes_back_marked(served: TestClient) -> None:
    """Once the referral was sent anew it may be proposed, and says when, by whom and why it was declined before."""
    sent = take_step(served, hold_first(served).json(), "send", {}).json()
    assert sent["home"] == H1
    no = {"by": "provider", "reason": {"code": "MATCH", "text": "Their daughter was hurt before."}}
    assert take_step(served, sent, "decline", no, CASE_SYSTEM).status_code == 200
    run_to_its_end(served)
    (other,) = _standing(served)
    assert (other["home"] == H1, other["declined_before"]) == (False, [])
    assert send(served, "PUT", f"/referrals/{R1}", A_REFERRAL, If_Match="*").status_code == 200
    run = run_to_its_end(served, pinned=[{"children": [CHILD], "home": H1}])
    (again,) = _standing(served)
    (one,) = again["declined_before"]
    assert (again["home"], one["children"], one["by"], one["reason"]) == (H1, [CHILD], "provider", "MATCH")
    assert "hurt" not in str(again)
    shown = served.get(f"/proposals/{again['id']}").json()
    TypeAdapter(SeenProposalOut).validate_python(shown)
    assert shown["declined_before"] == again["declined_before"]
    assert served.get(f"/runs/{run['id']}/proposals").json()["proposals"][0]["declined_before"] == [one]


def test_what_a_provider_refused_is_of_the_child_whatever_the_referral_is_called(served: TestClient) -> None:
    """The file is closed and opened anew under another number: the list, why-not and the run still say so, once."""
    sent = take_step(served, hold_first(served).json(), "send", {}).json()
    no = {"by": "provider", "reason": {"code": "MATCH", "text": "Their daughter was hurt before."}}
    assert take_step(served, sent, "decline", no, CASE_SYSTEM).status_code == 200
    gone = send(served, "DELETE", f"/referrals/{R1}", None, If_Match="*", **CASE_SYSTEM)
    assert gone.status_code == 204, gone.text
    renamed, another = A_REFERRAL | {"ref": "R-AGAIN"}, A_REFERRAL["children"][0] | {"ref": "SOMEBODY-ELSE"}
    assert send(served, "PUT", "/referrals/R-AGAIN", renamed, **CASE_SYSTEM).status_code == 201
    other = A_REFERRAL | {"ref": "R-OTHER", "children": [another]}
    assert send(served, "PUT", "/referrals/R-OTHER", other, **CASE_SYSTEM).status_code == 201
    for path in ("/referrals/R-AGAIN/shortlist", "/referrals/R-OTHER/shortlist"):
        told = {one["home"]: one["declined_before"] for one in served.get(path).json()["options"]}
        refused = [(one["children"], one["by"], one["reason"]) for one in told[H1]]
        assert refused == ([([CHILD], "provider", "MATCH")] if "AGAIN" in path else []), path
        assert not any(found for home, found in told.items() if home != H1)
    (one,) = served.get(f"/referrals/R-AGAIN/why-not/{H1}").json()["declined_before"]
    assert one["reason"] == "MATCH"
    run = run_to_its_end(served, pinned=[{"children": [CHILD], "home": H1}])
    assert [found["declined_before"] for found in _standing(served) if found["home"] == H1] == [[one]], run
