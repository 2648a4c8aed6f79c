"""What stood on mails in their mailboxes when they were last looked at, so that what people change is noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "seen_marks",
        sa.Column("source", sa.String(512), primary_key=True),
        sa.Column("place", sa.String(512), primary_key=True),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
    )
