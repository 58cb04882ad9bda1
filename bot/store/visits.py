"""Units of work that change a booked visit: moved, cancelled, confirmed, arrived.

Each says which state of the visit it was decided on (`Booking.sequence`), so that of two who
change it at once the second one sees what the first one did. A patient's message changes once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clinic.availability import Option
from bot.clinic.visits.statuses import BOOKED, GIVEN_BACK, OPEN, PENDING, may_become
from bot.store.bookings import Booked, TimeTaken, TurnIsOver, as_booked, hold_as, places_of
from bot.store.changes import PATIENT, By, Change, add_change, as_change
from bot.store.database import Database
from bot.store.drafts import VISIT, delete_draft
from bot.store.holds import release_hold
from bot.store.messages import EMAIL, RECEIVED
from bot.store.reminders import plan_reminders
from bot.store.requests import CONFIRM_BOOKING, close_requests_about
from bot.store.tables import Booking, BookingChange, InboundMessage
from bot.store.ticks import forget_expired_holds, give_back, take
from bot.store.told_changes import ChangeTeller, queue_letter


class VisitChanged(Exception):  # noqa: N818 - what happened, not a fault
    """Somebody changed the visit meanwhile, or it is gone."""


class NotAllowed(Exception):  # noqa: N818
    """A visit of this status cannot become that."""


def move_visit(
    database: Database,
    visit_id: str,
    sequence: int,
    options: Sequence[Option],
    status: str,
    by: By,
    at: datetime,
    *,
    remind_at: Sequence[datetime] = (),
    mails: bool = False,
    teller: ChangeTeller | None = None,
) -> Booked:
    """Moves a visit to the first option that is still free; its old time is free again at once.

    Reference, calendar entry and check stay its own. Called again for the same message of a
    patient's it changes nothing and gives the visit as it stands.

    Args:
        database: where it stands.
        visit_id: which.
        sequence: `Booked.sequence` as it was when this was decided.
        options: the ways to hold it then, the best first.
        status: "booked", or "pending" while the desk has to confirm the new time.
        by: who moves it.
        at: the present instant.
        remind_at: when the patient is reminded of the new time.
        mails: whether the clinic can send e-mail.
        teller: tells the patient, on their channel, what somebody else did.

    Raises:
        TimeTaken: somebody else has the time.
        VisitChanged: the visit is not as it was, or not there.
        NotAllowed: it cannot be moved any more.
        TurnIsOver: the patient's message was answered already.
    """

    def work(session: Session) -> Booked:
        row = _locked(session, visit_id, sequence, by)
        if isinstance(row, Booked):
            return row
        if row.status != status and not may_become(row.status, status):
            raise NotAllowed
        before, started = row.status, row.starts_at
        _release_own_hold(session, by)
        forget_expired_holds(session, at)
        give_back(session, booking_id=visit_id)
        option = take(session, options, booking_id=visit_id)
        if option is None:
            raise TimeTaken
        hold_as(row, option)
        row.status, row.before_told_at = status, None
        _note_change(session, row, before, started, by, at)
        plan_reminders(session, row, remind_at)
        if teller and by.who != PATIENT:
            teller.tell(session, row, before, at, moved=True)
        else:
            _mail(session, row, at, mails=mails, moved=True)
        return as_booked(row)

    return database.race(work, TimeTaken, concurrent=True)


def set_status(
    database: Database,
    visit_id: str,
    sequence: int,
    status: str,
    by: By,
    at: datetime,
    *,
    remind_at: Sequence[datetime] = (),
    mails: bool = False,
    teller: ChangeTeller | None = None,
) -> Booked:
    """Gives a visit another status; one that is given back frees its time and its place.

    `remind_at` counts where a visit becomes "booked", whether it was confirmed or "arrived" was
    taken back: what was planned before belongs to another `sequence`. The rest is as in
    `move_visit`.

    Raises:
        VisitChanged: the visit is not as it was, or not there.
        NotAllowed: it cannot become that.
        TurnIsOver: the patient's message was answered already.
    """

    def work(session: Session) -> Booked:
        row = _locked(session, visit_id, sequence, by)
        if isinstance(row, Booked):
            return row
        if not may_become(row.status, status):
            raise NotAllowed
        before = row.status
        row.status = status
        _release_own_hold(session, by)
        if status in GIVEN_BACK:
            row.place = None
            give_back(session, booking_id=visit_id)
            plan_reminders(session, row, ())
        elif status in OPEN and row.place is None:
            # Who came after all counts again, if need be as one more than a patient may have.
            places = places_of(session, row.phone_hash, at)
            row.place = next(place for place in count(1) if place not in places)
        _note_change(session, row, before, row.starts_at, by, at)
        if before == PENDING:
            _need_no_confirming(session, row, at)
        if status == BOOKED:
            plan_reminders(session, row, remind_at)
        if teller and by.who != PATIENT:
            teller.tell(session, row, before, at, moved=False)
        elif status in GIVEN_BACK or (before, status) == (PENDING, BOOKED):
            _mail(session, row, at, mails=mails)
        return as_booked(row)

    return database.race(work, TimeTaken, concurrent=True)


def confirm_visit(
    database: Database, visit_id: str, sequence: int, message_id: str, at: datetime
) -> Booked:
    """Remembers that the patient said that they come; the visit itself stays as it is.

    Raises:
        VisitChanged: it is not as it was when they were asked, or not there.
    """
    by = By("patient", message_id)

    def work(session: Session) -> Booked:
        row = _locked(session, visit_id, sequence, by)
        if isinstance(row, Booked):
            return row
        row.confirmed_at = at
        add_change(session, row, row.status, row.starts_at, by, at)
        return as_booked(row)

    return database.race(work, TimeTaken, concurrent=True)


def visit_changed_by(database: Database, message_id: str) -> Booked | None:
    """The visit that a patient's message changed, as it stands now; None if it changed none."""
    with database.read() as session:
        return change_made_by(session, message_id)[0]


