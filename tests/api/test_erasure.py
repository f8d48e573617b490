"""Erasing a child over HTTP: nothing is left of it in the database, and all else is as it was."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import make_url, select
from starlette.testclient import TestClient

from app.access.principal import Role
from app.api.audit import AuditOut
from app.api.erasure import ErasedOut, HeldOut
from app.documents.examples import A_CHILD, A_HOME, A_REFERRAL, A_RESIDENT
from app.matching.codes import Sex
from app.matching.referral import HomeRef
from app.settings import Settings
from app.store import erasure, load
from app.store.audit_verify import verify
from app.store.run_tables import run_snapshots, runs
from app.store.session import Database
from app.store.tables import idempotency_keys
from tests.api.desk import opened, posted, run_to_its_end, take_step
from tests.api.service import send, settings_for
from tests.support.access import AUTHORITY, bearer
from tests.support.backups import postgres_program

CHILD, REFERRAL, BORN = "ZQ-CANARY-C", "ZQ-CANARY-R", "2011-07-19"
SCHOOL, FAMILY = "NG9 2AB", "NG2 5FJ"
WORDS = "ZQ canary words of an officer"
CANARIES = (CHILD, REFERRAL, BORN, SCHOOL, FAMILY, WORDS)
OTHER = A_CHILD["ref"]

ADMIN = bearer([Role.ADMIN], subject="admin-1")
AUDITOR = bearer([Role.AUDITOR], subject="auditor-1")
EVERYBODY = bearer()

CANARY_CHILD = {**A_CHILD, "ref": CHILD, "date_of_birth": BORN, "school": SCHOOL}
CANARY_REFERRAL = {**A_REFERRAL, "ref": REFERRAL, "children": [CANARY_CHILD], "family_home": FAMILY}
LIVES_WITH = {
    **A_HOME,
    "ref": "EXAMPLE-H7",
    "places": 3,
    "residents": [A_RESIDENT, {**A_RESIDENT, "ref": CHILD, "date_of_birth": BORN}],
}
DECLINED = {"by": "provider", "reason": {"code": "OTHER", "text": WORDS}}
NAMES_IT = {**A_REFERRAL, "children": [{**A_CHILD, "live_apart_from": [CHILD]}]}


@pytest.fixture
def told(settings: Settings) -> Iterator[tuple[TestClient, Settings]]:
    """A service in which the child was referred, matched, proposed, held, declined, and lives in a home."""
    with opened(settings) as client:
        everything(client)
        yield client, settings


def everything(client: TestClient) -> None:
    """All that can be said of a child, said to the service."""
    client.headers.update(EVERYBODY)
    assert send(client, "PUT", f"/homes/{LIVES_WITH['ref']}", LIVES_WITH).status_code == 201
    put = send(client, "PUT", f"/referrals/{REFERRAL}", CANARY_REFERRAL, Idempotency_Key=f"key-of-{REFERRAL}")
    assert put.status_code == 201, put.text
    version = {"If_Match": client.get(f"/referrals/{A_REFERRAL['ref']}").headers["ETag"]}
    assert send(client, "PUT", f"/referrals/{A_REFERRAL['ref']}", NAMES_IT, **version).status_code == 200
    lives = {"ref": CHILD, "home": LIVES_WITH["ref"], "kind": "foster", "weekly_fee_pence": 90_000}
    assert send(client, "PUT", f"/caseload/{CHILD}", lives).status_code == 201
    for path in ("/referrals", f"/referrals/{REFERRAL}", f"/caseload/{CHILD}", "/homes", f"/homes/{LIVES_WITH['ref']}"):
        assert client.get(path).status_code == 200
    assert send(client, "POST", "/match", {"referral_ref": REFERRAL}).status_code == 200
    pinned = {"children": [CHILD], "home": A_HOME["ref"]}
    assert run_to_its_end(client, excluded=[pinned])["status"] == "published"
    assert run_to_its_end(client)["status"] == "published"
    shown = client.get(f"/referrals/{REFERRAL}/shortlist").json()
    home = shown["options"][0]["home"]
    held = posted(client, "/holds", {"referral": REFERRAL, "home": home, "seen": shown["seen"]}, EVERYBODY)
    assert held.status_code == 201, held.text
    live = client.delete(f"/children/{CHILD}/personal-data", headers=ADMIN)
    assert (live.status_code, live.json()["code"]) == (409, "child_still_placed")
    declined = take_step(client, held.json(), "decline", DECLINED, EVERYBODY)
    assert declined.status_code == 200, declined.text


def left_home(client: TestClient) -> None:
    """What others are kept safe by is not erased: the home that lists the child is stored without it first."""
    lives = client.delete(f"/children/{CHILD}/personal-data", headers=ADMIN)
    assert (lives.status_code, lives.json()["code"]) == (409, "still_lives_in_home")
    alone = LIVES_WITH | {"residents": [A_RESIDENT]}
    stored = send(client, "PUT", f"/homes/{LIVES_WITH['ref']}", alone, If_Match="*", **EVERYBODY)
    assert stored.status_code == 200, stored.text


def raw(settings: Settings) -> bytes:
    """All that stands in the database, byte for byte; what is packed, unpacked too."""
    url = make_url(settings.database_url.get_secret_value())
    opened = Database.open(settings.database_url.get_secret_value())
    with opened.reading() as reading:
        packed = reading.execute(select(run_snapshots.c.packed)).scalars().all()
    opened.close()
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database))
        stored = b"".join(beside.read_bytes() for beside in path.parent.glob(f"{path.name}*"))
    else:
        where = ["--host", str(url.query["host"]), "--username", "postgres", str(url.database)]
        stored = subprocess.run([postgres_program("pg_dump"), *where], check=True, stdout=subprocess.PIPE).stdout
    return b"\n".join([stored, *(zlib.decompress(each) for each in packed)])


def found_in(stored: bytes) -> list[str]:
    """Canaries that are still there."""
    return [canary for canary in CANARIES if canary.encode() in stored or canary.encode().hex().encode() in stored]


def test_nothing_of_an_erased_child_is_left(told: tuple[TestClient, Settings]) -> None:
    """Not its reference, its referral's, birthday, school, home nor what was written: in no table, page or snapshot."""
    client, settings = told
    assert found_in(raw(settings)) == list(CANARIES), "or the test would prove nothing"
    held = client.get(f"/children/{CHILD}/personal-data", headers=AUDITOR).json()
    TypeAdapter(HeldOut).validate_python(held)
    assert {"children", "residents", "placed_children", "audit_subjects"} <= set(held["rows"])
    before = _digests(client)
    left_home(client)
    answer = client.delete(f"/children/{CHILD}/personal-data", headers=ADMIN)
    assert answer.status_code == 200, answer.text
    TypeAdapter(ErasedOut).validate_python(answer.json())
    assert found_in(raw(settings)) == []
    assert before.isdisjoint(_digests(client)), "a digest of what was tells of it"
    again = client.delete(f"/children/{CHILD}/personal-data", headers=ADMIN)
    assert (again.status_code, again.json()["code"]) == (404, "child_not_known")
    _trail_is_whole(client)
    _others_are_as_they_were(client, answer.json()["erased_as"])


