"""The little languages of lists never do worse than refuse."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archived.simulator.filters import ordered, selector
from archived.simulator.replies import RefusalError

FIELDS = ("name", "size", "last_modified")
DOCUMENT = {"name": "a.bin", "size": 5, "last_modified": "2020-01-01 00:00:00+00:00"}
TEXT = st.text(alphabet=st.sampled_from("namesizl_odf:,/~!=<>*.0123456789TZ+- ab"), max_size=40)


@given(TEXT)
def test_any_filter_is_understood_or_refused(text: str) -> None:
    with suppress(RefusalError):
        assert selector(text, FIELDS)(DOCUMENT) in (True, False)


@given(TEXT)
def test_any_order_is_understood_or_refused(text: str) -> None:
    with suppress(RefusalError):
        assert ordered([DOCUMENT], text, FIELDS) == [DOCUMENT]


@given(st.lists(st.integers()), st.booleans())
def test_numbers_are_ordered_as_numbers(numbers: list[int], down: bool) -> None:
    documents = [{"size": number} for number in numbers]
    result = ordered(documents, "size DESC" if down else "size", ("size",))
    assert [document["size"] for document in result] == sorted(numbers, reverse=down)


@given(st.text(alphabet="abc.", min_size=1))
def test_what_is_exactly_wanted_is_not_what_is_exactly_unwanted(name: str) -> None:
    document = {"name": name}
    assert selector(f"name:={name}", FIELDS)(document)
    assert not selector(f"name:!{name}", FIELDS)(document)


@pytest.mark.parametrize("text", ["last_modified:soon", "size:>many", "colour:red", "name"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(RefusalError):
        selector(text, FIELDS)
