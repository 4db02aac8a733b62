"""A configuration is either complete, or refused with every mistake in it."""

from __future__ import annotations

import dataclasses
import os
from datetime import timedelta
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archived import config
from archived.config.assembling import assemble
from archived.config.mistake import without_password
from archived.config.sections import FIXED, NAMED
from archived.core.model import CollectionArchive, DirectoryArchive
from archived.errors import ConfigurationError

RIG = "c40e971d-0075-4a82-b12f-8f9717762e7b"
ARCHIVE = "5b875fda-4185-11e8-bb52-0ac6873fc732"
COMPLETE = f"""
[archived]
rig = ephys-rig-1
store = /var/lib/archived/archived.db

[globus]
local_endpoint = {RIG}
local_endpoint_subdir = map/raw
local_endpoint_local_path = /globus/map/raw

[location:raw-ephys]
archive = {ARCHIVE}:/4ElectrodeRig_Ephys
conventions = catgt
"""
TO_A_DIRECTORY = """
[archived]
rig = rig
store = /var/lib/archived/archived.db
[globus]
local_endpoint_local_path = /data
[location:raw]
archive = /mnt/nas/ephys
conventions = catgt
"""


def loaded(text: str, *, windows: bool = False, **environ: str) -> config.Configuration:
    assembled = assemble(text, environ, path=None, windows=windows)
    assert assembled.mistakes == ()
    assert assembled.configuration is not None
    return assembled.configuration


def told(text: str, *, windows: bool = False, **environ: str) -> list[str]:
    return [str(each) for each in assemble(text, environ, path=None, windows=windows).mistakes]


def only(text: str, **environ: str) -> str:
    (mistake,) = told(text, **environ)
    return mistake


def with_line(section: str, line: str, text: str = COMPLETE) -> str:
    return (
        text.replace(f"[{section}]", f"[{section}]\n{line}")
        if f"[{section}]" in text
        else (f"{text}\n[{section}]\n{line}\n")
    )


def test_a_complete_file_is_loaded_with_its_defaults(tmp_path: Path) -> None:
    file = tmp_path / "archived.ini"
    file.write_text(COMPLETE)
    found = config.load(file, {})
    (location,) = found.locations
    assert found.path == str(file)
    assert (found.rig, found.store) == ("ephys-rig-1", "/var/lib/archived/archived.db")
    assert found.quiet_time == timedelta(minutes=10)
    assert found.transfer == config.TransferSettings()
    assert location.location.root == "/globus/map/raw"
    assert location.location.collection == RIG
    assert location.location.collection_path == "/map/raw"
    assert location.location.archive == CollectionArchive(ARCHIVE, "/4ElectrodeRig_Ephys")
    assert [convention.name for convention in location.conventions] == ["catgt"]


def test_the_defaults_of_the_sections_are_those_of_the_settings() -> None:
    found = loaded(COMPLETE)
    for kind, settings in (
        (FIXED["archived"], found),
        (FIXED["transfer"], found.transfer),
        (FIXED["retrieve"], found.retrieve),
        (FIXED["subjects"], found.subjects),
        (FIXED["datajoint"], found.datajoint),
    ):
        defaults = {each.name: each.default for each in dataclasses.fields(settings)}
        for key, field in kind.KEYS.items():
            if key not in ("rig", "store", "spool"):
                assert field.default == defaults[key], key


def test_every_wait_and_limit_of_the_transfer_can_be_set() -> None:
    text = COMPLETE + (
        "[transfer]\npoll = 1s\nbatch_wait = 0s\nmax_files = 7\nmax_bytes = 2 GiB\nmax_active = 1\n"
        "retry_first = 2s\nretry_longest = 1m\ndeadline = 1h\norder = smallest\nexternal_checksums = no\n"
    )
    assert loaded(text).transfer == config.TransferSettings(
        poll=timedelta(seconds=1),
        batch_wait=timedelta(0),
        max_files=7,
        max_bytes=2 * 2**30,
        max_active=1,
        retry_first=timedelta(seconds=2),
        retry_longest=timedelta(minutes=1),
        deadline=timedelta(hours=1),
        order="smallest",
        external_checksums=False,
    )


