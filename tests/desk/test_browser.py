"""The desk in a real browser: under its content security policy, with the keyboard, on a phone."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.clinic.suitability.questions import YES
from bot.store.bookings import Booked
from bot.store.changes import By
from bot.store.consents import add_consent
from bot.store.database import Database
from bot.store.visits import set_status
from tests.channels.browser import Browser
from tests.desk.conftest import NOW, Patients, log_in, weak_texts
from tests.desk.test_brief import STARTS, keep, whole

# Today at 17:00 in Mumbai.
TODAY = datetime(2026, 11, 23, 11, 30, tzinfo=UTC)
LOADED = "document.readyState === 'complete'"
SIZES = [(360, 740), (1280, 800)]


def fill(patients: Patients) -> None:
    """A request of each look and a consultation, one of them with a word that never ends."""
    for urgency in ("crisis", "emergency", "same_day", "routine"):
        patients.write_and_ask(f"I am {urgency}, {'a' * 200}", urgency=urgency)
    patients.book(datetime(2026, 11, 24, 5, 30, tzinfo=UTC), name="A" * 60, concern="b" * 300)


def test_staff_log_in_by_keyboard_and_close_a_request(browser: Browser, patients: Patients) -> None:
    patients.write_and_ask("A person, please")
    log_in(browser)
    assert browser.evaluate("document.title") == "(1) Desk"
    browser.press("Done")
    browser.wait_for("document.title === '(0) Desk'")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_reaches_over_the_edge_of_the_screen(
    browser: Browser, patients: Patients, width: int, height: int
) -> None:
    fill(patients)
    browser.resize(width, height)
    log_in(browser)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_stands_out_from_what_is_behind_it(
    browser: Browser, patients: Patients, dark: bool
) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 or more."""
    fill(patients)
    browser.resize(1280, 800, dark=dark)
    log_in(browser)
    assert weak_texts(browser) == []


def test_everything_that_is_pressed_is_large_enough_for_a_thumb(
    browser: Browser, patients: Patients
) -> None:
    fill(patients)
    log_in(browser)
    heights = browser.evaluate(
        "[...document.querySelectorAll('button, nav a, .brief-link, .acts a')]"
        ".map((node) => [node.textContent, node.getBoundingClientRect().height])"
    )
    assert heights
    assert [each for each in heights if each[1] < 44] == [], json.dumps(heights)


def test_a_visit_is_cancelled_by_two_presses_and_stays_listed_struck_through(
    browser: Browser, patients: Patients
) -> None:
    patients.book(TODAY)
    log_in(browser)
    browser.evaluate("document.querySelector('.acts a').click()")
    browser.wait_for("location.pathname.endsWith('/cancel') && document.readyState === 'complete'")
    browser.press("Cancel and tell the patient")
    browser.wait_for("location.search === '?saved' && document.readyState === 'complete'")
    assert browser.texts("h1") == ["Cancelled: Consultation, Monday 23 Nov 2026 at 17:00"]
    browser.evaluate("document.querySelector('nav a').click()")
    browser.wait_for("location.pathname === '/desk' && document.readyState === 'complete'")
    assert browser.texts("tbody s")[0] == "17:00 to 17:20"
    assert "line-through" in browser.evaluate(
        "getComputedStyle(document.querySelector('tbody s')).textDecorationLine"
    )


def test_a_keyboard_confirms_a_visit_on_the_list(browser: Browser, patients: Patients) -> None:
    patients.book(TODAY, status="pending")
    log_in(browser)
    browser.evaluate("document.querySelector('.acts button').focus()")
    browser.press_key("Enter", 13)
    browser.wait_for("document.querySelector('.acts button')?.textContent === 'Arrived'")


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("path", ["", "/cancel"])
def test_what_is_pressed_for_a_visit_is_named_large_enough_and_on_the_screen(
    browser: Browser, patients: Patients, url: str, width: int, path: str
) -> None:
    visit = patients.book(TODAY, name="A" * 60)
    browser.resize(width, 740)
    log_in(browser)
    browser.call("Page.navigate", url=f"{url}/desk/visits/{visit.id}{path}")
    browser.wait_for(f"location.pathname.endsWith('{visit.id}{path}') && {LOADED}")
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    pressed = browser.evaluate(
        "[...document.querySelectorAll('form button, .acts a, .brief-link')].map((node) => "
        "[node.textContent.trim(), node.getBoundingClientRect().height])"
    )
    assert pressed
    assert [each for each in pressed if not each[0] or each[1] < 44] == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("path", ["/desk", "/desk/visits/{}?saved", "/desk/visits/{}/cancel"])
def test_every_text_about_what_became_of_a_visit_stands_out(
    browser: Browser, patients: Patients, database: Database, url: str, path: str, dark: bool
) -> None:
    visit = patients.book(TODAY)
    if "cancel" not in path:
        set_status(database, visit.id, 0, "cancelled", By("staff", staff_user="desk"), NOW)
    browser.resize(1280, 800, dark=dark)
    log_in(browser)
    browser.call("Page.navigate", url=f"{url}{path.format(visit.id)}")
    browser.wait_for(f"location.href === '{url}{path.format(visit.id)}' && {LOADED}")
    assert weak_texts(browser) == []


def long_check(patients: Patients, database: Database) -> Booked:
    """A visit whose patient has told, written and reported more than most will."""
    for number in range(12):
        patients.write(
            f"{number}: how long does the redness stay? " + "wedding " * 12, person="asha"
        )
    for _ in range(5):
        message = patients.write("My cheek burns, " + "and it swells " * 8, person="asha")
        patients.ask(message, "report_reaction", "same_day")
    visit = patients.book(STARTS, person="asha", concern="both")
    for purpose in ("contact", "reminders", "health"):
        add_consent(database, visit.conversation_id, visit.message_id, purpose, "1", True, NOW)
    named = ["Q11", "Q02", *(f"Q{number}" for number in range(14, 24)), "Q37"]
    words = {each: f"{each}, since two years and my doctor knows it, " * 2 for each in named[::2]}
    keep(database, visit, whole(words, **dict.fromkeys(named, YES) | {"Q37": "smoke"}))
    return visit


def show_brief(browser: Browser, url: str, visit: Booked) -> None:
    log_in(browser)
    browser.call("Page.navigate", url=f"{url}/desk/visits/{visit.id}")
    browser.wait_for(
        "location.pathname.startsWith('/desk/visits') && document.readyState === 'complete'"
    )


def test_a_brief_with_a_long_check_is_printed_on_one_page_without_the_way_back(
    browser: Browser, patients: Patients, database: Database, url: str
) -> None:
    show_brief(browser, url, long_check(patients, database))
    pdf = base64.b64decode(browser.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert browser.texts("nav a") == []
    assert browser.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_brief_reaches_over_no_edge_of_the_screen(
    browser: Browser, patients: Patients, database: Database, url: str, width: int, height: int
) -> None:
    visit = patients.book(STARTS, name="A" * 60, concern="b" * 300)
    keep(database, visit, whole({"Q15": "c" * 300}, Q15=YES))
    browser.resize(width, height)
    show_brief(browser, url, visit)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_of_a_brief_stands_out_from_what_is_behind_it(
    browser: Browser, patients: Patients, database: Database, url: str, dark: bool
) -> None:
    visit = long_check(patients, database)
    patients.book(STARTS + timedelta(days=1), name="Ravi Rao", person="asha")
    browser.resize(1280, 800, dark=dark)
    show_brief(browser, url, visit)
    assert weak_texts(browser) == []
