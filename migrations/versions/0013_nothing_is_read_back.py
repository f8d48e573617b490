"""What was kept of an erased child goes too; a guard looks at what changes; a claim without a number gets one.

Revision ID: 0013
Revises: 0012
"""

import logging

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

log = logging.getLogger("alembic.runtime.migration")

ANOTHER = "who agrees is another person"
ONE_STEP = "a placement changes by one step"
HAS_PLACES = "a live placement has its places"
KEPT = "rows of {} are never changed"
"""What the database says of a statement that is refused."""

FOR_EVER = (
    "authority",
    "id",
    "number",
    "home_ref",
    "proposal_id",
    "seen_id",
    "policy_version",
    "policy_sha256",
    "rank",
    "overridden",
    "proposer",
    "made_at",
)
NAMES = ("children", "referral_ref")
TELLS = ("points", "approval_because")
"""Columns of a placement that tell of the child: they change by a step, and where the child is erased."""

BY_A_STEP = (
    "state",
    "referral_version",
    "home_version",
    "weekly_fee_pence",
    "approval_needed",
    "approved_level",
    "approved_by",
    "second_by",
    "reason_code",
    "moved_in_on",
    "ended_on",
    "end_reason",
    "end_planned",
)
LIVE = "('held', 'sent', 'accepted', 'placed')"

WALLED = ("decisions", "placements", "seen", "proposals", "place_claims", "inventory_clock", "erasures")

IS_ERASED = "(referral_ref LIKE 'erased-%' OR CAST({} AS {}) LIKE '%\"erased-%')"
SAME_PERSON = "lower({0}second_by) = lower({0}proposer) OR lower({0}approved_by) = lower({0}proposer)"


def _differs() -> str:
    return "IS DISTINCT FROM" if _on_postgresql() else "IS NOT"


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def upgrade() -> None:
    _open_walls("NO FORCE")
    _drop(_OLD)
    _clean()
    if _on_postgresql():
        _postgresql()
    else:
        _sqlite()
    _open_walls("FORCE")


def _open_walls(how: str) -> None:
    """The owner sees the rows of every authority only without them."""
    if _on_postgresql():
        for table in WALLED:
            op.execute(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY")


_OLD = {
    "postgresql": (
        ("agreed_by_another", "placements"),
        ("guard_update_placements", "placements"),
        ("never_changed", "decisions"),
        ("never_changed", "seen"),
        ("never_changed", "proposals"),
    ),
    "sqlite": (
        ("agreed_by_another", "placements"),
        ("guard_update_placements", "placements"),
        ("guard_update_decisions", "decisions"),
        ("guard_update_seen", "seen"),
        ("never_update_proposals", "proposals"),
    ),
}


def _drop(triggers: dict[str, tuple[tuple[str, str], ...]]) -> None:
    for name, table in triggers[op.get_bind().dialect.name]:
        op.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if _on_postgresql() else ""))


def _clean() -> None:
    """What releases before this left of children who were erased, and claims of which nobody knows when they came."""
    text, nothing = ("text", "'[]'::jsonb") if _on_postgresql() else ("VARCHAR", "'[]'")
    of_placement, of_seen = IS_ERASED.format("children", text), IS_ERASED.format("options", text)
    gone = f"SELECT 1 FROM placements WHERE authority = decisions.authority AND id = placement_id AND {of_placement}"  # noqa: S608 - constants
    op.execute(f"UPDATE decisions SET agreed_on = NULL WHERE agreed_on IS NOT NULL AND EXISTS ({gone})")  # noqa: S608
    op.execute(f"UPDATE placements SET points = 0, approval_because = {nothing} WHERE {of_placement}")  # noqa: S608
    op.execute(f"UPDATE seen SET options = {nothing}, was_so = NULL WHERE {of_seen}")  # noqa: S608
    op.execute(f"UPDATE proposals SET points = 0 WHERE {of_placement}")  # noqa: S608
    over = (
        "SELECT 1 FROM placements p WHERE p.authority = decisions.authority AND p.id = placement_id"
        " AND p.state NOT IN ('held', 'sent', 'accepted')"
    )
    some = "authority IN (SELECT authority FROM erasures)"
    left = "json_remove(agreed_on, '$.company', '$.was_so.home.residents')"
    if _on_postgresql():
        left = "(agreed_on - 'company') #- '{was_so,home,residents}'"
    op.execute(f"UPDATE decisions SET agreed_on = {left} WHERE agreed_on IS NOT NULL AND {some} AND EXISTS ({over})")  # noqa: S608
    clock = "(SELECT c.seq FROM inventory_clock c WHERE c.authority = place_claims.authority)"
    op.execute(f"UPDATE place_claims SET changed_seq = {clock} WHERE changed_seq = 0 AND {clock} IS NOT NULL")  # noqa: S608
    same = op.get_bind().scalar(sa.text(f"SELECT count(*) FROM placements WHERE {SAME_PERSON.format('')}"))  # noqa: S608
    if same:
        log.warning("placements whose proposer agreed to them too, in other letters: %s; none is accepted so", same)


