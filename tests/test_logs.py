"""The log of a process quotes nobody, whatever a library or an exception says."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest

from bot import logs
from bot.data_files import ROOT

WORDS = "my name is Xanthippe"


def configure(written: io.StringIO, process: str, level: str) -> None:
    """Configures as a process does, but so that a test can read what is written."""
    logs.configure(process, level)
    [handler] = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    assert handler.stream is sys.stderr
    handler.setStream(written)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a process configured like ours writes; afterwards logging is as it was."""
    written = io.StringIO()
    root = logging.getLogger()
    before = (logging.getLogRecordFactory(), root.handlers[:], root.level)
    hooks = (sys.excepthook, warnings.showwarning)
    levels = {name: logging.getLogger(name).level for name in (*logs.OURS, "py.warnings")}
    configure(written, "front", "INFO")
    yield written
    logging.captureWarnings(False)
    logging.setLogRecordFactory(before[0])
    root.handlers[:] = before[1]
    root.setLevel(before[2])
    sys.excepthook, warnings.showwarning = hooks
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def raised(error: BaseException) -> BaseException:
    """The exception as it is when somebody catches it."""
    try:
        raise error
    except BaseException as caught:
        return caught


def chained() -> BaseException:
    try:
        try:
            raise KeyError(WORDS)
        except KeyError as error:
            raise ValueError(WORDS) from error
    except ValueError as error:
        return error


def met_on_the_way() -> BaseException:
    try:
        try:
            raise KeyError(WORDS)
        except KeyError:
            raise ValueError(WORDS)  # noqa: B904 - without `from` is what is tested
    except ValueError as error:
        return error


@pytest.mark.parametrize("name", ["bot", "bot.door.door", "actions.base", "__main__"])
def test_our_own_line_keeps_its_text(log: io.StringIO, name: str) -> None:
    logging.getLogger(name).warning("message %s is kept", "4711")
    assert log.getvalue().endswith(f"front   WARNING {name} message 4711 is kept\n")


@pytest.mark.parametrize("name", ["rasa.core.processor", "sqlalchemy", "bottle", "root", ""])
def test_of_a_librarys_line_only_the_place_is_kept(log: io.StringIO, name: str) -> None:
    logging.getLogger(name).error("parsed %s", WORDS)
    assert re.search(r"ERROR   \S+ test_logs\.py:\d+\n$", log.getvalue())
    assert "Xanthippe" not in log.getvalue()


def test_a_librarys_line_with_named_parameters_is_wordless_too(log: io.StringIO) -> None:
    logging.getLogger("sqlalchemy").error("INSERT %(text)s", {"text": WORDS})
    assert "test_logs.py:" in log.getvalue()
    assert "Xanthippe" not in log.getvalue()


def test_a_librarys_stack_is_not_kept(log: io.StringIO) -> None:
    logging.getLogger("rasa").error("at", stack_info=True)
    assert "Stack" not in log.getvalue()


def test_a_librarys_exception_is_kept_by_type_and_place(log: io.StringIO) -> None:
    logging.getLogger("rasa").error(WORDS, exc_info=raised(ValueError(WORDS)))
    assert re.search(r"\[ValueError at raised:\d+\]\n$", log.getvalue())
    assert "Xanthippe" not in log.getvalue()


def test_our_own_exception_is_kept_by_type_and_place(log: io.StringIO) -> None:
    logging.getLogger("bot").error("turn %s failed", 7, exc_info=raised(ValueError(WORDS)))
    assert re.search(r"turn 7 failed \[ValueError at raised:\d+\]\n$", log.getvalue())
    assert "Xanthippe" not in log.getvalue()


def test_exc_info_without_an_exception_says_so(log: io.StringIO) -> None:
    logging.getLogger("bot").error("odd", exc_info=True)
    assert log.getvalue().endswith("odd [no exception]\n")