def _digests(client: TestClient) -> set[Any]:
    """Of what the runs worked on, and of the request that told of the child; each is of what stands there."""
    with client.app.state.service.database.reading() as reading:  # type: ignore[attr-defined]
        of_runs = select(runs.c.snapshot_sha256, run_snapshots.c.packed).join(
            run_snapshots, (run_snapshots.c.authority == runs.c.authority) & (run_snapshots.c.run_id == runs.c.id)
        )
        found = reading.execute(of_runs).all()
        named = idempotency_keys.c.body.in_([b"{}", *_answers_of(reading)])
        sent = reading.execute(select(idempotency_keys.c.fingerprint).where(named)).scalars().all()
    assert found, sent
    assert all(hashlib.sha256(zlib.decompress(row.packed)).hexdigest() == row.snapshot_sha256 for row in found)
    return {*sent, *(row.snapshot_sha256 for row in found)}


def _answers_of(reading: Any) -> list[bytes]:
    bodies = reading.execute(select(idempotency_keys.c.body)).scalars().all()
    return [body for body in bodies if body and REFERRAL.encode() in body]


def _trail_is_whole(client: TestClient) -> None:
    with client.app.state.service.database.reading() as reading:  # type: ignore[attr-defined]
        verdict = verify(reading, AUTHORITY)
    assert (verdict.is_whole, verdict.findings) == (True, [])
    page = client.get("/audit", params={"limit": 200}, headers=AUDITOR).json()
    TypeAdapter(AuditOut).validate_python(page)
    of_it = [entry for entry in page["entries"] if "erased" in entry["children"]]
    wanted = {"referral.write", "referral.read", "match", "caseload.read", "home.read", "personal_data.erase"}
    assert wanted <= {entry["action"] for entry in of_it}
    assert all(entry["facts"] is None and entry["actor"] for entry in of_it)
    others = [entry for entry in page["entries"] if "erased" not in entry["children"]]
    assert all(entry["facts"] is not None for entry in others)


