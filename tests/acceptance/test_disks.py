"""A read-only disk under the recordings, and a full one under the store of a daemon that runs."""

from __future__ import annotations

import pytest

from tests.acceptance import disks
from tests.acceptance.conftest import TestRig
from tests.acceptance.disks import Glance
from tests.acceptance.test_a_rig import record, session

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("rig", ["directory"], indirect=True),
]


def test_it_needs_to_write_nothing_where_the_recordings_are(rig: TestRig) -> None:
    record(session(rig), 0)
    rig.take_own_mounts()
    rig.mount("--bind", "-o", "ro", str(rig.root), str(rig.root))

    assert rig.start("--until-idle").wait(100) == 0, rig.log()

    assert Glance(rig).counts() == {"archived": 3}
    rig.assert_nothing_was_lost()


def test_a_full_disk_under_the_store_is_waited_for(rig: TestRig) -> None:
    rig.take_own_mounts()
    state = disks.small_disk(rig, rig.base / "state", "size=2m")
    glance = Glance(rig)
    daemon = rig.start()
    rig.wait_for("a watcher, which the store tells of", lambda: bool(glance.setting("watcher")))
    ballast = disks.fill(state)

    record(session(rig), 0)
    rig.wait_for("the refusal", lambda: "store unavailable" in disks.log_of(rig))
    ballast.unlink()

    glance.until(archived=3)
    assert daemon.poll() is None
    rig.assert_nothing_was_lost()
    disks.assert_nothing_went_missing(rig)
