"""The wait list at the desk: who waits, which free times suit them, and one press to offer one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.clinic.times import TimeWish
from bot.store.conversations import stop_unasked
from bot.store.database import Database
from bot.store.messages import due, unsent
from bot.store.requests import open_requests_in_full
from bot.store.tables import OutboundMessage
from bot.store.wish_offers import offer, reach_of
from bot.store.wishes import open_wishes, wish_with
from tests.desk.conftest import NOW, HandClock, Leave, Page, Patients, Visitor
from tests.desk.test_visits import forms

LIST = "/desk/waitlist"
TODAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
# On Tuesday at 17:00 in Mumbai, when one doctor is there.
FIVE = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)
FASTER = "Somebody was faster, so nothing was done."
SCRIPT = "<script>alert('asha')</script>"


async def shown(visitor: Visitor) -> str:
    response = await visitor.get(LIST)
    assert response.status_code == 200
    return response.text


def buttons(html: str) -> list[str]:
    return [form.button for form in forms(html)]


def queued(database: Database) -> list[dict[str, object]]:
    with database.work() as session:
        return [
            json.loads(row.content)
            for row in session.scalars(select(OutboundMessage))
            if row.unasked
        ]


async def press(visitor: Visitor, html: str, button: str) -> tuple[int, str]:
    """Presses a button of a page; gives the status, and the page or where it leads."""
    form = next(each for each in forms(html) if each.button == button)
    response = await visitor.post(form.action, **form.fields)
    return response.status_code, response.headers.get("location", response.text)


async def test_with_nobody_on_it_the_list_says_so(staff_member: Visitor) -> None:
    assert "Nobody waits for a time." in await shown(staff_member)
    assert "Wait list (0)" in (await staff_member.get()).text


async def test_a_wish_shows_who_since_when_and_what_was_wished(
    staff_member: Visitor, leave: Leave, clock: HandClock
) -> None:
    leave()
    clock.moment += timedelta(minutes=30)
    html = await shown(staff_member)
    assert (
        "Asha Rao : Consultation Wished Tue 24 Nov, from 17:00 Since today 12:00 "
        "Phone +91 99999 00001 Who comes For themselves"
    ) in Page(html).text
    assert 'href="tel:+919999900001"' in html
    assert "Wait list (1)" in (await staff_member.get()).text


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (TimeWish(any_day=True), "Wished at any time Since"),
        (TimeWish(not_days=(TUESDAY,)), "Wished not Tue 24 Nov Since"),
        (TimeWish(days=(TUESDAY,), exact=17 * 60), "Wished Tue 24 Nov, at 17:00 Since"),
    ],
)
async def test_every_kind_of_wish_is_put_into_words(
    staff_member: Visitor, leave: Leave, wish: TimeWish, said: str
) -> None:
    leave(wish)
    assert said in Page(await shown(staff_member)).text


async def test_the_first_three_free_times_that_fit_can_be_offered(
    staff_member: Visitor, leave: Leave
) -> None:
    leave()
    assert buttons(await shown(staff_member)) == [
        "Offer Tue 24 Nov, 17:00",
        "Offer Tue 24 Nov, 17:15",
        "Offer Tue 24 Nov, 17:30",
        "Take off the list",
    ]


async def test_a_time_that_is_booked_is_not_offered(
    staff_member: Visitor, leave: Leave, patients: Patients
) -> None:
    leave(TimeWish(days=(TUESDAY,), exact=17 * 60))
    assert "Offer Tue 24 Nov, 17:00" in buttons(await shown(staff_member))
    patients.book(FIVE)
    html = await shown(staff_member)
    assert buttons(html) == ["Take off the list"]
    assert "No free time fits at the moment." in html


async def test_a_kind_of_visit_that_the_clinic_has_no_longer_has_no_times(
    staff_member: Visitor, leave: Leave
) -> None:
    leave(visit="laser_of_old")
    assert buttons(await shown(staff_member)) == ["Take off the list"]


async def test_on_the_website_an_offer_waits_in_the_chat(
    staff_member: Visitor, leave: Leave, database: Database
) -> None:
    wish = leave(person="asha")
    html = await shown(staff_member)
    assert "They see an offer when they open the chat again" in html
    done = await press(staff_member, html, "Offer Tue 24 Nov, 17:00")
    assert done == (303, f"{LIST}?told=website")
    [offered] = unsent(database, "website", "asha")
    assert "Consultation, Tuesday 24 Nov 2026 at 17:00" in offered.content["text"]
    assert [each["title"] for each in offered.content["buttons"]] == ["Take it", "No, thank you"]
    found = wish_with(database, wish.id)
    assert found is not None
    assert (found.status, found.offered_start) == ("proposed", FIVE)


async def test_on_whatsapp_an_offer_is_sent_while_meta_takes_it(
    staff_member: Visitor, leave: Leave, database: Database, clock: HandClock
) -> None:
    leave(channel="whatsapp")
    clock.moment += timedelta(hours=20)
    html = await shown(staff_member)
    assert "An offer reaches them on WhatsApp." in html
    done = await press(staff_member, html, "Offer Tue 24 Nov, 17:00")
    assert done == (303, f"{LIST}?told=whatsapp")
    [whose] = due(database, ["whatsapp"], clock.moment)
    [offered] = unsent(database, *whose)
    assert offered.address == "919999900001"


async def test_after_that_the_team_is_asked_to_call(
    staff_member: Visitor, leave: Leave, database: Database, clock: HandClock
) -> None:
    leave(TimeWish(any_day=True), channel="whatsapp")
    clock.moment += timedelta(hours=24)
    html = await shown(staff_member)
    assert "They cannot be written to, so an offer becomes a request" in html
    offers = [each for each in buttons(html) if each.startswith("Offer")]
    done = await press(staff_member, html, offers[0])
    assert done == (303, f"{LIST}?told=team")
    assert queued(database) == []
    [request] = open_requests_in_full(database, 9)
    assert request.details == {"phone": "+919999900001", "name": "Asha Rao"}
    text = Page((await staff_member.get()).text).text
    assert "Call to offer the free time that stands on the wait list" in text


async def test_who_said_stop_is_called_and_not_written_to(
    staff_member: Visitor, leave: Leave, database: Database
) -> None:
    stop_unasked(database, leave().conversation_id, NOW)
    html = await shown(staff_member)
    done = await press(staff_member, html, "Offer Tue 24 Nov, 17:00")
    assert done == (303, f"{LIST}?told=team")
    assert queued(database) == []


@pytest.mark.parametrize("told", ["website", "whatsapp", "team"])
async def test_after_an_offer_staff_read_how_the_patient_learns_of_it(
    staff_member: Visitor, told: str
) -> None:
    assert 'role="status"' in (await staff_member.get(f"{LIST}?told={told}")).text


async def test_whatever_stands_in_the_address_says_nothing(staff_member: Visitor) -> None:
    html = (await staff_member.get(f"{LIST}?told={SCRIPT}")).text
    assert 'role="status"' not in html
    assert "<script" not in html


async def test_what_was_offered_stands_there_until_it_is_taken_back(
    staff_member: Visitor, leave: Leave, database: Database
) -> None:
    wish = leave()
    await press(staff_member, await shown(staff_member), "Offer Tue 24 Nov, 17:15")
    html = await shown(staff_member)
    assert "Offered: Tue 24 Nov, 17:15, today 12:00." in html
    assert buttons(html) == ["Take the offer back", "Take off the list"]
    assert await press(staff_member, html, "Take the offer back") == (303, LIST)
    assert "Offer Tue 24 Nov, 17:15" in buttons(await shown(staff_member))
    assert wish_with(database, wish.id) == wish


async def test_an_offer_that_was_made_without_a_person_says_when_it_ends(
    staff_member: Visitor, leave: Leave, database: Database, clock: HandClock
) -> None:
    wish = leave(person="asha")
    now = clock.now()
    content = {"text": "A time is free.", "buttons": []}
    ends = now + timedelta(minutes=30)
    assert offer(database, wish.id, FIVE, content, now, way="website", ends=ends)
    assert re.search(r"It ends Mon 23 Nov, \d\d:\d\d; then the next", await shown(staff_member))


async def test_a_time_that_is_offered_to_one_is_not_offered_to_another(
    staff_member: Visitor, leave: Leave, database: Database
) -> None:
    first = leave()
    leave(name="Ravi Rao", at=NOW + timedelta(minutes=1))
    html = await shown(staff_member)
    assert html.count("Somebody wished for it earlier.") == 3
    offer(database, first.id, FIVE, {"text": "Free."}, NOW, way="website")
    html = await shown(staff_member)
    assert "Offer Tue 24 Nov, 17:00" not in buttons(html)
    assert "Somebody wished for it earlier." not in html


async def test_who_left_a_wish_first_stands_first(staff_member: Visitor, leave: Leave) -> None:
    leave(name="Second", at=NOW + timedelta(minutes=1))
    leave(name="First")
    html = await shown(staff_member)
    assert html.index("First") < html.index("Second")


async def test_a_wish_is_gone_when_its_days_are_over(
    staff_member: Visitor, leave: Leave, clock: HandClock
) -> None:
    leave()
    clock.moment = NOW + timedelta(days=1, hours=11)
    assert "Asha Rao" in await shown(staff_member)
    # The day ends at midnight in Mumbai, half past six in the evening in UTC.
    clock.moment = NOW + timedelta(days=1, hours=12)
    assert "Nobody waits for a time." in await shown(staff_member)
    assert "Wait list (0)" in (await staff_member.get()).text


async def test_a_wish_can_be_taken_off_the_list(
    staff_member: Visitor, leave: Leave, database: Database
) -> None:
    leave()
    html = await shown(staff_member)
    assert await press(staff_member, html, "Take off the list") == (303, LIST)
    assert open_wishes(database, TODAY) == []
    status, text = await press(staff_member, html, "Take off the list")
    assert (status, FASTER in text) == (409, True)


async def test_of_two_who_offer_the_second_reads_that_somebody_was_faster(
    staff_member: Visitor, leave: Leave, database: Database
) -> None:
    leave()
    html = await shown(staff_member)
    await press(staff_member, html, "Offer Tue 24 Nov, 17:00")
    for button in ("Offer Tue 24 Nov, 17:00", "Offer Tue 24 Nov, 17:15"):
        status, text = await press(staff_member, html, button)
        assert (status, FASTER in text) == (409, True)
    assert len(queued(database)) == 1


async def test_who_is_overtaken_between_reading_and_writing_offers_nothing(
    staff_member: Visitor, leave: Leave, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = leave()
    html = await shown(staff_member)
    ask = reach_of

    def overtaken(*given: object) -> object:
        offer(database, wish.id, FIVE, {"text": "Free."}, NOW, way="website")
        return ask(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("bot.desk.waitlist.reach_of", overtaken)
    status, text = await press(staff_member, html, "Offer Tue 24 Nov, 17:15")
    assert (status, FASTER in text) == (409, True)
    assert queued(database) == [{"text": "Free."}]


async def test_a_time_that_went_meanwhile_is_not_offered(
    staff_member: Visitor, leave: Leave, database: Database, patients: Patients
) -> None:
    leave()
    html = await shown(staff_member)
    patients.book(FIVE)
    status, text = await press(staff_member, html, "Offer Tue 24 Nov, 17:00")
    assert status == 409
    assert "That time is not free any more" in text
    assert queued(database) == []


@pytest.mark.parametrize("start", ["", "tomorrow", "2026-11-24T04:30:00+00:00", "2026-11-24"])
async def test_a_time_that_was_not_on_the_page_is_not_offered(
    staff_member: Visitor, leave: Leave, database: Database, start: str
) -> None:
    wish = leave()
    token = await staff_member.token()
    refused = await staff_member.post(f"{LIST}/{wish.id}/offer", token=token, start=start)
    assert refused.status_code == 409
    assert queued(database) == []


@pytest.mark.parametrize("act", ["offer", "take-back", "close"])
async def test_a_form_of_another_web_site_or_without_a_login_does_nothing(
    staff_member: Visitor, visitors: Callable[..., Visitor], leave: Leave, act: str,
    database: Database,
) -> None:  # fmt: skip
    wish = leave()
    sent = {"token": "guessed", "start": FIVE.isoformat()}
    path = f"{LIST}/{wish.id}/{act}"
    assert (await staff_member.post(path, **sent)).status_code == 403
    stranger = await visitors().post(path, **sent)
    assert stranger.headers["location"] == "/desk/login"
    assert open_wishes(database, TODAY) == [wish]


async def test_nobody_reads_the_wait_list_without_a_login(visitor: Visitor, leave: Leave) -> None:
    leave()
    response = await visitor.get(LIST)
    assert (response.status_code, response.text) == (303, "")


async def test_html_in_a_name_is_text_and_no_name_stands_in_an_address_or_a_log(
    staff_member: Visitor, leave: Leave, caplog: pytest.LogCaptureFixture
) -> None:
    wish = leave(name=SCRIPT)
    html = await shown(staff_member)
    assert "<script" not in html
    with caplog.at_level("INFO", "bot.desk"):
        await press(staff_member, html, "Offer Tue 24 Nov, 17:00")
    addresses = re.findall(r'(?:href|action|src)="([^"]*)"', html)
    kept = " ".join(each for each in addresses if not each.startswith("tel:")) + caplog.text
    assert f"wish {wish.id} was offered a time" in caplog.text
    assert not re.search("asha|99999", kept)
