"""SpikeGLX's run folders, by names that exist."""

from __future__ import annotations

from datetime import date

import pytest

from archived.core.conventions import built_in

SPIKEGLX = built_in()["spikeglx"]

ROWS = [
    ("SC011/SC011_022319_g0", "SC011", date(2019, 2, 23), None, {"run": "0"}),
    ("SC024/SC024_092319_NP1.0_Midbrain_g0", "SC024", date(2019, 9, 23), "NP1.0_Midbrain", {"run": "0"}),
    ("SC048/SC048_122920_ex_g1", "SC048", date(2020, 12, 29), "ex", {"run": "1"}),
    ("SC048/SC048_010121_g0", "SC048", date(2021, 1, 1), None, {"run": "0"}),
    ("HH08/HH08_S02_20210813_g0", "HH08", date(2021, 8, 13), None, {"run": "0", "session": "2"}),
    ("SC011/SC011_02232019_g0", "SC011", date(2019, 2, 23), None, {"run": "0"}),
    ("SC011/20190223_g0", "SC011", date(2019, 2, 23), None, {"run": "0"}),
    ("SC011/20190223_surface_g2", "SC011", date(2019, 2, 23), "surface", {"run": "2"}),
    ("SC011_022319_g0", "SC011", date(2019, 2, 23), None, {"run": "0"}),
    ("HH08_S02_20210813_g0", "HH08", date(2021, 8, 13), None, {"run": "0", "session": "2"}),
    ("SC011_02232019_a b_g0", "SC011", date(2019, 2, 23), "a b", {"run": "0"}),
    ("dl40/20181022/1", "dl40", date(2018, 10, 22), None, {"session": "1"}),
    ("SC022/20190303/1", "SC022", date(2019, 3, 3), None, {"session": "1"}),
    ("dl25/2018-02-25/1", "dl25", date(2018, 2, 25), None, {"session": "1"}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "h2o", "day", "ident", "fields"), ROWS)
def test_the_names_of_runs_are_read(
    path: str, h2o: str, day: date, ident: str | None, fields: dict[str, str]
) -> None:
    recording = SPIKEGLX.recognise(path)

    assert recording is not None
    assert (recording.convention, recording.path) == ("spikeglx", path)
    assert (recording.h2o, recording.date, recording.ident) == (h2o, day, ident)
    assert recording.fields == fields


@pytest.mark.parametrize(
    "path",
    [
        "SC048/SC048_122920_ex",  # no gate: a camera's
        "SC011/catgt_SC011_022319_g0",
        "SC011/SC011_022319_g0_imec0",  # a probe without its run
        "77.230125_2023-04-27_g0",  # no animal of ours
        "SC011/SC012_022319_g0",
        "SC011/022319_g0",
        "dl40/20181022",
        "dl40/20181022/video",
        "dl40/20181322/1",
    ],
)
def test_other_names_are_not_spikeglxs(path: str) -> None:
    assert SPIKEGLX.recognise(path) is None


def test_the_first_template_is_the_documented_one() -> None:
    assert SPIKEGLX.templates[0].text == "{h2o}/{h2o}_{date:%m%d%y}[_{ident}]_g{run:int}"


def test_it_is_finished_by_its_own_rule_and_leaves_out_scratch() -> None:
    assert SPIKEGLX.finished == ("spikeglx", "video")
    assert SPIKEGLX.excludes("SC011/SC011_022319_g0/temp_wh.dat")
