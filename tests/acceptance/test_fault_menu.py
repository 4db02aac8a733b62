"""Everything that the simulated Globus can be ordered to do wrong, one by one and in pairs, against the real client.

Each row of `MENU` says what then becomes of the recordings. A fault that is added to the simulator without a row here
fails the first test.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from archived.core.lifecycle import State
from archived.simulator import running
from archived.simulator.faults import KNOWN
from archived.transfer.login import finish_login, start_login
from tests.acceptance import promises
from tests.acceptance.conftest import ARCHIVE_COLLECTION, RIG_COLLECTION
from tests.acceptance.within import Within, configured, record_run, record_video

pytestmark = pytest.mark.timeout(120)

SEED = int(os.environ.get("FAULTS_SEED", random.SystemRandom().randrange(1_000_000)))
PAIRS = int(os.environ.get("FAULT_PAIRS", "2"))

DATA = "*SC011_022319_g0_t0.imec0.ap.bin"
SERVICE = "* /v0.10/*"
LOGIN = "POST */token"
SUBMISSION = "POST */transfer"


class Outcome(Enum):
    """What becomes of the recordings."""

    ARRIVE = "all arrive, without anybody doing anything, while the fault is in force or once it has struck"
    WAIT = "all wait and nothing fails; they arrive once the fault is over"
    ONE = "the dataset of one file needs a person; all others arrive"
    ALL = "what it strikes needs a person, with the words of whoever refused"


@dataclass(frozen=True)
class Row:
    """One fault as it is ordered, and what must come of it."""

    fault: str
    outcome: Outcome
    says: str = ""
    """What an alarm (WAIT), or a reason (ONE, ALL), must say."""
    more: str = ""
    person: bool = False
    """Whether transfers are made with a person's login rather than a service account."""
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join(filter(None, (self.fault, self.more, self.outcome.name.lower())))


def _row(
    fault: str,
    outcome: Outcome,
    says: str = "",
    more: str = "",
    *,
    person: bool = False,
    **options: Any,
) -> Row:
    return Row(fault, outcome, says, more, person, options)


_O = Outcome
MENU = (
    _row("refuse", _O.WAIT, "cannot be reached"),
    _row("refuse", _O.ARRIVE, more="now and then", times=4, after=3),
    _row("reset", _O.WAIT, "cannot be reached"),
    _row("reset", _O.ARRIVE, more="of submissions", route=SUBMISSION, times=4),
    _row("slow", _O.ARRIVE, seconds=0.15),
    _row("429", _O.WAIT, "Too many requests", route=SERVICE),
    _row("429", _O.WAIT, "login service", more="login", route=LOGIN),
    _row("429", _O.ARRIVE, more="with a time", times=3, retry_after=1),
    _row("500", _O.WAIT, "internal error", route=SERVICE),
    _row("500", _O.WAIT, "login service", more="login", route=LOGIN),
    _row("502", _O.WAIT, "no sensible answer", route=SERVICE),
    _row("502", _O.WAIT, "login service", more="login", route=LOGIN),
    _row("502", _O.WAIT, "unreadable", more="list", body="list", route=SERVICE),
    _row("502", _O.WAIT, "502", more="page", body="html", route=SERVICE),
    _row("503", _O.WAIT, "maintenance", route=SERVICE),
    _row("expired_token", _O.WAIT, "login is not accepted"),
    _row("expired_token", _O.ARRIVE, more="once", times=1, after=3),
    _row("consent_missing", _O.WAIT, "consent is missing", collection=ARCHIVE_COLLECTION),
    _row("consent_missing", _O.WAIT, "archivedctl login --collection", more="person", person=True, collection=ARCHIVE_COLLECTION),
    _row("session_expired", _O.ALL, "policy does not let this service account in"),
    _row("session_expired", _O.WAIT, "a fresh login", more="person", person=True),
    _row("operation_denied", _O.ALL, "EndpointPermissionDenied"),
    _row("identical_paths", _O.WAIT, "same paths"),
    _row("too_many_tasks", _O.WAIT, "pending tasks"),
    _row("duplicate", _O.ARRIVE),
    _row("receipts_late", _O.WAIT, "cannot be proved"),
    _row("receipts_late", _O.ARRIVE, more="for a while", times=4),
    _row("invalid_client", _O.WAIT, "client id or its secret"),
    _row("invalid_grant", _O.WAIT, "login has ended", person=True),
    _row("offline", _O.WAIT, "not currently connected", collection=ARCHIVE_COLLECTION),
    _row("offline", _O.WAIT, more="rig", collection=RIG_COLLECTION),
    _row("paused", _O.WAIT, "new disks until noon", message="new disks until noon"),
    _row("inactive", _O.WAIT, "is suspended"),
    _row("expires", _O.ARRIVE, times=2),
    _row("canceled_by_admin", _O.ALL, "maintenance", message="maintenance"),
    _row("canceled_by_admin", _O.ALL, "administrator", more="destination", who="DESTINATION"),
    _row("canceled_by_admin", _O.ALL, "administrator", more="both", who="BOTH"),
    _row("permission_denied", _O.ONE, "permission", path=DATA, collection=RIG_COLLECTION),
    _row("permission_denied", _O.ONE, "permission", more="archive", path=DATA, collection=ARCHIVE_COLLECTION),
    _row("permission_denied", _O.ALL, "permission", more="everywhere", collection=ARCHIVE_COLLECTION),
    _row("source_vanished", _O.ONE, "file not found", path=DATA),
    _row("source_vanished", _O.ARRIVE, more="twice", path=DATA, times=2),
    _row("size_changed", _O.ARRIVE, path=DATA),
    _row("quota", _O.WAIT, "quota is used up"),
    _row("no_space", _O.WAIT, "is full"),
    _row("checksum_mismatch", _O.WAIT, path=DATA),
    _row("external_checksum_mismatch", _O.ONE, "checksum", path=DATA),
    _row("error", _O.WAIT, code="ENDPOINT_TOO_BUSY"),
    _row("error", _O.ONE, "cannot have a file of this name", more="name", code="INVALID_PATH_NAME", path=DATA),
    _row("error", _O.ALL, "certificate", more="person", code="GSI_DN_MISMATCH"),
)  # fmt: skip


