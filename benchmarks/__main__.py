"""`python -m benchmarks`: measure some rows or all of them, and write what they brought beside the documentation."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import benchmarks
from benchmarks.machine import about
from benchmarks.values import Bench, Outcome, median

RESULTS = Path("docs/performance")
SIZES = (10_000, 100_000, 1_000_000)
QUICK = (2_000,)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 0 where every row ran, whatever it brought."""
    options = _options(arguments)
    rows = [each for each in modules() if not options.rows or each.NUMBER in options.rows]
    for files in options.files:
        bench = Bench(options.where, files, 1 if options.quick else options.runs, options.quick)
        for module in rows:
            if files not in getattr(module, "SIZES", (files,)) and not options.quick:
                continue
            begun = time.perf_counter()
            print(f"row {module.NUMBER}, {files:,} files: {module.TITLE}", flush=True)
            outcome = replace(module.measure(bench), about=about())
            show(outcome)
            print(f"  ({time.perf_counter() - begun:.0f} s)", flush=True)
            if options.into is not None:
                keep(outcome, options.into)
    return 0


def modules() -> list[ModuleType]:
    """The rows, in the order of their numbers. Each has NUMBER, TITLE, AGAINST, `measure(bench)`, and SIZES where it
    is not measured at every size."""
    names = [
        each.name
        for each in pkgutil.iter_modules(benchmarks.__path__)
        if each.name.startswith("row_")
    ]
    found = [importlib.import_module(f"benchmarks.{name}") for name in names]
    return sorted(found, key=lambda each: int(each.NUMBER))


def show(outcome: Outcome) -> None:
    """Print what a row brought."""
    for name, samples in outcome.samples.items():
        print(
            f"  {name:<40} {median(samples):10.4f} s  {median(samples, 'cpu'):10.4f} s CPU"
            f"  {median(samples, 'peak'):8.1f} MB"
        )
    for claim in outcome.claims:
        sign = "≥" if claim.at_least else "≤"
        mark = "ok  " if claim.holds else "MISS"
        print(
            f"  {mark} {claim.what}: {claim.value:.4g}{claim.unit} ({sign} {claim.limit:g}{claim.unit})"
        )
    for note in outcome.notes:
        print(f"  {note}")


def keep(outcome: Outcome, folder: Path) -> None:
    """Write what a row brought at a size, in place of what it brought before."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"row-{outcome.row:02}-{outcome.files}.json"
    path.write_text(json.dumps(outcome.document(), indent=1, ensure_ascii=False) + "\n")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=benchmarks.__doc__)
    parser.add_argument("rows", nargs="*", type=int, help="numbers of rows; all without any")
    parser.add_argument("--files", type=int, action="append", help="how many files the rig has")
    parser.add_argument("--runs", type=int, default=5, help="turns of each contestant (5)")
    parser.add_argument("--quick", action="store_true", help="only whether everything runs")
    parser.add_argument("--into", type=Path, help=f"where results are kept, such as {RESULTS}")
    parser.add_argument(
        "--where",
        type=Path,
        default=Path(os.environ.get("BENCHMARKS", "build/benchmarks")),
        help="a folder with room for trees and stores (build/benchmarks)",
    )
    options = parser.parse_args(arguments)
    options.where = options.where.absolute()
    options.files = options.files or (QUICK if options.quick else SIZES)
    return options


if __name__ == "__main__":
    sys.exit(main())
