"""The suitability check, the links to its page, and what is said before a visit"""

from alembic import op
import sqlalchemy as sa


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('bookings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('before_told_at', sa.DateTime(), nullable=True))

    op.create_table('checks',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('booking_id', sa.String(length=32), nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('started_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.Column('finished_at', sa.DateTime(), nullable=True),
    sa.Column('renewed_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['booking_id'], ['bookings.id'], name=op.f('fk_checks_booking_id')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_checks_conversation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_checks'))
    )
    with op.batch_alter_table('checks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_checks_booking_id'), ['booking_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_checks_conversation_id'), ['conversation_id'], unique=False)

    op.create_table('check_links',
    sa.Column('key_hash', sa.String(length=64), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('message_id', sa.String(length=32), nullable=False),
    sa.Column('booking_id', sa.String(length=32), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('expires_at', sa.DateTime(), nullable=False),
    sa.Column('browser_hash', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['booking_id'], ['bookings.id'], name=op.f('fk_check_links_booking_id')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_check_links_conversation_id')),
    sa.ForeignKeyConstraint(['message_id'], ['inbound_messages.id'], name=op.f('fk_check_links_message_id')),
    sa.PrimaryKeyConstraint('key_hash', name=op.f('pk_check_links'))
    )
    with op.batch_alter_table('check_links', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_check_links_conversation_id'), ['conversation_id'], unique=False)


def downgrade() -> None:
    op.drop_table('check_links')
    op.drop_table('checks')
    with op.batch_alter_table('bookings', schema=None) as batch_op:
        batch_op.drop_column('before_told_at')