@pytest.fixture
def within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Within]:
    """A rig with two finished runs and a video, and a daemon that is not started yet."""
    folders = {RIG_COLLECTION: tmp_path / "rig", ARCHIVE_COLLECTION: tmp_path / "archive"}
    for folder in folders.values():
        folder.mkdir()
    with running(folders) as globus:
        globus.settings.retry_first, globus.settings.retry_longest = 0.05, 0.2
        made = configured(tmp_path, globus, monkeypatch)
        record_run(made.rig.root, "SC011")
        record_run(made.rig.root, "SC012")
        record_video(made.rig.root, "SC011")
        yield made


def test_every_fault_that_can_be_ordered_is_tried() -> None:
    assert {row.fault for row in MENU} == set(KNOWN)


@pytest.mark.parametrize("row", MENU, ids=str)
def test_a_fault_ends_as_the_menu_says(within: Within, row: Row) -> None:
    before = promises.Untouched.of(within.rig.root)
    if row.person:
        log_in(within)
    order = within.globus.order(row.fault, **row.options)
    with within.running():
        if row.outcome is not Outcome.ARRIVE:
            within.until("the outcome", lambda: order.struck > 0 and came_to_pass(within, row))
            within.globus.clear_faults()
            within.retry()
        within.until("all archived, and no alarm", lambda: within.archived(3))
    assert order.struck > 0
    assert_all_is_well(within, before)


def log_in(within: Within) -> None:
    """Let a person log in, whose access token is old by now."""
    tokens = within.rig.base / "state" / "tokens.json"
    native = within.globus.native_client_id
    text = within.rig.configuration.read_text()
    text = re.sub("(?m)^client_secret_file = .*$", f"token_file = {tokens}", text)
    within.rig.configuration.write_text(text.replace(within.globus.client_id, native))
    pending = start_login(native, str(tokens))
    finish_login(pending, within.globus.approve(pending.url))
    within.globus.end_logins(also_refresh_tokens=False)


def came_to_pass(within: Within, row: Row) -> bool:
    """Whether it stands by now as the row says. What must never be is found at once."""
    states = within.states()
    if row.outcome is Outcome.WAIT:
        assert State.FAILED not in states, within.told()
        if row.fault == "checksum_mismatch":
            # The run without that file arrives by another transfer, or waits for the same.
            return len(states) == 3 and states[0] is State.TRANSFERRING
        assert State.ARCHIVED not in states or row.options.get("path"), within.told()
        if not row.says:
            return len(states) == 3 and State.TRANSFERRING in states
        return row.says in within.alarms()
    reasons = "\n".join(each.reason for each in within.datasets() if each.state is State.FAILED)
    if row.outcome is Outcome.ONE:
        # In the order of names: the two runs, then the video.
        assert states[1:] == [] or State.FAILED not in states[1:], within.told()
        return states == [State.FAILED, State.ARCHIVED, State.ARCHIVED] and row.says in reasons
    return states == [State.FAILED] * 3 and row.says in reasons


def assert_all_is_well(within: Within, before: promises.Untouched) -> None:
    """Every byte is there, the rig is as it was, and no file was sent twice with success."""
    within.rig.assert_nothing_was_lost()
    assert promises.Untouched.of(within.rig.root) == before
    moved = [
        item["source_path"]
        for task in within.globus.tasks()
        if task["status"] == "SUCCEEDED"
        for item in task["items"]
        if "/.archived/" not in item["destination_path"]
    ]
    assert len(moved) == len(set(moved)), moved
    used = within.globus.submissions()
    assert len({each["task_id"] for each in used}) == len(used)


@pytest.mark.parametrize("number", range(PAIRS))
def test_faults_in_pairs_delay_and_no_more(within: Within, number: int) -> None:
    chance = random.Random(f"{SEED}-{number}")
    rows = chance.sample([row for row in MENU if row.fault != "checksum_mismatch"], 2)
    before = promises.Untouched.of(within.rig.root)
    try:
        for row in rows:
            within.globus.order(row.fault, **row.options)
        with within.running():
            threading.Event().wait(chance.uniform(0.3, 2))
            within.globus.clear_faults(rows[0].fault)
            threading.Event().wait(chance.uniform(0.3, 2))
            within.globus.clear_faults()
            for _ in itertools.count():
                within.retry()
                within.until(
                    "an end", lambda: within.archived(3) or State.FAILED in within.states()
                )
                if within.archived(3):
                    break
        assert_all_is_well(within, before)
    except BaseException as error:
        error.add_note(f"FAULTS_SEED={SEED} {rows}")
        raise