def change_made_by(session: Session, message_id: str) -> tuple[Booked, Change] | tuple[None, None]:
    """The visit that a patient's message changed, as it stands now, and the change."""
    found = session.execute(
        select(Booking, BookingChange)
        .join(BookingChange, BookingChange.booking_id == Booking.id)
        .where(BookingChange.message_id == message_id, BookingChange.status_before.is_not(None))
    ).one_or_none()
    return (None, None) if found is None else (as_booked(found[0]), as_change(found[1]))


def _locked(session: Session, visit_id: str, sequence: int, by: By) -> Booking | Booked:
    """The visit, locked; as `Booked` where this message has changed it already."""
    if by.message_id:
        # Who gives the turn up waits for this lock, and we for theirs: one of the two comes first.
        message = session.get_one(
            InboundMessage, by.message_id, with_for_update={"key_share": True}
        )
        known, _ = change_made_by(session, by.message_id)
        if known is not None:
            return known
        if message.state != RECEIVED:
            raise TurnIsOver
    row = session.get(Booking, visit_id, with_for_update=True)
    if row is None or row.sequence != sequence:
        raise VisitChanged
    return row


def _note_change(
    session: Session, row: Booking, status: str, starts_at: datetime, by: By, at: datetime
) -> None:
    row.sequence += 1
    row.updated_at = at
    if row.starts_at != starts_at:
        row.confirmed_at = None
    add_change(session, row, status, starts_at, by, at)
    session.flush()


def _need_no_confirming(session: Session, row: Booking, at: datetime) -> None:
    """Nobody has to look at a visit any more that was confirmed or given back."""
    changed_by = session.scalars(
        select(BookingChange.message_id).where(
            BookingChange.booking_id == row.id, BookingChange.message_id.is_not(None)
        )
    )
    close_requests_about(session, [row.message_id, *changed_by], CONFIRM_BOOKING, at)


def _release_own_hold(session: Session, by: By) -> None:
    """What the patient has begun with this visit is done."""
    if by.message_id:
        conversation = session.get_one(InboundMessage, by.message_id).conversation_id
        release_hold(session, conversation)
        delete_draft(session, conversation, VISIT)


def _mail(
    session: Session, row: Booking, at: datetime, *, mails: bool, moved: bool = False
) -> None:
    """The same by e-mail, with the new calendar file, where the patient wants e-mail."""
    if mails and row.reminders == EMAIL and row.email:
        queue_letter(session, row, at, moved=moved)
