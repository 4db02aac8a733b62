"""The catalogue for reading: every kind of database gives the answers that Python gives, to whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archived.core.catalogue import (
    ATTRIBUTES,
    About,
    AllOf,
    Among,
    AnyOf,
    Attribute,
    Comparison,
    Condition,
    Fits,
    Kind,
    Like,
    Missing,
    Not,
    Order,
    QueryError,
    Question,
    Relation,
    Unless,
)
from archived.core.subjects import Subject
from archived.errors import StoreError
from archived.store import Store
from archived.store.catalogue import Catalogue
from archived.store.fields import to_text
from tests.builders import NOON
from tests.interface.lab import archive, fill, see
from tests.store.answers import truth

DATASETS, FILES = About.DATASETS, About.FILES
RANKED = (Relation.LESS, Relation.AT_MOST, Relation.MORE, Relation.AT_LEAST)

HOSTILE = "x'; DROP TABLE dataset; --\"\\%_*?[a]\udcff\u202e{}%s"
WORDS = [
    "",
    " ",
    "a",
    "A",
    "sc011",
    "SC011",
    "SC0",
    "é",
    "ä",
    "2",
    "10",
    "a ",
    HOSTILE,
    "\U0001f42d",
]


@pytest.fixture
def catalogue(store: Store, address: str) -> Iterator[Catalogue]:
    """The lab of the interface's tests, and animals and folders whose names try everything."""
    fill(store)
    for number, word in enumerate(WORDS[2:]):
        see(
            store,
            f"odd/{number}{word}".rstrip() or "odd",
            [(f"{word or 'file'}.bin", number)],
            h2o=word,
            day=date(2020, 1, number + 1) if number % 3 else None,
            ident=word or None,
            file_type=word,
            convention=word,
        )
    store.import_subjects(
        [
            Subject(text, h2o)
            for text, h2o in (("12", "a"), ("9", "A"), ("007", "é"), ("x9", "2"), ("-3", "ä"))
        ],
        NOON,
    )
    with_catalogue = Catalogue.open(address)
    yield with_catalogue
    with_catalogue.close()


def named(catalogue: Catalogue, question: Question) -> list[dict[str, Any]]:
    """The rows of a question as dicts."""
    attributes = list(ATTRIBUTES[question.about].values())
    rows = catalogue.rows(question, attributes)
    return [dict(zip(ATTRIBUTES[question.about], row, strict=True)) for row in rows]


VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: st.sampled_from([*WORDS, "raw-ephys", "rig-1", "ephys-raw", "catgt", "MD5"])
    | st.text(max_size=3),
    Kind.WORD: st.sampled_from(["archived", "settling", "ready", "pending"]),
    Kind.NUMBER: st.integers(-2, 5) | st.just(2.5) | st.just(2**63 - 1),
    Kind.SIZE: st.sampled_from([0, 3, 7, 10, 1000, 1010, 1500]),
    Kind.DATE: st.sampled_from(
        [date(2019, 2, 23), date(2019, 3, 2), date(2020, 1, 3), date(1, 1, 1)]
    ),
    Kind.TIME: st.sampled_from(
        [NOON, datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)]
    ),
    Kind.NUMBER_OR_TEXT: st.sampled_from(["407513", "12", "9", "007", "x9", "-3", ""]),
}
PATTERNS = st.text(st.sampled_from("aASC01%_\\*?[]!é2\udcff"), max_size=6) | st.sampled_from(
    ["%", "SC%", "2019-03%", "%_g0"]
)


def leaves(attribute: Attribute) -> st.SearchStrategy[Condition]:
    """Comparisons of an attribute."""
    values = VALUES[attribute.kind]
    simple: list[st.SearchStrategy[Condition]] = [
        st.builds(
            Comparison,
            st.just(attribute),
            st.sampled_from([Relation.EQUAL, Relation.UNEQUAL]),
            values,
        ),
        st.builds(Among, st.just(attribute), st.lists(values, max_size=3).map(tuple)),
        st.just(Missing(attribute)),
    ]
    if attribute.kind is Kind.NUMBER_OR_TEXT:
        simple.append(
            st.builds(
                Comparison, st.just(attribute), st.sampled_from(RANKED), st.integers(-5, 500_000)
            )
        )
    else:
        simple.append(st.builds(Comparison, st.just(attribute), st.sampled_from(RANKED), values))
    if attribute.kind in (Kind.TEXT, Kind.WORD, Kind.DATE, Kind.NUMBER_OR_TEXT):
        simple.append(st.builds(Like, st.just(attribute), PATTERNS))
    return st.one_of(simple)


