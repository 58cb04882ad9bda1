"""Rasa without TensorFlow, each time in a process of its own: an import cannot be undone."""

from __future__ import annotations

import os
import subprocess
import sys

from bot.data_files import ROOT

SERVING = "from bot.engine.without_tensorflow import leave_out; leave_out(); import rasa.core.run; "


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SERVING + code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_rasa_serves_without_the_real_one() -> None:
    ended = run("import tensorflow; print(hasattr(tensorflow, '__file__'))")
    assert ended.stdout.split() == ["False"]


def test_whoever_needs_it_is_told_how_to_get_it() -> None:
    ended = run(
        "from rasa.utils.tensorflow.models import RasaModel; "
        "type('Own', (RasaModel,), {'__abstractmethods__': frozenset()})(1, name='x')"
    )
    assert "set ENGINE_TENSORFLOW=1" in ended.stderr


def test_a_setting_brings_the_real_one_back() -> None:
    ended = run(
        "import sys; print(hasattr(sys.modules['tensorflow'], '__file__'))", ENGINE_TENSORFLOW="1"
    )
    assert ended.stdout.split()[-1:] == ["True"]
