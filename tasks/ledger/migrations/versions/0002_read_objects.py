"""Which objects of a store were read, so that they are not fetched again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "read_objects",
        sa.Column("source", sa.String(512), primary_key=True),
        sa.Column("place", sa.String(512), primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
    )
