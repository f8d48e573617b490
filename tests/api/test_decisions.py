"""Decisions over HTTP: shown, held, agreed to, accepted, lived in and ended, each once and by whom it may."""

from __future__ import annotations

import json

from pydantic import TypeAdapter
from starlette.testclient import TestClient

from app.access.principal import Role
from app.api.placement_models import DecidedOut, HistoryOut, PlacementsOut
from app.api.proposal_models import SeenProposalOut
from app.documents.examples import A_HOME, A_REFERRAL
from app.store import audit_tables, outbox_tables
from tests.api.desk import (
    APPROVER,
    CASE_SYSTEM,
    CHILD,
    COLLEAGUE,
    DIRECTOR,
    FAR_HOME,
    H1,
    OTHER_HOME,
    R1,
    REASON,
    hold_first,
    placement_of,
    posted,
    run_to_its_end,
    shortlist_of,
    take_step,
)
from tests.api.service import send
from tests.support.access import bearer


def test_a_placement_from_the_shortlist_to_its_end(served: TestClient) -> None:
    """Shown, held, sent, looked at again, accepted, moved in, ended: told, recorded, and the place is free again."""
    held = hold_first(served)
    assert (held.status_code, held.headers["ETag"]) == (201, '"v1"')
    TypeAdapter(DecidedOut).validate_python(held.json())
    sent = take_step(served, held.json(), "send", {"hours": 48}).json()
    found = placement_of(served, sent)
    assert (found["state"], found["changed"], found["rules"]) == ("sent", [], [])
    assert set(found["steps"]) == {"accept", "decline", "withdraw"}
    accepted = take_step(served, sent, "accept", {"seen": found["seen"]})
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted"), accepted.text
    placed = take_step(served, accepted.json(), "place", {"moved_in_on": "2026-03-02"}).json()
    reason = {"code": "CARPL", "text": None}
    ended = take_step(served, placed, "end", {"ended_on": "2026-03-02", "planned": True, "reason": reason})
    assert ended.json()["state"] == "ended", ended.text
    history = served.get(f"/placements/{placed['id']}/history").json()
    TypeAdapter(HistoryOut).validate_python(history)
    assert [one["step"] for one in history["decisions"]] == ["hold", "send", "accept", "place", "end"]
    page = served.get("/placements", params={"state": "ended", "referral": R1}).json()
    TypeAdapter(PlacementsOut).validate_python(page)
    assert [(one["end_reason"], one["end_planned"]) for one in page["placements"]] == [("CARPL", True)]
    with served.app.state.service.database.reading() as reading:  # type: ignore[attr-defined]
        told = reading.execute(outbox_tables.messages.select().order_by(outbox_tables.messages.c.seq)).all()
        recorded = reading.execute(audit_tables.audit_entries.select().order_by(audit_tables.audit_entries.c.seq)).all()
    assert [row.topic.partition(".")[2] for row in told] == ["held", "sent", "accepted", "placed", "ended"]
    assert CHILD not in json.dumps([row.about for row in told])
    assert [row.action for row in recorded if row.action.startswith("placement.") and row.action != "placement.read"][
        :5
    ] == [f"placement.{step}" for step in ("hold", "send", "accept", "place", "end")]


def test_a_claim_is_seen_everywhere_but_in_the_document(served: TestClient) -> None:
    """The home's document and ETag are the provider's; shortlists of others, why-not and matches count the place."""
    before = served.get(f"/homes/{H1}")
    assert hold_first(served, H1, reason=REASON).status_code == 201
    after = served.get(f"/homes/{H1}")
    assert (after.headers["ETag"], after.content) == (before.headers["ETag"], before.content)
    other = {**A_REFERRAL, "ref": "EXAMPLE-R2", "children": [{**A_REFERRAL["children"][0], "ref": "EXAMPLE-C2"}]}
    assert send(served, "PUT", "/referrals/EXAMPLE-R2", other).status_code == 201
    shortlist = served.get("/referrals/EXAMPLE-R2/shortlist").json()
    assert [option["home"] for option in shortlist["options"]] == ["EXAMPLE-H2"]
    why_not = served.get(f"/referrals/EXAMPLE-R2/why-not/{H1}").json()
    (finding,) = [one for one in why_not["rules"] if one["code"] == "usable_places"]
    assert (finding["outcome"], finding["facts"]["residents"]) == ("not_met", 2)
    found = send(served, "POST", "/match", {"referral": other}).json()
    assert [option["home"] for option in found["options"]] == ["EXAMPLE-H2"]


