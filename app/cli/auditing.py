"""`placement audit` and `placement erase`: is the trail whole, and a child's data gone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.access.principal import Kind
from app.cli.demo import configured_or_asked
from app.cli.desk import console, errors, gently, open_desk, operator, read_file
from app.settings import Settings
from app.store import audit_reading, erasure
from app.store.audit import Head
from app.store.audit_head import HeadRefused, SignedHead, make_key, read_head, read_private, read_public, write_head
from app.store.audit_verify import Finding, Flaw, Verdict
from app.store.audit_verify import verify as verify_trail
from app.store.erasure import Erasure
from app.wording import counted

TOLD = {
    Flaw.MISSING: "Entry {} is missing.",
    Flaw.CHANGED: "Entry {} was changed, or stands in another one's place.",
    Flaw.CUT_OFF: "The trail was cut off: entry {} and all later ones are missing.",
    Flaw.END_DIFFERS: "The end of the trail is not entry {}, as it should be.",
    Flaw.HEAD_DIFFERS: "Entry {} is not the one that was signed: it, or one before it, was changed.",
    Flaw.HEAD_BEYOND: "The trail once had {} entries, as the signed head says, and has fewer now.",
    Flaw.SUBJECT_CHANGED: "Subject {} stands for another child than before.",
    Flaw.SUBJECT_MISSING: "Subject {} is gone without an erasure on record.",
    Flaw.ERASURE_MISSING: "Entry {} and the list of erasures do not agree.",
}
SHOWN = 20
MOST_BYTES = 10_000

NOT_WHOLE = 2
"""Exit code of a trail that was tampered with; 1 is for a check that could not be made."""

Demo = Annotated[bool, typer.Option("--demo", help="The synthetic authority of the demo, not the configured database")]

audit = typer.Typer(help="The audit trail: sign its end, and check that it is whole.", no_args_is_help=True)


@audit.command("keygen")
def keygen(file: Annotated[Path, typer.Argument(help="Where to write the new private key")]) -> None:
    """Make the key that signs heads. Keep its public half (FILE.pub) with the heads, away from the database."""
    with gently():
        for path in (file, file.with_name(file.name + ".pub")):
            if path.exists():
                raise ValueError(
                    f"{path} exists already, and what it signed could not be checked without it. Name another file."
                )
        public = make_key(file)
        console.print(f"Private key: {file} (for PLACEMENT_AUDIT_KEY).", markup=False, soft_wrap=True)
        console.print(f"Public key: {public} (to check heads with; keep it with them).", markup=False, soft_wrap=True)


@audit.command("head")
def head(
    out: Annotated[Path | None, typer.Option(help="File to write; left out: the terminal")] = None,
    *,
    demo: Demo = False,
) -> None:
    """Sign the end of the trail as it is now. Keep the file where nobody can change it who could the database."""
    with gently(), open_desk(configured_or_asked(demo=demo)) as desk:
        key = read_private(_key_file(desk.settings))
        with desk.database.reading() as reading:
            end = audit_reading.head(reading, desk.settings.authority)
        text = write_head(SignedHead(desk.settings.authority, end, datetime.now(UTC)), key)
        if out is None:
            typer.echo(text, nl=False)
            return
        with out.open("x", encoding="ascii", newline="\n") as file:
            file.write(text)
        console.print(f"Head of {end.seq} entries written to {out}.", markup=False, soft_wrap=True)


@audit.command("verify")
def verify(
    head_files: Annotated[
        list[Path] | None, typer.Option("--head", help="A head that was kept elsewhere; may be given several times")
    ] = None,
    public_key: Annotated[Path | None, typer.Option(help="Key of the heads; left out: that of the settings")] = None,
    *,
    demo: Demo = False,
) -> None:
    """Check every entry. Exit code 0: whole; 2: it was tampered with; 1: the check could not be made."""
    with gently(), open_desk(configured_or_asked(demo=demo)) as desk:
        settings = desk.settings
        heads = _heads(settings, head_files or [], public_key)
        with desk.database.reading() as reading:
            verdict = verify_trail(reading, settings.authority, heads)
    _say(verdict, heads)
    if not verdict.is_whole:
        raise typer.Exit(NOT_WHOLE)


def erase(
    child: Annotated[str | None, typer.Argument(help="Reference of the child")] = None,
    replay: Annotated[
        Path | None, typer.Option(help="After a restore: erase anew everybody whom this log of erasures names")
    ] = None,
    write_log: Annotated[Path | None, typer.Option(help="Write the log of all erasures to a new file")] = None,
    *,
    yes: Annotated[bool, typer.Option(help="Do not ask")] = False,
    demo: Demo = False,
) -> None:
    """Erase a child from every record; it cannot be undone. The audit trail stays whole."""
    if [child, replay, write_log].count(None) != 2:
        raise typer.BadParameter("give the reference of a child, or --replay FILE, or --write-log FILE: one of them.")
    with gently(), open_desk(configured_or_asked(demo=demo)) as desk:
        authority, actor = desk.settings.authority, (operator(), str(Kind.PERSON))
        if write_log is not None:
            with desk.database.reading() as reading:
                known = erasure.logged(reading, authority)
            with write_log.open("x", encoding="ascii") as file:
                file.writelines(one.line() for one in known)
            console.print(f"{len(known)} erasures written. Keep the file apart from the backups.")
            return
        if replay is not None:
            count = erasure.replay(desk.database, authority, erasure.read_log(replay), actor)
            console.print(f"{count} erased anew." if count else "Nobody of the log is in this database.")
        elif child is not None:
            if not yes:
                typer.confirm("Erase this child from every record? It cannot be undone.", abort=True)
            wanted, note = Erasure.of(authority, child), erasure.noter(desk.settings.erasure_log)
            erased_as = desk.database.transact(lambda w: erasure.erase(w, child, wanted, actor, note))
            console.print(f"Erased. In what is left the child is called {erased_as}.")
        erasure.tidy(desk.database)


def _key_file(settings: Settings) -> Path:
    if settings.audit_key is None:
        raise ValueError("No key to sign with: make one with `placement audit keygen FILE`, set PLACEMENT_AUDIT_KEY.")
    return settings.audit_key


def _heads(settings: Settings, files: list[Path], public_key: Path | None) -> list[Head]:
    """The heads of these files. Raises `ValueError` for one of another authority, or not signed with the key."""
    if not files:
        return []
    key = _key_to_check_with(settings, public_key)
    return [_head(path, key, settings.authority) for path in files]


def _key_to_check_with(settings: Settings, public_key: Path | None) -> Ed25519PublicKey:
    """The one that was kept with the heads, or of the settings. Raises `ValueError` for a private one carried here."""
    if public_key is None:
        if settings.audit_key is None:
            raise ValueError(
                "Say with which key the head is checked: --public-key FILE, the .pub that was kept with it."
            )
        return read_public(settings.audit_key)
    if b"PRIVATE KEY" in read_file(public_key, MOST_BYTES, "that is no key."):
        raise ValueError(
            f"{public_key} is the private key. Check with its public half, {public_key.name}.pub, and keep this one "
            "where heads are signed."
        )
    return read_public(public_key)


def _head(path: Path, key: Ed25519PublicKey, authority: str) -> Head:
    text = read_file(path, MOST_BYTES, "that is no head; use the file as `placement audit head` wrote it.")
    try:
        signed = read_head(text.decode("ascii", "replace"), key)
    except HeadRefused as error:
        raise ValueError(f"{path}: {error}") from None
    if signed.authority != authority:
        raise ValueError(f"{path.name} is the head of another authority's trail.")
    return signed.head


def _say(verdict: Verdict, heads: list[Head]) -> None:
    if verdict.is_whole:
        console.print(
            f"[green]The trail is whole:[/] {verdict.entries} entries, the last one {verdict.end.hash.hex()}."
        )
        if heads:
            console.print(f"It fits {counted(len(heads), 'signed head')} from elsewhere.")
        else:
            console.print(
                "Without a head from elsewhere (--head FILE) nobody can tell if its end was cut off, or all rewritten."
            )
        return
    errors.print(
        f"[bold red]The trail was tampered with:[/] {counted(verdict.flaws, 'flaw')} in {verdict.entries} entries."
    )
    for finding in verdict.findings[:SHOWN]:
        errors.print(f"  {_words(finding)}", markup=False)
    if verdict.flaws > SHOWN:
        errors.print(f"  and {verdict.flaws - SHOWN} more.")
    errors.print("Change nothing; keep the database as it is, and compare it with a backup from before.")


def _words(finding: Finding) -> str:
    return TOLD[finding.flaw].format(finding.number)
