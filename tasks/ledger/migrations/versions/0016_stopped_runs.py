"""Why a run was stopped, for its chunks that other processes answer."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("runs", sa.Column("stopped", sa.Text(), nullable=True))
