"""Inputs that are nearly right, made by the grammar of their format: what a mutator of bytes seldom reaches."""

from __future__ import annotations

import json
import struct
from typing import Any

from hypothesis import strategies as st

from tests.core.hostile import PATHS
from tests.fuzz.mutator import NASTY_TEXTS, NUMBERS, SEPARATOR

SIZES = st.one_of(st.none(), st.none(), st.sampled_from(NUMBERS), st.integers(0, 2**64 - 1))
"""What a field of a length says; None is the truth."""

TEXTS = st.one_of(st.sampled_from(NASTY_TEXTS), st.text(max_size=20))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _chunk(kind: bytes, content: bytes, size: int | None) -> bytes:
    lie = len(content) if size is None else size % 2**32
    return kind + struct.pack("<I", lie) + content + b"\0" * (len(content) % 2)


def _box(kind: bytes, content: bytes, size: int | None) -> bytes:
    if size is not None and size >= 2**32:
        return struct.pack(">I4sQ", 1, kind, size % 2**64) + content
    return struct.pack(">I4s", 8 + len(content) if size is None else size, kind) + content


def _element(kind: bytes, content: bytes, size: int | None) -> bytes:
    lie = len(content) if size is None else size % (2**56 - 1)
    return kind + (lie | 1 << 56).to_bytes(8, "big") + content


