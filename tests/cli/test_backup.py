"""`archivedctl backup` and `archivedctl restore`: typed, read, and their JSON."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archived import config
from archived.__main__ import _exit_code_of
from archived.errors import StoreDamagedError, StoreTooNewError
from archived.store import Store
from tests.builders import NOON
from tests.cli.contract import fits
from tests.cli.rigs import CliRig
from tests.store.bench import Bench


@pytest.fixture
def folder(rig: CliRig, bench: Bench) -> Path:
    """A folder for backups, of a rig that has something to lose."""
    bench.ready("a.bin")
    made = rig.base / "backups"
    made.mkdir()
    return made


def reopened(rig: CliRig) -> Store:
    return Store.open(str(rig.base / "state" / "archived.db"), rig="rig-1", now=NOON)


def test_a_backup_is_made_into_a_folder_while_the_store_is_used(rig: CliRig, folder: Path) -> None:
    view = rig.json("backup", str(folder))
    fits(view, "backup")
    assert view["path"] == str(folder / "archived-rig-1-20260314T120000Z.db")
    assert view["datasets"] == 1
    assert view["rigs"] == ["rig-1"]
    shown = rig.type("backup", str(folder / "by-name.db"))
    assert shown.exit_code == 0
    assert "by-name.db  (1 dataset, 1 file, " in shown.stdout
    again = rig.type("backup", str(folder / "by-name.db"))
    assert again.exit_code == 1
    assert "never written over" in again.stderr


def test_so_many_are_kept(rig: CliRig, folder: Path) -> None:
    for hour in range(4):
        rig.now = NOON + timedelta(hours=hour)
        view = rig.json("backup", str(folder), "--keep", "2")
    assert view["removed"] == [str(folder / "archived-rig-1-20260314T130000Z.db")]
    assert len(list(folder.iterdir())) == 2
    one = rig.type("backup", str(folder / "one.db"), "--keep", "2")
    assert one.exit_code == 2
    assert "--keep is about the backups in a folder" in one.stderr


def test_without_a_place_the_folder_of_the_configuration_is_used(rig: CliRig, folder: Path) -> None:
    assert rig.type("backup").exit_code == 2
    text = rig.configuration.read_text()
    rig.configuration.write_text(text.replace("quiet_time", f"backup = {folder}\nquiet_time"))
    fits(rig.json("backup"), "backup")
    [made] = folder.iterdir()
    found = rig.json("restore")
    fits(found, "backups")
    assert [each["path"] for each in found["backups"]] == [str(made)]
    assert str(made) in rig.type("restore").stdout


def test_a_folder_that_is_not_there_is_not_made_a_file(rig: CliRig, folder: Path) -> None:
    """It lies on a disk that is not mounted just now, more likely than not."""
    gone = folder / "gone"
    text = rig.configuration.read_text()
    rig.configuration.write_text(text.replace("quiet_time", f"backup = {gone}\nquiet_time"))

    for words in ([], [f"{gone}/"]):
        refused = rig.type("backup", *words)
        assert refused.exit_code == 1
        assert f"there is no folder {gone}" in refused.stderr
    assert not gone.exists()


def test_a_backup_is_put_back_and_what_comes_next_is_told(
    rig: CliRig, folder: Path, bench: Bench
) -> None:
    made = rig.json("backup", str(folder))["path"]
    bench.store.count("after the backup")
    bench.store.close()
    rig.now = NOON + timedelta(hours=1)
    view = rig.json("restore", made)
    fits(view, "restore")
    assert view["kept"] == [str(rig.base / "state" / "archived.db.replaced-20260314T130000Z")]
    with reopened(rig) as back:
        assert back.is_closed("raw-ephys")
        assert "after the backup" not in back.counters()
    shown = rig.type("restore", made)
    assert shown.exit_code == 0
    for word in ("is the store now", "is kept as", "archivedctl discover", "systemctl start"):
        assert word in shown.stdout
    rig.type("discover")
    with reopened(rig) as back:
        assert back.open_again("raw-ephys")


def test_what_cannot_be_put_back_is_refused(rig: CliRig, folder: Path, bench: Bench) -> None:
    missing = rig.type("restore", str(folder / "nothing.db"))
    assert missing.exit_code == 1
    assert "nothing was changed" in missing.stderr
    made = rig.json("backup", str(folder))["path"]
    bench.store.close()
    rig.configuration.write_text(rig.configuration.read_text().replace("rig-1", "rig-9"))
    refused = rig.type("restore", made)
    assert refused.exit_code == 1
    assert "is of rig rig-1, and this is rig-9" in refused.stderr
    assert "--any-rig" in refused.stderr
    assert rig.type("restore", made, "--any-rig").exit_code == 0
    (folder / "torn.db").write_bytes(Path(made).read_bytes()[:9_000])
    fits(rig.json("restore", str(folder / "torn.db"), code=1), "error")


def test_no_backup_is_found_where_there_is_none(rig: CliRig) -> None:
    assert rig.json("restore") == {"backups": []}
    shown = rig.type("restore")
    assert "No backup was found." in shown.stdout
    assert "archivedctl discover" in shown.stdout


@pytest.mark.parametrize(
    ("address", "typed"),
    [
        (
            "postgresql://anna:s3cret@db.lab.org:5433/archive",
            "pg_dump --format=custom --file=archived.dump --host=db.lab.org --port=5433 "
            "--username=anna archive",
        ),
        (
            "mysql://anna:s3cret@db.lab.org/archive",
            "mariadb-dump --single-transaction --result-file=archived.sql --host=db.lab.org "
            "--user=anna --password archive",
        ),
    ],
)
def test_a_store_on_a_server_is_copied_by_the_means_of_the_server(
    rig: CliRig, address: str, typed: str
) -> None:
    text = rig.configuration.read_text()
    rig.configuration.write_text(text.replace(f"{rig.base}/state/archived.db", address))
    rig.configuration.chmod(0o600)
    for command in ("backup", "restore"):
        told = rig.type(command)
        assert told.exit_code == 2
        assert "server" in told.stderr
        assert "s3cret" not in told.stderr
    assert typed in rig.type("backup").stderr


COMMANDS = (
    ("status",),
    ("list",),
    ("events",),
    ("check", "--offline"),
    ("pause",),
    ("discover",),
    ("publish",),
    ("backup", "copy.db"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: str(words[0]))
def test_every_command_tells_the_way_out_of_a_damaged_store(
    words: tuple[str, ...], rig: CliRig, bench: Bench
) -> None:
    bench.ready("a.bin")
    bench.store.close()
    store = rig.base / "state" / "archived.db"
    damaged = store.read_bytes()[:100] + b"\xff" * 40_000
    store.write_bytes(damaged)
    told = rig.type(*words)
    assert told.exit_code == (3 if words[0] == "check" else 1)
    assert "is damaged" in told.stdout + told.stderr
    assert "archivedctl restore" in told.stdout + told.stderr
    assert store.read_bytes() == damaged


def test_a_daemon_does_not_begin_with_a_damaged_store(rig: CliRig, bench: Bench) -> None:
    bench.ready("a.bin")
    bench.store.close()
    store = rig.base / "state" / "archived.db"
    content = bytearray(store.read_bytes())
    content[8 * 4096 : 9 * 4096] = bytes(4096)
    store.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "archived", "-c", str(rig.configuration)],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 3
    assert "is damaged" in done.stderr
    assert "archivedctl restore" in done.stderr
    assert store.read_bytes() == content


def test_only_damage_of_a_file_keeps_the_service_from_being_started_again(
    rig: CliRig, bench: Bench
) -> None:
    bench.store.close()
    file = config.load(rig.configuration, {})
    served = replace(file, store="postgresql://rig@db.lab.example/archived")
    damage = StoreDamagedError("damaged")

    assert _exit_code_of(damage, file) == 3
    assert _exit_code_of(damage, served) == 1
    assert _exit_code_of(StoreTooNewError("newer"), file) == 1
    assert _exit_code_of(damage, None) == 1