def test_the_spool_is_where_it_was_put_else_beside_the_store() -> None:
    was = "store = /var/lib/archived/archived.db"
    text = COMPLETE.replace(was, "store = /srv/rig/archived.db")
    assert loaded(text).spool == "/srv/rig/spool"
    assert loaded(with_line("archived", "spool = /globus/spool", text)).spool == "/globus/spool"
    served = COMPLETE.replace(was, "store = postgresql://host/lab")
    assert loaded(served, STATE_DIRECTORY="/srv/state").spool == "/srv/state/spool"


def test_a_directory_as_archive_needs_nothing_of_globus() -> None:
    (location,) = loaded(TO_A_DIRECTORY).locations
    assert location.location.archive == DirectoryArchive("/mnt/nas/ephys")
    assert location.location.collection is None
    assert location.location.collection_path == ""


def test_comments_may_follow_a_value() -> None:
    text = with_line("archived", "quiet_time = 3m   ; not ten\nrescan = 1m # nor five")
    assert loaded(text).quiet_time == timedelta(minutes=3)
    assert loaded(text).rescan == timedelta(minutes=1)


def test_a_key_without_a_value_counts_as_left_out() -> None:
    assert loaded(with_line("archived", "quiet_time =")).quiet_time == timedelta(minutes=10)


@pytest.mark.parametrize("spelling", ["catgt, spikeglx", "catgt spikeglx", "catgt,\n  spikeglx"])
def test_a_list_takes_commas_blanks_or_lines(spelling: str) -> None:
    (location,) = loaded(COMPLETE.replace("= catgt", f"= {spelling}")).locations
    assert location.location.conventions == ("catgt", "spikeglx")
    assert [each.name for each in location.conventions] == ["catgt", "spikeglx"]


@pytest.mark.parametrize("subdir", ["map/raw", "/map/raw", "/map/raw/", "map//raw"])
def test_the_place_in_the_collection_has_one_spelling(subdir: str) -> None:
    text = COMPLETE.replace("= map/raw", f"= {subdir}")
    assert loaded(text).locations[0].location.collection_path == "/map/raw"


@pytest.mark.parametrize(
    "spelling", [r"C:\globus\map\raw", "C:/globus/map/raw", "C:\\globus\\map\\raw\\"]
)
def test_a_windows_folder_is_understood_on_every_machine(spelling: str) -> None:
    text = COMPLETE.replace("= /globus/map/raw", f"= {spelling}")
    location = loaded(text).locations[0].location
    assert location.root == r"C:\globus\map\raw"
    assert location.collection_path == "/map/raw"


@pytest.mark.parametrize("archive", [r"N:\ephys", "N:/ephys", r"\\nas\ephys"])
def test_a_windows_directory_is_an_archive_on_windows_only(archive: str) -> None:
    text = TO_A_DIRECTORY.replace("/mnt/nas/ephys", archive).replace(
        "/var/lib/archived", r"C:\state"
    )
    found = loaded(text.replace("= /data", r"= D:\data"), windows=True).locations[0].location
    assert found.archive == DirectoryArchive(str(PureWindowsPath(archive)))
    elsewhere = told(text)
    assert any("archive" in each and "no drive letters" in each for each in elsewhere)


def test_a_location_may_have_a_folder_and_a_collection_of_its_own() -> None:
    own = "3f9a5d0c-6c39-4f0e-8a39-2f5a2fb0a1a7"
    text = COMPLETE + (
        f"[location:raw-video]\narchive = {ARCHIVE}:/\nconventions = tracking-video\n"
        f"local_endpoint = {own}\nlocal_endpoint_subdir = video\nlocal_endpoint_local_path = /video\n"
    )
    first, second = (each.location for each in loaded(text).locations)
    assert (first.root, first.collection, first.collection_path) == (
        "/globus/map/raw",
        RIG,
        "/map/raw",
    )
    assert (second.root, second.collection, second.collection_path) == ("/video", own, "/video")


def test_a_folder_of_its_own_needs_its_own_place_in_the_collection() -> None:
    mistake = only(with_line("location:raw-ephys", "local_endpoint_local_path = /video"))
    assert mistake.startswith("[location:raw-ephys] local_endpoint_subdir is missing")


def test_several_locations_may_share_a_root() -> None:
    text = (
        COMPLETE + f"[location:raw-video]\narchive = {ARCHIVE}:/v\nconventions = tracking-video\n"
    )
    assert len(loaded(text).locations) == 2


def test_home_is_the_home_of_the_user() -> None:
    text = COMPLETE.replace("/var/lib/archived/archived.db", "~/archived.db")
    assert loaded(text, HOME="/home/lab").store == "/home/lab/archived.db"
    assert "$HOME is not set" in only(text)


