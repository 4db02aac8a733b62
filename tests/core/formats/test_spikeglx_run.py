"""A finished pair is not a finished run: what the last trial lacks leaves it to quiet time."""

from __future__ import annotations

import pytest

from archived.core.formats.spikeglx_names import parse_name
from archived.core.model import Answer, Verdict
from tests.core.formats import metas
from tests.core.formats.memory import FOLDER, Disk

RUN = "SC011_022319_g0"


def trials(*streams: str, last: int = 2, **announced: str | None) -> Disk:
    """A run of trials that all have these streams."""
    disk = Disk({})
    for trial in range(last + 1):
        for stream in streams:
            add(disk, f"{RUN}_t{trial}.{stream}", **announced)
    return disk


def add(disk: Disk, stem: str, **announced: str | None) -> None:
    disk.files[f"{stem}.bin"] = metas.size("NP2")
    disk.files[f"{stem}.meta"] = metas.meta("NP2", **announced)


def of_run(disk: Disk) -> Verdict | None:
    verdicts = [each for each in disk.judge("spikeglx").verdicts if each.file == FOLDER]
    return verdicts[0] if verdicts else None


def test_a_last_trial_with_all_announced_streams_is_finished() -> None:
    disk = trials("imec0.ap", "imec1.ap", "nidq", typeImEnabled="2", typeNiEnabled="1")

    assert of_run(disk) == Verdict(
        FOLDER,
        "spikeglx",
        Answer.FINISHED,
        "the last trial, SC011_022319_g0_t2, has all streams that its .meta announces",
    )


@pytest.mark.parametrize(
    ("streams", "announced", "missing"),
    [
        (["imec0.ap"], {"typeImEnabled": "2"}, "1 of 2 imec devices"),
        (["imec0.ap"], {"typeNiEnabled": "1"}, "0 of 1 nidq devices"),
        (["imec0.ap", "obx0.obx"], {"typeObEnabled": "2"}, "1 of 2 obx devices"),
        (
            ["imec0.ap"],
            {"typeImEnabled": "4", "typeNiEnabled": "1"},
            "1 of 4 imec devices and 0 of 1 nidq devices",
        ),
    ],
)
def test_a_last_trial_that_lacks_devices_leaves_it_to_quiet_time(
    streams: list[str], announced: dict[str, str], missing: str
) -> None:
    verdict = of_run(trials(*streams, **announced))

    assert verdict is not None
    assert verdict.answer is Answer.CANNOT_TELL
    assert verdict.reason == (
        f"the last trial, SC011_022319_g0_t2, may not be whole: {missing}; quiet time decides"
    )


def test_the_last_trial_is_the_one_with_the_highest_number() -> None:
    disk = trials("imec0.ap", last=9)
    add(disk, f"{RUN}_t10.imec0.ap")

    verdict = of_run(disk)

    assert verdict is not None
    assert "SC011_022319_g0_t10" in verdict.reason


def test_a_stream_that_the_trial_before_had_is_missed() -> None:
    disk = trials("imec0.ap", "imec0.lf")
    add(disk, f"{RUN}_t3.imec0.ap")

    verdict = of_run(disk)

    assert verdict is not None
    assert verdict.answer is Answer.CANNOT_TELL
    assert "no imec0.lf, which t2 has" in verdict.reason


def test_the_streams_of_phase_3a_are_announced_by_name() -> None:
    phase_3a = {"typeEnabled": "imec,nidq", "typeImEnabled": None, "typeNiEnabled": None}

    lacking = of_run(trials("imec.ap", **phase_3a))
    whole = of_run(trials("imec.ap", "nidq", **phase_3a))

    assert lacking is not None
    assert "0 of 1 nidq devices" in lacking.reason
    assert whole is not None
    assert whole.answer is Answer.FINISHED


def test_shanks_that_are_saved_by_themselves_count_as_one_probe() -> None:
    streams = [f"imec{number}.ap" for number in (1000, 1001, 1002, 1003)]

    two = of_run(trials(*streams, typeImEnabled="2"))
    one = of_run(trials(*streams, typeImEnabled="1"))

    assert two is not None
    assert "1 of 2 imec devices" in two.reason
    assert one is not None
    assert one.answer is Answer.FINISHED


def test_what_catgt_and_the_viewer_wrote_is_no_trial() -> None:
    disk = Disk({})
    add(disk, f"{RUN}_tcat.imec0.ap")
    add(disk, f"{RUN}_t0.exported.imec0.ap")

    assert of_run(disk) is None


def test_a_last_trial_whose_metas_cannot_be_read_is_left_to_its_pairs() -> None:
    disk = Disk({f"{RUN}_t0.imec0.ap.bin": 7, f"{RUN}_t0.imec0.ap.meta": None})

    assert of_run(disk) is None


def test_an_archived_run_has_nothing_new_to_say() -> None:
    disk = trials("imec0.ap")

    assert disk.judge("spikeglx", skip=list(disk.files)).verdicts == ()


def test_the_runs_of_one_folder_are_judged_each_by_itself() -> None:
    disk = trials("imec0.ap")
    add(disk, "SC011_022319_g1_t0.imec0.ap", typeNiEnabled="1")

    answers = [each.answer for each in disk.judge("spikeglx").verdicts if each.file == FOLDER]

    assert answers == [Answer.FINISHED, Answer.CANNOT_TELL]


@pytest.mark.parametrize(
    ("name", "run", "trial", "stream", "probe"),
    [
        ("a_g0_t0.imec0.ap.bin", "a_g0", "0", "imec0.ap", "imec0"),
        ("a_g0_t12.imec.lf.META", "a_g0", "12", "imec.lf", "imec"),
        ("a_g1_tcat.obx0.obx.bin", "a_g1", "cat", "obx0.obx", "obx0"),
        ("a_g0_tCAT.nidq.bin", "a_g0", "cat", "nidq", "nidq"),
        ("a.nidq_g0_t0.imec10.ap.cbin", "a.nidq_g0", "0", "imec10.ap", "imec10"),
        ("a b.c_g0_t0.imec1013.ap.bin", "a b.c_g0", "0", "imec1013.ap", "imec1"),
        ("a_g0_tcat.exported.imec0.ap.bin", "a_g0", "cat", "imec0.ap", "imec0"),
        ("renamed.imec0.ap.bin", "renamed", "", "imec0.ap", "imec0"),
        (
            "a_g0_t0.imec99999999999999999999.ap.bin",
            "a_g0",
            "0",
            f"imec{'9' * 20}.ap",
            f"imec{'9' * 20}",
        ),
    ],
)
def test_names_of_streams_are_read(
    name: str, run: str, trial: str, stream: str, probe: str
) -> None:
    parsed = parse_name(f"some/folder/{name}")

    assert parsed is not None
    assert (parsed.run, parsed.trial, parsed.stream, parsed.probe) == (run, trial, stream, probe)


@pytest.mark.parametrize(
    "name", ["a_g0_t0.bin", "notes.txt", "a_g0_t0.imec0.ap.mat", "imec0.ap.bin"]
)
def test_other_names_are_none_of_spikeglx(name: str) -> None:
    assert parse_name(name) is None
