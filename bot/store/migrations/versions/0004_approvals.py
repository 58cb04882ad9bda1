"""Decisions of doctors on the texts that patients read"""

from alembic import op
import sqlalchemy as sa


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'content_decisions',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('content_id', sa.String(length=128), nullable=False),
        sa.Column('content_hash', sa.String(length=64), nullable=False),
        sa.Column('verdict', sa.String(length=16), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('short', sa.Text(), nullable=False),
        sa.Column('wording', sa.Text(), nullable=False),
        sa.Column('short_wording', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('doctor', sa.String(length=128), nullable=False),
        sa.Column('registration', sa.String(length=64), nullable=False),
        sa.Column('decided_by', sa.String(length=64), nullable=False),
        sa.Column('decided_at', sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_content_decisions')),
    )
    with op.batch_alter_table('content_decisions', schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f('ix_content_decisions_content_id'), ['content_id'], unique=False
        )


def downgrade() -> None:
    op.drop_table('content_decisions')
