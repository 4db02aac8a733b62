"""mtscomp: `.cbin` must end where the last chunk in its `.ch` does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archived.core.model import Answer
from tests.core.formats import metas
from tests.core.formats.memory import Disk

STEM = "_spikeglx_ephysData_g0_t0.imec0.ap"
DATA = bytes(range(1, 251)) * 4


def header(**changes: object) -> bytes:
    """A `.ch` as mtscomp 1.0 writes it."""
    content = {
        "algorithm": "zlib",
        "chunk_bounds": [0, 60, 100],
        "chunk_offsets": [0, 610, 1000],
        "dtype": "int16",
        "n_channels": 385,
        "sample_rate": 30000.0,
        "sha1_compressed": metas.SHA1.lower(),
        "shape": [100, 385],
        "version": "1.0",
        **changes,
    }
    return json.dumps(content, indent=2, sort_keys=True).encode()


def compressed(**changes: object) -> Disk:
    return Disk(
        {
            f"{STEM}.cbin": DATA,
            f"{STEM}.ch": header(**changes),
            f"{STEM}.meta": metas.meta("3B", samples=100),
        }
    )


def answer(disk: Disk) -> tuple[Answer, str]:
    (verdict,) = [each for each in disk.judge("mtscomp").verdicts if each.rule == "mtscomp"]
    return verdict.answer, verdict.reason


@pytest.mark.parametrize("rule", ["spikeglx", "catgt", "mtscomp"])
def test_a_compressed_recording_is_finished(rule: str) -> None:
    assert set(compressed().answers(rule).values()) == {Answer.FINISHED}


def test_a_compressed_recording_of_another_program_needs_no_meta() -> None:
    disk = compressed()
    del disk.files[f"{STEM}.meta"]

    assert answer(disk) == (Answer.FINISHED, f"{STEM}.ch describes all 1 000 bytes of its .cbin")


def test_the_bin_may_still_be_there() -> None:
    disk = compressed()
    disk.files[f"{STEM}.bin"] = metas.size()

    assert set(disk.answers("spikeglx").values()) == {Answer.FINISHED}


def test_a_cbin_of_another_size_is_a_contradiction() -> None:
    disk = compressed()
    disk.files[f"{STEM}.cbin"] = DATA + b"x"

    assert answer(disk) == (
        Answer.CONTRADICTION,
        f"{STEM}.ch says that its .cbin has 1 000 bytes, but it has 1 001",
    )


def test_a_cbin_of_other_data_than_the_meta_says_is_a_contradiction() -> None:
    said, reason = answer(compressed(shape=[99, 385]))

    assert said is Answer.CONTRADICTION
    assert reason.endswith("holds 76 230 bytes compressed, but the .meta announces 77 000")


def test_a_cbin_without_its_ch_is_being_compressed() -> None:
    disk = compressed()
    del disk.files[f"{STEM}.ch"]

    assert answer(disk)[0] is Answer.UNFINISHED
    assert disk.answers("spikeglx")[f"{STEM}.meta"] is Answer.FINISHED


def test_a_ch_without_its_cbin_is_being_compressed() -> None:
    disk = compressed()
    del disk.files[f"{STEM}.cbin"]

    assert answer(disk)[0] is Answer.UNFINISHED


def test_a_ch_of_another_program_is_no_business_of_mtscomp() -> None:
    assert Disk({"zurich.ch": b"canton"}).judge("mtscomp", "spikeglx").verdicts == ()


def test_data_under_a_passing_name_are_being_compressed() -> None:
    disk = Disk({f"{STEM}.cbin_tmp": DATA})

    assert answer(disk)[0] is Answer.UNFINISHED


def test_the_meta_of_compressed_data_must_be_closed_too() -> None:
    disk = compressed()
    disk.files[f"{STEM}.meta"] = metas.recording()

    assert disk.answers("spikeglx")[f"{STEM}.meta"] is Answer.UNFINISHED


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b"9" * 10_000,
        b'{"chunk_offsets": [' + b"9" * 10_000 + b"]}",
        b'{"chunk_offsets": ["1000"]}',
        b'{"chunk_offsets": [true]}',
        b'{"chunk_offsets": [NaN]}',
        b'{"chunk_offsets": 1000}',
        b'{"chunk_offsets": []}',
        b"[1000]",
        b"null",
        b"\xff\xfe\x00",
        b"",
    ],
)
def test_hostile_headers_are_never_finished(content: bytes) -> None:
    disk = compressed()
    disk.files[f"{STEM}.ch"] = content

    assert answer(disk)[0] in (Answer.UNFINISHED, Answer.CONTRADICTION)


@pytest.mark.parametrize("shape", [None, [1], ["a", "b"], [True, 1], {"a": 1}, [1.5, 2]])
def test_a_senseless_shape_is_no_objection(shape: object) -> None:
    assert answer(compressed(shape=shape))[0] is Answer.FINISHED


def test_a_huge_header_is_not_read() -> None:
    disk = compressed()
    disk.files[f"{STEM}.ch"] = 1 << 40

    assert answer(disk)[0] is Answer.CONTRADICTION


@settings(deadline=None)
@given(st.integers(0, len(DATA) - 1))
def test_a_cut_cbin_is_never_finished(length: int) -> None:
    disk = compressed()
    disk.files[f"{STEM}.cbin"] = DATA[:length]

    assert answer(disk)[0] is Answer.CONTRADICTION


def test_a_ch_cut_anywhere_is_never_finished() -> None:
    whole = header()
    for length in range(len(whole)):
        disk = compressed()
        disk.files[f"{STEM}.ch"] = whole[:length]
        assert answer(disk)[0] is Answer.UNFINISHED


def test_archived_data_are_not_judged_again() -> None:
    disk = compressed()

    assert disk.judge("mtscomp", skip=list(disk.files)).verdicts == ()
    assert disk.opened == []
