"""The page to try the chat, in a real browser on the running system."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.clinic.schema import read_clinic
from bot.data_files import DATA, ROOT, read_yaml
from tests.channels.browser import Browser
from tests.house import House

QUESTION = "What are exosomes?"
ANSWERS = ".clinic-says p"
SESSION = "localStorage.getItem('chat-session')"
# Seconds; the patterns answer an emergency without the model, the rest is the machine's.
AT_ONCE = 3.0
# Seconds until the page says by itself that a message was not acknowledged, and tries again.
NOTICED_WITHIN = 12.0


@pytest.fixture
def page(house: House, tmp_path: Path) -> Iterator[Browser]:
    """A phone that opens the page for the first time; at the end it has nothing to complain of."""
    browser = Browser(tmp_path / "profile")
    try:
        browser.open(f"{house.url}/")
        yield browser
        browser.evaluate("document.title")  # brings what the browser still had to say
        assert browser.complaints == []
    finally:
        browser.close()


def wait_for_answers(page: Browser, count: int) -> str:
    """The text of the last answer once there are that many."""
    page.wait_for(f"document.querySelectorAll({json.dumps(ANSWERS)}).length === {count}")
    return page.texts(ANSWERS)[-1]


def known(topic: str) -> dict[str, Any]:
    """The answer to a topic of the group `basics`."""
    responses = read_yaml(DATA / "answers" / "basics.yml")["responses"]
    return dict(responses[f"utter_faq/{topic}"][0])


def first_line(topic: str) -> str:
    """How its text begins."""
    return str(known(topic)["text"]).splitlines()[0]


def test_a_patient_asks_and_presses_a_button(page: Browser) -> None:
    page.type(QUESTION)
    assert first_line("what_are_exosomes") in wait_for_answers(page, 1)
    titles = [button["title"] for button in known("what_are_exosomes")["buttons"]]
    assert page.texts("#log button") == titles

    page.press("Where from?")
    assert first_line("exosome_sources") in wait_for_answers(page, 2)
    assert page.texts(".patient p") == [QUESTION, "Where from?"], "the title is shown, no payload"

    page.press("How do they work?")  # of the first answer
    assert first_line("how_exosomes_work") in wait_for_answers(page, 3)


def test_an_example_question_is_asked_as_it_stands(page: Browser) -> None:
    assert len(page.texts("#start button")) == 5
    page.press(QUESTION)
    assert first_line("what_are_exosomes") in wait_for_answers(page, 1)
    assert page.texts(".patient p") == [QUESTION]
    assert page.texts("#start button") == []


def test_an_emergency_as_the_very_first_message_is_unmistakable(page: Browser) -> None:
    page.type("my lips are swelling")
    page.wait_for("document.querySelector('.urgent a[href=\"tel:112\"]')", AT_ONCE)
    assert "112" in page.texts(".urgent p")[0].splitlines()[0]


def test_an_answer_that_only_names_the_emergency_numbers_is_not_marked(page: Browser) -> None:
    page.type("What are the side effects?")
    assert "108" in wait_for_answers(page, 1)
    assert page.texts(".urgent p") == []


def test_a_reload_keeps_the_session(page: Browser) -> None:
    session = page.evaluate(SESSION)
    page.type(QUESTION)
    notice = wait_for_answers(page, 1).splitlines()[0]
    page.reload()
    assert page.evaluate(SESSION) == session
    page.type(QUESTION)
    assert notice not in wait_for_answers(page, 1), "the conversation went on: no second notice"


def test_a_forged_session_becomes_a_new_one(page: Browser) -> None:
    page.evaluate("localStorage.setItem('chat-session', 'forged')")
    page.reload()
    page.wait_for(f"{SESSION} !== 'forged'")
    page.type(QUESTION)
    wait_for_answers(page, 1)


def test_a_session_refused_later_is_renewed_and_the_message_sent_again(page: Browser) -> None:
    page.evaluate("void (session = 'forged')")
    page.type(QUESTION)
    assert first_line("what_are_exosomes") in wait_for_answers(page, 1)
    assert page.evaluate(SESSION) != "forged"


def test_a_message_written_without_connection_is_answered_once_when_it_is_back(
    page: Browser,
) -> None:
    page.offline(True)
    page.wait_for("status.dataset.name === 'offline'", NOTICED_WITHIN)
    page.type(QUESTION)
    page.wait_for("status.dataset.name === 'kept'", NOTICED_WITHIN)
    assert "Your message is kept" in page.texts("#status")[0]
    page.offline(False)
    page.wait_for("status.dataset.name === '' && unsent.size === 0", NOTICED_WITHIN)
    assert first_line("what_are_exosomes") in wait_for_answers(page, 1)
    page.complaints.clear()  # of refused connections, as it should


def test_a_text_that_is_too_long_stays_in_the_box(page: Browser) -> None:
    page.type("a" * 5001)
    assert "5,000" in page.texts("#status")[0]
    assert page.evaluate("document.querySelector('textarea').value.length") == 5001
    assert page.texts(".patient p") == []


def test_shift_and_enter_begins_a_new_line_which_the_bubble_keeps(page: Browser) -> None:
    page.evaluate("document.querySelector('textarea').focus()")
    page.call("Input.insertText", text="What are")
    page.press_key("Enter", 13, modifiers=8)
    page.type("exosomes?")
    assert page.texts(".patient p") == ["What are\nexosomes?"]


def test_what_a_patient_writes_stays_text(page: Browser) -> None:
    written = "<img src=/nowhere onerror=alert(1)> & <b>bold</b>"
    page.type(written)
    wait_for_answers(page, 1)
    assert page.texts(".patient p") == [written]
    assert page.evaluate("document.querySelectorAll('#log img, #log b').length") == 0


@pytest.mark.parametrize(("width", "height"), [(320, 568), (360, 740), (740, 360), (1280, 800)])
def test_the_emergency_line_is_always_in_view_and_nothing_scrolls_sideways(
    page: Browser, width: int, height: int
) -> None:
    page.resize(width, height)
    for count in (1, 2, 3):
        page.type(QUESTION)
        wait_for_answers(page, count)
    for place in ("0", "scroller.scrollHeight"):
        page.evaluate(f"void (scroller.scrollTop = {place})")
        for number in called_numbers():
            assert page.evaluate(
                f"""(() => {{
                    const link = document.querySelector('.emergency a[href="tel:{number}"]');
                    const {{ x, y, width, height }} = link.getBoundingClientRect();
                    const top = document.elementFromPoint(x + width / 2, y + height / 2);
                    return top === link && width >= 44 && height >= 44;
                }})()"""
            ), f"{number} is in view and as large as a finger"
    assert page.evaluate(
        "[document.documentElement, scroller].every((box) => box.scrollWidth <= box.clientWidth)"
        " && document.documentElement.scrollHeight <= innerHeight"
    )


def called_numbers() -> list[str]:
    """The numbers of the emergency line as a telephone dials them."""
    phones = read_clinic((ROOT / "clinic.yml").read_text("utf-8"))["phones"]
    return [phones[name].replace(" ", "") for name in ("emergency", "ambulance", "front_desk")]


def test_every_button_is_as_large_as_a_finger(page: Browser) -> None:
    page.type(QUESTION)
    wait_for_answers(page, 1)
    assert page.evaluate(
        "[...document.querySelectorAll('button, textarea')].every((each) =>"
        " each.hidden || !each.checkVisibility()"
        " || (each.offsetWidth >= 44 && each.offsetHeight >= 44))"
    )
