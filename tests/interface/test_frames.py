"""Queries as data frames, and values of numpy and pandas as restrictions."""

from __future__ import annotations

import sys

import numpy
import pandas
import pytest

from archived import Archive
from archived.core.catalogue import ATTRIBUTES, About
from archived.interface import QueryError
from tests.interface.conftest import Lab
from tests.interface.lab import see


def test_a_frame_has_every_attribute_with_a_type_to_compute_with(archive: Archive) -> None:
    frame = archive.raw_ephys.to_pandas()

    assert list(frame.columns) == list(ATTRIBUTES[About.DATASETS])
    assert frame["bytes"].sum() == 4047
    assert frame["bytes"].dtype == "int64"
    assert str(frame["subject_id"].dtype) == "Int64"
    assert frame["session_date"].max() == pandas.Timestamp("2019-03-05")
    assert str(frame["archived_at"].dtype.tz) == "UTC"
    assert frame["archived_at"].isna().sum() == 2
    assert frame["ident"].isna().sum() == 4


def test_subjects_that_are_no_numbers_stay_what_they_are(archive: Archive, lab: Lab) -> None:
    from archived.core.subjects import Subject
    from tests.builders import NOON

    see(lab.store, "SC099/x", [("a", 1)], h2o="SC099")
    lab.store.import_subjects([Subject("x-12", "SC099")], NOON)

    found = archive.raw_ephys.to_pandas("subject_id")["subject_id"]

    assert set(found.dropna()) == {407513, "x-12"}


def test_a_frame_of_some_attributes_sorted_and_cut(archive: Archive) -> None:
    frame = archive.raw_ephys.to_pandas("h2o", "bytes", order_by="bytes", limit=1)

    assert frame.to_dict("records") == [{"h2o": "dl7", "bytes": 7}]
    assert list(archive.raw_ephys.to_pandas("KEY").columns) == [
        "globus_alias",
        "dataset_name",
        "rig",
    ]


def test_an_empty_frame_has_its_columns(archive: Archive) -> None:
    frame = (archive.files & False).to_pandas()

    assert frame.empty
    assert list(frame.columns) == list(ATTRIBUTES[About.FILES])


def test_without_pandas_it_says_what_to_install(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(ImportError, match=r"pip install 'archived\[pandas\]'"):
        archive.raw_ephys.to_pandas()


def test_values_of_a_frame_are_restrictions(archive: Archive) -> None:
    frame = (archive.raw_ephys & {"h2o": "SC011"}).to_pandas()

    assert len(archive.raw_ephys & {"session_date": frame["session_date"][1]}) == 2
    assert len(archive.raw_ephys & {"subject_id": frame["subject_id"][0]}) == 4
    assert len(archive.raw_ephys & {"subject_id": numpy.int64(407513)}) == 4
    assert len(archive.raw_ephys & {"bytes": numpy.float64(7)}) == 1
    assert len(archive.raw_ephys & {"h2o": numpy.str_("dl7")}) == 1
    assert len(archive.raw_ephys & {"archived_at": frame["archived_at"][0]}) == 3
    assert len(archive.raw_ephys & {"session_date": list(frame["session_date"])}) == 4
    assert len(archive.raw_ephys & {"session_date": frame["session_date"]}) == 4
    assert len(archive.raw_ephys & {"session_date": numpy.datetime64("2019-03-02")}) == 2
    assert len(archive.raw_ephys & {"session_date": frame["session_date"].to_numpy()}) == 4
    assert len(archive.raw_ephys & {"subject_id": numpy.array([407513, 1])}) == 4
    assert len(archive.raw_ephys & {"subject_id": 407513.0}) == 4
    assert len(archive.raw_ephys & {"subject_id": [numpy.float64(407513)]}) == 4
    assert len(archive.raw_ephys & "subject_id = 407513.0") == 4


def test_rows_and_tables_of_pandas_are_restrictions(archive: Archive) -> None:
    frame = archive.raw_ephys.to_pandas()
    some = frame[["subject_id", "session_date", "ident"]]

    assert [len(archive.raw_ephys & row) for _, row in frame.iterrows()] == [1] * 5
    assert [len(archive.raw_ephys & row) for row in some.itertuples(index=False)] == [1] * 5
    assert len(archive.raw_ephys & frame) == 5
    assert len(archive.raw_ephys - frame[:2]) == 3
    assert len(archive.raw_ephys & frame[:0]) == 0
    assert len(archive.raw_ephys & frame[["ident"]][2:3]) == 1
    assert len(archive.raw_ephys & frame.set_index("water_restriction_number")[:1]) == 1
    with pytest.raises(QueryError, match="no attribute 'weight'"):
        _ = archive.raw_ephys & pandas.DataFrame({"weight": [1]})


def test_rows_of_numpy_are_restrictions(archive: Archive) -> None:
    rows = numpy.array([(407513, "2"), (1, "2")], dtype=[("subject_id", "i8"), ("ident", "U5")])

    assert len(archive.raw_ephys & rows) == 1
    assert len(archive.raw_ephys & rows[0]) == 1
    assert len(archive.raw_ephys & rows[1]) == 0


@pytest.mark.parametrize("nothing", [pandas.NaT, pandas.NA, numpy.nan, numpy.datetime64("NaT")])
def test_what_is_not_a_value_is_refused(archive: Archive, nothing: object) -> None:
    for name in ("session_date", "archived_at", "files", "ident"):
        with pytest.raises(QueryError, match="cannot be compared"):
            _ = archive.raw_ephys & {name: nothing}
