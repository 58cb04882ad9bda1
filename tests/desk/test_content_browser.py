"""The texts on the desk in a real browser: a doctor approves, a letter changes, it waits again."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from bot.store.database import Database
from tests.channels.browser import Browser
from tests.desk.conftest import HandClock, clinic, log_in, weak_texts
from tests.desk.test_content import CONTENT, PAIN, desk_of

WHEN = "faq/when_to_call"
STATE = "document.querySelector('main .state').textContent"


class Restarted:
    """The desk before and after a restart with another clinic.yml, at one address."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        self._database, self._clock = database, clock
        self._desk = desk_of(database, clock)

    def with_clinic(self, known: dict[str, Any]) -> None:
        """Restarts it."""
        self._desk = desk_of(self._database, self._clock, known)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._desk(scope, receive, send)


@pytest.fixture
def app(database: Database, clock: HandClock) -> Restarted:
    return Restarted(database, clock)


def open_page(browser: Browser, path: str) -> None:
    origin = browser.evaluate("location.origin")
    browser.call("Page.navigate", url=f"{origin}{path}")
    browser.wait_for(
        f"location.href.endsWith({json.dumps(path)}) && document.readyState === 'complete'"
    )


def approve(browser: Browser) -> None:
    """Chooses a doctor in the first form and presses its button."""
    browser.evaluate("document.querySelector('#approved-doctor').value = 'mehra'")
    browser.press("Approve this text")
    browser.wait_for("location.search === '?saved' && document.readyState === 'complete'")


def test_an_approved_answer_waits_again_after_one_changed_digit(
    browser: Browser, app: Restarted
) -> None:
    log_in(browser)
    open_page(browser, f"{CONTENT}/{WHEN}")
    assert browser.evaluate(STATE) == "Waiting"
    approve(browser)
    assert browser.evaluate(STATE) == "Approved"
    changed = copy.deepcopy(clinic())
    changed["phones"]["same_day"] = "+91 99999 00003"
    app.with_clinic(changed)
    open_page(browser, f"{CONTENT}/{WHEN}")
    assert browser.evaluate(STATE) == "Waiting"
    assert "+91 99999 00003" in browser.texts("blockquote")[0]


def test_nothing_is_approved_before_a_doctor_is_chosen(browser: Browser) -> None:
    log_in(browser)
    open_page(browser, f"{CONTENT}/{PAIN}")
    browser.press("Approve this text")
    assert browser.evaluate("document.querySelector('#approved-doctor').matches(':invalid')")
    assert browser.evaluate(STATE) == "Waiting"


@pytest.mark.parametrize("path", [CONTENT, f"{CONTENT}/{WHEN}", f"{CONTENT}/{PAIN}"])
def test_nothing_reaches_over_the_edge_of_a_small_phone(browser: Browser, path: str) -> None:
    log_in(browser)
    browser.resize(320, 568)
    open_page(browser, path)
    assert browser.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("path", [CONTENT, f"{CONTENT}/{WHEN}"])
def test_every_text_stands_out(browser: Browser, app: Restarted, path: str, dark: bool) -> None:
    """WCAG 2.2, 1.4.3, also of what is rejected and of the banner."""
    known = copy.deepcopy(clinic())
    known["content"]["serve_unreviewed"] = {"by": "Dr Test One", "until": "2026-12-31"}
    app.with_clinic(known)
    browser.resize(1280, 800, dark=dark)
    log_in(browser)
    open_page(browser, f"{CONTENT}/{WHEN}")
    browser.evaluate("document.querySelector('#rejected-doctor').value = 'mehra'")
    browser.evaluate("document.querySelector('#rejected-reason').value = 'Too long.'")
    browser.press("Reject this text")
    browser.wait_for("location.search === '?saved' && document.readyState === 'complete'")
    open_page(browser, path)
    assert weak_texts(browser) == []


def test_every_field_has_a_label_and_every_target_is_large_enough(browser: Browser) -> None:
    log_in(browser)
    open_page(browser, f"{CONTENT}/{PAIN}")
    assert (
        browser.evaluate(
            "[...document.querySelectorAll('select, textarea')]"
            ".filter((each) => each.labels.length !== 1).length"
        )
        == 0
    )
    small = browser.evaluate(
        "[...document.querySelectorAll('button, select, textarea, nav a')]"
        ".filter((each) => each.getBoundingClientRect().height < 44)"
        ".map((each) => each.textContent)"
    )
    assert small == []
