"""The parts of watchdog that `rig/inotify.py` replaces are still there and still called as we expect.

After an upgrade these fail before anything in the field does; then read `rig/inotify.py` against the new release.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from watchdog.observers import api, inotify_c
from watchdog.observers import inotify as original
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, InotifyFD

from archived.rig import inotify
from archived.rig.inotify import Emitter, InotifySession, Reader, WatchGroup
from archived.rig.report import Report
from tests.rig.support import eventually


def parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_the_release_is_one_that_was_read() -> None:
    assert importlib.metadata.version("watchdog").startswith("7.1.")


@pytest.mark.parametrize(
    ("ours", "theirs", "name"),
    [
        (Reader, InotifyFD, "run"),
        (Reader, InotifyFD, "handle_event"),
        (Reader, InotifyFD, "_add_callback"),
        (WatchGroup, original.InotifyWatchGroup, "on_queue_overflow"),
        (WatchGroup, original.InotifyWatchGroup, "_add_callback"),
        (Emitter, original.InotifyEmitter, "on_thread_start"),
        (Emitter, original.InotifyEmitter, "queue_events"),
    ],
)
def test_what_we_replace_exists_and_takes_the_same(ours: type, theirs: type, name: str) -> None:
    assert name in vars(theirs)
    assert name in vars(ours)
    assert parameters(getattr(ours, name)) == parameters(getattr(theirs, name))


def test_the_private_names_that_we_use_exist() -> None:
    reader = InotifyFD()
    try:
        assert {"_inotify_fd", "_watch_for_wd", "_is_reading"} <= set(vars(reader))
    finally:
        reader.start()
        reader.stop()
        reader.join()
    fields = {field.name for field in dataclasses.fields(original.InotifyWatchGroup)}
    assert {
        "_inotify_fd", "path", "event_mask", "is_recursive", "follow_symlink", "_id",
        "_active_callbacks_by_path", "_active_callbacks_by_watch",
    } <= fields  # fmt: skip
    assert isinstance(inspect.getattr_static(original.InotifyWatchGroup, "_callback"), property)
    assert parameters(inotify_c.Watch)[:3] == ["wd", "mask", "_initial_creation_path"]
    assert inotify.inotify_add_watch is inotify_c.inotify_add_watch
    emitter = parameters(original.InotifyEmitter)
    assert emitter == ["event_queue", "watch", "timeout", "event_filter", "inotify_fd"]
    assert "kwargs" in parameters(api.BaseObserver)


def test_the_narrow_filter_asks_the_kernel_for_no_reading_and_no_growing() -> None:
    watch = api.ObservedWatch("/", recursive=True)
    reader = Reader(Report())
    try:
        emitter = Emitter(
            api.EventQueue(),
            watch,
            timeout=1.0,
            event_filter=inotify.EVENT_FILTER,
            inotify_fd=reader,
            report=Report(),
        )
        mask = emitter.get_event_mask_from_filter()
    finally:
        reader.start()
        reader.stop()
        reader.join()
    constants = InotifyConstants
    for wanted in (
        constants.IN_CREATE,
        constants.IN_CLOSE_WRITE,
        constants.IN_MOVED_FROM,
        constants.IN_MOVED_TO,
        constants.IN_DELETE,
        constants.IN_DELETE_SELF,
    ):
        assert mask & wanted
    for unwanted in (
        constants.IN_OPEN,
        constants.IN_CLOSE_NOWRITE,
        constants.IN_ACCESS,
        constants.IN_MODIFY,
        constants.IN_ATTRIB,
    ):
        assert not mask & unwanted


def test_our_parts_are_the_ones_that_run(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / "a" / str(number)).mkdir(parents=True)
    lost: list[None] = []
    session = InotifySession(
        str(tmp_path), also=None, on_path=lambda *_: None, on_loss=lambda: lost.append(None)
    )
    session.start()
    try:
        assert session._observer is not None
        (emitter,) = session._observer.emitters
        assert isinstance(emitter, Emitter)
        assert isinstance(emitter._inotify, WatchGroup)
        assert isinstance(emitter._inotify_fd, Reader)
        assert session.watched == 12
        group, before = emitter._inotify, dict(emitter._inotify._active_callbacks_by_path)
        # What the kernel says when it drops events, through watchdog's own reading of it.
        overflow = InotifyEvent(
            inotify_c.WatchDescriptor(-1), InotifyConstants.IN_Q_OVERFLOW, 0, b""
        )
        emitter._inotify_fd.handle_event(overflow)
        assert len(lost) == session.report.overflows == 1
        assert group._active_callbacks_by_path == before
        # A folder that comes later is watched through our part as well.
        (tmp_path / "later").mkdir()
        assert eventually(lambda: session.watched == 13)
    finally:
        session.stop()


def test_refused_permission_is_an_error_and_leaves_no_watch_behind(tmp_path: Path) -> None:
    reader = Reader(Report())
    try:
        with pytest.raises(OSError, match="No such file"):
            reader.add_callback(
                bytes(tmp_path / "gone"),
                InotifyConstants.IN_CREATE,
                WatchGroup(reader, bytes(tmp_path)),
                inotify.CallbackId(1),
            )
        assert -1 not in reader._watch_for_wd
    finally:
        reader.start()
        reader.stop()
        reader.join()
