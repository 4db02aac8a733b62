"""What lies in a folder already, so that `init` can propose conventions for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archived.clock import monotonic
from archived.core.convention_names import BUILT_IN

if TYPE_CHECKING:
    from archived.core.recognition import Recogniser

SECONDS = 10.0
"""How long a folder is looked at."""
GROUPS = {"raw-ephys": ("catgt", "spikeglx"), "raw-video": ("tracking-video",)}
"""Locations as labs call them, and what goes there."""


def recordings_in(folder: str, *, seconds: float = SECONDS) -> dict[str, int]:
    """How many recordings of each built-in convention are in a folder, as far as a short look tells.

    Only reads. Raises `RootUnavailableError` for a folder that cannot be opened.
    """
    from archived.core.conventions import built_in
    from archived.core.recognition import Recogniser
    from archived.rig.root import Root
    from archived.rig.scanner import FolderSeen, look

    recogniser = Recogniser([(name, (convention,)) for name, convention in built_in().items()])
    until, found = monotonic() + seconds, set[tuple[str, str]]()
    for sight in look(Root(folder)):
        if isinstance(sight, FolderSeen):
            paths = [sight.path, *(each.path for each in sight.files)]
            found.update(each for path in paths if (each := _recording(recogniser, path)))
        if monotonic() > until:
            break
    return {name: number for name in BUILT_IN if (number := sum(one == name for one, _ in found))}


def _recording(recogniser: Recogniser, path: str) -> tuple[str, str] | None:
    found = recogniser.find(path) if path else None
    return None if found is None else (found.location, found.recording.path)


def proposed(found: dict[str, int]) -> dict[str, tuple[str, ...]]:
    """Locations for what was found; all that are usual where nothing was."""
    groups = {
        name: tuple(each for each in conventions if each in found)
        for name, conventions in GROUPS.items()
    }
    filled = {name: conventions for name, conventions in groups.items() if conventions}
    return filled or dict(GROUPS)
