"""A look into the archive, folder by folder, before anything is brought from it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence

from archived.core.model import parent
from archived.core.retrieving import WantedFile
from archived.errors import TransferRefusedError
from archived.ports import Entry, EntryType, Transfers
from archived.retrieve.values import Progress, StoppedError, Tell


def shortcomings(
    mover: Transfers, files: Sequence[WantedFile], *, stop: threading.Event, tell: Tell
) -> dict[str, str]:
    """By path, why files cannot be brought: the archive does not hold them as they were archived.

    A folder that the archive refuses to list is the trouble of its own files only. Raises what else movers raise,
    and `StoppedError`.
    """
    by_folder: defaultdict[str, list[WantedFile]] = defaultdict(list)
    for file in files:
        by_folder[parent(file.path)].append(file)
    found: dict[str, str] = {}
    for number, (folder, members) in enumerate(by_folder.items()):
        if stop.is_set():
            raise StoppedError
        tell(Progress("looking into the archive", number, len(by_folder), 0, 0))
        try:
            entries = {entry.name: entry for entry in mover.list(folder)}
        except TransferRefusedError as error:
            found.update({file.path: f"the archive does not show it: {error}" for file in members})
            continue
        for file in members:
            why = _shortcoming(file, entries.get(file.path.rpartition("/")[2]))
            if why:
                found[file.path] = why
    return found


def _shortcoming(file: WantedFile, entry: Entry | None) -> str:
    if entry is None:
        return "the archive does not hold it any more"
    if entry.type is not EntryType.FILE:
        return "the archive holds something else under this name, which is no file"
    if entry.size != file.size:
        return f"the archive holds {entry.size} bytes of it, {file.size} were archived"
    return ""
