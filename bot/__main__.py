"""The project's commands: `python -m bot COMMAND`."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from bot.encryption import Cipher, DataKeyError, make_key
from bot.settings import SettingsError, clock_offset, read_settings
from bot.start import StartError, read_clinic_file
from bot.store.database import Database
from bot.store.requests import close_request, open_requests
from bot.store.staff import FIRST_USER, PASSWORD_FILE, renew_password

if TYPE_CHECKING:
    from bot.visit_commands import VisitCommands

_NO_DATABASE = "The database cannot be opened: check DATABASE_URL and VAR_DIR."


def _run(_: argparse.Namespace) -> int:
    from bot.run import main

    return main()


def _front(_: argparse.Namespace) -> int:
    from bot.front import serve

    serve()
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from bot.training import fitting_model, train

    if arguments.if_needed and fitting_model().exists():
        return 0
    try:
        print(train())
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


def _chat(arguments: argparse.Namespace) -> int:
    from bot.chat import chat

    return asyncio.run(chat(read_settings().front_port, arguments.session))


def _migrate(_: argparse.Namespace) -> int:
    from bot.run import migrate

    migrate(read_settings())
    return 0


def _requests(arguments: argparse.Namespace) -> int:
    database = _database()
    if arguments.close:
        at = datetime.now(timezone.utc) + clock_offset(read_settings())
        if not close_request(database, arguments.close, at):
            print("There is no such open request.", file=sys.stderr)
            return 1
        return 0
    found = open_requests(database)
    for request in found:
        when = request.created_at.strftime("%Y-%m-%d %H:%M UTC")
        print(f"{request.id}  {request.urgency:<9}  {request.kind}  {when}  {request.channel}")
        for text in (*request.earlier, request.text):
            print("    " + text.replace("\n", "\n    "))
    print(f"{len(found)} open; close one with: python -m bot requests --close ID")
    return 0


def _desk_password(_: argparse.Namespace) -> int:
    file = read_settings().var_dir / PASSWORD_FILE
    try:
        renew_password(_database(), file)
    except (SQLAlchemyError, OSError):
        raise StartError(
            "The password was not changed: check DATABASE_URL and VAR_DIR, and run "
            "`python -m bot migrate` once."
        ) from None
    print(f"The new password of the user {FIRST_USER} is in {file}; all sessions have ended.")
    return 0


def _content(arguments: argparse.Namespace) -> int:
    from bot.content import command

    settings = read_settings()
    clinic = read_clinic_file(settings.clinic_file)
    try:
        if arguments.what == "diff":
            return command.show_diff(settings, clinic)
        return command.write_page(settings, clinic, arguments.out)
    except SQLAlchemyError:
        raise StartError(_NO_DATABASE) from None
    except OSError:
        raise StartError(f"{arguments.out} cannot be written: name another with --out.") from None


def _block(arguments: argparse.Namespace) -> int:
    commands = _visit_commands()
    try:
        if arguments.list:
            return commands.list_blocks()
        if arguments.remove:
            return commands.remove_block(arguments.remove)
        if not arguments.until:
            raise StartError(
                "Say what is blocked, from when and until when, like "
                "`block doctor:mehra 2026-11-30T10:00 2026-11-30T14:00`."
            )
        return commands.block(
            arguments.resource, arguments.since, arguments.until, arguments.reason
        )
    except SQLAlchemyError:
        raise StartError(_NO_DATABASE) from None


def _misfits(_: argparse.Namespace) -> int:
    try:
        return _visit_commands().misfits()
    except SQLAlchemyError:
        raise StartError(_NO_DATABASE) from None


def _export(arguments: argparse.Namespace) -> int:
    days = (arguments.since, arguments.until)
    try:
        return _visit_commands().export(
            arguments.format, arguments.out, days, with_names=arguments.with_names
        )
    except SQLAlchemyError:
        raise StartError(_NO_DATABASE) from None


def _visit_commands() -> VisitCommands:
    from bot.visit_commands import VisitCommands

    settings = read_settings()
    now = datetime.now(timezone.utc) + clock_offset(settings)
    clinic = read_clinic_file(settings.clinic_file)
    return VisitCommands(_database(), clinic, now, settings.public_url)


def _make_key(_: argparse.Namespace) -> int:
    print(make_key())
    return 0


def _database() -> Database:
    settings = read_settings()
    return Database(settings.database_url, Cipher(settings.data_key))


def main() -> int:
    """Runs one command and gives its exit status."""
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, function, explanation in (
        ("run", _run, "start everything and stay in the foreground"),
        ("front", _front, "start the front alone"),
        ("train", _train, "train a model for the present data"),
        ("chat", _chat, "chat in the terminal with a running front"),
        ("migrate", _migrate, "bring the database to the newest tables"),
        ("requests", _requests, "list what patients want a person to read"),
        ("content", _content, "write a page with every text a doctor answers for, and check them"),
        ("block", _block, "keep a doctor, a room, a device or the clinic from being booked"),
        ("misfits", _misfits, "list booked visits that no longer fit clinic.yml"),
        ("export", _export, "write visits into a file for another program"),
        ("desk-password", _desk_password, "make a new password for the desk"),
        ("make-key", _make_key, "print a new key for DATA_KEY, SECRET_KEY or ENGINE_TOKEN"),
    ):
        command = commands.add_parser(name, help=explanation, description=explanation)
        command.set_defaults(function=function)
        if name == "train":
            command.add_argument(
                "--if-needed", action="store_true", help="only if no model fits the present data"
            )
        if name == "chat":
            command.add_argument("--session", default="", help="go on with this session")
        if name == "requests":
            command.add_argument("--close", metavar="ID", default="", help="mark one as done")
        if name == "block":
            command.add_argument(
                "resource", nargs="?", help="such as doctor:mehra, or clinic for everything"
            )
            command.add_argument(
                "since", nargs="?", metavar="from", help="such as 2026-11-30T10:00"
            )
            command.add_argument("until", nargs="?", metavar="to", help="the end, not included")
            command.add_argument("--reason", default="", help="for staff")
            command.add_argument(
                "--list", action="store_true", help="print the blocks that are not over"
            )
            command.add_argument("--remove", metavar="ID", default="", help="free one again")
        if name == "export":
            command.add_argument("what", choices=["visits"], help="what is written")
            command.add_argument(
                "--format", choices=["csv", "fhir"], required=True,
                help="a table, or FHIR R4 Appointments as JSON",
            )  # fmt: skip
            command.add_argument("--out", type=Path, required=True, help="where to write it")
            command.add_argument(
                "--from", dest="since", metavar="DATE", default="", help="the first day"
            )
            command.add_argument(
                "--to", dest="until", metavar="DATE", default="", help="the last day, included"
            )
            command.add_argument(
                "--with-names", action="store_true", help="with names and phones of patients"
            )
        if name == "content":
            command.add_argument(
                "what", nargs="?", choices=["diff"], help="what changed since its last approval"
            )
            command.add_argument(
                "--out", type=Path, default=Path("build/content.html"), help="where to write it"
            )
    arguments = parser.parse_args()
    try:
        return int(arguments.function(arguments))
    except (SettingsError, DataKeyError, StartError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
