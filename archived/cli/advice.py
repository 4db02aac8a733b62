"""What a person can do about a dataset, as commands to type."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime

from archived.cli.times import ahead
from archived.core.lifecycle import State
from archived.core.model import Dataset, DatasetFile, FileState
from archived.core.paths import printable


def what_to_do(dataset: Dataset, files: Sequence[DatasetFile], now: datetime) -> str:
    """One sentence with the command; "" where nothing need be done."""
    name = typed(dataset.name)
    match dataset.state:
        case State.FAILED:
            return _failed(name, {file.state for file in files})
        case State.WAITING:
            when = ahead(dataset.due, now) if dataset.due else "soon"
            return f"it is tried again {when}; at once with `archivedctl retry {name}`"
        case State.HELD:
            return f"`archivedctl release {name}` lets it go on"
        case _:
            return ""


def typed(name: str) -> str:
    """A name as it can be typed in a shell."""
    return shlex.quote(printable(name))


def _failed(name: str, states: set[FileState]) -> str:
    if FileState.CHANGED in states:
        return (
            f"`archivedctl accept {name}` archives what is on the rig now as a new revision; "
            "or leave it, and the archive keeps what it has"
        )
    if FileState.FAILED in states:
        return f"mend what the reason names, then `archivedctl retry {name}`"
    return (
        f"`archivedctl why {name}` tells more; `archivedctl retry {name}` looks again, "
        f"`archivedctl accept {name}` archives it as it is"
    )
