"""Logging that cannot quote a patient.

Libraries put what they handle into their log lines: Rasa prints the patient's words at DEBUG and
the whole tracker when an action fails, SQLAlchemy prints parameters, aiohttp prints bodies. So a
line keeps its text only if one of our own modules wrote it; of any other line only the place
remains (logger, file, line number) and, of an exception, its type and where it was raised.
The price is that a library's own explanation is lost; the place in its source code is not.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import uuid
from types import TracebackType
from typing import Any

OURS = ("bot", "actions", "__main__")
_make_record = logging.LogRecord


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in OURS


def describe(error: BaseException) -> str:
    """An exception without its message: types and places, innermost last."""
    parts = []
    seen: BaseException | None = error
    while seen is not None:
        places = traceback.extract_tb(seen.__traceback__)[-3:]
        where = " < ".join(f"{place.name}:{place.lineno}" for place in reversed(places))
        parts.append(f"{type(seen).__name__} at {where}" if where else type(seen).__name__)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return " from ".join(parts)


def _wordless_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = _make_record(*args, **kwargs)
    if not _is_ours(record.name):
        record.msg = "%s:%s"
        record.args = (record.filename, record.lineno)
        record.stack_info = None
    if record.exc_info:
        error = record.exc_info[1]
        record.msg = f"{record.msg} [%s]"
        record.args = (*_as_tuple(record.args), describe(error) if error else "no exception")
        record.exc_info = None
    return record


def _as_tuple(args: Any) -> tuple[Any, ...]:
    if isinstance(args, tuple):
        return args
    return (args,) if args else ()


def _describe_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("bot").critical("stopped by %s", describe(error))


def configure(process: str, level: str = "INFO") -> None:
    """Sends this process's log to standard error, one line an event, without anybody's words.

    Libraries below WARNING are silent unless `level` is DEBUG.
    """
    logging.setLogRecordFactory(_wordless_record)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter(f"%(asctime)s {process:<7} %(levelname)-7s %(name)s %(message)s")
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if level == "DEBUG" else logging.WARNING)
    # Deprecations of pinned libraries are no news to the clinic's technician.
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.CRITICAL)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    sys.excepthook = _describe_crash
    threading.excepthook = lambda crash: _describe_crash(
        crash.exc_type, crash.exc_value or crash.exc_type(), crash.exc_traceback
    )


def new_error_id() -> str:
    """A short id that the log, the patient's message and the staff's request have in common."""
    return uuid.uuid4().hex[:8]
