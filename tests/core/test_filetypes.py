"""Every file gets its type from its name."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archived.core.conventions import built_in
from archived.core.conventions.ephys_files import EPHYS_FILES
from archived.core.conventions.video_files import VIDEO_FILES
from archived.core.filetypes import UNKNOWN, FileType, Globs, TypeTable, glob_pattern
from tests.core.hostile import NAMES, PATHS

EPHYS, VIDEO = TypeTable(EPHYS_FILES), TypeTable(VIDEO_FILES)
RUN = "SC011/catgt_SC011_022319_g0"
PROBE = f"{RUN}/SC011_022319_g0_imec3"


@pytest.mark.parametrize(
    ("path", "file_type"),
    [
        (f"{PROBE}/SC011_022319_g0_tcat.imec3.ap.bin", "ephys-raw-neuropixels-ap-bin"),
        (f"{PROBE}/SC011_022319_g0_tcat.imec3.ap.meta", "ephys-raw-neuropixels-ap-meta"),
        (f"{PROBE}/SC011_022319_g0_tcat.imec3.lf.bin", "ephys-raw-neuropixels-lf-bin"),
        (f"{PROBE}/SC011_022319_g0_tcat.imec3.lf.meta", "ephys-raw-neuropixels-lf-meta"),
        ("a/SC023_053119_g0_tcat.exported.imec0.ap.bin", "ephys-raw-neuropixels-ap-bin"),
        ("dl40/20181022/1/dl40_g0_t50.imec.ap.bin", "ephys-raw-neuropixels-ap-bin"),
        ("a/x_g0_t0.imec1010.ap.meta", "ephys-raw-neuropixels-ap-meta"),
        ("a/x_g0_t0.imec0.ap.cbin", "ephys-raw-neuropixels-ap-cbin"),
        ("a/x_g0_t0.imec0.lf.ch", "ephys-raw-neuropixels-lf-ch"),
        ("a/x_g0_t0.obx0.obx.bin", "ephys-raw-obx-bin"),
        ("a/x_g0_t0.obx10.obx.meta", "ephys-raw-obx-meta"),
        ("a/x_g0_tcat.obx0.obx.xd_2_0_500.txt", "ephys-raw-obx"),
        ("a/x_g0_t0.nidq.bin", "ephys-raw-nidq"),
        ("a/x_g0_t0.nidq.meta", "ephys-raw-nidq"),
        ("a/SC048_010121_g0_tcat.nidq.iXA_4_3.txt", "ephys-raw-nidq"),
        ("a/x_g0_tcat.nidq.xa_0_0.adj.txt", "ephys-raw-nidq"),
        ("a/x_g0_tcat.imec0.SY_384_6_500.txt", "ephys-raw-neuropixels-sy"),
        ("a/x_g0_tcat.imec0.SY_384_6_500.adj.txt", "ephys-raw-neuropixels-sy"),
        ("a/x_g0_tcat.imec0.ap.xd_384_6_500.txt", "ephys-raw-neuropixels-xd"),
        ("a/x_g0_tcat.imec0.ap.xid_384_6_500.txt", "ephys-raw-neuropixels-xid"),
        ("a/x_tcat.xa_0_0.txt", "ephys-raw-catgt-xa"),
        ("a/x_tcat.xia_0_0.txt", "ephys-raw-catgt-xia"),
        ("a/x_tcat.bft_0_0.txt", "ephys-raw-catgt-bft"),
        ("a/x_tcat.bfv_0_0.txt", "ephys-raw-catgt-bfv"),
        ("a/events.adj.txt", "ephys-raw-tprime-adjusted"),
        ("a/SC011_022319_g0_fyi.txt", "ephys-raw-catgt-fyi"),
        ("a/SC011_022319_g0_ct_offsets.txt", "ephys-raw-catgt-ct-offsets"),
        ("a/SC011_022319_g0_sc_offsets.txt", "ephys-raw-catgt-sc-offsets"),
        ("a/CatGT.log", "ephys-raw-catgt-log"),
        ("a/SC022_030319_Imec3_bitcode.mat", "ephys-raw-bitcode"),
        ("a/x_tcat.imec0.ap_kilosortChanMap.mat", "ephys-raw-neuropixels-chanmap"),
        ("dl40/20181022/1/dl40_g0_t50.imec.ap_imec3_opt3_jrc.mat", "ephys-raw-jrclust"),
        ("a/x.ap_res.mat", "ephys-raw-jrclust-results"),
        ("a/notes.mat", "ephys-raw-matlab-misc"),
        ("a/channel_locations_shank1.json", "ephys-raw-channel-locations"),
        (f"{PROBE}/imec3_ks2/spike_times.npy", "ephys-raw-ks2-spike-times"),
        (f"{PROBE}/imec3_ks2_orig/spike_times.npy", "ephys-raw-ks2-spike-times"),
        (f"{PROBE}/imec3_ks25/spike_times.npy", "ephys-raw-ks25-spike-times"),
        (f"{PROBE}/imec3_ks3/spike_times.npy", "ephys-raw-ks3-spike-times"),
        (f"{PROBE}/imec3_ks4/spike_times.npy", "ephys-raw-ks4-spike-times"),
        (f"{PROBE}/kilosort4/ops.npy", "ephys-raw-ks4-ops"),
        (f"{PROBE}/kilosort4/kilosort4.log", "ephys-raw-ks4-log"),
        (f"{PROBE}/imec3_ks2/amplitudes.npy", "ephys-raw-ks2-amplitude-scaling"),
        (f"{PROBE}/imec3_ks2/cluster_KSLabel.tsv", "ephys-raw-ks2-cluster-labeling"),
        (f"{PROBE}/imec3_ks2/cluster_Amplitude.tsv", "ephys-raw-ks2-cluster-amplitudes"),
        (f"{PROBE}/imec3_ks2/cluster_group.tsv", "ephys-raw-ks2-cluster-grouping"),
        (f"{PROBE}/imec3_ks2/metrics.csv", "ephys-raw-ks2-cluster-metrics"),
        (f"{PROBE}/imec3_ks2/params.py", "ephys-raw-ks2-parameters"),
        (f"{PROBE}/imec3_ks2/rez.mat", "ephys-raw-ks2-results"),
        (f"{PROBE}/imec3_ks2/rez2.mat", "ephys-raw-ks2-results"),
        (f"{PROBE}/imec3_ks2/clus_Table.npy", "ephys-raw-ks2-cluster-table"),
        (f"{PROBE}/imec3_ks2/.phy/memcache.pkl", "ephys-raw-phy-cache"),
        (f"{PROBE}/imec3_ks2/phy.log", "ephys-raw-phy-log"),
        (f"{PROBE}/readme.txt", "unknown"),
        (f"{PROBE}/spike_times", "unknown"),
    ],
)
def test_files_of_electrophysiology_have_their_types(path: str, file_type: str) -> None:
    assert EPHYS.find(path) == file_type


@pytest.mark.parametrize(
    ("path", "file_type"),
    [
        ("dl59_side_108-0000.avi", "tracking-video-trial"),
        ("dl59_side_19-0001.avi", "tracking-video-trial"),
        ("SC026_side_face_735-0000.mp4", "tracking-video-trial"),
        ("DL027_bottom_0.mp4", "tracking-video-trial"),
        ("DL027_2021_07_01_bottom_12.MP4", "tracking-video-trial"),
        ("SC026_side_1.mkv", "tracking-video-trial"),
        ("SC026_side_1-0000.mov", "tracking-video-trial"),
        ("DL027_2021_07_01_side.mp4", "tracking-video-session"),
        ("SC026_side.avi", "tracking-video-session"),
        ("SC026_side_1-0000.mvi", "unknown"),
        ("SC026_side_1-0000.ap4", "unknown"),
        ("dl55_20190108_side.txt", "tracking-video-map"),
        ("dl59_20181207_side.txt", "tracking-video-map"),
        ("SC026_080819_side.txt", "tracking-video-map"),
        ("SC026_080819_2_side.txt", "tracking-video-map"),
        ("DL027_2021_07_01_side.txt", "tracking-video-map"),
        ("dl59_2018-12-07_side.txt", "tracking-video-map"),
        ("notes_something_side.txt", "unknown"),
        ("SC026_side_735-0000.csv", "tracking-video-csv"),
        ("SC026_side_735DLC_resnet50.h5", "tracking-video-dlc"),
    ],
)
def test_files_of_cameras_have_their_types(path: str, file_type: str) -> None:
    assert VIDEO.find(f"SC026/08082019/video/{path}") == file_type


def test_each_convention_knows_its_own_files() -> None:
    conventions = built_in()

    for name in ("catgt", "spikeglx"):
        assert conventions[name].file_type("a/x.imec0.ap.bin") == "ephys-raw-neuropixels-ap-bin"
    assert conventions["tracking-video"].file_type("a/x_side_1.avi") == "tracking-video-trial"


@pytest.mark.parametrize("types", [EPHYS_FILES, VIDEO_FILES], ids=["ephys", "video"])
def test_no_glob_stands_twice_and_each_is_of_use(types: tuple[FileType, ...]) -> None:
    globs = [one.glob for one in types]

    assert len(globs) == len(set(globs))
    table = TypeTable(types)
    for one in types:
        example = one.glob.replace("[0-9]", "1").replace("#", "1").replace("*", "x")
        assert table.find(f"folder/{example}") == one.name, one


def test_the_names_of_types_are_plain() -> None:
    for one in (*EPHYS_FILES, *VIDEO_FILES):
        assert re.fullmatch(r"(ephys-raw|tracking-video)(-[a-z0-9]+)+", one.name)


# Globs


def test_the_first_that_fits_wins_whatever_its_kind() -> None:
    types = [
        FileType("*_1.bin", "wild"),
        FileType("a_1.bin", "plain"),
        FileType("a_2.bin", "plain"),
        FileType("*_2.bin", "wild"),
        FileType("x/*_3.bin", "in a folder"),
        FileType("*_3.bin", "wild"),
        FileType("x/*_2.*", "too late"),
        FileType("*_4.*", "any extension"),
        FileType("*_4.bin", "too late"),
    ]

    found = [TypeTable(types).find(f"x/a_{n}.bin") for n in (1, 2, 3, 4, 5)]

    assert found == ["wild", "plain", "in a folder", "any extension", UNKNOWN]
    assert TypeTable(types).find("y/a_3.bin") == "wild"
    assert TypeTable(types).find("x/a_4.txt") == "any extension"


@pytest.mark.parametrize(
    ("glob", "fitting", "other"),
    [
        ("*.bin", ["a.bin", ".bin", "a.BIN", "a\nb.bin"], ["a.bin.txt", "abin"]),
        ("a?.x", ["ab.x"], ["a.x", "abc.x"]),
        ("t#.x", ["t0.x", "t123.x"], ["t.x", "tx.x", "t٣.x"]),
        ("[#].x", ["#.x"], ["1.x"]),
        ("[ab]-[!ab].x", ["a-c.x"], ["c-c.x", "a-a.x"]),
        ("[a--].x", ["a.x", "-.x"], ["b.x"]),
        ("[z-a].x", ["[z-a].x"], ["z.x", "a.x"]),
        ("[a.x", ["[a.x"], ["a.x"]),
        ("[]].x", ["].x"], ["[].x"]),
        ("*a*b*.c", ["ab.c", "xaybz.c", "aab.c", "abab.c"], ["ba.c", "a.c", "ab"]),
        ("*_#*5.x", ["_15.x", "_1a5.x", "__15.x"], ["_5.x", "_a5.x"]),
        ("**.x", [".x", "a.x"], ["a/.y"]),
        ("x/*.y", ["x/a.y", "b/x/a.y"], ["a.y", "xx/a.y", "x/b/a.y"]),
    ],
)
def test_globs_mean_what_people_expect(glob: str, fitting: list[str], other: list[str]) -> None:
    globs = Globs([glob])

    assert [path for path in fitting if not globs.fit(path)] == []
    assert [path for path in other if globs.fit(path)] == []


def test_a_glob_of_many_stars_costs_next_to_nothing_on_a_hostile_name() -> None:
    began = time.perf_counter()
    assert not Globs(["*a*b*a*b*a*b*a*b*a*b*.x"]).fit("ab" * 5000)

    assert time.perf_counter() - began < 2


def test_without_globs_nothing_fits() -> None:
    assert not Globs([]).fit("a/b")


@given(st.text(alphabet="*?[]!#^-a./\\&~|\n", max_size=12), NAMES)
def test_any_text_is_a_glob(glob: str, name: str) -> None:
    re.compile(glob_pattern(glob))
    Globs([glob]).fit(name)
    TypeTable([FileType(glob, "some-type")]).find(name)


@given(PATHS)
def test_every_hostile_name_has_a_type(path: str) -> None:
    assert EPHYS.find(path)
    assert VIDEO.find(path)


@pytest.mark.parametrize(
    "name", ["_1" * 120, "*_" * 120, "." * 250, "dlc" * 80 + ".h5", "_" * 10_000]
)
def test_long_hostile_names_cost_next_to_nothing(name: str) -> None:
    began = time.perf_counter()
    for extension in ("", ".avi", ".txt", ".mat", ".bin", ".npy"):
        EPHYS.find(name + extension)
        VIDEO.find(name + extension)

    assert time.perf_counter() - began < 2


def test_a_hundred_thousand_files_are_typed_within_seconds() -> None:
    began = time.perf_counter()
    for number in range(50_000):
        EPHYS.find(f"{PROBE}/SC011_022319_g0_t{number}.imec3.ap.bin")
        EPHYS.find(f"{PROBE}/something{number}.else")

    assert time.perf_counter() - began < 5
