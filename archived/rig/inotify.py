"""watchdog's only home: one root watched through Linux' inotify, with watchdog's own ways put right.

watchdog 7.1 rebuilds all its watches when the kernel's queue overflows, which above a few thousand folders
overflows the queue again, for ever; it does not tell of folders that it could not watch; an exception in one of
its threads ends that thread in silence; and its warnings hold the path of every watched folder. So four of its
parts are replaced here. The private names on which that rests are pinned by tests and by the version in
pyproject.toml.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver, EventQueue, ObservedWatch
from watchdog.observers.inotify import InotifyEmitter, InotifyWatchGroup
from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyEvent,
    InotifyFD,
    Mask,
    Watch,
    WatchCallback,
    WatchDescriptor,
    inotify_add_watch,
)
from watchdog.utils import BaseThread

from archived.rig.report import Report

EVENT_FILTER: list[type[FileSystemEvent]] = [
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]
"""Never all of them: opening and reading raise events too, and a look of our own would fill the queue."""


class Reader(InotifyFD):
    """Reads the kernel's queue; an exception while one event is handled costs that event, not the thread."""

    def __init__(self, report: Report) -> None:
        try:
            super().__init__()
        except OSError:
            # There was an instance still, but no pipe any more to go with it.
            instance = getattr(self, "_inotify_fd", None)
            if instance is not None:
                os.close(instance)
            raise
        self._report = report

    def start(self) -> None:
        try:
            super().start()
        except RuntimeError:
            self._is_reading = False
            raise

    def run(self) -> None:
        try:
            super().run()
        except Exception as error:  # noqa: BLE001 - watched from outside, which builds a new one
            # Nobody reads any more, so whoever closes has to let go of the descriptors.
            self._is_reading = False
            self._report.failed(error)

    def handle_event(self, event: InotifyEvent) -> None:
        try:
            if event.is_queue_overflow:
                self._report.overflowed()
            else:
                super().handle_event(event)
        except Exception as error:  # noqa: BLE001
            self._report.failed(error)

    def _add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """Like the original, but refused permission is an error like any other, and nothing is warned of."""
        wd = inotify_add_watch(self._inotify_fd, path, mask)
        if wd == -1:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
        watch = self._watch_for_wd.setdefault(wd, Watch(wd, mask, path))
        watch.callbacks[id_] = callback
        return wd


@dataclass(eq=False, repr=False)
class WatchGroup(InotifyWatchGroup):
    """The watches of one root; tells of those it could not have, and leaves overflows alone."""

    report: Report = field(default_factory=Report)

    @property
    def watched(self) -> int:
        """How many folders it watches."""
        return len(self._active_callbacks_by_path)

    def on_queue_overflow(self) -> None:
        """Nothing: `Reader` tells of it, and whoever hears it builds everything anew, with an empty queue."""

    def _add_callback(self, path: bytes) -> None:
        try:
            wd = self._inotify_fd.add_callback(path, self.event_mask, self._callback, self._id)
        except OSError as error:
            if path == self.path:
                raise
            self.report.not_watched(path, error)
            return
        self.report.unwatched.discard(path)
        self._active_callbacks_by_path[path] = wd
        self._active_callbacks_by_watch[wd] = path


class Emitter(InotifyEmitter):
    """Turns what the group read into events; built as the original, with our group."""

    def __init__(
        self,
        event_queue: EventQueue,
        watch: ObservedWatch,
        *,
        timeout: float,
        event_filter: list[type[FileSystemEvent]] | None,
        inotify_fd: InotifyFD,
        report: Report,
    ) -> None:
        super().__init__(
            event_queue, watch, timeout=timeout, event_filter=event_filter, inotify_fd=inotify_fd
        )
        self.report = report

    def on_thread_start(self) -> None:
        self._inotify = WatchGroup(
            self._inotify_fd,
            os.fsencode(self.watch.path),
            event_mask=self.get_event_mask_from_filter(),
            is_recursive=self.watch.is_recursive,
            follow_symlink=False,
            report=self.report,
        )

    def queue_events(self, timeout: float, *, full_events: bool = False) -> None:
        try:
            super().queue_events(timeout, full_events=full_events)
        except Exception as error:  # noqa: BLE001
            self.report.failed(error)

    @property
    def watched(self) -> int:
        """How many folders it watches."""
        return self._inotify.watched if isinstance(self._inotify, WatchGroup) else 0


