"""The wait list in a real browser: one press offers a time, with the keyboard and on a phone."""

from __future__ import annotations

import pytest

from bot.store.database import Database
from bot.store.wishes import wish_with
from tests.channels.browser import Browser
from tests.desk.conftest import Leave, log_in, weak_texts
from tests.desk.test_waitlist import LIST


def open_list(browser: Browser, url: str) -> None:
    log_in(browser)
    browser.call("Page.navigate", url=url + LIST)
    browser.wait_for(f"location.pathname === '{LIST}' && document.readyState === 'complete'")


def test_one_press_offers_a_time_and_says_so(
    browser: Browser, url: str, database: Database, leave: Leave
) -> None:
    wish = leave()
    open_list(browser, url)
    browser.press("Offer Tue 24 Nov, 17:15")
    browser.wait_for("location.search === '?told=website' && document.readyState === 'complete'")
    assert browser.texts("[role=status]") == [
        "Offered. They see it when they open the chat again; a call is faster."
    ]
    assert "Offered: Tue 24 Nov, 17:15, today 12:00." in browser.texts("article p")
    found = wish_with(database, wish.id)
    assert found is not None
    assert found.status == "proposed"


def test_a_small_phone_shows_all_of_it_with_room_for_a_thumb(
    browser: Browser, url: str, leave: Leave
) -> None:
    leave(name="A" * 60)
    browser.resize(320, 568)
    open_list(browser, url)
    assert browser.evaluate("document.documentElement.scrollWidth") <= 320
    heights = browser.evaluate(
        "[...document.querySelectorAll('button, nav a')]"
        ".map((node) => node.getBoundingClientRect().height)"
    )
    assert len(heights) == 5
    assert min(heights) >= 44


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_of_the_wait_list_stands_out(
    browser: Browser, url: str, leave: Leave, dark: bool
) -> None:
    leave()
    leave(name="Ravi Rao")
    browser.resize(1280, 800, dark=dark)
    open_list(browser, url)
    assert weak_texts(browser) == []
