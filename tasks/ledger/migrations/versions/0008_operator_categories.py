"""Categories of the operator's: longer names, and which list a run sorted its mails into."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.batch_alter_table("outcomes") as outcomes:  # SQLite cannot change a column's type in place
        outcomes.alter_column("category", type_=sa.String(40), existing_type=sa.String(16), existing_nullable=True)
    op.add_column("runs", sa.Column("categories", sa.JSON))
