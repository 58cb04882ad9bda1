"""The statuses of a visit and the moves between them.

The words are those of FHIR R4's Appointment (https://hl7.org/fhir/R4/valueset-appointmentstatus.html).
"""

from __future__ import annotations

from collections.abc import Mapping

PROPOSED, PENDING, BOOKED, ARRIVED = "proposed", "pending", "booked", "arrived"
FULFILLED, CANCELLED, NOSHOW, WAITLIST = "fulfilled", "cancelled", "noshow", "waitlist"
ENTERED_IN_ERROR = "entered-in-error"

# A visit that is still to come, and one whose time is free again.
OPEN = (PENDING, BOOKED, ARRIVED)
GIVEN_BACK = (CANCELLED, ENTERED_IN_ERROR)
# What a patient may still change by themself.
CHANGEABLE = (PENDING, BOOKED)

# From each status the ones that may follow. A wish on the wait list is proposed a time, which the
# patient takes or lets go. What nobody confirmed in time is still a visit, to which somebody comes
# or not. What was pressed by mistake at the desk is taken back: "arrived" to "booked", "fulfilled"
# to "arrived", and a patient who came late after all is no "noshow". A cancelled visit stays so:
# its time may be somebody else's.
_MOVES: Mapping[str, tuple[str, ...]] = {
    WAITLIST: (PROPOSED, CANCELLED),
    PROPOSED: (WAITLIST, PENDING, BOOKED, CANCELLED),
    PENDING: (BOOKED, ARRIVED, NOSHOW, CANCELLED, ENTERED_IN_ERROR),
    BOOKED: (PENDING, ARRIVED, NOSHOW, CANCELLED, ENTERED_IN_ERROR),
    ARRIVED: (BOOKED, FULFILLED, CANCELLED, ENTERED_IN_ERROR),
    NOSHOW: (ARRIVED, ENTERED_IN_ERROR),
    FULFILLED: (ARRIVED, ENTERED_IN_ERROR),
    CANCELLED: (ENTERED_IN_ERROR,),
    ENTERED_IN_ERROR: (),
}
STATUSES = tuple(_MOVES)


def may_become(status: str, other: str) -> bool:
    """Whether a visit of one status may get the other."""
    return other in _MOVES.get(status, ())


def may_follow(status: str) -> tuple[str, ...]:
    """The statuses that a visit may get next, in the order of the day."""
    return _MOVES.get(status, ())
