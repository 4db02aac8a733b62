"""What is read out of names: conventions, templates, globs, and names as people type them."""

from __future__ import annotations

import warnings

from archived.cli.naming import spellings
from archived.core.conventions import built_in, custom
from archived.core.escaping import escaped, unescaped
from archived.core.filetypes import FileType, Globs, TypeTable
from archived.core.paths import PathError, clash_key, printable, shown
from archived.core.recognition import Recogniser
from archived.core.records import is_sound
from archived.core.template import DEFAULT_H2O, Template, TemplateError
from tests.fuzz.target import Shape, Target, safe_to_show

_CONVENTIONS = {
    **built_in(DEFAULT_H2O),
    "own": custom(
        "own",
        paths=("{h2o}/{date:%Y-%m-%d}[_{ident}]/2p", "{a}_{b}/{date:%j%y}/{session:int2}[x{d:digits}]"),
        finished=("quiet",),
        h2o=DEFAULT_H2O,
    ),
}  # fmt: skip
NAMES = (
    "SC011/catgt_SC011_022319_g0/SC011_022319_g0_tcat.imec0.ap.bin",
    "SC011/SC011_022319_g0/SC011_022319_g0_imec0/SC011_022319_g0_t0.imec0.ap.meta",
    "dl55/20190108/video/dl55_side_19-0000.avi",
    "side/DL027/2021_07_01/DL027_side_1.mp4",
    "SC011/2019-02-23_abc/2p/x.tif",
    "catgt_SC011_S02_20190223_NP1.0_Midbrain_g12",
    "HH102S10_C04P02/x.ap.bin",
    "SC011/catgt_SC011_023019_g0",
    ".archived/v1/SC011/record.json",
)
TOKENS = (
    b"SC011", b"catgt_", b"supercat_", b"_g0", b"022319", b"20190223", b"2019-02-23", b"/video", b"_imec0", b"/", b"..",
    b"_S02", b"\xff", b"\x1b", b"_" * 100, b"1" * 100, b"a" * 250,
)  # fmt: skip
TEMPLATES = (
    "{h2o}/catgt_{h2o}[{session:mark}]_{date:%m%d%y}[_{ident}]_g{run:int}",
    "{camera:word}/{h2o}/{date:%Y_%m_%d}[_{ident:label}]",
    "{h2o}/{date:%Y-%m-%d}[_{ident}]/2p",
    "{a}{b}/x{d:digits}",
    "x_{date:%j%Y}[-{n:int9}]",
)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _name(data: bytes) -> None:
    path = _text(data)
    if not is_sound(path):
        return  # no disk has it
    recogniser = Recogniser([("raw", tuple(_CONVENTIONS.values()))])
    found, miss = recogniser.find(path), recogniser.near_miss(path)
    if found is not None:
        folder = found.recording.path
        assert path == folder or path.startswith(f"{folder}/")
        assert not {"", ".", ".."} & set(folder.split("/"))
        assert "\0" not in folder
        assert miss is None
        assert found.recording.h2o is None or found.recording.h2o in folder
    if miss is not None:
        assert safe_to_show(miss.why)
        assert len(miss.why) < 1000
        assert path == miss.path or path.startswith(f"{miss.path}/")
    for convention in _CONVENTIONS.values():
        assert convention.file_type(path)
        convention.excludes(path)


def _template(data: bytes) -> None:
    template = Template(_text(data))
    for path in NAMES:
        values = template.parse(path)
        if values is not None:
            assert template.parse(template.build(**values)) == values
        if (miss := template.explain(path)) is not None:
            assert safe_to_show(miss.why) or not safe_to_show(template.text)


def _h2o(data: bytes) -> None:
    """A pattern of a configuration: refused, or good for every name of a length that a disk allows."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        template = Template("{h2o}/{date:%Y%m%d}", h2o=_text(data))
    long = (each * 255 for each in "aA1")
    for name in (
        *NAMES,
        "a/20190223",
        "aaaa1111/20190223",
        *(f"{each[:254]}!/20190223" for each in long),
    ):
        values = template.parse(name)
        assert values is None or "/" not in str(values["h2o"])


def _globs(data: bytes) -> None:
    globs = [each for each in _text(data).split("\n") if each][:20]
    fitting, table = Globs(globs), TypeTable([FileType(each, "a-type") for each in globs])
    for path in (*NAMES, "a" * 255, "ab" * 120 + "/" + "a" * 250 + "!"):
        assert table.find(path) in ("a-type", "unknown")
        # One says that a glob fits exactly where the other does.
        # (What a slash in brackets or at an end means is for each to say.)
        if "/" in "".join(globs):
            continue
        assert fitting.fit(path) is (table.find(path) == "a-type")


def _escapes(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    assert unescaped(escaped(text)) == text
    escaped(text).encode()
    unescaped(text)
    assert safe_to_show(printable(text))
    assert safe_to_show(shown(text))
    assert printable(printable(text)) == printable(text)
    clash_key(text)
    meant = spellings(text)
    assert meant[0] == text
    assert all(printable(each) == printable(meant[-1]) or each == text for each in meant)
    if "\\" not in text:
        assert text in spellings(printable(text))


TARGETS = (
    Target("name", _name, lambda: [name.encode() for name in NAMES], tokens=TOKENS, shape=Shape.TEXT, longest=3000),
    Target("template", _template, lambda: [each.encode() for each in TEMPLATES], allowed=(TemplateError,),
           tokens=(b"{h2o}", b"{date:%Y%m%d}", b"{ident}", b"[", b"]", b"{", b"}", b":", b"/", b"%", b"int", b"{a:word}"),
           shape=Shape.TEXT, longest=2000),
    Target("h2o", _h2o, lambda: [DEFAULT_H2O.encode(), b"[A-Z]+\\d{3}", b"(?:dl|DL)\\d+", b"[^/_]{1,9}"],
           allowed=(TemplateError,), tokens=(b"(?:", b")", b"*", b"+", b"?", b"{2,}", b"[^/]", b"|", b"\\d", b".", b"(?i)",
                                             b"(?P<x>", b"(?=", b"\\1", b"(?#", b"[A-Z]", b"a", b"{1,9}"), shape=Shape.TEXT, longest=80),
    Target("globs", _globs, lambda: [b"*.imec*.sy*.txt\n*_#-#.avi\ncluster_*.tsv", b"*ks25*/[a-z]?.npy", b"[!a]*[z-a]"],
           tokens=(b"*", b"?", b"[", b"]", b"#", b"!", b"-", b"/", b"*a*a*a*a*", b"[]]", b"\\"), shape=Shape.TEXT,
           longest=300),
    Target("escapes", _escapes, lambda: [b"a\\xffb\\\\n", b"\x1b[31m\\x1b", "é日\\ud800\\U0001f600".encode()],
           allowed=(PathError,), tokens=(b"\\x", b"\\u", b"\\U", b"\\\\", b"\\n", b"\xff", b"\xed\xa0\x80"), shape=Shape.TEXT,
           longest=2000),
)  # fmt: skip
