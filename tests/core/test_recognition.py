"""Which recording a path belongs to, and what is said of those that belong to none."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given

from archived.core.conventions import built_in, custom
from archived.core.recognition import Recogniser
from tests.core.hostile import PATHS

CONVENTIONS = built_in()
CATGT, SPIKEGLX, VIDEO = (CONVENTIONS[name] for name in ("catgt", "spikeglx", "tracking-video"))


def recogniser() -> Recogniser:
    return Recogniser([("raw-ephys", [CATGT, SPIKEGLX]), ("raw-video", [VIDEO])])


SHARED = recogniser()

REAL_FILES = [
    ("SC011/catgt_SC011_022319_g0", "SC011_022319_g0_imec3/SC011_022319_g0_tcat.imec3.ap.bin", "raw-ephys"),
    ("SC011/catgt_SC011_022319_g0", "SC011_022319_g0_imec3/imec3_ks2/spike_times.npy", "raw-ephys"),
    ("SC023/catgt_SC023_053119_g0", "SC023_053119_g0_imec0/SC023_053119_g0_tcat.exported.imec0.ap.bin", "raw-ephys"),
    ("SC048/catgt_SC048_010121_g0", "SC048_010121_g0_tcat.nidq.iXA_4_3.txt", "raw-ephys"),
    ("HH08/HH08_S02_20210813_g0", "HH08_S02_20210813_g0_imec0/HH08_S02_20210813_g0_t0.imec0.ap.bin", "raw-ephys"),
    ("dl40/20181022/1", "dl40_g0_t50.imec.ap_imec3_opt3_jrc.mat", "raw-ephys"),
    ("dl59/2018-12-07/video", "dl59_side_108-0000.avi", "raw-video"),
    ("SC026/08082019/video", "SC026_side_735-0000.avi", "raw-video"),
    ("videos/bottom/DL027/2021_07_01", "DL027_bottom_0.mp4", "raw-video"),
]  # fmt: skip


@pytest.mark.parametrize(("folder", "file", "location"), REAL_FILES)
def test_a_file_belongs_to_the_recording_whose_folder_it_lies_in(
    folder: str, file: str, location: str
) -> None:
    found = SHARED.find(f"{folder}/{file}")

    assert found is not None
    assert (found.recording.path, found.location) == (folder, location)
    assert found.recording.convention == found.convention.name
    assert SHARED.folder(folder) == found
    assert SHARED.near_miss(f"{folder}/{file}") is None


def test_only_the_folder_itself_is_a_recordings_folder() -> None:
    assert SHARED.folder("SC011") is None
    assert SHARED.folder("SC011/catgt_SC011_022319_g0") is not None
    assert SHARED.folder("SC011/catgt_SC011_022319_g0/SC011_022319_g0_imec0") is None
    assert SHARED.find("SC011/catgt_SC011_022319_g0") == SHARED.folder(
        "SC011/catgt_SC011_022319_g0"
    )


def test_two_recordings_of_one_day_are_told_apart() -> None:
    first = SHARED.find("SC033/catgt_SC033_111219_g0/x")
    second = SHARED.find("SC033/catgt_SC033_111219_surface_g0/x")

    assert first is not None
    assert second is not None
    assert (first.recording.ident, second.recording.ident) == (None, "surface")
    assert first.recording.date == second.recording.date == date(2019, 11, 12)


def test_a_path_belongs_to_the_first_location_that_knows_it() -> None:
    everything = custom("everything", paths=["{animal}/{rest}"], finished=["quiet"])
    path = "SC011/catgt_SC011_022319_g0"

    before = Recogniser([("all", [everything]), ("raw-ephys", [CATGT])]).folder(path)
    after = Recogniser([("raw-ephys", [CATGT]), ("all", [everything])]).folder(path)

    assert before is not None
    assert after is not None
    assert (before.location, after.location) == ("all", "raw-ephys")


def test_of_folders_in_each_other_the_one_nearest_to_the_root_counts() -> None:
    outer = custom("outer", paths=["{h2o}"], finished=["quiet"])

    found = Recogniser([("inner", [CATGT]), ("outer", [outer])]).find("SC011/catgt_SC011_022319_g0")

    assert found is not None
    assert found.recording.path == "SC011"


def test_without_conventions_nothing_is_recognised() -> None:
    empty = Recogniser([])

    assert empty.find("SC011/catgt_SC011_022319_g0/x") is None
    assert empty.near_miss("x/y.avi") is not None


@pytest.mark.parametrize(
    ("path", "folder", "why"),
    [
        (
            "HH102/catgt_HH102S10_C04P02_g0",
            "HH102/catgt_HH102S10_C04P02_g0",
            "looks like a recording, but there is no date in it",
        ),
        (
            "SC035/SC035_01072O_g0/SC035_01072O_g0_imec0/SC035_01072O_g0_t0.imec0.ap.bin",
            "SC035/SC035_01072O_g0",
            "a date written MMDDYY was expected after 'SC035_', found '01072O_g0'",
        ),
        ("SC035/SC035_01072O", "SC035/SC035_01072O", "a date written MMDDYY was expected"),
        ("HH102/HH102S10_C04P02", "HH102/HH102S10_C04P02", "no date in it"),
        ("dl4/catgt_DL004_022319_g0", "dl4/catgt_DL004_022319_g0", "h2o is 'DL004' here and 'dl4'"),
        (
            "SC011/SC011_022319_g0_imec0",
            "SC011/SC011_022319_g0_imec0",
            "'_imec0' was not expected after 'SC011_022319_g0'",
        ),
        (
            "rig/data/SC011/catgt_SC011_022319_g0",
            "rig/data/SC011/catgt_SC011_022319_g0",
            "if it lay in the root itself, not in 'rig/data'",
        ),
        (
            "SC026/20190808/videos/SC026_side_1-0000.avi",
            "SC026/20190808/videos",
            "'s' was not expected after 'video'",
        ),
        (
            "SC026/20190808/SC026_side_1-0000.avi",
            "SC026/20190808",
            "files of a recording lie in 'SC026/20190808' itself; a folder 'video' was expected",
        ),
        (
            "SC026/SC026_side_1-0000.avi",
            "SC026",
            "a folder '{date:%m%d%Y}[_{ident:label}]/video' was expected",
        ),
        ("SC026_side_1-0000.avi", "SC026_side_1-0000.avi", "lies in the root"),
        ("tests/7/x/a.imec0.ap.bin", "tests/7/x", "'tests/7/x' holds files of a recording, but no"),
        ("20190808", "20190808", "'20190808' looks like a recording, but no convention"),
    ],
)
def test_what_looks_like_a_recording_is_told_why_it_is_none(
    path: str, folder: str, why: str
) -> None:
    miss = SHARED.near_miss(path)

    assert miss is not None
    assert miss.path == folder
    assert why in miss.why


def test_the_nearest_template_is_told_too() -> None:
    miss = SHARED.near_miss("SC035/SC035_01072O_g0")

    assert miss is not None
    assert miss.nearest == "{h2o}/{h2o}_{date:%m%d%y}[_{ident}]_g{run:int}"


def test_all_files_of_a_folder_have_the_same_answer() -> None:
    folder = "SC035/SC035_01072O_g0"
    answers = {
        SHARED.near_miss(path)
        for path in (folder, f"{folder}/x_t0.nidq.bin", f"{folder}/x_g0_imec1/x_t1.imec1.lf.meta")
    }

    assert len(answers) == 1


@pytest.mark.parametrize(
    "path",
    [
        "SC011",
        "SC011/20190808",
        "bottom/DL027",
        "videos",
        "notes_20190808.txt",
        "SC011/notes",
        "SC011/notes/weights.xlsx",
        "lost+found",
        "System Volume Information",
        "python3.11",
        ".Trash-1000",
    ],
)
def test_what_does_not_look_like_a_recording_is_not_spoken_of(path: str) -> None:
    assert SHARED.find(path) is None
    assert SHARED.near_miss(path) is None


@pytest.mark.parametrize(
    "below", ["", "/v1", "/v1/SC011/catgt_SC011_022319_g0/run_g0_t0.imec0.ap.bin"]
)
def test_nothing_in_the_folder_of_our_own_is_a_recording_nor_spoken_of(below: str) -> None:
    anything = custom("anything", paths=["{animal}/{rest}"], finished=["quiet"])
    greedy = Recogniser([("raw", [anything]), ("raw-ephys", [CATGT])])
    assert greedy.find("SC011/x") is not None
    assert greedy.find(f".archived{below}") is None
    assert greedy.near_miss(f".archived{below}") is None
    assert not greedy.leads_to(f".archived{below}")


@given(PATHS)
def test_hostile_names_never_crash(path: str) -> None:
    found, miss = SHARED.find(path), SHARED.near_miss(path)

    assert found is None or miss is None
    if found is not None:
        assert path == found.recording.path or path.startswith(found.recording.path + "/")
    if miss is not None:
        assert path == miss.path or path.startswith(miss.path + "/")
        assert miss.why.isprintable()


@pytest.mark.parametrize(
    "path", ["/".join(["a"] * 2000), "_g1" * 1000, "x" * 100_000, "20190808" * 1000 + ".avi/y.avi"]
)
def test_long_hostile_paths_cost_next_to_nothing(path: str) -> None:
    SHARED.near_miss("SC035/SC035_01072O_g0")  # its expressions are made on first use

    began = time.perf_counter()
    SHARED.find(path)
    SHARED.near_miss(path)

    assert time.perf_counter() - began < 2


def test_many_files_are_looked_up_quickly() -> None:
    fresh = recogniser()
    paths = [
        f"SC011/catgt_SC011_022319_g{n % 50}/SC011_g0_t{n}.imec0.ap.bin" for n in range(20_000)
    ]

    began = time.perf_counter()
    assert all(fresh.find(path) for path in paths)

    assert time.perf_counter() - began < 5
