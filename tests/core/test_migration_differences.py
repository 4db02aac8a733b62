"""Where map-ephys' documentation and its code said different things: what is accepted now, and what is written.

One test for each number of the table in docs/MIGRATION.md, which is held against the names of these tests.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archived import config
from archived.config import SubjectsSettings
from archived.config.importing import Import, Wishes
from archived.config.kinds import collection_path
from archived.core.conventions import Convention, built_in
from archived.core.filetypes import UNKNOWN
from archived.core.model import CollectionArchive, Recording, StorageLocation
from archived.core.paths import local_path, source_path, to_archive
from archived.core.recognition import Recogniser
from archived.core.template import Template, TemplateError
from tests import media
from tests.core.formats.memory import Disk

PAGE = (Path(__file__).parents[2] / "docs" / "MIGRATION.md").read_text(encoding="utf-8")

CONVENTIONS = built_in()
CATGT, SPIKEGLX, VIDEO = CONVENTIONS.values()
RECOGNISER = Recogniser([("raw-ephys", (CATGT, SPIKEGLX)), ("raw-video", (VIDEO,))])
PETREL = "5b875fda-4185-11e8-bb52-0ac6873fc732"
RIG = "c40e971d-0075-4a82-b12f-8f9717762e7b"
DAY = date(2019, 8, 8)
KEYS = {
    "globus.local_endpoint": RIG,
    "globus.local_endpoint_subdir": "map/raw",
    "globus.local_endpoint_local_path": "/globus/map/raw",
}


def read(convention: Convention, folder: str) -> Recording:
    """What a convention makes of a folder that it must know."""
    recording = convention.recognise(folder)
    assert recording is not None, folder
    return recording


def written(convention: Convention, **fields: object) -> str:
    """The folder's name as we would choose it."""
    return convention.templates[0].build(**fields)


def location(archive_path: str = "/ePhys", place: str = "map/raw") -> StorageLocation:
    return StorageLocation(
        name="raw-ephys",
        archive=CollectionArchive(PETREL, archive_path),
        conventions=("catgt",),
        root="/globus/map/raw",
        collection=RIG,
        collection_path=place,
    )


def new_configuration(document: dict[str, object], tmp_path: Path) -> config.Configuration:
    file = tmp_path / "archived.ini"
    file.write_text(Import.of(document).write(Wishes(rig="rig-1")).text)
    return config.load(file, {})


def test_difference_01_both_spellings_of_a_videos_day_are_read_and_the_documented_one_is_written() -> (
    None
):
    for folder in ("SC026/08082019/video", "SC026/20190808/video"):
        assert read(VIDEO, folder).date == DAY
    assert written(VIDEO, h2o="SC026", date=DAY) == "SC026/08082019/video"


@given(st.dates(date(1970, 1, 1), date(2068, 12, 31)))
def test_difference_02_eight_digits_never_mean_two_days(day: date) -> None:
    for spelling in ("%m%d%Y", "%Y%m%d"):
        assert read(VIDEO, f"SC026/{day.strftime(spelling)}/video").date == day


def test_difference_03_videos_lie_in_their_folder_and_others_are_reported_with_it() -> None:
    inside = RECOGNISER.find("SC026/08082019/video/SC026_side_735-0000.avi")
    assert inside is not None
    assert inside.recording.path == "SC026/08082019/video"

    for folder in ("SC026/08082019", "SC026/20190808"):
        path = f"{folder}/SC026_side_735-0000.avi"
        assert RECOGNISER.find(path) is None
        miss = RECOGNISER.near_miss(path)
        assert miss is not None
        assert "a folder 'video' was expected" in miss.why


def test_difference_04_videos_have_a_path_on_this_machine_and_in_the_archive() -> None:
    file = "SC026/08082019/video/SC026_side_735-0000.avi"

    assert local_path(location(), file) == f"/globus/map/raw/{file}"
    assert to_archive(location("/Videos"), file) == f"/Videos/{file}"


@given(st.dates(date(1970, 1, 1), date(2068, 12, 31)))
def test_difference_05_the_year_of_a_name_is_the_calendars(day: date) -> None:
    folder = f"SC048/catgt_SC048_{day.strftime('%m%d%y')}_g0"
    assert read(CATGT, folder).date == day
    assert written(CATGT, h2o="SC048", date=day, run=0) == folder


