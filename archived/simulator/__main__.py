"""Runs a simulated Globus by itself: `python -m archived.simulator --collection UUID=DIR …`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from archived.errors import ConfigurationError
from archived.simulator.server import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code, 78 where it could not start."""
    parser = argparse.ArgumentParser(prog="python -m archived.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="an address of this machine only")
    parser.add_argument("--port", type=int, default=0, help="0 is any that is free")
    parser.add_argument(
        "--collection",
        action="append",
        default=[],
        metavar="UUID=DIR",
        help="a folder that stands for a collection; may be given again",
    )
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        folders = dict(_pair(text) for text in options.collection)
        serve(options.host, options.port, folders, _announce, stop)
    except ConfigurationError as error:
        print(f"{error} {error.what_to_do}".strip(), file=sys.stderr)
        return error.exit_code
    return 0


def _pair(text: str) -> tuple[str, str]:
    identifier, equals, folder = text.partition("=")
    if not equals or not folder:
        raise ConfigurationError(f"'{text}' is not UUID=DIR.")
    return identifier, folder


def _announce(environment: dict[str, str]) -> None:
    for name, value in environment.items():
        print(f"{name}={value}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
