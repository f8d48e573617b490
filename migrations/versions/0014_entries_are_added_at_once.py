"""PostgreSQL adds to the audit trail by itself, so that the end of the trail is locked for no longer than that takes.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(ADD)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_add(text, text, jsonb)")


ADD = """
CREATE FUNCTION audit_add(whose text, opening text, added jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    last_seq bigint;
    last_hash bytea;
    at timestamptz;
    said text;
    one jsonb;
BEGIN
    SELECT h.seq, h.hash INTO last_seq, last_hash FROM audit_heads h WHERE h.authority = whose FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO audit_heads (authority, seq, hash, subjects)
        VALUES (whose, 0, sha256(convert_to('placement audit trail, first entry', 'UTF8')), 0) ON CONFLICT DO NOTHING;
        SELECT h.seq, h.hash INTO STRICT last_seq, last_hash FROM audit_heads h WHERE h.authority = whose FOR UPDATE;
    END IF;
    IF EXISTS (
        SELECT 1
          FROM jsonb_array_elements(added) e, jsonb_array_elements_text((e->>'subjects')::jsonb) n
         WHERE NOT EXISTS (SELECT 1 FROM audit_subjects s
                            WHERE s.authority = whose AND s.number = n::bigint AND s.ref IS NOT NULL)
    ) THEN
        RAISE EXCEPTION 'a child was erased meanwhile' USING ERRCODE = '40001';
    END IF;
    at := clock_timestamp();
    said := ',"' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00",';
    FOR one IN SELECT * FROM jsonb_array_elements(added) LOOP
        last_seq := last_seq + 1;
        last_hash := sha256(last_hash || convert_to(opening || last_seq || said || (one->>'rest'), 'UTF8'));
        INSERT INTO audit_entries (authority, seq, at, actor, actor_kind, action, object_kind, object_ref, subjects,
                                   introduced, facts, sealed, hash)
        VALUES (whose, last_seq, at, one->>'actor', one->>'actor_kind', one->>'action', one->>'object_kind',
                one->>'object_ref', one->>'subjects', NULL, one->>'facts', decode(one->>'sealed', 'hex'), last_hash);
    END LOOP;
    UPDATE audit_heads h SET seq = last_seq, hash = last_hash WHERE h.authority = whose;
    RETURN last_seq;
END $$
"""
"""As `app.store.audit` adds them: `opening` and the `rest` of each are what stands before and behind number and time
in the form over which the hash goes."""