@pytest.mark.parametrize(
    ("day", "by_the_week"),
    [("010121", "010120"), ("123019", "123020"), ("123118", "123119"), ("010123", "010122")],
)
def test_difference_05_around_new_year_too(day: str, by_the_week: str) -> None:
    found, other = (read(CATGT, f"SC048/catgt_SC048_{each}_g0").date for each in (day, by_the_week))
    assert found is not None
    assert other is not None
    assert found.strftime("%m%d%g") == by_the_week
    assert abs(found - other) > timedelta(days=360)
    with pytest.raises(TemplateError, match="ISO week"):
        Template("{h2o}/catgt_{h2o}_{date:%m%d%g}_g{run:int}")


@pytest.mark.parametrize(
    ("convention", "one", "two"),
    [
        (CATGT, "SC033/catgt_SC033_111219_g0", "SC033/catgt_SC033_111219_surface_g0"),
        (VIDEO, "SC033/11122019/video", "SC033/11122019_2/video"),
    ],
    ids=["ephys", "video"],
)
def test_difference_06_several_sessions_of_a_day_are_several_datasets(
    convention: Convention, one: str, two: str
) -> None:
    first, second = read(convention, one), read(convention, two)

    assert (first.h2o, first.date) == (second.h2o, second.date)
    assert first.ident is None
    assert second.ident is not None
    values = {"h2o": second.h2o, "date": second.date, "ident": second.ident}
    runs = {"run": 0} if convention is CATGT else {}
    assert written(convention, **values, **runs) == two


@pytest.mark.parametrize("ident", ["1", "2", "02", "surface", "NP1.0_Midbrain"])
def test_difference_07_an_ident_is_text_that_is_never_counted(ident: str) -> None:
    folder = f"SC011/catgt_SC011_022319_{ident}_g0"

    assert read(CATGT, folder).ident == ident
    assert written(CATGT, h2o="SC011", date=date(2019, 2, 23), ident=ident, run=0) == folder


@pytest.mark.parametrize(
    "probe",
    ["SC011_022319_imec0", "SC011_022319_g0_imec0", "SC011_022319_1_g0_imec12", "imec0_ks2"],
)
def test_difference_08_the_folders_of_probes_belong_to_their_run_whatever_they_are_called(
    probe: str,
) -> None:
    file = f"SC011/catgt_SC011_022319_g0/{probe}/SC011_022319_g0_tcat.imec0.ap.bin"

    found = RECOGNISER.find(file)

    assert found is not None
    assert found.recording.path == "SC011/catgt_SC011_022319_g0"
    assert found.convention.file_type(file) == "ephys-raw-neuropixels-ap-bin"


def test_difference_09_the_paths_of_the_code_are_written_and_those_of_the_documentation_on_request() -> (
    None
):
    def paths(**wishes: bool) -> list[str]:
        text = Import.of(KEYS, **wishes).write(Wishes(rig="rig-1")).text
        return re.findall(rf"^archive = {PETREL}:(.*)$", text, re.MULTILINE)

    assert paths() == ["/ePhys", "/Videos"]
    assert paths(documented_paths=True) == ["/4ElectrodeRig_Ephys", "/"]


def test_difference_10_both_generations_of_keys_are_read_and_the_documented_names_are_written(
    tmp_path: Path,
) -> None:
    place = {"endpoint": RIG, "endpoint_subdir": "map/raw", "endpoint_path": "/globus/map/raw"}
    endpoints = {"raw-ephys": place, "raw-video": place}

    coded = new_configuration({"custom": {"globus.local_endpoints": endpoints}}, tmp_path)

    assert coded == new_configuration(dict(KEYS), tmp_path)
    text = (tmp_path / "archived.ini").read_text()
    assert {name.removeprefix("globus.") for name in KEYS} <= set(
        re.findall(r"^(\w+) =", text, re.M)
    )


def test_difference_11_ephys_and_video_are_both_archived(tmp_path: Path) -> None:
    found = new_configuration(dict(KEYS), tmp_path).locations

    assert [(each.location.name, each.location.conventions) for each in found] == [
        ("raw-ephys", ("catgt",)),
        ("raw-video", ("tracking-video",)),
    ]


@pytest.mark.parametrize("extension", ["avi", "mp4"])
def test_difference_12_a_video_is_known_by_its_content_in_every_container(extension: str) -> None:
    file = f"SC026_side_735-0000.{extension}"
    assert VIDEO.file_type(file) == "tracking-video-trial"

    whole = media.video(extension)
    finished = Disk({file: whole}).judge(*VIDEO.finished).verdicts
    cut = Disk({file: whole[:-9]}).judge(*VIDEO.finished).verdicts
    assert "finished" in {str(each.answer) for each in finished}
    assert {"unfinished", "contradiction"} & {str(each.answer) for each in cut}


