"""Which conversation each mail belongs to: ids that name it, subjects among people, and the mails it has."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "thread_mails",
        sa.Column("mail", sa.String(64), primary_key=True),
        sa.Column("thread", sa.String(64), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("from_us", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_thread_mails_thread", "thread_mails", ["thread", "at", "from_us"])
    op.create_table(
        "thread_marks",
        sa.Column("mark", sa.String(32), primary_key=True),
        sa.Column("thread", sa.String(64), nullable=False),
        sa.Column("at", sa.Float()),
        sa.Column("waits", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "joined_threads",
        sa.Column("thread", sa.String(64), primary_key=True),
        sa.Column("into", sa.String(64), nullable=False),
    )
    op.create_index("ix_joined_threads_into", "joined_threads", ["into"])
