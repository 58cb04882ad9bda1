"""The calendar file of a booking, behind a link that only its patient was given."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.clinic.visit_calendar import visit_calendar
from bot.store.bookings import booking_behind
from bot.store.database import Database

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Disposition": 'attachment; filename="appointment.ics"',
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def visit_route(
    database: Database, clinic: Mapping[str, Any], words: Mapping[str, Any], gone: str
) -> Route:
    """`GET /visits/{key}.ics`, always as the booking stands now.

    `words`: the block `calendar` of `data/booking.yml`; `gone`: what is said of an unknown key.
    """

    async def calendar(request: Request) -> Response:
        found = await asyncio.to_thread(booking_behind, database, request.path_params["key"])
        if found is None:
            return PlainTextResponse(gone, status_code=404)
        file = visit_calendar(found, clinic, words)
        return Response(file, media_type="text/calendar; charset=utf-8", headers=_HEADERS)

    return Route("/visits/{key}.ics", calendar)
