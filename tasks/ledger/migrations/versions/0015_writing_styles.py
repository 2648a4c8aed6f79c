"""How we write, as it was measured mail by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "writing_styles",
        sa.Column("mail", sa.String(64), primary_key=True),
        sa.Column("mailbox", sa.String(200), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("way", sa.String(8), nullable=False),
        sa.Column("greeting", sa.String(40), nullable=False),
        sa.Column("name", sa.String(24), nullable=False),
        sa.Column("closing", sa.String(40), nullable=False),
        sa.Column("address", sa.String(8), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
    )
    op.create_index("ix_writing_styles_whom", "writing_styles", ["mailbox", "language", "recipient"])
    op.create_index("ix_writing_styles_at", "writing_styles", ["at"])
