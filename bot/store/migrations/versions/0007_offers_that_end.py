"""Offers from the wait list that end by themselves, and what was offered to whom"""

from alembic import op
import sqlalchemy as sa


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('wishes', schema=None) as batch_op:
        batch_op.add_column(sa.Column('offer_ends', sa.DateTime(), nullable=True))

    op.create_table('offered_times',
    sa.Column('wish_id', sa.String(length=32), nullable=False),
    sa.Column('start', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['wish_id'], ['wishes.id'], name=op.f('fk_offered_times_wish_id')),
    sa.PrimaryKeyConstraint('wish_id', 'start', name=op.f('pk_offered_times'))
    )


def downgrade() -> None:
    op.drop_table('offered_times')
    with op.batch_alter_table('wishes', schema=None) as batch_op:
        batch_op.drop_column('offer_ends')
