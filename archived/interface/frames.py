"""Rows as a data frame; the only home of pandas, which is no part of an ordinary installation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from archived.core.catalogue import About, Kind, find

if TYPE_CHECKING:
    from pandas import DataFrame


def frame(about: About, names: Sequence[str], rows: Sequence[dict[str, Any]]) -> DataFrame:
    """One column for each name: days and times as pandas' own, times in UTC. Raises `ImportError` without pandas."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            "to_pandas needs pandas, which is not installed: pip install 'archived[pandas]'. "
            "`fetch` gives the same rows without it."
        ) from error
    found = pandas.DataFrame(rows, columns=list(dict.fromkeys(names)))
    for name in found.columns:
        kind = find(about, name).kind
        if kind in (Kind.DATE, Kind.TIME):
            found[name] = pandas.to_datetime(found[name], utc=kind is Kind.TIME)
        elif _whole_numbers(row[name] for row in rows):
            found[name] = found[name].astype("Int64" if found[name].isna().any() else "int64")
    return found


def _whole_numbers(values: Iterable[Any]) -> bool:
    """Whether they are; where some are not known, pandas would make fractions of the others."""
    return all(value is None or isinstance(value, int) for value in values)
