"""The two bots as running servers: the stock one with `rasa run`, ours with `python -m bot run`."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from bench import cache, projects
from bench.processes import ProcessError, environment, last_lines, run
from bench.projects import ENGINE_PYTHON, OURS, STOCK
from bench.versions import version_of
from bot.data_files import ROOT
from bot.training import fitting_model, train

# Seconds.
READY_WITHIN = 300.0
STOPPED_WITHIN = 20.0
LOOK_EVERY = 0.02
READY_LINE = "\nready"


class Server(ABC):
    """A bot that is up inside the `with` block; `ready_after` is the time of its start, in s."""

    name: str

    def __init__(self) -> None:
        """Starts nothing yet."""
        self._folder = tempfile.TemporaryDirectory(prefix="bench-")
        self.folder = Path(self._folder.name)
        self.port, *self._others = free_ports(3)
        self.ready_after = 0.0
        self._started: list[subprocess.Popen[bytes]] = []

    @abstractmethod
    def start(self) -> None:
        """Starts the processes with `spawn`, and returns when they are ready (`wait_until`)."""

    @abstractmethod
    def memory(self) -> dict[str, float]:
        """The resident memory of each process now, in MB."""

    def __enter__(self) -> Self:
        """Starts it."""
        try:
            began = time.monotonic()
            self.start()
            self.ready_after = time.monotonic() - began
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Ends everything and removes what it has written."""
        self.stop()

    def stop(self) -> None:
        """Ends the processes, and removes what they have written."""
        self.end()
        self._folder.cleanup()

    def end(self) -> None:
        """Ends the processes as a service manager does."""
        for process in self._started:
            process.terminate()
        for process in self._started:
            try:
                process.wait(STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def spawn(self, command: list[str], folder: Path, env: dict[str, str]) -> int:
        """Starts a process whose words go into the log, and gives its id."""
        with self._log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - commands of our own
                command,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the benchmark alone, which then ends this.
                start_new_session=True,
            )
        self._started.append(process)
        return process.pid

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        """Returns as soon as it is ready.

        Raises:
            ProcessError: a process ended, or it takes too long.
        """
        deadline = time.monotonic() + READY_WITHIN
        while not is_ready():
            if any(process.poll() is not None for process in self._started):
                raise ProcessError(f"{self.name} ended at its start:\n{last_lines(self._log)}")
            if time.monotonic() > deadline:
                raise ProcessError(f"{self.name} was not ready:\n{last_lines(self._log)}")
            time.sleep(LOOK_EVERY)

    def log(self) -> str:
        """Everything that the processes have said."""
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"


class Stock(Server):
    """The bot of `rasa init`, trained whole, behind its REST channel."""

    name = STOCK

    def start(self) -> None:
        """`rasa run`; it is ready when the REST channel answers, which a loaded model precedes."""
        model = stock_bot()
        project = self.folder / "project"
        projects.write_stock(project)
        self._pid = self.spawn(
            [
                str(ENGINE_PYTHON), "-m", "rasa", "run", "--model", str(model),
                "--interface", "127.0.0.1", "--port", str(self.port),
            ],
            project,
            environment(),
        )  # fmt: skip
        self.wait_until(lambda: answers(f"http://127.0.0.1:{self.port}/webhooks/rest/"))

    def memory(self) -> dict[str, float]:
        """The one process."""
        return {STOCK: resident_mb(self._pid)}


class House(Server):
    """Front, engine and actions with databases of their own, as `make run` starts them."""

    name = OURS

    def start(self) -> None:
        """`python -m bot run`; it is ready when it says so, after the health of all three."""
        env = self.environment()
        self._pid = self.spawn([sys.executable, "-m", "bot", "run"], ROOT, env)
        self.wait_until(lambda: READY_LINE in self.log())

    def environment(self) -> dict[str, str]:
        """Free ports and an empty `VAR_DIR`; everything else as a clinic gets it."""
        actions, engine = self._others
        return environment(
            FRONT_PORT=str(self.port),
            ACTIONS_PORT=str(actions),
            ENGINE_PORT=str(engine),
            VAR_DIR=str(self.folder / "var"),
            PYTHONPATH=str(ROOT),
        )

    def memory(self) -> dict[str, float]:
        """Each of the three, and the small process that watches them."""
        found = {"watcher": resident_mb(self._pid)}
        for pid in children_of(self._pid):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            for name, word in (("engine", "bot.engine"), ("actions", "actions"), ("front",) * 2):
                if word in words:
                    found[name] = resident_mb(pid)
        return found


def stock_bot() -> Path:
    """The model of `rasa init`, trained whole, once, and kept.

    Raises:
        ProcessError: Rasa could not train it.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        project = Path(temporary) / "project"
        projects.write_stock(project)
        key = cache.key_of([*cache.files_in(project), version_of("rasa")])
        folder = cache.CACHE / f"stock-bot-{key}"
        model = folder / "model.tar.gz"
        if not model.exists():
            folder.mkdir(parents=True, exist_ok=True)
            run(
                [str(ENGINE_PYTHON), "-m", "rasa", "train", "--fixed-model-name", "model"],
                project,
                environment(),
                folder / "train.log",
            )
            # Under another name until it is whole: a kill must not leave half a model.
            part = shutil.copy(project / "models" / model.name, folder / "unfinished")
            Path(part).replace(model)
    return model


def our_model() -> Path:
    """The product's own model for its present data; trained if there is none."""
    model = fitting_model()
    return model if model.exists() else train()


def free_ports(count: int) -> list[int]:
    """Ports that nothing on this machine uses now, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def answers(url: str) -> bool:
    """Whether a server says 200 there."""
    try:
        with urlopen(url, timeout=5.0) as response:  # noqa: S310 - a loopback address of ours
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def resident_mb(pid: int) -> float:
    """The resident memory of a process now (proc(5): VmRSS, in kB), in MB."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def children_of(pid: int) -> list[int]:
    """The ids of a process's living children."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    if listed.exists():
        return [int(child) for child in listed.read_text("utf-8").split()]
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # proc(5), stat: the parent is the second field after the name in brackets.
            parent = int((folder / "stat").read_text("utf-8").rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found.append(int(folder.name))
    return found
