"""`placement audit` and `placement erase` on a database of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from typer.testing import CliRunner

from app.cli import app
from app.store.audit import AuditEntry, record_all
from app.store.audit_tables import audit_entries, audit_heads
from app.store.session import Database
from tests.cli.conftest import Terminal
from tests.support.tampering import open_to_all

AUTHORITY = "E06000018"


@pytest.fixture
def audited(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal with a trail of three entries and a key."""
    database = Database.open(f"sqlite:///{tmp_path / 'cli.db'}")
    child = terminal.made.referrals[0].children[0].ref
    entries = [AuditEntry("u", "person", "referral.read", "referral", "R", (child,), {"n": n}) for n in range(3)]
    database.transact(lambda writing: record_all(writing, AUTHORITY, entries))
    database.close()
    assert terminal.run("audit", "keygen", str(tmp_path / "audit.key")).exit_code == 0
    monkeypatch.setenv("PLACEMENT_AUDIT_KEY", str(tmp_path / "audit.key"))
    return terminal


def test_a_whole_trail_fits_its_head(audited: Terminal) -> None:
    """Signed, kept, checked with the public key alone: code 0, and what was counted."""
    head = audited.folder / "head.txt"
    assert audited.run("audit", "head", "--out", str(head)).exit_code == 0
    assert head.read_text().startswith("placement audit head 1\nauthority: E06000018\nentries: 3\n")
    key = str(audited.folder / "audit.key.pub")
    done = audited.run("audit", "verify", "--head", str(head), "--public-key", key)
    assert (done.exit_code, "whole" in done.output, "3 entries" in done.output) == (0, True, True)
    assert audited.run("audit", "head", "--out", str(head)).exit_code == 1, "a head is never overwritten"
    assert "Without a head" in audited.run("audit", "verify").output


def test_tampering_ends_with_a_code_of_its_own(audited: Terminal, tmp_path: Path) -> None:
    """2, which entry, and what to do; nothing of what the entry says."""
    database = Database.open(f"sqlite:///{tmp_path / 'cli.db'}")
    open_to_all(database)
    with database.writing() as writing:
        writing.execute(update(audit_entries).where(audit_entries.c.seq == 2).values(actor="somebody-else"))
    database.close()
    done = audited.run("audit", "verify")
    assert (done.exit_code, "Entry 2 was changed" in done.output) == (2, True)
    assert "somebody-else" not in done.output


def test_what_cannot_be_checked_is_code_1(audited: Terminal) -> None:
    """A head that was changed, one of another key, no key at all: gently."""
    head = audited.folder / "head.txt"
    audited.run("audit", "head", "--out", str(head))
    forged = audited.folder / "forged.txt"
    forged.write_text(head.read_text().replace("entries: 3", "entries: 2"))
    for file in (forged, audited.folder / "audit.key.pub"):
        done = audited.run("audit", "verify", "--head", str(file))
        assert (done.exit_code, "Traceback" in done.output) == (1, False), done.output
    assert audited.run("audit", "keygen", str(audited.folder / "audit.key")).exit_code == 1


