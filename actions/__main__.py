"""Starts the action server: `python -m actions`, on loopback."""

from __future__ import annotations

from typing import Any

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor

from actions.base import SafeAction
from actions.fallback import NotUnderstood
from actions.fixed import OtherLanguage, OutOfScope
from actions.menu import Menu
from actions.team import PassToTeam, ReportReaction, StopMessages
from bot import logs
from bot.clinic.clock import Clock
from bot.data_files import DATA, button_labels
from bot.encryption import Cipher
from bot.settings import clock_offset, read_settings
from bot.store.database import Database


class Executor(ActionExecutor):
    """The SDK's executor, for an engine that does not send the domain.

    With `enable_selective_domain` Rasa 3.6 leaves it out, a third less of a turn; newer SDKs then
    ask for it by a digest that Rasa 3.6 does not know. Our actions never read it.
    """

    def update_and_return_domain(self, payload: dict[str, Any], action_name: str) -> dict[str, Any]:
        """The domain if it was sent, else an empty one."""
        return payload.get("domain") or {}


def all_actions(database: Database, clock: Clock) -> list[SafeAction]:
    """Every custom action of domain.yml."""
    return [
        Menu(database, clock),
        NotUnderstood(database, clock, button_labels(DATA)),
        OtherLanguage(database, clock),
        OutOfScope(database, clock),
        PassToTeam(database, clock),
        ReportReaction(database, clock),
        StopMessages(database, clock),
    ]


def main() -> None:
    """Serves the actions until it is told to stop."""
    settings = read_settings()
    logs.configure("actions", settings.log_level)
    database = Database(settings.database_url, Cipher(settings.data_key))
    executor = Executor()
    for action in all_actions(database, Clock(clock_offset(settings))):
        executor.register_action(action)
    app = create_app(executor, cors_origins=None)
    app.run(
        host="127.0.0.1",
        port=settings.actions_port,
        single_process=True,
        motd=False,
        access_log=False,
    )


if __name__ == "__main__":
    main()
