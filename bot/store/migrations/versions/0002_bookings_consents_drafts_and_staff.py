"""Bookings, consents, drafts and staff"""

from alembic import op
import sqlalchemy as sa


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('staff_users',
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('password_hash', sa.String(length=255), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_staff_users'))
    )
    op.create_table('drafts',
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_drafts_conversation_id')),
    sa.PrimaryKeyConstraint('conversation_id', 'kind', name=op.f('pk_drafts'))
    )
    op.create_table('bookings',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('message_id', sa.String(length=32), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('reference_hash', sa.String(length=64), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('visit', sa.String(length=64), nullable=False),
    sa.Column('doctor', sa.String(length=64), nullable=True),
    sa.Column('room', sa.String(length=64), nullable=True),
    sa.Column('device', sa.String(length=64), nullable=True),
    sa.Column('starts_at', sa.DateTime(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.Column('patient_is', sa.String(length=8), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('phone', sa.Text(), nullable=False),
    sa.Column('phone_hash', sa.String(length=64), nullable=False),
    sa.Column('place', sa.Integer(), nullable=True),
    sa.Column('concern', sa.Text(), nullable=True),
    sa.Column('reminders', sa.String(length=16), nullable=False),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('calendar_key', sa.String(length=64), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_bookings_conversation_id')),
    sa.ForeignKeyConstraint(['message_id'], ['inbound_messages.id'], name=op.f('fk_bookings_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bookings')),
    sa.UniqueConstraint('calendar_key', name=op.f('uq_bookings_calendar_key')),
    sa.UniqueConstraint('message_id', name=op.f('uq_bookings_message_id')),
    sa.UniqueConstraint('phone_hash', 'place', name=op.f('uq_bookings_phone_hash_place')),
    sa.UniqueConstraint('reference_hash', name=op.f('uq_bookings_reference_hash'))
    )
    with op.batch_alter_table('bookings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_bookings_conversation_id'), ['conversation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_bookings_starts_at'), ['starts_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_bookings_status'), ['status'], unique=False)

    op.create_table('consents',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('message_id', sa.String(length=32), nullable=False),
    sa.Column('purpose', sa.String(length=16), nullable=False),
    sa.Column('version', sa.String(length=16), nullable=False),
    sa.Column('given', sa.Boolean(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_consents_conversation_id')),
    sa.ForeignKeyConstraint(['message_id'], ['inbound_messages.id'], name=op.f('fk_consents_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consents')),
    sa.UniqueConstraint('message_id', 'purpose', name=op.f('uq_consents_message_id_purpose'))
    )
    with op.batch_alter_table('consents', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_consents_conversation_id'), ['conversation_id'], unique=False)

    op.create_table('booked_ticks',
    sa.Column('resource', sa.String(length=80), nullable=False),
    sa.Column('tick', sa.Integer(), nullable=False),
    sa.Column('booking_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['booking_id'], ['bookings.id'], name=op.f('fk_booked_ticks_booking_id')),
    sa.PrimaryKeyConstraint('resource', 'tick', name=op.f('pk_booked_ticks'))
    )
    with op.batch_alter_table('booked_ticks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_booked_ticks_booking_id'), ['booking_id'], unique=False)

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('address', sa.Text(), nullable=True))

    with op.batch_alter_table('inbound_messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=16), nullable=False, server_default='text'))

    with op.batch_alter_table('outbound_messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('attempts', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('next_try_at', sa.DateTime(), nullable=True))

    with op.batch_alter_table('staff_requests', schema=None) as batch_op:
        batch_op.add_column(sa.Column('details', sa.Text(), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('staff_requests', schema=None) as batch_op:
        batch_op.drop_column('details')

    with op.batch_alter_table('outbound_messages', schema=None) as batch_op:
        batch_op.drop_column('next_try_at')
        batch_op.drop_column('attempts')

    with op.batch_alter_table('inbound_messages', schema=None) as batch_op:
        batch_op.drop_column('kind')

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.drop_column('address')

    with op.batch_alter_table('booked_ticks', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_booked_ticks_booking_id'))

    op.drop_table('booked_ticks')
    with op.batch_alter_table('consents', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_consents_conversation_id'))

    op.drop_table('consents')
    with op.batch_alter_table('bookings', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_bookings_status'))
        batch_op.drop_index(batch_op.f('ix_bookings_starts_at'))
        batch_op.drop_index(batch_op.f('ix_bookings_conversation_id'))

    op.drop_table('bookings')
    op.drop_table('drafts')
    op.drop_table('staff_users')