def _other_letters(one: str) -> str:
    return f"(lower(NEW.{one}) = lower(NEW.proposer) AND NEW.{one} <> NEW.proposer)"


def _agreed() -> str:
    """Whoever agrees now is the proposer in other letters, or what was agreed so is accepted now."""
    given = " OR ".join(
        f"(NEW.{one} {_differs()} OLD.{one} AND {_other_letters(one)})" for one in ("second_by", "approved_by")
    )
    second, approved = (f"lower(NEW.{one}) = lower(NEW.proposer)" for one in ("second_by", "approved_by"))
    relied_on = f"{second} OR ({approved} AND NEW.approval_needed <> 'none')"
    begins = f"NEW.state = 'accepted' AND OLD.state <> 'accepted' AND ({relied_on})"
    return f"{given} OR ({begins})"


def _step(erased: str, *, before: bool = False) -> str:
    """A placement changes otherwise than by one step, or in what is for ever. `before`: as releases before had it."""

    def other(columns: tuple[str, ...]) -> str:
        return " OR ".join(f"NEW.{name} {_differs()} OLD.{name}" for name in columns)

    return (
        f"{other(FOR_EVER)} OR (({other(NAMES)}) AND NOT ({erased}))"
        " OR NEW.version NOT IN (OLD.version, OLD.version + 1)"
        f" OR (NEW.version = OLD.version AND ({other(BY_A_STEP)}))"
        f" OR (NEW.version = OLD.version AND ({other(TELLS)}) AND NOT ({'1 = 0' if before else erased}))"
    )


ERASING = "SELECT 1 FROM erasing e WHERE e.authority = OLD.authority"
OWN = "SELECT 1 FROM placements p WHERE p.authority = OLD.authority AND p.id = OLD.placement_id"


