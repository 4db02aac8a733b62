"""Which files travel together."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from archived.core.batching import BatchPolicy, Candidate, Order, Plan, plan
from tests.builders import NOON, dataset, pending_file

POLICY = BatchPolicy(max_files=4, max_bytes=100, batch_wait=timedelta(minutes=5))
LATER = NOON + timedelta(minutes=5)


def candidate(number: int, *sizes: int, **changes: object) -> Candidate:
    return Candidate(
        dataset(number, **changes),
        [pending_file(100 * number + index, number, size) for index, size in enumerate(sizes)],
    )


def owners(plans: list[Plan]) -> list[set[int]]:
    return [{file.dataset_id for file in each.files} for each in plans]


def test_a_ready_dataset_waits_for_company() -> None:
    assert plan([candidate(1, 10)], POLICY, NOON) == []


def test_a_dataset_that_waited_long_enough_goes_and_takes_its_company_along() -> None:
    young = candidate(2, 10, state_since=LATER)

    assert [{1, 2}] == owners(plan([candidate(1, 10), young], POLICY, LATER))


def test_in_a_hurry_nothing_waits() -> None:
    assert [{1}] == owners(plan([candidate(1, 10)], POLICY, NOON, hurry=True))


def test_a_full_batch_does_not_wait() -> None:
    assert [{1, 2}] == owners(plan([candidate(1, 10, 10), candidate(2, 10, 10)], POLICY, NOON))


def test_a_dataset_stays_whole_when_it_does_not_fit_beside_another() -> None:
    first, second = candidate(1, 60), candidate(2, 60)

    assert [{1}, {2}] == owners(plan([first, second], POLICY, LATER))


def test_a_dataset_larger_than_the_limits_is_split_and_no_part_waits() -> None:
    parts = plan([candidate(1, *[10] * 10)], POLICY, NOON)

    assert [len(each.files) for each in parts] == [4, 4, 2]


def test_a_file_above_the_limit_travels_alone() -> None:
    parts = plan([candidate(1, 10, 500, 10)], POLICY, NOON)

    assert [each.bytes for each in parts] == [10, 500, 10]


def test_locations_never_share_a_batch() -> None:
    video = candidate(2, 10, location="raw-video")

    plans = plan([candidate(1, 10), video], POLICY, LATER)

    assert {"raw-ephys", "raw-video"} == {each.location for each in plans}


def test_the_order_is_a_setting() -> None:
    old = candidate(1, 90)
    new = candidate(2, 80, first_seen=LATER)

    def first(order: Order) -> set[int]:
        policy = BatchPolicy(4, 100, timedelta(0), order)
        return owners(plan([new, old], policy, LATER))[0]

    assert {1} == first(Order.OLDEST)
    assert {2} == first(Order.NEWEST)
    assert {2} == first(Order.SMALLEST)


candidates = st.lists(
    st.tuples(
        st.sampled_from(["raw-ephys", "raw-video"]),
        st.lists(st.integers(0, 150), min_size=0, max_size=12),
    ),
    max_size=8,
).map(
    lambda groups: [
        candidate(number, *sizes, location=location)
        for number, (location, sizes) in enumerate(groups, 1)
    ]
)


@given(candidates, st.sampled_from(Order))
def test_in_a_hurry_every_file_travels_exactly_once_within_the_limits(
    group: list[Candidate], order: Order
) -> None:
    plans = plan(group, BatchPolicy(4, 100, timedelta(hours=1), order), NOON, hurry=True)

    travelling = Counter(file.id for each in plans for file in each.files)
    assert travelling == Counter(file.id for each in group for file in each.files)
    for each in plans:
        assert len(each.files) <= 4
        assert each.bytes <= 100 or len(each.files) == 1


@given(candidates)
def test_what_waits_for_company_is_whole_datasets(group: list[Candidate]) -> None:
    planned = {file.id for each in plan(group, POLICY, NOON) for file in each.files}

    for each in group:
        ids = {file.id for file in each.files}
        assert ids <= planned or not ids & planned


def test_an_older_dataset_is_not_left_behind_by_larger_ones_that_keep_coming() -> None:
    small = candidate(1, 10)
    large = [candidate(number, *[60] * 3, first_seen=LATER) for number in (2, 3)]

    assert owners(plan([*large, small], POLICY, LATER))[0] == {1}


def test_one_that_travels_alone_keeps_its_place() -> None:
    often_failed = Candidate(dataset(1), [pending_file(100, 1)], alone=True)
    others = [candidate(number, 60, first_seen=LATER) for number in (2, 3)]

    assert owners(plan([*others, often_failed], POLICY, NOON))[0] == {1}
