from __future__ import annotations

from pathlib import Path

import pytest

from bot.evaluation.messages import Message, MessagesError, read_messages

LABELS = {"faq/price", "faq/pain", "greet"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the tests write a set."""
    return tmp_path / "set.csv"


def test_topics_are_read_with_or_without_their_prefix(file: Path) -> None:
    file.write_text("text,accept\nhow much,price\ndoes it hurt,faq/pain\nhi,greet\n", "utf-8")
    assert [message.accept for message in read_messages(file, LABELS)] == [
        ("faq/price",), ("faq/pain",), ("greet",),
    ]  # fmt: skip


def test_several_accepted_labels_keep_their_order(file: Path) -> None:
    file.write_text("text,accept\nhow much,price | greet|price\n", "utf-8")
    assert read_messages(file, LABELS) == [Message("how much", ("faq/price", "greet"))]


def test_other_columns_blank_lines_and_a_byte_order_mark_do_not_matter(file: Path) -> None:
    file.write_text("id,accept,text\n\n7,price,“कितना”\n\n", "utf-8-sig")
    assert read_messages(file, LABELS) == [Message("“कितना”", ("faq/price",))]


def test_a_message_may_hold_commas_and_lines(file: Path) -> None:
    file.write_text('text,accept\n"hi,\nhow much",price\n', "utf-8")
    assert read_messages(file, LABELS)[0].text == "hi,\nhow much"


def test_a_message_is_not_shown_by_its_repr(file: Path) -> None:
    file.write_text("text,accept\nmy name is Asha,greet\n", "utf-8")
    assert "Asha" not in repr(read_messages(file, LABELS))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty: it should hold the columns text and accept."),
        (b"\xef\xbb\xbf \n", "is empty: it should hold the columns text and accept."),
        (b"text,accept\n", "holds no message below its first line."),
        (b"text,accept\n\n\n", "holds no message below its first line."),
        (b"text\nhi\n", "has no column accept: "),
        (b"question;label\nhi;greet\n", "has no column text and no column accept: "),
        (b"text,accept\nhi,greet\n ,greet\n", "line 3: the text is empty."),
        (b"text,accept\n//,greet\n", "line 2: the text is empty."),
        (b'text,accept\n"two\nlines",greet\n,greet\n', "line 4: the text is empty."),
        (b"text,accept\nhi,\n", "line 2: the column accept is empty."),
        (b"text,accept\nhi\n", "line 2: the column accept is empty."),
        (b"text,accept\nhi,greet|grete\n", "line 2: there is no label 'grete'; all labels stand "),
        (b'text,accept\nhi,greet\n"hi,greet\n', "line 3: this is not CSV "),
        ("text,accept\ncafé,greet\n".encode("latin-1"), "is not UTF-8: "),
        ("text,accept\nhi,greet\n".encode("utf-16"), "is not UTF-8: "),
    ],
)
def test_what_cannot_be_used_is_told_in_one_sentence(
    file: Path, content: bytes, sentence: str
) -> None:
    file.write_bytes(content)
    with pytest.raises(MessagesError) as raised:
        read_messages(file, LABELS)
    assert str(raised.value).startswith(str(file))
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_told_so(file: Path) -> None:
    with pytest.raises(MessagesError, match=r"set\.csv is not there\.$"):
        read_messages(file, LABELS)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(MessagesError, match="cannot be read"):
        read_messages(tmp_path, LABELS)
