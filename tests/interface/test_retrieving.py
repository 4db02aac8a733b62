"""`.retrieve()` from a notebook: byte for byte what was archived, and never over anything that is there."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from archived import Archive
from archived.core.paths import PathError
from archived.interface import Files, QueryError, Retrieved
from archived.retrieve import NotWritableError
from tests.interface.conftest import Lab
from tests.interface.lab import content


@pytest.fixture
def back(archive: Archive, lab: Lab) -> Path:
    """An archive with what the catalogue says, and a folder to bring it to."""
    for location, folder in (("raw-ephys", "ephys"), ("raw-video", "video")):
        for file in (archive[location].files & {"state": "archived"}).fetch():
            path = lab.base / "archive" / folder / file.file_subpath
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content(file.size))
    folder = lab.base / "back"
    folder.mkdir()
    return folder


def lying(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        each.relative_to(folder).as_posix(): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


def expected(files: Files) -> dict[str, bytes]:
    """What has to lie there of these files."""
    return {each.file_subpath: content(each.size) for each in files.fetch()}


def test_what_a_query_means_is_brought_back(archive: Archive, back: Path) -> None:
    query = archive.datasets & {"subject_id": 407513, "state": "archived"}

    done = query.retrieve(back, progress=False)

    assert lying(back) == expected(query.files)
    assert done.complete
    assert not done.dry_run
    assert len(done.brought) == 9
    assert done.bytes == 3 * 1010 + 1500
    assert sorted(done.paths) == sorted(str(back / each) for each in lying(back))
    assert repr(done) == "9 files brought, 4.53 kB"


def test_it_goes_to_the_roots_of_the_locations_unless_told_otherwise(
    archive: Archive, back: Path, lab: Lab
) -> None:
    done = archive.raw_video.retrieve(progress=False)

    assert lying(lab.base / "rig") == expected(archive.raw_video.files)
    assert done.paths[0] == str(lab.base / "rig/SC011/2019-03-02/SC011_side_0.avi")
    assert lying(back) == {}


def test_only_the_files_that_are_meant_are_brought(archive: Archive, back: Path) -> None:
    metas = (archive.raw_ephys & {"state": "archived"}).files & "file_subpath like '%.meta'"

    done = metas.retrieve(back, progress=False)

    assert lying(back) == expected(metas)
    assert len(done.brought) == 3


def test_a_dry_run_tells_and_does_nothing(archive: Archive, back: Path) -> None:
    would = archive.raw_video.retrieve(back, dry_run=True, progress=False)

    assert would.dry_run
    assert [each.file_subpath for each in would.wanted] == archive.raw_video.files.fetch(
        "file_subpath"
    )
    assert would.bytes == 1500
    assert would.paths == ()
    assert repr(would) == "3 files to bring, 1.50 kB"
    assert lying(back) == {}


def test_what_is_there_is_not_brought_again(archive: Archive, back: Path) -> None:
    archive.raw_video.retrieve(back, progress=False)

    again = archive.raw_video.retrieve(back, progress=False)

    assert (len(again.brought), len(again.there)) == (0, 3)
    assert again.complete
    assert len(again.paths) == 3
    assert repr(again) == "0 files brought, 0 B; 3 files there already"


def test_a_tilde_is_home_and_no_name_is_no_folder(
    archive: Archive, back: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(back.parent))

    done = archive.raw_ephys.retrieve(f"~/{back.name}", progress=False)

    assert done.brought
    assert set(done.folders.values()) == {str(back)}
    with pytest.raises(PathError, match="no name"):
        archive.raw_ephys.retrieve(" ", progress=False)


def test_what_differs_is_left_alone_and_told(archive: Archive, back: Path) -> None:
    mine = back / "SC011/2019-03-02/SC011_side_1.avi"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")

    done = archive.raw_video.retrieve(back, progress=False)

    assert mine.read_bytes() == b"mine"
    assert [each.file_subpath for each in done.differing] == ["SC011/2019-03-02/SC011_side_1.avi"]
    assert len(done.brought) == 2
    assert not done.complete
    assert "differs from what is there: SC011/2019-03-02/SC011_side_1.avi" in repr(done)
    assert "differs" in done._repr_html_()


def test_what_is_not_archived_yet_is_told(archive: Archive, back: Path) -> None:
    done = (archive.raw_ephys & {"state": "settling"}).retrieve(back, progress=False)

    assert {each.reason for each in done.missing} == {"not archived yet"}
    assert "cannot be brought: " in repr(done)
    assert lying(back) == {}


def test_nothing_meant_is_nothing_brought(archive: Archive, back: Path) -> None:
    done = (archive.raw_ephys & False).retrieve(back)

    assert done == Retrieved(dry_run=False, folders=done.folders)
    assert lying(back) == {}


def test_more_than_a_person_expects_is_refused(archive: Archive, back: Path) -> None:
    with pytest.raises(QueryError, match=r"1\.50 kB, which is more than 1\.00 kB") as caught:
        archive.raw_video.retrieve(back, at_most="1 kB", progress=False)

    assert "at_most=1500" in caught.value.what_to_do
    assert lying(back) == {}
    assert archive.raw_video.retrieve(back, at_most=1500, progress=False).complete


def test_a_size_that_is_none_is_refused(archive: Archive) -> None:
    with pytest.raises(QueryError, match="is no size"):
        archive.raw_video.retrieve(at_most="plenty")


def test_where_this_machine_may_not_be_written_nothing_is_brought(
    archive: Archive, back: Path, lab: Lab
) -> None:
    text = lab.configuration.read_text()
    lab.configuration.write_text(text.replace("writable = yes", "writable = no"))

    with Archive(lab.configuration) as careful, pytest.raises(NotWritableError) as caught:
        careful.raw_video.retrieve(back, progress=False)

    assert "writable = yes" in caught.value.__notes__[0]
    assert lying(back) == {}


def test_into_an_archive_nothing_is_brought(archive: Archive, back: Path, lab: Lab) -> None:
    before = lying(lab.base / "archive")

    with pytest.raises(PathError, match="an archive"):
        archive.raw_video.retrieve(lab.base / "archive" / "ephys", progress=False)

    assert lying(lab.base / "archive") == before


def test_what_was_stopped_is_gone_on_with(archive: Archive, back: Path) -> None:
    stop = threading.Event()
    query = archive.raw_video
    halted = _stopping_after_the_plan(query, back, stop)
    assert len(halted.left) == 3
    assert "left: " in repr(halted)

    assert query.retrieve(back, progress=False).complete
    assert lying(back) == expected(query.files)


def test_what_was_stopped_before_it_began_is_all_left(archive: Archive, back: Path) -> None:
    stop = threading.Event()
    stop.set()

    halted = archive.raw_video.retrieve(back, progress=False, stop=stop)

    assert [each.file_subpath for each in halted.left] == archive.raw_video.files.fetch(
        "file_subpath"
    )
    assert not halted.complete
    assert lying(back) == {}


def _stopping_after_the_plan(query: object, back: Path, stop: threading.Event) -> Retrieved:
    """A retrieval that is stopped as soon as it was noted what has to be brought."""
    from archived.store import Store

    usual = Store.begin_retrieval

    def begin(store: Store, *arguments: object, **options: object) -> object:
        noted = usual(store, *arguments, **options)  # type: ignore[arg-type]
        stop.set()
        return noted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "begin_retrieval", begin)
        found: Retrieved = query.retrieve(back, progress=False, stop=stop)  # type: ignore[attr-defined]
    return found


def test_progress_is_a_line_that_ends(
    archive: Archive, back: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive.raw_video.retrieve(back)

    said = capsys.readouterr().out
    assert said.endswith("\n")
    assert said.count("\n") == 1
    assert "bringing: " in said

    archive.raw_video.retrieve(back, progress=False)
    assert capsys.readouterr().out == ""


def test_what_a_person_asked_for_is_noted_in_words(archive: Archive, back: Path, lab: Lab) -> None:
    (archive.raw_video & {"subject_id": 407513} & "ident is null or files in (3, 4)").retrieve(
        back, progress=False
    )

    noted = lab.store._door.rows("SELECT asked_for FROM retrieval")
    assert noted == [
        (
            "Archive: datasets where globus_alias = 'raw-video' and (subject_id = '407513') and "
            "(ident is null or files in (3, 4))",
        )
    ]
