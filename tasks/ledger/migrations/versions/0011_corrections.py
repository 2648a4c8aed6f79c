"""What people said a mail's category is."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("message_key", sa.String(64), nullable=False, index=True),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("was", sa.String(40), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("at", sa.Float, nullable=False, index=True),
    )
