"""The only door to structlog, which is loaded without two libraries that we use nothing of.

structlog looks for rich, to draw tracebacks for developers, and for asyncio, which it uses when it is called from there.
Both are most of what it costs: the daemon would carry 9 MB of them and wait a tenth of a second longer for its start.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

__all__ = ["structlog"]


class _Later(ModuleType):
    """Stands for a module, which is loaded when the first of its names is asked for."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


@contextlib.contextmanager
def _found_as(name: str, module: ModuleType | None) -> Iterator[None]:
    """Whoever loads a module meanwhile is given another one, unless it is loaded already; None is none at all."""
    if name in sys.modules:
        yield
        return
    modules: dict[str, Any] = sys.modules
    modules[name] = module
    try:
        yield
    finally:
        del modules[name]


with _found_as("rich", None), _found_as("asyncio", _Later("asyncio")):
    import structlog
