"""`Archive`: one attribute for each location, found as the programs find their configuration."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from archived import Archive
from archived.errors import ConfigurationError, NameNotFoundError, StoreMissingError
from archived.interface import QueryError
from archived.store import Store
from tests.interface.conftest import Lab
from tests.interface.lab import see
from tests.store.servers import Server


def test_every_location_is_an_attribute(archive: Archive) -> None:
    assert len(archive.raw_ephys) == 5
    assert len(archive.raw_video) == 1
    assert len(archive.datasets) == 6
    assert len(archive.files) == 12


def test_a_location_is_found_by_its_own_name_too(archive: Archive) -> None:
    assert archive["raw-ephys"].fetch() == archive.raw_ephys.fetch()


def test_an_attribute_that_is_no_location_names_those_there_are(archive: Archive) -> None:
    with pytest.raises(AttributeError, match=r"no rawephys; there are raw_ephys, raw_video"):
        _ = archive.rawephys
    with pytest.raises(NameNotFoundError, match="no storage location raw_ephys") as caught:
        _ = archive["raw_ephys"]
    assert caught.value.__notes__ == ["there are raw-ephys, raw-video"]


def test_notebooks_complete_the_locations(archive: Archive) -> None:
    assert {"raw_ephys", "raw_video", "datasets", "files", "close"} <= set(dir(archive))
    assert archive._ipython_key_completions_() == ["raw-ephys", "raw-video"]


def test_a_location_that_only_the_catalogue_knows_is_there(archive: Archive, lab: Lab) -> None:
    see(lab.store, "two", [("a", 1)], location="two.photon-2")

    assert archive.locations == ("raw-ephys", "raw-video", "two.photon-2")
    assert len(archive.two_photon_2) == 1
    assert "two_photon_2" in dir(archive)


def test_two_locations_that_python_calls_the_same_are_told_apart(
    archive: Archive, lab: Lab
) -> None:
    see(lab.store, "x", [("a", 1)], location="a-b")
    see(lab.store, "x", [("a", 1)], location="a.b")

    with pytest.raises(AttributeError, match=r"a_b may be a-b or a\.b; write archive\['a-b'\]"):
        _ = archive.a_b
    assert len(archive["a.b"]) == 1


def test_it_shows_what_there_is(archive: Archive) -> None:
    lines = repr(archive).splitlines()

    assert lines[0].startswith("Archive of ")
    assert lines[1:] == [
        "  .raw_ephys: 5 datasets, 9 files, 4.05 kB",
        "  .raw_video: 1 dataset, 3 files, 1.50 kB",
    ]


def test_the_configuration_is_found_as_the_programs_find_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab.base)
    assert Archive().locations == ("raw-ephys", "raw-video")

    monkeypatch.chdir("/")
    monkeypatch.setenv("ARCHIVED_CONFIG", str(lab.configuration))
    assert Archive().locations == ("raw-ephys", "raw-video")


def test_without_a_configuration_it_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nothing\.ini") as caught:
        Archive(tmp_path / "nothing.ini")

    assert caught.value.__notes__ == [caught.value.what_to_do]


def test_a_store_that_is_not_there_yet_is_told_of_with_the_first_question(tmp_path: Path) -> None:
    for folder in ("rig", "archive"):
        (tmp_path / folder).mkdir()
    configuration = tmp_path / "archived.ini"
    configuration.write_text(
        f"[archived]\nrig = rig-1\nstore = {tmp_path}/archived.db\n"
        f"[globus]\nlocal_endpoint_local_path = {tmp_path}/rig\n"
        f"[location:raw-ephys]\narchive = {tmp_path}/archive\nconventions = catgt\n"
    )
    archive = Archive(configuration)

    with pytest.raises(StoreMissingError):
        len(archive.raw_ephys)
    assert "there is no store" in repr(archive)
    assert "there is no store" in repr(archive.raw_ephys)
    assert "there is no store" in archive.raw_ephys._repr_html_()
    assert "raw_ephys" in dir(archive)
    assert not (tmp_path / "archived.db").exists()


def test_what_is_closed_answers_no_more(archive: Archive) -> None:
    query = archive.raw_ephys
    archive.close()

    with pytest.raises(QueryError, match="was closed"):
        len(query)


def test_any_machine_may_ask_a_shared_store(
    lab: Lab, server_of: Callable[[str], Server], tmp_path: Path
) -> None:
    address = server_of("postgresql").new_database("shared_by_rigs")
    for rig in ("rig-1", "rig-2"):
        with Store.open(address, rig=rig, create=True) as store:
            see(store, f"SC011/{rig}", [("a.bin", 1)])
    text = lab.configuration.read_text().replace("rig = rig-1", "rig = somebody-s-desk")
    lab.configuration.write_text(text.replace(f"{tmp_path}/state/archived.db", address))

    with Archive(lab.configuration) as archive:
        assert (archive.raw_ephys & {"h2o": "SC011"}).fetch("rig") == ["rig-1", "rig-2"]
        assert len(archive.raw_ephys & {"rig": "rig-2"}) == 1
        assert repr(archive).startswith("Archive of postgresql://")


def test_several_threads_share_one(archive: Archive) -> None:
    query = archive.raw_ephys & {"subject_id": 407513}
    found: list[int] = []

    def ask() -> None:
        found.extend(len(query.fetch()) for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [4] * 40


def test_asking_needs_no_daemon_and_changes_nothing(lab: Lab) -> None:
    store = lab.base / "state" / "archived.db"
    lab.store.close()
    before = store.read_bytes()

    with Archive(lab.configuration) as archive:
        assert len(archive.raw_ephys) == 0

    assert store.read_bytes() == before
    assert [each.name for each in store.parent.iterdir()] == ["archived.db"]
