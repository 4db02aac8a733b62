"""What nobody caught goes to the log too, as one entry without secrets, in place of the interpreter's own words."""

from __future__ import annotations

import sys
import threading
from types import TracebackType

from archived.logs.library import structlog

EVENT = "mistake in this program"


def take_the_uncaught() -> None:
    """From here on an exception that ends the process, or a thread, is an entry of the log."""
    sys.excepthook = _of_process
    threading.excepthook = _of_thread
    sys.unraisablehook = _of_nobody


def _of_process(
    _kind: type[BaseException], error: BaseException, _where: TracebackType | None
) -> None:
    structlog.get_logger().critical(EVENT, exc_info=error)


def _of_thread(happened: threading.ExceptHookArgs) -> None:
    if happened.exc_value is not None and happened.exc_type is not SystemExit:
        name = happened.thread.name if happened.thread is not None else ""
        structlog.get_logger().critical(EVENT, thread=name, exc_info=happened.exc_value)


def _of_nobody(happened: sys.UnraisableHookArgs) -> None:
    if happened.exc_value is not None:
        structlog.get_logger().error(EVENT, exc_info=happened.exc_value)
