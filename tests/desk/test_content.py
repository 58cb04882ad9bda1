"""The texts on the desk: a doctor reads them as patients do, and approves, changes or rejects."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from starlette.applications import Starlette

from bot.clinic.suitability.questions import Catalogue
from bot.content.project import read_project
from bot.data_files import DATA, read_yaml
from bot.desk.brief import BriefView
from bot.desk.content import CONTENT, LONGEST_FORM, ContentPages
from bot.desk.content_view import ContentView
from bot.desk.pages import Desk
from bot.door.content import ServedContent
from bot.store.approvals import decisions
from bot.store.database import Database
from tests.desk.conftest import SECRET, HandClock, Page, Visitor, clinic

PAIN, PLAIN = "faq/pain", "It can sting a little.\nMost people manage well."
SHORT = "It can sting a little."
EMERGENCY = "safety/emergency/action"
WORDS = read_yaml(DATA / "desk.yml")["desk"]
SAID = WORDS["content"]


@cache
def _example() -> Any:
    return read_project(clinic())


def desk_of(database: Database, clock: HandClock, known: dict[str, Any] | None = None) -> Starlette:
    """The desk with the texts of a clinic; without one of the example."""
    project = read_project(known) if known else _example()
    wording = read_yaml(DATA / "facts.yml")
    catalogue = Catalogue(read_yaml(DATA / "suitability.yml"))
    view = BriefView(project.clinic, WORDS, wording["times"], catalogue)
    desk = Desk(database, clock, view, SECRET, over_tls=False)
    served = ServedContent(database, project.register, project.clinic, clock, is_production=True)
    of_texts = ContentView(
        project.clinic, SAID, project.words, wording, project.sources, project.checks
    )
    pages = ContentPages(desk, database, clock, project.register, project.checks, served, of_texts)
    return Starlette(routes=[*desk.routes(), *pages.routes()])


@pytest.fixture
def app(database: Database, clock: HandClock) -> Starlette:
    return desk_of(database, clock)


async def opened(visitor: Visitor, item: str = PAIN) -> Page:
    response = await visitor.get(f"{CONTENT}/{item}")
    assert response.status_code == 200
    return Page(response.text)


async def decide(
    visitor: Visitor, verdict: str, item: str = PAIN, **fields: str
) -> tuple[int, str]:
    """Sends a form of the page as it is shown now; gives status and text, or where it leads."""
    inputs = (await opened(visitor, item)).inputs
    sent = {name: inputs[name] for name in ("token", "hash", "seen")}
    sent |= {"verdict": verdict, "doctor": "mehra", **fields}
    response = await visitor.post(f"{CONTENT}/{item}", **sent)
    if response.status_code == 303:
        return 303, response.headers["location"]
    return response.status_code, Page(response.text).text


async def test_nobody_reads_or_decides_without_a_login(visitor: Visitor) -> None:
    for path in (CONTENT, f"{CONTENT}/{PAIN}"):
        assert (await visitor.get(path)).headers["location"] == "/desk/login"
    answer = await visitor.post(f"{CONTENT}/{PAIN}", verdict="approved", doctor="mehra")
    assert answer.headers["location"] == "/desk/login"


async def test_a_form_of_another_site_decides_nothing(
    staff_member: Visitor, database: Database
) -> None:
    status, _ = await decide(staff_member, "approved", token="made up")
    assert status == 403
    assert decisions(database) == []


async def test_every_text_stands_in_the_list_in_its_group(staff_member: Visitor) -> None:
    text = Page((await staff_member.get(CONTENT)).text).text
    for group in ("Safety texts (", "Answers (70)", "After-care by device and day (", "Fixed"):
        assert group in text
    assert "Waiting (272) Approved (0) Rejected (0) All (272)" in text


async def test_the_list_shows_only_what_is_asked_for(staff_member: Visitor) -> None:
    await decide(staff_member, "approved")
    approved = Page((await staff_member.get(f"{CONTENT}?state=approved")).text).text
    assert "Answers (1)" in approved
    assert "Does it hurt? Approved" in approved
    waiting = Page((await staff_member.get(f"{CONTENT}?state=pending")).text).text
    assert "Does it hurt?" not in waiting


@pytest.mark.parametrize("path", [f"{CONTENT}?state=anything", f"{CONTENT}/faq/nothing"])
async def test_what_is_not_there_leads_to_the_list(staff_member: Visitor, path: str) -> None:
    assert (await staff_member.get(path)).headers["location"] == CONTENT


async def test_a_text_stands_as_a_patient_reads_it(staff_member: Visitor) -> None:
    shown = await opened(staff_member, "faq/when_to_call")
    written = _example().register.items["faq/when_to_call"]
    whole = f"{written.text}\n{written.source}\n{written.notice}"
    assert whole in shown.texts
    assert written.short in shown.texts
    assert "NHS, severe allergy (T01)" in " ".join(shown.texts)
    assert "C36" in shown.text


async def test_a_safety_text_stands_in_every_language(staff_member: Visitor) -> None:
    texts = (await opened(staff_member, EMERGENCY)).texts
    item = _example().register.items[EMERGENCY]
    assert {item.text, *item.others} <= set(texts)


async def test_what_hangs_on_the_hour_is_filled_in(staff_member: Visitor) -> None:
    shown = await opened(staff_member, "safety/same_day/closed")
    assert not any("{opening}" in text for text in shown.texts)


async def test_an_exception_is_shown_with_its_reason(staff_member: Visitor) -> None:
    text = (await opened(staff_member, "faq/is_it_safe")).text
    assert "V11: “No exosome product is approved by the US FDA.” says that it is not" in text


async def test_an_approval_is_kept_with_the_doctor_as_registered(
    staff_member: Visitor, database: Database, clock: HandClock
) -> None:
    assert await decide(staff_member, "approved") == (303, f"{CONTENT}/{PAIN}?saved")
    [decision] = decisions(database)
    item = _example().register.items[PAIN]
    assert (decision.verdict, decision.hash, decision.text) == ("approved", item.hash, item.whole)
    assert (decision.doctor, decision.registration) == ("Dr Example Mehra", "EXAMPLE-0001")
    assert (decision.by, decision.at) == ("desk", clock.moment)
    shown = (await opened(staff_member)).text
    assert "Approved 2026-11-23 12:00, Dr Example Mehra, EXAMPLE-0001 logged in as desk" in shown


@pytest.mark.parametrize("doctor", ["", "somebody", "Dr Example Mehra"])
async def test_only_a_doctor_of_the_clinic_decides(
    staff_member: Visitor, database: Database, doctor: str
) -> None:
    status, text = await decide(staff_member, "approved", doctor=doctor)
    assert status == 422
    assert SAID["refusals"]["doctor"] in text
    assert decisions(database) == []


async def test_a_doctor_without_a_registration_number_is_not_offered(
    database: Database, clock: HandClock, visitors: Callable[..., Visitor]
) -> None:
    known = copy.deepcopy(clinic())
    for doctor in known["doctors"]:
        doctor["registration"] = ""
    visitor = visitors(at=desk_of(database, clock, known))
    await visitor.log_in()
    assert "No doctor can decide" in (await opened(visitor)).text


async def test_a_rejection_needs_a_comment(staff_member: Visitor, database: Database) -> None:
    status, text = await decide(staff_member, "rejected", reason=" ")
    assert (status, SAID["refusals"]["reason"] in text) == (422, True)
    assert decisions(database) == []
    await decide(staff_member, "rejected", reason="It burns more than that.")
    assert decisions(database)[0].reason == "It burns more than that."
    assert "Comment: It burns more than that." in (await opened(staff_member)).text


async def test_a_text_that_changed_meanwhile_is_shown_and_not_approved(
    staff_member: Visitor,
    database: Database,
    clock: HandClock,
    visitors: Callable[..., Visitor],
) -> None:
    item = "faq/when_to_call"
    inputs = (await opened(staff_member, item)).inputs
    changed = copy.deepcopy(clinic())
    changed["phones"]["same_day"] = "+91 99999 00042"
    visitor = visitors(at=desk_of(database, clock, changed))
    visitor.http.cookies = staff_member.http.cookies
    sent = {name: inputs[name] for name in ("token", "hash", "seen")}
    response = await visitor.post(f"{CONTENT}/{item}", **sent, verdict="approved", doctor="mehra")
    assert response.status_code == 409
    text = Page(response.text).text
    assert SAID["refusals"]["changed"] in text
    assert "+91 99999 00042" in text
    assert decisions(database) == []


async def test_a_form_that_another_doctor_overtook_decides_nothing(
    staff_member: Visitor, database: Database
) -> None:
    old = (await opened(staff_member)).inputs
    await decide(staff_member, "rejected", reason="Not so.")
    status, text = await decide(staff_member, "approved", seen=old["seen"])
    assert (status, SAID["refusals"]["changed"] in text) == (409, True)
    assert [each.verdict for each in decisions(database)] == ["rejected"]


async def test_an_approved_text_that_changes_by_one_letter_waits_again(
    staff_member: Visitor,
    database: Database,
    clock: HandClock,
    visitors: Callable[..., Visitor],
) -> None:
    item = "faq/when_to_call"
    await decide(staff_member, "approved", item)
    assert "Approved" in (await opened(staff_member, item)).text
    changed = copy.deepcopy(clinic())
    changed["phones"]["same_day"] = "+91 99999 00003"
    visitor = visitors(at=desk_of(database, clock, changed))
    await visitor.log_in()
    shown = await opened(visitor, item)
    assert "Waiting faq/when_to_call" in shown.text
    # The history still holds what was approved.
    assert any("+91 99999 00002" in text for text in shown.texts)


async def test_an_edit_is_what_patients_get_and_counts_as_approved(
    staff_member: Visitor, database: Database
) -> None:
    answer = await decide(staff_member, "edited", text=PLAIN, short=SHORT)
    assert answer == (303, f"{CONTENT}/{PAIN}?saved")
    [decision] = decisions(database)
    assert (decision.verdict, decision.wording, decision.short_wording) == ("edited", PLAIN, SHORT)
    shown = await opened(staff_member)
    assert "Approved with changes" in shown.text
    assert any(text.startswith(PLAIN) for text in shown.texts)


async def test_the_line_ends_of_a_browser_change_nothing(
    staff_member: Visitor, database: Database
) -> None:
    await decide(staff_member, "edited", text=PLAIN.replace("\n", "\r\n"), short=SHORT)
    assert decisions(database)[0].wording == PLAIN


async def test_who_approves_an_edited_text_approves_the_edit(
    staff_member: Visitor, database: Database
) -> None:
    await decide(staff_member, "edited", text=PLAIN, short=SHORT)
    await decide(staff_member, "approved", doctor="pinto")
    assert [(each.verdict, each.wording) for each in decisions(database)] == [
        ("edited", PLAIN),
        ("edited", PLAIN),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("We guarantee that it is painless.", "“guarantee” may not be said (V01)"),
        ("Immediate professional consultation is recommended.", "It reads at grade"),
        ("It can sting. " * 60, "at most 750 are allowed"),
        ("Call {hotline}.", "{hotline} is no fact of this text"),
    ],
)
async def test_an_edit_that_breaks_a_rule_is_refused_and_kept_as_typed(
    staff_member: Visitor, database: Database, text: str, sentence: str
) -> None:
    status, shown = await decide(staff_member, "edited", text=text, short=SHORT)
    assert status == 422
    assert sentence in shown
    assert text.strip() in shown
    assert decisions(database) == []


async def test_what_stands_in_files_of_many_parts_cannot_be_edited_here(
    staff_member: Visitor, database: Database
) -> None:
    assert '<textarea id="text"' not in (await staff_member.get(f"{CONTENT}/{EMERGENCY}")).text
    status, _ = await decide(staff_member, "edited", EMERGENCY, text="Call 112.", short="")
    assert status == 422
    assert decisions(database) == []


async def test_an_approval_that_has_run_out_says_so(
    database: Database, clock: HandClock, visitors: Callable[..., Visitor]
) -> None:
    known = copy.deepcopy(clinic())
    known["content"]["approval_months"] = 6
    visitor = visitors(at=desk_of(database, clock, known))
    await visitor.log_in()
    await decide(visitor, "approved")
    assert "has run out" not in (await opened(visitor)).text
    clock.moment += timedelta(days=200)
    assert "The last approval has run out." in (await opened(visitor)).text


async def test_a_form_longer_than_any_text_is_refused(
    staff_member: Visitor, database: Database
) -> None:
    status, _ = await decide(staff_member, "edited", text="a" * LONGEST_FORM, short=SHORT)
    assert status == 413
    assert decisions(database) == []


async def test_a_typed_text_is_shown_as_text(staff_member: Visitor) -> None:
    script = "<script>alert(1)</script> {hotline}"
    page = await opened(staff_member)
    inputs = {name: page.inputs[name] for name in ("token", "hash", "seen")}
    response = await staff_member.post(
        f"{CONTENT}/{PAIN}", **inputs, verdict="edited", doctor="mehra", text=script, short=script
    )
    assert "script" not in Page(response.text).tags
    assert script in response.text.replace("&lt;", "<").replace("&gt;", ">")


@pytest.fixture
def waived(database: Database, clock: HandClock) -> Iterator[Starlette]:
    known = copy.deepcopy(clinic())
    known["content"]["serve_unreviewed"] = {"by": "Dr Test One", "until": "2026-11-24"}
    yield desk_of(database, clock, known)


async def test_every_page_says_that_unapproved_texts_are_served(
    waived: Starlette, visitors: Callable[..., Visitor], clock: HandClock
) -> None:
    visitor = visitors(at=waived)
    said = "Until Tue 24 Nov patients get answers that no doctor has approved."
    assert said in (await visitor.get("/desk/login")).text
    await visitor.log_in()
    for path in ("/desk", CONTENT, f"{CONTENT}/{PAIN}"):
        assert said in (await visitor.get(path)).text
    clock.moment += timedelta(days=2)
    assert said not in (await visitor.get("/desk")).text
