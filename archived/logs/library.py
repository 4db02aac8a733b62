"""The only door to structlog.

structlog looks for rich, to draw tracebacks for developers, and loads it where it is installed. The daemon draws none,
and would carry 6 MB of it and wait a tenth of a second longer for its start.
"""

from __future__ import annotations

import sys

_absent = "rich" not in sys.modules
if _absent:
    # What the import system takes for a module that is not installed.
    sys.modules["rich"] = None  # type: ignore[assignment]
try:
    import structlog
finally:
    if _absent:
        del sys.modules["rich"]

__all__ = ["structlog"]
