"""settle: SETTLING ▶ READY. A fresh look at one dataset and at the formats of its files decides."""

from __future__ import annotations

import threading
from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from functools import partial

from archived.core.conventions.base import Convention
from archived.core.formats import DiskTroubleError
from archived.core.lifecycle import Reason, State
from archived.core.model import (
    Answer,
    CollectionArchive,
    Dataset,
    FileState,
)
from archived.core.paths import printable
from archived.core.progress import ODD
from archived.core.settling import Decision, DecisionKind, decide
from archived.daemon.judging import Judged, fresh_judgement, in_turn
from archived.daemon.roots import noted_identity
from archived.daemon.strangers import Strangers
from archived.daemon.surroundings import Surroundings, error_of
from archived.daemon.unread import Unread
from archived.errands import Finished
from archived.errors import ArchivedError, MistakeError
from archived.store import KnownBefore, Selector

AT_ONCE = 20
"""How many datasets are judged at a time; the rest is taken in the next turns."""


class Settling:
    """Judges the datasets that have been quiet for long enough."""

    kinds = frozenset({"judge"})

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._under_way: dict[str, tuple[Dataset, KnownBefore]] = {}
        self._turn = threading.Lock()
        self._strangers = Strangers(around)
        self._unread = Unread(around)
        self._staying: dict[int, datetime] = {}
        """The datasets that stay until a person or a recording does something, with the change they were judged at."""

    def only_staying_left(self, blocked_roots: Container[str]) -> bool:
        """Whether nothing will come of those that settle unless something changes on disk or in the configuration."""
        around = self._around
        return all(
            dataset.location not in around.locations
            or around.root_of(dataset.location).key in blocked_roots
            or self._staying.get(dataset.id) == dataset.changed_at
            or (around.subjects.only_known and dataset.subject is None)
            for dataset in around.store.select(Selector(states=(State.SETTLING,)))
        )

    def company_expected(self) -> bool:
        """Whether a dataset is about to be ready, so that a batch might wait for it."""
        return bool(self._under_way)

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take the judgements that came back, then have more datasets judged."""
        for outcome in finished:
            self._conclude(outcome, now)
        self._unread.forget_others()
        quiet = min(
            [self._around.policies.quiet_time]
            + [each.quiet_time for each in self._around.conventions.values() if each.quiet_time]
        )
        only_known = self._around.subjects.only_known
        for dataset in self._around.store.settling(now, quiet, AT_ONCE, only_known=only_known):
            self._begin(dataset, now)
        if only_known:
            self._strangers(now, now - quiet)

    def _convention(self, dataset: Dataset) -> Convention | None:
        return self._around.conventions.get((dataset.location, dataset.convention))

    def _quiet(self, convention: Convention) -> timedelta:
        return convention.quiet_time or self._around.policies.quiet_time

    def _begin(self, dataset: Dataset, now: datetime) -> None:
        store = self._around.store
        if self._around.errands.busy("judge", str(dataset.id)):
            return
        convention = self._convention(dataset)
        if convention is None:
            self._staying[dataset.id] = dataset.changed_at
            store.note(
                dataset.id,
                State.SETTLING,
                f"the configuration no longer has location {dataset.location} with convention "
                f"{dataset.convention}; it waits for them to come back",
                now + self._around.policies.rescan,
            )
            return
        quiet_until = dataset.changed_at + self._quiet(convention)
        if quiet_until > now:
            store.note(dataset.id, State.SETTLING, dataset.reason, quiet_until)
            return
        known = store.known_before(dataset)
        root = self._around.root_of(dataset.location).root
        self._under_way[str(dataset.id)] = (dataset, known)
        self._around.errands.start(
            "judge",
            str(dataset.id),
            partial(
                in_turn,
                self._turn,
                partial(
                    fresh_judgement,
                    root,
                    noted_identity(store, root),
                    dataset,
                    known.archived,
                    convention,
                ),
            ),
        )

    def _conclude(self, outcome: Finished, now: datetime) -> None:
        known = self._under_way.get(outcome.subject)
        if known is None:
            # It was taken already, and came again with another one that the store refused.
            return
        dataset, before = known
        error = error_of(self._around, outcome)
        if error is not None:
            self._not_judged(dataset, error, now)
        else:
            with self._around.store.together():
                self._take(dataset, before, outcome.result, now)
        del self._under_way[outcome.subject]

    def _not_judged(self, dataset: Dataset, error: ArchivedError, now: datetime) -> None:
        store = self._around.store
        if isinstance(error, DiskTroubleError):
            if self._unread.note(dataset, error, now):
                self._staying[dataset.id] = dataset.changed_at
            return
        if isinstance(error, MistakeError) and not isinstance(
            error.__cause__, (OSError, MemoryError)
        ):
            why = f"{error}. `accept` archives it as it is, `retry` looks again"
            store.move(dataset.id, State.SETTLING, State.FAILED, Reason.NEEDS_A_PERSON, why, now)
            return
        # The root, or the machine, is the rig's trouble, and `sight` raises the alarm; this dataset only waits.
        store.note(dataset.id, State.SETTLING, str(error), now + self._around.policies.poll)

    def _take(self, dataset: Dataset, before: KnownBefore, judged: Judged, now: datetime) -> None:
        store = self._around.store
        convention = self._convention(dataset)
        assert convention is not None
        self._staying.pop(dataset.id, None)
        self._unread.over(dataset.id)
        if judged.trouble:
            self._staying[dataset.id] = dataset.changed_at
            store.note(
                dataset.id, State.SETTLING, judged.trouble, now + self._around.policies.rescan
            )
            return
        fresh = store.refresh(dataset, judged.seen, convention.file_type, before.newest, now)
        if fresh.differs:
            # Perhaps because a look stored the same change while this one was under way: quiet time began anew.
            return
        if fresh.missing:
            self._not_there(dataset, fresh.missing, now)
            return
        store.set_external_checksums(dataset.id, dict(judged.judgement.checksums))
        self._decide(dataset, judged, convention, now)

    def _not_there(self, dataset: Dataset, path: str, now: datetime) -> None:
        store, why = self._around.store, f"{printable(path)} is not there now; "
        root = store.root_key_of(dataset)
        if root == self._around.root_of(dataset.location).key:
            why += "it is given up after two complete looks"
        else:
            # No look at the present root tells anything of what lay below another one.
            self._staying[dataset.id] = dataset.changed_at
            why += (
                f"it was seen below {printable(root)}, which is not the root of {dataset.location} any more, and "
                "waits until it lies below the present one, or the former one is configured again"
            )
        store.note(dataset.id, State.SETTLING, why, now + self._around.policies.poll)

    def _decide(
        self,
        dataset: Dataset,
        judged: Judged,
        convention: Convention,
        now: datetime,
    ) -> None:
        decision = decide(
            judged.judgement.verdicts,
            changed_at=dataset.changed_at,
            newest_mtime_ns=max((stat.mtime_ns for stat in judged.seen.values()), default=None),
            quiet=self._quiet(convention),
            give_up=self._around.policies.give_up,
            now=now,
            accepted=dataset.accepted,
        )
        if decision.kind is DecisionKind.STAY:
            if any(each.answer is Answer.UNFINISHED for each in judged.judgement.verdicts):
                self._staying[dataset.id] = dataset.changed_at
            self._around.store.note(
                dataset.id, State.SETTLING, decision.reason, decision.look_again
            )
            return
        self._move(dataset, decision, now)

    def _move(self, dataset: Dataset, decision: Decision, now: datetime) -> None:
        store = self._around.store
        if decision.kind is DecisionKind.FAILED:
            store.move(
                dataset.id,
                State.SETTLING,
                State.FAILED,
                Reason.NEEDS_A_PERSON,
                decision.reason,
                now,
            )
            return
        # As its files are by now: a look at the archive by another process may have told of them meanwhile.
        self._set_apart_unsendable(dataset, now)
        states = store.file_states(dataset.id)
        if FileState.PENDING in states:
            after, reason, why = State.READY, Reason.SETTLED, decision.reason
        elif not states.isdisjoint(ODD):
            after, reason, why = State.FAILED, Reason.NEEDS_A_PERSON, store.trouble_of(dataset)
        elif FileState.ARCHIVED in states:
            after, reason, why = State.ARCHIVED, Reason.PROVED, "everything in it has a receipt"
        else:
            after, reason = State.FAILED, Reason.NEEDS_A_PERSON
            why = "its files left the rig before they were archived"
        store.move(dataset.id, State.SETTLING, after, reason, why, now)

    def _set_apart_unsendable(self, dataset: Dataset, now: datetime) -> None:
        """Files whose names the mover cannot carry: Globus speaks JSON."""
        archive = self._around.locations[dataset.location].archive
        if not isinstance(archive, CollectionArchive):
            return
        store = self._around.store
        if unsendable := store.not_utf8(dataset):
            why = "its name is not valid UTF-8, which Globus cannot carry; rename it on the rig"
            store.set_apart(unsendable, why, now, fault="name")
