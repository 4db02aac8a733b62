"""What is watched, where it goes and what the program writes are never inside one another."""

from __future__ import annotations

from pathlib import Path

import pytest

from archived import config
from archived.config.assembling import assemble

COLLECTION = "c40e971d-0075-4a82-b12f-8f9717762e7b"


def told(text: str, **environ: str) -> list[str]:
    return [str(each) for each in assemble(text, environ, path=None, windows=False).mistakes]


def rig(*, root: str = "/data", archive: str = "/mnt/nas", more: str = "") -> str:
    return (
        "[archived]\nrig = rig\nstore = /var/lib/archived/archived.db\n"
        f"[globus]\nlocal_endpoint_local_path = {root}\ntoken_file = /var/lib/archived/tokens\n"
        f"[location:a]\narchive = {archive}\nconventions = catgt\n{more}"
    )


def second(*, root: str, archive: str = "/mnt/other") -> str:
    return f"[location:b]\narchive = {archive}\nconventions = spikeglx\nlocal_endpoint_local_path = {root}\n"


@pytest.mark.parametrize("archive", ["/data", "/data/archive", "/data/a/b"])
def test_an_archive_inside_the_watched_folder_is_refused(archive: str) -> None:
    (mistake,) = told(rig(archive=archive))
    assert mistake.startswith(f"[location:a] archive = {archive}: expected a directory apart from")
    assert "taken for new recordings" in mistake


@pytest.mark.parametrize("root", ["/mnt/nas/rig", "/mnt/nas/a/b"])
def test_a_watched_folder_inside_the_archive_is_refused(root: str) -> None:
    (mistake,) = told(rig(root=root))
    assert "copies would be written into the watched folder" in mistake


def test_a_neighbour_with_the_same_beginning_is_not_inside() -> None:
    assert told(rig(root="/data", archive="/data-archive")) == []


def test_the_archive_of_one_location_inside_the_root_of_another_is_refused() -> None:
    (mistake,) = told(rig(more=second(root="/video", archive="/data/video")))
    assert mistake.startswith("[location:b] archive = /data/video")


@pytest.mark.parametrize("root", ["/data/video", "/"])
def test_roots_inside_each_other_are_refused(root: str) -> None:
    mistakes = told(rig(more=second(root=root)))
    assert any(
        each.startswith(
            f"[location:b] local_endpoint_local_path = {root}: expected the very root of"
        )
        for each in mistakes
    )


@pytest.mark.parametrize("root", ["/data", "/data/", "//data", "/data/."])
def test_the_same_root_twice_is_fine_in_any_spelling(root: str) -> None:
    assert told(rig(more=second(root=root))) == []


@pytest.mark.parametrize(
    ("section", "key"),
    [("archived", "store"), ("globus", "token_file"), ("globus", "client_secret_file")],
)
def test_files_of_the_program_under_the_watched_folder_are_refused(section: str, key: str) -> None:
    kept = [line for line in rig().splitlines() if not line.startswith(f"{key} =")]
    text = "\n".join(kept).replace(
        f"[{section}]", f"[{section}]\n{key} = /data/own\nclient_id = {COLLECTION}"
    )
    text = text.replace(
        f"[archived]\nstore = /data/own\nclient_id = {COLLECTION}", "[archived]\nstore = /data/own"
    )
    (mistake,) = told(text)
    assert mistake.startswith(
        f"[{section}] {key} = /data/own: expected a file outside of the watched /data"
    )


def test_a_default_place_under_the_watched_folder_is_refused_as_well() -> None:
    text = (
        rig(root="/var/lib")
        .replace("store = /var", "; store = /var")
        .replace("token_file", "; token_file")
    )
    mistakes = told(text, STATE_DIRECTORY="/var/lib/archived")
    assert [each.partition(":")[0] for each in mistakes] == [
        "[globus] token_file is missing",
        "[archived] store is missing",
        "[archived] spool is missing",
    ]


def test_an_archive_in_the_watched_part_of_the_same_collection_is_refused() -> None:
    text = rig(archive=f"{COLLECTION}:/map/raw/archive").replace(
        "[globus]", f"[globus]\nlocal_endpoint = {COLLECTION}\nlocal_endpoint_subdir = map/raw"
    )
    (mistake,) = told(text)
    assert "expected a place apart from /map/raw" in mistake
    assert told(text.replace("/map/raw/archive", "/map/archive")) == []


def test_what_symbolic_links_put_inside_each_other_is_found_on_the_disk(tmp_path: Path) -> None:
    root, state = tmp_path / "data", tmp_path / "state"
    (root / "archive").mkdir(parents=True)
    (tmp_path / "nas").symlink_to(root / "archive")
    state.mkdir()
    file = tmp_path / "archived.ini"
    file.write_text(
        rig(root=str(root), archive=str(tmp_path / "nas")).replace("/var/lib/archived", str(state))
    )
    found = config.load(file, {})
    (mistake,) = config.mistakes_on_disk(found, {})
    assert (mistake.section, mistake.key, mistake.value) == (
        "location:a",
        "archive",
        str(tmp_path / "nas"),
    )


def test_plain_folders_have_no_mistakes_on_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "archived.ini"
    file.write_text(rig(root=str(tmp_path / "data"), archive=str(tmp_path / "nas")))
    assert config.mistakes_on_disk(config.load(file, {}), {}) == []
