"""Users of the real DataJoint read what is archived, and have nothing of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from archived.store.lab import Wish
from tests.lab.catalogue import G0, G1, Catalogue
from tests.lab.environments import NEW, OLD, Release
from tests.lab.labs import CHECK, COLLECTION, Lab
from tests.store.servers import Server

# The environments are built by the first test that needs them.
pytestmark = pytest.mark.timeout(300)

READERS = [
    pytest.param("postgresql", NEW, id="2.3-postgresql"),
    pytest.param("mysql", NEW, id="2.3-mariadb"),
    pytest.param("mysql", OLD, id="0.14-mariadb"),
]
LONG = "x" * 120 + ".bin"


@pytest.fixture
def lab(server: str, lab_database: Callable[[str], Server], request: pytest.FixtureRequest) -> Lab:
    name = "".join(each for each in request.node.name if each.isalnum())[-24:].lower()
    return Lab(lab_database(server), f"dj_{name}_")


def pairs(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Paths and types."""
    return {(row["file_subpath"], row["file_type"]) for row in rows}


@pytest.mark.parametrize(("server", "reader"), READERS)
def test_what_is_archived_is_read_from_tables_that_we_made(
    lab: Lab, reader: Release, catalogue: Catalogue
) -> None:
    lab.declare(reader, publication=False)
    catalogue.archive(G0, "a.imec0.ap.bin", "a.imec0.ap.meta")
    catalogue.archive(G1, "b.nidq.bin", LONG)
    catalogue.archive("SC011/catgt_SC011_022419_g0", "c.lf.bin", day=date(2019, 2, 24))

    assert lab.mirror(catalogue.store).left_out

    found = lab.read(reader, subject=407513)
    archived = {pair for pair in catalogue.files() if LONG not in pair[0]}
    of_session = {pair for pair in archived if "022419" not in pair[0]}
    assert pairs(found["files"]) == archived
    assert pairs(found["types"]) == archived
    assert pairs(found["ephys_of_subject"]) == of_session
    assert pairs(found["of_h2o"]) == of_session
    assert found["video_of_subject"] == []
    assert found["documented"] == [len(of_session), 1, len(of_session), len(of_session)]
    assert {row["globus_endpoint"] for row in found["placed"]} == {COLLECTION}
    assert [(row["session"], row["dataset_name"]) for row in found["sessions"]] == [
        (3, "ephys-raw-SC011-3")
    ]


@pytest.mark.parametrize(("server", "reader"), READERS)
def test_what_is_archived_is_read_from_tables_that_datajoint_declared(
    lab: Lab, reader: Release, catalogue: Catalogue
) -> None:
    theirs = {"globus_alias": "raw-ephys", "dataset_name": "ephys-raw-SC011-3"}
    lab.declare(
        reader,
        locations=[["raw-ephys", COLLECTION, "/4ElectrodeRig_Ephys/"]],
        datasets=[{**theirs, "dataset_type": "ephys-raw"}],
        files=[
            {**theirs, "file_subpath": f"/{G0}/a.bin", "file_type": "ephys-raw-unknown"},
            {**theirs, "file_subpath": "SC011/theirs.bin", "file_type": "ephys-raw-unknown"},
        ],
        linked=[{**theirs, "subject_id": 407513, "session": 3}],
    )
    catalogue.archive(G0, "a.bin", "b.ap.bin")
    catalogue.archive("SC011/catgt_SC011_022519_g0", "c.ap.bin", day=date(2019, 2, 25))

    assert not lab.mirror(catalogue.store).refused
    again, checked = lab.mirror(catalogue.store), lab.mirror(catalogue.store, CHECK)

    found = lab.read(reader, subject=407513)
    assert again.in_step
    assert checked.in_step
    assert pairs(found["files"]) == {
        (f"/{G0}/a.bin", "ephys-raw-unknown"),
        ("SC011/theirs.bin", "ephys-raw-unknown"),
        (f"{G0}/b.ap.bin", "ephys-raw-neuropixels-ap-bin"),
        ("SC011/catgt_SC011_022519_g0/c.ap.bin", "ephys-raw-neuropixels-ap-bin"),
    }
    assert len(found["ephys_of_subject"]) == 3


@pytest.mark.parametrize("server", ["mysql"])
def test_tables_that_ignore_case_are_in_step_with_what_they_can_hold(
    lab: Lab, catalogue: Catalogue
) -> None:
    lab.declare(OLD)
    for path in ("SC011/Run", "SC011/run"):
        catalogue.archive(path, "x.bin", "X.bin", "é.bin", "鼠.bin", day=None)

    done = lab.mirror(catalogue.store)

    assert done.refused == []
    assert pairs(lab.read(OLD)["files"]) == {
        (f"SC011/Run/{name}.bin", "ephys-raw-unknown") for name in ("X", "é")
    }
    assert {each.path for each in done.left_out if each.path} >= {"SC011/Run/鼠.bin"}
    assert lab.mirror(catalogue.store).in_step
    lab.mirror(catalogue.store, Wish(rebuild=True))
    assert lab.mirror(catalogue.store, CHECK).in_step


@pytest.mark.parametrize("server", ["mysql"])
def test_tables_that_an_old_release_declared_are_read_by_both(
    lab: Lab, catalogue: Catalogue
) -> None:
    lab.declare(OLD)
    catalogue.archive(G0, "a.ap.bin")
    lab.mirror(catalogue.store)

    read = {reader.name: lab.read(reader) for reader in (OLD, NEW)}

    assert pairs(read["0.14"]["files"]) == pairs(read["2.3"]["files"]) == catalogue.files()