def alternatives(about: About) -> st.SearchStrategy[Condition]:
    """What a list of dicts with the same keys means, some of them with None."""
    attributes = list(ATTRIBUTES[about].values())

    def rows(chosen: list[Attribute]) -> st.SearchStrategy[Condition]:
        one = st.tuples(*(_equal(each) for each in chosen)).map(AllOf)
        return st.lists(one, min_size=2, max_size=4).map(lambda each: AnyOf(tuple(each)))

    return st.lists(
        st.sampled_from(attributes), min_size=1, max_size=3, unique_by=lambda each: each.name
    ).flatmap(rows)


def _equal(attribute: Attribute) -> st.SearchStrategy[Condition]:
    equal = st.builds(
        Comparison, st.just(attribute), st.just(Relation.EQUAL), VALUES[attribute.kind]
    )
    return st.one_of(equal, equal, st.just(Missing(attribute)))


def conditions(about: About) -> st.SearchStrategy[Condition]:
    """Any condition about datasets, or about files."""
    return st.recursive(
        st.sampled_from(list(ATTRIBUTES[about].values())).flatmap(leaves) | alternatives(about),
        lambda inner: st.one_of(
            st.builds(AllOf, st.lists(inner, max_size=3).map(tuple)),
            st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
            st.builds(Not, inner),
            st.builds(Unless, inner),
        ),
        max_leaves=6,
    )


@pytest.mark.parametrize("about", list(About))
def test_every_database_answers_as_python_does(catalogue: Catalogue, about: About) -> None:
    everything = named(catalogue, Question(about))
    assert len(everything) == catalogue.count(Question(about))

    @settings(max_examples=80, suppress_health_check=list(HealthCheck))
    @given(conditions(about))
    def holds(condition: Condition) -> None:
        question = Question(about, (condition,))
        expected = [row for row in everything if truth(condition, row) is True]

        assert named(catalogue, question) == expected
        assert catalogue.count(question) == len(expected)

    holds()


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=30) | st.just(HOSTILE))
def test_no_value_becomes_a_statement(catalogue: Catalogue, value: str) -> None:
    before = catalogue.count(Question(DATASETS))

    for attribute in ATTRIBUTES[DATASETS].values():
        if attribute.kind is Kind.TEXT:
            catalogue.count(
                Question(
                    DATASETS, (Comparison(attribute, Relation.EQUAL, value), Like(attribute, value))
                )
            )

    assert catalogue.count(Question(DATASETS)) == before


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("about", list(About))
def test_every_attribute_sorts_alike_everywhere(
    catalogue: Catalogue, about: About, descending: bool
) -> None:
    for attribute in ATTRIBUTES[about].values():
        rows = catalogue.rows(Question(about), [attribute], order=[Order(attribute, descending)])
        values = [row[0] for row in rows]

        assert values == sorted(values, key=_rank, reverse=descending), attribute.name


def _rank(value: Any) -> Any:
    """None first, then numbers, then texts byte by byte."""
    if value is None:
        return (0, 0)
    return (2, to_text(value).encode()) if isinstance(value, str) else (1, value)


