"""`why PATH`: from the name, the disk as it is now, and the store if there is one."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from archived import clock
from archived.core.lifecycle import State
from archived.store import FolderSighting
from tests.builders import NOON
from tests.cli.contract import fits
from tests.cli.rigs import G0, CliRig
from tests.media import video
from tests.rig.support import open_to_all, without_privileges
from tests.store.bench import Bench, file_stat, recording

META = "fileSizeBytes={size}\nfileSHA1=0\nfileTimeSecs=1\nnSavedChans=1\nsnsApLfSy=1,0,0\n"
RUN = "SC011_022319_g0"


@pytest.fixture
def rig(rig: CliRig) -> CliRig:
    """Its clock goes right, as the files have real times."""
    rig.now = clock.now()
    return rig


def write_catgt(rig: CliRig, *, size: int = 100, announced: int = 100) -> Path:
    """What CatGT leaves for one probe."""
    folder = rig.root / "SC011" / f"catgt_{RUN}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{RUN}_tcat.imec0.ap.bin").write_bytes(b"x" * size)
    (folder / f"{RUN}_tcat.imec0.ap.meta").write_text(META.format(size=announced))
    (folder / f"{RUN}_ct_offsets.txt").write_text("0")
    (folder / f"{RUN}_fyi.txt").write_text("done")
    return folder


def write_video(rig: CliRig, content: bytes) -> Path:
    """One trial of a camera."""
    folder = rig.root / "SC011" / "02232019" / "video"
    folder.mkdir(parents=True)
    (folder / "SC011_side_1-0000.avi").write_bytes(content)
    return folder


def test_a_finished_recording_only_has_to_be_quiet(rig: CliRig) -> None:
    folder = write_catgt(rig)

    view = rig.json("why", str(folder))

    fits(view, "why")
    assert (view["recognised"], view["dataset"], view["convention"]) == (True, G0, "catgt")
    assert view["fields"] == {"h2o": "SC011", "date": "2019-02-23", "run": "0"}
    assert view["finished"] is False
    assert "has to be unchanged for 10m" in view["reason"]

    rig.now += timedelta(minutes=11)
    assert rig.json("why", str(folder))["finished"] is True


def test_what_the_format_contradicts_is_told_file_by_file(rig: CliRig) -> None:
    folder = write_catgt(rig, size=100, announced=200)
    rig.now += timedelta(hours=1)

    view = rig.json("why", str(folder))

    fits(view, "why")
    assert view["finished"] is False
    assert "100 of 200 bytes announced in its .meta" in view["reason"]
    assert "contradiction" in [check["verdict"] for check in view["checks"]]
    assert "contradiction" in rig.said("why", str(folder))


def test_a_video_that_breaks_off_is_not_finished(rig: CliRig) -> None:
    folder = write_video(rig, video("avi")[:-200])
    rig.now += timedelta(hours=1)

    view = rig.json("why", str(folder / "SC011_side_1-0000.avi"))

    fits(view, "why")
    assert view["location"] == "raw-video"
    assert view["finished"] is False
    assert view["checks"][0]["rule"] == "avi"


def test_it_needs_neither_daemon_nor_store_and_creates_none(rig: CliRig) -> None:
    folder = write_catgt(rig)

    result = rig.type("why", str(folder))

    assert result.exit_code == 0
    assert "There is no store yet" in result.stderr
    assert "the daemon has not noticed it yet" in result.stdout
    assert list((rig.base / "state").iterdir()) == []


def test_it_changes_nothing_under_the_root(rig: CliRig) -> None:
    folder = write_catgt(rig)
    before = {path: path.stat().st_mtime_ns for path in rig.root.rglob("*")}

    rig.said("why", str(folder))

    assert {path: path.stat().st_mtime_ns for path in rig.root.rglob("*")} == before


def test_a_broken_store_does_not_stop_it(rig: CliRig) -> None:
    folder = write_catgt(rig)
    (rig.base / "state" / "archived.db").write_bytes(b"something else")

    result = rig.type("why", str(folder))

    assert result.exit_code == 0
    assert "The store cannot be asked" in result.stderr
    assert "recognised  by catgt" in result.stdout


def sight(rig: CliRig, bench: Bench, folder: Path) -> None:
    """Let the store know the recording as it is on the disk."""
    files = tuple(
        (file_stat(f"SC011/{folder.name}/{path.name}", path.stat().st_size), "unknown")
        for path in sorted(folder.iterdir())
    )
    bench.now = rig.now
    bench.store.sight(
        [FolderSighting(str(rig.root), "raw-ephys", recording(), recording().path, 1, (), files)],
        rig.now,
    )


def test_what_the_store_knows_comes_first_when_it_has_settled(rig: CliRig, bench: Bench) -> None:
    folder = write_catgt(rig)
    sight(rig, bench, folder)
    assert rig.json("why", str(folder))["state"] == "settling"

    bench.settle()
    bench.archive()
    view = rig.json("why", str(folder / f"{RUN}_fyi.txt"))

    fits(view, "why")
    assert view["state"] == "archived"
    assert view["reason"] == "every file has a receipt (4)"
    assert view["file"]["state"] == "archived"
    assert view["file"]["checksum"] == "d41d8cd9"
    assert "this file   archived" in rig.said("why", str(folder / f"{RUN}_fyi.txt"))


def test_a_dataset_can_be_given_by_its_name(rig: CliRig, bench: Bench) -> None:
    sight(rig, bench, write_catgt(rig))

    view = rig.json("why", G0)

    assert (view["dataset"], view["state"]) == (G0, "settling")
    assert len(view["checks"]) > 0


def test_a_failed_one_comes_with_what_to_do(rig: CliRig, bench: Bench) -> None:
    folder = write_catgt(rig)
    sight(rig, bench, folder)
    bench.settle()
    batch = bench.plan()
    bench.submit(batch)
    bench.fail(batch, needs_person="the archive is full")

    assert "the archive is full" in rig.said("why", str(folder))
    assert f"archivedctl retry {G0}" in rig.json("why", str(folder))["what_to_do"]
    assert bench.state() is State.FAILED


def test_a_name_that_is_nearly_right_is_told_the_nearest(rig: CliRig) -> None:
    folder = rig.root / "SC011" / "catgt_SC11_022319_g0"
    folder.mkdir(parents=True)

    view = rig.json("why", str(folder))

    fits(view, "why")
    assert view["recognised"] is False
    assert "SC11" in view["reason"]
    assert view["nearest"].startswith("{h2o}/catgt_{h2o}")


def test_what_lies_deep_in_a_near_miss_is_told_of_the_folder_at_fault(rig: CliRig) -> None:
    above = rig.root / "Ingested" / "SC045" / "catgt_SC045_120920_g0" / "SC045_120920_g0_imec2"
    (above / "imec2_ks2_orig").mkdir(parents=True)
    (above / "imec2_ks2_orig" / "rez.mat").touch()

    view = rig.json("why", str(above / "imec2_ks2_orig" / "rez.mat"))

    fits(view, "why")
    assert view["recognised"] is False
    assert (view["reason"], view["nearest"]) == (
        rig.json("why", str(above))["reason"],
        rig.json("why", str(above))["nearest"],
    )
    assert "would fit if" in view["reason"]
    assert view["nearest"].startswith("{h2o}/catgt_{h2o}")


@pytest.mark.parametrize("typed", ["", "SC011"])
def test_a_folder_above_recordings_lists_them(rig: CliRig, typed: str) -> None:
    write_catgt(rig)
    write_video(rig, video("avi"))

    view = rig.json("why", str(rig.root / typed))

    fits(view, "why")
    assert sorted(view["below"]) == [G0, "raw-video/SC011/02232019/video"]
    assert view["below_complete"] is True
    assert "Recordings below" in rig.said("why", str(rig.root / typed))


def test_of_many_recordings_below_only_some_are_listed(rig: CliRig) -> None:
    for number in range(30):
        (rig.root / "SC011" / f"catgt_SC011_022319_g{number}").mkdir(parents=True)

    view = rig.json("why", str(rig.root))

    assert len(view["below"]) == 20
    assert view["below_complete"] is False
    assert "and more" in rig.said("why", str(rig.root))


def test_a_path_in_no_watched_folder_is_told_which_there_are(rig: CliRig) -> None:
    view = rig.json("why", "/etc/passwd")

    fits(view, "why")
    assert view["recognised"] is False
    assert str(rig.root) in view["reason"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (
            "SC011/catgt_SC011_022319_g7",
            "it is not there now; there are no files of it on the disk",
        ),
        ("SC099", "it is not there; "),
        (f"SC011/catgt_{RUN}/lost.ap.bin", "it is not there now; "),
    ],
)
def test_what_is_not_there_is_told_so(rig: CliRig, path: str, reason: str) -> None:
    write_catgt(rig)

    view = rig.json("why", str(rig.root / path))

    fits(view, "why")
    assert view["reason"].startswith(reason)


def test_a_relative_path_counts_from_where_one_is(
    rig: CliRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_catgt(rig)
    monkeypatch.chdir(folder)

    assert rig.json("why", ".")["dataset"] == G0
    assert rig.json("why", f"{RUN}_fyi.txt")["dataset"] == G0
    assert rig.json("why", "../..")["reason"] == "it is the watched folder itself"


def test_a_path_may_reach_the_root_through_a_link(rig: CliRig) -> None:
    folder = write_catgt(rig)
    (rig.base / "shortcut").symlink_to(rig.root)

    assert rig.json("why", str(rig.base / "shortcut" / "SC011" / folder.name))["dataset"] == G0


def test_a_link_inside_the_root_is_not_followed(rig: CliRig) -> None:
    folder = write_catgt(rig)
    (folder / "elsewhere.bin").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.bin")

    for name in ("elsewhere.bin", "pipe.bin"):
        view = rig.json("why", str(folder / name))
        fits(view, "why")
        assert "not followed" in view["reason"]


@pytest.mark.parametrize("below", ["02242019/video", "02242019/video/x.avi", "", "notes"])
def test_what_lies_behind_a_link_is_told_so(rig: CliRig, below: str) -> None:
    behind = rig.base / "outside" / "02242019" / "video"
    behind.mkdir(parents=True)
    (behind / "x.avi").touch()
    (rig.root / "SC016").symlink_to(rig.base / "outside")

    view = rig.json("why", str(rig.root / "SC016" / below))

    fits(view, "why")
    assert view["reason"] == (
        f"{rig.root}/SC016 is a link; links are not followed, so what is behind it is not archived"
    )


def test_of_a_recording_that_a_link_replaced_is_told_what_was_archived(
    rig: CliRig, bench: Bench
) -> None:
    folder = write_catgt(rig)
    sight(rig, bench, folder)
    bench.settle()
    bench.archive()
    folder.rename(rig.base / "moved")
    folder.symlink_to(rig.base / "moved")

    view = rig.json("why", str(folder))

    assert view["reason"].startswith(f"{folder} is a link; ")
    assert view["reason"].endswith("; every file has a receipt (4)")
    assert view["state"] == "archived"


def test_a_path_that_may_not_be_read_is_explained(
    rig: CliRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_catgt(rig)
    # For root everything is readable; to click this file looks as it does to anybody else.
    monkeypatch.setattr(os, "access", lambda path, _mode: str(folder) not in str(path))

    view = rig.json("why", str(folder / f"{RUN}_fyi.txt"))

    assert view["dataset"] == G0


def test_what_may_not_be_entered_is_not_said_to_be_missing() -> None:
    with open_to_all() as base:
        rig = CliRig(base, now=clock.now())
        folder = write_catgt(rig)
        folder.chmod(0)
        with without_privileges():
            view = rig.json("why", str(folder / f"{RUN}_fyi.txt"))

    assert "not there" not in view["reason"]
    assert "cannot be read" in view["reason"]


def test_a_root_that_is_away_is_told_and_proves_nothing(rig: CliRig, bench: Bench) -> None:
    rig.root.rmdir()

    view = rig.json("why", str(rig.root / "SC011" / f"catgt_{RUN}"))

    fits(view, "why")
    assert view["finished"] is None
    assert "does not exist" in view["reason"]


def test_a_name_on_disk_that_is_no_utf_8_is_explained(rig: CliRig) -> None:
    folder = write_catgt(rig)
    odd = os.fsencode(folder) + b"/x\xff.bin"
    with open(odd, "wb") as file:
        file.write(b"1")

    view = rig.json("why", os.fsdecode(odd))

    fits(view, "why")
    assert view["path"].endswith(r"x\xff.bin")
    assert view["dataset"] == G0


def test_thousands_of_finished_files_are_summed_up(rig: CliRig) -> None:
    folder = write_video(rig, video("avi"))
    for number in range(2, 33):
        (folder / f"SC011_side_{number}-0000.avi").write_bytes(video("avi"))

    shown = rig.said("why", str(folder))

    assert "and 12 more are finished" in shown
    assert len(rig.json("why", str(folder))["checks"]) == 32


def test_a_clock_that_is_far_behind_is_not_trusted(rig: CliRig) -> None:
    folder = write_catgt(rig)
    rig.now = NOON.replace(year=2001)

    view = rig.json("why", str(folder))

    fits(view, "why")
    assert view["finished"] is False
