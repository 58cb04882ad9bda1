"""Starts the engine: `python -m bot.engine MODEL`, on loopback, with Rasa's HTTP API off."""

from __future__ import annotations

import logging
import os
import sys

# Before Rasa is imported: TensorFlow, which Rasa imports, talks at length otherwise.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")

from bot import logs
from bot.engine.without_tensorflow import leave_out
from bot.settings import read_settings

logs.configure("engine", read_settings().log_level)
leave_out()

from asyncio import AbstractEventLoop

import structlog
from rasa.core.run import serve_application
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.core.utils import AvailableEndpoints
from rasa.utils.endpoints import EndpointConfig
from rasa.utils.log_utils import configure_structlog
from sanic import Sanic

from bot.data_files import ROOT
from bot.engine.remote_actions import check_the_schema_once
from bot.engine.runner import PlannedRunner
from bot.engine.trusted_domain import read_the_domain_once

logger = logging.getLogger("bot.engine")


async def plan_the_graph(app: Sanic, _: AbstractEventLoop) -> None:
    """Puts the runner that plans once in the place of Rasa's; the components stay the same."""
    processor = app.ctx.agent.processor
    if processor is not None:
        processor.graph_runner = PlannedRunner.in_place_of(processor.graph_runner)


async def fail_turns_without_memory(app: Sanic, _: AbstractEventLoop) -> None:
    """Takes Rasa's wrapper off the tracker store.

    It would answer a turn from an empty memory when the store cannot be read: the patient would
    be a stranger in the middle of a booking. Without it the turn fails, and the door answers.
    """
    agent = app.ctx.agent
    if not agent.is_ready():
        logger.critical("no model could be loaded: run make train")
        app.stop()
        return
    store = agent.tracker_store
    if isinstance(store, FailSafeTrackerStore):
        agent.tracker_store = agent.processor.tracker_store = store._tracker_store


def main(model: str) -> None:
    """Serves one model until it is told to stop."""
    settings = read_settings()
    logs.configure("engine", settings.log_level)
    configure_structlog(logging.DEBUG if settings.log_level == "DEBUG" else logging.WARNING)
    structlog.configure(cache_logger_on_first_use=False)
    check_the_schema_once()
    read_the_domain_once()
    endpoints = AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml"))
    endpoints.action = EndpointConfig(
        f"{settings.actions_url}/webhook", enable_selective_domain=True
    )
    serve_application(
        model_path=model,
        interface="127.0.0.1",
        port=settings.engine_port,
        credentials=str(ROOT / "credentials.yml"),
        enable_api=False,
        endpoints=endpoints,
        server_listeners=[
            (fail_turns_without_memory, "after_server_start"),
            (plan_the_graph, "after_server_start"),
        ],
    )


if __name__ == "__main__":
    main(sys.argv[1])
