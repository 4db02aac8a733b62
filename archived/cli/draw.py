"""The only module that draws with rich: a live view and progress bars on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from archived.cli.layout import laid_out
from archived.cli.output import Cell, Page, colourful
from archived.cli.progress import in_words, walk_in_words
from archived.core.lifecycle import State
from archived.core.paths import printable

if TYPE_CHECKING:
    from archived.discover.walking import WalkProgress
    from archived.retrieve import Progress as BringProgress
    from archived.verify.values import Progress as VerifyProgress


def console_of(environ: Mapping[str, str], *, stderr: bool = False) -> Console:
    """The terminal. Without colours it gets no escape sequences for styles at all."""
    return Console(
        stderr=stderr,
        color_system="auto" if colourful(environ) else None,
        highlight=False,
        markup=False,
    )


class LiveView:
    """A page that is drawn again in its place."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def update(self, page: Page) -> None:
        """Show another page instead."""
        width = self._live.console.width
        self._live.update(renderable(page, width), refresh=True)


@contextmanager
def live_view(environ: Mapping[str, str]) -> Iterator[LiveView]:
    """A view that stays until the block ends."""
    with Live(console=console_of(environ), auto_refresh=False, vertical_overflow="crop") as live:
        yield LiveView(live)


class Bar:
    """A progress bar over the bytes that travel, with the counts beside it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bar = progress.add_task("looking", total=None)

    def tell(self, counts: Mapping[State, int], done: int, total: int) -> None:
        """See `progress.Reporter.tell`."""
        self.say(in_words(counts) or "looking", done, total)

    def say(self, text: str, done: int, total: int) -> None:
        """The text beside the bar, and how far it is; without a total it only moves to and fro."""
        self._progress.update(self._bar, description=text, completed=done, total=total or None)


@contextmanager
def progress_bar(environ: Mapping[str, str]) -> Iterator[Bar]:
    """A bar on standard error that is gone when the block ends."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
    )
    console = console_of(environ, stderr=True)
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bar(progress)


class BringBar:
    """A progress bar over the bytes that come back, with what is being done."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar

    def tell(self, progress: BringProgress) -> None:
        """See `progress.BringReporter.tell`."""
        text = f"{progress.doing}, {progress.files_done} of {progress.files}"
        self._bar.say(text, progress.bytes_done, progress.bytes)


@contextmanager
def bringing_bar(environ: Mapping[str, str]) -> Iterator[BringBar]:
    """A bar on standard error that is gone when the block ends."""
    with progress_bar(environ) as bar:
        yield BringBar(bar)


class VerifyBar:
    """A progress bar over the folders that are listed, then over the bytes that are compared."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bar = progress.add_task("looking", total=None)

    def tell(self, progress: VerifyProgress) -> None:
        """See `progress.VerifyReporter.tell`."""
        waits = ", the archive asks to wait" if progress.waiting_for else ""
        text = f"{printable(progress.location)}: {progress.doing}, {progress.files} files{waits}"
        self._progress.update(
            self._bar, description=text, completed=progress.done, total=progress.total or None
        )


@contextmanager
def verifying_bar(environ: Mapping[str, str]) -> Iterator[VerifyBar]:
    """A bar on standard error that is gone when the block ends."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeRemainingColumn(compact=True),
    )
    console = console_of(environ, stderr=True)
    with Progress(*columns, console=console, transient=True) as progress:
        yield VerifyBar(progress)


class FolderBar:
    """A progress bar over the folders of an archive that were met, with the names of what is walked."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bar = progress.add_task("looking", total=None)

    def tell(self, walk: WalkProgress) -> None:
        """See `progress.WalkReporter.tell`."""
        folders = walk.folders
        self._progress.update(
            self._bar,
            description=walk_in_words(walk),
            completed=folders.done + folders.refused,
            total=folders.done + folders.refused + folders.left,
        )


@contextmanager
def folder_bar(environ: Mapping[str, str]) -> Iterator[FolderBar]:
    """A bar on standard error that is gone when the block ends."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
    )
    console = console_of(environ, stderr=True)
    with Progress(*columns, console=console, transient=True) as progress:
        yield FolderBar(progress)


def renderable(page: Page, width: int) -> Group:
    """A page as rich wants it. Texts are never read as markup."""
    return Group(*(Text("").join(map(_text, cells)) for cells in laid_out(page, width)))


def _text(cell: Cell) -> Text:
    return Text(cell.text, style=str(cell.style))
