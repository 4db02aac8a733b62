"""What the programs make of stores of other releases: the older are upgraded and told of, the newer are left alone."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from archived.errors import StoreTooNewError
from archived.interface import Archive
from archived.store.opening import HISTORY
from tests.cli.rigs import CliRig
from tests.store.test_full import may_mount
from tests.store.upgrades.loading import VERSIONS, everything, load

HERE = Path(__file__).parents[3]
DAEMON = ["-m", "archived", "--until-idle", "--log-format", "json"]
CTL = ["-m", "archived.cli"]
EVERYTHING = [
    DAEMON,
    [*CTL, "status", "--json"],
    [*CTL, "list"],
    [*CTL, "retry", "*"],
    [*CTL, "discover"],
]

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def rig(tmp_path: Path) -> CliRig:
    return CliRig(tmp_path)


@pytest.fixture
def store(rig: CliRig) -> Path:
    """A store of the first release, where the configuration says that it is."""
    path = rig.base / "state" / "archived.db"
    load("0001", str(path))
    return path


@pytest.fixture
def newer(rig: CliRig) -> Path:
    """A store of a release that is to come."""
    path = rig.base / "state" / "archived.db"
    load(VERSIONS[-1], str(path))
    with closing(apsw.Connection(str(path))) as file:
        file.execute(
            f"INSERT INTO {HISTORY} (name, applied) VALUES ('0999_from_the_future', '2030-01-01')"
        )
        file.execute("CREATE TABLE of_the_future (id INTEGER)")
    return path


def run(
    rig: CliRig, words: Sequence[str], *prefix: str, cwd: Path = HERE
) -> subprocess.CompletedProcess[str]:
    """Run one of our programs to its end."""
    return subprocess.run(
        [*prefix, sys.executable, *words[:2], "-c", str(rig.configuration), *words[2:]],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def contents(folder: Path) -> dict[str, str]:
    """What is in a folder, byte by byte."""
    return {
        each.name: hashlib.sha256(each.read_bytes()).hexdigest()
        for each in folder.iterdir()
        if not each.name.endswith("-lock")
    }


@pytest.mark.parametrize("words", EVERYTHING, ids=" ".join)
def test_the_store_of_a_newer_release_is_refused_and_left_alone(
    rig: CliRig, newer: Path, words: list[str]
) -> None:
    before = contents(newer.parent)
    done = run(rig, words)
    assert done.returncode == 1
    told = done.stdout + done.stderr
    assert "was written by a newer release (it has 0999_from_the_future)" in told
    assert "install that release again" in told
    assert "Traceback" not in told
    assert contents(newer.parent) == before


def test_python_is_told_the_same(rig: CliRig, newer: Path) -> None:
    before = contents(newer.parent)
    with pytest.raises(StoreTooNewError, match="0999_from_the_future"):
        len(Archive(rig.configuration).datasets)
    assert contents(newer.parent) == before


def test_the_daemon_says_in_its_log_what_it_kept(rig: CliRig, store: Path, tmp_path: Path) -> None:
    load("0001", str(tmp_path / "first.db"))
    daemon = subprocess.Popen(
        [sys.executable, "-m", "archived", "-c", str(rig.configuration), "--log-format", "json"],
        cwd=HERE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with daemon:
        assert daemon.stderr is not None
        entries = (json.loads(line) for line in daemon.stderr if line.startswith("{"))
        told = next(each for each in entries if each["event"] == "store brought up to date")
        daemon.terminate()
        daemon.communicate(timeout=60)
    kept = Path(told["kept"])
    assert kept == store.with_name("archived.db.before-0002")
    assert told["migrations"][0] == "0002_catalogue"
    assert kept.stat().st_mode & 0o077 == 0
    assert everything(str(kept))["event"] == everything(str(tmp_path / "first.db"))["event"]


def test_whoever_types_a_command_is_told_too(rig: CliRig, store: Path) -> None:
    done = run(rig, [*CTL, "status", "--json"])
    assert done.returncode == 0, done.stderr
    assert "the store was brought up to date (0002_catalogue" in done.stderr
    assert "archived.db.before-0002" in done.stderr
    assert json.loads(done.stdout)["counts"]["archived"] == 3
    assert run(rig, [*CTL, "status", "--json"]).stderr == ""


def test_the_kept_store_can_be_gone_back_to(rig: CliRig, store: Path) -> None:
    old = everything(str(store))
    run(rig, [*CTL, "status"])
    store.unlink()
    store.with_name("archived.db.before-0002").rename(store)
    back = everything(str(store))
    mark = [row for row in back["setting"] if row["name"] != "copy"]
    assert {**back, "setting": mark} == old
    # And forward again.
    done = run(rig, [*CTL, "status", "--json"])
    assert json.loads(done.stdout)["counts"]["archived"] == 3


def test_python_says_who_can_upgrade_a_store(rig: CliRig, store: Path) -> None:
    before = everything(str(store))
    with pytest.raises(Exception, match="written by an older release") as refused:
        len(Archive(rig.configuration).datasets)
    assert "archivedctl status" in refused.value.what_to_do  # type: ignore[attr-defined]
    assert everything(str(store)) == before


UPGRADE = """
import os, sys
import archived.store.sqlite, playhouse.migrations  # somebody else may not read where these are
from archived.errors import StoreError
from archived.store import Store

