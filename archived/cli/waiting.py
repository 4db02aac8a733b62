"""What keeps a finished recording on the rig where only those of known animals are archived, for `why`."""

from __future__ import annotations

import contextlib

from archived.cli.caller import Caller
from archived.core.subjects import waits_for_subject
from archived.errors import StoreError


def why_it_waits(caller: Caller, h2o: str | None) -> str:
    """A sentence with what to do; "" where nothing keeps it."""
    subjects = caller.configuration.subjects
    if not subjects.only_known:
        return ""
    # Where there is no store, nobody is known; that it cannot be asked is told elsewhere.
    with contextlib.suppress(StoreError), caller.store() as store:
        caller.refresh_subjects(store)
        if h2o is not None and store.subject_of(h2o) is not None:
            return ""
    return waits_for_subject(h2o, None if subjects.file is None else str(subjects.file))
