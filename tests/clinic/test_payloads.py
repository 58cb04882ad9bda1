from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.payloads import Press, as_plain_text, read_payload


@pytest.mark.parametrize(
    ("text", "press"),
    [
        ("/book_consultation", Press("book_consultation", {})),
        ('/faq{"topic":"price"}', Press("faq", {"topic": "price"})),
        ('/help_menu{"list":"1"}', Press("help_menu", {"list": "1"})),
        (
            '/faq{"topic": "price", "from": "menu"}',
            Press("faq", {"topic": "price", "from": "menu"}),
        ),
        ("/greet{}", Press("greet", {})),
    ],
)
def test_a_payload_is_an_intent_and_its_ids(text: str, press: Press) -> None:
    assert read_payload(text) == press


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "hello",
        "book_consultation",
        "//book_consultation",
        "/Book",
        "/book consultation",
        "/faq{topic:price}",
        '/faq{"topic":"price"',
        '/faq["price"]',
        '/faq{"topic":1}',
        '/faq{"topic":{"a":"b"}}',
        '/faq{"topic":null}',
        '/faq{"topic":"price"} and more',
        'see /faq{"topic":"price"}',
    ],
)
def test_anything_else_is_no_payload(text: str) -> None:
    assert read_payload(text) is None


@given(st.text())
def test_no_text_breaks_the_reading_of_a_payload(text: str) -> None:
    read_payload(f"/faq{{{text}}}")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("What does it cost?", "What does it cost?"),
        ("  hello  ", "hello"),
        ("/restart", "restart"),
        ("///restart", "restart"),
        (" / restart", "restart"),
        ("and/or", "and/or"),
        ("one\ntwo\tthree", "one\ntwo three"),
        ("one\x00two", "one two"),
        ("", ""),
        ("/", ""),
        ("बालों के लिए?", "बालों के लिए?"),
    ],
)
def test_plain_text_is_no_command(text: str, plain: str) -> None:
    assert as_plain_text(text) == plain


@pytest.mark.parametrize("text", ["/ /restart", "/\n/restart", "// / /session_start"])
def test_slashes_apart_are_no_command_either(text: str) -> None:
    assert not as_plain_text(text).startswith("/")


@given(st.text())
def test_plain_text_holds_no_control_character_but_line_ends(text: str) -> None:
    assert as_plain_text(text).replace("\n", "").isprintable()


def test_letters_of_devanagari_survive() -> None:
    # Vowel signs are marks, not letters: they must count as printable.
    assert as_plain_text("मुझे सांस नहीं आ रही") == "मुझे सांस नहीं आ रही"
