from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.evaluation.evaluation import evaluate
from bot.evaluation.metrics import Prediction
from bot.evaluation.page import page
from bot.evaluation.report import Made, on_screen, write
from tests.evaluation.fake_reader import GROUPS, MARKUP, MESSAGES, ByHeart, small

MADE = Made("0123abcd", "2026-11-23 09:00 UTC", 0.3)
FILES = {"index.html", "report.json", "predictions.csv"}


class Tags(HTMLParser):
    """Collects the tags of a page and everything that would be fetched for it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [
            value or "" for name, value in attrs
            if name in ("src", "href") and not (value or "").startswith("#")
        ]  # fmt: skip
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The folder of a report on a small set."""
    evaluations = [small("upper case", "an emoji")]
    write(tmp_path / "new", MADE, evaluations, GROUPS, page(MADE, evaluations, GROUPS))
    return tmp_path / "new"


def read(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    tags.close()
    assert tags.open == []
    return tags


def test_the_report_is_three_files_for_the_owner_only(written: Path) -> None:
    assert {file.name for file in written.iterdir()} == FILES
    assert {file.stat().st_mode & 0o777 for file in written.iterdir()} == {0o600}


def test_the_figures_are_plain_data_without_anybodys_words(written: Path) -> None:
    text = (written / "report.json").read_text("utf-8")
    found = json.loads(text)["sets"]["small"]
    assert found["figures"]["top_1"]["hits"] == 2
    assert found["points_lost"] == {"upper case": 40, "an emoji": 0}
    assert found["labels"]["faq/price"]["confusions"] == {"refused": 1}
    assert not any(message.text in text for message in MESSAGES if " " in message.text)


def test_every_prediction_stands_in_a_row(written: Path) -> None:
    with (written / "predictions.csv").open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["text"] for row in rows] == [message.text for message in MESSAGES]
    assert [row["outcome"] for row in rows] == ["right", "wrong", "right", "refused", "wrong"]
    refused = rows[3]
    assert (refused["decided"], refused["first"], refused["second"]) == ("", "greet", "faq/price")
    assert (refused["accept"], refused["nearest_label"]) == ("faq/price|faq/pain", "faq/price")


def test_the_page_needs_nothing_beside_itself(written: Path) -> None:
    html = (written / "index.html").read_text("utf-8")
    tags = read(html)
    assert tags.fetched == []
    assert "@import" not in html
    assert "url(" not in html


def test_a_message_cannot_put_markup_into_the_page(written: Path) -> None:
    html = (written / "index.html").read_text("utf-8")
    assert MARKUP not in html
    assert "how much &amp; why" in html
    assert "script" not in read(html).tags


def test_a_set_without_any_mistake_has_a_page_too() -> None:
    perfect = evaluate("perfect", MESSAGES[:1], ByHeart(), [])
    read(page(MADE, [perfect], GROUPS))
    assert "weakest" not in on_screen([perfect])


def test_a_message_without_any_candidate_has_a_page_too() -> None:
    class Speechless(ByHeart):
        def _of(self, text: str) -> Prediction:
            return Prediction("", ())

    read(page(MADE, [evaluate("silent", MESSAGES, Speechless(), [])], GROUPS))


def test_a_command_that_no_message_is_trained_on_has_a_place_in_the_page() -> None:
    class Commanded(ByHeart):
        def _of(self, text: str) -> Prediction:
            return Prediction("continue_booking", (("continue_booking", 1.0),))

    read(page(MADE, [evaluate("commanded", MESSAGES, Commanded(), [])], GROUPS))


def test_the_table_fits_a_terminal_and_quotes_nobody() -> None:
    table = on_screen([small("upper case")])
    assert "40.0" in table
    assert "upper case" in table
    assert not any(message.text in table for message in MESSAGES if " " in message.text)
    assert max(map(len, table.splitlines())) <= 80
