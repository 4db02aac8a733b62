"""What can be watched for events, what cannot, and the sentences that say so."""

from __future__ import annotations

import errno
import sys

from archived.core.paths import printable
from archived.rig.mounts import mounts_if_known, written_by_others
from archived.rig.report import Report

INOTIFY_LIMITS = "/proc/sys/fs/inotify"


def unwatchable(real_path: str) -> str:
    """Why no events are to be expected of what is in a folder; "" where they are."""
    if sys.platform != "linux":
        return "events are used on Linux only; the rescan finds everything"
    mount = mounts_if_known().of(real_path)
    if mount is None:
        return "which file system it is on cannot be told, so events are not relied on"
    if written_by_others(mount.file_system):
        return (
            f"it is on a file system of type {mount.file_system}, "
            "where what other machines write raises no events; the rescan finds everything"
        )
    return ""


def distant_below(real_path: str) -> str:
    """Which parts of a folder only the rescan sees, as a sentence; "" where there are none."""
    points = [
        mount.point
        for mount in mounts_if_known().below(real_path)
        if written_by_others(mount.file_system)
    ]
    if not points:
        return ""
    return f"what other machines write to {printable(', '.join(points))} is seen by the rescan only"


def refusal(error: OSError) -> str:
    """Why a root cannot be watched, and what to do."""
    if error.errno == errno.EMFILE:
        return (
            "there are no inotify instances (or open files) left; the rescan finds everything; "
            f"`sysctl fs.inotify.max_user_instances={_doubled('max_user_instances', 1024)}` helps"
        )
    if error.errno == errno.ENOSPC:
        return f"there are no inotify watches left; the rescan finds everything; {_more_watches()}"
    return f"it cannot be watched: {error.strerror or error}"


def unwatched_words(report: Report) -> str:
    """How much only the rescan sees, why, and what to do; "" for nothing."""
    number = len(report.unwatched)
    if not number:
        return ""
    if report.limit_reached:
        return f"{number} folders are seen by the rescan only; {_more_watches()}"
    return f"{number} folders may not be read and cannot be watched"


def _more_watches() -> str:
    now = _limit("max_user_watches")
    more = _doubled("max_user_watches", 524_288)
    limit = f"the limit of {now} inotify watches" if now else "the limit of inotify watches"
    return f"{limit} is reached, `sysctl fs.inotify.max_user_watches={more}` raises it"


def _doubled(name: str, least: int) -> int:
    return max(2 * _limit(name), least)


def _limit(name: str) -> int:
    try:
        with open(f"{INOTIFY_LIMITS}/{name}", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0
