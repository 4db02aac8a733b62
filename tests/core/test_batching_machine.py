"""Any mix of recordings, limits and orders: batches keep to the limits, keep the order, and leave nobody behind."""

from __future__ import annotations

import itertools
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from archived.core.batching import BatchPolicy, Candidate, Order, Plan, plan
from archived.core.model import Dataset, DatasetFile
from tests.builders import NOON, dataset, pending_file
from tests.effort import examples

WAIT = timedelta(minutes=5)
LOCATIONS = ("raw-ephys", "raw-video")
SIZES = st.lists(st.integers(0, 130), min_size=1, max_size=9)


class BatchingMachine(RuleBasedStateMachine):
    """Datasets become ready, and whoever makes batches takes the first plans and leaves the others for later."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.ready: dict[int, Candidate] = {}
        self.numbers = 0

    @initialize(
        max_files=st.integers(1, 5),
        max_bytes=st.integers(1, 200),
        order=st.sampled_from(Order),
    )
    def begin(self, max_files: int, max_bytes: int, order: Order) -> None:
        self.policy = BatchPolicy(max_files, max_bytes, WAIT, order)

    @rule(
        sizes=SIZES,
        location=st.sampled_from(LOCATIONS),
        alone=st.sampled_from([False, False, False, True]),
        seen=st.integers(0, 20),
    )
    def becomes_ready(self, sizes: list[int], location: str, alone: bool, seen: int) -> None:
        self.numbers += 1
        number = self.numbers
        self.ready[number] = Candidate(
            dataset(
                number,
                location=location,
                first_seen=self.now - timedelta(minutes=seen),
                state_since=self.now,
            ),
            [pending_file(100 * number + index, number, size) for index, size in enumerate(sizes)],
            alone=alone,
        )

    @rule(minutes=st.integers(1, 7))
    def time_goes_by(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.ready)
    @rule(room=st.integers(1, 3), hurry=st.booleans())
    def take_the_first(self, room: int, hurry: bool) -> None:
        """As the daemon does it: so many batches, and of a dataset that was begun with all of its parts."""
        plans = self.plans(hurry=hurry)
        for location in LOCATIONS:
            taken: set[int] = set()
            left = room
            before: set[int] = set()
            for each in (each for each in plans if each.location == location):
                owners = {file.dataset_id for file in each.files}
                if left <= 0 and owners != before:
                    break
                left, before = left - 1, owners
                taken |= owners
            first = self.most_urgent(location)
            if first is not None and self.due(first, hurry=hurry):
                assert first.dataset.id in taken, "the first in the order was left behind"
            for number in taken:
                del self.ready[number]

    # --- what always holds ------------------------------------------------------------------------

    @invariant()
    def a_batch_keeps_to_the_limits(self) -> None:
        for each in self.all_plans():
            sizes = [file.size for file in each.files]
            assert sizes
            assert len(sizes) <= self.policy.max_files
            assert each.bytes <= self.policy.max_bytes or len(sizes) == 1, "more than one above"
            assert len({self.of(file).location for file in each.files} | {each.location}) == 1

    @invariant()
    def everything_travels_once_when_there_is_no_waiting(self) -> None:
        planned = [file.id for each in self.all_plans() for file in each.files]
        assert sorted(planned) == sorted(
            file.id for each in self.ready.values() for file in each.files
        )

    @invariant()
    def what_fits_stays_whole_and_what_does_not_is_cut_only_where_it_must(self) -> None:
        plans = self.all_plans()
        for candidate in self.ready.values():
            mine = {file.id for file in candidate.files}
            parts = [each for each in plans if mine & {file.id for file in each.files}]
            if self.fits(candidate.files):
                assert len(parts) == 1
            else:
                assert all(
                    {file.dataset_id for file in each.files} == {candidate.dataset.id}
                    for each in parts
                )
                for one, other in itertools.pairwise(parts):
                    assert not self.fits([*one.files, other.files[0]]), "cut too early"
                paths = [file.path for each in parts for file in each.files]
                assert paths == sorted(paths)
            if candidate.alone:
                assert {file.dataset_id for each in parts for file in each.files} == {
                    candidate.dataset.id
                }

    @invariant()
    def plans_are_in_the_order_of_their_first_datasets(self) -> None:
        for location in LOCATIONS:
            plans = [each for each in self.all_plans() if each.location == location]
            firsts = [min(map(self.rank, each.files)) for each in plans]
            assert firsts == sorted(firsts)

    @invariant()
    def nobody_waits_for_company_for_longer_than_said(self) -> None:
        planned = {file.dataset_id for each in self.plans(hurry=False) for file in each.files}
        for number, candidate in self.ready.items():
            if candidate.alone or self.now - candidate.dataset.state_since >= WAIT:
                assert number in planned

    @invariant()
    def plans_are_the_same_whatever_the_order_of_the_question(self) -> None:
        backwards = plan(list(self.ready.values())[::-1], self.policy, self.now, hurry=True)
        assert {each.files for each in backwards} == {each.files for each in self.all_plans()}

    # --- helpers ----------------------------------------------------------------------------------

    def plans(self, *, hurry: bool) -> list[Plan]:
        return plan(self.ready.values(), self.policy, self.now, hurry=hurry)

    def all_plans(self) -> list[Plan]:
        return self.plans(hurry=True)

    def of(self, file: DatasetFile) -> Dataset:
        return self.ready[file.dataset_id].dataset

    def fits(self, files: list[DatasetFile] | tuple[DatasetFile, ...]) -> bool:
        return len(files) <= self.policy.max_files and (
            sum(file.size for file in files) <= self.policy.max_bytes or len(files) == 1
        )

    def rank(self, file: DatasetFile) -> tuple[float, int]:
        """A smaller one goes first."""
        candidate = self.ready[file.dataset_id]
        number = candidate.dataset.id
        seen = candidate.dataset.first_seen.timestamp()
        match self.policy.order:
            case Order.OLDEST:
                return (seen, number)
            case Order.NEWEST:
                return (-seen, -number)
            case Order.SMALLEST:
                return (candidate.bytes, number)

    def most_urgent(self, location: str) -> Candidate | None:
        there = [each for each in self.ready.values() if each.dataset.location == location]
        return min(there, key=lambda each: self.rank(each.files[0]), default=None)

    def due(self, candidate: Candidate, *, hurry: bool) -> bool:
        return hurry or candidate.alone or self.now - candidate.dataset.state_since >= WAIT


TestBatching = BatchingMachine.TestCase
TestBatching.settings = settings(max_examples=examples(30), stateful_step_count=25)
