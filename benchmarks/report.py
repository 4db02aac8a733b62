"""`python -m benchmarks.report`: the table and the plots of docs/PERFORMANCE.md, made of the results beside it."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.__main__ import RESULTS, modules
from benchmarks.growth import growth
from benchmarks.plots import plot
from benchmarks.values import Claim, Outcome, median

PAGE = Path("docs/PERFORMANCE.md")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

Sizes = Mapping[int, Outcome]
"""What one row brought, by the number of files."""


def main() -> int:
    """Write the plots, and the part of the page between the two marks."""
    rows = results(RESULTS)
    for number, sizes in rows.items():
        if len(sizes) > 1:
            plot(sizes, RESULTS / f"row-{number:02}.svg")
    PAGE.write_text(renewed(PAGE.read_text(), rows))
    return 0


def results(folder: Path) -> dict[int, Sizes]:
    """All results of a folder, by row and size."""
    found: defaultdict[int, dict[int, Outcome]] = defaultdict(dict)
    for path in sorted(folder.glob("row-*.json")):
        outcome = Outcome.of(json.loads(path.read_text()))
        found[outcome.row][outcome.files] = outcome
    return {number: dict(sorted(sizes.items())) for number, sizes in sorted(found.items())}


def renewed(page: str, rows: Mapping[int, Sizes]) -> str:
    """The page with the results of now between its marks. Raises `ValueError` where it has no marks."""
    before, found, rest = page.partition(BEGIN)
    _, also, after = rest.partition(END)
    if not (found and also):
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{''.join(_measured(rows))}{END}{after}"


def _measured(rows: Mapping[int, Sizes]) -> Iterator[str]:
    if not rows:
        return
    against = {int(module.NUMBER): str(module.AGAINST) for module in modules()}
    yield "\n| # | what | against | files | to reach | reached | |\n|---|---|---|---|---|---|---|\n"
    for number, sizes in rows.items():
        largest = sizes[max(sizes)]
        for claim in largest.claims:
            yield (
                f"| {number} | {largest.title}: {claim.what} | {against[number]} | "
                f"{largest.files:,} | {_limit(claim)} | {_figure(claim.value)}{claim.unit} | "
                f"{'✓' if claim.holds else '✗'} |\n"
            )
    for number, sizes in rows.items():
        yield from _row(number, sizes)
    yield from _about(rows)


def _row(number: int, sizes: Sizes) -> Iterator[str]:
    largest = sizes[max(sizes)]
    yield f"\n### Row {number}: {largest.title}\n\n"
    yield "| contestant | files | seconds | CPU seconds | MB |\n|---|---|---|---|---|\n"
    for name in largest.samples:
        for files, outcome in sizes.items():
            samples = outcome.samples.get(name)
            if samples:
                yield (
                    f"| {name} | {files:,} | {median(samples):.4g} | {median(samples, 'cpu'):.4g} | "
                    f"{_memory(median(samples, 'peak'))} |\n"
                )
    notes = [*_growth(sizes), *largest.notes]
    if notes:
        yield "\n" + "".join(f"* {note}\n" for note in notes)
    if len(sizes) > 1:
        yield f"\n![Row {number} by the number of files](performance/row-{number:02}.svg)\n"


def _growth(sizes: Sizes) -> Iterator[str]:
    for name in sizes[max(sizes)].samples:
        found = {
            files: median(outcome.samples[name])
            for files, outcome in sizes.items()
            if outcome.samples.get(name)
        }
        grown = growth(found)
        if grown is None:
            continue
        if grown.flat:
            yield f"{name}: does not grow with the number of files"
        else:
            yield (
                f"{name}: grows with the {grown.exponent:.2f}th power of the number of files, "
                f"by {1e6 * grown.slope:.3g} µs for each"
            )


def _about(rows: Mapping[int, Sizes]) -> Iterator[str]:
    known: dict[str, set[str]] = defaultdict(set)
    for sizes in rows.values():
        for outcome in sizes.values():
            for name, value in outcome.about.items():
                known[name].add(value)
    yield "\n### Measured on\n\n"
    for name, values in known.items():
        yield f"* {name}: {', '.join(sorted(values))}\n"
    yield "\n"


def _limit(claim: Claim) -> str:
    return f"{'≥' if claim.at_least else '≤'} {claim.limit:g}{claim.unit}"


def _figure(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _memory(megabytes: float) -> str:
    return f"{megabytes:.0f}" if megabytes else "·"


if __name__ == "__main__":
    sys.exit(main())
