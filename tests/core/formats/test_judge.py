"""The table of rules, the rules without a parser, and files that cannot be read."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from archived.core.formats import RULES, Readable, UnreadableError, judge, known_rule
from archived.core.model import Answer, FileStat, Verdict
from tests import media
from tests.core.formats import metas
from tests.core.formats.memory import FOLDER, Disk


def test_quiet_has_no_opinion() -> None:
    assert Disk({"anything.dat": b"x"}).only_verdict("quiet") == Verdict(
        FOLDER, "quiet", Answer.CANNOT_TELL, "its convention goes by quiet time alone"
    )


def test_a_missing_sentinel_says_unfinished() -> None:
    verdict = Disk({"anything.dat": b"x"}).only_verdict("sentinel:transfer_me.flag")

    assert verdict == Verdict(
        FOLDER,
        "sentinel:transfer_me.flag",
        Answer.UNFINISHED,
        "no file named transfer_me.flag yet, which says that the recording is finished",
    )


@pytest.mark.parametrize(
    ("pattern", "file"),
    [
        ("transfer_me.flag", "transfer_me.flag"),
        ("transfer_me.flag", "alf/probe00/transfer_me.flag"),
        ("*.done", "session.done"),
        ("done/*.flag", "done/a.flag"),
        (" *.done ", "session.done"),
    ],
)
def test_a_sentinel_says_finished(pattern: str, file: str) -> None:
    verdict = Disk({"a.dat": b"x", file: b""}).only_verdict(f"sentinel:{pattern}")

    assert (verdict.file, verdict.answer) == (f"{FOLDER}/{file}", Answer.FINISHED)


@pytest.mark.parametrize(
    ("pattern", "file"),
    [
        ("transfer_me.flag", "transfer_me.flag.tmp"),
        ("transfer_me.flag", "TRANSFER_ME.FLAG"),
        ("transfer_me.flag", "transfer_me.flag/a.dat"),
        ("done/*.flag", "a.flag"),
    ],
)
def test_another_file_is_no_sentinel(pattern: str, file: str) -> None:
    assert Disk({file: b""}).only_verdict(f"sentinel:{pattern}").answer is Answer.UNFINISHED


def test_known_are_the_rules_of_the_table_and_sentinels() -> None:
    assert all(known_rule(name) for name in RULES)
    assert known_rule("sentinel:*.done")
    assert not any(map(known_rule, ["sentinel:", "sentinel: ", "sentinel", "Quiet", "", "seq"]))


def test_an_unknown_rule_is_an_error() -> None:
    with pytest.raises(ValueError, match="there is no rule 'seq'"):
        Disk({}).judge("seq")


@pytest.mark.parametrize("rule", list(RULES))
def test_a_dataset_without_files_crashes_no_rule(rule: str) -> None:
    assert all(each.answer is not Answer.FINISHED for each in Disk({}).judge(rule).verdicts)


def test_a_check_of_two_rules_runs_once() -> None:
    disk = Disk({"v.avi": media.video("avi")})

    assert len(disk.judge("video", "avi", "video").verdicts) == 1


def test_rules_of_several_formats_are_applied_together() -> None:
    stem = "SC011_022319_g0_tcat.imec0.ap"
    disk = Disk(
        {
            f"{stem}.bin": metas.size("catgt"),
            f"{stem}.meta": metas.meta("catgt"),
            "v.avi": media.video("avi"),
            "v.mp4": media.video("mp4"),
            "notes.txt": b"",
        }
    )

    assert disk.answers("catgt", "video", "sentinel:*.txt") == {
        f"{stem}.bin": Answer.FINISHED,
        "v.avi": Answer.FINISHED,
        "v.mp4": Answer.FINISHED,
        "notes.txt": Answer.FINISHED,
    }


@pytest.mark.parametrize("name", ["v.avi", "v.mp4", "v.MKV"])
def test_a_video_that_cannot_be_read_is_told(name: str) -> None:
    verdict = Disk({name: None}).only_verdict("video")

    assert verdict.answer is Answer.CONTRADICTION
    assert verdict.reason == f"{name} cannot be read: Permission denied"


def test_what_to_do_about_an_unreadable_file_is_told_with_it() -> None:
    def refuse(path: str) -> AbstractContextManager[Readable]:
        raise UnreadableError(f"{path} is locked", what_to_do="ask who holds it")

    files = {"v.avi": FileStat("v.avi", 5, 0)}
    (verdict,) = judge(["video"], "", files, refuse).verdicts

    assert verdict.reason == "v.avi cannot be read: v.avi is locked; ask who holds it"


def test_a_video_that_grows_while_it_is_looked_at_is_unfinished() -> None:
    disk = Disk({"v.avi": media.video("avi")}, grown={"v.avi": 1000})

    assert disk.only_verdict("video").answer is Answer.UNFINISHED


def test_one_bad_file_does_not_keep_the_others_from_being_judged() -> None:
    disk = Disk({"a.avi": None, "b.avi": media.video("avi"), "c.avi": b""})

    assert list(disk.answers("video").values()) == [
        Answer.CONTRADICTION,
        Answer.FINISHED,
        Answer.UNFINISHED,
    ]


def test_archived_videos_are_not_opened_again() -> None:
    disk = Disk({"a.avi": b"", "b.avi": media.video("avi")})

    assert disk.judge("video", skip=["a.avi"]).verdicts == disk.judge("video").verdicts[1:]
    assert "a.avi" in disk.opened
    assert disk.opened.count("a.avi") == 1
