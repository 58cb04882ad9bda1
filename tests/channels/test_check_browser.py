"""The check's pages in a real browser: by keyboard alone, on the narrowest phone, in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.database import Database
from tests.channels.browser import Browser, served
from tests.channels.check import Desk, HandClock, application, said
from tests.store.databases import opened_database

# Tabs that a page may take from its beginning to the button one looks for.
MOST_TABS = 60
FOCUSED = "document.activeElement"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened_database(tmp_path / "clinic.db") as opened:
        yield opened


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def url(database: Database) -> Iterator[str]:
    """The pages on a port of this machine."""
    with served(application(database, HandClock())) as address:
        yield address


@pytest.fixture
def browser(tmp_path: Path, url: str, desk: Desk) -> Iterator[Browser]:
    """A narrow phone that has just opened its link; at the end it has nothing to complain of."""
    opened = Browser(tmp_path / "profile", 320, 640)
    try:
        opened.call("Page.navigate", url=f"{url}/check/{desk.link(desk.visit(concern=''))}")
        shows(opened, "Questions before your visit")
        yield opened
        opened.evaluate("document.title")  # brings what the browser still had to say
        # A form that is asked back is answered with 422, which the browser notes.
        assert [each for each in opened.complaints if "422" not in each] == []
    finally:
        opened.close()


def shows(browser: Browser, heading: str) -> None:
    """Waits until a page has this heading."""
    browser.wait_for(
        "document.readyState === 'complete' && document.querySelector('h1')"
        f" && document.querySelector('h1').innerText === {heading!r}"
    )


def tab_to(browser: Browser, is_it: str) -> None:
    """Goes on with the Tab key until the focus is where it should be."""
    for _ in range(MOST_TABS):
        browser.press_key("Tab", 9)
        if browser.evaluate(f"!!({is_it})"):
            return
    raise AssertionError(f"no way by Tab to {is_it}")


def press(browser: Browser, title: str) -> None:
    """Presses a button with the keyboard."""
    tab_to(browser, f"{FOCUSED}.tagName === 'BUTTON' && {FOCUSED}.innerText === {title!r}")
    browser.press_key("Enter", 13)


def tick(browser: Browser, name: str, value: str) -> None:
    """Ticks a box with the keyboard."""
    tab_to(browser, f"{FOCUSED}.name === {name!r} && {FOCUSED}.value === {value!r}")
    key = {"key": " ", "code": "Space", "windowsVirtualKeyCode": 32}
    browser.call("Input.dispatchKeyEvent", type="keyDown", text=" ", **key)
    browser.call("Input.dispatchKeyEvent", type="keyUp", **key)


def begin(browser: Browser) -> None:
    press(browser, "Start")
    shows(browser, "Before we begin")
    press(browser, "Yes, I agree")
    shows(browser, "Age and pregnancy")


def named(browser: Browser) -> list[tuple[str, str]]:
    """Role and name of everything on the page that has one, in order."""
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"]
    ]


def test_a_patient_goes_through_the_check_by_keyboard_alone(browser: Browser, desk: Desk) -> None:
    begin(browser)
    tick(browser, "ticked", "Q03")
    tick(browser, "unsure", "Q04")
    press(browser, "Next")
    shows(browser, "Skin and health now")
    press(browser, "Next")
    browser.wait_for(f"{FOCUSED}?.id === 'fault'")
    tick(browser, "ticked", "Q08")
    press(browser, "Next")
    shows(browser, "Is it red, painful or filled with pus, or a few mild spots?")
    press(browser, "A few mild spots")
    for heading in (
        "Health conditions",
        "Medicines",
        "Allergies and numbing",
        "Implants and metal",
        "Scars and dark marks",
        "Recent treatments and events",
        "Hair",
    ):
        shows(browser, heading)
        press(browser, "None of these")
    shows(browser, "Thank you")
    assert said("utter_check_not_now_booked") in browser.evaluate("document.body.innerText")
    assert desk.named() == {"Q03": "yes", "Q04": "unsure", "Q08": "mild"}


def test_the_back_button_leads_to_the_present_list(browser: Browser) -> None:
    begin(browser)
    press(browser, "None of these")
    shows(browser, "Skin and health now")
    browser.evaluate("history.back()")
    shows(browser, "Skin and health now")
    press(browser, "None of these")
    shows(browser, "Health conditions")


def test_a_screen_reader_hears_what_each_box_is(browser: Browser) -> None:
    begin(browser)
    heard = named(browser)
    assert [name for role, name in heard if role == "heading"] == ["Age and pregnancy"]
    assert ("group", "Does any of this apply to you? You can tick several.") in heard
    assert [name for role, name in heard if role == "checkbox"] == [
        "Under 18",
        "18 to 21",
        "Pregnant, or maybe",
        "Not sure about pregnant, or maybe",
        "Breastfeeding",
        "Not sure about breastfeeding",
        "Trying for a baby",
        "Not sure about trying for a baby",
    ]
    assert ("textbox", "In your own words, if you like") in heard
    buttons = [name for role, name in heard if role == "button"]
    assert buttons == ["Next", "None of these", "Skip this list", "Stop here"]
    assert browser.evaluate("document.documentElement.lang") == "en"


def test_what_is_wrong_with_a_form_is_said_of_its_field(browser: Browser) -> None:
    begin(browser)
    tab_to(browser, f"{FOCUSED}.id === 'words'")
    browser.call("Input.insertText", text="my knee clicks")
    press(browser, "Next")
    browser.wait_for(f"{FOCUSED}?.id === 'fault'")
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    [box] = [node for node in nodes if node.get("role", {}).get("value") == "textbox"]
    assert box["description"]["value"].startswith("I cannot tell what your words are about.")
    assert "invalid" in {each["name"] for each in box["properties"]}


@pytest.mark.parametrize(("width", "height"), [(320, 640), (160, 320), (1280, 800)])
def test_nothing_reaches_over_the_edge_and_everything_is_large_enough_for_a_thumb(
    browser: Browser, width: int, height: int
) -> None:
    """160 is a phone of 320 at a zoom of 200 %."""
    begin(browser)
    press(browser, "None of these")
    shows(browser, "Skin and health now")
    browser.resize(width, height)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    low = browser.evaluate(
        "[...document.querySelectorAll('button, label:has(input), header a')]"
        ".map((node) => [node.innerText, node.getBoundingClientRect().height])"
        ".filter(([, height]) => height < 44)"
    )
    assert low == []
