"""Who called: where the configuration is, what time it is, and what the terminal can do."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

from archived import clock
from archived.cli.output import Page, print_page, talk

if TYPE_CHECKING:
    from archived.config import Configuration
    from archived.store import Reader, Store

P = ParamSpec("P")
T = TypeVar("T")


class Caller:
    """What every command is given. Tests give their own `environ`, `now` and `stop`; `config` is what `-c` said."""

    def __init__(
        self,
        *,
        environ: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = clock.now,
        stop: threading.Event | None = None,
        config: str | None = None,
    ) -> None:
        self.environ = os.environ if environ is None else environ
        self.now = now
        self.stop = threading.Event() if stop is None else stop
        self.config = config

    @property
    def config_path(self) -> Path:
        """The configuration file in use. Raises `ConfigurationError` where there is none."""
        from archived import config

        return Path(config.find(self.config, self.environ))

    @cached_property
    def configuration(self) -> Configuration:
        """The configuration. Raises `ConfigurationError` with every mistake in it."""
        from archived import config

        return config.load(self.config_path, self.environ)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The store of this rig, which must exist. Raises `StoreError` and its children."""
        from archived.store import Store

        configuration = self.configuration
        with Store.open(configuration.store, rig=configuration.rig, now=self.now()) as store:
            tell_of_upgrade(store)
            yield store

    @contextmanager
    def reading(self, *, upgrade: bool = True) -> Iterator[Reader]:
        """The store of this rig, to look at: as `store`, without what only writing needs.

        Without `upgrade`, a store of an older release is left so, and a `StoreError` is raised.
        """
        from archived.store.reading import open_to_read

        configuration = self.configuration
        with open_to_read(
            configuration.store, rig=configuration.rig, now=self.now(), upgrade=upgrade
        ) as store:
            tell_of_upgrade(store)
            yield store

    def refresh_subjects(self, store: Store) -> None:
        """Read the lab's list of subjects if it is another one than was read last, and no daemon does so."""
        from archived.subjects import refresh

        if not store.is_known():
            # A machine that only reads has nothing to say about animals.
            return
        configuration = self.configuration
        refresh(store, configuration.subjects.file, configuration.h2o, self.now())

    @property
    def name(self) -> str:
        """The person who typed the command, for the record."""
        if self.environ.get("SUDO_USER"):
            return self.environ["SUDO_USER"]
        try:
            from getpass import getuser

            return getuser()
        except (ImportError, KeyError, OSError):
            return "somebody"

    def show(self, page: Page) -> None:
        """Print a page to standard output."""
        print_page(page, self.environ)


def tell_of_upgrade(store: Reader) -> None:
    """Say what opening a store of an older release did to it."""
    if store.upgraded is not None:
        talk(str(store.upgraded))


def caller_of(ctx: click.Context) -> Caller:
    """The caller of a command, also while its words are still being completed."""
    caller = ctx.find_root().ensure_object(Caller)
    caller.config = ctx.find_root().params.get("config")
    return caller


def pass_caller(function: Callable[Concatenate[Caller, P], T]) -> Callable[P, T]:
    """Give a command its caller as the first argument."""

    @wraps(function)
    def wrapped(*arguments: P.args, **options: P.kwargs) -> T:
        return function(caller_of(click.get_current_context()), *arguments, **options)

    return wrapped
