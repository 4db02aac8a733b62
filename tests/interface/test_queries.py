"""Queries as DataJoint's users write them: restricted, fetched, counted, shown; and what is different."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archived import AndList, Archive
from archived.core.catalogue import ATTRIBUTES, KEYS, About, Comparison
from archived.interface import DatasetRow, FileRow, QueryError
from tests.interface.conftest import Lab
from tests.interface.lab import see

HOSTILE = "x<script>alert(1)</script>'\"&\x1b[31m\n\udcff\u202e"


def names(query: Any) -> list[str]:
    """The last folders of the datasets of a query."""
    return [each.rpartition("/")[2] for each in query.fetch("dataset_name")]


# --- the four lines that everybody begins with ----------------------------------------------------


def test_a_subject_is_found_by_its_number(archive: Archive) -> None:
    query = archive.raw_ephys & {"subject_id": 407513}

    assert len(query) == 4
    assert set(query.fetch("water_restriction_number")) == {"SC011"}


def test_a_condition_is_added(archive: Archive) -> None:
    query = archive.raw_ephys & {"subject_id": 407513} & 'session_date > "2019-03-01"'

    rows = query.fetch(as_dict=True)

    assert [row["session_date"] for row in rows] == [
        date(2019, 3, 2),
        date(2019, 3, 2),
        date(2019, 3, 5),
    ]
    assert list(rows[0]) == list(query.attributes)


def test_a_query_is_never_changed_by_restricting_it(archive: Archive) -> None:
    query = archive.raw_ephys
    before = query.question

    _ = query & {"subject_id": 407513}

    assert query.question == before
    assert len(query) == 5


# --- restrictions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("restriction", "number"),
    [
        ({}, 5),
        ({"h2o": "SC011"}, 4),
        ({"water_restriction_number": "dl7"}, 1),
        ({"subject_id": "407513"}, 4),
        ({"subject_id": None}, 1),
        ({"session_date": "2019-03-02"}, 2),
        ({"session_date": date(2019, 3, 2), "ident": None}, 1),
        ({"ident": 2}, 1),
        ({"session_date": ["2019-02-23", "2019-03-05"]}, 2),
        ({"ident": ["2", None]}, 5),
        ({"ident": ["2"]}, 1),
        ({"ident": []}, 0),
        ({"state": "archived", "dataset_type": "ephys-raw"}, 3),
        ({"archived_at": datetime(2026, 3, 14, 12, tzinfo=UTC)}, 3),
        ("archived_at = '2026-03-14T12:00'", 3),
        ("bytes > '1 kB'", 4),
        ("bytes < 1010 or ident = '2'", 2),
        ("h2o like 'SC%' and not session_date between '2019-03-01' and '2019-03-04'", 2),
        ("`subject_id` IN (407513, 1) AND (ident IS NULL OR state != 'archived')", 3),
        ("407513 = subject_id && ident is not null", 1),
        ("h2o not like 'SC%'", 1),
        ("not h2o not like 'SC%' and session_date not in ('2019-02-23')", 3),
        ("session_date not between '2019-03-01' and '2019-03-04' or not (h2o like '%')", 3),
        ("subject_id >= 407513", 4),
        ("session_date like '2019-03%'", 3),
        ("TRUE", 5),
        (True, 5),
        (False, 0),
        ([], 0),
        ([{"ident": "2"}, "h2o = 'dl7'"], 2),
        (({"ident": "2"}, {"ident": "3"}), 1),
        (AndList([{"h2o": "SC011"}, "ident is null"]), 3),
        (AndList(), 5),
        ([AndList([{"h2o": "SC011"}, "ident is null"]), {"h2o": "dl7"}], 4),
        ("session_date >= DATE '2019-03-05'", 1),
        ("files = 2 -- that is all", 4),
    ],
)  # fmt: skip
def test_a_restriction_finds(archive: Archive, restriction: Any, number: int) -> None:
    assert len(archive.raw_ephys & restriction) == number
    assert len(archive.raw_ephys - restriction) == 5 - number


def test_what_is_left_out_and_what_is_kept_are_everything(archive: Archive) -> None:
    """Also where the answer is not known: in SQL, and in DataJoint, those rows would be in neither."""
    second = {"ident": "2"}

    assert names(archive.raw_ephys & second) == ["catgt_SC011_030219_2_g0"]
    assert len(archive.raw_ephys - second) == 4


def test_several_restrictions_at_once_must_all_fit(archive: Archive) -> None:
    assert len(archive.raw_ephys.restrict({"h2o": "SC011"}, "ident is null")) == 3


def test_a_row_is_a_restriction(archive: Archive) -> None:
    row = archive.raw_ephys.fetch()[1]
    file = archive.files.fetch()[3]

    assert (archive.datasets & row).fetch() == [row]
    assert (archive.files & file).fetch() == [file]
    assert row in archive.raw_ephys
    assert row not in archive.raw_video
    assert (archive.datasets & [row, archive.raw_video.fetch()[0]]).fetch("KEY")[0][
        "dataset_name"
    ] == row.dataset_name


def test_keys_and_whole_dicts_are_restrictions(archive: Archive) -> None:
    keys = (archive.raw_ephys & {"h2o": "SC011"}).fetch("KEY")
    whole = (archive.raw_ephys & {"h2o": "SC011"}).fetch(as_dict=True)

    assert (archive.datasets & keys).fetch("KEY") == keys
    assert (archive.datasets & whole).fetch("KEY") == keys


def test_a_query_restricts_a_query(archive: Archive) -> None:
    archived = archive.datasets & {"state": "archived"}

    assert len(archive.raw_ephys & archived) == 3
    assert len(archive.raw_ephys - archived) == 2
    assert len(archive.files & archived) == 9
    assert len(archive.raw_ephys & (archive.files & "file_subpath like '%.meta'")) == 4
    assert len(archive.raw_video & archive.raw_ephys) == 0


def test_files_and_datasets_lead_to_each_other(archive: Archive) -> None:
    metas = (archive.raw_ephys & {"h2o": "SC011"}).files & 'file_subpath LIKE "%.meta"'

    assert len(metas) == 4
    assert len(metas.datasets) == 4
    assert metas.fetch("size") == [10] * 4
    assert metas.datasets.files.fetch() == (archive.raw_ephys & {"h2o": "SC011"}).files.fetch()


def test_files_are_restricted_by_their_own_state(archive: Archive) -> None:
    assert len(archive.raw_ephys.files & {"state": "pending"}) == 3
    assert len((archive.raw_ephys & {"state": "archived"}).files & {"state": "archived"}) == 6


@pytest.mark.parametrize(
    ("restriction", "message", "note"),
    [
        ({"sesion_date": 1}, "no attribute 'sesion_date'", "did you mean session_date"),
        ({"location": "raw-ephys"}, "no attribute 'location'", "did you mean globus_alias?"),
        ({"file_type": "x"}, "no attribute 'file_type'", "ask `.files` for file_type"),
        ({"state": "archvied"}, "'archvied' is no state", "did you mean archived?"),
        ({"session_date": "yesterday"}, "cannot be compared with 'yesterday'", "a date such as"),
        ({"files": "many"}, "cannot be compared with 'many'", "a whole number"),
        ({"files": float("nan")}, "cannot be compared with 'nan'", "a whole number"),
        ({"files": 10**30}, "cannot be compared", "a whole number"),
        ({"ident": 1.5}, "cannot be compared with '1.5'", "a text"),
        ({"ident": True}, "cannot be compared with 'True'", "a text"),
        ({"session": 3}, "session is not known to the catalogue", "use session_date"),
        ("session > 3", "session is not known to the catalogue", "use session_date"),
        ({3: 3}, "'3' is no name", ""),
        (3, "'3' is no restriction", "give a dict"),
        (None, "'None' is no restriction", "give a dict"),
        ([3], "'3' is no restriction", "give a dict"),
        ("", "cannot be read", "conditions compare"),
        ("session_date > 2019-03-01", "a value is expected instead of", "quotation marks"),
        ("session_date in (2019-03-01)", "a value is expected instead of", "quotation marks"),
        ("year(session_date) = 2019", "an attribute is expected", "BETWEEN '2019-01-01'"),
        ("session_date >", "cannot be read", "conditions compare"),
        ("h2o = SC011", "a value is expected instead of 'SC011'", "quotation marks"),
        ('"h2o" = "SC011"', "an attribute is expected", "without quotation marks"),
        ("ident = NULL", "nothing is ever equal to NULL", "ident IS NULL"),
        ("ident in (select 1)", "cannot be read", "conditions compare"),
        ("ident in ('x', null)", "'NULL' is not understood", "conditions compare"),
        ("exists (select 1)", "is not understood", "conditions compare"),
        ("ident regexp 'x'", "is not understood", "conditions compare"),
        ("length(ident) = 1", "an attribute is expected", "nothing is computed"),
        ("dataset.ident = 'x'", "cannot be read", "conditions compare"),
        ("ident = 'x'; drop table dataset", "cannot be read", "conditions compare"),
        ("ident = 'x' union select 1", "cannot be read", "conditions compare"),
        ("ident", "is not understood", "conditions compare"),
        ("files like '1%'", "patterns are for texts", "compare numbers"),
        ("subject_id > 'x'", "not larger or smaller", "give a number"),
        ("ident like 'x' escape '!'", "is not understood", "conditions compare"),
        ("files is true", "is not understood", "conditions compare"),
        ("(" * 5_000 + "files = 1" + ")" * 5_000, "too deeply", "list of restrictions"),
        ("files = 1 and " * 50_000 + "files = 1", "too long", "list of restrictions"),
        (f"ident like '{'%' * 2_000}'", "is too long", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_what_to_do(
    archive: Archive, restriction: Any, message: str, note: str
) -> None:
    with pytest.raises(QueryError, match=re.escape(message)) as caught:
        _ = archive.raw_ephys & restriction

    assert note in caught.value.what_to_do
    assert not note or caught.value.__notes__ == [caught.value.what_to_do]


def test_queries_of_different_archives_do_not_mix(archive: Archive, lab: Lab) -> None:
    with Archive(lab.configuration) as other, pytest.raises(QueryError, match="another Archive"):
        _ = archive.raw_ephys & other.raw_ephys


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=40) | st.text("=<>()'\"`\\;-/*#@?%{}[] \n abfiles1.", max_size=30))
def test_whatever_is_written_is_a_condition_or_an_error_of_ours(
    archive: Archive, text: str
) -> None:
    try:
        query = archive.raw_ephys & text
    except QueryError:
        return
    assert 0 <= len(query) <= 5


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=30))
def test_a_quoted_text_is_that_text(archive: Archive, text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "''")

    written = (archive.raw_ephys & f"ident = '{quoted}'").question.conditions[-1]

    assert isinstance(written, Comparison)
    assert written.value == text


# --- fetching -------------------------------------------------------------------------------------


def test_rows_have_names_and_types(archive: Archive) -> None:
    row = archive.raw_ephys.fetch()[0]

    assert isinstance(row, DatasetRow)
    assert row.subject_id == 407513
    assert row.h2o == row.water_restriction_number == "SC011"
    assert row.session_date == date(2019, 2, 23)
    assert row.archived_at == datetime(2026, 3, 14, 12, tzinfo=UTC)
    assert (row.files, row.bytes, row.session) == (2, 1010, None)
    assert isinstance(archive.files.fetch(limit=1)[0], FileRow)
    assert archive.files.fetch(limit=1)[0].h2o == "SC011"


@pytest.mark.parametrize(("about", "row"), [(About.DATASETS, DatasetRow), (About.FILES, FileRow)])
def test_rows_have_every_attribute_in_order(about: About, row: Any) -> None:
    assert row._fields == tuple(ATTRIBUTES[about])
    for name, kind in get_type_hints(row).items():
        assert (type(None) in getattr(kind, "__args__", ())) == ATTRIBUTES[about][name].optional, (
            name
        )


def test_one_attribute_gives_a_list_several_a_list_each(archive: Archive) -> None:
    query = archive.raw_ephys & {"h2o": "SC011"}

    dates = query.fetch("session_date")
    subjects, idents = query.fetch("subject_id", "ident")

    assert dates[0] == date(2019, 2, 23)
    assert subjects == [407513] * 4
    assert idents == [None, None, "2", None]


def test_the_key_is_a_dict_alone_or_with_others(archive: Archive) -> None:
    query = archive.raw_video

    (key,) = query.fetch("KEY")
    keys, sizes = query.fetch("KEY", "bytes")

    assert key == {
        "globus_alias": "raw-video",
        "dataset_name": "raw-video/SC011/2019-03-02",
        "rig": "rig-1",
    }
    assert (keys, sizes) == ([key], [1500])
    assert query.fetch("KEY", "files", as_dict=True) == [{**key, "files": 3}]
    assert tuple(key) == KEYS[About.DATASETS] == query.primary_key


def test_some_attributes_as_dicts_keep_the_names_that_were_asked_for(archive: Archive) -> None:
    assert archive.raw_video.fetch("h2o", "files", as_dict=True) == [{"h2o": "SC011", "files": 3}]


def test_rows_are_sorted_and_cut(archive: Archive) -> None:
    query = archive.raw_ephys

    assert query.fetch("session_date", order_by="session_date")[0] == date(2018, 9, 1)
    assert query.fetch("session_date", order_by="session_date DESC", limit=1) == [date(2019, 3, 5)]
    assert query.fetch("ident", order_by=["session_date desc", "ident desc"])[1] == "2"
    assert query.fetch("h2o", order_by="h2o desc, session_date", limit=2, offset=1) == [
        "SC011",
        "SC011",
    ]
    assert query.fetch("dataset_name", order_by="KEY desc")[0].endswith("dl7_090118_g0")
    assert query.fetch(limit=0) == []


@pytest.mark.parametrize(
    "options",
    [
        {"order_by": "nothing"},
        {"order_by": "files sideways"},
        {"order_by": ""},
        {"limit": -1},
        {"limit": "x"},
        {"offset": -1},
        {"limit": 2**70},
    ],
)
def test_a_strange_order_or_limit_is_refused(archive: Archive, options: dict[str, Any]) -> None:
    with pytest.raises(QueryError):
        archive.raw_ephys.fetch(**options)


def test_an_unknown_attribute_cannot_be_fetched(archive: Archive) -> None:
    with pytest.raises(QueryError, match="no attribute 'fils'"):
        archive.raw_ephys.fetch("fils")


def test_the_only_row_is_fetched_by_itself(archive: Archive) -> None:
    video = archive.raw_video

    assert video.fetch1()["files"] == 3
    assert video.fetch1("files") == 3
    assert video.fetch1("files", "h2o") == (3, "SC011")
    assert video.fetch1("KEY") == video.fetch("KEY")[0]
    with pytest.raises(QueryError, match="more than one"):
        archive.raw_ephys.fetch1()
    with pytest.raises(QueryError, match="exactly one row; none of"):
        (video & False).fetch1()


def test_a_query_is_counted_iterated_and_true(archive: Archive) -> None:
    assert list(archive.raw_ephys) == archive.raw_ephys.fetch(as_dict=True)
    assert bool(archive.raw_ephys)
    assert not archive.raw_ephys & False
    assert {"h2o": "dl7"} in archive.raw_ephys
    assert {"h2o": "dl8"} not in archive.raw_ephys


def test_nothing_is_asked_before_it_is_needed(archive: Archive) -> None:
    query = archive.raw_ephys & {"h2o": "SC011"} & 'session_date > "2019-03-01"'
    _ = query.files & {"file_type": "x"}

    assert archive._source._catalogue is None


def test_the_catalogue_is_asked_again_each_time(archive: Archive, lab: Lab) -> None:
    query = archive.raw_ephys & {"h2o": "SC099"}
    assert len(query) == 0

    see(lab.store, "SC099/x", [("a.bin", 1)], h2o="SC099")

    assert len(query) == 1


def test_the_heading_tells_what_the_attributes_are(archive: Archive) -> None:
    heading = archive.raw_ephys.heading

    assert heading.names == archive.raw_ephys.attributes
    assert len(repr(heading).splitlines()) == len(heading) == 14
    assert "*dataset_name " in repr(heading)
    assert heading[0].name == "subject_id"
    assert [each.name for each in heading][:1] == [each.name for each in heading[:1]]


# --- showing --------------------------------------------------------------------------------------


def test_a_terminal_shows_a_table(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")

    lines = repr(archive.raw_ephys & {"session_date": "2019-03-02"}).splitlines()

    assert lines[0].split()[:3] == ["subject_id", "water_restriction_number", "session_date"]
    assert lines[1].split()[:3] == ["407513", "SC011", "2019-03-02"]
    assert lines[-1] == "2 datasets"


def test_a_narrow_terminal_shows_what_matters_most(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    lines = repr(archive.raw_ephys).splitlines()

    assert lines[0].split()[:2] == ["*dataset_name", "state"]
    assert all(len(line) <= 60 for line in lines[:-2])
    assert lines[-2].startswith("... and subject_id")


def test_a_wide_character_takes_two_columns(
    archive: Archive, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", "200")
    see(lab.store, "日本", [("a", 1)], ident="日本", h2o="SC099")
    see(lab.store, "xyz", [("a", 1)], ident="xyz", h2o="SC099")

    first, second = repr(archive.raw_ephys & {"h2o": "SC099"}).splitlines()[1:3]

    assert cell_len(first) == cell_len(second)


def test_a_large_table_is_shown_in_part(archive: Archive, lab: Lab) -> None:
    for number in range(20):
        see(lab.store, f"SC099/{number}", [("a.bin", 1)], h2o="SC099")
    query = archive.raw_ephys & {"h2o": "SC099"}

    assert repr(query).splitlines()[-1] == "20 datasets; the first 12 are shown"
    assert query._repr_html_().count("<tr>") == 13
    assert "20 datasets; the first 12 are shown" in query._repr_html_()


def test_an_empty_table_has_headings(archive: Archive) -> None:
    assert repr(archive.raw_ephys & False).splitlines()[-1] == "0 datasets"
    assert "dataset_name" in (archive.raw_ephys & False)._repr_html_()


def test_a_name_can_steer_neither_a_terminal_nor_a_page(archive: Archive, lab: Lab) -> None:
    see(lab.store, HOSTILE, [(HOSTILE, 1)], h2o=HOSTILE, ident=HOSTILE, file_type=HOSTILE)
    query = archive.raw_ephys & {"h2o": HOSTILE}
    assert query.fetch("ident") == [HOSTILE]

    for one in (query, query.files):
        text, page = repr(one), one._repr_html_()
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        for each in ("\x1b", "\u202e", "\udcff"):
            assert each not in text + page
        assert len(text.splitlines()) <= 4
        page.encode()
        text.encode()


def test_ipython_shows_both_forms(archive: Archive) -> None:
    """What a notebook does: it asks for both, and takes what it can show."""
    query = archive.raw_video

    assert html.unescape(re.sub("<[^>]+>", " ", query._repr_html_())).split()[-2:] == [
        "1",
        "dataset",
    ]
    assert repr(query).endswith("1 dataset")


def test_the_list_of_values_in_a_table_has_every_attribute() -> None:
    from archived.interface.cells import BY_IMPORTANCE

    assert set(BY_IMPORTANCE) == {name for about in About for name in ATTRIBUTES[about]}
