"""Why a circuit opened."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("breakers", sa.Column("cause", sa.String(300), nullable=False, server_default=""))