def _postgresql() -> None:
    op.execute(
        "CREATE TRIGGER agreed_by_another BEFORE UPDATE ON placements FOR EACH ROW"
        f" WHEN ({_agreed()}) EXECUTE FUNCTION guard_refuse('{ANOTHER}')"
    )
    named = "OLD.children || jsonb_build_array(OLD.referral_ref)"
    _guard_placement(_step(f"EXISTS ({ERASING} AND ({named}) ? e.ref)"))
    mine = f"EXISTS ({OWN} AND EXISTS ({ERASING} AND (p.children || jsonb_build_array(p.referral_ref)) ? e.ref))"
    parts = "'{company,rules,was_so}'::text[]"
    of_others = f"(NEW.agreed_on - {parts}) = (OLD.agreed_on - {parts})" + "".join(
        f" AND NEW.agreed_on #> '{{was_so,{name}}}' IS NOT DISTINCT FROM OLD.agreed_on #> '{{was_so,{name}}}'"
        for name in ("as_of", "rules", "points")
    )
    _guard(
        "decisions",
        "to_jsonb(NEW) - 'agreed_on' = to_jsonb(OLD) - 'agreed_on'"
        f" AND EXISTS ({ERASING}) AND ((NEW.agreed_on IS NULL AND {mine}) OR ({of_others}))",
        ("agreed_on",),
    )
    names_it = f"EXISTS ({ERASING} AND strpos(to_jsonb(OLD)::text, to_jsonb(e.ref)::text) > 0)"
    stripped = "'{referral_ref,options,was_so}'::text[]"
    _guard(
        "seen",
        f"(to_jsonb(NEW) - {stripped} = to_jsonb(OLD) - {stripped} AND {names_it})"
        " OR (to_jsonb(NEW) - 'was_so' = to_jsonb(OLD) - 'was_so' AND NEW.was_so IS NULL"
        f" AND EXISTS ({ERASING}))",
        ("referral_ref", "options", "was_so"),
        "UPDATE",
    )
    stripped = "'{referral_ref,children,explanation,points}'::text[]"
    grounds = (
        "to_jsonb(NEW) - 'explanation' = to_jsonb(OLD) - 'explanation'"
        " AND NEW.explanation - 'grounds' = OLD.explanation - 'grounds'"
        " AND NEW.explanation -> 'grounds' = 'null'::jsonb"
    )
    zero = "NEW.points IN (OLD.points, 0)"
    _guard(
        "proposals",
        f"(to_jsonb(NEW) - {stripped} = to_jsonb(OLD) - {stripped} AND {zero} AND {names_it})"
        f" OR ({grounds} AND EXISTS ({ERASING}))",
        ("referral_ref", "children", "explanation", "points"),
    )
    op.execute(
        "CREATE FUNCTION count_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " NEW.changed_seq := coalesce((SELECT c.seq FROM inventory_clock c WHERE c.authority = NEW.authority),"
        " NEW.changed_seq); RETURN NEW; END $$"
    )
    for event, when in (
        ("INSERT", "NEW.changed_seq = 0"),
        ("UPDATE", _uncounted()),
    ):
        op.execute(
            f"CREATE TRIGGER counted_{event.lower()} BEFORE {event} ON place_claims FOR EACH ROW WHEN ({when})"
            " EXECUTE FUNCTION count_claim()"
        )


def _uncounted() -> str:
    """A claim that is given back, or keeps something else of its child, without a number of its own."""
    other = f"NEW.live {_differs()} OLD.live OR NEW.resident {_differs()} OLD.resident"
    return f"NEW.changed_seq = OLD.changed_seq AND ({other})"


def _guard_placement(wrong: str) -> None:
    claims = (
        "SELECT count(*) FROM place_claims c WHERE c.authority = NEW.authority AND c.placement_id = NEW.id AND c.live"
    )
    places = f"NEW.state IN {LIVE} AND ({claims}) <> jsonb_array_length(NEW.children)"
    refuse = "RAISE EXCEPTION '{}' USING ERRCODE = '23514'; END IF;"
    op.execute(
        "CREATE OR REPLACE FUNCTION guard_placement() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {wrong} THEN {refuse.format(ONE_STEP)}"
        f" IF NEW.version <> OLD.version AND {places} THEN {refuse.format(HAS_PLACES)} RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER guard_update_placements BEFORE UPDATE ON placements"
        " FOR EACH ROW EXECUTE FUNCTION guard_placement()"
    )


def _guard(table: str, allowed: str, may: tuple[str, ...], events: str = "UPDATE OR DELETE") -> None:
    """Two triggers: what is never done at all is no right of the service either, which is read from the first."""
    op.execute(
        f"CREATE TRIGGER never_changed BEFORE {events} ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION refuse_change_unless_erasing('packed', {_quoted(may)})"
    )
    op.execute(
        f"CREATE FUNCTION guard_kept_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {allowed} THEN RETURN NEW; END IF;"
        f" RAISE EXCEPTION '{KEPT.format(table)}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER only_what_was_kept BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION guard_kept_{table}()"
    )


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _sqlite() -> None:
    _refuse("agreed_by_another", "placements", _agreed(), ANOTHER)
    named = "OLD.children || json_quote(OLD.referral_ref)"
    _refuse(
        "guard_update_placements",
        "placements",
        _step(f"EXISTS ({ERASING} AND instr({named}, json_quote(e.ref)) > 0)"),
        ONE_STEP,
    )
    mine = (
        f"EXISTS ({OWN} AND EXISTS ({ERASING} AND instr(p.children || json_quote(p.referral_ref), json_quote(e.ref))))"
    )
    parts = "'$.company', '$.rules', '$.was_so'"
    of_others = f"json_remove(NEW.agreed_on, {parts}) = json_remove(OLD.agreed_on, {parts})" + "".join(
        f" AND json_extract(NEW.agreed_on, '$.was_so.{name}') IS json_extract(OLD.agreed_on, '$.was_so.{name}')"
        for name in ("as_of", "rules", "points")
    )
    _refuse_but(
        "guard_update_decisions",
        "decisions",
        f"{_same('decisions', 'agreed_on')} AND EXISTS ({ERASING})"
        f" AND ((NEW.agreed_on IS NULL AND {mine}) OR ({of_others}))",
    )
    names_it = f"EXISTS ({ERASING} AND instr({{}} || json_quote(OLD.referral_ref), json_quote(e.ref)) > 0)"
    _refuse_but(
        "guard_update_seen",
        "seen",
        f"({_same('seen', 'referral_ref', 'options', 'was_so')} AND {names_it.format('OLD.options')})"
        f" OR ({_same('seen', 'was_so')} AND NEW.was_so IS NULL AND EXISTS ({ERASING}))",
    )
    grounds = (
        "json_remove(NEW.explanation, '$.grounds') = json_remove(OLD.explanation, '$.grounds')"
        " AND json_type(NEW.explanation, '$.grounds') = 'null'"
    )
    told = names_it.format("OLD.children || OLD.explanation")
    _refuse_but(
        "never_update_proposals",
        "proposals",
        f"({_same('proposals', 'referral_ref', 'children', 'explanation', 'points')}"
        f" AND NEW.points IN (OLD.points, 0) AND {told})"
        f" OR ({_same('proposals', 'explanation')} AND {grounds} AND EXISTS ({ERASING}))",
    )
    clock = "coalesce((SELECT c.seq FROM inventory_clock c WHERE c.authority = NEW.authority), NEW.changed_seq)"
    this = "authority = NEW.authority AND placement_id = NEW.placement_id AND child_ref = NEW.child_ref"
    for name, event, when in (
        ("counted_insert", "INSERT", "NEW.changed_seq = 0"),
        ("counted_update", "UPDATE OF live, resident", _uncounted()),
    ):
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON place_claims WHEN {when}"  # noqa: S608 - constants
            f" BEGIN UPDATE place_claims SET changed_seq = {clock} WHERE {this}; END"
        )


