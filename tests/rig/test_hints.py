"""Hints are kept once each, within bounds, and never lost in silence."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from archived.rig.hints import Hints, HintSet


def hint_set(capacity: int = 1000) -> tuple[HintSet, list[None]]:
    woken: list[None] = []
    return HintSet(lambda: woken.append(None), capacity), woken


def test_a_path_is_kept_once_and_taken_once() -> None:
    hints, woken = hint_set()
    for path in ("a/1", "a/2", "a/1"):
        hints.add(path)
    assert hints.take() == Hints(frozenset({"a/1", "a/2"}), everything=False)
    assert hints.take() is None
    assert len(woken) == 1
    hints.add("a/1")
    assert hints.take() == Hints(frozenset({"a/1"}), everything=False)
    assert len(woken) == 2


def test_what_is_in_a_hinted_folder_needs_no_hint_of_its_own() -> None:
    hints, _ = hint_set()
    hints.add("a/new", folder=True)
    for path in ("a/new/1", "a/new/deep/er/2", "a/newer", "a/1"):
        hints.add(path)
    assert hints.take() == Hints(frozenset({"a/new", "a/newer", "a/1"}), everything=False)
    hints.add("", folder=True)
    hints.add("a")
    assert hints.take() == Hints(frozenset({""}), everything=False)


def test_more_than_fits_becomes_everything() -> None:
    hints, woken = hint_set(capacity=3)
    for number in range(100):
        hints.add(str(number))
    assert hints.take() == Hints(frozenset({"0", "1", "2"}), everything=True)
    assert len(woken) == 1
    hints.add("later")
    assert hints.take() == Hints(frozenset({"later"}), everything=False)


def test_lost_events_become_everything_beside_what_is_known_and_wake_once() -> None:
    hints, woken = hint_set()
    hints.lose()
    hints.lose()
    hints.add("a")
    assert hints.take() == Hints(frozenset({"a"}), everything=True)
    assert len(woken) == 1


@given(st.lists(st.tuples(st.text("ab/", max_size=6), st.booleans())), st.integers(1, 8))
def test_whatever_happened_is_covered_by_what_is_taken(
    happened: list[tuple[str, bool]], capacity: int
) -> None:
    hints, woken = hint_set(capacity)
    for path, folder in happened:
        hints.add(path.strip("/"), folder=folder)
    taken = hints.take()
    if not happened:
        assert taken is None
        return
    assert taken is not None
    assert len(woken) == 1
    assert len(taken.paths) <= capacity
    for path, _ in happened:
        parts = path.strip("/").split("/")
        above = {"", *("/".join(parts[:end]) for end in range(1, len(parts) + 1))}
        assert taken.everything or taken.paths & above


def test_many_threads_lose_nothing() -> None:
    hints, _ = hint_set(capacity=100_000)
    threads = [
        threading.Thread(
            target=lambda name=name: [hints.add(f"{name}/{number}") for number in range(2000)]
        )
        for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    taken: set[str] = set()
    while any(thread.is_alive() for thread in threads):
        some = hints.take()
        taken |= some.paths if some else set()
    for thread in threads:
        thread.join()
    rest = hints.take()
    assert len(taken | (rest.paths if rest else set())) == 8000


def test_while_things_go_on_happening_whoever_takes_them_is_not_woken_for_each() -> None:
    hints, woken = hint_set()
    for number in range(10):
        hints.add(f"a/{number}")
        assert hints.take()
    assert len(woken) == 1
    assert hints.take() is None
    hints.add("a/later")
    assert len(woken) == 2
