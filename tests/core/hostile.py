"""Names as a disk may hold them: anything but a slash and a NUL, bytes that are no UTF-8 among them."""

from __future__ import annotations

from hypothesis import strategies as st

from archived.core.template import DEFAULT_H2O

_NASTY = "\n\r\t\x1b\x7f\u202e\u2028\u200b\udcff\udc80%{}[]\\*?'\" .-_"

NAMES = st.text(
    st.one_of(
        st.sampled_from(_NASTY),
        st.characters(exclude_characters="/\0", exclude_categories=()),
    ),
    min_size=1,
    max_size=40,
)
_PIECES = [
    "SC011", "dl4", "catgt", "supercat", "_", "_g", "_g0", "022319", "20190223", "2019-02-23", "2021_07_01",
    "video", "tracking", "videos", "imec0", "-", ".", "S02", "x", "\n", "\udcff",
]  # fmt: skip
ALMOST_NAMES = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=8).map("".join)
PATHS = st.lists(st.one_of(NAMES, ALMOST_NAMES), min_size=1, max_size=5).map("/".join)

ANIMALS = st.from_regex(DEFAULT_H2O, fullmatch=True).filter(
    lambda h2o: h2o.isascii() and not h2o.lower().startswith(("catgt", "supercat"))
)
