"""What a collection holds: file documents, listings, and the few operations that change it."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from archived.simulator.collection import Collection
from archived.simulator.replies import Json
from archived.simulator.timing import with_blank

FIELDS = ("name", "type", "size", "last_modified", "permissions", "user", "group")
"""What a listing can be filtered and ordered by."""


def file_document(path: Path, name: str) -> Json:
    """One entry of a listing; a link is shown as what it leads to. Raises `OSError` where it is gone."""
    itself = path.lstat()
    is_link = stat.S_ISLNK(itself.st_mode)
    try:
        target = path.stat() if is_link else itself
    except OSError:
        target = None
    shown = target or itself
    return {
        "DATA_TYPE": "file",
        "name": _text(name),
        "type": _type(target),
        "size": shown.st_size,
        "last_modified": _modified(shown),
        "permissions": f"{stat.S_IMODE(shown.st_mode):04o}",
        "user": _user(path, shown.st_uid),
        "group": _group(path, shown.st_gid),
        "link_target": _text(os.readlink(path)) if is_link else None,
        "link_size": itself.st_size if is_link else None,
        "link_user": _user(path, itself.st_uid) if is_link else None,
        "link_group": _group(path, itself.st_gid) if is_link else None,
        "link_last_modified": _modified(itself) if is_link else None,
    }


def folder_documents(collection: Collection, path: str, *, hidden: bool) -> list[Json]:
    """Everything in a folder, hidden names too if `hidden`; what vanishes meanwhile is left out.

    Raises `OSError` where the folder cannot be listed.
    """
    documents = []
    with os.scandir(collection.followed(path)) as entries:
        for entry in entries:
            if hidden or not entry.name.startswith("."):
                try:
                    documents.append(file_document(Path(entry.path), entry.name))
                except FileNotFoundError:
                    continue
    return documents


def _type(target: os.stat_result | None) -> str:
    if target is None:
        return "invalid_symlink"
    kinds = (
        (stat.S_ISDIR, "dir"),
        (stat.S_ISREG, "file"),
        (stat.S_ISCHR, "chr"),
        (stat.S_ISBLK, "blk"),
        (stat.S_ISFIFO, "pipe"),
    )
    return next((word for test, word in kinds if test(target.st_mode)), "other")


def _modified(status: os.stat_result) -> str:
    return with_blank(datetime.fromtimestamp(int(status.st_mtime), UTC))


def _text(name: str) -> str:
    """A name as text that can be sent; what is not Unicode is replaced, as the service does it."""
    return os.fsencode(name).decode("utf-8", errors="replace")


_names: dict[tuple[str, int], str] = {}


def _user(path: Path, number: int) -> str:
    return _named("owner", path, number)


def _group(path: Path, number: int) -> str:
    return _named("group", path, number)


def _named(what: str, path: Path, number: int) -> str:
    """The name of a user or group; asked once for each number, which is what makes big listings quick."""
    key = (what, number)
    if key not in _names:
        try:
            _names[key] = path.owner() if what == "owner" else path.group()
        except (KeyError, OSError, NotImplementedError):
            _names[key] = str(number)
    return _names[key]
