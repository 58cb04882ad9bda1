"""What was measured before, so that an interrupted run can go on: files in results/bench-cache."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bot.data_files import ROOT

RESULTS = ROOT / "results"
CACHE = RESULTS / "bench-cache"


def key_of(parts: Iterable[str | bytes]) -> str:
    """A short name for everything that a measurement depends on."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:12]


def files_in(folder: Path) -> list[bytes]:
    """Names and contents of all files below a folder, in order."""
    return [
        part
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for part in (str(file.relative_to(folder)).encode(), file.read_bytes())
    ]


def write_json(file: Path, content: Any) -> None:
    """Writes a file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}")
    part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    part.replace(file)


def read_json(file: Path) -> Any:
    """The content of a file that `write_json` wrote, or None."""
    return json.loads(file.read_text("utf-8")) if file.exists() else None
