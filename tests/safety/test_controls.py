"""Each control is missed when it is off, and the hazard log names only what is there.

A control whose absence no test notices may be gone already. So each of `controls.yml` is switched
off in a run of its own (`switches.py`), and its named test has to fail there.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from bot.data_files import ROOT
from tests.safety.switches import (
    CONTROLS,
    REPLACEMENTS,
    VARIABLE,
    pytest_load_initial_conftests,
)

HAZARDS = (ROOT / "docs" / "hazards.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| (H\d\d) \|(.*)$", HAZARDS, re.MULTILINE))
NAMED_TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", HAZARDS)))
NAMED_PLACES = sorted(set(re.findall(r"`((?:bot|actions|data|tests|docs)/[\w/.]+)", HAZARDS)))
# Importing plugins that none of the tests needs would be a third of a run.
NO_OTHER_PLUGINS = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
# Seconds for one run; a busy machine takes a few.
LONGEST_RUN = 120
# Most of a run is Python's own work; one of them waits for a turn's limit.
AT_ONCE = 3

Ended = subprocess.CompletedProcess[str]


def run(tests: list[str], bytecode: Path, off: str = "") -> Ended:
    """Runs tests in a process of their own, with one control off."""
    environment = {**os.environ, "COLUMNS": "1000", VARIABLE: off, NO_OTHER_PLUGINS: "1"}
    # Where this run writes no bytecode, there may be none at all.
    if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        environment["PYTHONPYCACHEPREFIX"] = str(bytecode)
    plugins = ("tests.safety.switches", "pytest_asyncio.plugin", "no:cacheprovider")
    options = [option for plugin in plugins for option in ("-p", plugin)]
    # The fixtures of the house, above a test's own folder, are slow to import and not needed.
    folders = {str(Path(test.partition("::")[0]).parent) for test in tests}
    options.append(f"--confcutdir={os.path.commonpath(folders)}")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, *tests],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )


@pytest.fixture(scope="module")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs keep compiled code, so that only the first of them compiles everything."""
    return tmp_path_factory.mktemp("bytecode")


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, bytecode: Path) -> Iterator[dict[str, Future[Ended]]]:
    """The run with all on (""), and one with each control off that this session asks for."""
    wanted = [
        item.callspec.params["control"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and {"runs", "control"} <= {*item.fixturenames}
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        all_on = pool.submit(run, [each["test"] for each in CONTROLS], bytecode)
        if sys.dont_write_bytecode:
            all_on.exception()  # the others find its bytecode
        one_off = {
            each["id"]: pool.submit(run, [each["test"]], bytecode, each["id"]) for each in wanted
        }
        yield {"": all_on, **one_off}


def test_with_every_control_on_each_named_test_passes(runs: dict[str, Future[Ended]]) -> None:
    ended = runs[""].result()
    assert ended.returncode == pytest.ExitCode.OK, ended.stdout + ended.stderr
    assert f"{len(CONTROLS)} passed in " in ended.stdout


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control["id"])
def test_without_the_control_its_test_fails(
    control: dict[str, str], runs: dict[str, Future[Ended]]
) -> None:
    ended = runs[control["id"]].result()
    told = ended.stdout + ended.stderr
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED, told
    # A fixture or a plugin that breaks has the same exit status.
    assert re.search(r"^1 failed in ", ended.stdout, re.MULTILINE), told
    _, _, why = ended.stdout.partition(f"FAILED {control['test']} - ")
    assert control["shows"] in why.partition("\n")[0], told


def test_a_switch_that_does_not_exist_is_refused(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "C99")
    with pytest.raises(pytest.UsageError, match="C99"):
        pytest_load_initial_conftests(pytestconfig)


def test_there_are_eleven_controls_each_switched_off_in_its_own_way() -> None:
    assert [each["id"] for each in CONTROLS] == [f"C{number:02}" for number in range(1, 12)]
    assert sorted(each["instead"] for each in CONTROLS) == sorted(REPLACEMENTS)
    assert len({each["code"] for each in CONTROLS}) == len(CONTROLS)


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control["id"])
def test_a_control_stands_in_the_row_of_its_hazard_with_its_test(control: dict[str, str]) -> None:
    row = ROWS[control["hazard"]]
    assert control["id"] in row
    assert f"`{control['test'].partition('[')[0]}`" in row


# --- the hazard log ------------------------------------------------------------------------------


@cache
def functions(file: str) -> frozenset[str]:
    """The names of all functions that a file defines."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, kinds))


@pytest.mark.parametrize(
    ("file", "name"), NAMED_TESTS, ids=[f"{file}-{name}" for file, name in NAMED_TESTS]
)
def test_a_test_that_the_hazard_log_names_exists(file: str, name: str) -> None:
    assert name in functions(file)


def test_every_place_that_the_hazard_log_names_exists() -> None:
    assert [place for place in NAMED_PLACES if not (ROOT / place).exists()] == []


def test_the_hazards_are_numbered_and_each_has_a_test_or_says_that_none_shows_it() -> None:
    assert list(ROWS) == [f"H{number:02}" for number in range(1, len(ROWS) + 1)]
    assert 20 <= len(ROWS) <= 30
    assert [key for key, row in ROWS.items() if "::test_" not in row and "No test" not in row] == []
