"""What copies of a mail share that lists and gateways make, and the earlier mail that one is likely a copy of."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("messages", sa.Column("likeness", sa.String(64)))
    op.add_column("messages", sa.Column("likely_of", sa.String(64)))
    op.create_index("ix_messages_likeness", "messages", ["likeness"])
