"""Ctrl-C and SIGTERM end what runs until it is stopped, in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

_Handler = Callable[[int, FrameType | None], object] | signal.Handlers


@contextmanager
def stops_on_signals(stop: threading.Event) -> Iterator[None]:
    """Set `stop` on SIGINT and SIGTERM while the block lasts; only a main thread can hear them."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    with _handling({signal.SIGINT: on_signal, signal.SIGTERM: on_signal}):
        yield


@contextmanager
def ends_on_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM end the program at once while the block lasts: for questions, before anything is begun."""
    with _handling({signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}):
        yield


@contextmanager
def _handling(handlers: Mapping[signal.Signals, _Handler]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
