"""E-mail in the outbox, and which requests staff were told of"""

from alembic import op
import sqlalchemy as sa


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('outbound_messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('channel', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('address', sa.Text(), nullable=True))

    with op.batch_alter_table('staff_requests', schema=None) as batch_op:
        batch_op.add_column(sa.Column('noticed_at', sa.DateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('staff_requests', schema=None) as batch_op:
        batch_op.drop_column('noticed_at')

    # What has an address of its own would be sent to the conversation without it.
    op.execute("DELETE FROM outbound_messages WHERE channel IS NOT NULL")
    with op.batch_alter_table('outbound_messages', schema=None) as batch_op:
        batch_op.drop_column('address')
        batch_op.drop_column('channel')