def _same(table: str, *but: str) -> str:
    columns = [each["name"] for each in sa.inspect(op.get_bind()).get_columns(table)]
    return " AND ".join(f"NEW.{name} IS OLD.{name}" for name in columns if name not in but)


def _refuse_but(name: str, table: str, allowed: str) -> None:
    _refuse(name, table, f"NOT coalesce(({allowed}), 0)", KEPT.format(table))


def _refuse(name: str, table: str, wrong: str, said: str) -> None:
    op.execute(f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN {wrong} BEGIN SELECT RAISE(ABORT, '{said}'); END")


_COUNTED = (("counted_insert", "place_claims"), ("counted_update", "place_claims"))
_NEW = {dialect: (*names, *_COUNTED) for dialect, names in _OLD.items()}


def downgrade() -> None:
    """Guards as the migrations before made them. What was taken from rows of erased children does not come back."""
    _drop(_NEW)
    agreed = " OR ".join(_other_letters(one) for one in ("second_by", "approved_by"))
    if _on_postgresql():
        _back_on_postgresql(agreed)
    else:
        _back_on_sqlite(agreed)


PROPOSAL_MAY = ("referral_ref", "children", "explanation")
SEEN_MAY = ("referral_ref", "options")


def _back_on_postgresql(agreed: str) -> None:
    op.execute(
        "CREATE TRIGGER agreed_by_another BEFORE UPDATE ON placements FOR EACH ROW"
        f" WHEN ({agreed}) EXECUTE FUNCTION guard_refuse('{ANOTHER}')"
    )
    named = "OLD.children || jsonb_build_array(OLD.referral_ref)"
    _guard_placement(_step(f"EXISTS ({ERASING} AND ({named}) ? e.ref)", before=True))
    for table in ("decisions", "seen", "proposals"):
        op.execute(f"DROP TRIGGER only_what_was_kept ON {table}")
        op.execute(f"DROP FUNCTION guard_kept_{table}()")
    op.execute("DROP FUNCTION count_claim()")
    for table, events, function in (
        ("decisions", "UPDATE OR DELETE", "refuse_change()"),
        ("seen", "UPDATE", f"refuse_change_unless_erasing('named', {_quoted(SEEN_MAY)})"),
        ("proposals", "UPDATE OR DELETE", f"refuse_change_unless_erasing('named', {_quoted(PROPOSAL_MAY)})"),
    ):
        op.execute(f"CREATE TRIGGER never_changed BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}")


def _back_on_sqlite(agreed: str) -> None:
    _refuse("agreed_by_another", "placements", agreed, ANOTHER)
    named = "OLD.children || json_quote(OLD.referral_ref)"
    erased = f"EXISTS ({ERASING} AND instr({named}, json_quote(e.ref)) > 0)"
    _refuse("guard_update_placements", "placements", _step(erased, before=True), ONE_STEP)
    _refuse_but("guard_update_decisions", "decisions", "0")
    names_it = f"EXISTS ({ERASING} AND instr({{}} || json_quote(OLD.referral_ref), json_quote(e.ref)) > 0)"
    since = ("inventory_seq", "was_so")  # columns of 0009, which the guard never named
    same = _same("seen", *SEEN_MAY, *since)
    _refuse_but("guard_update_seen", "seen", f"{same} AND {names_it.format('OLD.options')}")
    told = names_it.format("OLD.children || OLD.explanation")
    _refuse_but("never_update_proposals", "proposals", f"{_same('proposals', *PROPOSAL_MAY)} AND {told}")