class Handler(FileSystemEventHandler):
    """Passes paths on, and nothing else; it cannot raise, as that would end the observer's thread."""

    def __init__(self, on_path: Callable[[str, bool], None], report: Report) -> None:
        self._on_path = on_path
        self._report = report

    def dispatch(self, event: FileSystemEvent) -> None:
        try:
            for path in (event.src_path, event.dest_path):
                if path:
                    self._on_path(os.fsdecode(path), event.is_directory)
        except Exception as error:  # noqa: BLE001
            self._report.failed(error)


class InotifySession:
    """One root (and the canary's folder) watched from `start` to `stop`; never started twice.

    `on_path` is called with absolute paths and whether the path is a folder, from a thread of watchdog's;
    `on_loss` when events were lost. `start` raises `OSError` where the root itself cannot be watched.
    """

    def __init__(
        self,
        folder: str,
        *,
        also: str | None,
        on_path: Callable[[str, bool], None],
        on_loss: Callable[[], None],
    ) -> None:
        self._folder = folder
        self._also = also
        self.report = Report(on_loss)
        self._handler = Handler(on_path, self.report)
        self._reader: Reader | None = None
        self._observer: BaseObserver | None = None

    def start(self) -> None:
        """Set the watches, which takes about a second for 50,000 folders. Raises `OSError`."""
        mute()
        self._reader = Reader(self.report)
        try:
            self._reader.start()
            self._observer = BaseObserver(Emitter, inotify_fd=self._reader, report=self.report)
            self._observer.start()
            if self._also is not None:
                self._schedule(self._also, recursive=False)
            self._schedule(self._folder, recursive=True)
        except OSError:
            self.stop()
            raise
        except RuntimeError as error:
            self.stop()
            raise OSError(errno.EAGAIN, "no more threads can be started") from error

    def _schedule(self, folder: str, *, recursive: bool) -> None:
        assert self._observer is not None
        self._observer.schedule(
            self._handler, folder, recursive=recursive, event_filter=EVENT_FILTER
        )

    def stop(self) -> None:
        """End its threads and close its descriptors; safe to repeat."""
        observer, reader = self._observer, self._reader
        self._observer = self._reader = None
        # The reader first: with its instance all watches go at once, and nothing more comes from it.
        if reader is not None:
            _end(reader)
        if observer is not None:
            _end(observer)

    @property
    def alive(self) -> bool:
        """Whether all its threads run."""
        observer, reader = self._observer, self._reader
        return (
            observer is not None
            and reader is not None
            and reader.is_alive()
            and observer.is_alive()
            and all(emitter.is_alive() for emitter in observer.emitters.copy())
        )

    @property
    def watched(self) -> int:
        """How many folders below the root are watched, with the root."""
        observer = self._observer
        emitters = observer.emitters.copy() if observer is not None else set()
        return sum(
            emitter.watched
            for emitter in emitters
            if isinstance(emitter, Emitter) and emitter.watch.is_recursive
        )


def _end(thread: BaseThread) -> None:
    thread.stop()
    if thread.ident is not None:  # else it was never begun
        thread.join()


def mute() -> None:
    """Keep watchdog from warning: one of its lines may hold every watched path, up to a megabyte."""
    warnings.filterwarnings("ignore", module=r"watchdog\..*")
    logging.getLogger("watchdog").setLevel(logging.CRITICAL)
