"""kill -9 between any two statements: what returned is there, what did not is there whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from archived.store import Store
from tests.builders import NOON
from tests.store.story import Story, dump

HERE = Path(__file__).parents[2]


def test_killed_before_any_statement_the_store_is_as_after_a_verb(
    address: str, tmp_path: Path
) -> None:
    served = "://" in address
    where = address if served else str(tmp_path / "{n}.db")
    step = "23" if served else "7"
    notes = str(tmp_path / "{n}.notes")
    told = subprocess.run(
        [sys.executable, "-m", "tests.store.story", where, notes, "1", step],
        cwd=HERE,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    points = range(1, int(told.stdout), int(step))
    assert len(points) > 10
    chapters = read(address, tmp_path)
    for number in points:
        returned = Path(notes.format(n=number)).read_bytes().count(b".")
        with Store.open(where.format(n=number), rig=f"rig-{number}") as store:
            left = repr(dump(store)).replace(f"rig-{number}-batch", "batch")
        expected = chapters[returned : returned + 2]
        assert left in expected, f"killed before statement {number}, after {returned} verbs"


def read(address: str, tmp_path: Path) -> list[str]:
    """What the store holds after every verb, when nobody is killed."""
    where = address if "://" in address else str(tmp_path / "whole.db")
    with Store.open(where, rig="whole", create=True, now=NOON) as store:
        story = Story(store)
        chapters = [repr(dump(store))]
        for verb in story.verbs():
            verb()
            chapters.append(repr(dump(store)).replace("whole-batch", "batch"))
    return chapters
