"""How far a run of `publish`, `discover`, `retrieve` or `verify` is: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from archived.cli.output import talk
from archived.core.lifecycle import State
from archived.core.paths import printable
from archived.core.units import format_size

if TYPE_CHECKING:
    from archived.discover.walking import WalkProgress
    from archived.retrieve import Progress as BringProgress
    from archived.verify.values import Progress as VerifyProgress

FOLDERS_A_LINE = 500
"""After how many more folders a line is said where there is no terminal to draw a bar on."""


class Reporter(Protocol):
    """Is told how far everything is, after every turn."""

    def tell(self, counts: Mapping[State, int], done: int, total: int) -> None:
        """`done` of `total` bytes of what travels at the moment."""


class Silent:
    """For scripts: says nothing."""

    def tell(self, counts: Mapping[State, int], done: int, total: int) -> None:
        """See `Reporter.tell`."""


class Lines:
    """Says how many datasets are in which state, when that changed."""

    def __init__(self) -> None:
        self._said = ""

    def tell(self, counts: Mapping[State, int], done: int, total: int) -> None:
        """See `Reporter.tell`."""
        text = in_words(counts)
        if text and text != self._said:
            talk(text)
            self._said = text


@contextmanager
def reporting(environ: Mapping[str, str], *, quiet: bool) -> Iterator[Reporter]:
    """What suits the terminal, on standard error: the result is on standard output."""
    if quiet:
        yield Silent()
    elif sys.stderr.isatty() and environ.get("TERM") != "dumb":
        from archived.cli.draw import progress_bar

        with progress_bar(environ) as bar:
            yield bar
    else:
        yield Lines()


def in_words(counts: Mapping[State, int]) -> str:
    """`2 transferring, 5 archived`."""
    return ", ".join(f"{number} {state}" for state, number in counts.items() if number)


class WalkReporter(Protocol):
    """Is told how far a walk over an archive is, twice a second."""

    def tell(self, walk: WalkProgress) -> None:
        """`walk` has the counts so far."""


class SilentWalk:
    """For scripts: says nothing."""

    def tell(self, walk: WalkProgress) -> None:
        """See `WalkReporter.tell`."""


class WalkLines:
    """Says how far it is after every so many folders, and why it waits."""

    def __init__(self) -> None:
        self._next = FOLDERS_A_LINE
        self._waiting_for = ""

    def tell(self, walk: WalkProgress) -> None:
        """See `WalkReporter.tell`."""
        done = walk.folders.done + walk.folders.refused
        if done >= self._next:
            talk(f"{walk_in_words(walk)}, {done} folders, {walk.folders.left} more are known of")
            self._next = done + FOLDERS_A_LINE
        if walk.waiting_for and walk.waiting_for != self._waiting_for:
            talk(f"{walk.location}: waiting, as {walk.waiting_for}")
        self._waiting_for = walk.waiting_for


@contextmanager
def reporting_walks(environ: Mapping[str, str], *, quiet: bool) -> Iterator[WalkReporter]:
    """As `reporting`, for walks over archives."""
    if quiet:
        yield SilentWalk()
    elif sys.stderr.isatty() and environ.get("TERM") != "dumb":
        from archived.cli.draw import folder_bar

        with folder_bar(environ) as bar:
            yield bar
    else:
        yield WalkLines()


def walk_in_words(walk: WalkProgress) -> str:
    """`raw-ephys: 1204 files`, and why it waits, in short."""
    waits = ", the archive asks to wait" if walk.waiting_for else ""
    return f"{printable(walk.location)}: {walk.files} files{waits}"


class BringReporter(Protocol):
    """Is told how far a retrieval is."""

    def tell(self, progress: BringProgress) -> None:
        """`progress` says with what, and the numbers of that."""


class SilentBringing:
    """For scripts: says nothing."""

    def tell(self, progress: BringProgress) -> None:
        """See `BringReporter.tell`."""


class BringLines:
    """Says what is being done when that changes, and how much has come after every tenth of it."""

    def __init__(self) -> None:
        self._said = ""

    def tell(self, progress: BringProgress) -> None:
        """See `BringReporter.tell`."""
        text = f"{progress.doing} …"
        if progress.bytes:
            tenths = progress.bytes_done * 10 // progress.bytes
            text = f"{progress.doing}: {tenths * 10} % of {format_size(progress.bytes)}"
        if text != self._said:
            talk(text)
            self._said = text


@contextmanager
def reporting_bringing(environ: Mapping[str, str], *, quiet: bool) -> Iterator[BringReporter]:
    """As `reporting`, for what comes back from archives."""
    if quiet:
        yield SilentBringing()
    elif sys.stderr.isatty() and environ.get("TERM") != "dumb":
        from archived.cli.draw import bringing_bar

        with bringing_bar(environ) as bar:
            yield bar
    else:
        yield BringLines()


class VerifyReporter(Protocol):
    """Is told how far a verification is."""

    def tell(self, progress: VerifyProgress) -> None:
        """`progress` counts folders while sizes are looked at, then bytes."""


class SilentVerifying:
    """For scripts: says nothing."""

    def tell(self, progress: VerifyProgress) -> None:
        """See `VerifyReporter.tell`."""


class VerifyLines:
    """Says what is looked at when that changes, then after every tenth of it."""

    def __init__(self) -> None:
        self._said = ""

    def tell(self, progress: VerifyProgress) -> None:
        """See `VerifyReporter.tell`."""
        tenths = progress.done * 10 // progress.total if progress.total else 0
        text = f"{printable(progress.location)}: {progress.doing}, {tenths * 10} %"
        if progress.waiting_for:
            text += f", waiting, as {progress.waiting_for}"
        if text != self._said:
            talk(text)
            self._said = text


@contextmanager
def reporting_verifying(environ: Mapping[str, str], *, quiet: bool) -> Iterator[VerifyReporter]:
    """As `reporting`, for looks whether archives hold what was archived."""
    if quiet:
        yield SilentVerifying()
    elif sys.stderr.isatty() and environ.get("TERM") != "dumb":
        from archived.cli.draw import verifying_bar

        with verifying_bar(environ) as bar:
            yield bar
    else:
        yield VerifyLines()