@pytest.mark.parametrize(
    "map_file",
    ["dl55_20190108_side.txt", "SC026_080819_side.txt", "SC026_080819_2_side.txt", "DL027_2021_07_01_side.txt"],
)  # fmt: skip
def test_difference_13_a_trial_map_may_lie_beside_the_videos_or_the_tracking(map_file: str) -> None:
    for folder in ("SC026/08082019/video", "SC026/20190808/tracking", "SC026/SC026_080819"):
        found = RECOGNISER.find(f"{folder}/{map_file}")
        assert found is not None
        assert found.recording.path == folder
        assert found.convention.file_type(map_file) == "tracking-video-map"


def test_difference_14_every_file_has_one_type() -> None:
    for convention in CONVENTIONS.values():
        globs = [each.glob for each in convention.file_types]
        assert len(globs) == len(set(globs))
    assert CATGT.file_type("imec0_ks2/cluster_snr.npy") == "ephys-raw-ks2-cluster-snr"
    assert CATGT.file_type("imec0_ks2/metrics.csv") == "ephys-raw-ks2-cluster-metrics"
    assert CATGT.file_type("imec0_ks2/what is this") == UNKNOWN


def test_difference_15_no_database_decides_what_is_archived_unless_it_is_asked_to() -> None:
    assert not SubjectsSettings().only_known
    assert RECOGNISER.find("SC011/catgt_SC011_022319_g0/x_tcat.imec0.ap.bin") is not None


@given(
    st.sampled_from(["/", "/ePhys", "ePhys/", "//ePhys", "/a/b/"]),
    st.sampled_from(["", "/", "map/raw", "/map/raw/", "map//raw"]),
)
def test_difference_16_paths_have_one_slash_between_their_parts_in_both_directions(
    archive: str, place: str
) -> None:
    # The configuration is where slashes are put right, and the paths of both directions are joined below it.
    whole = location(collection_path(archive), collection_path(place))
    there, here = to_archive(whole, "SC011/x.bin"), source_path(whole, "SC011/x.bin")

    for path in (there, here):
        assert path.startswith("/")
        assert "//" not in path
        assert path.endswith("/SC011/x.bin")


@pytest.mark.parametrize(
    ("folder", "day"),
    [
        ("SC011/SC011_022319_g0", "2019-02-23"),
        ("SC011/SC011_20190223_g0", "2019-02-23"),
        ("SC011/20190223/1", "2019-02-23"),
        ("dl25/2018-02-25/1", "2018-02-25"),
        ("SC011/catgt_SC011_20190223_g0", "2019-02-23"),
        ("SC011/catgt_20190223_g0", "2019-02-23"),
    ],
)
def test_difference_17_the_older_layouts_are_read_and_six_digits_are_written(
    folder: str, day: str
) -> None:
    found = RECOGNISER.folder(folder)

    assert found is not None
    assert found.location == "raw-ephys"
    assert found.recording.date == date.fromisoformat(day)
    assert written(SPIKEGLX, h2o="SC011", date=date(2019, 2, 23), run=0) == "SC011/SC011_022319_g0"


@pytest.mark.parametrize("trial", ["0", "1", "735", "735-0000", "1-0001"])
def test_difference_18_trials_may_be_counted_from_anywhere(trial: str) -> None:
    assert VIDEO.file_type(f"DL027_bottom_{trial}.mp4") == "tracking-video-trial"


def test_the_page_has_a_row_for_each_of_these() -> None:
    tested = {
        int(number)
        for name in globals()
        for number in re.findall(r"\Atest_difference_(\d\d)_", name)
    }
    rows = [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)]

    assert rows == sorted(tested) == list(range(1, 19))


def test_the_page_shows_what_is_written() -> None:
    decisions = dict(re.findall(r"^\| (\d+) \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE))

    assert f"`{written(VIDEO, h2o='SC026', date=DAY)}`" in decisions["1"]
    assert f"`{written(CATGT, h2o='SC048', date=date(2021, 1, 1), run=0)}`" in decisions["5"]
    run = {"h2o": "SC011", "date": date(2019, 2, 23), "run": 0}
    assert f"`{written(SPIKEGLX, **run)}`" in decisions["17"]
