"""Runs a process of the house with timers: `python -m bench.inside.timed OUT MODULE ARGUMENT...`.

The product's code knows nothing of it: functions are wrapped as soon as Python has imported their
module. At the end OUT becomes a JSON list of spans: `[name, root, start, seconds, own seconds]`;
`root` is the name of the outermost span, empty in work that no request waits for, and `own` is
without the spans inside. Times are CLOCK_MONOTONIC's, which all processes of a machine share.
"""

from __future__ import annotations

import atexit
import functools
import inspect
import json
import runpy
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

FRONT, ENGINE, ACTIONS = "front", "engine", "actions"
CALL_OF_ENGINE, CALL_OF_ACTIONS = "call of the engine", "call of the actions"
PARSE, DATABASE, TRACKERS = "parse", "database", "trackers"

spans: list[tuple[str, str, float, float, float]] = []


class _Open:
    """A span that has not ended."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.inside = 0.0
        self.is_over = False


_open: ContextVar[_Open | None] = ContextVar("open", default=None)


@contextmanager
def span(name: str) -> Iterator[None]:
    """Times what happens inside; a request's own thread, task or a thread that it waits for."""
    around = _open.get()
    if around and around.is_over:
        around = None  # the request is answered, and nobody waits any more
    here = _Open(around.root if around else name if name in (FRONT, ENGINE, ACTIONS) else "")
    token = _open.set(here)
    began = time.monotonic()
    try:
        yield
    finally:
        seconds = time.monotonic() - began
        here.is_over = True
        _open.reset(token)
        if around and not around.is_over:
            around.inside += seconds
        spans.append((name, here.root, began, seconds, seconds - here.inside))


def timed(owner: type, method: str, name: str) -> None:
    """Wraps a method: a plain one, an async one or one that gives a context manager."""
    setattr(owner, method, _timed(getattr(owner, method), name))


def _database(module: Any) -> None:
    for unit in ("work", "look", "note"):
        timed(module.Database, unit, DATABASE)


def _timed(original: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(original)
    async def waits(*args: Any, **kwargs: Any) -> Any:
        with span(name):
            return await original(*args, **kwargs)

    @contextmanager
    def gives(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with span(name), original(*args, **kwargs) as given:
            yield given

    @functools.wraps(original)
    def returns(*args: Any, **kwargs: Any) -> Any:
        with span(name):
            return original(*args, **kwargs)

    if inspect.iscoroutinefunction(original):
        return waits
    return gives if inspect.isgeneratorfunction(inspect.unwrap(original)) else returns


def _graph(module: Any) -> None:
    """Every node of Rasa's graph under the name of its component."""
    original = module.GraphNode.__call__

    def wrapper(node: Any, *args: Any, **kwargs: Any) -> Any:
        with span(node._component_class.__name__):
            return original(node, *args, **kwargs)

    module.GraphNode.__call__ = wrapper


def _tracker_stores(module: Any) -> None:
    for thing in list(vars(module).values()):
        if inspect.isclass(thing) and thing.__module__ == module.__name__:
            for method in {"retrieve", "save"} & set(dir(thing)):
                timed(thing, method, TRACKERS)


def _starlette(module: Any) -> None:
    original = module.Starlette.__call__

    async def wrapper(app: Any, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            with span(FRONT):
                await original(app, scope, receive, send)
        else:
            await original(app, scope, receive, send)

    module.Starlette.__call__ = wrapper


def _engine_client(module: Any) -> None:
    for call in ("turn", "record"):
        timed(module.Engine, call, CALL_OF_ENGINE)


def _sanic(module: Any, server: str) -> None:
    """Sanic compiles `Sanic.handle_request` anew when it starts, so the caller is told another."""
    original = module.HttpProtocol.__init__

    def wrapper(protocol: Any, *args: Any, **kwargs: Any) -> None:
        original(protocol, *args, **kwargs)
        protocol.request_handler = _timed(protocol.request_handler, server)

    module.HttpProtocol.__init__ = wrapper


def _wrappers(server: str) -> dict[str, Callable[[Any], None]]:
    """What is done to a module when it has been imported; `server` names Sanic's requests."""
    return {
        "starlette.applications": _starlette,
        "bot.door.engine": _engine_client,
        "bot.store.database": _database,
        "sanic.server.protocols.http_protocol": lambda module: _sanic(module, server),
        "rasa.core.processor": lambda module: timed(
            module.MessageProcessor, "parse_message", PARSE
        ),
        "rasa.engine.graph": _graph,
        "rasa.core.actions.action": lambda module: timed(
            module.RemoteAction, "run", CALL_OF_ACTIONS
        ),
        "bot.engine.tracker_store": _tracker_stores,
    }


class _AfterImport(MetaPathFinder):
    """Finds the modules that are to be wrapped as Python does, and wraps them once executed."""

    def __init__(self, wrappers: dict[str, Callable[[Any], None]]) -> None:
        self._wrappers = wrappers

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """The usual spec, with a loader that wraps afterwards."""
        if name not in self._wrappers:
            return None
        found = PathFinder.find_spec(name, path, target)
        if found and found.loader:
            found.loader = _Wrapping(found.loader, self._wrappers.pop(name))
        return found


class _Wrapping(Loader):
    def __init__(self, usual: Any, wrap: Callable[[Any], None]) -> None:
        self._usual, self._wrap = usual, wrap

    def create_module(self, spec: ModuleSpec) -> Any:
        return self._usual.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._usual.exec_module(module)
        self._wrap(module)


def main(out: str, module: str, *arguments: str) -> None:
    """Runs a module as `python -m` does."""
    server = ENGINE if module == "bot.engine" else ACTIONS
    sys.meta_path.insert(0, _AfterImport(_wrappers(server)))
    # uvicorn ends by sending itself the signal again, which would end Python without `atexit`.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    atexit.register(lambda: Path(out).write_text(json.dumps(spans), "utf-8"))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
