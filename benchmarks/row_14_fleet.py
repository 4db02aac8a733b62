"""Row 14: a rig's turn among a hundred daemons on one PostgreSQL, against that of one rig alone on the same server."""

from __future__ import annotations

import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.daemons import program as words_of
from benchmarks.fleet import ALONE, FLEET, Kept, rig_of, server, settings_of
from benchmarks.measuring import in_turn, program, sample_of
from benchmarks.values import Bench, Claim, Outcome, Sample, median, ratio
from tests.store.servers import Postgres

NUMBER = 14
TITLE = "a turn of one of a hundred rigs on one server, files of all rigs"
AGAINST = "one rig on the same server"
SIZES = (1_000_000, 10_000_000)

RIGS, FEW_RIGS = 100, 3
TURNS, FEW_TURNS = 300, 10
RIGS_A_PROCESS = 33


def measure(bench: Bench) -> Outcome:
    """The others run at their own pace, and archive a recording each five minutes, while one rig's turns are measured."""
    if Postgres.programs() is None:
        return Outcome(NUMBER, TITLE, bench.files, {}, [], ["PostgreSQL is not installed"])
    rigs, turns = (FEW_RIGS, FEW_TURNS) if bench.quick else (RIGS, TURNS)
    statements: dict[str, float] = {}
    usual: dict[str, list[float]] = defaultdict(list)
    with server(bench, rigs) as kept, daemons(kept, rigs) as others:

        def turns_in(database: str, who: str) -> Sample:
            settings = settings_of(kept, rig_of(bench, rigs), database)
            figures = program("tick", settings, turns)
            statements[database] = figures["statements"]
            usual[who].append(1e3 * figures["median"])
            whole = sample_of(figures)
            return Sample(whole.wall / turns, whole.cpu / turns, whole.peak)

        def among_all() -> Sample:
            others.go()
            try:
                return turns_in(FLEET, "among all")
            finally:
                others.rest()

        samples = in_turn(
            {
                "archived": among_all,
                "the same, all other rigs at rest": lambda: turns_in(FLEET, "at rest"),
                "alone": lambda: turns_in(ALONE, "alone"),
            },
            bench.runs,
        )
        connections = kept_connections(kept)
    return Outcome(
        NUMBER,
        TITLE,
        bench.files,
        samples,
        [Claim("a turn, against that of a rig alone", ratio(samples, "archived", "alone"), 1.5)],
        [
            f"{1e3 * median(samples['archived']):.1f} ms a turn among {rigs} rigs, "
            f"{1e3 * median(samples['alone']):.1f} ms alone, {statements[FLEET]:.1f} statements",
            f"half of the turns take {min(usual['among all']):.2f} ms among them, "
            f"{min(usual['alone']):.2f} ms alone, at the best",
            f"{connections / (rigs - 1):.1f} connections of each of the other daemons",
        ],
    )


class Others:
    """The daemons of all other rigs, in a few processes."""

    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self._processes = processes
        self._hear("ready")

    def go(self) -> None:
        """Let them have their turns."""
        self._tell("go")

    def rest(self) -> None:
        """Let them wait."""
        self._tell("rest")

    def _tell(self, word: str) -> None:
        for each in self._processes:
            assert each.stdin is not None
            each.stdin.write(f"{word}\n")
            each.stdin.flush()
        self._hear(word)

    def _hear(self, word: str) -> None:
        for each in self._processes:
            assert each.stdout is not None
            if (said := each.stdout.readline().strip()) != word:
                raise RuntimeError(f"a process of other daemons said {said!r} in place of {word!r}")


@contextmanager
def daemons(kept: Kept, rigs: int) -> Iterator[Others]:
    """The daemons of all rigs but the first, at rest."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rigs-")))
        processes = []
        for first in range(1, rigs, RIGS_A_PROCESS):
            last = min(first + RIGS_A_PROCESS, rigs) - 1
            words = words_of("rigs", folder, kept.address(FLEET), first, last)
            process = stack.enter_context(
                subprocess.Popen(
                    list(map(str, words)),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            # Its end is the end of what it reads.
            stack.callback(process.stdin.close)  # type: ignore[union-attr]
            processes.append(process)
        yield Others(processes)


def kept_connections(kept: Kept) -> int:
    """How many connections there are to the catalogue of all rigs."""
    connection = kept.connect()
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (FLEET,)
    ).fetchone()
    connection.close()
    return int(row[0])
