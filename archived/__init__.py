"""Sees to it that every finished recording of a rig reaches the archive; docs/ARCHITECTURE.md is the map.

`from archived import Archive` is the interface for notebooks (docs/PYTHON.md); it is loaded when it is asked for, so
that the programs start without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archived.interface import AndList as AndList
    from archived.interface import Archive as Archive

__version__ = "0.1.0"

__all__ = ["AndList", "Archive", "__version__"]


def __getattr__(name: str) -> Any:
    """The names of the interface."""
    if name in ("AndList", "Archive"):
        from archived import interface

        return getattr(interface, name)
    raise AttributeError(f"module 'archived' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
