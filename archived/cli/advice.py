"""What a person can do about a dataset, as commands to type."""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime

from archived.cli.times import ahead
from archived.core.lifecycle import State
from archived.core.model import Dataset, FileState
from archived.core.paths import printable

CONFLICT = (
    "compare the file on the rig with the one in the archive: `archivedctl accept {name}` replaces what is there "
    "by what is on the rig; otherwise it stays failed, and the archive keeps what it has"
)
CHANGED = (
    "`archivedctl accept {name}` archives what is on the rig now as a new revision; "
    "or leave it, and the archive keeps what it has"
)
CHECKSUM = (
    "compare the file with its .meta: if the file is right and the .meta is out of date, `archivedctl accept {name}` "
    "archives it without that checksum; if the file is damaged, mend it, then `archivedctl retry {name}`"
)
MISSING = (
    "`archivedctl retry {name}` sends again what is still on this rig; what is put back into the archive is found by "
    "`archivedctl discover {name}`; `archivedctl accept {name}` also gives up what is in neither place"
)
DIFFERENT = (
    "find out what happened in the archive; once it is mended there, `archivedctl verify --deep {name}`. `archivedctl accept "
    "{name}` replaces it by what is on this rig, or else takes what the archive has for right"
)
MEND = "mend what the reason names, then `archivedctl retry {name}`"
EMPTY = "put its files back, then `archivedctl retry {name}`; or `archivedctl hold {name}` if they are not to come back"
JUDGED = (
    "`archivedctl why {name}` tells more; mend what the reason names, then `archivedctl retry {name}`; or, if its "
    "files can be read and are to be kept so, `archivedctl accept {name}` archives it as it is"
)
"""Where no file was set apart, it is the format that speaks against the dataset as a whole."""

ACCEPTABLE = {"conflict": CONFLICT, "checksum": CHECKSUM}
"""The kinds of faults of files that `accept` overrides, those first that it cannot undo."""

LOST = {FileState.DIFFERENT: DIFFERENT, FileState.MISSING: MISSING}
"""What the archive did to files that it was proved to hold."""


def what_to_do(
    dataset: Dataset, states: Iterable[FileState], faults: Set[str], now: datetime
) -> str:
    """One sentence with the command; "" where nothing need be done.

    `states` are those that files of it are in; `faults` are the kinds of faults that set files of it apart, as the store's `faults` tells them.
    """
    name = typed(dataset.name)
    match dataset.state:
        case State.FAILED:
            present = set(states) - {FileState.GONE}
            return "; ".join(_failed(present, faults)).replace("{name}", name)
        case State.WAITING:
            when = ahead(dataset.due, now) if dataset.due else "soon"
            return f"it is tried again {when}; at once with `archivedctl retry {name}`"
        case State.HELD:
            return f"`archivedctl release {name}` lets it go on"
        case _:
            return ""


def typed(name: str) -> str:
    """A name as it can be typed in a shell."""
    from shlex import quote

    return quote(printable(name))


def _failed(present: Set[FileState], faults: Set[str]) -> list[str]:
    """Every advice that fits: `accept` is for all files at once, so that nothing it replaces goes unsaid."""
    if not present:
        return [EMPTY]
    said = [advice for kind, advice in ACCEPTABLE.items() if kind in faults]
    if FileState.CHANGED in present:
        said.append(CHANGED)
    said += [advice for state, advice in LOST.items() if state in present]
    if FileState.FAILED in present and (not faults or faults - set(ACCEPTABLE)):
        said.append(MEND if not said else f"for other files, {MEND}")
    return said or [JUDGED]