@pytest.mark.parametrize(
    ("error", "described"),
    [
        (ValueError(WORDS), r"ValueError"),
        (raised(ValueError(WORDS)), r"ValueError at raised:\d+"),
        (chained(), r"ValueError at chained:\d+ from KeyError at chained:\d+"),
        (met_on_the_way(), r"ValueError at met_on_the_way:\d+ from KeyError at met_on_the_way:\d+"),
    ],
)
def test_an_exception_is_described_by_types_and_places(
    error: BaseException, described: str
) -> None:
    assert re.fullmatch(described, logs.describe(error))


def test_what_was_raised_from_none_is_not_described() -> None:
    error = met_on_the_way()
    error.__suppress_context__ = True
    assert "KeyError" not in logs.describe(error)


def test_an_exception_is_described_from_the_innermost_place() -> None:
    def inner() -> None:
        raise ValueError(WORDS)

    def outer() -> None:
        inner()

    with pytest.raises(ValueError, match="Xanthippe") as caught:
        outer()
    assert re.match(r"ValueError at inner:\d+ < outer:\d+ < ", logs.describe(caught.value))


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_libraries_below_warning_are_silent(log: io.StringIO, level: str) -> None:
    getattr(logging.getLogger("rasa"), level.lower())(WORDS)
    assert log.getvalue() == ""


def test_our_own_debug_lines_are_silent_at_info(log: io.StringIO) -> None:
    logging.getLogger("bot").debug("detail")
    assert log.getvalue() == ""


def test_at_debug_libraries_speak_without_words(log: io.StringIO) -> None:
    configure(log, "engine", "DEBUG")
    logging.getLogger("rasa").debug("Received user message '%s'", WORDS)
    assert re.search(r"engine  DEBUG   rasa test_logs\.py:\d+\n$", log.getvalue())


def test_at_debug_our_own_details_are_kept(log: io.StringIO) -> None:
    configure(log, "engine", "DEBUG")
    logging.getLogger("bot.door").debug("detail")
    assert log.getvalue().endswith("bot.door detail\n")


def test_a_warning_of_a_library_is_silent(log: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(WORDS, DeprecationWarning, stacklevel=1)
    assert log.getvalue() == ""


def test_configuring_twice_writes_each_line_once(log: io.StringIO) -> None:
    configure(log, "front", "INFO")
    logging.getLogger("bot").warning("once")
    assert log.getvalue().count("once") == 1


def crash(error: BaseException) -> None:
    sys.excepthook(type(error), error, error.__traceback__)


def test_a_crash_is_one_line_without_words(log: io.StringIO) -> None:
    crash(chained())
    assert re.search(
        r"CRITICAL bot stopped by ValueError at chained:\d+ from KeyError at chained:\d+\n$",
        log.getvalue(),
    )
    assert "Xanthippe" not in log.getvalue()


def test_ctrl_c_is_no_crash(log: io.StringIO) -> None:
    crash(KeyboardInterrupt())
    assert log.getvalue() == ""


def said_by_a_process(program: str) -> str:
    """Everything that a process of ours writes before it ends."""
    begin = "from bot import logs; import threading; logs.configure('front')"
    done = subprocess.run(
        [sys.executable, "-c", f"{begin}\n{program}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_process_that_crashes_quotes_nobody() -> None:
    said = said_by_a_process(f"raise ValueError({WORDS!r})")
    assert "stopped by ValueError at <module>:2" in said
    assert "Xanthippe" not in said


def test_a_thread_that_crashes_quotes_nobody() -> None:
    program = f"def f(): raise ValueError({WORDS!r})\nthreading.Thread(target=f).start()"
    said = said_by_a_process(program)
    assert "ValueError at f:2" in said
    assert "Xanthippe" not in said


def test_error_ids_are_short_and_differ() -> None:
    first, second = logs.new_error_id(), logs.new_error_id()
    assert re.fullmatch("[0-9a-f]{8}", first)
    assert first != second
