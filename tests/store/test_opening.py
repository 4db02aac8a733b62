"""Opening a store: nothing that is there is replaced, and nothing begins by accident."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from textwrap import indent
from typing import Any

import apsw
import pytest
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

from archived.errors import (
    ConfigurationError,
    StoreDamagedError,
    StoreError,
    StoreMissingError,
    StoreTooNewError,
)
from archived.store import Store, filesystem
from archived.store.address import database, parse
from archived.store.catalogue import Catalogue
from archived.store.connection import Door
from archived.store.opening import HISTORY, MIGRATIONS
from archived.store.schema import TABLES
from archived.store.servers import MySqlDatabase, PostgresDatabase
from tests.builders import NOON
from tests.store.bench import Bench
from tests.store.servers import Server


def reopen(address: str, *, rig: str = "rig-1", create: bool = False) -> Store:
    return Store.open(address, rig=rig, create=create, now=NOON)


def test_what_was_stored_is_there_after_opening_again(empty_address: str) -> None:
    with reopen(empty_address, create=True) as store:
        bench = Bench(store)
        bench.ready("a.bin")
        before = bench.dataset()
    with reopen(empty_address) as store:
        assert Bench(store).dataset() == before
    with reopen(empty_address, create=True) as store:
        assert Bench(store).dataset() == before


def test_a_store_begins_only_when_asked_to(empty_address: str) -> None:
    with pytest.raises(StoreMissingError, match="no store at") as missing:
        reopen(empty_address)
    assert missing.value.permanent
    if "://" not in empty_address:
        assert not Path(empty_address).exists()
    reopen(empty_address, create=True).close()
    reopen(empty_address).close()


def test_an_empty_file_is_no_store_yet(tmp_path: Path) -> None:
    path = tmp_path / "archived.db"
    path.touch()
    with pytest.raises(StoreMissingError):
        reopen(str(path))
    reopen(str(path), create=True).close()


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError, match="does not exist"):
        reopen(str(tmp_path / "disk" / "archived.db"), create=True)
    assert not (tmp_path / "disk").exists()


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is a folder"):
        reopen(str(tmp_path), create=True)


def test_another_kind_of_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "archived.db"
    path.write_bytes(b"these are my notes")
    with pytest.raises(StoreDamagedError, match="not a SQLite database"):
        reopen(str(path), create=True)
    assert path.read_bytes() == b"these are my notes"


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "archived.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE places (url)")
    other.close()
    theirs = path.read_bytes()
    with pytest.raises(StoreDamagedError, match="another program"):
        reopen(str(path), create=True)
    assert path.read_bytes() == theirs


def test_an_empty_file_is_no_store_and_stays_empty_where_none_may_be_begun(tmp_path: Path) -> None:
    path = tmp_path / "archived.db"
    path.touch()
    with pytest.raises(StoreMissingError):
        reopen(str(path))
    assert path.read_bytes() == b""


def test_a_store_in_a_folder_that_may_not_be_entered_is_said_to_be_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", refusing)
    with pytest.raises(StoreError, match="cannot be read: Permission denied"):
        reopen(str(tmp_path / "archived.db"))


def test_a_wal_without_its_store_is_not_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "archived.db"
    wal = tmp_path / "archived.db-wal"
    wal.write_bytes(b"x" * 100)
    with pytest.raises(StoreDamagedError, match="-wal"):
        reopen(str(path), create=True)
    assert wal.read_bytes() == b"x" * 100


def filled(path: Path) -> None:
    with reopen(str(path), create=True) as store:
        bench = Bench(store)
        for number in range(2_000):
            bench.write(f"{number:05}.bin")
        bench.sight()


def test_a_damaged_store_is_recognised_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "archived.db"
    filled(path)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(os.urandom(4_000))
    damaged = path.read_bytes()
    with pytest.raises(StoreDamagedError, match="damaged") as error:
        reopen(str(path), create=True)
    assert "discover" in error.value.what_to_do
    assert path.read_bytes() == damaged


def test_damage_deep_inside_is_found_when_the_daemon_starts(tmp_path: Path) -> None:
    path = tmp_path / "archived.db"
    filled(path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        for page in range(40, size // 4_096):
            file.seek(page * 4_096)
            file.write(b"\xff" * 200)
    with (
        pytest.raises(StoreDamagedError),
        reopen(str(path)) as store,
        store.claim_daemon(1, NOON),
    ):
        raise AssertionError("claimed a damaged store")


def test_a_truncated_store_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "archived.db"
    filled(path)
    os.truncate(path, path.stat().st_size // 2)
    with (
        pytest.raises(StoreDamagedError),
        reopen(str(path)) as store,
        store.claim_daemon(1, NOON),
    ):
        raise AssertionError("claimed half a store")


def test_the_store_of_a_newer_release_is_left_alone(empty_address: str) -> None:
    reopen(empty_address, create=True).close()
    with closing(Door(parse(empty_address))) as door:
        door.change(
            f"INSERT INTO {HISTORY} (name, applied) VALUES (?, ?)",
            "0999_from_the_future",
            NOON.replace(tzinfo=None),
        )
    with pytest.raises(StoreTooNewError, match="0999_from_the_future"):
        reopen(empty_address, create=True)


def test_the_tables_are_those_of_the_migrations(empty_address: str) -> None:
    reopen(empty_address, create=True).close()
    built = database(parse(empty_address))
    built.connect()
    with closing(built):
        difference = diff_models(built, list(TABLES))
    if built.__class__.__name__ == "MySqlDatabase":
        # It makes an index of its own for each reference to another table.
        references = {
            (table._meta.table_name, (key.column_name,))
            for table in TABLES
            for key in table._meta.refs
        }
        ours = [
            each for each in difference.drop_indexes if (each.table, each.columns) not in references
        ]
        difference = difference._replace(drop_indexes=ours)
    assert not difference, str(difference)


def test_the_migrations_and_the_models_say_the_same_in_sql(tmp_path: Path) -> None:
    reopen(str(tmp_path / "migrated.db"), create=True).close()
    modelled = database(parse(str(tmp_path / "modelled.db")))
    modelled.connect()
    with closing(modelled), modelled.bind_ctx(TABLES, bind_refs=False, bind_backrefs=False):
        modelled.create_tables(TABLES)

    def schema(name: str) -> dict[str, list[set[object]]]:
        """What SQLite says of each table: a column that was added later is written otherwise, and is the same."""
        with sqlite3.connect(tmp_path / name) as there:
            names = [
                row[0]
                for row in there.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                if row[0] != HISTORY
            ]
            found = {
                each: [
                    {row[1:] for row in there.execute(f"PRAGMA table_xinfo('{each}')")},
                    {row[2:] for row in there.execute(f"PRAGMA foreign_key_list('{each}')")},
                    {row[1:] for row in there.execute(f"PRAGMA index_list('{each}')")},
                ]
                for each in names
            }
        there.close()
        return found

    assert schema("migrated.db") == schema("modelled.db")


def test_a_store_is_brought_up_to_date_once_by_many(empty_address: str) -> None:
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            reopen(empty_address, create=True).close()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with reopen(empty_address) as store:
        assert sum(store.counts().values()) == 0


def test_a_store_is_not_migrated_under_the_feet_of_a_daemon(
    empty_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = more_migrations(tmp_path, "0900_more.py", "pass\n")
    with (
        reopen(empty_address, create=True) as store,
        store.claim_daemon(1, NOON),
        monkeypatch.context() as patched,
    ):
        patched.setattr("archived.store.opening.MIGRATIONS", later)
        with pytest.raises(StoreError, match=r"daemons? of an older release"):
            reopen(empty_address, create=True)
    monkeypatch.setattr("archived.store.opening.MIGRATIONS", later)
    reopen(empty_address, create=True).close()
    with closing(Door(parse(empty_address))) as door:
        door.connect()
        assert "0900_more" in Runner(door.database, str(later), table_name=HISTORY).applied()


def test_a_shared_store_is_not_migrated_by_looking_at_it(
    server_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = more_migrations(tmp_path, "0900_more.py", "raise AssertionError('it ran')\n")
    monkeypatch.setattr("archived.store.opening.MIGRATIONS", later)
    with pytest.raises(StoreError, match="is shared") as refused:
        reopen(server_address)
    assert "start the daemon of this release" in refused.value.what_to_do


def test_a_shared_store_is_not_migrated_while_another_rig_uses_it(
    empty_address: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "rig-1" if kind == "sqlite" else "rig-2"
    with (
        reopen(empty_address, rig=other, create=True) as store,
        store.claim_daemon(1, NOON),
        monkeypatch.context() as patched,
    ):
        reopen(empty_address, rig="rig-1", create=True).close()
        later = more_migrations(tmp_path, "0900_more.py", "raise AssertionError('it ran')\n")
        patched.setattr("archived.store.opening.MIGRATIONS", later)
        with pytest.raises(StoreError, match=r"daemons? of an older release") as refused:
            reopen(empty_address, rig="rig-1", create=True)
    assert not refused.value.permanent
    assert kind == "sqlite" or "rig-2" in str(refused.value)


def more_migrations(tmp_path: Path, name: str, up: str) -> Path:
    """The migrations that there are, and one more."""
    later = tmp_path / "migrations"
    later.mkdir(exist_ok=True)
    for file in MIGRATIONS.glob("[0-9]*.py"):
        (later / file.name).write_text(file.read_text())
    (later / name).write_text("def up(migrator, database):\n" + indent(up, "    "))
    return later


def test_a_failed_migration_leaves_the_store_as_it_was(
    kind: str, empty_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reopen(empty_address, create=True).close()
    half = "database.execute_sql('CREATE TABLE half (id INTEGER)')\n"
    failing = more_migrations(
        tmp_path, "0900_more.py", half + "raise RuntimeError('power failed')\n"
    )
    with monkeypatch.context() as patched:
        patched.setattr("archived.store.opening.MIGRATIONS", failing)
        with pytest.raises(RuntimeError, match="power failed"):
            reopen(empty_address, create=True)
    with reopen(empty_address) as store:
        tables = store._door.database.get_tables()
        # MariaDB takes no statement of that kind back: it goes through the whole migration again.
        assert ("half" in tables) == (kind == "mysql")
    whole = more_migrations(tmp_path, "0900_more.py", half)
    monkeypatch.setattr("archived.store.opening.MIGRATIONS", whole)
    with reopen(empty_address, create=True) as store:
        assert "half" in store._door.database.get_tables()


def test_building_a_store_may_be_interrupted_anywhere(
    server: Server, server_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerFailure(BaseException):
        pass

    database_of = {"mysql": MySqlDatabase, "postgresql": PostgresDatabase}[server_kind]
    execute, left = database_of.execute_sql, 0

    def counted(self: Any, sql: str, params: Any = None) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise PowerFailure
        return execute(self, sql, params)

    fatal, died = 0, True
    while died:
        fatal += 15
        left = fatal
        address = server.new_database("interrupted")
        with monkeypatch.context() as patched:
            patched.setattr(database_of, "execute_sql", counted)
            try:
                reopen(address, create=True).close()
                died = False
            except PowerFailure:
                pass
        with reopen(address, create=True) as store:
            Bench(store).ready("a.bin")
            Bench(store).archive()
        server.drop_database("interrupted")
    assert fatal > 60, "there are this many statements at the least"


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "mountinfo"
    info.write_text(f"40 27 0:40 / {tmp_path.resolve()} rw - nfs4 nas:/ephys rw\n")
    monkeypatch.setattr(filesystem, "MOUNTINFO", info)
    with pytest.raises(ConfigurationError, match="nfs4"):
        reopen(str(tmp_path / "archived.db"), create=True)
    assert not (tmp_path / "archived.db").exists()


def test_a_machine_without_mountinfo_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filesystem, "MOUNTINFO", tmp_path / "nothing")
    reopen(str(tmp_path / "archived.db"), create=True).close()


def test_sqlite_is_set_up_to_lose_nothing(tmp_path: Path) -> None:
    with reopen(str(tmp_path / "archived.db"), create=True) as store:
        settings = {
            name: store._door.row(f"PRAGMA {name}")
            for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
        }
        timeout = store._door.row("PRAGMA busy_timeout")
        assert store.library().ok
        assert store.library().fields["journal"] == "wal"
    assert settings == {
        "journal_mode": ("wal",),
        "synchronous": (2,),
        "foreign_keys": (1,),
        "trusted_schema": (0,),
    }
    assert timeout is not None
    assert timeout[0] >= 5_000


def test_an_old_sqlite_is_used_without_wal_and_said_to_be_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("archived.store.whole", "archived.store.address"):
        monkeypatch.setattr(f"{module}.sqlite_version", lambda: (3, 40, 1))
    with reopen(str(tmp_path / "archived.db"), create=True) as store:
        assert store._door.row("PRAGMA journal_mode") == ("delete",)
        assert store._door.row("PRAGMA synchronous") == (3,), (
            "the commit itself has to outlast a power cut"
        )
        finding = store.library()
    assert not finding.ok
    assert "3.40.1" in finding.what
    assert "apsw" in finding.what_to_do


def test_another_name_of_the_rig_finds_the_same_catalogue_in_sqlite(tmp_path: Path) -> None:
    address = str(tmp_path / "archived.db")
    with reopen(address, create=True) as store:
        Bench(store).ready("a.bin")
    with reopen(address, rig="renamed", create=True) as store:
        assert sum(store.counts().values()) == 1


def test_a_server_that_is_not_there_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be used just now") as error:
        reopen(f"postgresql://anna:s3cret@/archive?host={tmp_path}")
    assert not error.value.permanent
    assert "s3cret" not in str(error.value)


def test_a_store_that_may_not_be_read_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "archived.db"
    reopen(str(path), create=True).close()

    def refuse(self: Path, mode: str = "r") -> None:
        raise PermissionError(13, "Permission denied")

    def cannot_open(*_given: object) -> None:
        raise apsw.CantOpenError("unable to open database file")

    monkeypatch.setattr("archived.store.header.apsw.VFSFile", cannot_open)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StoreError, match="Permission denied"):
        reopen(str(path))


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="this system does not list its locks")
def test_looking_at_a_store_again_lets_go_of_no_lock_on_it(tmp_path: Path) -> None:
    path = tmp_path / "archived.db"

    def locks() -> int:
        inode = f":{path.stat().st_ino} "
        return sum(inode in line for line in Path("/proc/locks").read_text().splitlines())

    with reopen(str(path), create=True) as store:
        store.counts()
        assert locks() == 1
        reopen(str(path)).close()
        Catalogue.open(str(path)).close()
        assert locks() == 1
