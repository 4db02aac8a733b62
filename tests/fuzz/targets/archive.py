"""What an archive says about itself, and what people ask of the catalogue: records, manifests, conditions."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime

from archived.core.catalogue import About, QueryError
from archived.core.manifest import manifest, parse_manifest
from archived.core.model import Checksum
from archived.core.paths import PathError
from archived.core.record_json import from_json, to_json
from archived.core.records import (
    Record,
    RecordedEvent,
    RecordedFile,
    RecordedReceipt,
    RecordError,
    is_sound,
)
from archived.interface.sql import parse
from tests.fuzz.target import Shape, Target
from tests.store.answers import truth

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
FOLDER = "SC011/catgt_SC011_022319_g0"
RECORD = Record(
    location="raw-ephys", path=FOLDER, convention="catgt", revision=2, rig="rig-1", host="ephys", h2o="SC011",
    subject="407513", date=date(2019, 2, 23), ident="x", fields={"run": "0"}, programs={"archived": "0.1"},
    first_seen=NOON, archived_at=NOON,
    files=(
        RecordedFile(path=f"{FOLDER}/a.bin", size=10, mtime_ns=1, file_type="x", sha256="ab" * 32,
                     receipt=RecordedReceipt("listing", NOON, Checksum("MD5", "1" * 32))),
        RecordedFile(path=f"{FOLDER}/b\n\udcff.bin", size=0, mtime_ns=None, file_type="y", without_sha256="gone",
                     program_checksum=Checksum("SHA1", "2" * 40)),
        RecordedFile(path=f"{FOLDER}/c\\d\r", size=3, mtime_ns=-1, file_type="", sha256="cd" * 32),
    ),
    events=(RecordedEvent(NOON, None, "settling", "first seen"), RecordedEvent(NOON, "settling", "ready", "quiet")),
)  # fmt: skip


def _record(data: bytes) -> None:
    record = from_json(data)
    again = from_json(to_json(record))
    assert set(again.files) == set(record.files)
    assert replace(again, files=record.files) == record
    assert is_sound(record.path)
    assert all(is_sound(each.path) and 0 <= each.size < 2**63 for each in record.files)
    assert all(each.mtime_ns is None or abs(each.mtime_ns) < 2**63 for each in record.files)
    lines = manifest(record)
    assert set(parse_manifest(lines)) <= {each.path for each in record.files}


def _manifest(data: bytes) -> None:
    found = parse_manifest(data)
    assert all(is_sound(path) and len(checksum) == 64 for path, checksum in found.items())


ROW = {
    "rig": "rig-1", "dataset_name": "raw-ephys/a", "globus_alias": "raw-ephys", "convention": "catgt", "state": "archived",
    "water_restriction_number": "SC011", "subject_id": "407513", "session_date": date(2019, 2, 23), "session": "1",
    "ident": None, "files": 3, "bytes": 10**12, "archived_at": NOON, "dataset_type": "x", "file_subpath": "a/b",
    "file_type": "t", "size": 7, "checksum": "ab", "checksum_algorithm": "MD5",
}  # fmt: skip


def _condition(data: bytes) -> str:
    text, answer = data.decode("utf-8", "surrogateescape"), "refused"
    for about in About:
        with suppress(QueryError):
            truth(parse(about, text), ROW)
            answer = "answered"
    return answer


CONDITIONS = (
    "session_date > '2019-03-01' AND NOT (files BETWEEN 1 AND 5 OR state IN ('archived', 'failed'))",
    'water_restriction_number LIKE "SC0%" OR subject_id = 407513',
    "dataset_name IS NOT NULL AND 3 < bytes",
    "DATE '2019-03-01' <= session_date",
    "rig <> 'x' OR true",
)

TARGETS = (
    Target("record", _record, lambda: [to_json(RECORD)], allowed=(RecordError,), shape=Shape.JSON, longest=1 << 19),
    Target("manifest", _manifest, lambda: [manifest(RECORD), json.dumps("x").encode()], allowed=(RecordError,),
           tokens=(b"\\", b"\\n", b"\\\\", b"  ", b" *", b"\n", b"../", b"a" * 64, b"\0"), shape=Shape.TEXT),
    Target("condition", _condition, lambda: [each.encode() for each in CONDITIONS], allowed=(PathError,),
           tokens=(b" AND ", b" OR ", b" NOT ", b"(", b")", b"'", b'"', b"`", b" IN (", b" LIKE ", b" BETWEEN ", b" IS NULL",
                   b"--", b"/*", b";", b"CASE WHEN ", b"EXISTS (SELECT 1)", b"1e999", b"x'41'", b"@a", b"?", b":a", b"{fn x}",
                   b" ESCAPE 'x'", b" COLLATE x", b"INTERVAL 1 DAY", b"::", b" MEMBER OF ", b"->", b" RLIKE ", b" XOR ",
                   b"files", b"session_date", b"DATE ", b"CAST(", b" AS ", b"f(", b",", b"\\'"),
           shape=Shape.TEXT, longest=400),
)  # fmt: skip
