"""What must be true of a rig once all is over, whatever was done to its programs."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import RIG_COLLECTION, TestRig, content


@dataclass(frozen=True)
class Untouched:
    """The recordings as the programs that wrote them left them."""

    files: dict[str, tuple[str, int, int]]

    @classmethod
    def of(cls, root: Path) -> Untouched:
        """Names, content and times of everything below a folder; folders too."""
        return cls(
            {
                path.relative_to(root).as_posix(): (
                    content(path) if path.is_file() else "folder",
                    path.lstat().st_mtime_ns,
                    path.lstat().st_mode,
                )
                for path in sorted(root.rglob("*"))
            }
        )


def assert_no_leftovers(rig: TestRig) -> None:
    """Nothing of ours under a temporary name is left, at the archive or on the rig."""
    for place in (rig.archive, rig.root):
        left = [path for path in place.rglob("*") if path.name.endswith(".archived-part")]
        assert left == []


def assert_one_task_for_each_file(rig: TestRig, collection: str = RIG_COLLECTION) -> None:
    """Globus, where it carries, has seen each file of the rig in one task, whatever became of that task, and nothing else."""
    if rig.globus is None:
        return
    travelled = Counter(
        item["source_path"]
        for task in rig.globus.tasks()
        if task["source_endpoint_id"] == collection
        for item in task["items"]
        if "/.archived/" not in item["destination_path"]
    )
    on_rig = {
        "/" + path.relative_to(rig.root).as_posix()
        for path in rig.root.rglob("*")
        if path.is_file()
    }
    assert travelled == Counter(on_rig)


def assert_tallies(rig: TestRig, status: Any) -> None:
    """What `status` counts is what lies on the disk."""
    files = [path for path in rig.root.rglob("*") if path.is_file()]
    assert sum(each["files_archived"] for each in status["locations"]) == len(files)
    assert sum(each["bytes_archived"] for each in status["locations"]) == sum(
        path.stat().st_size for path in files
    )
    # What tells the archive of them comes after them.
    assert {each["direction"] for each in status["transfers"]} <= {"record"}
    assert status["alarms"] == []
    assert status["attention"] == []


def assert_events_explain(shown: Any) -> None:
    """The events of a dataset lead from its first state to its last, without a gap, in the order of time."""
    told = shown["events"]
    assert told[0]["before"] is None
    for before, after in itertools.pairwise(told):
        assert before["after"] == after["before"], told
        assert before["at"] <= after["at"]
        assert after["why"]
    assert told[-1]["after"] == shown["state"]
    for file in shown["files"]:
        assert (file["state"], bool(file["proof"])) == ("archived", True)
