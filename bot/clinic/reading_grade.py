"""The one measure of how hard a text reads: textstat's Flesch-Kincaid grade (brief, 6.1)."""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType


@cache
def _import_textstat() -> ModuleType:
    # textstat 0.7.4 imports pkg_resources, which setuptools has no more, for lists of words that
    # no grade reads.
    sys.modules.setdefault("pkg_resources", ModuleType("pkg_resources"))
    import textstat  # noqa: PLC0415

    module: ModuleType = textstat
    return module


def reading_grade(text: str) -> float:
    """US school grade of an English text, to one decimal; an empty text has grade 0."""
    if not any(letter.isalnum() for letter in text):
        return 0.0
    return max(0.0, float(_import_textstat().textstat.flesch_kincaid_grade(text)))
