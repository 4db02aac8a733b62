"""What holds for the conventions together, and for a lab's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archived.core.conventions import BUILT_IN, FINISHED, Convention, FileType, built_in, custom
from archived.core.formats import known_rule
from archived.core.model import Answer
from archived.core.template import Template, TemplateError
from archived.core.template.syntax import fields_in
from tests import media
from tests.core.formats.memory import Disk
from tests.core.hostile import ANIMALS, PATHS

CONVENTIONS = built_in()
TEMPLATES = [
    (name, template)
    for name, convention in CONVENTIONS.items()
    for template in convention.templates
]
TEXTS = st.text(min_size=1, max_size=12)
VALUES = {
    "text": TEXTS | st.sampled_from(["g0", "x_g1", "g0_imec1", "NP1.0_Midbrain", "2", "video"]),
    "label": TEXTS | st.sampled_from(["g0", "x_g1", "g0_imec1", "after.lunch", "2"]),
    "word": st.from_regex(r"[A-Za-z]{1,8}(?:_[A-Za-z]{1,8})?(?:_?[0-9]{1,2})?", fullmatch=True),
    "int1": st.integers(0, 999_999_999),
    "mark": st.integers(0, 999),
}


@st.composite
def built(draw: st.DrawFn) -> tuple[str, Template, dict[str, object], str]:
    """A convention, one of its templates, values for its fields, and the path for them."""
    name, template = draw(st.sampled_from(TEMPLATES))
    h2o = draw(ANIMALS)
    values: dict[str, object] = {}
    for component in template.components:
        for field, optional in fields_in(component):
            if field.name == "h2o":
                values["h2o"] = h2o
            elif field.name == "date":
                values["date"] = draw(st.dates(date(1970, 1, 1), date(2068, 12, 31)))
            elif not optional or draw(st.booleans()):
                values[field.name] = draw(VALUES[field.kind.spec])
    try:
        return name, template, values, template.build(**values)
    except TemplateError:
        # An ident that a disk cannot hold or that belongs to SpikeGLX: nothing else may be refused.
        assert re.search(r"[/\0]|(\A|_)(g\d+|imec\d*)(_|\Z)", str(values.pop("ident", "")))
        return name, template, values, template.build(**values)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_file_that_is_being_written_holds_any_convention_up(name: str) -> None:
    for file, content in (
        ("SC011_022319_g0_t0.imec0.ap.meta", b"nSavedChans=385\n~snsChanMap=(1)\n"),
        ("SC011_side_1.avi", media.video("avi")[:-9]),
        ("SC011_side_1.mp4", media.video("mp4")[:-9]),
    ):
        verdicts = Disk({file: content}).judge(*CONVENTIONS[name].finished).verdicts
        assert {one.answer for one in verdicts} & {Answer.UNFINISHED, Answer.CONTRADICTION}, file


@given(built())
def test_what_a_template_builds_its_convention_reads_back(
    example: tuple[str, Template, dict[str, object], str],
) -> None:
    name, _, values, path = example

    recording = CONVENTIONS[name].recognise(path)

    assert recording is not None
    assert (recording.h2o, recording.date) == (values["h2o"], values["date"])
    assert recording.ident == values.get("ident")
    others = {k: str(v) for k, v in values.items() if k not in ("h2o", "date", "ident")}
    assert recording.fields == others


@given(built())
def test_no_two_conventions_claim_the_same_path(
    example: tuple[str, Template, dict[str, object], str],
) -> None:
    name, _, _, path = example

    assert [key for key, one in CONVENTIONS.items() if one.recognise(path)] == [name]


@given(built())
def test_no_recording_lies_inside_another(
    example: tuple[str, Template, dict[str, object], str],
) -> None:
    _, template, _, path = example
    names = path.split("/")

    for count in range(1, len(names)):
        above = "/".join(names[:count])
        assert template.leads_to(above)
        assert not any(one.recognise(above) for one in CONVENTIONS.values())


@given(PATHS)
def test_hostile_names_never_crash_and_are_claimed_at_most_once(path: str) -> None:
    claims = [one for one in CONVENTIONS.values() if one.recognise(path)]

    assert len(claims) <= 1
    for one in CONVENTIONS.values():
        assert one.file_type(path)
        one.nearest(path)
        one.excludes(path)


def test_the_list_of_names_is_the_list_of_conventions() -> None:
    assert tuple(CONVENTIONS) == BUILT_IN
    assert [one.name for one in CONVENTIONS.values()] == list(BUILT_IN)


def test_every_rule_that_a_convention_names_exists() -> None:
    assert all(known_rule(rule) for one in CONVENTIONS.values() for rule in one.finished)
    assert all(known_rule(rule) for rule in FINISHED)


def test_a_rigs_pattern_of_animals_reaches_every_convention() -> None:
    own = built_in(r"\d{6}")

    for path, name in {
        "407513/catgt_407513_022319_g0": "catgt",
        "407513/407513_022319_g0": "spikeglx",
        "407513/02232019/video": "tracking-video",
    }.items():
        assert [key for key, one in own.items() if one.recognise(path)] == [name]
        assert not any(one.recognise(path) for one in CONVENTIONS.values())


def test_a_wide_pattern_of_animals_does_not_make_catgts_folders_animals() -> None:
    wide = built_in(r"[A-Za-z0-9_]+")

    for path in ("catgt_SC011_022319_g0", "SC011/catgt_SC011_022319_g0", "supercat_A_022319_g0"):
        assert [key for key, one in wide.items() if one.recognise(path)] == ["catgt"]


def test_a_pattern_that_cannot_work_is_refused_in_its_own_words() -> None:
    with pytest.raises(TemplateError, match=r"the h2o pattern '\(SC\)' cannot be used: it holds"):
        built_in("(SC)")


# A lab's own


def own(**changes: object) -> Convention:
    settings: dict[str, object] = {
        "paths": ["{h2o}/{date:%Y-%m-%d}[_{ident}]/2p", "2p/{h2o}_{date:%Y%m%d}_{depth:int}um"],
        "finished": ["quiet"],
        **changes,
    }
    return custom("two-photon", **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "ident", "fields"),
    [
        ("SC011/2019-02-23/2p", None, {}),
        ("SC011/2019-02-23_a.b/2p", "a.b", {}),
        ("2p/SC011_20190223_150um", None, {"depth": "150"}),
    ],
)
def test_a_labs_own_convention_needs_no_code(
    path: str, ident: str | None, fields: Mapping[str, str]
) -> None:
    recording = own().recognise(path)

    assert recording is not None
    assert (recording.convention, recording.h2o) == ("two-photon", "SC011")
    assert (recording.date, recording.ident) == (date(2019, 2, 23), ident)
    assert recording.fields == fields


def test_a_recording_may_have_neither_animal_nor_date() -> None:
    recording = own(paths=["calibration/{name}"]).recognise("calibration/laser")

    assert recording is not None
    assert (recording.h2o, recording.date, recording.ident) == (None, None, None)
    assert recording.fields == {"name": "laser"}


def test_a_labs_own_convention_keeps_its_settings() -> None:
    convention = own(
        quiet_time=timedelta(hours=1),
        exclude=["*.tmp", "cache/*"],
        finished=["sentinel:*.done", "quiet"],
        file_types=[FileType("*.tif", "two-photon-tiff")],
        h2o="m[0-9]",
    )

    assert convention.quiet_time == timedelta(hours=1)
    assert convention.finished == ("sentinel:*.done", "quiet")
    assert convention.excludes("a/b.tmp")
    assert convention.excludes("a/cache/x")
    assert not convention.excludes("a/cache/b/x")
    assert convention.file_type("m1/x.TIF") == "two-photon-tiff"
    assert convention.recognise("m1/2019-02-23/2p")
    assert not convention.recognise("SC011/2019-02-23/2p")


@pytest.mark.parametrize(
    ("finished", "path", "file_type"),
    [
        (["spikeglx"], "a/x.imec0.ap.bin", "ephys-raw-neuropixels-ap-bin"),
        (["catgt"], "a/x.imec0.ap.bin", "ephys-raw-neuropixels-ap-bin"),
        (["video"], "a/SC011_side_1.avi", "tracking-video-trial"),
        (["mp4"], "a/SC011_side_1.mp4", "tracking-video-trial"),
        (["quiet"], "a/SC011_side_1.avi", "unknown"),
    ],
)
def test_files_are_called_as_those_finished_by_the_same_rule(
    finished: list[str], path: str, file_type: str
) -> None:
    assert own(finished=finished).file_type(path) == file_type


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"paths": []}, "has no path"),
        ({"paths": ["{h2o"]}, "at character 1"),
        ({"finished": []}, "when it is finished"),
        ({"finished": ["soon"]}, "there is no rule 'soon'; known are spikeglx"),
        ({"finished": ["sentinel:"]}, "needs the name of its file"),
        ({"h2o": "("}, "h2o pattern"),
    ],
)
def test_a_mistake_in_a_labs_own_convention_is_told(
    changes: Mapping[str, object], expected: str
) -> None:
    with pytest.raises(TemplateError, match=expected):
        own(**changes)
