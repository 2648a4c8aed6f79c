"""What evaluations found."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "evaluations",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(64), nullable=False, index=True),
        sa.Column("candidate", sa.Text, nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("mails", sa.Integer, nullable=False),
        sa.Column("figures", sa.JSON, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