def test_the_store_may_be_a_server() -> None:
    text = COMPLETE.replace("/var/lib/archived/archived.db", "postgresql://lab@db/archived")
    assert loaded(text).store == "postgresql://lab@db/archived"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql:///archived?host=/run/postgresql",
        "mysql:///archived?unix_socket=/run/mysqld/mysqld.sock",
        "mysql://lab@db/archived?sslmode=require",
    ],
)
def test_the_store_may_be_reached_by_a_socket_of_this_machine(address: str) -> None:
    text = COMPLETE.replace("/var/lib/archived/archived.db", address)
    assert loaded(text).store == address


def test_a_store_that_is_not_named_lies_with_the_state() -> None:
    text = COMPLETE.replace("store = ", "; store = ")
    assert loaded(text, STATE_DIRECTORY="/var/lib/a:/var/lib/b").store == "/var/lib/a/archived.db"
    site = assemble(text, {}, path="/etc/archived/archived.ini", windows=False).configuration
    assert site is not None
    assert site.store == "/var/lib/archived/archived.db"
    assert str(site.globus.token_file) == "/var/lib/archived/globus-tokens.json"
    assert loaded(text).store.endswith("archived.db")


def test_a_convention_of_the_lab_is_made_of_its_section() -> None:
    text = COMPLETE.replace("= catgt", "= two-photon") + (
        "[convention:two-photon]\n"
        "path = {h2o}/{date:%Y-%m-%d}[_{ident}]/2p\n"
        "       {h2o}/2p/{date:%Y%m%d}\n"
        "finished = sentinel:done.txt, quiet\nquiet_time = 30m\nexclude = *.tmp *.lock\n"
        "file_types = *.tif two-photon-tiff\n"
    )
    (convention,) = loaded(text).locations[0].conventions
    found = convention.recognise("SC011/2019-02-23/2p")
    assert found is not None
    assert found.h2o == "SC011"
    assert convention.recognise("SC011/2p/20190223") is not None
    assert convention.finished == ("sentinel:done.txt", "quiet")
    assert convention.quiet_time == timedelta(minutes=30)
    assert convention.excludes("SC011/2p/20190223/x.lock")
    assert convention.file_type("SC011/2p/20190223/x.tif") == "two-photon-tiff"


def test_the_animals_pattern_reaches_every_convention() -> None:
    text = with_line("archived", "h2o = M-[0-9]{4}")
    (convention,) = loaded(text).locations[0].conventions
    assert convention.recognise("M-0001/catgt_M-0001_022319_g0") is not None
    assert convention.recognise("SC011/catgt_SC011_022319_g0") is None