if sys.argv[2:]:
    os.setgroups([])
    os.setuid(int(sys.argv[2]))
try:
    with Store.open(sys.argv[1], rig="rig-1") as store:
        print(store.upgraded)
except StoreError as error:
    print(type(error).__name__, error, "|", error.what_to_do)
"""


@pytest.fixture
def for_everybody() -> Iterator[Path]:
    """A folder that another user may enter; pytest's own are private."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.parametrize("folder", [0o555, 0o777])
def test_whoever_may_only_read_an_old_store_is_told_what_to_do(
    for_everybody: Path, folder: int
) -> None:
    store = for_everybody / "archived.db"
    load("0001", str(store))
    before = everything(str(store))
    store.chmod(0o444)
    for_everybody.chmod(folder)
    words = [str(65534)] if os.geteuid() == 0 else []
    told = subprocess.run(
        [sys.executable, "-c", UPGRADE, str(store), *words],
        cwd=HERE,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert told.startswith("StoreError")
    assert "cannot be written" in told
    assert (
        "A store of an older release is brought up to date by that account's first command" in told
    )
    for_everybody.chmod(0o755)
    store.chmod(0o644)
    assert everything(str(store)) == before


SMALL_DISK = """
small="$1"; store="$2"; room="$3"; shift 3
mount -t tmpfs -o size=20m tmpfs "$small"
cp "$store" "$small/archived.db"
dd if=/dev/zero of="$small/ballast" bs=4096 count=$(( (20 * 1024 * 1024 - $(stat -c %s "$store") - room) / 4096 ))
"$@"
rm "$small/ballast"
cp "$small/archived.db" "$small/../after.db"
ls "$small" > "$small/../there"
"""


@pytest.mark.skipif(not may_mount(), reason="this user may not mount a small disk to fill")
@pytest.mark.parametrize(
    ("times", "what", "kept"),
    [
        (0.4, "its disk is full; nothing was changed", False),
        (1.9, "what it was before was not kept: that takes", False),
        (9, "what it was before is kept in", True),
    ],
)
def test_an_upgrade_takes_the_room_that_there_is(
    tmp_path: Path, times: float, what: str, kept: bool
) -> None:
    """`times` the size of the store is free beside it."""
    store, small = tmp_path / "archived.db", tmp_path / "small"
    load("0001", str(store))
    small.mkdir()
    room = str(int(times * store.stat().st_size))
    done = subprocess.run(
        [
            *("unshare", "-m", "sh", "-ec", SMALL_DISK, "sh", str(small), str(store), room),
            *(sys.executable, "-c", UPGRADE, str(small / "archived.db")),
        ],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert what in done.stdout
    there = set((tmp_path / "there").read_text().split())
    assert there == {"archived.db"} | ({"archived.db.before-0002"} if kept else set())
    if "nothing was changed" in what:
        assert everything(str(tmp_path / "after.db")) == everything(str(store))
    else:
        assert "verification" in everything(str(tmp_path / "after.db"))