def test_what_is_wrong_with_a_head_or_a_key_is_told_by_its_name(
    audited: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which file, and what to do: not there, no head, no key said, the private key carried about, a key made twice."""
    head, private = audited.folder / "head.txt", audited.folder / "audit.key"
    other = audited.homes_file("homes.json", 60)
    audited.run("audit", "head", "--out", str(head))
    public = ("--public-key", str(private) + ".pub")

    def told(*words: str) -> str:
        done = audited.run("audit", *words)
        assert done.exit_code == 1, done.output
        return "".join(done.output.split())  # a line may end anywhere within a long path

    assert "gone.txt" in (said := told("verify", "--head", str(audited.folder / "gone.txt"), *public))
    assert "Thereisnofile" in said
    assert "thatisnohead" in (said := told("verify", "--head", str(other), *public))
    assert "import" not in said
    assert "audit.key.pub:Thatisnohead" in told("verify", "--head", str(private) + ".pub", *public)
    assert "istheprivatekey" in told("verify", "--head", str(head), "--public-key", str(private))
    assert "existsalready" in told("keygen", str(private))
    assert "It fits 1 signed head from elsewhere" in audited.run("audit", "verify", "--head", str(head)).output
    monkeypatch.delenv("PLACEMENT_AUDIT_KEY")
    assert "--public-keyFILE" in (said := told("verify", "--head", str(head)))
    assert "keygen" not in said


def test_a_key_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    """Where only the public half is in the way, no private one without its half is left behind."""
    (tmp_path / "audit.key.pub").touch()
    assert CliRunner().invoke(app, ["audit", "keygen", str(tmp_path / "audit.key")]).exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["audit.key.pub"]


def test_a_child_is_erased_and_the_log_erases_it_from_a_copy(
    audited: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked first; the log names nobody; replayed on a copy from before it erases, a second time nobody."""
    child = audited.made.referrals[0].children[0].ref
    copy, log = audited.folder / "copy.db", audited.folder / "erasures.log"
    copy.write_bytes((audited.folder / "cli.db").read_bytes())
    assert audited.run("erase", child).exit_code == 1, "nobody said yes"
    assert audited.run("erase").exit_code == 2
    done = audited.run("erase", child, "--yes")
    assert (done.exit_code, "erased-" in done.output) == (0, True), done.output
    assert audited.run("erase", child, "--yes").exit_code == 1
    assert audited.run("erase", "--write-log", str(log)).exit_code == 0
    assert child not in log.read_text()
    assert child.encode() not in (audited.folder / "cli.db").read_bytes()
    assert audited.run("audit", "verify").exit_code == 0
    monkeypatch.setenv("PLACEMENT_DATABASE_URL", f"sqlite:///{copy}")
    assert child.encode() in copy.read_bytes()
    assert "1 erased anew" in audited.run("erase", "--replay", str(log)).output
    assert "Nobody" in audited.run("erase", "--replay", str(log)).output
    assert child.encode() not in copy.read_bytes()
    assert audited.run("audit", "verify").exit_code == 0


def test_whoever_lives_in_a_home_is_not_erased(audited: Terminal) -> None:
    """Code 1 and what to do first; nothing is done."""
    resident = next(one.ref for home in audited.made.homes for one in home.residents)
    done = audited.run("erase", resident, "--yes")
    assert (done.exit_code, "stored without it" in " ".join(done.output.split())) == (1, True), done.output
    assert resident not in done.output
    assert resident.encode() in (audited.folder / "cli.db").read_bytes()


ANSWERS_FOR_A_DATABASE = [
    ("audit", "verify"),
    ("audit", "head"),
    ("erase", "C-1", "--yes"),
    ("erase", "--write-log", "erasures.log"),
    ("end-sessions", "--everybody"),
]


@pytest.mark.parametrize("words", ANSWERS_FOR_A_DATABASE, ids=" ".join)
def test_without_a_configured_database_nothing_is_said_of_another(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that lost its environment is told which setting is missing, with code 1; no demo is made for it."""
    monkeypatch.setattr(sys.modules["app.cli.demo"], "make_demo", lambda: pytest.fail("the demo answered"))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, list(words))
    told = " ".join(done.output.split())
    assert (done.exit_code, "PLACEMENT_DATABASE_URL" in told, "whole" in told) == (1, True, False), told
    assert list(tmp_path.iterdir()) == []


def test_the_demo_is_checked_where_it_is_asked_for(audited: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--demo` says so in so many words, and then means the demo's database whatever is configured."""
    address = f"sqlite:///{audited.folder / 'cli.db'}"
    monkeypatch.setenv("PLACEMENT_DATABASE_URL", f"sqlite:///{audited.folder / 'another.db'}")
    monkeypatch.setattr(sys.modules["app.cli.demo"], "make_demo", lambda: None)
    monkeypatch.setattr(sys.modules["app.cli.demo"], "DEMO_DATABASE", address)
    done = audited.run("audit", "verify", "--demo")
    assert (done.exit_code, "3 entries" in done.output) == (0, True), done.output
    monkeypatch.delenv("PLACEMENT_DATABASE_URL")
    assert audited.run("audit", "verify", "--demo").exit_code == 0


def test_an_end_that_was_cut_off_is_found_by_a_head_alone(audited: Terminal, tmp_path: Path) -> None:
    """The last entry taken away and the recorded end set back: what is left is whole, and the message says so much."""
    head = audited.folder / "head.txt"
    assert audited.run("audit", "head", "--out", str(head)).exit_code == 0
    database = Database.open(f"sqlite:///{tmp_path / 'cli.db'}")
    open_to_all(database)
    with database.writing() as writing:
        last = writing.execute(select(audit_entries.c.hash).where(audit_entries.c.seq == 2)).scalar_one()
        writing.execute(delete(audit_entries).where(audit_entries.c.seq == 3))
        writing.execute(update(audit_heads).values(seq=2, hash=last))
    database.close()
    alone = audited.run("audit", "verify")
    assert (alone.exit_code, "its end was cut off" in " ".join(alone.output.split())) == (0, True), alone.output
    key = str(audited.folder / "audit.key.pub")
    assert audited.run("audit", "verify", "--head", str(head), "--public-key", key).exit_code == 2