def test_all_mistakes_are_told_at_once_with_section_key_value_and_what_was_expected(
    tmp_path: Path,
) -> None:
    file = tmp_path / "archived.ini"
    file.write_text(
        f"[archived]\nquiet_tiem = 3m\nrescan = 0s\n[globus]\nlocal_endpoint = 123\n"
        f"local_endpoint_local_path = data\n[transfer]\nmax_bytes = lots\nmax_active = 0\norder = random\n"
        f"[location:x]\narchive = {ARCHIVE}/x\nconventions = catgtt\n[locaton:y]\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        config.load(file, {})
    lines = str(caught.value).splitlines()
    assert str(file) in lines[0]
    assert "no data is affected" in lines[0]
    assert len(lines) == 1 + len(caught.value.mistakes)  # type: ignore[attr-defined]
    for beginning in (
        "[archived] rig is missing: expected a name for this rig",
        "[archived] quiet_tiem = 3m: expected one of rig, store, quiet_time",
        "[archived] rescan = 0s: expected a duration longer than 0s",
        "[globus] local_endpoint = 123: expected a UUID such as",
        "[globus] local_endpoint_local_path = data: expected an absolute path",
        "[transfer] max_bytes = lots: expected a size, such as 500 MB",
        "[transfer] max_active = 0: expected a whole number from 1 to 100",
        "[transfer] order = random: expected oldest, newest or smallest",
        f"[location:x] archive = {ARCHIVE}/x: expected a collection and a path in it",
        "[locaton:y]: expected one of [archived]",
    ):
        assert any(line.strip().startswith(beginning) for line in lines), beginning
    assert "did you mean quiet_time?" in str(caught.value)
    assert "did you mean [location:y]?" in str(caught.value)
    assert caught.value.exit_code == 78
    assert "archivedctl check" in caught.value.what_to_do


@pytest.mark.parametrize(
    ("section", "line", "expected"),
    [
        ("archived", "writable = yes", "[archived] writable = yes: expected one of rig"),
        ("archived", "h2o = (", "[archived] h2o = (: expected a regular expression"),
        ("archived", "h2o = (x)(?P<date>y)", "[archived] h2o = "),
        ("globus", "writable = maybe", "[globus] writable = maybe: expected yes or no"),
        (
            "globus",
            "client_secret = TAINT",
            "[globus] client_secret = (not shown): expected no secret",
        ),
        ("globus", "client_id = me", "[globus] client_id = me: expected a UUID"),
        ("transfer", "max_files = 5e3", "[transfer] max_files = 5e3: expected a whole number"),
        ("transfer", "poll = 30", "[transfer] poll = 30: expected a duration with a unit"),
        (
            "transfer",
            "retry_longest = 1s",
            "[transfer] retry_longest = 1s: expected a duration no shorter",
        ),
        (
            "transfer",
            "retry_first = 7h",
            "[transfer] retry_first = 7h: expected a duration no longer",
        ),
        ("DEFAULT", "poll = 30s", "[DEFAULT]: expected one of [archived]"),
        ("location", "archive = /x", "[location]: expected one of [archived]"),
        (
            "location:a/b",
            "archive = /x\nconventions = catgt",
            "[location:a/b]: expected after the colon a name",
        ),
        ("convention:x", "finished = quiet", "[convention:x] path is missing: expected a template"),
        ("convention:catgt", "path = {h2o}", "[convention:catgt]: expected another name"),
    ],
)
def test_a_mistake_is_told_where_it_is(section: str, line: str, expected: str) -> None:
    mistake = only(with_line(section, line))
    assert mistake.startswith(expected)
    assert "TAINT" not in mistake


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("path = {h2o", "path = {h2o: expected a template"),
        ("path = {h2o}\nfinished = mp5", "finished = mp5: expected rules out of"),
        ("path = {h2o}\nfinished = sentinel:", "finished = sentinel:: expected rules out of"),
        (
            "path = {h2o}\nfile_types = *.tif",
            "file_types = *.tif: expected in each line a pattern and a type",
        ),
        ("path = {h2o}\nquiet_time = soon", "quiet_time = soon: expected a duration"),
    ],
)
def test_a_mistake_in_a_convention_of_the_lab_has_its_section_and_key(
    line: str, expected: str
) -> None:
    assert only(with_line("convention:own", line)).startswith(f"[convention:own] {expected}")


def test_a_location_that_names_a_convention_with_mistakes_is_not_blamed_as_well() -> None:
    text = COMPLETE.replace("= catgt", "= own") + "[convention:own]\npath = {h2o\n"
    assert only(text).startswith("[convention:own] path")


def test_what_is_wrong_in_a_location_without_a_good_name_or_archive_is_told_as_well() -> None:
    text = COMPLETE + "[location:a b]\narchive = nas\nconventions = spikglx\n"
    assert [each.partition(" = ")[0] for each in told(text)] == [
        "[location:a b]: expected after the colon a name of at most 64 letters, digits, `.`, `_` and `-`",
        "[location:a b] archive",
        "[location:a b] conventions",
    ]


def test_an_unknown_convention_comes_with_the_nearest() -> None:
    mistake = only(COMPLETE.replace("= catgt", "= spikglx"))
    assert "there is no spikglx; did you mean spikeglx?" in mistake


@pytest.mark.parametrize(
    "archive", ["nas/ephys", "abc:/x", f"{ARCHIVE}:x", f"{ARCHIVE}:", "/a/../b", "C:x"]
)
def test_an_archive_is_a_collection_with_a_path_or_an_absolute_directory(archive: str) -> None:
    text = COMPLETE.replace(f"{ARCHIVE}:/4ElectrodeRig_Ephys", archive)
    assert only(text).startswith(f"[location:raw-ephys] archive = {archive}: expected a collection")


@pytest.mark.parametrize("subdir", ["map\\raw", "C:/map", "map/../raw"])
def test_the_place_in_the_collection_has_forward_slashes_and_no_way_up(subdir: str) -> None:
    mistake = only(COMPLETE.replace("= map/raw", f"= {subdir}"))
    assert mistake.startswith("[globus] local_endpoint_subdir = ")


