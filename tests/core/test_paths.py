"""Arithmetic on paths."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archived.core.model import Archive, CollectionArchive, DirectoryArchive, StorageLocation
from archived.core.paths import (
    LONGEST_SHOWN,
    PathError,
    archive_folder,
    clash_key,
    collection_path,
    is_utf8,
    local_path,
    printable,
    shown,
    source_path,
    to_archive,
    windows_to_globus,
)
from tests.core.hostile import PATHS

COLLECTION = "5b875fda-4185-11e8-bb52-0ac6873fc732"


def location(
    archive: Archive, root: str = "/globus/map/raw", inside: str | None = "/map/raw"
) -> StorageLocation:
    return StorageLocation(
        name="raw-ephys",
        archive=archive,
        conventions=("catgt",),
        root=root,
        collection=None if inside is None else COLLECTION,
        collection_path=inside or "",
    )


AT_GLOBUS = location(CollectionArchive(COLLECTION, "/4ElectrodeRig_Ephys"))
ON_A_DISK = location(DirectoryArchive("/mnt/nas/ephys"), inside=None)
ON_WINDOWS = location(DirectoryArchive("Z:\\ephys"), root="C:\\globus\\map\\raw", inside=None)

# Showing


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("SC011/catgt_SC011_022319_g0", "SC011/catgt_SC011_022319_g0"),
        ("Mäuse/実験/a b.bin", "Mäuse/実験/a b.bin"),
        ("C:\\globus\\map", "C:\\globus\\map"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x1b[31mred\x7f", r"\x1b[31mred\x7f"),
        ("caf\udce9", r"caf\xe9"),
        ("\x85\u2028\u202efdp.exe", r"\u0085\u2028\u202efdp.exe"),
        ("a\u200bb\ufeff\ud800", r"a\u200bb\ufeff\ud800"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_what_cannot_be_seen_plainly_is_escaped(path: str, expected: str) -> None:
    assert printable(path) == expected


@given(PATHS)
def test_what_is_shown_is_one_printable_line_in_utf8(path: str) -> None:
    assert printable(path).isprintable()
    assert is_utf8(printable(path))
    assert shown(path).isprintable()


def test_a_very_long_name_is_cut_in_a_sentence() -> None:
    assert shown("x" * 300) == f"'{'x' * LONGEST_SHOWN}…'"


@pytest.mark.parametrize(
    ("path", "valid"),
    [("SC011", True), ("Mäuse/実験", True), ("caf\udce9", False), ("\ud800", False)],
)
def test_names_that_are_no_utf8_are_known(path: str, valid: bool) -> None:
    assert is_utf8(path) is valid


# Twins


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SC011/A.bin", "sc011/a.BIN"),
        (unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "É")),
        ("STRASSE", "straße"),
    ],
)
def test_paths_that_a_file_system_may_take_for_one_clash(one: str, other: str) -> None:
    assert clash_key(one) == clash_key(other)


@pytest.mark.parametrize(("one", "other"), [("dl4", "dl04"), ("a_b", "a-b"), ("e", "é")])
def test_paths_that_differ_otherwise_do_not_clash(one: str, other: str) -> None:
    assert clash_key(one) != clash_key(other)


@given(st.text())
def test_clashing_is_the_same_for_every_composition_and_case(text: str) -> None:
    key = clash_key(text)

    assert clash_key(key) == key
    for form in ("NFC", "NFD"):
        assert clash_key(unicodedata.normalize(form, text)) == key  # type: ignore[arg-type]
    assert clash_key(unicodedata.normalize("NFD", text).casefold()) == key


# Joining


def test_a_file_has_its_place_in_the_archive_and_on_the_rig() -> None:
    assert to_archive(AT_GLOBUS, "SC011/a/b.bin") == "/4ElectrodeRig_Ephys/SC011/a/b.bin"
    assert source_path(AT_GLOBUS, "SC011/a/b.bin") == "/map/raw/SC011/a/b.bin"
    assert local_path(AT_GLOBUS, "SC011/a/b.bin") == "/globus/map/raw/SC011/a/b.bin"
    assert to_archive(ON_A_DISK, "SC011/a/b.bin") == "/mnt/nas/ephys/SC011/a/b.bin"
    assert source_path(ON_A_DISK, "SC011/a/b.bin") == "/globus/map/raw/SC011/a/b.bin"


def test_the_archive_may_be_the_root_of_a_collection() -> None:
    whole = location(CollectionArchive(COLLECTION, "/"), inside="")

    assert to_archive(whole, "SC011/x") == "/SC011/x"
    assert source_path(whole, "SC011/x") == "/SC011/x"
    assert archive_folder(whole, "") == "/"


def test_a_location_has_a_folder_of_its_own_in_the_archive() -> None:
    assert archive_folder(AT_GLOBUS, "") == "/4ElectrodeRig_Ephys"
    assert archive_folder(ON_WINDOWS, "") == "Z:\\ephys"
    assert archive_folder(AT_GLOBUS, "SC011") == "/4ElectrodeRig_Ephys/SC011"


def test_paths_of_a_windows_machine_are_joined_its_way() -> None:
    assert to_archive(ON_WINDOWS, "SC011/x.bin") == "Z:\\ephys\\SC011\\x.bin"
    assert source_path(ON_WINDOWS, "SC011/x.bin") == "C:\\globus\\map\\raw\\SC011\\x.bin"


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "/",
        "/etc/passwd",
        "a//b",
        "a/",
        "a/../b",
        "../a",
        "a/..",
        "./a",
        "a/.",
        "a\0b",
    ],
)
@pytest.mark.parametrize(
    "place", [AT_GLOBUS, ON_A_DISK, ON_WINDOWS], ids=["globus", "disk", "windows"]
)
def test_a_path_that_is_not_sound_is_refused(place: StorageLocation, path: str) -> None:
    for join in (to_archive, source_path, local_path):
        with pytest.raises(PathError, match="is refused"):
            join(place, path)


@pytest.mark.parametrize("path", ["a\\..\\..\\b", "C:\\x", "C:x", "a/b:stream", "..\\x", "\\x"])
def test_on_windows_a_name_cannot_leave_its_folder_either(path: str) -> None:
    for join in (to_archive, source_path):
        with pytest.raises(PathError, match="cannot be a name on Windows"):
            join(ON_WINDOWS, path)
    assert to_archive(AT_GLOBUS, path).startswith("/4ElectrodeRig_Ephys/")


@given(PATHS)
def test_every_path_stays_below_its_root_or_is_refused(path: str) -> None:
    for place, root in ((AT_GLOBUS, "/4ElectrodeRig_Ephys/"), (ON_A_DISK, "/mnt/nas/ephys/")):
        if {"", ".", ".."} & set(path.split("/")):
            with pytest.raises(PathError) as refused:
                to_archive(place, path)
            assert str(refused.value).isprintable()
        else:
            assert to_archive(place, path) == root + path


# Other machines


@pytest.mark.parametrize(
    ("root", "path", "subdir", "expected"),
    [
        ("C:\\globus\\map\\raw", "C:\\globus\\map\\raw\\SC011\\x", "map/raw", "/map/raw/SC011/x"),
        ("C:\\globus\\map\\raw", "c:/GLOBUS/Map/raw/SC011/x", "map/raw", "/map/raw/SC011/x"),
        ("C:/globus/map/raw/", "C:\\globus\\map\\raw", "/map/raw/", "/map/raw"),
        ("D:\\", "D:\\SC011\\x", "", "/SC011/x"),
        ("D:\\", "d:/", "/", "/"),
        ("\\\\nas\\lab\\raw", "//NAS/lab/raw/SC011/x", "raw", "/raw/SC011/x"),
        ("C:\\raw", "\\\\?\\C:\\raw\\SC011", "raw", "/raw/SC011"),
        ("\\\\nas\\lab", "\\\\?\\UNC\\nas\\lab\\SC011", "raw", "/raw/SC011"),
        ("/globus/map/raw", "/globus/map/raw/SC011/x", "map/raw", "/map/raw/SC011/x"),
        ("/globus/map/raw", "/globus/map/raw/SC011/a\\b", "map/raw", "/map/raw/SC011/a\\b"),
        ("//globus/raw", "/globus/raw/SC011", "/~/raw", "/~/raw/SC011"),
        ("/", "/SC011", "", "/SC011"),
    ],
)
def test_a_path_of_this_machine_has_its_place_in_the_collection(
    root: str, path: str, subdir: str, expected: str
) -> None:
    assert collection_path(root, path, subdir) == expected


@pytest.mark.parametrize(
    ("root", "path", "subdir", "expected"),
    [
        ("C:\\globus\\map\\raw", "C:\\globus\\map\\rawer\\x", "map/raw", "does not lie below"),
        ("C:\\globus\\map\\raw", "D:\\globus\\map\\raw\\x", "map/raw", "does not lie below"),
        ("C:\\globus", "C:\\globus\\..\\x", "map", "not a whole path"),
        ("C:globus", "C:globus\\x", "map", "not a whole path"),
        ("/globus/map", "/globus/Map/x", "map", "does not lie below"),
        ("/globus/map", "/globus/map/../x", "map", "not a whole path"),
        ("globus", "globus/x", "map", "not a whole path"),
        ("C:\\globus", "C:\\globus\\x", "map\\raw", "not a folder of a collection"),
        ("C:\\globus", "C:\\globus\\x", "../raw", "not a folder of a collection"),
    ],
)
def test_a_path_without_a_place_in_the_collection_is_refused(
    root: str, path: str, subdir: str, expected: str
) -> None:
    with pytest.raises(PathError, match=expected):
        collection_path(root, path, subdir)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("C:\\data\\x", "/C/data/x"),
        ("d:/data/x/", "/D/data/x"),
        ("E:\\", "/E"),
        ("\\\\?\\C:\\data", "/C/data"),
        ("C:\\a b\\ü", "/C/a b/ü"),
    ],
)
def test_globus_calls_a_drive_by_its_letter(path: str, expected: str) -> None:
    assert windows_to_globus(path) == expected


@pytest.mark.parametrize(
    "path", ["data\\x", "C:data", "\\\\nas\\lab\\x", "/data/x", "C:\\..\\x", ""]
)
def test_what_has_no_drive_has_no_name_at_globus(path: str) -> None:
    with pytest.raises(PathError, match="no name in a Globus collection"):
        windows_to_globus(path)
