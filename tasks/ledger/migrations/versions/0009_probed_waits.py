"""When a long wait is probed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("paces", sa.Column("probe_at", sa.Float, nullable=False, server_default="0"))
