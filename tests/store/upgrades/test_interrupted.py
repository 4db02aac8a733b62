"""Upgrades that are killed, cut off, or done by two at once: the store is the old one or the new one, and gets there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archived.errors import StoreError
from archived.store import Store
from archived.store.backup import examine
from archived.store.servers import MySqlDatabase, PostgresDatabase
from tests.builders import NOON
from tests.effort import EFFORT
from tests.store.servers import Server
from tests.store.upgrades.loading import RIGS, VERSIONS, Rows, everything, load, timeless

HERE = Path(__file__).parents[3]
OLD = VERSIONS[:-1]
DATABASES: dict[str, Any] = {"mysql": MySqlDatabase, "postgresql": PostgresDatabase}
STEPS = {"sqlite": 3, "postgresql": 9, "mysql": 5}
"""Every how many statements an upgrade is interrupted."""

by_version = pytest.mark.parametrize("version", OLD)


def step_of(kind: str) -> int:
    """With more effort, every single one."""
    return 1 if EFFORT > 1 else STEPS[kind]


def whole(version: str, address: str, server: Server | None) -> Rows:
    """What becomes of a kept store when nobody interrupts."""
    load(version, address, server)
    Store.open(address, rig="rig-1", create=True, now=NOON).close()
    return timeless(everything(address))


@by_version
def test_killed_before_any_statement_a_file_is_the_old_store_or_the_new_one(
    version: str, tmp_path: Path
) -> None:
    expected = whole(version, str(tmp_path / "whole.db"), None)
    store = tmp_path / "killed.db"
    load(version, str(store))
    old = everything(str(store))
    done = subprocess.run(
        [sys.executable, "-m", "tests.store.upgrades.dying", str(store), str(step_of("sqlite"))],
        cwd=HERE,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    deaths = [line.split() for line in done.stdout.splitlines()]
    assert len(deaths) > 2
    found = [what for _, what in deaths]
    # The last died after the commit, or did not die at all.
    news = found.index("new")
    assert found == ["old"] * news + ["new"] * (len(found) - news)
    assert timeless(everything(str(store))) == expected
    (kept,) = tmp_path.glob("killed.db.before-*")
    assert examine(kept).schema.startswith(version)
    without_mark = {**everything(str(kept)), "setting": old["setting"]}
    assert without_mark == old


@pytest.mark.parametrize("version", OLD if EFFORT > 1 else OLD[:1])
def test_cut_off_before_any_statement_a_shared_store_gets_there(
    version: str,
    server_kind: str,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = f"cut_{version}"
    whole_one = server.new_database(f"whole_{version}")
    expected = whole(version, whole_one, server)
    server.drop_database(f"whole_{version}")
    address = server.new_database(name)
    load(version, address, server)
    old = everything(address)
    cuts = 0
    while not upgraded_before(
        address,
        (cuts + 1) * step_of(server_kind),
        lambda: server.cut(name),
        monkeypatch,
        server_kind,
    ):
        cuts += 1
        if server_kind == "postgresql":
            assert everything(address) == old
    assert cuts > 2
    assert timeless(everything(address)) == expected
    server.drop_database(name)


def upgraded_before(
    address: str,
    fatal: int,
    cut: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> bool:
    """Upgrade with a connection that is cut before the statement of that number; whether that was early enough."""
    database = DATABASES[kind]
    execute, commit, left = database.execute_sql, database.commit, fatal

    def counted() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            cut()

    def executed(self: Any, sql: str, params: Any = None) -> Any:
        # Opening a connection once more is what the store does by itself; what is cut here is the building.
        if self.building:
            counted()
        return execute(self, sql, params)

    def committed(self: Any) -> Any:
        if self.building:
            counted()
        return commit(self)

    with monkeypatch.context() as patched:
        patched.setattr(database, "execute_sql", executed)
        patched.setattr(database, "commit", committed)
        try:
            Store.open(address, rig="rig-1", create=True, now=NOON).close()
        except StoreError:
            assert left <= 0
            return False
    return True


OPEN = """
import sys
from archived.store import Store
from tests.builders import NOON

print("ready", flush=True)
sys.stdin.readline()
with Store.open(sys.argv[1], rig=sys.argv[2], create=True, now=NOON) as store:
    print(len(store.events()), store.upgraded is not None, flush=True)
"""


def test_of_several_that_upgrade_at_once_one_does(
    kind: str, empty_address: str, server_of: Callable[[str], Server]
) -> None:
    load("0001", empty_address, None if kind == "sqlite" else server_of(kind))
    before = everything(empty_address)
    events = sum(row["rig_id"] == 1 for row in before["event"])
    racing = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, empty_address, RIGS[0]],
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for each in racing:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in racing:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    answers = sorted(each.communicate(timeout=50)[0].split()[1] for each in racing)
    assert [each.returncode for each in racing] == [0, 0, 0]
    assert answers == ["False", "False", "True"]
    after = everything(empty_address)
    assert [row for row in after["event"] if row["rig_id"] == 1] == [
        row for row in before["event"] if row["rig_id"] == 1
    ]
    assert events > 50
