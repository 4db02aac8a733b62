"""What numpy and pandas hand over, as Python's own values; neither of them is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_restriction(given: Any) -> Any:
    """A row of theirs as a dict, a table as a list of its rows; anything else as it is.

    What a row has no value for is None: that is how a data frame shows it.
    """
    if all(hasattr(given, each) for each in ("columns", "index", "to_dict")):  # a data frame
        named = any(each is not None for each in given.index.names)
        rows = (given.reset_index() if named else given).to_dict("records")
        return [_known(each) for each in rows]
    if hasattr(given, "iloc") and hasattr(given, "to_dict"):  # one row of it
        return _known(given.to_dict())
    if isinstance(given, tuple) and hasattr(given, "_asdict"):
        return _known(given._asdict())
    if _is_array(given):
        return list(given)
    if names := getattr(getattr(given, "dtype", None), "names", None):
        return {name: given[name] for name in names}
    return given


def as_value(given: Any) -> Any:
    """A value as one of Python's own, an array as a list of them."""
    if _is_array(given):
        return list(given)
    if type(given).__name__ == "datetime64":
        # Nanoseconds as Python's own would be a bare number, and no time at all would be None.
        return given if _is_nothing(given) else given.astype("datetime64[us]").item()
    if isinstance(getattr(given, "shape", None), tuple) and hasattr(given, "item"):
        return given.item()
    return given


def _known(row: Mapping[Any, Any]) -> dict[Any, Any]:
    return {name: None if _is_nothing(each) else each for name, each in row.items()}


def _is_array(given: Any) -> bool:
    return hasattr(given, "tolist") and getattr(given, "ndim", 0) > 0


def _is_nothing(given: Any) -> bool:
    """Whether it is not even equal to itself; pandas' NA does not say whether it is."""
    try:
        return bool(given != given)
    except (TypeError, ValueError):
        return type(given).__name__ == "NAType"