@pytest.mark.parametrize(
    "store",
    [
        "archived.db",
        "postgres://db/x",
        "mysql://db",
        "sqlite:///x",
        "postgresql://db:port/x",
        "postgresql://[/x",
    ],
)
def test_a_store_is_an_absolute_path_or_the_address_of_a_server(store: str) -> None:
    text = COMPLETE.replace("/var/lib/archived/archived.db", store)
    shown = without_password(store)
    assert only(text).startswith(f"[archived] store = {shown}: expected an absolute path")


@pytest.mark.parametrize(
    "key", ["local_endpoint", "local_endpoint_subdir", "local_endpoint_local_path"]
)
def test_what_a_location_needs_of_globus_is_asked_for_once(key: str) -> None:
    text = COMPLETE + f"[location:b]\narchive = {ARCHIVE}:/b\nconventions = spikeglx\n"
    text = "\n".join(line for line in text.splitlines() if not line.startswith(f"{key} ="))
    assert only(text).startswith(f"[globus] {key} is missing: expected")


def test_a_file_without_locations_lacks_one() -> None:
    text = COMPLETE.partition("[location:raw-ephys]")[0]
    assert only(text).startswith(
        "[location:NAME] archive is missing: expected at least one location"
    )


def test_a_section_that_stands_twice_is_told_and_still_read() -> None:
    mistakes = told(COMPLETE + "[globus]\nwritable = maybe\nlocal_endpoint_subdir = x\n")
    assert "[globus]: expected this section only once (line 14 begins it again)" in mistakes
    assert "[globus] writable = maybe: expected yes or no" in mistakes
    assert "[globus] local_endpoint_subdir = x: expected this key only once" in mistakes
    assert len(mistakes) == 3


def test_a_key_that_stands_twice_is_told_with_its_line() -> None:
    mistake = only(with_line("archived", "quiet_time = 1m\nQuiet_Time = 2m ; again\n"))
    assert mistake == "[archived] quiet_time = 2m: expected this key only once (line 4 repeats it)"


def test_lines_without_form_are_told_by_their_number() -> None:
    mistakes = told("TAINT\nx = 1\n" + COMPLETE + "TAINT\n= 3\n")
    assert mistakes == [
        "the file, line 1: expected a section such as [archived] before any key",
        "the file, line 16: expected `key = value`, `[section]` or a comment",
        "the file, line 17: expected `key = value`, `[section]` or a comment",
    ]


def test_a_value_with_control_characters_is_shown_escaped_on_one_line() -> None:
    mistake = only(with_line("archived", "quiet_time = \x1b[31m\n   soon"))
    assert mistake.isprintable()


INI_LINES = st.lists(
    st.one_of(
        st.sampled_from(
            ["[archived]", "[globus]", "[transfer]", "[location:a]", "[convention:a]", "[", "[]"]
        ),
        st.builds(
            "{} = {}".format,
            st.sampled_from(
                [key for kind in (*FIXED.values(), *NAMED.values()) for key in kind.KEYS]
            ),
            st.one_of(
                st.text(max_size=20),
                st.sampled_from(
                    ["/data", "~/x", "C:\\x", "catgt", "quiet", "{h2o}", f"{ARCHIVE}:/x", "5m"]
                ),
            ),
        ),
        st.text(max_size=20),
    ),
    max_size=14,
)


@given(INI_LINES)
def test_no_text_breaks_the_reader_and_every_mistake_is_one_printable_line(
    lines: list[str],
) -> None:
    for mistake in config.mistakes("\n".join(lines)):
        assert str(mistake).isprintable()
        assert mistake.expected


@pytest.mark.parametrize("text", ["", "\ufeff", "\0", "[archived]\nrig = \ud800x"])
def test_an_empty_or_odd_text_has_mistakes(text: str) -> None:
    assert config.mistakes(text)


def test_the_mistakes_of_a_good_text_are_none() -> None:
    assert config.mistakes(COMPLETE) == []


def test_paths_of_this_machine_are_asked_for(tmp_path: Path) -> None:
    kind = r"C:\state\archived.db" if os.name == "posix" else "/state/archived.db"
    text = COMPLETE.replace("/var/lib/archived/archived.db", kind)
    assert any("[archived] store" in str(each) for each in config.mistakes(text))
