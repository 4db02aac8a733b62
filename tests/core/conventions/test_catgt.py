"""CatGT's folders, by names that exist."""

from __future__ import annotations

from datetime import date

import pytest

from archived.core.conventions import built_in

CATGT = built_in()["catgt"]

ROWS = [
    ("SC011/catgt_SC011_022319_g0", "SC011", date(2019, 2, 23), None, {"run": "0"}),
    ("SC023/catgt_SC023_053119_g0", "SC023", date(2019, 5, 31), None, {"run": "0"}),
    ("SC024/catgt_SC024_092319_NP1.0_Midbrain_g0", "SC024", date(2019, 9, 23), "NP1.0_Midbrain", {"run": "0"}),
    ("SC035/catgt_SC035_010820_g0", "SC035", date(2020, 1, 8), None, {"run": "0"}),
    ("SC033/catgt_SC033_111219_g0", "SC033", date(2019, 11, 12), None, {"run": "0"}),
    ("SC033/catgt_SC033_111219_surface_g0", "SC033", date(2019, 11, 12), "surface", {"run": "0"}),
    ("SC048/catgt_SC048_122920_ex_g0", "SC048", date(2020, 12, 29), "ex", {"run": "0"}),
    ("SC048/catgt_SC048_122920_ex2_g0", "SC048", date(2020, 12, 29), "ex2", {"run": "0"}),
    ("SC048/catgt_SC048_010121_g0", "SC048", date(2021, 1, 1), None, {"run": "0"}),
    ("SC048/catgt_SC048_123119_g3", "SC048", date(2019, 12, 31), None, {"run": "3"}),
    ("SC045/catgt_SC045_120920_g0", "SC045", date(2020, 12, 9), None, {"run": "0"}),
    ("HH08/catgt_HH08_S02_20210813_g0", "HH08", date(2021, 8, 13), None, {"run": "0", "session": "2"}),
    ("HH08/catgt_HH08s2_20210813_g0", "HH08", date(2021, 8, 13), None, {"run": "0", "session": "2"}),
    ("SC011/catgt_SC011_20190223_2_g0", "SC011", date(2019, 2, 23), "2", {"run": "0"}),
    ("SC011/catgt_SC011_02232019_g0", "SC011", date(2019, 2, 23), None, {"run": "0"}),
    ("SC011/catgt_20190223_g0", "SC011", date(2019, 2, 23), None, {"run": "0"}),
    ("SC011/catgt_20190223_ex.2_g0", "SC011", date(2019, 2, 23), "ex.2", {"run": "0"}),
    ("SC011/supercat_SC011_022319_g0", "SC011", date(2019, 2, 23), None, {"run": "0"}),
    ("SC011/supercat_SC011_20190223_g0", "SC011", date(2019, 2, 23), None, {"run": "0"}),
    ("SC011/supercat_SC011_02232019_a_g0", "SC011", date(2019, 2, 23), "a", {"run": "0"}),
    ("catgt_SC011_022319_g0", "SC011", date(2019, 2, 23), None, {"run": "0"}),
    ("supercat_SC011_20190223_g0", "SC011", date(2019, 2, 23), None, {"run": "0"}),
    ("NR_0013/catgt_NR_0013_022319_g0", "NR_0013", date(2019, 2, 23), None, {"run": "0"}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "h2o", "day", "ident", "fields"), ROWS)
def test_the_names_of_catgt_are_read(
    path: str, h2o: str, day: date, ident: str | None, fields: dict[str, str]
) -> None:
    recording = CATGT.recognise(path)

    assert recording is not None
    assert (recording.convention, recording.path) == ("catgt", path)
    assert (recording.h2o, recording.date, recording.ident) == (h2o, day, ident)
    assert recording.fields == fields


@pytest.mark.parametrize(
    "path",
    [
        "HH102/catgt_HH102S10_C04P02_g0",  # no date
        "SC035/catgt_SC035_01072O_g0",  # a letter O
        "SC035/catgt_SC035_023020_g0",  # the 30th of February
        "SC035/catgt_SC036_010720_g0",  # another animal
        "dl4/catgt_DL004_010720_g0",  # another animal too
        "SC035/catgt_SC035_010720",  # no gate
        "SC035/catgt_SC035_010720_gx",
        "SC035/SC035_010720_g0",  # a raw run
        "SC035/CATGT_SC035_010720_g0",
        "catgt_SC035/catgt_SC035_010720_g0",
        "SC035",
        "data/SC035/catgt_SC035_010720_g0",
        "SC035/catgt_SC035_010720_g0/SC035_010720_g0_imec0",
    ],
)
def test_other_names_are_not_catgts(path: str) -> None:
    assert CATGT.recognise(path) is None


def test_the_first_template_is_the_documented_one() -> None:
    assert CATGT.templates[0].text == "{h2o}/catgt_{h2o}_{date:%m%d%y}[_{ident}]_g{run:int}"


def test_it_is_finished_by_its_own_rule_and_leaves_out_scratch() -> None:
    assert CATGT.finished == ("catgt", "video")
    assert CATGT.excludes("SC011/catgt_SC011_022319_g0/SC011_022319_g0_imec0/imec0_ks2/temp_wh.dat")
    assert not CATGT.excludes("SC011/catgt_SC011_022319_g0/SC011_022319_g0_tcat.imec0.ap.bin")
