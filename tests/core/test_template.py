"""Templates read paths and write them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archived.core.template import DEFAULT_H2O, Template, TemplateError
from tests.core.hostile import ANIMALS, PATHS

CATGT = Template("{h2o}/catgt_{h2o}_{date:%m%d%y}[_{ident}]_g{run:int}")


def nearly(template: Template, path: str) -> str:
    miss = template.explain(path)
    assert miss is not None
    return miss.why


# Reading


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("SC011/catgt_SC011_022319_g0", {"h2o": "SC011", "date": date(2019, 2, 23), "run": 0}),
        (
            "SC024/catgt_SC024_092319_NP1.0_Midbrain_g12",
            {"h2o": "SC024", "date": date(2019, 9, 23), "ident": "NP1.0_Midbrain", "run": 12},
        ),
        (
            "NR_0013/catgt_NR_0013_092319_g0",
            {"h2o": "NR_0013", "date": date(2019, 9, 23), "run": 0},
        ),
        (
            "SC011/catgt_SC011_022319_a_g1_g0",
            {"h2o": "SC011", "date": date(2019, 2, 23), "ident": "a_g1", "run": 0},
        ),
    ],
)
def test_a_path_is_read_into_typed_values(path: str, values: Mapping[str, object]) -> None:
    assert CATGT.parse(path) == values


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("010121", date(2021, 1, 1)),
        ("123119", date(2019, 12, 31)),
        ("123018", date(2018, 12, 30)),
        ("022920", date(2020, 2, 29)),
    ],
)
def test_two_digits_are_the_year_of_the_calendar_also_around_new_year(name: str, day: date) -> None:
    path = f"SC048/catgt_SC048_{name}_g0"

    values = CATGT.parse(path)

    assert values is not None
    assert values["date"] == day
    assert CATGT.build(h2o="SC048", date=day, run=0) == path


@pytest.mark.parametrize("name", ["022919", "023020", "130119", "000119", "010019", "02231"])
def test_what_is_no_day_of_the_calendar_is_no_date(name: str) -> None:
    assert CATGT.parse(f"SC011/catgt_SC011_{name}_g0") is None


def test_eight_digits_are_read_in_one_spelling_only() -> None:
    american, iso = Template("{date:%m%d%Y}"), Template("{date:%Y%m%d}")

    for text in ("08082019", "20190808", "12202019", "20191220", "19991231"):
        assert (american.parse(text) is None) != (iso.parse(text) is None)


def test_a_field_that_stands_twice_must_be_the_same() -> None:
    assert CATGT.parse("SC011/catgt_SC012_022319_g0") is None


def test_a_date_in_two_spellings_must_be_the_same_day() -> None:
    template = Template("{date:%Y-%m-%d}/{h2o}_{date:%m%d%y}")

    assert template.parse("2019-02-23/SC011_022319") == {"h2o": "SC011", "date": date(2019, 2, 23)}
    assert template.parse("2019-02-23/SC011_022419") is None


def test_animals_that_differ_in_case_or_zeros_are_different_animals() -> None:
    template = Template("{h2o}/{h2o}_{date:%Y%m%d}")

    assert template.parse("dl4/DL4_20190223") is None
    assert template.parse("DL4/DL004_20190223") is None
    for h2o in ("dl4", "DL4", "DL004", "dl004"):
        assert template.parse(f"{h2o}/{h2o}_20190223") == {"h2o": h2o, "date": date(2019, 2, 23)}


@pytest.mark.parametrize("h2o", ["SC011", "dl7", "DL004", "FOR12", "BCI14", "NR_0013", "tw5"])
def test_the_usual_names_of_animals_are_known(h2o: str) -> None:
    assert Template("{h2o}").parse(h2o) == {"h2o": h2o}


@pytest.mark.parametrize("name", ["video", "tracking", "histology", "catgt_SC1", "2018", "SC٣٣"])
def test_other_names_are_no_animals(name: str) -> None:
    assert Template("{h2o}").parse(name) is None


def test_a_rig_may_have_its_own_names_of_animals() -> None:
    template = Template("{h2o}/{date:%Y%m%d}", h2o=r"\d{6}|mouse-[a-z]+")

    assert template.parse("407513/20190223") == {"h2o": "407513", "date": date(2019, 2, 23)}
    assert template.parse("mouse-anna/20190223") == {
        "h2o": "mouse-anna",
        "date": date(2019, 2, 23),
    }
    assert template.parse("SC011/20190223") is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "SC011",
        "SC011/",
        "/SC011",
        "SC011/..",
        "SC011/.",
        "SC011//x",
        "SC011/a\0b",
        "a/b/c",
    ],
)
def test_what_is_no_path_from_the_root_is_not_read(path: str) -> None:
    assert Template("{h2o}/{ident}").parse(path) is None


def test_digits_keep_their_zeros_and_numbers_do_not() -> None:
    template = Template("{h2o}_{time:digits}_{number:int}")

    assert template.parse("SC011_091500_007") == {"h2o": "SC011", "time": "091500", "number": 7}


# Writing


def test_a_missing_part_is_left_out() -> None:
    day = date(2019, 2, 23)

    assert CATGT.build(h2o="SC011", date=day, run=0) == "SC011/catgt_SC011_022319_g0"
    assert CATGT.build(h2o="SC011", date=day, run=0, ident="ex") == "SC011/catgt_SC011_022319_ex_g0"


def test_numbers_are_written_as_wide_as_they_are_wanted() -> None:
    assert Template("{h2o}_S{session:int2}").build(h2o="HH08", session=2) == "HH08_S02"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"h2o": "SC011", "run": 0}, "needs a value for date"),
        ({"h2o": "SC011", "run": 0, "date": date(2019, 2, 3), "probe": 1}, "no field probe"),
        ({"h2o": "SC011", "run": -1, "date": date(2019, 2, 3)}, "whole number"),
        ({"h2o": "SC011", "run": "0", "date": date(2019, 2, 3)}, "whole number"),
        ({"h2o": "SC011", "run": 0, "date": "020319"}, "a date was expected"),
        ({"h2o": "SC/11", "run": 0, "date": date(2019, 2, 3)}, "read back"),
        ({"h2o": "video", "run": 0, "date": date(2019, 2, 3)}, "read back"),
        ({"h2o": "SC011", "run": 0, "date": date(2019, 2, 3), "ident": "a/b"}, "read back"),
        ({"h2o": "SC011", "run": 0, "date": date(1919, 2, 3)}, "read back"),
        ({"h2o": "SC011", "run": 0, "date": date(2019, 2, 3), "ident": ""}, "a text was expected"),
    ],
)
def test_what_would_not_be_read_back_is_not_written(
    fields: Mapping[str, object], expected: str
) -> None:
    with pytest.raises(TemplateError, match=expected):
        CATGT.build(**fields)


def test_half_an_optional_part_is_not_written() -> None:
    with pytest.raises(TemplateError, match="needs a value for camera too"):
        Template("{h2o}[_{camera:word}_{number:int}]").build(h2o="SC011", number=1)


@given(
    h2o=ANIMALS,
    day=st.dates(date(1969, 1, 1), date(2068, 12, 31)),
    ident=st.none() | st.text(min_size=1, max_size=30),
    run=st.integers(0, 10**9 - 1),
)
def test_what_is_written_is_read_back(h2o: str, day: date, ident: str | None, run: int) -> None:
    given_values = {"h2o": h2o, "date": day, "ident": ident, "run": run}
    expressible = ident is None or not {"/", "\0"} & set(ident)
    try:
        path = CATGT.build(**given_values)
    except TemplateError:
        assert not expressible
    else:
        assert CATGT.parse(path) == {k: v for k, v in given_values.items() if v is not None}


@given(
    st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(["%Y%m%d", "%d.%m.%Y", "%Y-%j"])
)
def test_every_day_is_read_back_in_every_spelling(day: date, spelling: str) -> None:
    template = Template(f"{{date:{spelling}}}")

    assert template.parse(template.build(date=day)) == {"date": day}


# Hostile names


TEMPLATES = [
    CATGT,
    Template("{a}_{b}/{c}_{d}/{e}_{f}"),
    Template("{camera:word}_{side:word}/{h2o}[_{ident}][_{other}]"),
    Template("{date:%Y-%j}{time:digits}/{h2o}"),
]


@given(PATHS, st.sampled_from(TEMPLATES))
def test_hostile_names_are_read_or_refused_and_never_crash(path: str, template: Template) -> None:
    values = template.parse(path)
    if values is not None:
        assert template.required <= values.keys()
    template.explain(path)
    template.leads_to(path)


@pytest.mark.parametrize(
    "name",
    ["_" * 255, "_g" * 127, "a_" * 127, "A" * 255, "1" * 255, "_g1" * 85, "SC1_" * 60, "x" * 10**6],
)
@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_long_hostile_names_cost_next_to_nothing(template: Template, name: str) -> None:
    template.explain("/".join(["x"] * template.depth))  # its expressions are made on first use
    path = "/".join([name] * template.depth)

    began = time.perf_counter()
    template.parse(path)
    template.explain(path)

    assert time.perf_counter() - began < 2


# Mistakes in a template


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "must not be empty"),
        ("video/raw", "has no field"),
        ("/{h2o}", "at character 1: the name of a folder"),
        ("{h2o}/", "at character 7: the name of a folder"),
        ("{h2o}//x", "the name of a folder"),
        ("{h2o}/../x", "not names of folders"),
        ("{h2o}\\x", "separated by '/'"),
        ("{h2o", "at character 1: a field such as"),
        ("h2o}", "at character 4: a field such as"),
        ("{H2O}", "a field such as"),
        ("{}", "a field such as"),
        ("{h2o}[_{ident}", "at character 15: a '\\]' was expected"),
        ("{h2o}]", "at character 6: this '\\]' ends no optional part"),
        ("{h2o}[[_{ident}]]", "another one"),
        ("{h2o}[x]", "must hold a field"),
        ("{h2o}[/{ident}]", "write two templates"),
        ("{h2o}/[{ident}]", "wholly optional"),
        ("{h2o:int}", "takes no type"),
        ("{date}", "needs a spelling"),
        ("{date:%m%d%g}", "ISO week"),
        ("{date:%G%m%d}", "ISO week"),
        ("{date:%m%d}", "one year"),
        ("{date:%Y%m%d%d}", "one year"),
        ("{date:%Y%b%d}", "%b is not understood"),
        ("{date:%Y%m%d%}", "% is not understood"),
        ("{date:%Y/%m/%d}", "must not hold a '/'"),
        ("{run:float}", "no type 'float'; known are int"),
        ("{a}_{b}_{c}", "2 fields of free text"),
        ("{h2o}[_{ident}]_{ident}", "must not stand anywhere else"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_was_expected(text: str, expected: str) -> None:
    with pytest.raises(TemplateError, match=expected):
        Template(text)


@given(st.text(alphabet="{}[]/:%_ahYmd2o.\n", max_size=25))
def test_any_text_is_a_template_or_a_mistake(text: str) -> None:
    try:
        template = Template(text)
    except TemplateError:
        return
    assert template.text == text
    assert template.required | template.optional


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[A-Z", "unterminated"),
        (r"([A-Z]+)\d+", "capturing group"),
        ("[A-Z]*", "empty name"),
        (".+", "accepts a '/'"),
        (r"\D+", "accepts a '/'"),
        ("[^_]+", "accepts a '/'"),
        (r"(?:[A-Z]+\d*)+", "too many ways"),
        (r"(?:[A-Z]{1,3})+\d", "too many ways"),
        (r"(?:(?:[A-Z]+))+x", "too many ways"),
        (r"(?:A|AA)+x", "too many ways"),
        (r"(?:A?){30}A{30}", "too many ways"),
        ("A?" * 30 + "A" * 30, "too many ways"),
        (r"[A-Z]+[A-Z]+[A-Z]+x", "too many ways"),
        (r"(?x:a # (" + "\n)", "more is in it than"),
        ("[[A-Z]", "later Python"),
        ("[a--b]", "later Python"),
        ("(?i)sc", "global flags"),
        ("SC)(?:1", "unbalanced"),
        (r"SC\1", "invalid group"),
    ],
)
def test_a_pattern_of_animals_that_cannot_work_is_refused(pattern: str, expected: str) -> None:
    with pytest.raises(TemplateError, match=expected):
        Template("{h2o}", h2o=pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            DEFAULT_H2O,
            r"[^/_]+",
            r"(?i:sc)\d{3}",
            r"m\.\d+",
            "A|B",
            r"[A-Z]+_?\d+",
            r"(?:\d{2}){3}",
        ),
        *(r"[]a\]]+", r"SC\d{3}(?!\d)", r"(?:[a-z]{2,4}-){0,2}\d{1,4}"),
    ],
)
def test_a_pattern_of_animals_that_works_is_taken(pattern: str) -> None:
    assert Template("{h2o}_{date:%Y%m%d}", h2o=pattern).required == {"h2o", "date"}


def test_templates_of_the_same_text_are_equal_and_cannot_be_changed() -> None:
    template = Template("{h2o}")

    assert template == Template("{h2o}")
    assert template != Template("{h2o}", h2o="X")
    with pytest.raises(AttributeError):
        template.text = "x"  # type: ignore[misc]


# Near misses


@pytest.mark.parametrize(
    ("path", "field", "why"),
    [
        (
            "HH102/catgt_HH102S10_C04P02_g0",
            "",
            "'catgt_HH102S10_C04P02_g0' looks like a recording, but there is no date in it",
        ),
        (
            "SC035/catgt_SC035_01072O_g0",
            "date",
            "a date written MMDDYY was expected after 'catgt_SC035_', found '01072O_g0'",
        ),
        (
            "SC035/catgt_SC035_023020_g0",
            "date",
            "'023020', read as MMDDYY, is no day of the calendar",
        ),
        ("SC035/catgt_SC036_010720_g0", "h2o", "h2o is 'SC036' here and 'SC035' in a folder above"),
        ("dl4/catgt_DL004_010720_g0", "h2o", "h2o is 'DL004' here and 'dl4' in a folder above"),
        ("SC035/catgt_SC035_010720_ex", "", "'catgt_SC035_010720_ex' lacks '_g{run:int}'"),
        ("SC035/catgt_SC035_010720ex_g0", "", "'ex' was not expected after 'catgt_SC035_010720'"),
        ("SC035/catgt_SC035_010720_g0x", "", "'x' was not expected after 'catgt_SC035_010720_g0'"),
        (
            "SC035/catgt_SC035_010720_gx",
            "run",
            "a number was expected after 'catgt_SC035_010720_g', found 'x'",
        ),
        (
            "mouse/catgt_SC035_010720_g0",
            "h2o",
            "an animal's name (h2o) was expected, found 'mouse'",
        ),
        (
            "data/SC035/catgt_SC035_010720_g0",
            "",
            "it would fit if it lay in the root itself, not in 'data'",
        ),
        ("catgt_SC035_010720_g0", "", "a folder '{h2o}' was expected above it"),
        (
            "SC035/catgt_SC035-010720_g0",
            "",
            "'_' was expected after 'catgt_SC035', found '-010720_g0'",
        ),
    ],
)
def test_what_nearly_fits_is_told_why_it_does_not(path: str, field: str, why: str) -> None:
    miss = CATGT.explain(path)

    assert miss is not None
    assert (miss.field, miss.why) == (field, why)
    assert miss.template == CATGT.text
    assert 0.5 <= miss.score < 1


@pytest.mark.parametrize("path", ["SC011/catgt_SC011_022319_g0", "SC011/notes", "a/b/c", "x", ""])
def test_what_fits_or_is_nothing_alike_needs_no_explanation(path: str) -> None:
    assert CATGT.explain(path) is None


def test_an_explanation_of_a_hostile_name_is_safe_to_print() -> None:
    why = nearly(CATGT, "SC035/catgt_SC035_010720\n\x1b[31m\u202e\udcff_g0")

    assert why == r"'\n\x1b[31m\u202e\xff' was not expected after 'catgt_SC035_010720'"


def test_the_more_fits_the_nearer_it_is() -> None:
    close = CATGT.explain("SC035/catgt_SC035_01072O_g0")
    far = CATGT.explain("SC035/catgt_SC035_01072O")

    assert close is not None
    assert far is not None
    assert close.score > far.score


def test_the_folders_above_a_recording_lead_to_it() -> None:
    template = Template("{h2o}/{date:%Y-%m-%d}[_{ident}]/video")

    assert template.leads_to("SC011")
    assert template.leads_to("SC011/2019-01-08_ex")
    assert not template.leads_to("SC011/2019-01-08_ex/video")
    assert not template.leads_to("SC011/2019-02-30")
    assert not template.leads_to("archive")