def test_one_key_one_decision(served: TestClient) -> None:
    """Sent again it is answered as the first time; another body is refused; another person's key is another key."""
    shown = shortlist_of(served)
    body = {"referral": R1, "home": shown["options"][0]["home"], "seen": shown["seen"]}
    first = posted(served, "/holds", body, Idempotency_Key="k")
    again = posted(served, "/holds", body, Idempotency_Key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = posted(served, "/holds", {**body, "hours": 1}, Idempotency_Key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    somebody = posted(served, "/holds", body, COLLEAGUE, Idempotency_Key="k")
    assert (somebody.status_code, somebody.json()["code"]) == (409, "not_seen")  # a key is its sender's own
    without = send(served, "POST", "/holds", body)
    assert (without.status_code, without.json()["errors"][0]["field"]) == (422, "header.Idempotency-Key")


def test_a_version_that_was_not_read(here: TestClient) -> None:
    """Without If-Match 428, with an old one 412, and nothing has happened."""
    held = hold_first(here).json()
    path = f"/placements/{held['id']}/send"
    assert posted(here, path, {}).status_code == 428
    assert posted(here, path, {}, If_Match='"v9"').status_code == 412
    assert placement_of(here, held)["state"] == "held"
    deleted = here.delete(f"/holds/{held['id']}", headers={"If-Match": '"v1"', "Idempotency-Key": "d"})
    assert (deleted.status_code, deleted.json()["state"]) == (200, "withdrawn")
    again = take_step(here, deleted.json(), "send", {})
    assert (again.status_code, again.json()["code"]) == (409, "step_not_open")


def test_what_changed_is_told(here: TestClient) -> None:
    """Referral and home are stored anew after the look: 409 names what of them is another, and the rule that turned."""
    held = hold_first(here).json()
    newer = {**A_REFERRAL, "keep_together": "not_required"}
    assert send(here, "PUT", f"/referrals/{R1}", newer, If_Match="*").status_code == 200
    answer = take_step(here, held, "accept", {})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "facts_changed")
    assert [one["field"] for one in problem["errors"]] == ["referral", "referral.keep_together"]
    assert "v1 to v2" in problem["errors"][0]["problem"]
    assert CHILD not in answer.text
    found = placement_of(here, held)
    assert [one["field"] for one in found["changed"]] == ["referral", "referral.keep_together"]
    assert held["home"] == H1
    full = {**A_HOME, "places": 1}
    assert send(here, "PUT", f"/homes/{H1}", full, If_Match="*", **CASE_SYSTEM).status_code == 200
    answer = take_step(here, held, "accept", {"seen": found["seen"]})
    assert [one["field"] for one in answer.json()["errors"]] == ["home", "home.places", "rules.usable_places"]
    found = placement_of(here, held)
    assert found["rules"] == ["usable_places"]
    answer = take_step(here, held, "accept", {"seen": found["seen"]})
    assert (answer.json()["code"], answer.json()["errors"][0]["field"]) == ("rules_not_met", "rules.usable_places")


def test_who_may_decide(here: TestClient) -> None:
    """No system, nor whoever saw nothing; a refusal of the provider a system may tell."""
    shown = shortlist_of(here)
    assert shortlist_of(here, CASE_SYSTEM)["seen"] is None
    body = {"referral": R1, "home": shown["options"][0]["home"], "seen": shown["seen"]}
    assert posted(here, "/holds", body, CASE_SYSTEM).status_code == 403
    other = posted(here, "/holds", body, COLLEAGUE)
    assert (other.status_code, other.json()["code"]) == (409, "not_seen")
    held = posted(here, "/holds", body).json()
    sent = take_step(here, held, "send", {}).json()
    assert take_step(here, sent, "accept", {}, CASE_SYSTEM).status_code == 403
    assert take_step(here, sent, "accept", {}, COLLEAGUE).json()["code"] == "not_seen"
    refusal = {"by": "officer", "reason": {"code": "MATCH"}}
    assert take_step(here, sent, "decline", refusal, CASE_SYSTEM).json()["code"] == "person_needed"
    declined = take_step(here, sent, "decline", {**refusal, "by": "provider"}, CASE_SYSTEM)
    assert (declined.status_code, declined.json()["state"]) == (200, "declined")
    assert hold_first(here).status_code == 201


def test_approval_by_somebody_else(here: TestClient) -> None:
    """A home outside the area is accepted only once the officer or director approved it, and not by the proposer."""
    assert send(here, "PUT", "/homes/EXAMPLE-H3", FAR_HOME, **CASE_SYSTEM).status_code == 201
    held = hold_first(here, "EXAMPLE-H3", reason=REASON).json()
    assert held["approval_needed"] == "nominated_officer" or held["approval_needed"].startswith("director")
    answer = take_step(here, held, "accept", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "approval_missing")
    level = {"level": held["approval_needed"], "seen": placement_of(here, held, DIRECTOR)["seen"]}
    assert take_step(here, held, "approve", level).status_code == 403
    both = bearer([Role.OFFICER, Role.DIRECTOR], subject="officer-1")
    assert take_step(here, held, "approve", level, both).json()["code"] == "another_person_needed"
    theirs = {"level": "director_of_childrens_services", "seen": placement_of(here, held, APPROVER)["seen"]}
    refused = take_step(here, held, "approve", theirs, APPROVER)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_director")
    approved = take_step(here, held, "approve", level, DIRECTOR).json()
    assert (approved["version"], approved["approved_level"]) == (2, held["approval_needed"])
    assert take_step(here, approved, "accept", {}).json()["state"] == "accepted"


def test_overriding_needs_a_second_person(here: TestClient) -> None:
    """A rule of the policy is overridden with a reason; somebody else must agree before it is accepted."""
    late = {**OTHER_HOME, "available_from": "2026-05-01"}
    assert send(here, "PUT", "/homes/EXAMPLE-H2", late, If_Match="*", **CASE_SYSTEM).status_code == 200
    refused = hold_first(here, "EXAMPLE-H2", reason=REASON)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (409, "rules.available_by")
    assert hold_first(here, "EXAMPLE-H2", override=["available_by"]).status_code == 422
    held = hold_first(here, "EXAMPLE-H2", override=["available_by"], reason=REASON).json()
    assert held["second_needed"]
    assert take_step(here, held, "accept", {}).json()["code"] == "second_missing"
    both = bearer([Role.OFFICER, Role.APPROVER], subject="officer-1")
    assert take_step(here, held, "second", {"seen": placement_of(here, held)["seen"]}, both).status_code == 403
    seconded = take_step(here, held, "second", {"seen": placement_of(here, held, APPROVER)["seen"]}, APPROVER).json()
    assert not seconded["second_needed"]
    looked = placement_of(here, seconded, APPROVER)
    assert "accept" not in looked["steps"]
    themselves = take_step(here, seconded, "accept", {"seen": looked["seen"]}, APPROVER)
    assert (themselves.status_code, themselves.json()["code"]) == (403, "another_person_needed")
    assert "officer who proposed it" in themselves.json()["errors"][0]["cure"]
    assert take_step(here, seconded, "accept", {}).json()["state"] == "accepted"


def test_a_proposal_is_accepted(served: TestClient) -> None:
    """After it was shown; before that, by a system, and a second time it is refused. The run's row stays as it is."""
    run = run_to_its_end(served)
    (proposal,) = served.get("/proposals").json()["proposals"]
    path = f"/proposals/{proposal['id']}/accept"
    assert posted(served, path, {"seen": "0" * 32}).json()["code"] == "not_seen"
    assert posted(served, path, {"seen": shortlist_of(served)["seen"]}).json()["code"] == "not_seen"
    assert served.get(f"/proposals/{proposal['id']}", headers=CASE_SYSTEM).json()["seen"] is None
    shown = served.get(f"/proposals/{proposal['id']}").json()
    TypeAdapter(SeenProposalOut).validate_python(shown)
    assert shown["changed_since"] == []
    assert posted(served, path, {"seen": shown["seen"]}, CASE_SYSTEM).status_code == 403
    accepted = posted(served, path, {"seen": shown["seen"]})
    assert (accepted.status_code, accepted.json()["state"]) == (201, "accepted"), accepted.text
    assert posted(served, path, {"seen": shown["seen"]}).json()["code"] == "child_being_placed"
    now = served.get(f"/proposals/{proposal['id']}").json()
    assert (now["placement"], now["placement_state"], now["seen"]) == (accepted.json()["id"], "accepted", None)
    later = run_to_its_end(served)
    assert (later["proposed"], later["report"]["local"]["total_before"]) == (0, 1)
    assert run["id"] != later["id"]


def test_a_proposal_is_declined(here: TestClient) -> None:
    """With a reason; no place is taken, and the same proposal is not decided twice."""
    run_to_its_end(here)
    (proposal,) = here.get("/proposals").json()["proposals"]
    seen = here.get(f"/proposals/{proposal['id']}").json()["seen"]
    path = f"/proposals/{proposal['id']}/decline"
    assert posted(here, path, {"seen": seen, "reason": {"code": "OTHER"}}).status_code == 422
    declined = posted(here, path, {"seen": seen, "reason": {"code": "BETTR"}})
    assert (declined.status_code, declined.json()["state"]) == (201, "declined"), declined.text
    again = posted(here, path, {"seen": seen, "reason": {"code": "BETTR"}})
    assert (again.status_code, again.json()["code"]) == (409, "proposal_not_standing")
    assert hold_first(here).status_code == 201


def test_what_is_not_there(here: TestClient) -> None:
    """Unknown ids are 404, a body that is none 422."""
    held = {"id": "0" * 32, "version": 1}
    assert take_step(here, held, "send", {}).json()["code"] == "placement_not_found"
    assert here.get(f"/placements/{'0' * 32}").status_code == 404
    assert here.get(f"/placements/{'0' * 32}/history").status_code == 404
    assert posted(here, f"/proposals/{'0' * 32}/accept", {"seen": "0" * 32}).status_code == 404
    for body in ({}, {"referral": R1, "home": H1, "seen": "x"}, {"seen": "0" * 32, "state": "accepted"}):
        assert posted(here, "/holds", body).status_code == 422
