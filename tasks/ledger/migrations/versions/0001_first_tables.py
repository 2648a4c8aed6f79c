"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("message_key", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("retry", sa.Boolean, nullable=False),
        sa.Column("error_type", sa.String(32)),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("lease_until", sa.Float, nullable=False),
        sa.Column("message_id", sa.Text),
        sa.Column("first_seen", sa.Float, nullable=False),
        sa.Column("updated", sa.Float, nullable=False),
    )
    op.create_index("ix_messages_state", "messages", ["state", "retry"])
    op.create_index("ix_messages_owner", "messages", ["owner"])
    op.create_table(
        "sightings",
        sa.Column("source", sa.String(512), primary_key=True),
        sa.Column("place", sa.String(512), primary_key=True),
        sa.Column("message_key", sa.String(64), nullable=False, index=True),
        sa.Column("seen_at", sa.Float, nullable=False),
    )
    op.create_table(
        "raws",
        sa.Column("message_key", sa.String(64), primary_key=True),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("target_language", sa.String(64)),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("stored_at", sa.Float, nullable=False, index=True),
    )
    op.create_table(
        "completions",
        sa.Column("call", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("message_key", sa.String(64), nullable=False),
        sa.Column("question", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("answered_by", sa.String(128)),
        sa.Column("key_index", sa.Integer, nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("error_code", sa.String(32)),
        sa.Column("request_id", sa.String(128)),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("input_tokens", sa.Integer, nullable=False),
        sa.Column("output_tokens", sa.Integer, nullable=False),
        sa.Column("cache_read_tokens", sa.Integer, nullable=False),
        sa.Column("cache_write_tokens", sa.Integer, nullable=False),
        sa.Column("reasoning_tokens", sa.Integer, nullable=False),
        sa.Column("price_nusd", sa.BigInteger),
        sa.Column("begun_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
    )
    op.create_index("ix_completions_key", "completions", ["key"])
    op.create_index("ix_completions_run", "completions", ["run_id", "message_key"])
    op.create_index("ix_completions_ended", "completions", ["ended_at"])
    op.create_table(
        "groups",
        sa.Column("group_key", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("message_key", sa.String(64), nullable=False, index=True),
        sa.Column("size", sa.Integer, nullable=False),
    )
    op.create_table(
        "outcomes",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(64), nullable=False, index=True),
        sa.Column("message_key", sa.String(64), nullable=False, index=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("category", sa.String(16)),
        sa.Column("error_type", sa.String(32)),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("price_nusd", sa.BigInteger),
        sa.Column("processed_at", sa.Float, nullable=False, index=True),
        sa.Column("row", sa.JSON, nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(64), primary_key=True),
        sa.Column("flow", sa.String(128), nullable=False),
        sa.Column("deployment", sa.String(256), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("started_at", sa.Float, nullable=False, index=True),
        sa.Column("settings", sa.JSON),
        sa.Column("estimate", sa.JSON),
    )
    op.create_table(
        "budgets",
        sa.Column("scope", sa.String(128), primary_key=True),
        sa.Column("reserved_nusd", sa.BigInteger, nullable=False),
        sa.Column("spent_nusd", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "holdings",
        sa.Column("owner", sa.String(200), primary_key=True),
        sa.Column("scope", sa.String(128), primary_key=True, index=True),
        sa.Column("reserved_nusd", sa.BigInteger, nullable=False),
        sa.Column("lease_until", sa.Float, nullable=False),
    )
    op.create_table(
        "batch_items",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("batch_id", sa.String(32), index=True),
        sa.Column("call", sa.BigInteger),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("message_key", sa.String(64), nullable=False, index=True),
        sa.Column("question", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("body_bytes", sa.Integer, nullable=False),
        sa.Column("worst_nusd", sa.BigInteger),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("error_code", sa.String(32)),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_index("ix_batch_items_state", "batch_items", ["state", "provider", "model"])
    op.create_table(
        "batches",
        sa.Column("batch_id", sa.String(32), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("items", sa.Integer, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("file_id", sa.String(128)),
        sa.Column("remote_id", sa.String(128), index=True),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("lease_until", sa.Float, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("updated", sa.Float, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("received_at", sa.Float, nullable=False, index=True),
    )
    op.create_table(
        "effects",
        sa.Column("effect_id", sa.String(64), primary_key=True),
        sa.Column("message_key", sa.String(64), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("needs_approval", sa.Boolean, nullable=False),
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("lease_until", sa.Float, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("looks", sa.Integer, nullable=False),
        sa.Column("begun", sa.Boolean, nullable=False),
        sa.Column("planned_at", sa.Float, nullable=False),
        sa.Column("updated", sa.Float, nullable=False),
    )
    op.create_index("ix_effects_mail", "effects", ["message_key", "position"])
    op.create_index("ix_effects_state", "effects", ["state", "updated"])
    op.create_table(
        "approvals",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("effect_id", sa.String(64), nullable=False, index=True),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("shown_hash", sa.String(64), nullable=False),
        sa.Column("given_hash", sa.String(64)),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("flow_run_id", sa.String(64), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "breakers",
        sa.Column("provider", sa.String(32), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
    )
    op.create_table(
        "paces",
        sa.Column("provider", sa.String(32), primary_key=True),
        sa.Column("model", sa.String(128), primary_key=True),
        sa.Column("rpm", sa.Float, nullable=False),
        sa.Column("tpm", sa.Float, nullable=False),
        sa.Column("requests_free_at", sa.Float, nullable=False),
        sa.Column("tokens_free_at", sa.Float, nullable=False),
        sa.Column("held_until", sa.Float, nullable=False),
        sa.Column("slowed_to", sa.Float, nullable=False),
        sa.Column("slowed_at", sa.Float, nullable=False),
    )
    op.create_table(
        "totals",
        sa.Column("measure", sa.String(32), primary_key=True),
        sa.Column("labels", sa.String(300), primary_key=True),
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "pseudonyms",
        sa.Column("placeholder", sa.String(32), primary_key=True),
        sa.Column("original", sa.Text, nullable=False),
    )
