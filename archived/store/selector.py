"""Which datasets are meant."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from archived.core.dataclass import dataclass
from archived.core.lifecycle import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which datasets are meant: everything given must fit. `since` and `until` are dates of recording, inclusive.

    `names` are names of datasets or patterns with `*`, `?` and `[…]`, of which any may fit.
    """

    names: Sequence[str] = ()
    location: str | None = None
    states: Sequence[State] = ()
    h2o: str | None = None
    subject: str | None = None
    date: datetime.date | None = None
    since: datetime.date | None = None
    until: datetime.date | None = None
    convention: str | None = None
    file_type: str | None = None
    """A type of file, or a pattern of types; a dataset fits that has a file of such a type."""
    everywhere: bool = False
    """Datasets of every rig that shares the store, not only of this one."""