def _tree(
    leaf: st.SearchStrategy[bytes], make: Any, kinds: list[bytes]
) -> st.SearchStrategy[bytes]:
    """Containers in containers, in any order, with lengths that may lie."""

    def around(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
        content = st.lists(inner, max_size=5).map(b"".join)
        return st.builds(make, st.sampled_from(kinds), content, SIZES)

    return st.recursive(leaf, around, max_leaves=25)


_LEAF = st.binary(max_size=40)
_FORMS = st.sampled_from((b"AVI ", b"AVIX", b"movi", b"hdrl", b"strl", b"vids"))
_RIFF = _tree(
    st.builds(bytes.__add__, _FORMS, _LEAF), _chunk, [b"RIFF", b"LIST", b"avih", b"strh", b"indx", b"idx1"]
)  # fmt: skip
_BOXES = _tree(
    _LEAF, _box, b"ftyp moov trak mdia minf stbl stco co64 mdat moof mfra mvex free".split()
)
_IDS = [
    bytes.fromhex(each)
    for each in (
        "1a45dfa3",
        "18538067",
        "114d9b74",
        "4dbb",
        "53ab",
        "53ac",
        "1f43b675",
        "ec",
        "1c53bb6b",
    )
]
_EBML = _tree(_LEAF, _element, _IDS)


def _some(trees: st.SearchStrategy[bytes], first: bytes = b"") -> st.SearchStrategy[bytes]:
    return st.lists(trees, max_size=5).map(lambda each: first + b"".join(each))


_VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.sampled_from(NUMBERS)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


def _document(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    """An object with some of these keys, each with any value at all."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(keys, _VALUES))


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


_TASK = _document(
    "task_id", "status", "label", "is_ok", "is_paused", "faults", "nice_status", "nice_status_short_description",
    "files_transferred", "files_skipped", "bytes_transferred", "effective_bytes_per_second", "fatal_error",
    "canceled_by_admin", "canceled_by_admin_message", "completion_time", "history_deleted", "subtasks_skipped_errors",
    "destination_endpoint_id", "source_endpoint_display_name",
)  # fmt: skip
_ENTRY = _document("name", "type", "size", "last_modified", "link_target")
_EVENT = _document(
    "code",
    "details",
    "description",
    "time",
    "error_code",
    "error_details",
    "source_path",
    "size",
    "checksum",
)
_PAUSE = st.fixed_dictionaries(
    {},
    optional={
        "pause_rules": st.lists(_document("message"), max_size=3),
        "source_pause_message": TEXTS,
    },
)


def _list(rows: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"DATA": st.lists(rows, max_size=4)},
        optional={"next_marker": _VALUES, "total": _VALUES, "has_next_page": _VALUES},
    )


def _answers(*documents: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    heads = st.sampled_from(
        (
            b"200",
            b"200",
            b"200",
            b"400",
            b"403",
            b"404",
            b"409",
            b"429|Retry-After:inf",
            b"502",
            b"503",
        )
    )
    bodies = st.tuples(*documents).map(lambda each: SEPARATOR.join(map(_json, each)))
    return st.builds(lambda head, body: head + b"\n" + body, heads, bodies)


_KEYS = st.sampled_from(
    ["rig", "store", "quiet_time", "h2o", "archive", "conventions", "local_endpoint", "local_endpoint_subdir", "poll",
     "local_endpoint_local_path", "path", "finished", "file_types", "exclude", "address", "prefix", "file", "max_bytes"]
)  # fmt: skip
_SECTIONS = st.sampled_from(
    ["archived", "globus", "transfer", "subjects", "datajoint", "retrieve", "location:a", "location:b", "convention:c", "x"]
)  # fmt: skip
_SETTINGS = st.one_of(
    TEXTS,
    st.sampled_from(["/data/raw", "10m", "yes", "catgt", "{h2o}/{date:%Y%m%d}", "mysql://a:b@c/d", "5b875fda-4185-11e8-bb52-0ac6873fc732:/x"]),
)  # fmt: skip
_LINES = st.one_of(
    st.builds("[{}]".format, _SECTIONS),
    st.builds("{} = {}".format, _KEYS, _SETTINGS),
    st.builds("    {}".format, _SETTINGS),
    TEXTS,
)
_ATTRIBUTES = st.sampled_from(
    ["files", "bytes", "session_date", "rig", "state", "subject_id", "no_such", "`size`", "ident"]
)
_LITERALS = st.one_of(
    st.integers(), st.floats(), TEXTS.map(repr), st.sampled_from(["NULL", "DATE '2019-01-01'", "true", "x'41'", "-(-3)"])
)  # fmt: skip
_COMPARISONS = st.one_of(
    st.builds(
        "{} {} {}".format,
        _ATTRIBUTES,
        st.sampled_from(["=", "!=", "<", ">", "<=", ">=", "<>", "<=>", "LIKE", "RLIKE", "IS"]),
        _LITERALS,
    ),
    st.builds("{} IN ({}, {})".format, _ATTRIBUTES, _LITERALS, _LITERALS),
    st.builds("{} BETWEEN {} AND {}".format, _ATTRIBUTES, _LITERALS, _LITERALS),
    st.builds("{} IS NOT NULL".format, _ATTRIBUTES),
)
_CONDITIONS = st.recursive(
    _COMPARISONS,
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("NOT {}".format, inner),
        st.builds(
            "{} {} {}".format, inner, st.sampled_from(["AND", "OR", "XOR", "&&", "||"]), inner
        ),
    ),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    ["{h2o}", "{date:%Y%m%d}", "{date:%j%y}", "{ident}", "{a:int}", "{b:word}", "{c:digits}", "{s:mark}", "[_{i:label}]", "x", "_"]
)  # fmt: skip
_TEMPLATES = st.lists(
    st.lists(st.one_of(_FIELDS, TEXTS), min_size=1, max_size=5).map("".join), min_size=1, max_size=4
).map("/".join)  # fmt: skip
_CELLS = st.one_of(
    st.sampled_from(["407513", "SC011", "dl7", "4.07E+05", '"a', '"a""b"', "a\nb", "=1+1"]), TEXTS
)
_ROWS = st.lists(st.lists(_CELLS, max_size=5).map(",".join), max_size=8)

GRAMMARS: dict[str, st.SearchStrategy[bytes]] = {
    "avi": st.one_of(_some(_RIFF), _some(_RIFF, b"RIFF\x40\0\0\0AVI ")),
    "mp4": _some(_BOXES, b"\0\0\0\x10ftypisom\0\0\0\0"),
    "matroska": _some(_EBML, b"\x1a\x45\xdf\xa3\x80"),
    "mtscomp": _document("chunk_offsets", "chunk_bounds", "shape", "dtype").map(_json),
    "name": PATHS.map(lambda path: path.encode("utf-8", "surrogatepass")),
    "template": _TEMPLATES.map(_encoded),
    "ini": st.lists(_LINES, max_size=20).map(lambda lines: _encoded("\n".join(lines))),
    "import-config": _document(
        "database.host", "database.user", "database.port", "database.prefix", "database.use_tls", "lab.database", "database",
        "globus", "globus.storage_locations", "globus.local_endpoints", "globus.local_endpoint_local_path", "custom",
    ).map(_json),
    "subjects-csv": _ROWS.map(lambda rows: _encoded("\n".join(["subject_id,h2o,x", *rows]))),
    "tokens": st.fixed_dictionaries(
        {"production/abc": st.dictionaries(TEXTS, _document("access_token", "expires_at", "refresh_token", "scope"), max_size=2)}
    ).map(_json),
    "record": _document(
        "version", "path", "location", "convention", "revision", "rig", "first_seen", "files", "events", "fields", "date"
    ).map(_json),
    "condition": _CONDITIONS.map(_encoded),
    "globus-poll": _answers(_TASK, _list(_EVENT), _list(_EVENT), _PAUSE),
    "globus-receipts": _answers(st.just({"status": "SUCCEEDED"}), _list(_EVENT), _list(_EVENT)),
    "globus-list": _answers(_list(_ENTRY)),
    "globus-stat": _answers(_ENTRY),
    "globus-submit": _answers(_document("value"), _document("task_id", "code"), _list(_TASK)),
    "globus-login": _answers(_document("access_token", "expires_in", "resource_server", "scope", "other_tokens", "refresh_token"), _VALUES),
}  # fmt: skip
