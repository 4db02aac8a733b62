"""Cameras' folders, by names that exist."""

from __future__ import annotations

from datetime import date

import pytest

from archived.core.conventions import built_in

VIDEO = built_in()["tracking-video"]

ROWS = [
    ("SC026/08082019/video", "SC026", date(2019, 8, 8), None, {}),
    ("SC026/08082019_2/video", "SC026", date(2019, 8, 8), "2", {}),
    ("SC026/20190808/video", "SC026", date(2019, 8, 8), None, {}),
    ("dl59/2018-12-07/video", "dl59", date(2018, 12, 7), None, {}),
    ("DL027/2021_07_01/video", "DL027", date(2021, 7, 1), None, {}),
    ("DL027/01012021/video", "DL027", date(2021, 1, 1), None, {}),
    ("DL027/12312019/video", "DL027", date(2019, 12, 31), None, {}),
    ("SC026/SC026_080819", "SC026", date(2019, 8, 8), None, {}),
    ("SC026/SC026_080819_2", "SC026", date(2019, 8, 8), "2", {}),
    ("SC026/SC026_20190808_after.lunch", "SC026", date(2019, 8, 8), "after.lunch", {}),
    ("SC026/20190808/tracking", "SC026", date(2019, 8, 8), None, {}),
    ("SC026/20190808_2/tracking", "SC026", date(2019, 8, 8), "2", {}),
    ("bottom/DL027/2021_07_01", "DL027", date(2021, 7, 1), None, {"camera": "bottom"}),
    ("side_face/DL027/2021_07_01_2", "DL027", date(2021, 7, 1), "2", {"camera": "side_face"}),
    ("cam1/DL027/2021_07_01", "DL027", date(2021, 7, 1), None, {"camera": "cam1"}),
    ("videos/bottom/DL027/2021_07_01", "DL027", date(2021, 7, 1), None, {"camera": "bottom"}),
]


@pytest.mark.parametrize(("path", "h2o", "day", "ident", "fields"), ROWS)
def test_the_names_of_cameras_folders_are_read(
    path: str, h2o: str, day: date, ident: str | None, fields: dict[str, str]
) -> None:
    recording = VIDEO.recognise(path)

    assert recording is not None
    assert (recording.convention, recording.path) == ("tracking-video", path)
    assert (recording.h2o, recording.date, recording.ident) == (h2o, day, ident)
    assert recording.fields == fields


@pytest.mark.parametrize(
    "path",
    [
        "SC026/SC026_080819_g0",  # a run of SpikeGLX
        "SC026/SC026_080819_2_g0",
        "SC026/SC026_080819_g0_imec0",  # a probe of one
        "SC026/20190808_g0/video",
        "SC026/08082019",
        "SC026/08082019/videos",
        "SC026/13082019/video",
        "SC026/SC027_080819",
        "sc026/SC026_080819",
        "SC011_022319_g0/DL027/2021_07_01",  # below a run
        "2021/DL027/2021_07_01",
    ],
)
def test_other_names_are_no_cameras(path: str) -> None:
    assert VIDEO.recognise(path) is None


def test_the_first_template_is_the_documented_one() -> None:
    assert VIDEO.templates[0].text == "{h2o}/{date:%m%d%Y}[_{ident:label}]/video"


def test_it_is_finished_by_the_rule_for_videos() -> None:
    assert VIDEO.finished == ("video", "spikeglx")
    assert not VIDEO.excludes("SC026/08082019/video/SC026_side_735-0000.avi")
