"""Waits grow, are spread, and have an end."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archived.core.retrying import RetryPolicy, next_try
from tests.builders import NOON

POLICY = RetryPolicy(first=timedelta(minutes=1), longest=timedelta(hours=6))


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [
        (0, 1),  # as if it had been the first
        (1, 1),
        (2, 2),
        (3, 4),
        (9, 256),
        (10, 360),  # 512 would be more than the longest
        (1_000_000, 360),
    ],
)
def test_each_failure_doubles_the_wait_up_to_the_longest(attempts: int, minutes: int) -> None:
    assert NOON + timedelta(minutes=minutes) == next_try(attempts, POLICY, NOON, jitter=0.5)


@given(st.integers(0, 10**6), st.floats(0, 1, exclude_max=True))
def test_the_wait_stays_within_a_quarter_of_what_it_should_be(attempts: int, jitter: float) -> None:
    middle = next_try(attempts, POLICY, NOON, jitter=0.5) - NOON
    wait = next_try(attempts, POLICY, NOON, jitter=jitter) - NOON

    assert middle * 0.75 <= wait <= middle * 1.25
