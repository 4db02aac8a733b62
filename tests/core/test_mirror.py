"""What the lab's tables should hold of the catalogue: names, sessions, what fits, and what has to change."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archived.core.mirror import (
    Change,
    Columns,
    Existing,
    Lab,
    LabSession,
    Note,
    Place,
    Source,
    TextColumn,
    Unmatched,
    days_of,
    place,
    plan,
    session_of,
    stays,
)
from archived.core.mirror.naming import dataset_type, mirrored_type, own_name
from tests.builders import dataset

DAY = date(2019, 2, 23)
COLUMNS = Columns()
FOLDING = Columns(subpath=TextColumn(128, "latin1", folds=True))
ANIMAL = {"SC011": ["407513"]}
THIRD = LabSession("407513", 3)


def source(path: str = "SC011/catgt_SC011_022319_g0", **changes: Any) -> Source:
    """An archived dataset of one file."""
    values: dict[str, Any] = {
        "rig": "rig-1",
        "location": "raw-ephys",
        "path": path,
        "revision": 1,
        "convention": "catgt",
        "h2o": "SC011",
        "date": DAY,
        "files": {f"{path}/a.ap.bin": "ephys-raw-neuropixels-ap-bin"},
    }
    return Source(**{**values, **changes})


def lab(*numbers: int, **changes: Any) -> Lab:
    """A lab with these sessions of SC011 on the day."""
    values: dict[str, Any] = {"subjects": ANIMAL, "sessions": {("407513", DAY): list(numbers)}}
    return Lab(**{**values, **changes})


def matched(one: Source, among: list[Source], at: Lab) -> LabSession | Unmatched:
    return session_of(one, days_of(among), at)


AT = Place("ephys-raw-SC011-3", "ephys-raw", THIRD)
ALONE = Place("SC011/catgt_SC011_022319_g0", "ephys-raw", None, "nobody knows it")


# --- sessions ---------------------------------------------------------------------------------------


def test_the_one_session_of_the_day_is_that_of_every_run_without_an_ident() -> None:
    first, second = source(), source("SC011/catgt_SC011_022319_g1")

    assert matched(first, [first, second], lab(3)) == THIRD
    assert matched(second, [first, second], lab(3)) == THIRD


def test_several_sessions_take_the_recordings_of_the_day_in_their_order() -> None:
    names = [("", ""), ("", "1"), ("", "2"), ("", "10")]
    recorded = [source(f"SC011/r{at}", order=order) for at, order in enumerate(names)]

    found = [matched(each, recorded, lab(4, 5, 7, 9)) for each in recorded]

    assert [each.number for each in found if isinstance(each, LabSession)] == [4, 5, 7, 9]


def test_recordings_that_are_not_archived_yet_count_in_the_order_of_the_day() -> None:
    first, second = source(order=("", "")), source("SC011/other", order=("", "2"))

    assert isinstance(matched(second, [second], lab(3, 4)), Unmatched)
    assert matched(second, [first, second], lab(3, 4)) == LabSession("407513", 4)


def test_the_mark_of_a_session_orders_too() -> None:
    late, early = source(order=("S10", "")), source("SC011/x", order=("s02", ""))

    assert matched(early, [late, early], lab(1, 2)) == LabSession("407513", 1)
    assert matched(late, [late, early], lab(1, 2)) == LabSession("407513", 2)


@pytest.mark.parametrize(
    ("one", "at", "why"),
    [
        (source(order=("", "surface")), lab(3), "its name says surface"),
        (source(order=("", "2")), lab(3), "its name says 2"),
        (source(), lab(3, 4), "the names do not tell"),
        (source(), lab(), "no session of SC011 on 2019-02-23"),
        (source(), lab(3, subjects={}), "knows no animal SC011"),
        (source(), lab(3, subjects={"sc011": ["1"]}), "knows no animal SC011"),
        (source(), lab(3, subjects={"SC011": ["1", "2"]}), "2 animals called SC011"),
        (source(h2o=None), lab(3), "does not tell its animal"),
        (source(date=None), lab(3), "does not tell its day"),
        (source(), lab(3, complete=False), "no table of sessions"),
    ],
)
def test_a_session_is_never_guessed(one: Source, at: Lab, why: str) -> None:
    found = matched(one, [one], at)

    assert isinstance(found, Unmatched)
    assert why in found.reason


def test_names_that_are_no_numbers_say_nothing_about_the_order() -> None:
    first, surface = source(), source("SC033/surface", order=("", "surface"))

    assert isinstance(matched(first, [first, surface], lab(3, 4)), Unmatched)
    assert isinstance(matched(surface, [first, surface], lab(3, 4)), Unmatched)


def test_a_source_keeps_what_the_catalogue_says_about_the_order() -> None:
    made = Source.of(dataset(1, ident="2", fields={"session": "S02"}, h2o="SC011", date=DAY))

    assert made.order == ("S02", "2")


# --- names ------------------------------------------------------------------------------------------


def test_what_has_a_session_is_called_as_map_ephys_called_it() -> None:
    assert place(source(), THIRD, COLUMNS) == AT


def test_what_has_none_is_called_by_its_path() -> None:
    assert place(source(), Unmatched("nobody knows it"), COLUMNS) == ALONE


@pytest.mark.parametrize(
    "path",
    [
        "x" * 129,
        "ephys-raw-SC011-3",
        "tracking-video-a-1",
        "caf\udce9",
        "\udd00",
        "a\nb" + "c" * 130,
    ],
)
def test_a_name_that_would_not_do_is_cut_and_told_apart(path: str) -> None:
    name = own_name(path, TextColumn(128))

    assert name != path
    assert name.isascii()
    assert len(name) <= 128
    assert TextColumn(128).refuses(name) is None
    assert name != own_name(path + "x", TextColumn(128))


@settings(max_examples=200)
@given(st.text(st.characters(), min_size=1, max_size=300), st.integers(20, 300))
def test_every_path_has_a_name_that_fits(path: str, width: int) -> None:
    column = TextColumn(width, "latin1", folds=True)

    assert column.refuses(own_name(path, column)) is None
    assert own_name(path, column) == own_name(path, column)


def test_the_type_of_a_dataset_is_that_of_its_convention_or_of_its_files() -> None:
    def of(convention: str, *types: str) -> str:
        return dataset_type(
            source(convention=convention, files={str(at): each for at, each in enumerate(types)})
        )

    assert of("catgt", "unknown") == of("spikeglx") == "ephys-raw"
    assert of("tracking-video") == "tracking-video"
    assert of("our-ephys", "ephys-raw-nidq", "unknown", "ephys-raw-ks2-results") == "ephys-raw"
    assert of("our-cameras", "tracking-video-trial") == "tracking-video"
    assert of("two-photon", "tiff") == of("two-photon", "unknown") == "two-photon"
    assert of("two-photon", "tiff", "ephys-raw-nidq") == "two-photon"


def test_a_type_that_the_table_cannot_hold_is_unknown_of_its_kind() -> None:
    column = COLUMNS.file_type

    assert mirrored_type("ephys-raw-nidq", "ephys-raw", column) == "ephys-raw-nidq"
    assert mirrored_type("unknown", "ephys-raw", column) == "ephys-raw-unknown"
    assert mirrored_type("x" * 33, "tracking-video", column) == "tracking-video-unknown"
    assert mirrored_type("unknown", "two-photon", column) == "unknown"


# --- columns ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "text", "fits"),
    [
        (TextColumn(4), "abcd", True),
        (TextColumn(4), "abcde", False),
        (TextColumn(), "x" * 10_000, True),
        (TextColumn(charset="latin1"), "é€", True),
        (TextColumn(charset="latin1"), "鼠", False),
        (TextColumn(charset="ascii"), "é", False),
        (TextColumn(charset="utf8mb3"), "鼠", True),
        (TextColumn(charset="utf8mb3"), "🐭", False),
        (TextColumn(), "🐭", True),
        (TextColumn(), "caf\udce9", False),
        (TextColumn(), "a\x00b", False),
    ],
)
def test_what_a_column_cannot_hold_is_known_before(
    column: TextColumn, text: str, fits: bool
) -> None:
    assert (column.refuses(text) is None) is fits


# --- plans ------------------------------------------------------------------------------------------


def test_what_is_not_there_is_inserted() -> None:
    planned = plan(source(), AT, Existing(), COLUMNS)

    assert planned.change == Change(
        location="raw-ephys",
        name="ephys-raw-SC011-3",
        dataset="raw-ephys/SC011/catgt_SC011_022319_g0",
        dataset_type="ephys-raw",
        insert=True,
        files={"SC011/catgt_SC011_022319_g0/a.ap.bin": "ephys-raw-neuropixels-ap-bin"},
        link=THIRD,
    )
    assert planned.left_out == ()


def test_what_is_there_needs_no_change_whatever_its_spelling() -> None:
    there = {f"/{path}": kind for path, kind in source().files.items()}

    planned = plan(
        source(), AT, Existing("ephys-raw", there, frozenset({THIRD}), ours=True), COLUMNS
    )

    assert not planned.change


def test_rows_of_others_are_only_added_to() -> None:
    path = "SC011/catgt_SC011_022319_g0/a.ap.bin"
    theirs = {path: "ephys-raw-unknown", "SC011/theirs.bin": "ephys-raw-unknown"}
    elsewhere = frozenset({LabSession("407513", 9)})
    more = source(files={path: "ephys-raw-neuropixels-ap-bin", "SC011/b.bin": "unknown"})

    change = plan(more, AT, Existing("ephys-raw", theirs, elsewhere), COLUMNS).change

    assert change.files == {"SC011/b.bin": "ephys-raw-unknown"}
    assert not change.insert
    assert not change.retyped
    assert not change.lost
    assert not change.unlinked


def test_rows_of_ours_follow_the_catalogue() -> None:
    path = "SC011/catgt_SC011_022319_g0/a.ap.bin"
    there = {path: "ephys-raw-unknown", "SC011/lost.bin": "ephys-raw-unknown"}
    old, by_hand = LabSession("407512", 3), LabSession("407513", 2)
    now = source(lost=frozenset({"SC011/lost.bin", "SC011/never.bin"}))

    linked = frozenset({old, by_hand})
    change = plan(now, AT, Existing("ephys-raw", there, linked, ours=True), COLUMNS).change

    assert change.retyped == {path: "ephys-raw-neuropixels-ap-bin"}
    assert change.lost == ("SC011/lost.bin",)
    assert change.unlinked == {old}
    assert change.link == THIRD


def test_a_path_that_is_too_long_is_left_out_and_the_others_are_not() -> None:
    exactly, longer = "x" * 128, "x" * 129

    planned = plan(source(files={exactly: "unknown", longer: "unknown"}), AT, Existing(), COLUMNS)

    assert set(planned.change.files) == {exactly}
    assert [(each.path, each.reason) for each in planned.left_out] == [
        (longer, "it has 129 characters, and the lab's table holds 128")
    ]


def test_paths_that_the_table_cannot_tell_apart_are_not_both_inserted() -> None:
    files = {"a/É.bin": "unknown", "a/e.bin": "unknown", "a/f.bin": "unknown"}

    planned = plan(source(files=files), AT, Existing(), FOLDING)

    assert set(planned.change.files) == {"a/e.bin", "a/f.bin"}
    assert [each.path for each in planned.left_out] == ["a/É.bin"]
    assert set(plan(source(files=files), AT, Existing(), COLUMNS).change.files) == set(files)


def test_a_name_of_another_type_is_left_alone() -> None:
    planned = plan(source(), AT, Existing("tracking-video"), COLUMNS)

    assert planned.refused
    assert not planned.change
    assert "is there already, as tracking-video" in planned.left_out[0].reason


def test_a_location_whose_name_does_not_fit_is_left_out_whole() -> None:
    planned = plan(source(location="x" * 33), AT, Existing(), COLUMNS)

    assert planned.refused
    assert not planned.change


def test_without_a_session_it_is_mirrored_and_the_reason_told() -> None:
    planned = plan(source(), ALONE, Existing(), COLUMNS)

    assert planned.change.files
    assert planned.change.link is None
    assert [(each.mirrored, each.reason) for each in planned.left_out] == [
        (True, "it is linked to no session: nobody knows it")
    ]


def test_without_a_table_of_links_nothing_is_linked() -> None:
    assert plan(source(), AT, Existing(), COLUMNS, linked=()).change.link is None


def test_what_was_joined_to_a_row_of_others_stays_there() -> None:
    ours = Note("rig-1", "raw-ephys", "SC011/elsewhere", 1, ours=True)
    theirs = Note("rig-1", "raw-ephys", "ephys-raw-SC011-3", 1, ours=False)

    assert stays(theirs, True, ALONE).name == "ephys-raw-SC011-3"
    assert stays(theirs, False, ALONE) == stays(ours, True, ALONE) == ALONE
    assert stays(None, False, ALONE) == ALONE


names = st.text(st.sampled_from("aA/é鼠x\udce9\x00"), min_size=1, max_size=6)
paths = names.filter(lambda name: not name.startswith("/"))
kinds = st.sampled_from(["unknown", "ephys-raw-nidq", "ephys-raw-nidq" + "x" * 30])


@settings(max_examples=200)
@given(st.dictionaries(paths, kinds), st.dictionaries(names, kinds), st.booleans(), st.booleans())
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    files: dict[str, str], theirs: dict[str, str], ours: bool, folds: bool
) -> None:
    columns = Columns(subpath=TextColumn(4, "latin1", folds=folds))
    before = Existing("ephys-raw", theirs, frozenset(), ours=ours)
    one = source(files=files)

    change = plan(one, AT, before, columns).change
    there = {**theirs, **change.retyped, **change.files}
    after = Existing("ephys-raw", there, frozenset({THIRD}), ours=ours)

    assert not plan(one, AT, after, columns).change
    assert all(columns.subpath.refuses(path) is None for path in change.files)
    keys = [columns.subpath.key(path) for path in change.files]
    assert len(set(keys)) == len(keys)