def _others_are_as_they_were(client: TestClient, erased_as: str) -> None:
    """The other referral still keeps its distance, from somebody who cannot be known."""
    referral = client.get(f"/referrals/{A_REFERRAL['ref']}", headers=EVERYBODY).json()
    assert referral["children"][0]["ref"] == OTHER
    assert referral["children"][0]["live_apart_from"] == [erased_as]
    assert client.get(f"/referrals/{REFERRAL}", headers=EVERYBODY).status_code == 404
    assert client.get(f"/caseload/{CHILD}", headers=EVERYBODY).status_code == 404
    for path in ("/proposals", "/runs", "/placements"):
        page = client.get(path, headers=EVERYBODY)
        assert page.status_code == 200, path
    for run in client.get("/runs", headers=EVERYBODY).json()["runs"]:
        for part in ("", "/proposals", "/unplaced", "/snapshot"):
            assert client.get(f"/runs/{run['id']}{part}", headers=EVERYBODY).status_code == 200, part
    assert run_to_its_end(client)["status"] == "published"


def test_a_restored_backup_is_erased_anew(tmp_path: Path) -> None:
    """The log that was kept apart erases from an old copy who was erased since, once; others stay.

    In the home that listed the child then lives somebody of whom nothing is known.
    """
    settings = settings_for(f"sqlite:///{tmp_path / 'placement.db'}", erasure_log=tmp_path / "apart" / "erasures.log")
    (tmp_path / "apart").mkdir()
    with opened(settings) as client:
        everything(client)
        backup = tmp_path / "backup.db"
        backup.write_bytes((tmp_path / "placement.db").read_bytes())
        left_home(client)
        assert client.delete(f"/children/{CHILD}/personal-data", headers=ADMIN).status_code == 200
    log = erasure.read_log(tmp_path / "apart" / "erasures.log")
    assert [one.authority for one in log] == [AUTHORITY]
    assert CHILD not in (tmp_path / "apart" / "erasures.log").read_text()
    restored = Database.open(f"sqlite:///{backup}")
    counts = [erasure.replay(restored, AUTHORITY, log, ("restoring", "system")) for _ in range(2)]
    erasure.tidy(restored)
    with restored.reading() as reading:
        assert verify(reading, AUTHORITY).is_whole
        assert OTHER in erasure.known_children(reading, AUTHORITY)
        home = load.home(reading, AUTHORITY, HomeRef(LIVES_WITH["ref"]))
    restored.close()
    assert counts == [1, 0]
    assert home is not None
    (somebody,) = [one for one in home.record.residents if one.ref.startswith(erasure.MARK)]
    assert (somebody.date_of_birth, somebody.sex, somebody.vulnerabilities) == (None, Sex.UNKNOWN, None)
    assert found_in(raw(settings_for(f"sqlite:///{backup}"))) == []


def test_one_of_two_siblings_is_erased(tmp_path: Path) -> None:
    """The referral stays for the other, with its own facts; a log that cannot be written undoes everything."""
    settings = settings_for(f"sqlite:///{tmp_path / 'placement.db'}", erasure_log=tmp_path / "nowhere" / "x.log")
    second = {**A_CHILD, "ref": "EXAMPLE-C2", "date_of_birth": "2010-02-03"}
    with opened(settings) as client:
        both = {**CANARY_REFERRAL, "children": [CANARY_CHILD, second]}
        assert send(client, "PUT", f"/referrals/{REFERRAL}", both, **EVERYBODY).status_code == 201
        assert client.delete(f"/children/{CHILD}/personal-data", headers=ADMIN).status_code == 500
        assert CHILD in json.dumps(client.get(f"/referrals/{REFERRAL}", headers=EVERYBODY).json())
        (tmp_path / "nowhere").mkdir()
        assert client.delete(f"/children/{CHILD}/personal-data", headers=ADMIN).status_code == 200
        left: Any = client.get(f"/referrals/{REFERRAL}", headers=EVERYBODY).json()
    assert [child["ref"] for child in left["children"]] == ["EXAMPLE-C2"]
    assert found_in(raw(settings)) == [REFERRAL, FAMILY], "they are the sibling's too"
