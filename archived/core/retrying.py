"""When something that went wrong in passing is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

from archived.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait: `first` after the first failure, twice as long after each further one, up to `longest`."""

    first: timedelta
    longest: timedelta


def next_try(
    attempts: int,
    policy: RetryPolicy,
    now: datetime,
    *,
    jitter: float,
    retry_after: float | None = None,
) -> datetime:
    """The time of the next try after `attempts` failures (at least 1).

    `jitter` in [0, 1) spreads the waits over 75 % to 125 %, so that many rigs which failed together do not come
    back together. `retry_after` is in seconds, where a service named a time; it is waited for as well, but never
    for longer than `longest`. What is worth a retry at all is not decided here.
    """
    # 2**30 first waits are beyond any `longest`; the cap keeps the product a sane timedelta.
    doublings = min(max(attempts, 1) - 1, 30)
    wait = min(policy.longest.total_seconds(), policy.first.total_seconds() * 2**doublings)
    due = now + timedelta(seconds=wait * (0.75 + 0.5 * jitter))
    if retry_after is None:
        return due
    return max(due, now + timedelta(seconds=min(retry_after, policy.longest.total_seconds())))
