"""A record comes back as it was written, whatever the names; what is no record is refused in words."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archived.core.manifest import manifest, parse_manifest
from archived.core.model import Checksum
from archived.core.record_json import from_json, to_json
from archived.core.records import (
    Record,
    RecordedEvent,
    RecordedFile,
    RecordedReceipt,
    RecordError,
    is_own,
    manifest_path,
    record_path,
)
from tests.builders import NOON

names = st.text(
    st.characters(exclude_characters="/\0", categories=None), min_size=1, max_size=12
).filter(lambda name: name not in (".", ".."))
texts = st.text(st.characters(categories=None), max_size=20)
moments = st.timedeltas(timedelta(-15_000), timedelta(60_000)).map(lambda time: NOON + time)
checksums = st.builds(Checksum, st.sampled_from(["MD5", "SHA1", "SHA256"]), texts)
sha256s = st.binary(max_size=4).map(lambda data: hashlib.sha256(data).hexdigest())
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
files = st.builds(
    RecordedFile,
    path=paths,
    size=st.integers(0, 2**63 - 1),
    mtime_ns=st.none() | st.integers(-(2**63) + 1, 2**63 - 1),
    file_type=texts,
    sha256=st.none() | sha256s,
    without_sha256=texts,
    program_checksum=st.none() | checksums,
    receipt=st.none()
    | st.builds(RecordedReceipt, texts, st.none() | moments, st.none() | checksums),
)
records = st.builds(
    Record,
    location=texts,
    path=paths,
    convention=texts,
    revision=st.integers(1, 100),
    rig=texts,
    first_seen=moments,
    archived_at=st.none() | moments,
    files=st.lists(files, max_size=4, unique_by=lambda file: file.path).map(tuple),
    host=st.none() | texts,
    programs=st.dictionaries(texts, texts, max_size=2),
    h2o=st.none() | texts,
    subject=st.none() | texts,
    date=st.none() | st.dates(min_value=date(1900, 1, 1)),
    ident=st.none() | texts,
    fields=st.dictionaries(texts, texts, max_size=3),
    events=st.lists(
        st.builds(RecordedEvent, moments, st.none() | st.just("ready"), st.just("held"), texts),
        max_size=3,
    ).map(tuple),
)


def record(*each: RecordedFile, **changes: Any) -> Record:
    """A record of these files."""
    whole = Record(
        location="raw-ephys",
        path="SC011/r0",
        convention="catgt",
        revision=1,
        rig="rig-1",
        first_seen=NOON,
        archived_at=NOON,
        files=each,
    )
    return replace(whole, **changes)


def file(path: str, content: bytes = b"content", **changes: Any) -> RecordedFile:
    """A file with its SHA-256."""
    digest = hashlib.sha256(content).hexdigest()
    whole = RecordedFile(
        path=path, size=len(content), mtime_ns=1, file_type="unknown", sha256=digest
    )
    return replace(whole, **changes)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(records)
def test_a_record_comes_back_as_it_was_written(given: Record) -> None:
    data = to_json(given)
    again = from_json(data)
    assert sorted(again.files, key=lambda each: each.path) == sorted(
        given.files, key=lambda each: each.path
    )
    assert replace(again, files=()) == replace(given, files=())
    assert to_json(again) == data


@settings(max_examples=150)
@given(st.dictionaries(paths, sha256s, max_size=5))
def test_a_manifest_comes_back_as_it_was_written(given: dict[str, str]) -> None:
    written = manifest(record(*(file(path, sha256=each) for path, each in given.items())))
    there = {path: each for path, each in given.items() if _can_be_on_a_disk(path)}
    assert parse_manifest(written) == there


def _can_be_on_a_disk(path: str) -> bool:
    return not any("\ud800" <= one <= "\udfff" and not "\udc80" <= one <= "\udcff" for one in path)


ODD = [
    "plain.bin",
    "with blank and  two",
    " leading",
    "*star",
    "back\\slash",
    "ends in a backslash\\",
    "line\nfeed",
    "\nfirst",
    "carriage\rreturn",
    "ends in a return\r",
    "both\r\n",
    "back\\slash and return\r",
    "tab\tbell\a",
    "caf\udce9.bin",
    "\udcff\udcfe",
    "ünïcode-鼠",
    "-",
    "--help",
    "#comment",
    "\\n",
    "a" * 200,
]


def test_the_real_sha256sum_reads_a_manifest_of_the_oddest_names(tmp_path: Path) -> None:
    folder = tmp_path / "SC011" / "r0"
    folder.mkdir(parents=True)
    recorded = []
    for number, name in enumerate(ODD):
        content = name.encode("utf-8", "surrogateescape") + bytes([number])
        with open(os.path.join(os.fsencode(folder), os.fsencode(name)), "wb") as odd:
            odd.write(content)
        recorded.append(file(f"SC011/r0/{name}", content))
    written = manifest(record(*recorded))
    (tmp_path / "manifest").write_bytes(written)
    check = ["sha256sum", "--check", "--strict", "--quiet", "manifest"]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).stderr == b""
    assert len(parse_manifest(written)) == len(ODD)
    (folder / "plain.bin").write_bytes(b"rotten")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 1


def test_the_lines_of_a_manifest_are_sorted_and_name_only_files_with_a_checksum() -> None:
    without = file("SC011/r0/c", sha256=None, without_sha256="it had left the rig")
    digest = hashlib.sha256(b"content").hexdigest()
    made = manifest(record(file("SC011/r0/b"), without, file("SC011/r0/a")))
    assert made.decode() == f"{digest}  SC011/r0/a\n{digest}  SC011/r0/b\n"


@settings(max_examples=150)
@given(st.binary(max_size=200))
def test_no_bytes_make_the_readers_do_anything_but_refuse(data: bytes) -> None:
    for read in (from_json, parse_manifest):
        with contextlib.suppress(RecordError):
            read(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200)
@given(st.data())
def test_any_value_in_the_place_of_another_is_refused_or_read(data: st.DataObject) -> None:
    whole = json.loads(
        to_json(record(file("SC011/r0/a"), events=(RecordedEvent(NOON, None, "x", ""),)))
    )
    place = data.draw(st.sampled_from([whole, whole["files"][0], whole["events"][0]]))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(json_values)
    with contextlib.suppress(RecordError):
        read = from_json(json.dumps(whole).encode())
        assert from_json(to_json(read)) == read


def test_a_record_that_is_cut_short_anywhere_is_refused() -> None:
    data = to_json(record(file("SC011/r0/a")))
    for end in range(len(data.rstrip())):
        with pytest.raises(RecordError):
            from_json(data[:end])


def test_a_record_of_a_newer_version_is_refused_with_what_to_do() -> None:
    newer = json.loads(to_json(record())) | {"version": 2}
    with pytest.raises(RecordError, match="newer release") as caught:
        from_json(json.dumps(newer).encode())
    assert "upgrade" in caught.value.what_to_do


def test_keys_that_a_later_release_added_are_passed_over() -> None:
    grown = json.loads(to_json(record(file("SC011/r0/a"))))
    grown["licence"] = {"deep": [1, 2]}
    grown["files"][0]["blake3"] = "0" * 64
    assert from_json(json.dumps(grown).encode()) == record(file("SC011/r0/a"))


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a\0b"])
def test_a_path_that_could_lead_anywhere_else_is_refused(path: str) -> None:
    hostile = json.loads(to_json(record(file("SC011/r0/a"))))
    hostile["files"][0]["path"] = path
    with pytest.raises(RecordError):
        from_json(json.dumps(hostile).encode())
    with pytest.raises(RecordError):
        parse_manifest(b"0" * 64 + b"  " + path.encode() + b"\n")


def test_a_number_that_no_file_can_have_is_refused() -> None:
    for size in (-1, 2**63, 1.5, True, "12"):
        hostile = json.loads(to_json(record(file("SC011/r0/a"))))
        hostile["files"][0]["size"] = size
        with pytest.raises(RecordError, match="size"):
            from_json(json.dumps(hostile).encode())
    with pytest.raises(RecordError):
        from_json(b'{"version": ' + b"9" * 6000 + b"}")
    with pytest.raises(RecordError):
        from_json(b"[" * 100_000)


def test_nanoseconds_come_back_exactly() -> None:
    exact = file("SC011/r0/a", mtime_ns=1_773_489_600_123_456_789)
    assert from_json(to_json(record(exact))).files == (exact,)
    assert b"1773489600123456789" in to_json(record(exact))


def test_records_lie_in_a_folder_of_our_own_beside_the_recordings() -> None:
    assert record_path("SC011/r0") == ".archived/v1/SC011/r0/record.json"
    assert manifest_path("SC011/r0") == ".archived/v1/SC011/r0/manifest-sha256.txt"
    assert is_own(record_path("SC011/r0"))
    assert is_own(".archived")
    assert not is_own(".archived-by-somebody/x")
