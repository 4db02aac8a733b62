"""`archived`: the daemon, in the foreground."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from archived import __version__, clock, config, logs, memory, systemd
from archived.app import Application, assembled, look_for_garbage_seldom
from archived.config import Configuration
from archived.daemon.outage import Outage
from archived.daemon.surroundings import Log
from archived.errors import (
    ArchivedError,
    ConfigurationError,
    StoreDamagedError,
    StoreError,
)
from archived.secrecy.memory import keep_to_itself
from archived.store.address import parse

NEEDS_A_PERSON = 3
"""Also the exit code where starting again would find the same: systemd leaves the service alone then."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the daemon; the exit codes are those of its `--help`."""
    options = _parser().parse_args(arguments)
    keep_to_itself()
    memory.share_a_heap()
    configuration: Configuration | None = None
    try:
        path = config.find(options.config, os.environ)
        configuration = load(path)
        return Service(path, configuration, begin_log(options.log_format)).run(
            until_idle=options.until_idle
        )
    except ArchivedError as error:
        print(f"archived: {error}", file=sys.stderr)  # noqa: T201 - before there is a log, or instead
        if error.what_to_do:
            print(f"archived: {error.what_to_do}", file=sys.stderr)  # noqa: T201
        return _exit_code_of(error, configuration)


def _exit_code_of(error: ArchivedError, configuration: Configuration | None) -> int:
    """Nobody but a person at this rig mends a damaged file; a server is mended elsewhere, and then this one goes on."""
    in_file = configuration is not None and parse(configuration.store).path is not None
    return NEEDS_A_PERSON if in_file and isinstance(error, StoreDamagedError) else error.exit_code


def load(path: Path) -> Configuration:
    """The configuration, held against the disk too; a secret that must not be used ends it here.

    Raises `ConfigurationError`.
    """
    configuration = config.load(path, os.environ)
    mistakes = config.mistakes_on_disk(configuration, os.environ)
    if mistakes:
        raise config.MistakesError(str(path), mistakes)
    # Whatever is secret in them the log leaves out from here on.
    configuration.globus.client_secret()
    parse(configuration.store)
    return configuration


def begin_log(wanted: logs.Format | None) -> Log:
    """Set up the log: as asked for, else the journal under systemd, else what suits standard error."""
    if wanted is None and systemd.connected_to_journal(sys.stderr.fileno(), os.environ):
        wanted = "journal"
    logs.configure(wanted, send=systemd.journal_sender() if wanted == "journal" else None)
    logs.take_the_uncaught()
    log: Log = logs.get()
    return log


class Service:
    """The process: signals, reloading, and what systemd is told."""

    def __init__(self, path: Path, configuration: Configuration, log: Log) -> None:
        self._path = path
        self._configuration = configuration
        self._log = log
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._ended = False
        self._notifier = systemd.Notifier(os.environ)
        self._ready = False

    def run(self, *, until_idle: bool) -> int:
        """Run until a signal ends it, building everything anew after each reload."""
        for name in ("SIGTERM", "SIGINT"):
            signal.signal(getattr(signal, name), self._on_stop)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self._on_reload)
        while True:
            self._stop.clear()
            if self._ended:  # a signal that came between the reload and here is not lost
                self._stop.set()
            code = self._serve(until_idle=until_idle)
            if self._ended or not self._stop.is_set():
                self._notifier.stopping()
                self._log.info("daemon stopping")
                return code
            self._reload()

    def _serve(self, *, until_idle: bool) -> int:
        """Run what one configuration describes, until there is another or it is over; returns the exit code."""
        with ExitStack() as stack:
            application = self._begin(stack, until_idle=until_idle)
            if application is None:
                return 0
            self._log.info("daemon started", version=__version__, rig=self._configuration.rig)
            application.run(
                after_tick=lambda: self._after_tick(application),
                alive=self._alive,
                troubled=self._notifier.status,
                until_idle=until_idle,
            )
            return self._exit_code(application, until_idle=until_idle)

    def _begin(self, stack: ExitStack, *, until_idle: bool) -> Application | None:
        """Put everything together, waiting for the store of a server that is away; None where it is to stop first.

        A store in a file is not waited for, as nobody brings it back; nor does `--until-idle`, of which an answer
        is expected.
        """
        served = "://" in self._configuration.store
        outage = Outage(
            self._log,
            served=served,
            stop=self._stop,
            alive=self._alive,
            troubled=self._notifier.status,
        )
        while not self._stop.is_set():
            try:
                application = stack.enter_context(
                    assembled(
                        self._configuration,
                        self._log,
                        stop=self._stop,
                        wake=self._wake,
                        hurry=until_idle,
                        pid=os.getpid(),
                    )
                )
            except StoreError as error:
                if until_idle or not served:
                    raise
                outage.wait(error, clock.now())
            else:
                outage.over(clock.now())
                return application
        return None

    def _alive(self) -> None:
        """Keep systemd from ending a daemon that waits for what a restart would not bring."""
        if self._ready:
            self._notifier.watchdog()
        else:
            self._notifier.still_starting()

    def _exit_code(self, application: Application, *, until_idle: bool) -> int:
        if until_idle and not self._ended and application.daemon.needs_a_person():
            return NEEDS_A_PERSON
        return 0

    def _after_tick(self, application: Application) -> None:
        text = _summary(application)
        if not self._ready:
            self._ready = True
            self._notifier.ready(text)
            look_for_garbage_seldom()
        self._notifier.status(text or "nothing to do")

    def _reload(self) -> None:
        self._notifier.reloading(monotonic=clock.monotonic())
        try:
            self._configuration = load(self._path)
            self._log.info("configuration reloaded", path=str(self._path))
        except ConfigurationError as error:
            self._log.error("configuration refused", error=str(error))
        self._ready = False

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._ended = True
        self._stop.set()
        self._wake.set()

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()
        self._wake.set()


def _summary(application: Application) -> str:
    """What `systemctl status` says."""
    if not application.daemon.begun:
        return "reading the store"
    counts = application.store.counts()
    return ", ".join(f"{number} {state}" for state, number in counts.items() if number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="archived",
        description="Archives every finished recording of this rig, and proves it.",
        epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 something needs a person, "
        "4 not logged in or not permitted, 78 bad configuration.",
    )
    parser.add_argument("-c", "--config", metavar="FILE", help="the configuration")
    parser.add_argument(
        "--until-idle", action="store_true", help="do all there is to do, then exit"
    )
    parser.add_argument("--log-format", choices=["json", "console", "journal"])
    parser.add_argument("--version", action="version", version=f"archived {__version__}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
