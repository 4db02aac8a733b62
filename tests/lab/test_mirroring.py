"""The mirror follows the catalogue, changes nothing that is not ours, and says what it leaves out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from archived.core.model import CollectionArchive, DirectoryArchive
from archived.errors import LabTablesError
from archived.store import Store
from archived.store.lab import Wish, rows
from archived.store.lab.rows import LabRows
from tests.builders import NOON
from tests.lab.catalogue import G0, G1, Catalogue
from tests.lab.labs import ARCHIVES, CHECK, COLLECTION, SYNC, Lab
from tests.store.servers import Server

TABLES = (
    "#globus_storage_location",
    "#data_set_type",
    "#file_type",
    "data_set",
    "data_set__physical_file",
    "_archived_raw_ephys",
    "_archived_tracking_video",
)
MIRRORED = {*TABLES, "~lineage", "~archived_mirror"}
NAME, OWN = "ephys-raw-SC011-3", G0
REBUILD = Wish(rebuild=True)


def everything(lab: Lab) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    return {table: lab.rows("publication", table) for table in lab.tables()}


def files(lab: Lab) -> dict[str, str]:
    """The name of the dataset of every file."""
    found = lab.rows("publication", "data_set__physical_file", "file_subpath, dataset_name")
    return dict(found)


def names(lab: Lab) -> list[str]:
    """Every `dataset_name`."""
    return [row[0] for row in lab.rows("publication", "data_set", "dataset_name")]


def theirs(lab: Lab, name: str = NAME) -> None:
    """A dataset that somebody else registered."""
    insert = "INSERT INTO " + lab.name("publication", "")[:-2]
    quote = lab.name("", "")[-1]

    def into(table: str, values: str) -> str:
        return f"{insert}{quote}{table}{quote} VALUES ({values})"

    lab.execute(
        into("#globus_storage_location", f"'raw-ephys', '{COLLECTION}', '/4ElectrodeRig_Ephys'"),
        into("#data_set_type", "'ephys-raw'"),
        into("#file_type", "'ephys-raw-unknown', '', 'of the lab'"),
        into("data_set", f"'raw-ephys', '{name}', 'ephys-raw'"),
        into(
            "data_set__physical_file",
            f"'raw-ephys', '{name}', '/{G0}/a.ap.bin', 'ephys-raw-unknown'",
        ),
    )


# --- tables -----------------------------------------------------------------------------------------


def test_a_check_makes_nothing_and_tells_what_a_sync_then_does(
    lab: Lab, catalogue: Catalogue
) -> None:
    lab.people()
    catalogue.archive(G0, "a.ap.bin", "x" * 120)
    catalogue.archive(G1, "b.ap.bin")

    foretold = lab.mirror(catalogue.store, CHECK)
    nothing = lab.tables()
    done = lab.mirror(catalogue.store)

    assert nothing == set()
    assert lab.tables() == MIRRORED
    assert foretold == done
    assert foretold.tables == list(TABLES)
    assert foretold.locations == ["raw-ephys"]
    assert not foretold.in_step
    assert lab.mirror(catalogue.store, CHECK).in_step


def test_a_second_sync_changes_nothing(lab: Lab, catalogue: Catalogue) -> None:
    lab.people()
    catalogue.archive(G0, "a.ap.bin", "b.ap.meta")
    lab.mirror(catalogue.store)
    before = everything(lab)

    again = lab.mirror(catalogue.store)

    assert again.in_step
    assert again.datasets == 1
    assert everything(lab) == before


def test_without_sessions_of_the_lab_the_rest_is_mirrored(lab: Lab, catalogue: Catalogue) -> None:
    catalogue.archive(G0, "a.ap.bin")

    outcome = lab.mirror(catalogue.store)

    assert lab.tables() == MIRRORED - {"_archived_raw_ephys", "_archived_tracking_video"}
    assert names(lab) == [OWN]
    assert [each.mirrored for each in outcome.left_out] == [True]
    assert not outcome.needs_a_person


def test_references_follow_updates_and_forbid_deletions(lab: Lab, catalogue: Catalogue) -> None:
    lab.people()
    lab.mirror(catalogue.store)

    found = lab.ask(
        "SELECT DISTINCT update_rule, delete_rule FROM information_schema.referential_constraints "
        f"WHERE constraint_schema = '{lab.prefix}publication'"
    )

    assert found == [("CASCADE", "RESTRICT")]


def test_no_comment_is_one_that_datajoint_takes_for_a_type(lab: Lab, catalogue: Catalogue) -> None:
    lab.people()
    lab.mirror(catalogue.store)

    comments = [
        row[0]
        for row in lab.ask(
            "SELECT column_comment FROM information_schema.columns "
            f"WHERE table_schema = '{lab.prefix}publication'"
            if lab.backend == "mysql"
            else "SELECT description FROM pg_description d JOIN pg_class c ON c.oid = d.objoid "
            f"JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '{lab.prefix}publication'"
        )
    ]

    assert any(comments)
    assert not [each for each in comments if each.startswith(":")]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("ALTER TABLE {data_set} DROP COLUMN dataset_type", "has no column dataset_type"),
        ("ALTER TABLE {data_set} ADD COLUMN weight int NOT NULL", "needs a value for its column"),
        ("ALTER TABLE {#file_type} ADD COLUMN why int", ""),
        ("ALTER TABLE {#file_type} ADD COLUMN why int NOT NULL DEFAULT 3", ""),
    ],
)
def test_tables_that_do_not_fit_are_refused_and_left_as_they_are(
    lab: Lab, catalogue: Catalogue, change: str, word: str
) -> None:
    catalogue.archive(G0, "a.ap.bin")
    lab.mirror(catalogue.store, archives={})
    for table in ("data_set", "#file_type"):
        change = change.replace(f"{{{table}}}", lab.name("publication", table))
    lab.loosen()
    lab.execute(change)
    before = everything(lab)

    if not word:
        assert lab.mirror(catalogue.store).mirrored
        return
    for wish in (CHECK, SYNC):
        with pytest.raises(LabTablesError, match=word):
            lab.mirror(catalogue.store, wish)
    assert everything(lab) == before


def test_a_table_with_another_key_is_refused(lab: Lab, catalogue: Catalogue) -> None:
    kind = "DATABASE" if lab.backend == "mysql" else "SCHEMA"
    schema = lab.name("publication", "").rpartition(".")[0]
    lab.execute(
        f"CREATE {kind} {schema}",
        f"CREATE TABLE {lab.name('publication', '#data_set_type')} (id int PRIMARY KEY, dataset_type "
        "varchar(64) NOT NULL)",
    )

    with pytest.raises(
        LabTablesError, match=r"has the key \(id\) instead of \(dataset_type\)"
    ) as e:
        lab.mirror(catalogue.store)

    assert "needs a value for its column id" in str(e.value)
    assert lab.tables() == {"#data_set_type"}


# --- names and sessions -----------------------------------------------------------------------------


def test_what_gets_a_session_later_gets_its_name(lab: Lab, catalogue: Catalogue) -> None:
    lab.people(sessions=())
    catalogue.archive(G0, "a.ap.bin")
    lab.mirror(catalogue.store)
    assert names(lab) == [OWN]

    lab.enter(sessions=[(407513, 3, "2019-02-23")])
    outcome = lab.mirror(catalogue.store)

    assert [(each.was, each.change.name) for each in outcome.mirrored] == [(OWN, NAME)]
    assert names(lab) == [NAME]
    assert files(lab) == {f"{G0}/a.ap.bin": NAME}
    linked = lab.rows("publication", "_archived_raw_ephys")
    assert linked == [(407513, 3, "raw-ephys", NAME)]
    assert lab.mirror(catalogue.store).in_step


def test_datasets_of_one_session_are_one_dataset_of_the_lab(lab: Lab, catalogue: Catalogue) -> None:
    lab.people()
    catalogue.archive(G0, "a.ap.bin")
    catalogue.archive(G1, "b.ap.bin")
    lab.mirror(catalogue.store)

    assert files(lab) == {f"{G0}/a.ap.bin": NAME, f"{G1}/b.ap.bin": NAME}
    assert names(lab) == [NAME]


def test_a_second_session_of_the_day_takes_them_apart_again(lab: Lab, catalogue: Catalogue) -> None:
    lab.people()
    catalogue.archive(G0, "a.ap.bin")
    catalogue.archive(G1, "b.ap.bin")
    lab.mirror(catalogue.store)

    lab.enter(sessions=[(407513, 4, "2019-02-23")])
    foretold = lab.mirror(catalogue.store, CHECK)
    done = lab.mirror(catalogue.store)

    assert foretold == done
    assert files(lab) == {f"{G0}/a.ap.bin": G0, f"{G1}/b.ap.bin": G1}
    assert lab.rows("publication", "_archived_raw_ephys") == []
    assert lab.mirror(catalogue.store).in_step


def test_videos_are_linked_in_their_own_table(lab: Lab, catalogue: Catalogue) -> None:
    lab.people()
    path = "SC011/02232019/video"
    catalogue.archive(
        path, "SC011_side_1-0000.avi", location="raw-video", convention="tracking-video"
    )

    lab.mirror(catalogue.store)

    assert lab.rows("publication", "_archived_raw_ephys") == []
    assert lab.rows("publication", "_archived_tracking_video") == [
        (407513, 3, "raw-video", "tracking-video-SC011-3")
    ]


def test_what_is_of_another_kind_is_mirrored_and_linked_nowhere(
    lab: Lab, catalogue: Catalogue
) -> None:
    lab.people()
    catalogue.archive("SC011/2019-02-23/2p", "a.tif", convention="two-photon")

    outcome = lab.mirror(catalogue.store)

    assert names(lab) == ["two-photon-SC011-3"]
    assert outcome.left_out == []
    assert ("unknown", "", "files of no known kind") in lab.rows("publication", "#file_type")


# --- files ------------------------------------------------------------------------------------------


def test_only_what_is_archived_is_mirrored(lab: Lab, catalogue: Catalogue) -> None:
    catalogue.record(G0, "a.ap.bin")
    catalogue.archive(G1, "b.ap.bin")
    lab.mirror(catalogue.store)

    assert files(lab) == {f"{G1}/b.ap.bin": G1}


def test_what_grew_is_added_when_it_is_archived_again(lab: Lab, catalogue: Catalogue) -> None:
    catalogue.archive(G0, "a.ap.bin")
    lab.mirror(catalogue.store)
    catalogue.record(G0, "rez.mat")
    assert lab.mirror(catalogue.store).in_step

    catalogue.archive(G0)
    outcome = lab.mirror(catalogue.store)

    assert [dict(each.change.files) for each in outcome.mirrored] == [
        {f"{G0}/rez.mat": "ephys-raw-ks2-results"}
    ]
    assert len(files(lab)) == 2


def test_a_path_that_is_too_long_is_told_and_the_rest_is_there(
    lab: Lab, catalogue: Catalogue
) -> None:
    fits = "x" * (128 - len(G0) - 1)
    catalogue.archive(G0, fits, fits + "x")

    outcome = lab.mirror(catalogue.store)

    assert set(files(lab)) == {f"{G0}/{fits}"}
    assert [each.path for each in outcome.left_out if each.path] == [f"{G0}/{fits}x"]
    assert not outcome.needs_a_person
    assert lab.mirror(catalogue.store, CHECK).in_step


def test_hostile_names_are_mirrored_as_they_are_or_left_out(lab: Lab, catalogue: Catalogue) -> None:
    kept = [
        "it's",
        'a "b"',
        "back\\slash",
        "100%s",
        "new\nline",
        "%(x)s",
        "鼠🐭",
        "A",
        "a",
        "é",
        "é",
    ]
    catalogue.archive(G0, *kept, "caf\udce9")

    outcome = lab.mirror(catalogue.store)

    assert set(files(lab)) == {f"{G0}/{each}" for each in kept}
    assert [each.path for each in outcome.left_out if each.path] == [f"{G0}/caf\udce9"]
    assert outcome.refused == []
    assert lab.mirror(catalogue.store).in_step


def test_a_file_that_the_archive_lost_is_taken_out_of_rows_of_ours(
    lab: Lab, catalogue: Catalogue
) -> None:
    catalogue.archive(G0, "a.ap.bin", "b.ap.bin")
    lab.mirror(catalogue.store)
    catalogue.store._door.change("UPDATE file SET state = 'missing' WHERE name = ?", "b.ap.bin")

    outcome = lab.mirror(catalogue.store)

    assert [each.change.lost for each in outcome.mirrored] == [(f"{G0}/b.ap.bin",)]
    assert set(files(lab)) == {f"{G0}/a.ap.bin"}


def test_a_run_that_is_broken_off_is_gone_on_with(
    lab: Lab, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "PORTION", 2)
    catalogue.archive(G0, *(f"{number}.ap.bin" for number in range(7)))
    insert, inserted = LabRows._insert_files, []

    def twice(self: LabRows, *arguments: Any) -> None:
        if len(inserted) == 2:
            raise KeyboardInterrupt
        inserted.append(arguments)
        insert(self, *arguments)

    with monkeypatch.context() as broken:
        broken.setattr(LabRows, "_insert_files", twice)
        with pytest.raises(KeyboardInterrupt):
            lab.mirror(catalogue.store)

    assert len(files(lab)) == 4
    lab.mirror(catalogue.store, Wish(newly_archived=True))
    assert len(files(lab)) == 7
    assert lab.mirror(catalogue.store).in_step


# --- rows of others ---------------------------------------------------------------------------------


def test_rows_of_others_stay_as_they_are_whatever_is_done(lab: Lab, catalogue: Catalogue) -> None:
    lab.people()
    lab.mirror(catalogue.store)
    theirs(lab)
    catalogue.archive(G0, "a.ap.bin", "b.ap.bin")

    lab.mirror(catalogue.store)
    lab.mirror(catalogue.store, REBUILD)
    lab.enter(sessions=[(407513, 4, "2019-02-23")])
    lab.mirror(catalogue.store)
    lab.mirror(catalogue.store, REBUILD)

    assert lab.mirror(catalogue.store, CHECK).in_step
    assert names(lab) == [NAME]
    assert set(lab.rows("publication", "data_set__physical_file")) == {
        ("raw-ephys", NAME, f"/{G0}/a.ap.bin", "ephys-raw-unknown"),
        ("raw-ephys", NAME, f"{G0}/b.ap.bin", "ephys-raw-neuropixels-ap-bin"),
    }


def test_rows_of_ours_are_made_anew_on_demand(lab: Lab, catalogue: Catalogue) -> None:
    lab.people()
    catalogue.archive(G0, "a.ap.bin")
    lab.mirror(catalogue.store)
    before = everything(lab)
    files_table = lab.name("publication", "data_set__physical_file")
    lab.execute(f"DELETE FROM {files_table}")

    foretold = lab.mirror(catalogue.store, Wish(change=False, rebuild=True))
    done = lab.mirror(catalogue.store, REBUILD)

    assert foretold.mirrored == done.mirrored
    assert everything(lab) == before


def insert(lab: Lab, table: str, values: str) -> None:
    """What somebody of the lab does by hand."""
    lab.execute(f"INSERT INTO {lab.name('publication', table)} VALUES ({values})")


def test_a_link_that_the_lab_made_to_a_dataset_of_ours_stays(
    lab: Lab, catalogue: Catalogue
) -> None:
    lab.people(sessions=[(407513, 3, "2019-02-23"), (407513, 4, "2019-02-23")])
    catalogue.archive(G0, "a.ap.bin")
    lab.mirror(catalogue.store)
    insert(lab, "_archived_raw_ephys", f"407513, 4, 'raw-ephys', '{OWN}'")
    made = lab.rows("publication", "_archived_raw_ephys")

    for wish in (SYNC, REBUILD):
        foretold = lab.mirror(catalogue.store, replace(wish, change=False))
        assert lab.mirror(catalogue.store, wish) == foretold
        assert lab.rows("publication", "_archived_raw_ephys") == made

    lab.execute(f"DELETE FROM {lab.name('experiment', 'session')} WHERE session = 3")
    foretold = lab.mirror(catalogue.store, CHECK)
    outcome = lab.mirror(catalogue.store)
    assert outcome == foretold
    assert "session 4 of 407513" in outcome.refused[0].reason
    assert lab.rows("publication", "_archived_raw_ephys") == made


def test_a_link_of_ours_follows_the_animal(lab: Lab, catalogue: Catalogue) -> None:
    lab.people()
    catalogue.archive(G0, "a.ap.bin")
    lab.mirror(catalogue.store)
    animals = lab.name("lab", "water_restriction")
    lab.execute(f"UPDATE {animals} SET water_restriction_number = 'X' WHERE subject_id = 407513")
    lab.enter(animals=[(407514, "SC011")], sessions=[(407514, 3, "2019-02-23")])

    assert lab.mirror(catalogue.store).mirrored

    assert lab.rows("publication", "_archived_raw_ephys") == [(407514, 3, "raw-ephys", NAME)]
    assert lab.mirror(catalogue.store, CHECK).in_step


@pytest.mark.parametrize("wish", [SYNC, REBUILD], ids=["sync", "rebuild"])
def test_files_that_the_lab_registered_under_a_dataset_of_ours_stay(
    lab: Lab, catalogue: Catalogue, wish: Wish
) -> None:
    lab.people(sessions=())
    catalogue.archive(G0, "a.ap.bin", "b.ap.bin")
    lab.mirror(catalogue.store)
    row = f"'raw-ephys', '{OWN}', 'notes.txt', 'ephys-raw-neuropixels-ap-bin'"
    insert(lab, "data_set__physical_file", row)
    assert lab.mirror(catalogue.store).in_step
    lab.enter(sessions=[(407513, 3, "2019-02-23")])

    foretold = lab.mirror(catalogue.store, replace(wish, change=False))
    outcome = lab.mirror(catalogue.store, wish)

    assert outcome == foretold
    assert "notes.txt" in outcome.refused[0].reason
    assert outcome.needs_a_person
    assert files(lab) == {f"{G0}/a.ap.bin": OWN, f"{G0}/b.ap.bin": OWN, "notes.txt": OWN}


def test_a_row_that_the_lab_inserts_while_we_look_is_the_labs(
    lab: Lab, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.people()
    lab.mirror(catalogue.store)
    catalogue.archive(G0, "b.ap.bin")
    add_location = LabRows.add_location

    def meanwhile(self: LabRows, *arguments: Any) -> None:
        theirs(lab)
        add_location(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(LabRows, "add_location", meanwhile)
        lab.mirror(catalogue.store)
    lab.mirror(catalogue.store, REBUILD)

    assert lab.rows("publication", "~archived_mirror", "ours") == [(0,)]
    assert files(lab) == {f"/{G0}/a.ap.bin": NAME, f"{G0}/b.ap.bin": NAME}


def test_names_that_end_in_blanks_are_told_apart_or_told_of(lab: Lab, catalogue: Catalogue) -> None:
    catalogue.archive(G0, "a", "a ", "a  ", "b ")

    foretold = lab.mirror(catalogue.store, CHECK)
    outcome = lab.mirror(catalogue.store)

    assert outcome == foretold
    alike = {f"{G0}/a ", f"{G0}/a  "} if lab.backend == "mysql" else set()
    assert {each.path for each in outcome.left_out if each.path} == alike
    assert set(files(lab)) == {f"{G0}/{each}" for each in ("a", "a ", "a  ", "b ")} - alike
    assert lab.mirror(catalogue.store).in_step


def test_what_others_refer_to_keeps_its_name_and_is_told(lab: Lab, catalogue: Catalogue) -> None:
    lab.people(sessions=())
    catalogue.archive(G0, "a.ap.bin")
    lab.mirror(catalogue.store)
    lab.refer()
    lab.enter(sessions=[(407513, 3, "2019-02-23")])
    before = everything(lab)

    outcome = lab.mirror(catalogue.store)

    assert [each.dataset for each in outcome.refused] == [f"raw-ephys/{G0}"]
    assert outcome.needs_a_person
    after = everything(lab)
    assert {each: after[each] for each in TABLES} == {each: before[each] for each in TABLES}


def test_a_row_that_somebody_deleted_is_made_again(lab: Lab, catalogue: Catalogue) -> None:
    catalogue.archive(G0, "a.ap.bin")
    lab.mirror(catalogue.store)
    lab.execute(
        f"DELETE FROM {lab.name('publication', 'data_set__physical_file')}",
        f"DELETE FROM {lab.name('publication', 'data_set')}",
    )

    lab.mirror(catalogue.store, Wish(newly_archived=True))

    assert files(lab) == {f"{G0}/a.ap.bin": OWN}


# --- locations and rigs -----------------------------------------------------------------------------


def test_a_location_that_the_lab_knows_as_another_place_is_left_out(
    lab: Lab, catalogue: Catalogue
) -> None:
    catalogue.archive(G0, "a.ap.bin")
    lab.mirror(catalogue.store, archives={"raw-ephys": CollectionArchive(COLLECTION, "/elsewhere")})
    catalogue.archive(G1, "b.ap.bin")

    outcome = lab.mirror(catalogue.store)

    assert outcome.needs_a_person
    assert {each.dataset for each in outcome.left_out} == {f"raw-ephys/{G0}", f"raw-ephys/{G1}"}
    assert f"{COLLECTION}:/elsewhere" in outcome.left_out[0].reason
    assert set(files(lab)) == {f"{G0}/a.ap.bin"}


def test_an_archive_that_is_a_directory_has_no_collection(lab: Lab, catalogue: Catalogue) -> None:
    catalogue.archive(G0, "a.ap.bin")

    lab.mirror(catalogue.store, archives={"raw-ephys": DirectoryArchive("/mnt/nas/ephys")})

    assert lab.rows("publication", "#globus_storage_location") == [
        ("raw-ephys", "", "/mnt/nas/ephys")
    ]


def test_datasets_of_all_rigs_are_mirrored_where_they_are_archived_in_the_same_place(
    lab: Lab, server_of: Callable[[str], Server]
) -> None:
    name = f"rigs_{lab.prefix.strip('_')}"
    address = server_of("postgresql").new_database(name)
    days = {"rig-1": date(2019, 2, 23), "rig-2": date(2019, 2, 24), "rig-3": date(2019, 2, 25)}
    for rig, day in days.items():
        with Store.open(address, rig=rig, create=True, now=NOON) as opened:
            Catalogue(opened).archive(f"SC011/of_{rig}", "a.ap.bin", day=day)
            if rig == "rig-3":
                opened.note_archives({"raw-ephys": f"{COLLECTION}:/elsewhere"})
    with Store.open(address, rig="rig-1", now=NOON) as store:
        first = lab.mirror(store)
        assert set(files(lab)) == {"SC011/of_rig-1/a.ap.bin"}
        whole = {each.dataset: each.reason for each in first.left_out if not each.mirrored}
        assert "has not said yet" in whole["raw-ephys/SC011/of_rig-2"]
        assert "not at" in whole["raw-ephys/SC011/of_rig-3"]

        with Store.open(address, rig="rig-2", now=NOON) as second:
            second.note_archives({"raw-ephys": str(ARCHIVES["raw-ephys"])})
        lab.mirror(store, Wish(newly_archived=True))
        assert len(files(lab)) == 1
        lab.mirror(store)

    assert set(files(lab)) == {"SC011/of_rig-1/a.ap.bin", "SC011/of_rig-2/a.ap.bin"}
    server_of("postgresql").drop_database(name)


def test_what_the_notes_say_is_there_is_not_read_again(lab: Lab, catalogue: Catalogue) -> None:
    new = Wish(newly_archived=True)
    lab.people(sessions=())
    catalogue.archive(G0, "a.ap.bin")

    assert lab.mirror(catalogue.store, new).datasets == 1
    assert lab.mirror(catalogue.store, new).datasets == 0
    catalogue.archive(G1, "b.ap.bin", day=date(2019, 2, 24))
    assert lab.mirror(catalogue.store, new).datasets == 1
    lab.enter(sessions=[(407513, 3, "2019-02-23")])
    assert [each.was for each in lab.mirror(catalogue.store, new).mirrored] == [OWN]
