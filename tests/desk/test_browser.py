"""The desk in a real browser: under its content security policy, with the keyboard, on a phone."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.clinic.suitability.questions import YES
from bot.store.bookings import Booked
from bot.store.consents import add_consent
from bot.store.database import Database
from tests.channels.browser import Browser
from tests.desk.conftest import NOW, Patients, log_in, weak_texts
from tests.desk.test_brief import STARTS, keep, whole

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
        "[...document.querySelectorAll('button, nav a, .brief-link')]"
        ".map((node) => [node.textContent, node.getBoundingClientRect().height])"
    )
    assert heights
    assert [each for each in heights if each[1] < 44] == [], json.dumps(heights)


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
