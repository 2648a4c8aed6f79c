"""Classifiers that sort mails without a model, and the answers that were asked of the model as well."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "classifiers",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("mails", sa.Integer, nullable=False),
        sa.Column("figures", sa.JSON, nullable=False),
        sa.Column("certificate", sa.JSON, nullable=False),
        sa.Column("model", sa.LargeBinary, nullable=False),
        sa.Column("trained_at", sa.Float, nullable=False),
    )
    op.create_table(
        "sampled_answers",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("classifier", sa.Integer, nullable=False, index=True),
        sa.Column("message_key", sa.String(64), nullable=False),
        sa.Column("said", sa.String(64), nullable=False),
        sa.Column("model_said", sa.String(64), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
