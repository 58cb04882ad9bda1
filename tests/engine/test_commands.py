"""Rasa's own commands, as a developer types them at the project's root."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bot.data_files import ROOT

RASA = Path(sys.executable).with_name("rasa")
# Seconds; half a minute on an idle machine.
ENDED_WITHIN = 300.0


def rasa(var_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a command; what it says is kept for a failure's message."""
    environment = {
        **os.environ,
        "VAR_DIR": str(var_dir),
        "PYTHONWARNINGS": "ignore",
        # Rasa keeps the level of whatever ran before it in this process; the counts are INFO.
        "LOG_LEVEL": "INFO",
    }
    return subprocess.run(
        [str(RASA), *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=ENDED_WITHIN,
        check=False,
    )


def test_the_data_are_valid_for_rasa(tmp_path: Path) -> None:
    done = rasa(tmp_path, "data", "validate", "--fail-on-warnings")
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_test_stories_pass(model: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    done = rasa(
        tmp_path,
        *("test", "core", "--e2e", "--fail-on-prediction-errors", "--no-plot"),
        *("--model", str(model), "--stories", "tests/stories", "--out", str(results)),
    )
    assert done.returncode == 0, done.stdout[-3000:]
    written = sum(
        file.read_text("utf-8").count("- story:") for file in ROOT.glob("tests/stories/*.yml")
    )
    assert f"Correct:          {written} / {written}" in done.stdout, done.stdout[-3000:]
