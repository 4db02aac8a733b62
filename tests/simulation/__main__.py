"""`python -m tests.simulation`: tell the lives of many rigs, and the shortest story of whatever breaks a rule."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.simulation.shrinking import shrink
from tests.simulation.story import DAY, Story, story_of
from tests.simulation.telling import Told, tell

LINES = 40


def main(words: Sequence[str] | None = None) -> int:
    """Tell what was asked for; 1 where a rule was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--from", dest="first", type=int, default=None, help="the first seed")
    parser.add_argument("--replay", help="one seed, or a file with a story")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="a line for each seed")
    parser.add_argument("--whole", action="store_true", help="do not shrink what is replayed")
    asked = parser.parse_args(words)
    if asked.replay is not None:
        return _replay(asked.replay, whole=asked.whole)
    # Fresh ones each time, unless somebody says which.
    first = int.from_bytes(os.urandom(4), "big") if asked.first is None else asked.first
    seeds = range(first, first + asked.seeds)
    figures: Counter[str] = Counter()
    broken = 0
    worked = 0.0
    began = time.monotonic()
    for told in _told(seeds, asked.processes):
        figures.update(told.figures)
        worked += told.seconds
        figures["seeds"] += 1
        if asked.verbose:
            days = told.figures["seconds"] / DAY
            turns = told.figures["turns"]
            _print(
                f"seed {told.story.setting.seed}: {days:.1f} days, {turns} turns, {told.seconds:.1f} s"
            )
        if told.rule:
            broken += 1
            _print(f"seed {told.story.setting.seed} breaks {told.rule!r}: {told.what}")
            _print(f"  python -m tests.simulation --replay {told.story.setting.seed}")
    _print(_summary(figures, time.monotonic() - began, worked, broken))
    return 1 if broken else 0


def _told(seeds: Iterable[int], processes: int) -> Iterator[Told]:
    if processes == 1:
        yield from map(told_of, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(told_of, seeds, chunksize=4)


def told_of(seed: int) -> Told:
    """What comes of a seed; without its trace where all is well."""
    told = tell(story_of(seed))
    if not told.rule:
        told.trace = []
    return told


def _replay(which: str, *, whole: bool) -> int:
    path = Path(which)
    story = Story.from_json(path.read_text()) if path.exists() else story_of(int(which))
    told = tell(story)
    if not told.rule:
        _print(f"no rule is broken ({told.digest})")
        return 0
    if not whole:
        told = shrink(told, say=_print)
        kept = Path(f"story-{story.setting.seed}.json")
        kept.write_text(told.story.to_json())
        _print(f"kept in {kept}")
    _print(explain(told))
    return 1


def explain(told: Told) -> str:
    """A story that breaks a rule, for people."""
    plain = {
        name: value
        for name, value in vars(told.story.setting).items()
        if value != Story(type(told.story.setting)(0), ()).setting.__dict__[name]
    }
    lines = [f"{told.rule}: {told.what}", f"setting: {plain}"]
    lines += [f"  {action}" for action in told.story.actions]
    lines += ["and so it went:", *(f"  {line!a}" for line in told.trace[-LINES:])]
    lines.append(f"again: python -m tests.simulation --replay {told.story.setting.seed}")
    return "\n".join(lines)


def _summary(figures: Counter[str], seconds: float, worked: float, broken: int) -> str:
    days = figures["seconds"] / DAY
    told = ", ".join(
        f"{figures[name]} {name}"
        for name in ("processes", "kills", "turns", "statements", "calls", "tasks", "receipts")
    )
    faults = ", ".join(
        f"{name} {figures[name]}"
        for name in sorted(figures)
        if name.split()[0] in ("fault", "store", "trap", "action", "late")
    )
    return (
        f"{figures['seeds']} seeds, {broken} broken, {days:.0f} days of a rig in {seconds:.0f} s "
        f"({60 * days / max(worked, 1):.0f} days a minute of a processor)\n{told}\n{faults}"
    )


def _print(text: str) -> None:
    sys.stdout.write(text.encode(errors="backslashreplace").decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
