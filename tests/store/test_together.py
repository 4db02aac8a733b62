"""Several processes at one store: no move is made twice, and nobody is turned away."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from archived.core.lifecycle import State
from archived.core.model import FileState
from archived.core.sighting import KnownFolder
from archived.store import Selector, Store
from tests.store.bench import G0, LOCATION, Bench

HERE = Path(__file__).parents[2]
DATASETS = 25

RACE = """
import sys
from archived.core.lifecycle import Reason, State
from archived.store import Selector, Store
from tests.builders import NOON

with Store.open(sys.argv[1], rig="rig-1") as store:
    ids = [each.id for each in store.select(Selector())]
    print("ready", flush=True)
    sys.stdin.readline()
    won = sum(
        store.move(each, State.SETTLING, State.READY, Reason.SETTLED, "finished", NOON) for each in ids
    )
    print(won, flush=True)
"""

CTL = """
import sys
from archived.store import Selector, Store
from tests.builders import NOON

with Store.open(sys.argv[1], rig="rig-1") as store:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(30):
        held = store.hold(Selector(names=["*g0"]), NOON, user="anna")
        released = store.release(Selector(names=["*g0"]), NOON, user="anna")
        assert len(held) == len(released) == 1, (held, released)
        store.raise_alarm("ctl", f"alarm {number}", "", NOON)
    print("done", flush=True)
"""


def workers(script: str, address: str, number: int) -> list[subprocess.Popen[str]]:
    """Processes that have opened the store and wait for a line on their standard input."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, address],
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(number)
    ]
    for worker in started:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    return started


def test_of_processes_that_make_the_same_moves_one_makes_each(bench: Bench, address: str) -> None:
    for number in range(DATASETS):
        bench.write("a.bin", dataset=f"SC011/r{number:02}")
    bench.sight()
    racing = workers(RACE, address, 3)
    for worker in racing:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    won = [int(worker.communicate()[0]) for worker in racing]
    assert sum(won) == DATASETS
    counts = bench.store.counts()
    assert (counts[State.SETTLING], counts[State.READY]) == (0, DATASETS)
    settled = [each for each in bench.store.events() if each.after is State.READY]
    assert len(settled) == DATASETS
    assert len({each.dataset for each in settled}) == DATASETS


def test_a_person_and_the_daemon_write_at_the_same_time(bench: Bench, address: str) -> None:
    bench.write("a.bin")
    bench.sight()
    (ctl,) = workers(CTL, address, 1)
    assert ctl.stdin is not None
    ctl.stdin.write("go\n")
    ctl.stdin.flush()
    number = 0
    while ctl.poll() is None and number < 60:
        number += 1
        bench.ready("a.bin", "b.bin", dataset=f"SC011/r{number}")
        bench.archive(f"SC011/r{number}")
    assert ctl.communicate()[0] == "done\n"
    assert ctl.returncode == 0
    counts = bench.store.counts()
    assert (counts[State.ARCHIVED], counts[State.SETTLING]) == (number, 1)
    events = bench.store.events(name=f"{LOCATION}/{G0}", limit=1_000)
    assert len(events) == 1 + 2 * 30
    assert [each.message for each in bench.store.alarms()] == ["alarm 29"]


def test_threads_have_connections_of_their_own(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.archive()
    found: list[Mapping[str, KnownFolder]] = []

    def read() -> None:
        for _ in range(50):
            found.append(bench.store.known_folders("/globus/map/raw"))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(20):
        bench.store.count("turns")
        bench.store.put_setting("turn", str(number))
    for thread in threads:
        thread.join()
    assert len(found) == 150
    assert all(known == found[0] for known in found)
    assert list(found[0]) == [G0]
    bench.store.close()
    assert bench.file_states() == {"a.bin": FileState.ARCHIVED}
    assert bench.store.counters() == {"turns": 20}


def test_a_reader_is_not_held_up_by_a_writer(bench: Bench, address: str) -> None:
    bench.ready("a.bin")
    with Store.open(address, rig="rig-1") as reader, bench.store._door.write():
        bench.store.count("unfinished")
        assert reader.counts()[State.READY] == 1
        assert [each.path for each in reader.select(Selector())] == [G0]
        assert reader.counters() == {}
    assert bench.store.counters() == {"unfinished": 1}
