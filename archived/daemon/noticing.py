"""notice: whether something is being recorded, which is left in peace. Moves nothing; only the others rest for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from archived.core.model import Answer, Dataset
from archived.daemon.judging import Judged, fresh_judgement
from archived.daemon.roots import noted_identity
from archived.daemon.surroundings import Surroundings, error_of
from archived.errands import Finished
from archived.errors import ArchivedError
from archived.store import RECORDING

AT_ONCE = 3
"""How many datasets are looked into, those that changed last first: a rig records few at a time."""

OLD_AFTER = timedelta(minutes=10)
"""What has not changed for longer is not being recorded, whatever its header says. Looks at the disk may be as far
apart as `rescan`, so that where that is longer, this is."""


class Noticing:
    """Judges from time to time what changed lately by the headers of its files."""

    kinds = frozenset({"recording"})

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._next: datetime | None = None
        self._told = ""

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take what came back, then look again where it is time to."""
        around = self._around
        if around.recording is None:
            return
        for outcome in finished:
            if error_of(around, outcome) is None:
                self._take(outcome.result, now)
        poll = around.policies.poll
        if self._next is not None and self._next - poll <= now < self._next:
            return
        if around.errands.busy("recording", ""):
            return
        self._next = now + poll
        changing = around.store.settling_since(now - self._old_after(), AT_ONCE)
        looks = [look for each in changing if (look := self._look(each)) is not None]
        if looks:
            around.errands.start("recording", "", partial(_unfinished, looks))
        else:
            self._take(None, now)

    def _old_after(self) -> timedelta:
        return max(OLD_AFTER, self._around.policies.rescan)

    def _look(self, dataset: Dataset) -> tuple[Dataset, Callable[[], Judged]] | None:
        around = self._around
        convention = around.conventions.get((dataset.location, dataset.convention))
        if convention is None:
            return None
        root = around.root_of(dataset.location).root
        archived = around.store.known_before(dataset).archived
        noted = noted_identity(around.store, root)
        return dataset, partial(fresh_judgement, root, noted, dataset, archived, convention)

    def _take(self, dataset: Dataset | None, now: datetime) -> None:
        around = self._around
        assert around.recording is not None
        told = ""
        if dataset is None:
            around.recording.over()
        else:
            until = dataset.changed_at + self._old_after()
            around.recording.note(until)
            told = f"{dataset.name}\n{until.isoformat()}"
        if told != self._told:
            # Only what differs is written: a store that is written to in every turn never rests.
            around.store.put_setting(RECORDING, told)
            self._told = told


def _unfinished(looks: Sequence[tuple[Dataset, Callable[[], Judged]]]) -> Dataset | None:
    """The first dataset of which a header says that it is unfinished."""
    for dataset, look in looks:
        try:
            judged = look()
        except ArchivedError:
            continue  # whoever settles it tells what is wrong with it
        if any(each.answer is Answer.UNFINISHED for each in judged.judgement.verdicts):
            return dataset
    return None
