"""The list of subjects: what is right in it is used, what is wrong is told by its line, nothing is guessed."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archived.core.subjects import (
    Subject,
    SubjectList,
    read_csv,
    read_rows,
    waits_for_subject,
    why_no_h2o,
)
from archived.core.template import DEFAULT_H2O

H2OS = st.from_regex(r"\A[A-Za-z]{2,6}[0-9]{1,4}\Z")
NUMBERS = st.integers(1, 10**8).map(str)
TEXTS = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\x00\r"), max_size=12
).filter(lambda text: text == text.strip())


def pairs(found: SubjectList) -> dict[str, str]:
    return {each.h2o: each.subject for each in found.subjects}


def told(found: SubjectList) -> dict[int, str]:
    return {each.line: each.why for each in found.bad}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_spelling_of_csv_is_read(separator: str, start: bytes, end: str) -> None:
    rows = [("water_restriction_number", "sex", "subject_id"), ("SC011", "F", "407513")]
    content = start + end.join(separator.join(row) for row in rows).encode()

    assert read_csv(content) == SubjectList((Subject("407513", "SC011", {"sex": "F"}),))


def test_headings_may_be_written_with_capitals_and_blanks() -> None:
    assert pairs(read_csv(b"Subject_ID , H2O\n 407513 , SC011 \n")) == {"SC011": "407513"}


def test_letter_case_of_an_animal_matters() -> None:
    found = read_csv(b"subject_id,h2o\n1,dl4\n2,DL004\n3,DL4\n")

    assert pairs(found) == {"dl4": "1", "DL004": "2", "DL4": "3"}
    assert found.bad == ()


def test_bad_lines_are_told_by_their_numbers_and_the_others_are_used() -> None:
    found = read_csv(
        b'subject_id,h2o,note\n1,SC001,"two\nlines"\n,SC002,\n3,,\n\n5,SC-no-11,\n6,SC006,a,b\n'
        b"7,SC007,\xff\n8.0,SC008,\n4.07513E+05,SC009,\n10,SC010,"
    )

    assert pairs(found) == {"SC001": "1", "SC010": "10"}
    assert list(told(found)) == [4, 5, 7, 8, 9, 10, 11]
    assert "subject_id is empty" in told(found)[4]
    assert "h2o is empty" in told(found)[5]
    assert "'SC-no-11' is no animal's name" in told(found)[7]
    assert "more cells" in told(found)[8]
    assert "not UTF-8" in told(found)[9]
    assert "spreadsheet" in told(found)[10]
    assert "spreadsheet" in told(found)[11]


def test_of_two_subjects_for_one_animal_neither_counts() -> None:
    found = read_csv(b"subject_id,h2o\n1,SC001\n2,SC002\n3,SC001\n")

    assert pairs(found) == {"SC002": "2"}
    assert "subject 1 here and subject 3 in line 4" in told(found)[2]
    assert "subject 3 here and subject 1 in line 2" in told(found)[4]


def test_the_same_said_twice_is_no_mistake_and_a_subject_may_have_two_names() -> None:
    found = read_csv(b"subject_id,h2o\n1,SC001\n1,SC001\n1,SC002\n")

    assert pairs(found) == {"SC001": "1", "SC002": "1"}
    assert found.bad == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"407513,SC011\n",
        b"subject,h2o\n1,SC001\n",
        b"subject_id h2o\n1 SC001\n",
        b"subject_id|h2o\n1|SC001\n",
        b'"subject_id,h2o\n1,SC001\n',
        "subject_id,h2o\n1,SC001\n".encode("utf-16"),
        b"subject_id,h2o,h2o\n1,SC001,SC002\n",
        b"subject_id,h2o,water_restriction_number\n1,SC001,SC002\n",
    ],
)
def test_what_is_no_such_list_is_told_as_a_whole(content: bytes) -> None:
    found = read_csv(content)

    assert found.subjects == ()
    assert [each.line for each in found.bad] == [1]


def test_a_quotation_mark_that_is_never_closed_is_told_where_it_opens() -> None:
    found = read_csv(b'subject_id,h2o\n1,SC001\n2,"SC002\n3,SC003\n')

    assert pairs(found) == {"SC001": "1"}
    assert list(told(found)) == [3]


def test_a_misplaced_quotation_mark_spoils_its_line_only() -> None:
    found = read_csv(b'subject_id,h2o\n1,"SC001"x\n2,SC002\n')

    assert pairs(found) == {"SC002": "2"}
    assert list(told(found)) == [2]


def test_the_pattern_of_the_configuration_decides_what_an_animal_is() -> None:
    content = b"subject_id,h2o\n1,mouse-1\n2,SC002\n"

    assert pairs(read_csv(content, h2o=r"mouse-\d")) == {"mouse-1": "1"}
    assert why_no_h2o("1-mouse", DEFAULT_H2O)
    assert why_no_h2o("SC\u0661", DEFAULT_H2O)


def test_rows_of_a_database_about_no_recording_are_left_out() -> None:
    found = read_rows([("1", "SC001"), ("2", ""), ("3", "not one"), ("4", "SC004"), ("5", "SC004")])

    assert pairs(found) == {"SC001": "1"}
    assert list(told(found)) == [4, 5]
    assert "in row 5" in told(found)[4]


def test_a_recording_that_waits_is_told_what_to_do() -> None:
    assert "`archivedctl subjects add SUBJECT_ID SC099`" in waits_for_subject("SC099")
    assert "/lab/subjects.csv" in waits_for_subject("SC099", "/lab/subjects.csv")
    assert "holds no h2o" in waits_for_subject(None)


@settings(max_examples=150)
@given(
    st.dictionaries(H2OS, st.tuples(NUMBERS, TEXTS, TEXTS), max_size=8),
    st.permutations(["subject_id", "h2o", "note", "other"]),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_the_csv_module_writes_is_read_back(
    animals: dict[str, tuple[str, str, str]], columns: list[str], separator: str, end: str
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=end)
    writer.writerow(columns)
    for h2o, (subject, note, other) in animals.items():
        row = {"subject_id": subject, "h2o": h2o, "note": note, "other": other}
        writer.writerow([row[column] for column in columns])

    found = read_csv(text.getvalue().encode())

    assert found.bad == ()
    assert pairs(found) == {h2o: said[0] for h2o, said in animals.items()}
    for each in found.subjects:
        said = {"note": animals[each.h2o][1], "other": animals[each.h2o][2]}
        assert dict(each.details) == {name: text for name, text in said.items() if text}


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(["SC1", "SC2", "sc1", "", "no"]), NUMBERS), max_size=8))
def test_every_line_is_used_or_told_and_never_both(rows: list[tuple[str, str]]) -> None:
    content = "subject_id,h2o\n" + "".join(f"{subject},{h2o}\n" for h2o, subject in rows)

    found = read_csv(content.encode())

    for number, (h2o, subject) in enumerate(rows, start=2):
        used = pairs(found).get(h2o) == subject
        assert used != (number in told(found))


@settings(max_examples=150)
@given(
    st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: b"subject_id,h2o\n" + tail)
)
def test_no_bytes_make_it_fail_and_what_it_takes_is_sound(content: bytes) -> None:
    found = read_csv(content)

    assert all(not why_no_h2o(each.h2o, DEFAULT_H2O) for each in found.subjects)
    assert all(each.subject.isprintable() for each in found.subjects)
    assert len(pairs(found)) == len(found.subjects)
