"""SpikeGLX and CatGT pairs: a `.bin` is finished when it has what its closed `.meta` announces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archived.core.model import Answer, Checksum
from tests.core.formats import metas
from tests.core.formats.memory import FOLDER, Disk

NAMES = {
    "3A": "SC011_022319_g0_t0.imec.ap",
    "lf": "SC011_022319_g0_t0.imec1.lf",
    "obx": "SC011_022319_g0_t0.obx0.obx",
    "nidq": "SC011_022319_g0_t0.nidq",
    "catgt": "SC011_022319_g0_tcat.imec3.ap",
    "catgt-nidq": "SC011_022319_g0_tcat.nidq",
    "exported": "SC011_022319_g0_tcat.exported.imec0.ap",
}
AP = "SC011_022319_g0_t0.imec0.ap"


def pair(flavour: str = "3B", stem: str = AP) -> Disk:
    return Disk({f"{stem}.bin": metas.size(flavour), f"{stem}.meta": metas.meta(flavour)})


def of_pair(disk: Disk) -> tuple[Answer, str]:
    """What is said of the one pair on the disk, without what is said of the run."""
    (verdict,) = [each for each in disk.judge("spikeglx").verdicts if each.file != FOLDER]
    return verdict.answer, verdict.reason


@pytest.mark.parametrize("flavour", metas.FLAVOURS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_pair_of_every_program_is_finished(flavour: str, newline: str) -> None:
    stem = NAMES.get(flavour, AP)
    content = metas.meta(flavour, newline=newline)
    disk = Disk({f"{stem}.bin": metas.size(flavour), f"{stem}.meta": content})

    assert of_pair(disk)[0] is Answer.FINISHED


def test_a_finished_pair_says_its_size() -> None:
    assert of_pair(pair()) == (
        Answer.FINISHED,
        "SC011_022319_g0_t0.imec0.ap.bin has the 77 000 bytes announced in its .meta",
    )


def test_upper_case_extensions_are_a_pair_too() -> None:
    disk = Disk({f"{AP}.BIN": metas.size(), f"{AP}.META": metas.meta()})

    assert of_pair(disk)[0] is Answer.FINISHED


def test_a_pair_whose_name_is_not_of_spikeglx_is_judged_all_the_same() -> None:
    assert of_pair(pair(stem="renamed"))[0] is Answer.FINISHED


def test_a_bin_that_is_too_short_contradicts_its_meta() -> None:
    disk = pair("lf", NAMES["lf"])
    disk.files[f"{NAMES['lf']}.meta"] = metas.meta("lf", samples=1928)
    disk.files[f"{NAMES['lf']}.bin"] = 1_203_200

    assert of_pair(disk) == (
        Answer.CONTRADICTION,
        "SC011_022319_g0_t0.imec1.lf.bin has 1 203 200 of 1 484 560 bytes announced in its .meta",
    )


def test_a_bin_that_is_too_long_contradicts_its_meta() -> None:
    disk = pair()
    disk.files[f"{AP}.bin"] = metas.size() + 770

    assert of_pair(disk) == (
        Answer.CONTRADICTION,
        f"{AP}.bin has 77 770 bytes, 770 more than the 77 000 announced in its .meta",
    )


def test_a_size_that_is_no_whole_number_of_samples_is_a_contradiction() -> None:
    disk = Disk({f"{AP}.bin": 77_001, f"{AP}.meta": metas.meta(fileSizeBytes="77001")})

    answer, reason = of_pair(disk)

    assert answer is Answer.CONTRADICTION
    assert "no whole number of samples of 385 channels" in reason


def test_an_empty_recording_that_was_closed_is_finished() -> None:
    disk = Disk({f"{AP}.bin": b"", f"{AP}.meta": metas.meta(samples=0)})

    assert of_pair(disk)[0] is Answer.FINISHED


@pytest.mark.parametrize("key", ["fileSHA1", "fileSizeBytes", "fileTimeSecs"])
def test_a_meta_without_a_closing_key_is_being_recorded(key: str) -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = metas.meta(**{key: None})

    answer, reason = of_pair(disk)

    assert answer is Answer.UNFINISHED
    assert reason.startswith(f"{AP}.meta lacks {key}, which SpikeGLX adds when it closes a file")


def test_a_meta_of_a_recording_under_way_names_all_that_it_lacks() -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = metas.recording()

    assert "lacks fileSHA1, fileSizeBytes and fileTimeSecs" in of_pair(disk)[1]


@pytest.mark.parametrize("content", [b"", b"\r\n"])
def test_an_empty_meta_is_unfinished(content: bytes) -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = content

    assert of_pair(disk) == (Answer.UNFINISHED, f"{AP}.meta is empty")


def test_a_torn_meta_is_unfinished_although_it_shows_a_size() -> None:
    whole = metas.meta(samples=153_000)
    torn = whole[: whole.index(b"fileSizeBytes=1178") + len(b"fileSizeBytes=1178")]
    disk = Disk({f"{AP}.bin": metas.size(samples=153_000), f"{AP}.meta": torn})

    answer, reason = of_pair(disk)

    assert answer is Answer.UNFINISHED
    assert "lacks fileTimeSecs" in reason


def test_a_size_at_the_torn_end_of_an_unsorted_meta_is_not_believed() -> None:
    lines = [line for line in metas.meta(newline="\n").splitlines(True) if b"SizeBytes" not in line]
    torn = b"".join(lines) + b"fileSizeBytes=770"
    disk = Disk({f"{AP}.bin": metas.size(), f"{AP}.meta": torn})

    assert of_pair(disk) == (
        Answer.UNFINISHED,
        f"{AP}.bin has 77 000 bytes, and its .meta is cut short",
    )


def cut_at(place: int, content: bytes, stem: str, size: int) -> Answer:
    """What is said of a pair, the end of whose meta was lost."""
    return of_pair(Disk({f"{stem}.bin": size, f"{stem}.meta": content[:place]}))[0]


@pytest.mark.parametrize("flavour", metas.FLAVOURS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_meta_that_was_cut_anywhere_is_a_definite_no(flavour: str, newline: str) -> None:
    stem, size = NAMES.get(flavour, AP), metas.size(flavour)
    whole = metas.meta(flavour, newline=newline)
    # That a survey has more lines than others is known only by the first of them.
    table = whole.index(b"~svySBTT") if flavour == "survey" else -1
    answers = {place: cut_at(place, whole, stem, size) for place in range(len(whole))}

    assert {place for place, said in answers.items() if said is not Answer.UNFINISHED} <= {table}
    assert answers.get(table, Answer.CANNOT_TELL) is Answer.CANNOT_TELL


@pytest.mark.parametrize("stream", ["nidq", "obx0.obx"])
def test_a_meta_that_stands_alone_and_was_cut_anywhere_is_a_definite_no(stream: str) -> None:
    whole = metas.meta("catgt-nidq")
    name = f"SC011_022319_g0_tcat.{stream}.meta"
    answers = {of_pair(Disk({name: whole[:place]}))[0] for place in range(len(whole))}

    assert answers == {Answer.UNFINISHED}


@pytest.mark.parametrize("version", ["20160408", "20180101", None, "unknown"])
def test_a_probe_without_geometry_of_an_old_or_unknown_version_is_left_to_quiet_time(
    version: str | None,
) -> None:
    disk = pair("3A", NAMES["3A"])
    disk.files[f"{NAMES['3A']}.meta"] = metas.meta(
        "3A", appVersion=version, **{"~snsShankMap": None}
    )

    assert of_pair(disk)[0] is Answer.CANNOT_TELL


@pytest.mark.parametrize("version", ["20180525", "20190327", "20260115"])
def test_a_probe_of_any_later_version_has_its_geometry(version: str) -> None:
    disk = pair("3B")
    disk.files[f"{AP}.meta"] = metas.meta("3B", appVersion=version, **{"~snsShankMap": None})

    answer, reason = of_pair(disk)

    assert answer is Answer.UNFINISHED
    assert reason.startswith(f"{AP}.meta is cut short")


def test_lines_that_another_tool_added_at_the_end_are_no_cut() -> None:
    for added in (b"NP2.4_shank=0\noriginal_meta=False\n", b"original_meta=False", b"a remark"):
        disk = pair()
        disk.files[f"{AP}.meta"] = metas.meta() + added

        assert of_pair(disk)[0] is Answer.CANNOT_TELL


def test_a_meta_that_another_tool_sorted_differently_leaves_it_to_quiet_time() -> None:
    lines = metas.meta(newline="\n").splitlines(True)
    disk = Disk({f"{AP}.bin": metas.size(), f"{AP}.meta": b"".join(reversed(lines))})

    answer, reason = of_pair(disk)

    assert answer is Answer.CANNOT_TELL
    assert "quiet time decides" in reason


def test_a_repair_by_hand_without_a_last_line_break_leaves_it_to_quiet_time() -> None:
    repaired = metas.recording() + b"fileSHA1=0\nfileSizeBytes=77000\nfileTimeSecs=0.0033"
    disk = Disk({f"{AP}.bin": metas.size(), f"{AP}.meta": repaired})

    assert of_pair(disk)[0] is Answer.CANNOT_TELL


def test_a_survey_without_its_table_of_banks_leaves_it_to_quiet_time() -> None:
    disk = pair("survey")
    disk.files[f"{AP}.meta"] = metas.meta("survey", **{"~svySBTT": None})

    assert of_pair(disk)[0] is Answer.CANNOT_TELL


def test_a_meta_of_binary_zeros_is_a_contradiction() -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = bytes(4096)

    answer, reason = of_pair(disk)

    assert answer is Answer.CONTRADICTION
    assert "power failure" in reason


def test_a_huge_meta_is_a_contradiction_and_is_not_read() -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = 3_000_000_000

    assert of_pair(disk) == (
        Answer.CONTRADICTION,
        f"{AP}.meta is not the .meta that its name says: it has 3 000 000 000 bytes",
    )


@pytest.mark.parametrize("value", ["", "-1", "1e9", "77 000", "\uff19\uff19", "9" * 5000, "0x12"])
def test_a_size_that_is_not_a_number_is_a_contradiction(value: str) -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = metas.meta(fileSizeBytes=value)

    assert of_pair(disk) == (
        Answer.CONTRADICTION,
        f"{AP}.meta has a fileSizeBytes that is not a number",
    )


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "long", "", "-3"])
def test_a_senseless_duration_is_no_objection(value: str) -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = metas.meta(fileTimeSecs=value)

    answer, reason = of_pair(disk)

    assert answer is Answer.FINISHED
    assert reason.endswith("announced in its .meta")


def test_a_duration_that_fits_the_size_needs_no_remark() -> None:
    disk = Disk(
        {f"{AP}.bin": metas.size(samples=300_000), f"{AP}.meta": metas.meta(samples=300_000)}
    )

    assert of_pair(disk)[1].endswith("announced in its .meta")


def test_a_closing_key_without_its_value_is_missing() -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = metas.meta(fileTimeSecs=None) + b"fileTimeSecs\n"

    assert "lacks fileTimeSecs" in of_pair(disk)[1]


def test_a_duration_that_does_not_fit_the_size_is_said_and_no_objection() -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = metas.meta(fileTimeSecs="12.5")

    answer, reason = of_pair(disk)

    assert answer is Answer.FINISHED
    assert reason.endswith("(its fileTimeSecs says 12.50 s, its size 0.00 s)")


def test_equal_signs_in_values_and_lines_without_one_are_no_trouble() -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = b"just a line\n=\n" + metas.meta(userNotes="fileSizeBytes=3")

    assert of_pair(disk)[0] is Answer.FINISHED


def test_a_bin_without_a_meta_is_a_contradiction() -> None:
    answer, reason = of_pair(Disk({f"{AP}.bin": 770}))

    assert answer is Answer.CONTRADICTION
    assert reason.startswith(f"{AP}.bin has no .meta, which SpikeGLX writes with the first byte")


def test_a_bin_of_catgt_without_a_meta_is_being_written() -> None:
    answer, reason = of_pair(Disk({f"{NAMES['catgt']}.bin": 770}))

    assert answer is Answer.UNFINISHED
    assert "has no .meta yet" in reason


def test_a_meta_without_its_bin_is_a_contradiction() -> None:
    assert of_pair(Disk({f"{AP}.meta": metas.meta()})) == (
        Answer.CONTRADICTION,
        f"{AP}.meta announces 77 000 bytes, but its .bin is not there",
    )


def test_a_meta_without_its_bin_and_closing_keys_is_being_recorded() -> None:
    assert of_pair(Disk({f"{AP}.meta": metas.recording()}))[0] is Answer.UNFINISHED


@pytest.mark.parametrize("stream", ["nidq", "obx0.obx"])
def test_catgt_leaves_a_meta_of_auxiliary_channels_alone(stream: str) -> None:
    disk = Disk({f"SC011_022319_g0_tcat.{stream}.meta": metas.meta("catgt-nidq")})

    answer, reason = of_pair(disk)

    assert answer is Answer.FINISHED
    assert "stands alone" in reason


def test_catgt_may_leave_the_meta_of_a_probe_alone() -> None:
    disk = Disk({f"{NAMES['catgt']}.meta": metas.meta("catgt")})

    assert of_pair(disk)[0] is Answer.CANNOT_TELL


def test_a_probe_meta_named_as_of_catgt_that_catgt_did_not_write_lacks_its_bin() -> None:
    disk = Disk({f"{NAMES['catgt']}.meta": metas.meta("3B")})

    assert of_pair(disk)[0] is Answer.CONTRADICTION


def test_the_meta_that_shanks_share_is_never_closed_and_finished_all_the_same() -> None:
    run = "SC011_022319_g0_t0"
    disk = Disk({f"{run}.imec1.ap.meta": metas.recording("NP2")})
    for shank in range(4):
        disk.files[f"{run}.imec{1010 + shank}.ap.bin"] = metas.size("NP2")
        disk.files[f"{run}.imec{1010 + shank}.ap.meta"] = metas.meta("NP2")

    assert set(disk.answers("spikeglx").values()) == {Answer.FINISHED}


@pytest.mark.parametrize("shank", [1010, 1013, 1019])
def test_a_single_shank_is_enough(shank: int) -> None:
    run = "SC011_022319_g0_t0"
    disk = Disk(
        {
            f"{run}.imec1.ap.meta": metas.recording("NP2"),
            f"{run}.imec{shank}.ap.bin": metas.size("NP2"),
            f"{run}.imec{shank}.ap.meta": metas.meta("NP2"),
        }
    )

    assert disk.answers("spikeglx")[f"{run}.imec1.ap.meta"] is Answer.FINISHED


def test_shanks_of_another_probe_excuse_nothing() -> None:
    run = "SC011_022319_g0_t0"
    disk = Disk(
        {
            f"{run}.imec0.ap.meta": metas.recording("NP2"),
            f"{run}.imec1010.ap.bin": metas.size("NP2"),
            f"{run}.imec1010.ap.meta": metas.meta("NP2"),
        }
    )

    assert disk.answers("spikeglx")[f"{run}.imec0.ap.meta"] is Answer.UNFINISHED


def test_a_probe_without_an_lf_file_lacks_nothing() -> None:
    disk = pair("NP2")

    assert set(disk.answers("spikeglx").values()) == {Answer.FINISHED}


def test_other_files_are_no_business_of_spikeglx() -> None:
    disk = Disk({"notes.txt": b"", "unity.meta": b"guid: 1", "dump.bin": 8, "temp_wh.dat": 9})

    assert disk.judge("spikeglx").verdicts == ()


@pytest.mark.parametrize("unreadable", [f"{AP}.bin", f"{AP}.meta"])
def test_a_file_that_cannot_be_read_is_told(unreadable: str) -> None:
    disk = pair()
    disk.files[unreadable] = None
    if unreadable.endswith(".bin"):
        disk.files[f"{AP}.meta"] = metas.meta(fileSizeBytes="7", nSavedChans=None)

    assert of_pair(disk) == (
        Answer.CONTRADICTION,
        f"{unreadable} cannot be read: Permission denied",
    )


def test_a_bin_that_grows_while_it_is_looked_at_is_unfinished() -> None:
    disk = pair()
    disk.grown = {f"{AP}.bin": 770}

    assert of_pair(disk) == (
        Answer.UNFINISHED,
        f"{AP}.bin is changing: it had 77 000 bytes a moment ago and has 77 770 now",
    )


def test_the_checksum_of_spikeglx_comes_along() -> None:
    checksums = pair().judge("spikeglx").checksums

    assert checksums == {f"{FOLDER}/{AP}.bin": Checksum("SHA1", metas.SHA1.lower())}


@pytest.mark.parametrize("value", ["0", "", "123", metas.SHA1[:-1], metas.SHA1[:-1] + "G"])
def test_what_is_no_checksum_does_not_come_along(value: str) -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = metas.meta(fileSHA1=value)

    assert of_pair(disk)[0] is Answer.FINISHED
    assert disk.judge("spikeglx").checksums == {}


def test_no_checksum_comes_along_for_a_file_of_another_size() -> None:
    disk = pair()
    disk.files[f"{AP}.bin"] = 770

    assert disk.judge("spikeglx").checksums == {}


def test_an_archived_pair_is_not_opened_again() -> None:
    disk = pair()

    judgement = disk.judge("catgt", skip=[f"{AP}.bin", f"{AP}.meta"])

    assert judgement.verdicts == ()
    assert disk.opened == []


def test_a_meta_that_came_anew_is_held_against_the_archived_bin() -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = metas.meta(samples=101)

    (verdict,) = disk.judge("catgt", skip=[f"{AP}.bin"]).verdicts

    assert verdict.answer is Answer.CONTRADICTION
    assert disk.opened == [f"{AP}.meta"]


def test_hostile_names_are_shown_escaped() -> None:
    _, reason = of_pair(Disk({"SC011\n\x1b[31m_g0_t0.imec0.ap.bin": 770}))

    assert reason.startswith("SC011\\n\\x1b[31m_g0_t0.imec0.ap.bin has no .meta")


@settings(deadline=None)
@given(flavour=st.sampled_from(metas.FLAVOURS), data=st.data())
def test_a_pair_with_a_cut_bin_is_never_finished(flavour: str, data: st.DataObject) -> None:
    disk = pair(flavour, NAMES.get(flavour, AP))
    size = metas.size(flavour)
    disk.files[f"{NAMES.get(flavour, AP)}.bin"] = data.draw(st.integers(0, size - 1))

    assert of_pair(disk)[0] is Answer.CONTRADICTION


@pytest.mark.parametrize("flavour", metas.FLAVOURS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_pair_with_a_meta_cut_anywhere_is_never_finished(flavour: str, newline: str) -> None:
    stem = NAMES.get(flavour, AP)
    whole = metas.meta(flavour, newline=newline)
    for length in range(len(whole)):
        disk = Disk({f"{stem}.bin": metas.size(flavour), f"{stem}.meta": whole[:length]})
        assert of_pair(disk)[0] in (Answer.UNFINISHED, Answer.CANNOT_TELL), whole[:length]


@pytest.mark.parametrize(
    "name", ["SC011_022319_g0_tcat.nidq.meta", "SC011_022319_g0_tcat.obx0.obx.meta"]
)
def test_a_meta_that_stands_alone_and_is_cut_anywhere_is_never_finished(name: str) -> None:
    whole = metas.meta("catgt-nidq")
    for length in range(len(whole)):
        assert of_pair(Disk({name: whole[:length]}))[0] is not Answer.FINISHED, whole[:length]


@settings(deadline=None)
@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_arbitrary_bytes_are_never_a_finished_meta(content: bytes) -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = content

    assert of_pair(disk)[0] is not Answer.FINISHED


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*metas.meta().splitlines(True), b"\0", b"=", b"\xff\n"]), max_size=60)
)
def test_shuffled_lines_of_a_meta_never_crash_it(lines: list[bytes]) -> None:
    disk = pair()
    disk.files[f"{AP}.meta"] = b"".join(lines)

    assert of_pair(disk)[0] in Answer
