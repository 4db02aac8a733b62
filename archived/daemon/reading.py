"""reading: before the first step the store is read through, on a thread of its own. Nothing is written until it is sound.

It takes seconds for a million files, in which whoever waits for the daemon to be up need not wait: it has the store,
and all that it does afterwards it would have done no earlier.
"""

from __future__ import annotations

from collections.abc import Sequence

from archived.daemon.surroundings import Surroundings
from archived.errands import Finished

KIND = "reading"


class Reading:
    """Whether the steps may begin."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    @property
    def over(self) -> bool:
        """Whether the store was found sound, and says whose it is."""
        claim = self._around.claim
        return claim is None or claim.noted

    def __call__(self, finished: Sequence[Finished]) -> bool:
        """Take what came of it, or begin; whether it is over. Raises `StoreDamagedError` and `StoreError`."""
        claim = self._around.claim
        if claim is None or claim.noted:
            return True
        for outcome in finished:
            if outcome.error is not None:
                raise outcome.error
            claim.note()
            return True
        self._around.errands.start(KIND, "", claim.read)
        return False
