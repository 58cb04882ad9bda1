"""The life of a booking: holds, blocks, changes, reminders, limits by the hour, and the wait list"""

from alembic import op
import sqlalchemy as sa


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

ONE_OWNER = (
    '(CASE WHEN booking_id IS NULL THEN 0 ELSE 1 END)'
    ' + (CASE WHEN held_by IS NULL THEN 0 ELSE 1 END)'
    ' + (CASE WHEN block_id IS NULL THEN 0 ELSE 1 END) = 1'
)


def upgrade() -> None:
    op.create_table('blocks',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('resource', sa.String(length=80), nullable=False),
    sa.Column('starts_at', sa.DateTime(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('created_by', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_blocks'))
    )
    with op.batch_alter_table('blocks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_blocks_starts_at'), ['starts_at'], unique=False)

    op.create_table('marks',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('whose', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_marks'))
    )
    with op.batch_alter_table('marks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_marks_kind_whose_at'), ['kind', 'whose', 'at'], unique=False)

    op.create_table('holds',
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('visit', sa.String(length=64), nullable=False),
    sa.Column('starts_at', sa.DateTime(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.Column('doctor', sa.String(length=64), nullable=True),
    sa.Column('room', sa.String(length=64), nullable=True),
    sa.Column('device', sa.String(length=64), nullable=True),
    sa.Column('but_booking', sa.String(length=32), nullable=True),
    sa.Column('held_at', sa.DateTime(), nullable=False),
    sa.Column('expires_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_holds_conversation_id')),
    sa.PrimaryKeyConstraint('conversation_id', name=op.f('pk_holds'))
    )
    with op.batch_alter_table('holds', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_holds_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_holds_starts_at'), ['starts_at'], unique=False)

    op.create_table('wishes',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('message_id', sa.String(length=32), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('visit', sa.String(length=64), nullable=False),
    sa.Column('patient_is', sa.String(length=8), nullable=False),
    sa.Column('wish', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('phone', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('offered_at', sa.DateTime(), nullable=True),
    sa.Column('offered_start', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_wishes_conversation_id')),
    sa.ForeignKeyConstraint(['message_id'], ['inbound_messages.id'], name=op.f('fk_wishes_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_wishes')),
    sa.UniqueConstraint('message_id', name=op.f('uq_wishes_message_id'))
    )
    with op.batch_alter_table('wishes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_wishes_conversation_id'), ['conversation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_wishes_status'), ['status'], unique=False)

    op.create_table('booking_changes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('booking_id', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('by', sa.String(length=16), nullable=False),
    sa.Column('staff_user', sa.String(length=64), nullable=True),
    sa.Column('message_id', sa.String(length=32), nullable=True),
    sa.Column('status_before', sa.String(length=16), nullable=True),
    sa.Column('status_after', sa.String(length=16), nullable=False),
    sa.Column('starts_before', sa.DateTime(), nullable=True),
    sa.Column('starts_after', sa.DateTime(), nullable=False),
    sa.Column('policy', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['booking_id'], ['bookings.id'], name=op.f('fk_booking_changes_booking_id')),
    sa.ForeignKeyConstraint(['message_id'], ['inbound_messages.id'], name=op.f('fk_booking_changes_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_booking_changes')),
    sa.UniqueConstraint('message_id', name=op.f('uq_booking_changes_message_id'))
    )
    with op.batch_alter_table('booking_changes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_booking_changes_booking_id'), ['booking_id'], unique=False)

    op.create_table('reminders',
    sa.Column('booking_id', sa.String(length=32), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(), nullable=False),
    sa.Column('done_at', sa.DateTime(), nullable=True),
    sa.Column('outcome', sa.String(length=16), nullable=True),
    sa.ForeignKeyConstraint(['booking_id'], ['bookings.id'], name=op.f('fk_reminders_booking_id')),
    sa.PrimaryKeyConstraint('booking_id', 'sequence', 'due_at', name=op.f('pk_reminders'))
    )
    with op.batch_alter_table('reminders', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reminders_done_at'), ['done_at'], unique=False)

    with op.batch_alter_table('booked_ticks', schema=None) as batch_op:
        batch_op.add_column(sa.Column('held_by', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('block_id', sa.String(length=32), nullable=True))
        batch_op.alter_column('booking_id',
               existing_type=sa.VARCHAR(length=32),
               nullable=True)
        batch_op.create_index(batch_op.f('ix_booked_ticks_block_id'), ['block_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_booked_ticks_held_by'), ['held_by'], unique=False)
        batch_op.create_index(batch_op.f('ix_booked_ticks_tick'), ['tick'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_booked_ticks_block_id'), 'blocks', ['block_id'], ['id'])
        batch_op.create_check_constraint(batch_op.f('ck_booked_ticks_one_owner'), ONE_OWNER)
        batch_op.create_foreign_key(batch_op.f('fk_booked_ticks_held_by'), 'holds', ['held_by'], ['conversation_id'])

    with op.batch_alter_table('bookings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('updated_at', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('confirmed_at', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('number_asked_at', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('number_is_theirs', sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column('number_conversation_id', sa.String(length=32), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_bookings_number_conversation_id'), 'conversations', ['number_conversation_id'], ['id'])

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('origin', sa.String(length=64), nullable=True))

    with op.batch_alter_table('outbound_messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('unasked', sa.Boolean(), server_default=sa.false(), nullable=False))
    # What an older version wrote by itself, and has not sent yet.
    op.execute(
        "UPDATE outbound_messages SET unasked = true"
        " WHERE channel IS NOT NULL AND channel <> 'email' AND state IN ('queued', 'sending')"
    )


def downgrade() -> None:
    with op.batch_alter_table('outbound_messages', schema=None) as batch_op:
        batch_op.drop_column('unasked')

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.drop_column('origin')

    with op.batch_alter_table('bookings', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_bookings_number_conversation_id'), type_='foreignkey')
        batch_op.drop_column('number_conversation_id')
        batch_op.drop_column('number_is_theirs')
        batch_op.drop_column('number_asked_at')
        batch_op.drop_column('confirmed_at')
        batch_op.drop_column('updated_at')

    # What nobody has booked is forgotten; a booking stays.
    op.execute('DELETE FROM booked_ticks WHERE booking_id IS NULL')
    with op.batch_alter_table('booked_ticks', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_booked_ticks_one_owner'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_booked_ticks_held_by'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_booked_ticks_block_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_booked_ticks_tick'))
        batch_op.drop_index(batch_op.f('ix_booked_ticks_held_by'))
        batch_op.drop_index(batch_op.f('ix_booked_ticks_block_id'))
        batch_op.alter_column('booking_id',
               existing_type=sa.VARCHAR(length=32),
               nullable=False)
        batch_op.drop_column('block_id')
        batch_op.drop_column('held_by')

    op.drop_table('reminders')
    op.drop_table('booking_changes')
    op.drop_table('wishes')
    op.drop_table('holds')
    op.drop_table('marks')
    op.drop_table('blocks')
