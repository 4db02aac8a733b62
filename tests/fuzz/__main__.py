"""Long runs by hand: `python -m tests.fuzz [TARGET …] [--minutes M] [--seed S] [--guided]`, or `make fuzz`.

Every target runs in a process of its own, whose memory is limited. What is found is made small and written to a folder.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.running import attempt, campaign, corpus_of, for_seconds, new_seed, smaller
from tests.fuzz.table import TARGETS
from tests.fuzz.target import Target

MEMORY = 1 << 30
"""Bytes that a target may take beyond what its modules do."""


def main(words: Sequence[str]) -> int:
    """Run what was asked for; the exit code says whether anything was found."""
    asked = _parsed(words)
    chosen = [each for each in TARGETS if not asked.targets or each.name in asked.targets]
    if asked.inside:
        return _inside(chosen[0], asked)
    seconds = asked.minutes * 60 / max(len(chosen), 1)
    failed = [each.name for each in chosen if _in_its_own_process(each, asked, seconds)]
    print(f"found something in {', '.join(failed)}" if failed else "found nothing")
    return 1 if failed else 0


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*(each.name for each in TARGETS), []])
    parser.add_argument("--minutes", type=float, default=5, help="of processor time, in all")
    parser.add_argument("--seed", type=int, default=new_seed())
    parser.add_argument(
        "--guided", action="store_true", help="by coverage, with atheris (extra `fuzz`)"
    )
    parser.add_argument("--found", type=Path, default=Path("build/fuzz"), help="where findings go")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=0, help=argparse.SUPPRESS)
    return parser.parse_args(words)


def _in_its_own_process(target: Target, asked: argparse.Namespace, seconds: float) -> int:
    program = [sys.executable, "-m", "tests.fuzz", target.name, "--inside", f"--seconds={seconds}"]
    program += [
        f"--seed={asked.seed}",
        f"--found={asked.found}",
        *(["--guided"] if asked.guided else []),
    ]
    return subprocess.run(program, check=False).returncode


def _inside(target: Target, asked: argparse.Namespace) -> int:
    # Seeds are made by other programs, which have to start before memory is limited.
    corpus = corpus_of(target)
    limit_memory()
    if asked.guided:
        from tests.fuzz.guided import guided

        guided(target, corpus, asked.seconds, asked.seed, asked.found)
        return 0
    begun = time.process_time()
    found = next((each for data in corpus if (each := attempt(target, data))), None)
    tried = 0
    if found is None:
        tried, found = campaign(target, asked.seed, for_seconds(asked.seconds), corpus)
    spent = time.process_time() - begun
    print(f"{target.name:20} {tried:9} executions in {spent:7.1f} s, seed {asked.seed}", flush=True)
    if found is None:
        return 0
    found = smaller(target, found)
    print(f"  {found}\n  kept as {keep(asked.found, target, found.data)}", flush=True)
    return 1


def keep(folder: Path, target: Target, data: bytes) -> Path:
    """Write an input to where a person finds it."""
    place = folder / target.name / hashlib.sha256(data).hexdigest()[:12]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return place


def limit_memory() -> None:
    """From here on this process may take so much more memory, and no more."""
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
