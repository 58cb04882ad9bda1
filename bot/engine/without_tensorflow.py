"""Lets Rasa be imported without TensorFlow, which nothing in our pipeline uses.

Rasa 3.6 imports TensorFlow wherever it defines a component of its own, also when none of them is
in the pipeline. Here that costs half of a start and half of the engine's memory
(docs/benchmarks.md). `leave_out` puts empty modules in their place: enough to define classes and
annotations with, and an error for whoever really calls one. The pinned Rasa will not change any
more; config.yml with a TensorFlow component needs `ENGINE_TENSORFLOW=1`.
"""

from __future__ import annotations

import importlib
import os
import sys
from abc import ABCMeta
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

LEFT_OUT = frozenset(
    {"jax", "keras", "tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text"}
)
VERSION = "2.12.0"


def leave_out() -> None:
    """Must be called before Rasa is imported; does nothing with `ENGINE_TENSORFLOW=1`."""
    if os.environ.get("ENGINE_TENSORFLOW") == "1":
        return
    # spaCy takes a no for an answer, but would believe an empty module.
    sys.modules.update(dict.fromkeys(LEFT_OUT))
    importlib.import_module("spacy")
    for name in LEFT_OUT:
        del sys.modules[name]
    sys.meta_path.insert(0, _Finder())


class _AbsentType(ABCMeta):
    """Whatever is asked of an absent class is another absent class."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _absent(f"{cls.__module__}.{name}")

    def __getitem__(cls, _: object) -> Any:
        return cls


def _absent(name: str) -> Any:
    """A class that can be a base, an annotation or a decorator, and nothing else."""
    return _AbsentType(name.rpartition(".")[2], (), {"__module__": name, "__new__": _decorate})


def _decorate(cls: type, *args: Any, **kwargs: Any) -> Any:
    if len(args) == 1 and callable(args[0]) and not kwargs:
        return args[0]
    if cls.__dict__.get("__new__") is not None:
        return lambda decorated: decorated
    raise RuntimeError(f"{cls.__name__} needs TensorFlow: set ENGINE_TENSORFLOW=1")


class _AbsentModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return VERSION
        if name.startswith("__"):
            raise AttributeError(name)
        made = _absent(f"{self.__name__}.{name}")
        setattr(self, name, made)
        return made


class _Finder(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in LEFT_OUT:
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _AbsentModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is executed."""
