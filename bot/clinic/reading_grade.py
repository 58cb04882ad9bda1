"""The one measure of how hard a text reads: textstat's Flesch-Kincaid grade (brief, 6.1)."""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType
from typing import Any

MISSING = "pkg_resources"


@cache
def _textstat() -> Any:
    # textstat 0.7.4 imports pkg_resources, which setuptools has no more, for lists of words that
    # no grade reads. Nothing else shall find the empty module.
    had = sys.modules.get(MISSING)
    sys.modules[MISSING] = had or ModuleType(MISSING)
    try:
        from textstat import textstat  # noqa: PLC0415
    finally:
        if had is None:
            del sys.modules[MISSING]
    return textstat


def reading_grade(text: str) -> float:
    """US school grade of an English text, to one decimal; an empty text has grade 0."""
    if not any(letter.isalnum() for letter in text):
        return 0.0
    return max(0.0, float(_textstat().flesch_kincaid_grade(text)))
