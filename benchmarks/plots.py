"""The only door to matplotlib: seconds and memory of each contestant against the number of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.values import Outcome, median

# The same results make the same file.
mpl.rcParams.update({"svg.hashsalt": "archived", "svg.fonttype": "none", "font.size": 9})


def plot(sizes: Mapping[int, Outcome], path: Path) -> None:
    """Draw one row; where memory was measured of nobody, seconds alone."""
    with_memory = any(
        sample.peak for each in sizes.values() for some in each.samples.values() for sample in some
    )
    figure = Figure(figsize=(9.0 if with_memory else 4.8, 3.4), layout="constrained")
    axes = figure.subplots(1, 2 if with_memory else 1, squeeze=False)[0]
    _draw(axes[0], sizes, "wall", "seconds")
    if with_memory:
        _draw(axes[1], sizes, "peak", "MB at most")
    axes[0].legend(frameon=False)
    figure.savefig(path, format="svg", metadata={"Date": None})


def _draw(axes: Axes, sizes: Mapping[int, Outcome], what: str, unit: str) -> None:
    names = dict.fromkeys(name for each in sizes.values() for name in each.samples)
    for name in names:
        points = [
            (files, median(each.samples[name], what))
            for files, each in sizes.items()
            if each.samples.get(name) and median(each.samples[name], what) > 0
        ]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("files")
    axes.set_ylabel(unit)
    axes.grid(visible=True, which="major", alpha=0.3)
