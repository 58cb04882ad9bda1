"""What no file of the project may hold: sentences in code, words in logs, real people's numbers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from bot.data_files import ROOT

CODE = ("actions", "bot")
TALKING_CODE = ("actions", "bot/door", "bot/channels")
FOLDERS = ("actions", "bot", "data", "docs", "tests")
READ_AS_TEXT = {
    ".css", ".html", ".in", ".js", ".json", ".mako", ".md", ".py", ".sh", ".svg", ".toml",
    ".txt", ".yml",
}  # fmt: skip
# The work of others, taken over as it is.
FOREIGN = {"socket.io.min.js", "socket.io.LICENSE.txt", "tokenizer.json"}

# What a logger must never be given, whatever the object it is taken from.
WORDS = {"text", "message", "words", "content", "body", "messages", "reply", "latest_message"}
LOGGER_CALLS = {"debug", "info", "warning", "error", "exception", "critical", "log"}

SERVICE_NUMBERS = {"18001803024", "18008914416"}
# 99999 00xxx and 99999 1xxxx in India, 202 555 0100 to 0199 in the USA, 020 7946 0xxx in London:
# numbers that nobody has.
NOBODYS_NUMBER = re.compile(
    r"(0{0,2}91|0)?99999(00\d{3,8}|1\d{4})|0{10}|(00)?1?20255501\d\d|(44|0)20794600\d\d"
)
# Ten digits or more, as people write phones; not inside a longer word, number, path or date.
PHONE = re.compile(r"(?<![\w.,/=-])\+?\d(?:[ ()-]{0,2}\d){9,14}(?![\w-]|[.,/]\d)")
DATES = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}(?::?\d{2}){0,2})?")
E_MAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
NOBODYS_DOMAIN = re.compile(r"(?:[\w-]+\.)*example(?:\.(?:org|com|net))?")
MACHINE_PATH = re.compile(r"(?<![\w.:/}])/(?:work|root|home|Users|mnt)/\w")
REFERENCE = "shared" + "/"


@cache
def files(*folders: str) -> tuple[Path, ...]:
    """Every file of these folders that people write, and those at the root."""
    found = [file for folder in folders for file in sorted((ROOT / folder).rglob("*"))]
    if folders == FOLDERS:
        found += sorted(ROOT.iterdir())
    return tuple(
        file
        for file in found
        if file.is_file()
        and file.name not in FOREIGN
        and "__pycache__" not in file.parts
        and (file.suffix in READ_AS_TEXT or file.name in ("Makefile", ".gitignore"))
    )


def calls(*folders: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call in the code of these folders, with its place."""
    for file in files(*folders):
        if file.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield f"{file.relative_to(ROOT)}:{node.lineno}", node


def name_of(call: ast.Call) -> str:
    """`utter_message` of `dispatcher.utter_message(...)`."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def is_logger_call(call: ast.Call) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in LOGGER_CALLS:
        return False
    return "logg" in ast.unparse(function.value).lower()


def strings(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def names(node: ast.AST) -> Iterator[str]:
    """Every name, attribute and key that stands in an expression."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id
        elif isinstance(each, ast.Attribute):
            yield each.attr
        elif isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Constant):
            yield str(each.slice.value)


@cache
def lines(*folders: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"{name}:{number}", line)
        for name, file in ((file.relative_to(ROOT), file) for file in files(*folders))
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
    )


# What would be words of the code's own; anything else fills a placeholder of a response.
WORDS_OF_ITS_OWN = {"text", "image", "attachment", "custom", "json_message", "template", "elements"}


def test_the_code_names_responses_and_never_says_a_text() -> None:
    said = [
        place
        for place, call in calls(*CODE)
        if name_of(call) == "utter_message"
        and (call.args or {keyword.arg for keyword in call.keywords} & WORDS_OF_ITS_OWN)
    ]
    assert said == []


def test_there_is_no_sentence_in_what_a_dispatcher_is_given() -> None:
    sentences = [
        (place, text)
        for place, call in calls(*CODE)
        if "dispatcher" in ast.unparse(call.func)
        for text in strings(call)
        if " " in text
    ]
    assert sentences == []


def test_these_tests_see_the_calls_of_the_actions() -> None:
    assert sum(name_of(call) == "utter_message" for _, call in calls("actions")) > 5
    assert sum(is_logger_call(call) for _, call in calls(*TALKING_CODE)) > 4


def test_nothing_is_printed_where_patients_words_are() -> None:
    assert [place for place, call in calls(*TALKING_CODE) if name_of(call) == "print"] == []


def test_no_logger_is_given_a_patients_words() -> None:
    given = [
        (place, name)
        for place, call in calls(*TALKING_CODE)
        if is_logger_call(call)
        for argument in (*call.args, *(keyword.value for keyword in call.keywords))
        for name in names(argument)
        if name in WORDS
    ]
    assert given == []


def test_no_logger_is_given_an_exception_with_its_message() -> None:
    given = [
        place
        for place, call in calls(*TALKING_CODE)
        if is_logger_call(call)
        and (
            name_of(call) == "exception"
            or any(keyword.arg == "exc_info" for keyword in call.keywords)
        )
    ]
    assert given == []


@pytest.mark.parametrize(
    ("text", "is_real"),
    [
        ("+91 98200 12345", True),
        ("9820012345", True),
        ("call 022-2640 1234 now", True),
        ("+91 22 2640 1234", True),
        ("(415) 555 2671 0", True),
        ("+91 99999 00003", False),
        ("99999 00003", False),
        ("+1 202 555 0143", False),
        ("+1 202 555 0243", True),
        ("1-800-891-4416", False),
        ("1800-180-3024", False),
        ("2026-11-23T10:00:00+05:30", False),
        ("doi 10.1016/j.jid.2020.1234567890", False),
        ("PMID 32345678", False),
    ],
)
def test_a_real_phone_is_told_from_the_others(text: str, is_real: bool) -> None:
    assert bool(real_phones(text)) is is_real


def real_phones(line: str) -> list[str]:
    found = [re.sub(r"\D", "", match) for match in PHONE.findall(DATES.sub("", line))]
    return [
        digits
        for digits in found
        if digits not in SERVICE_NUMBERS and not NOBODYS_NUMBER.fullmatch(digits)
    ]


def test_no_file_holds_a_phone_that_somebody_may_have() -> None:
    here = str(Path(__file__).relative_to(ROOT))
    found = [
        (place, digits)
        for place, line in lines(*FOLDERS)
        if not place.startswith((here, "requirements"))
        for digits in real_phones(line)
    ]
    assert found == []


def test_no_file_holds_an_e_mail_address_that_somebody_may_have() -> None:
    found = [
        (place, domain)
        for place, line in lines(*FOLDERS)
        if not place.startswith("requirements")
        for domain in E_MAIL.findall(line)
        if not NOBODYS_DOMAIN.fullmatch(domain)
    ]
    assert found == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    assert [place for place, line in lines(*FOLDERS) if MACHINE_PATH.search(line)] == []


def test_no_file_names_what_lies_outside_the_project() -> None:
    assert [place for place, line in lines(*FOLDERS) if REFERENCE in line] == []


def test_no_lock_holds_the_address_of_a_registry() -> None:
    found = [
        place
        for place, line in lines(*FOLDERS)
        if place.startswith("requirements") and ("://" in line or "index-url" in line)
    ]
    assert found == []
