"""A profile tells which function had the CPU."""

from __future__ import annotations

import hashlib
import threading

from benchmarks.sampling import Sampler


def busily(enough: threading.Event) -> None:
    while not enough.is_set():
        hashlib.sha256(b"x" * 1000).digest()


def idly(enough: threading.Event) -> None:
    enough.wait()


def test_whoever_works_is_told_of_and_whoever_waits_is_not() -> None:
    enough = threading.Event()
    threads = [threading.Thread(target=each, args=(enough,)) for each in (busily, idly)]
    sampler = Sampler()
    for thread in (*threads, sampler):
        thread.start()
    while sampler.total < 200_000_000:
        threads[1].join(0.01)
    enough.set()
    for thread in threads:
        thread.join()
    sampler.stop()
    first = sampler.itself.most_common(1)[0][0]
    assert first.endswith("test_sampling.py: busily")
    assert "test_sampling.py: busily" in sampler.table()
    assert sampler.itself[first] > 0.5 * sampler.total
