"""`make run`: everything that must be true before patients come, then the three processes."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import httpx

from bot.clinic.clock import offset_for
from bot.data_files import ROOT
from bot.encryption import Cipher, DataKeyError
from bot.settings import Settings, SettingsError, keep_clock_offset, read_settings
from bot.start import StartError, read_clinic_file, refuse_in_production
from bot.training import fitting_model, train

ENGINE_PYTHON = ROOT / ".venv-engine" / "bin" / "python"
# A model, its unpacked copy and the databases of a year fit in this, in bytes.
LEAST_DISK = 500 * 1024 * 1024
READY_WITHIN = 120.0
STOPPED_WITHIN = 8.0
FRONT, ENGINE = "front", "engine"
STARTS_A_MINUTE = 5
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def say(text: str) -> None:
    """One line to the person who started it."""
    print(text, flush=True)


@dataclass(frozen=True)
class Process:
    """One of the three: its name, how it starts, and the address that says when it is ready."""

    name: str
    command: list[str]
    health: str


def check(settings: Settings) -> None:
    """Everything that can be known before anything is started.

    Raises:
        StartError: something is wrong; nothing was started or written but secrets.
    """
    clinic = read_clinic_file(settings.clinic_file)
    refuse_in_production(settings, clinic)
    if not ENGINE_PYTHON.exists():
        raise StartError("The engine's environment is missing: start with `make run`.")
    try:
        settings.var_dir.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise StartError(f"{settings.var_dir} cannot be made: set VAR_DIR to a folder.") from None
    for folder in (settings.var_dir, ROOT):
        if shutil.disk_usage(folder).free < LEAST_DISK:
            raise StartError(
                f"The disk of {folder} is nearly full: free at least 500 MB and start again."
            )
    ports = {
        "FRONT_PORT": settings.front_port,
        "ACTIONS_PORT": settings.actions_port,
        "ENGINE_PORT": settings.engine_port,
    }
    if len(set(ports.values())) < len(ports):
        raise StartError("FRONT_PORT, ACTIONS_PORT and ENGINE_PORT should be three numbers.")
    for name, port in ports.items():
        # The front listens on every address of the machine, the others on loopback.
        if _in_use("0.0.0.0" if name == "FRONT_PORT" else "127.0.0.1", port):  # noqa: S104
            raise StartError(
                f"Port {port} is in use: stop what uses it, or set {name} to another number."
            )


def prepare(settings: Settings) -> Path:
    """Clock and model; the model's file is returned.

    Raises:
        StartError: CLINIC_NOW is no instant, or training failed.
    """
    try:
        offset = offset_for(settings.clinic_now or None, datetime.now(timezone.utc))
    except ValueError as error:
        raise StartError(str(error)) from None
    keep_clock_offset(settings, offset)
    Cipher(settings.data_key)
    model = fitting_model()
    if model.exists():
        say(f"model     {model.name} fits the present data")
        return model
    say("model     none fits the present data: training, a minute or two")
    began = time.monotonic()
    try:
        model = train()
    except subprocess.CalledProcessError:
        raise StartError("Training failed: the lines above say why.") from None
    say(f"model     {model.name} trained in {time.monotonic() - began:.0f} s")
    return model


def migrate(settings: Settings) -> None:
    """Brings the tables to the newest migration; makes the desk's first password.

    Raises:
        StartError: the database cannot be opened or changed.
    """
    # Imported here: SQLAlchemy and Alembic take a second in which the engine can start.
    from sqlalchemy.exc import SQLAlchemyError

    from bot.store.database import Database
    from bot.store.staff import PASSWORD_FILE, make_first_user

    try:
        database = Database(settings.database_url, Cipher(settings.data_key))
        database.migrate()
        make_first_user(database, settings.var_dir / PASSWORD_FILE)
        database.close()
    except (SQLAlchemyError, ImportError, OSError):
        raise StartError("The database cannot be opened: check DATABASE_URL and VAR_DIR.") from None


def processes(settings: Settings, model: Path) -> list[Process]:
    """The three processes, slowest start first."""
    return [
        Process(
            "engine",
            [str(ENGINE_PYTHON), "-m", "bot.engine", str(model)],
            f"{settings.engine_url}/front/health",
        ),
        Process("actions", [sys.executable, "-m", "actions"], f"{settings.actions_url}/health"),
        Process(
            "front",
            [sys.executable, "-m", "bot", "front"],
            f"http://127.0.0.1:{settings.front_port}/health",
        ),
    ]


def run(settings: Settings) -> int:
    """Runs the house until Ctrl-C or until one process ends; gives the exit status."""
    began = time.monotonic()
    check(settings)
    model = prepare(settings)
    started = processes(settings, model)
    with _running(settings, started) as children:
        _wait_until_ready(children)
        say(f"page      http://localhost:{settings.front_port}/    try the chat here")
        say(f"desk      http://localhost:{settings.front_port}/desk    {_how_to_log_in(settings)}")
        say(f"health    http://localhost:{settings.front_port}/health")
        say(f"ready     in {time.monotonic() - began:.1f} s; Ctrl-C stops everything")
        return _watch(children)


def _how_to_log_in(settings: Settings) -> str:
    from bot.store.staff import FIRST_USER, PASSWORD_FILE

    file = settings.var_dir / PASSWORD_FILE
    if file.exists():
        return f"user {FIRST_USER}, password in {file}"
    return "for a new password: python -m bot desk-password"


def _in_use(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return True
    return False


@contextmanager
def _running(settings: Settings, wanted: list[Process]) -> Iterator[list[Child]]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "VAR_DIR": str(settings.var_dir),
        "DATA_KEY": settings.data_key,
        "SECRET_KEY": settings.secret_key,
        "ENGINE_TOKEN": settings.engine_token,
    }
    children: list[Child] = []
    try:
        for process in wanted:
            say(f"start     {process.name}")
            child = Child(process, environment)
            children.append(child)
            child.start()
            if process.name == ENGINE:
                # It takes longest by far and needs no tables.
                migrate(settings)
        yield children
    finally:
        _stop([child.running for child in children if child.running])


class Child:
    """One of the three while it runs."""

    def __init__(self, process: Process, environment: dict[str, str]) -> None:
        self.process = process
        self.running: subprocess.Popen[bytes] | None = None
        self.starts: list[float] = []
        self._environment = environment

    def start(self) -> None:
        """Starts the process, in a session of its own: Ctrl-C reaches the parent alone."""
        self.starts.append(time.monotonic())
        self.running = subprocess.Popen(
            self.process.command,
            cwd=ROOT,
            env=self._environment,
            start_new_session=True,
            # No thread runs beside this one, so nothing can hold a lock in the child.
            preexec_fn=_end_with_parent,  # noqa: PLW1509
        )

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.running is None or self.running.poll() is not None

    def may_start_again(self) -> bool:
        """Not the front, and nothing that has ended too often in the last minute."""
        lately = [start for start in self.starts if time.monotonic() - start < 60]
        return self.process.name != FRONT and len(lately) < STARTS_A_MINUTE


def _end_with_parent() -> None:
    """Asks Linux to end this child when its parent dies, so that not even SIGKILL leaves any."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _stop(running: list[subprocess.Popen[bytes]]) -> None:
    # A second Ctrl-C must not leave half of them behind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for signal_ in (signal.SIGTERM, signal.SIGKILL):
        for child in running:
            try:
                os.killpg(child.pid, signal_)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + STOPPED_WITHIN
        for child in running:
            try:
                child.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                continue


