"""CatGT: data newer than its `_fyi.txt` belong to another run of it that has not come to its end."""

from __future__ import annotations

from archived.core.model import Answer
from tests.core.formats import metas
from tests.core.formats.memory import Disk

RUN = "SC011_022319_g0"
STEM = f"{RUN}_imec3/{RUN}_tcat.imec3.ap"
FYI = f"{RUN}_fyi.txt"


def output(**times: int) -> Disk:
    """What CatGT made; the keys are `bin`, `meta` and `fyi`."""
    return Disk(
        {f"{STEM}.bin": metas.size("catgt"), f"{STEM}.meta": metas.meta("catgt"), FYI: b"x"},
        times={
            f"{STEM}.bin": times.get("bin", 20),
            f"{STEM}.meta": times.get("meta", 10),
            FYI: times.get("fyi", 30),
        },
    )


def test_output_older_than_its_fyi_is_finished() -> None:
    assert output().answers("catgt") == {
        f"{STEM}.bin": Answer.FINISHED,
        FYI: Answer.FINISHED,
    }


def test_output_as_old_as_its_fyi_is_finished() -> None:
    assert output(bin=30).answers("catgt")[FYI] is Answer.FINISHED


def test_output_without_a_fyi_is_judged_by_its_sizes() -> None:
    disk = output()
    del disk.files[FYI]

    assert disk.answers("catgt") == {f"{STEM}.bin": Answer.FINISHED}


def test_a_bin_newer_than_the_fyi_is_another_run_of_catgt() -> None:
    (verdict,) = [each for each in output(bin=31).judge("catgt").verdicts if each.rule == "catgt"]

    assert verdict.answer is Answer.UNFINISHED
    assert verdict.reason == (
        "SC011_022319_g0_tcat.imec3.ap.bin is newer than SC011_022319_g0_fyi.txt, which CatGT "
        "writes last: CatGT is at work again, or was killed"
    )


def test_a_meta_newer_than_the_fyi_is_another_run_of_catgt() -> None:
    assert output(meta=31).answers("catgt")[FYI] is Answer.UNFINISHED


def test_a_fyi_proves_nothing_about_sizes() -> None:
    disk = output()
    disk.files[f"{STEM}.bin"] = 770

    assert disk.answers("catgt")[f"{STEM}.bin"] is Answer.CONTRADICTION


def test_a_fyi_says_nothing_of_another_run_nor_of_what_came_later() -> None:
    disk = output()
    others = (
        "SC011_022319_g1_tcat.imec3.ap",
        f"{RUN}_t0.imec3.ap",
        f"{RUN}_tcat.exported.imec3.ap",
    )
    for stem in others:
        disk.files |= {f"{stem}.bin": metas.size(), f"{stem}.meta": metas.meta()}
    disk.files["imec3_ks2/rez2.mat"] = b"x"
    disk.times = {**disk.times, **{name: 99 for name in disk.files if name not in disk.times}}

    assert disk.answers("catgt")[FYI] is Answer.FINISHED


def test_output_in_the_raw_run_folder_is_judged_too() -> None:
    assert output(bin=31).answers("spikeglx")[FYI] is Answer.UNFINISHED


def test_archived_output_is_not_judged_again() -> None:
    disk = output(bin=31)

    assert disk.judge("catgt", skip=list(disk.files)).verdicts == ()


def test_a_meta_of_catgt_without_its_closing_keys_is_blamed_on_catgt() -> None:
    disk = output()
    disk.files[f"{STEM}.meta"] = metas.meta(fileSHA1=None, fileSizeBytes=None, fileTimeSecs=None)

    reasons = {one.answer: one.reason for one in disk.judge("catgt").verdicts}

    assert "CatGT is at work, or was killed" in reasons[Answer.UNFINISHED]
    assert "recorded" not in reasons[Answer.UNFINISHED]