def test_pages_give_every_row_once_in_order(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archived.store.catalogue.verbs.PAGE", 3)
    for about in About:
        attributes = list(ATTRIBUTES[about].values())

        pages = list(catalogue.pages(Question(about), attributes))

        assert max(len(page) for page in pages) <= 3
        assert [row for page in pages for row in page] == catalogue.rows(
            Question(about), attributes
        )


def test_a_part_of_the_rows_can_be_asked_for(catalogue: Catalogue) -> None:
    name = [ATTRIBUTES[DATASETS]["dataset_name"]]
    everything = catalogue.rows(Question(DATASETS), name)

    assert catalogue.rows(Question(DATASETS), name, limit=2, offset=1) == everything[1:3]
    assert catalogue.rows(Question(DATASETS), name, offset=2) == everything[2:]
    assert catalogue.rows(Question(DATASETS), name, limit=0) == []


def test_questions_fit_into_each_other(catalogue: Catalogue) -> None:
    large = Comparison(ATTRIBUTES[FILES]["size"], Relation.AT_LEAST, 1000)
    meta = Like(ATTRIBUTES[FILES]["file_subpath"], "%.meta")
    files, ephys = Question(FILES, (large,)), Question(DATASETS, (Fits(Question(FILES, (large,))),))
    everything = named(catalogue, Question(FILES))

    with_large = {row["dataset_name"] for row in everything if row["size"] >= 1000}
    assert {row["dataset_name"] for row in named(catalogue, ephys)} == with_large
    metas = named(catalogue, Question(FILES, (Fits(ephys), meta)))
    assert [row["file_subpath"] for row in metas] == [
        row["file_subpath"]
        for row in everything
        if row["dataset_name"] in with_large and row["file_subpath"].endswith(".meta")
    ]
    rest = named(catalogue, Question(FILES, (Unless(Fits(files)),)))
    assert rest == [row for row in everything if row["size"] < 1000]
    assert catalogue.count(Question(DATASETS, (Fits(ephys), Unless(Fits(ephys))))) == 0


def test_thousands_of_conditions_are_no_matter(catalogue: Catalogue) -> None:
    name = ATTRIBUTES[DATASETS]["dataset_name"]
    many = tuple(Comparison(name, Relation.EQUAL, f"nothing/{number}") for number in range(5_000))
    real = Comparison(name, Relation.EQUAL, "raw-ephys/SC011/catgt_SC011_022319_g0")

    assert catalogue.count(Question(DATASETS, (AnyOf((*many, real)),))) == 1
    assert (
        catalogue.count(Question(DATASETS, (Among(name, tuple(f"{n}" for n in range(20_000))),)))
        == 0
    )


def test_more_than_a_database_takes_is_refused_with_a_way_out(catalogue: Catalogue) -> None:
    files = ATTRIBUTES[DATASETS]["files"]

    with pytest.raises(QueryError, match="40000 values") as caught:
        catalogue.count(Question(DATASETS, (Among(files, tuple(range(40_000))),)))

    assert "parts" in caught.value.what_to_do


def test_files_that_left_before_they_were_archived_are_nowhere(store: Store, address: str) -> None:
    number = see(store, "SC011/catgt_SC011_022319_g0", [("a.bin", 1), ("b.bin", 2)])
    gone = store.files(number)[0]
    store._door.change("UPDATE file SET state = 'gone' WHERE id = ?", gone.id)
    catalogue = Catalogue.open(address)

    names = [row["file_subpath"] for row in named(catalogue, Question(FILES))]
    catalogue.close()

    assert names == ["SC011/catgt_SC011_022319_g0/b.bin"]


def test_the_rigs_of_a_shared_store_are_one_catalogue(server_address: str) -> None:
    for rig in ("rig-1", "rig-2"):
        with Store.open(server_address, rig=rig, create=True, now=NOON) as store:
            see(store, f"SC011/{rig}", [("a.bin", 1)])
            archive(store, f"raw-ephys/SC011/{rig}")
    catalogue = Catalogue.open(server_address)

    rows = named(catalogue, Question(DATASETS))
    parts = catalogue.parts()
    catalogue.close()

    assert [(row["rig"], row["dataset_name"]) for row in rows] == [
        ("rig-1", "raw-ephys/SC011/rig-1"),
        ("rig-2", "raw-ephys/SC011/rig-2"),
    ]
    assert [(part.location, part.datasets, part.files, part.bytes) for part in parts] == [
        ("raw-ephys", 2, 2, 2)
    ]


def test_of_several_numbers_of_an_animal_the_one_that_is_believed_counts(
    store: Store, address: str
) -> None:
    see(store, "SC011/x", [("a.bin", 1)])
    store.replace_subjects("datajoint", [Subject("1", "SC011")], NOON)
    store.replace_subjects("file", [Subject("2", "SC011")], NOON)
    subject = ATTRIBUTES[DATASETS]["subject_id"]
    catalogue = Catalogue.open(address)

    assert [row["subject_id"] for row in named(catalogue, Question(DATASETS))] == [2]
    assert catalogue.count(Question(DATASETS, (Comparison(subject, Relation.EQUAL, "1"),))) == 0
    catalogue.close()


def test_nothing_can_be_written_through_it(catalogue: Catalogue) -> None:
    before = catalogue.count(Question(DATASETS))

    for sql in ("UPDATE dataset SET state = 'archived'", "DELETE FROM file", "DROP TABLE event"):
        with pytest.raises(StoreError, match=r"(?i)read.?only"):
            catalogue._door.change(sql)

    assert catalogue.count(Question(DATASETS)) == before