def _wait_until_ready(children: list[Child]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    waiting = {child.process.name: child.process for child in children}
    with httpx.Client(timeout=1.0) as client:
        while waiting:
            for child in children:
                if child.has_ended():
                    raise StartError(f"{child.process.name} ended at its start: its lines say why.")
            for name, process in list(waiting.items()):
                try:
                    if client.get(process.health).status_code == httpx.codes.OK:
                        say(f"up        {name}")
                        del waiting[name]
                except httpx.HTTPError:
                    continue
            if time.monotonic() > deadline:
                raise StartError(
                    f"{', '.join(waiting)} not ready after {READY_WITHIN:.0f} s: "
                    "see the lines above."
                )
            time.sleep(0.1)


def _watch(children: list[Child]) -> int:
    """Starts engine and actions again when they end: the front goes on answering meanwhile."""
    while True:
        for child in children:
            if not child.has_ended():
                continue
            if not child.may_start_again():
                say(f"{child.process.name} ended unexpectedly; stopping everything")
                return 1
            say(f"{child.process.name} ended unexpectedly; starting it again")
            child.start()
        time.sleep(0.3)


def main() -> int:
    """`python -m bot run`: one sentence and a non-zero status when the start is refused."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    # Also where a shell that started us in the background had Ctrl-C ignored.
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return run(read_settings())
    except KeyboardInterrupt:
        say("stopped")
        return 0
    except (StartError, SettingsError, DataKeyError) as error:
        print(error, file=sys.stderr)
        return 1
