"""What was measured on what: versions and the machine."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

from bench.projects import ENGINE_PYTHON
from bot.data_files import ROOT

LOCK = ROOT / "requirements-engine.txt"


def version_of(library: str) -> str:
    """The version of a library that the engine's lock names.

    Raises:
        ValueError: the lock does not name it.
    """
    found = re.search(rf"^{re.escape(library)}==(\S+)", LOCK.read_text("utf-8"), re.MULTILINE)
    if not found:
        raise ValueError(f"{LOCK.name} does not name {library}")
    return found[1]


def surroundings() -> dict[str, str]:
    """Python, Rasa, processor, cores and memory."""
    engine = subprocess.run(  # noqa: S603 - our own environment's Python
        [str(ENGINE_PYTHON), "-c", "import platform; print(platform.python_version())"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        "Python": f"{platform.python_version()}, engine {engine.stdout.strip()}",
        "Rasa": version_of("rasa"),
        "TensorFlow (stock)": version_of("tensorflow"),
        "ONNX Runtime (ours)": version_of("onnxruntime"),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
    }


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", file.read_text("utf-8"), re.MULTILINE)
    return found[1] if found else platform.machine()
